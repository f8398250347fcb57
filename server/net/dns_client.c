#include "net/dns_client.h"

#include "base/clock.h"
#include "base/random.h"
#include "net/dns_job.h"
#include "net/dns_policy_fields.h"
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

struct job_list {
	struct dns_job *head, *tail;
};

struct dns_client {
	struct dns_client_settings settings;
	pthread_t thread;
	bool has_thread;
	int epoll_fd, wake_fd;
	struct dns_engine engine; /* engine thread only, with active */
	struct job_list active;

	pthread_mutex_t lock; /* everything below */
	pthread_cond_t changed;
	unsigned waiters;
	struct job_list submitted;
	unsigned pending;
	bool is_sleeping, is_stopping;
	struct dns_client_stats stats; /* the engine's counts, published once a round */
};

static struct dns_client *client_of(struct dns_engine *engine)
{
	return (struct dns_client *)(void *)((char *)engine - offsetof(struct dns_client, engine));
}

static void list_push(struct job_list *list, struct dns_job *job)
{
	job->next = NULL;
	job->prev = list->tail;
	if (list->tail)
		list->tail->next = job;
	else
		list->head = job;
	list->tail = job;
}

static void list_remove(struct job_list *list, struct dns_job *job)
{
	if (job->prev)
		job->prev->next = job->next;
	else
		list->head = job->next;
	if (job->next)
		job->next->prev = job->prev;
	else
		list->tail = job->prev;
}

/* --- the gate of a policy ------------------------------------------------------------------------------------ */

static void gate_run(struct dns_client *c, struct dns_policy *p);

static void on_gate_timer(struct timer *t)
{
	struct dns_policy *p = (struct dns_policy *)(void *)((char *)t - offsetof(struct dns_policy, gate_timer));

	gate_run(p->engine, p);
}

static void gate_run(struct dns_client *c, struct dns_policy *p)
{
	struct gate_waiter *w;
	int64_t wait_ms;

	while ((w = gate_next(&p->gate, c->engine.now_ms, &wait_ms)))
		dns_job_start((struct dns_job *)(void *)((char *)w - offsetof(struct dns_job, waiter)));
	timer_heap_clear(&c->engine.timers, &p->gate_timer);
	if (wait_ms > 0) {
		p->engine = c;
		p->gate_timer.fire = on_gate_timer;
		timer_heap_set(&c->engine.timers, &p->gate_timer, c->engine.now_ms + wait_ms);
	}
}

/* --- the end of a job ---------------------------------------------------------------------------------------- */

static void count_result(struct dns_client *c, enum dns_outcome status)
{
	switch (status) {
	case DNS_OK:
		c->engine.counts.ok++;
		break;
	case DNS_FAILED:
		c->engine.counts.failed++;
		break;
	case DNS_TIMED_OUT:
		c->engine.counts.timed_out++;
		break;
	case DNS_CANCELED:
		c->engine.counts.canceled++;
		break;
	}
}

/* One place came free; the lock is held. Those who wait for places are woken when a quarter is free, not one by one:
 * with many of them every answer would wake them all for nothing. */
static void tell_place(struct dns_client *c, unsigned pending, unsigned most)
{
	if (c->waiters > 0 && (pending == 0 || pending == most - most / 4))
		pthread_cond_broadcast(&c->changed);
}

/* Releases everything, lets the next one in, then calls back: after the callback the policy may be gone. */
void dns_engine_end(struct dns_job *job, struct dns_result *r)
{
	struct dns_client *c = client_of(job->engine);
	struct dns_policy *p = job->policy;

	r->took_ms = job->is_started ? clock_monotonic_ms() - job->started_ms : 0;
	count_result(c, r->status);
	dns_job_detach(job);
	gate_forget(&p->gate, &job->waiter);
	if (job->is_started)
		gate_leave(&p->gate);
	list_remove(&c->active, job);
	gate_run(c, p);

	pthread_mutex_lock(&c->lock);
	tell_place(c, --p->pending, p->pending_max);
	pthread_mutex_unlock(&c->lock);

	job->done(job->ctx, job->name, r);
	free(job);

	pthread_mutex_lock(&c->lock);
	tell_place(c, --c->pending, c->settings.lookups_max);
	pthread_mutex_unlock(&c->lock);
}

/* --- the engine thread --------------------------------------------------------------------------------------- */

static void begin(struct dns_client *c, struct dns_job *job)
{
	c->engine.counts.lookups++;
	list_push(&c->active, job);
	if (!dns_name_valid(job->name)) {
		dns_job_end_as(job, DNS_FAILED, DNS_REASON_INVALID_DOMAIN);
		return;
	}
	gate_enter(&job->policy->gate, &job->waiter);
	gate_run(c, job->policy);
}

/* Moves what was submitted into the engine; returns false when it is time to stop. */
static bool take_submitted(struct dns_client *c, int64_t sleep_ms, int64_t *out_sleep_ms)
{
	struct dns_job *job;
	bool go_on;

	pthread_mutex_lock(&c->lock);
	job = c->submitted.head;
	c->submitted = (struct job_list){ 0 };
	go_on = !c->is_stopping;
	c->is_sleeping = !job && go_on && sleep_ms > 0;
	c->stats = c->engine.counts;
	pthread_mutex_unlock(&c->lock);
	*out_sleep_ms = job || !go_on ? 0 : sleep_ms;
	while (job) {
		struct dns_job *next = job->next;

		begin(c, job);
		job = next;
	}
	return go_on;
}

static void end_canceled(struct dns_client *c, bool all)
{
	struct dns_job *job = c->active.head;

	while (job) {
		struct dns_job *next = job->next;

		if (all || (job->cancel && cancel_is_set(job->cancel)))
			dns_job_end_as(job, DNS_CANCELED, DNS_REASON_CANCELED);
		job = next;
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

static void *engine_body(void *arg)
{
	struct dns_client *c = arg;
	int64_t ticked_ms = 0, cancels_ms = 0;

	for (;;) {
		int64_t sleep_ms;

		c->engine.now_ms = clock_monotonic_ms();
		sleep_ms = timer_heap_wait(&c->engine.timers, c->engine.now_ms,
					   dns_servers_busy(c->engine.servers) ? DNS_SERVERS_TICK_MS : SLEEP_MOST_MS);
		if (!take_submitted(c, sleep_ms, &sleep_ms))
			break;
		dns_servers_settle(c->engine.servers, c->engine.now_ms);
		handle_events(c, sleep_ms);
		c->engine.now_ms = clock_monotonic_ms();
		timer_heap_run(&c->engine.timers, c->engine.now_ms);
		if (c->engine.now_ms - ticked_ms >= DNS_SERVERS_TICK_MS) {
			ticked_ms = c->engine.now_ms;
			dns_servers_tick(c->engine.servers, c->engine.now_ms);
		}
		dns_servers_settle(c->engine.servers, c->engine.now_ms);
		if (c->engine.now_ms - cancels_ms >= SLEEP_MOST_MS) {
			cancels_ms = c->engine.now_ms;
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
	rng_init(&c->engine.rng, seed);
	c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->epoll_fd < 0 || c->wake_fd < 0 || epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, c->wake_fd, &ev) != 0)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "NO_DESCRIPTORS", "the DNS engine got no descriptors: %s",
				   strerror(errno));
	if (!timer_heap_reserve(&c->engine.timers, (size_t)c->settings.lookups_max * TIMERS_PER_LOOKUP))
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for the DNS engine");
	TRY(dns_servers_create(c->epoll_fd, c->settings.per_resolver_max, &c->engine.servers));
	TRY(thread_start("dns", engine_body, c, &c->thread));
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
	timer_heap_init(&c->engine.timers);
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

static struct dns_job *job_make(struct dns_client *c, const struct dns_lookup *in, dns_done_fn done, void *ctx)
{
	struct dns_job *job = calloc(1, sizeof *job);

	if (!job)
		return NULL;
	job->engine = &c->engine;
	job->policy = in->policy;
	job->cancel = in->cancel;
	job->done = done;
	job->ctx = ctx;
	dns_job_fill(job, in);
	return job;
}

static struct status submit(struct dns_client *c, const struct dns_lookup *in, dns_done_fn done, void *ctx,
			    bool may_wait)
{
	struct dns_job *job = job_make(c, in, done, ctx);
	struct status st = STATUS_OK_VALUE;

	if (!job)
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
			list_push(&c->submitted, job);
			wake(c);
			job = NULL;
			break;
		}
		if (!may_wait) {
			st = status_make(STATUS_RESOURCE_EXHAUSTED, "DNS_BUSY", "too many lookups are waiting");
			break;
		}
		wait_changed(c, CANCEL_TICK_MS);
	}
	pthread_mutex_unlock(&c->lock);
	free(job);
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
	dns_servers_destroy(c->engine.servers);
	timer_heap_done(&c->engine.timers);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	if (c->epoll_fd >= 0)
		close(c->epoll_fd);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
