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
#include <unistd.h>

enum {
	LOOKUPS_MAX = 2000,
	EVENTS_PER_ROUND = 64,
	SLEEP_MOST_MS = 100,
	TIMERS_PER_LOOKUP = 4, /* two questions, the budget, and at most one gate per waiting lookup */
};

struct dns_client {
	struct dns_client_settings settings;
	struct intake intake;
	pthread_t thread;
	bool has_thread;
	int epoll_fd, wake_fd;
	struct dns_engine engine;      /* engine thread only */
	struct dns_client_stats stats; /* its counts, published once a round under the intake's lock */
};

static struct dns_client *client_of(struct dns_engine *engine)
{
	return (struct dns_client *)(void *)((char *)engine - offsetof(struct dns_client, engine));
}

static struct dns_job *job_of(struct intake_job *link)
{
	return (struct dns_job *)(void *)((char *)link - offsetof(struct dns_job, link));
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

/* Releases everything, lets the next one in, then calls back: after the callback the policy may be gone. */
void dns_engine_end(struct dns_job *job, struct dns_result *r)
{
	struct dns_client *c = client_of(job->engine);

	r->took_ms = job->link.is_started ? clock_monotonic_ms() - job->link.started_ms : 0;
	count_result(c, r->status);
	dns_job_detach(job);
	intake_leave(&c->intake, &job->link);
	job->done(job->ctx, job->name, r);
	free(job);
	intake_left(&c->intake);
}

/* --- the engine thread --------------------------------------------------------------------------------------- */

static bool begin(struct intake_job *link)
{
	struct dns_job *job = job_of(link);

	job->engine->counts.lookups++;
	if (dns_name_valid(job->name))
		return true;
	dns_job_end_as(job, DNS_FAILED, DNS_REASON_INVALID_DOMAIN);
	return false;
}

static void start(struct intake_job *link)
{
	dns_job_start(job_of(link));
}

static void cancel(struct intake_job *link)
{
	dns_job_end_as(job_of(link), DNS_CANCELED, DNS_REASON_CANCELED);
}

/* An engine that misses this wakes by itself within SLEEP_MOST_MS. */
static void wake(struct intake *in)
{
	struct dns_client *c = (struct dns_client *)(void *)((char *)in - offsetof(struct dns_client, intake));
	uint64_t one = 1;

	if (write(c->wake_fd, &one, sizeof one) < 0)
		return;
}

static const struct intake_ops ops = {
	.noun = "lookup", .wake = wake, .begin = begin, .start = start, .cancel = cancel
};

static void publish(struct dns_client *c)
{
	pthread_mutex_lock(&c->intake.lock);
	c->stats = c->engine.counts;
	pthread_mutex_unlock(&c->intake.lock);
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
		publish(c);
		if (!intake_take(&c->intake, &sleep_ms))
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
			intake_cancel(&c->intake, false);
		}
	}
	intake_cancel(&c->intake, true);
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
	intake_init(&c->intake, &ops, c->settings.lookups_max, &c->engine.timers, &c->engine.now_ms);
	st = client_open(c);
	if (!status_ok(st)) {
		dns_client_destroy(c);
		return st;
	}
	*out = c;
	return STATUS_OK_VALUE;
}

static struct dns_job *job_make(struct dns_client *c, const struct dns_lookup *in, dns_done_fn done, void *ctx)
{
	struct dns_job *job = calloc(1, sizeof *job);

	if (!job)
		return NULL;
	job->engine = &c->engine;
	job->policy = in->policy;
	job->link = (struct intake_job){ .share = &in->policy->share, .cancel = in->cancel };
	job->done = done;
	job->ctx = ctx;
	dns_job_fill(job, in);
	return job;
}

static struct status submit(struct dns_client *c, const struct dns_lookup *in, dns_done_fn done, void *ctx,
			    bool may_wait)
{
	struct dns_job *job = job_make(c, in, done, ctx);
	struct status st;

	if (!job)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for a lookup");
	st = intake_submit(&c->intake, &job->link, may_wait);
	if (!status_ok(st))
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
	return intake_drain(&c->intake, timeout_ms);
}

void dns_client_stats(struct dns_client *c, struct dns_client_stats *out)
{
	pthread_mutex_lock(&c->intake.lock);
	*out = c->stats;
	out->pending = c->intake.pending;
	pthread_mutex_unlock(&c->intake.lock);
}

void dns_client_destroy(struct dns_client *c)
{
	if (!c)
		return;
	intake_stop(&c->intake);
	if (c->has_thread)
		pthread_join(c->thread, NULL);
	dns_servers_destroy(c->engine.servers);
	timer_heap_done(&c->engine.timers);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	if (c->epoll_fd >= 0)
		close(c->epoll_fd);
	intake_done(&c->intake);
	free(c);
}
