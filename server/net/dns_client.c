#include "net/dns_client.h"

#include "base/clock.h"
#include "base/random.h"
#include "net/dns_policy_fields.h"
#include "net/dns_servers.h"
#include "net/timer_heap.h"
#include "work/cancel.h"
#include "work/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOKUPS_MAX = 2000,
	EVENTS_PER_ROUND = 64,
	SLEEP_MOST_MS = 100,
	TIMERS_PER_LOOKUP = 4, /* two questions, the budget, and at most one gate per waiting lookup */
};

struct question {
	struct dns_query query;
	struct lookup *lookup;
	struct timer timer; /* delay before a query, or pause before a retry */
	unsigned attempts;
	int resolver; /* index of the last one asked, -1 before the first */
	bool was_lost;
	struct net_address lost_at;
	bool is_finished;
};

struct lookup {
	struct lookup *next, *prev; /* submitted, then active */
	struct dns_client *client;
	struct dns_policy *policy;
	struct cancel *cancel;
	dns_done_fn done;
	void *ctx;
	struct gate_waiter waiter;
	struct timer budget;
	int64_t started_ms;
	bool is_started;
	unsigned question_count;
	struct question questions[2];
	char name[DNS_NAME_MAX + 1];
};

struct lookup_list {
	struct lookup *head, *tail;
};

struct dns_client {
	struct dns_client_settings settings;
	pthread_t thread;
	bool has_thread;
	int epoll_fd, wake_fd;
	struct dns_servers *servers;
	struct timer_heap timers;
	struct rng rng;
	struct lookup_list active; /* engine thread only */
	int64_t now_ms;

	pthread_mutex_t lock; /* everything below */
	pthread_cond_t changed;
	unsigned waiters;
	struct lookup_list submitted;
	unsigned pending;
	bool is_sleeping, is_stopping;
	struct dns_client_stats stats; /* counted by the engine into `counts`, published here once a round */

	struct dns_client_stats counts; /* engine thread only */
};

static void list_push(struct lookup_list *list, struct lookup *l)
{
	l->next = NULL;
	l->prev = list->tail;
	if (list->tail)
		list->tail->next = l;
	else
		list->head = l;
	list->tail = l;
}

static void list_remove(struct lookup_list *list, struct lookup *l)
{
	if (l->prev)
		l->prev->next = l->next;
	else
		list->head = l->next;
	if (l->next)
		l->next->prev = l->prev;
	else
		list->tail = l->prev;
}

/* --- ending a lookup ----------------------------------------------------------------------------------------- */

static void gate_run(struct dns_client *c, struct dns_policy *p);

static void add_addresses(struct dns_result *r, const struct dns_answer *a)
{
	for (unsigned i = 0; i < a->address_count && r->address_count < DNS_ADDRESSES_MAX; i++)
		r->addresses[r->address_count++] = a->addresses[i];
}

/* 02 §4: any address is ok; all timed out is timeout; else the reason of the first question with a definite answer. */
static void result_of(const struct lookup *l, struct dns_result *r)
{
	for (unsigned i = 0; i < l->question_count; i++) {
		const struct question *q = &l->questions[i];

		if (q->attempts > r->attempts)
			r->attempts = q->attempts;
		if (q->is_finished && q->query.answer.reason == DNS_REASON_NONE)
			add_addresses(r, &q->query.answer);
	}
	if (r->address_count > 0) {
		r->status = DNS_OK;
		r->reason = DNS_REASON_NONE;
		return;
	}
	r->status = DNS_TIMED_OUT;
	r->reason = DNS_REASON_TIMEOUT;
	for (unsigned i = 0; i < l->question_count; i++) {
		const struct question *q = &l->questions[i];

		if (q->is_finished && q->query.answer.reason != DNS_REASON_TIMEOUT) {
			r->status = DNS_FAILED;
			r->reason = q->query.answer.reason;
			return;
		}
	}
}

static void count_result(struct dns_client *c, enum dns_outcome status)
{
	switch (status) {
	case DNS_OK:
		c->counts.ok++;
		break;
	case DNS_FAILED:
		c->counts.failed++;
		break;
	case DNS_TIMED_OUT:
		c->counts.timed_out++;
		break;
	case DNS_CANCELED:
		c->counts.canceled++;
		break;
	}
}

/* Releases everything, lets the next one in, then calls back: after the callback the policy may be gone. */
static void lookup_end(struct lookup *l, struct dns_result *r)
{
	struct dns_client *c = l->client;
	struct dns_policy *p = l->policy;

	r->took_ms = l->is_started ? clock_monotonic_ms() - l->started_ms : 0;
	count_result(c, r->status);
	for (unsigned i = 0; i < l->question_count; i++) {
		dns_servers_forget(c->servers, &l->questions[i].query);
		timer_heap_clear(&c->timers, &l->questions[i].timer);
	}
	timer_heap_clear(&c->timers, &l->budget);
	gate_forget(&p->gate, &l->waiter);
	if (l->is_started)
		gate_leave(&p->gate);
	list_remove(&c->active, l);
	gate_run(c, p);

	pthread_mutex_lock(&c->lock);
	p->pending--;
	if (c->waiters > 0)
		pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);

	l->done(l->ctx, l->name, r);
	free(l);

	pthread_mutex_lock(&c->lock);
	c->pending--;
	if (c->waiters > 0)
		pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

static void lookup_conclude(struct lookup *l)
{
	struct dns_result r = { .status = DNS_FAILED };

	result_of(l, &r);
	lookup_end(l, &r);
}

static void lookup_end_as(struct lookup *l, enum dns_outcome status, enum dns_reason reason)
{
	struct dns_result r = { .status = status, .reason = reason };

	for (unsigned i = 0; i < l->question_count; i++)
		if (l->questions[i].attempts > r.attempts)
			r.attempts = l->questions[i].attempts;
	lookup_end(l, &r);
}

/* --- asking -------------------------------------------------------------------------------------------------- */

static struct question *question_of_timer(struct timer *t)
{
	return (struct question *)(void *)((char *)t - offsetof(struct question, timer));
}

static void question_send(struct question *q)
{
	struct dns_client *c = q->lookup->client;
	struct dns_policy *p = q->lookup->policy;
	unsigned i = dns_policy_pick(p, q->attempts, q->resolver, &c->rng);

	q->resolver = (int)i;
	c->counts.queries++;
	dns_servers_send(c->servers, dns_policy_resolver(p, i), &q->query);
}

static void on_delay_over(struct timer *t)
{
	question_send(question_of_timer(t));
}

static void question_ask(struct question *q)
{
	struct dns_client *c = q->lookup->client;
	const struct dns_policy *p = q->lookup->policy;
	int64_t delay = p->query_delay_min_ms;
	uint64_t spread = (uint64_t)(p->query_delay_max_ms - p->query_delay_min_ms);

	if (spread > 0)
		delay += (int64_t)rng_below(&c->rng, spread + 1);
	q->attempts++;
	if (delay == 0) {
		question_send(q);
		return;
	}
	q->timer.fire = on_delay_over;
	timer_heap_set(&c->timers, &q->timer, c->now_ms + delay);
}

static void on_pause_over(struct timer *t)
{
	question_ask(question_of_timer(t));
}

static void question_finish(struct question *q)
{
	struct lookup *l = q->lookup;
	struct question *second = &l->questions[1];

	q->is_finished = true;
	/* The name does not exist, so no other type of it does. */
	if (q->query.type == DNS_TYPE_A && q->query.answer.reason == DNS_REASON_NXDOMAIN) {
		lookup_conclude(l);
		return;
	}
	if (l->question_count == 2 && second->attempts == 0) {
		question_ask(second);
		return;
	}
	for (unsigned i = 0; i < l->question_count; i++)
		if (!l->questions[i].is_finished)
			return;
	lookup_conclude(l);
}

static void on_query_done(struct dns_query *query)
{
	struct question *q = (struct question *)(void *)((char *)query - offsetof(struct question, query));
	struct dns_client *c = q->lookup->client;
	const struct dns_policy *p = q->lookup->policy;
	bool is_timeout = query->answer.reason == DNS_REASON_TIMEOUT;

	if (is_timeout) {
		c->counts.query_timeouts++;
		q->was_lost = true;
		q->lost_at = *dns_policy_resolver(p, (unsigned)q->resolver);
	} else if (q->was_lost) {
		c->counts.lost++;
		q->was_lost = false;
		dns_servers_lost(c->servers, &q->lost_at);
	}
	if (query->answer.may_retry && q->attempts <= p->retries_max) {
		c->counts.retries++;
		q->timer.fire = on_pause_over;
		timer_heap_set(&c->timers, &q->timer, c->now_ms + dns_backoff_ms(q->attempts));
		return;
	}
	question_finish(q);
}

static void on_budget_over(struct timer *t)
{
	lookup_conclude((struct lookup *)(void *)((char *)t - offsetof(struct lookup, budget)));
}

static void lookup_start(struct lookup *l)
{
	struct dns_client *c = l->client;

	l->is_started = true;
	l->started_ms = c->now_ms;
	l->budget.fire = on_budget_over;
	timer_heap_set(&c->timers, &l->budget, c->now_ms + l->policy->domain_timeout_ms);
	question_ask(&l->questions[0]);
	if (l->question_count == 2 && l->policy->queries_per_domain > 1)
		question_ask(&l->questions[1]);
}

static void on_gate_timer(struct timer *t)
{
	struct dns_policy *p = (struct dns_policy *)(void *)((char *)t - offsetof(struct dns_policy, gate_timer));

	gate_run(p->engine, p);
}

static void gate_run(struct dns_client *c, struct dns_policy *p)
{
	struct gate_waiter *w;
	int64_t wait_ms;

	while ((w = gate_next(&p->gate, c->now_ms, &wait_ms)))
		lookup_start((struct lookup *)(void *)((char *)w - offsetof(struct lookup, waiter)));
	timer_heap_clear(&c->timers, &p->gate_timer);
	if (wait_ms > 0) {
		p->engine = c;
		p->gate_timer.fire = on_gate_timer;
		timer_heap_set(&c->timers, &p->gate_timer, c->now_ms + wait_ms);
	}
}

/* --- the engine thread --------------------------------------------------------------------------------------- */

static void begin(struct dns_client *c, struct lookup *l)
{
	c->counts.lookups++;
	list_push(&c->active, l);
	if (!dns_name_valid(l->name)) {
		lookup_end_as(l, DNS_FAILED, DNS_REASON_INVALID_DOMAIN);
		return;
	}
	gate_enter(&l->policy->gate, &l->waiter);
	gate_run(c, l->policy);
}

/* Moves what was submitted into the engine; returns false when it is time to stop. */
static bool take_submitted(struct dns_client *c, int64_t sleep_ms, int64_t *out_sleep_ms)
{
	struct lookup *l;
	bool go_on;

	pthread_mutex_lock(&c->lock);
	l = c->submitted.head;
	c->submitted = (struct lookup_list){ 0 };
	go_on = !c->is_stopping;
	c->is_sleeping = !l && go_on && sleep_ms > 0;
	c->stats = c->counts;
	pthread_mutex_unlock(&c->lock);
	*out_sleep_ms = l || !go_on ? 0 : sleep_ms;
	while (l) {
		struct lookup *next = l->next;

		begin(c, l);
		l = next;
	}
	return go_on;
}

static void end_canceled(struct dns_client *c, bool all)
{
	struct lookup *l = c->active.head;

	while (l) {
		struct lookup *next = l->next;

		if (all || (l->cancel && cancel_is_set(l->cancel)))
			lookup_end_as(l, DNS_CANCELED, DNS_REASON_CANCELED);
		l = next;
	}
}

static void handle_events(struct dns_client *c, int64_t sleep_ms)
{
	struct epoll_event events[EVENTS_PER_ROUND];
	int n = epoll_wait(c->epoll_fd, events, EVENTS_PER_ROUND, (int)sleep_ms);
	uint64_t count;

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == c) {
			if (read(c->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
				return;
		} else {
			dns_servers_event(events[i].data.ptr, events[i].events);
		}
	}
}

static void *engine(void *arg)
{
	struct dns_client *c = arg;
	int64_t ticked_ms = 0, cancels_ms = 0;

	for (;;) {
		int64_t sleep_ms;

		c->now_ms = clock_monotonic_ms();
		sleep_ms = timer_heap_wait(&c->timers, c->now_ms,
					   dns_servers_busy(c->servers) ? DNS_SERVERS_TICK_MS : SLEEP_MOST_MS);
		if (!take_submitted(c, sleep_ms, &sleep_ms))
			break;
		dns_servers_settle(c->servers, c->now_ms);
		handle_events(c, sleep_ms);
		c->now_ms = clock_monotonic_ms();
		timer_heap_run(&c->timers, c->now_ms);
		if (c->now_ms - ticked_ms >= DNS_SERVERS_TICK_MS) {
			ticked_ms = c->now_ms;
			dns_servers_tick(c->servers, c->now_ms);
		}
		dns_servers_settle(c->servers, c->now_ms);
		if (c->now_ms - cancels_ms >= SLEEP_MOST_MS) {
			cancels_ms = c->now_ms;
			end_canceled(c, false);
		}
	}
	end_canceled(c, true);
	return NULL;
}

/* --- the public side ----------------------------------------------------------------------------------------- */

static struct status client_open(struct dns_client *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	uint64_t seed;

	random_bytes(&seed, sizeof seed);
	rng_init(&c->rng, seed);
	c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->epoll_fd < 0 || c->wake_fd < 0 || epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, c->wake_fd, &ev) != 0)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "NO_DESCRIPTORS", "the DNS engine got no descriptors: %s",
				   strerror(errno));
	if (!timer_heap_reserve(&c->timers, (size_t)c->settings.lookups_max * TIMERS_PER_LOOKUP))
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for the DNS engine");
	TRY(dns_servers_create(c->epoll_fd, c->settings.per_resolver_max, &c->servers));
	TRY(thread_start("dns", engine, c, &c->thread));
	c->has_thread = true;
	return STATUS_OK_VALUE;
}

struct status dns_client_create(const struct dns_client_settings *settings, struct dns_client **out)
{
	struct dns_client *c = calloc(1, sizeof *c);
	pthread_condattr_t attr;
	struct status st;

	if (!c)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for the DNS engine");
	c->settings = *settings;
	if (c->settings.lookups_max == 0)
		c->settings.lookups_max = LOOKUPS_MAX;
	if (c->settings.per_resolver_max == 0)
		c->settings.per_resolver_max = 2 * c->settings.lookups_max;
	c->epoll_fd = c->wake_fd = -1;
	timer_heap_init(&c->timers);
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &attr);
	pthread_condattr_destroy(&attr);
	st = client_open(c);
	if (!status_ok(st)) {
		dns_client_destroy(c);
		return st;
	}
	*out = c;
	return STATUS_OK_VALUE;
}

static void wake(struct dns_client *c)
{
	uint64_t one = 1;

	if (c->is_sleeping) {
		c->is_sleeping = false;
		if (write(c->wake_fd, &one, sizeof one) < 0)
			c->is_sleeping = true; /* the engine wakes by itself within SLEEP_MOST_MS */
	}
}

/* Waits at most `ms` for a change; the lock is held. */
static void wait_changed(struct dns_client *c, int64_t ms)
{
	int64_t until = clock_monotonic_ms() + ms;
	struct timespec ts = { .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };

	c->waiters++;
	pthread_cond_timedwait(&c->changed, &c->lock, &ts);
	c->waiters--;
}

static struct lookup *lookup_make(struct dns_client *c, const struct dns_lookup *in, dns_done_fn done, void *ctx)
{
	struct lookup *l = calloc(1, sizeof *l);
	uint16_t types[2] = { DNS_TYPE_A, DNS_TYPE_AAAA };

	if (!l)
		return NULL;
	l->client = c;
	l->policy = in->policy;
	l->cancel = in->cancel;
	l->done = done;
	l->ctx = ctx;
	/* A name that is too long stays empty, which the engine finds invalid like any other bad name. */
	if (strnlen(in->name, DNS_NAME_MAX + 1) <= DNS_NAME_MAX)
		memcpy(l->name, in->name, strlen(in->name));
	for (unsigned i = 0; i < 2; i++) {
		struct question *q = &l->questions[l->question_count];

		if (!(i == 0 ? in->want_a : in->want_aaaa))
			continue;
		l->question_count++;
		q->lookup = l;
		q->resolver = -1;
		q->query.name = l->name;
		q->query.type = types[i];
		q->query.timeout_ms = in->policy->query_timeout_ms;
		q->query.done = on_query_done;
	}
	return l;
}

static struct status submit(struct dns_client *c, const struct dns_lookup *in, dns_done_fn done, void *ctx,
			    bool may_wait)
{
	struct lookup *l = lookup_make(c, in, done, ctx);
	struct status st = STATUS_OK_VALUE;

	if (!l)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for a lookup");
	pthread_mutex_lock(&c->lock);
	for (;;) {
		if (c->is_stopping) {
			st = status_make(STATUS_UNAVAILABLE, "SHUTTING_DOWN", "the DNS engine is stopping");
			break;
		}
		if (in->cancel && cancel_is_set(in->cancel)) {
			st = status_make(STATUS_CANCELLED, "CANCELED", "cancelled before the lookup began");
			break;
		}
		if (c->pending < c->settings.lookups_max && in->policy->pending < in->policy->pending_max) {
			c->pending++;
			in->policy->pending++;
			list_push(&c->submitted, l);
			wake(c);
			l = NULL;
			break;
		}
		if (!may_wait) {
			st = status_make(STATUS_RESOURCE_EXHAUSTED, "DNS_BUSY", "too many lookups are waiting");
			break;
		}
		wait_changed(c, CANCEL_TICK_MS);
	}
	pthread_mutex_unlock(&c->lock);
	free(l);
	return st;
}

struct status dns_client_submit(struct dns_client *client, const struct dns_lookup *lookup, dns_done_fn done, void *ctx)
{
	return submit(client, lookup, done, ctx, true);
}

struct status dns_client_try_submit(struct dns_client *client, const struct dns_lookup *lookup, dns_done_fn done,
				    void *ctx)
{
	return submit(client, lookup, done, ctx, false);
}

bool dns_client_drain(struct dns_client *c, int64_t timeout_ms)
{
	int64_t until = clock_monotonic_ms() + timeout_ms;
	bool is_empty;

	pthread_mutex_lock(&c->lock);
	while (c->pending > 0 && clock_monotonic_ms() < until)
		wait_changed(c, CANCEL_TICK_MS);
	is_empty = c->pending == 0;
	pthread_mutex_unlock(&c->lock);
	return is_empty;
}

void dns_client_stats(struct dns_client *c, struct dns_client_stats *out)
{
	pthread_mutex_lock(&c->lock);
	*out = c->stats;
	out->pending = c->pending;
	pthread_mutex_unlock(&c->lock);
}

void dns_client_destroy(struct dns_client *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->is_stopping = true;
	pthread_cond_broadcast(&c->changed);
	wake(c);
	pthread_mutex_unlock(&c->lock);
	if (c->has_thread)
		pthread_join(c->thread, NULL);
	dns_servers_destroy(c->servers);
	timer_heap_done(&c->timers);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	if (c->epoll_fd >= 0)
		close(c->epoll_fd);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
