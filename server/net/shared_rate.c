#include "net/shared_rate.h"

#include "base/arena.h"
#include "base/clock.h"
#include "cache/cache.h"
#include "work/cancel.h"
#include "work/thread.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INSTANCE_PERIOD_MS 2000 /* how often we say that we live */
#define ABSENT_RETRY_MS    1000
#define ASK_AGAIN_MS       2 /* a waiter looks again this soon while the stock is on its way */
#define WAIT_MOST_MS       1000

struct shared_rate {
	struct shared_rate *next;
	struct shared_rates *hub;
	char name[CACHE_KEY_SIZE];
	double rate_per_s, burst, stock;
	unsigned wanted;       /* tokens the hub's thread shall fetch; 0: none */
	int64_t not_before_ms; /* asking earlier is useless */
	bool is_asking;        /* the thread is with Redis for it, without the lock */
	bool is_absent;        /* Redis is: `own` counts */
	unsigned divided_by;   /* own's rate is rate_per_s / divided_by */
	struct rate_bucket own;
};

struct shared_rates {
	struct cache *cache;
	char instance[64];
	struct cancel closing;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* something is wanted; asking is over */
	struct shared_rate *rates;
	unsigned instances; /* last known */
	pthread_t thread;
	bool thread_runs;
};

/* --- taking -------------------------------------------------------------------------------------------------- */

static unsigned chunk_of(const struct shared_rate *r)
{
	double chunk = floor(r->rate_per_s * SHARED_RATE_STOCK_MS / 1000.0);

	return (unsigned)fmax(1, fmin(chunk, r->burst));
}

/* The lock is held. */
static void want(struct shared_rate *r, unsigned n)
{
	if (r->wanted >= n)
		return;
	r->wanted = n;
	pthread_cond_broadcast(&r->hub->changed);
}

static int64_t take_locked(struct shared_rate *r, unsigned n, int64_t now_ms)
{
	unsigned chunk = chunk_of(r);

	if (r->stock >= n) {
		r->stock -= n;
		if (r->stock < chunk / 2.0)
			want(r, chunk);
		return 0;
	}
	if (r->is_absent) {
		want(r, chunk); /* or its return would go unnoticed */
		return rate_bucket_take(&r->own, n, now_ms);
	}
	want(r, n > chunk ? n : chunk);
	if (r->not_before_ms <= now_ms + ASK_AGAIN_MS)
		return ASK_AGAIN_MS;
	return r->not_before_ms - now_ms;
}

static int64_t take(void *ctx, unsigned n, int64_t now_ms)
{
	struct shared_rate *r = ctx;
	int64_t wait_ms;

	pthread_mutex_lock(&r->hub->lock);
	wait_ms = take_locked(r, n, now_ms);
	pthread_mutex_unlock(&r->hub->lock);
	return wait_ms;
}

struct rate_source shared_rate_source(struct shared_rate *rate)
{
	return (struct rate_source){ .take = take, .ctx = rate };
}

/* --- refilling ----------------------------------------------------------------------------------------------- */

/* Our share while Redis is away; the bucket starts empty, since what it would hold may have been spent already. */
static void go_alone(struct shared_rate *r, unsigned instances, int64_t now)
{
	if (r->is_absent && r->divided_by == instances)
		return;
	rate_bucket_init(&r->own, r->rate_per_s / instances, r->burst / instances, now);
	r->own.tokens = 0;
	r->is_absent = true;
	r->divided_by = instances;
}

/* The lock is held, and let go meanwhile. */
static void refill(struct shared_rate *r)
{
	unsigned n = r->wanted;
	int64_t wait_ms, now;

	r->is_asking = true;
	pthread_mutex_unlock(&r->hub->lock);
	wait_ms = cache_take(r->hub->cache, r->name, r->rate_per_s, r->burst, n);
	pthread_mutex_lock(&r->hub->lock);
	now = clock_monotonic_ms();
	r->is_asking = false;
	if (wait_ms == CACHE_TAKE_ABSENT) {
		go_alone(r, r->hub->instances, now);
		r->not_before_ms = now + ABSENT_RETRY_MS;
	} else if (wait_ms > 0) {
		r->is_absent = false;
		r->not_before_ms = now + (wait_ms < WAIT_MOST_MS ? wait_ms : WAIT_MOST_MS);
	} else {
		r->is_absent = false;
		r->stock += n;
		r->wanted = r->wanted > n ? r->wanted : 0;
		r->not_before_ms = 0;
	}
	pthread_cond_broadcast(&r->hub->changed);
}

/* One that may be asked for now, or NULL and the time to look again. */
static struct shared_rate *find_due(struct shared_rates *hub, int64_t now, int64_t *wake_ms)
{
	*wake_ms = now + CANCEL_TICK_MS;
	for (struct shared_rate *r = hub->rates; r; r = r->next) {
		if (r->wanted > 0 && r->not_before_ms <= now)
			return r;
		if (r->wanted > 0 && r->not_before_ms < *wake_ms)
			*wake_ms = r->not_before_ms;
	}
	return NULL;
}

static void *refiller(void *arg)
{
	struct shared_rates *hub = arg;
	int64_t told_ms = clock_monotonic_ms() - INSTANCE_PERIOD_MS;
	unsigned instances;

	pthread_mutex_lock(&hub->lock);
	while (!cancel_is_set(&hub->closing)) {
		int64_t now = clock_monotonic_ms(), wake_ms;
		struct shared_rate *due = find_due(hub, now, &wake_ms);
		struct timespec until = { .tv_sec = (time_t)(wake_ms / 1000),
					  .tv_nsec = (long)(wake_ms % 1000) * 1000000 };

		if (now - told_ms >= INSTANCE_PERIOD_MS) {
			told_ms = now;
			pthread_mutex_unlock(&hub->lock);
			instances = cache_live_instances(hub->cache, hub->instance);
			pthread_mutex_lock(&hub->lock);
			hub->instances = instances;
			continue; /* the list may have changed */
		}
		if (due)
			refill(due);
		else
			pthread_cond_timedwait(&hub->changed, &hub->lock, &until);
	}
	pthread_mutex_unlock(&hub->lock);
	return NULL;
}

/* --- opening and closing ------------------------------------------------------------------------------------- */

struct status shared_rates_open(struct cache *cache, const char *instance, struct shared_rates **out)
{
	struct shared_rates *hub = calloc(1, sizeof *hub);
	pthread_condattr_t monotonic;
	struct status st;

	if (!hub)
		return status_out_of_memory();
	hub->cache = cache;
	hub->instances = 1;
	snprintf(hub->instance, sizeof hub->instance, "%s", instance);
	cancel_init(&hub->closing, NULL);
	pthread_mutex_init(&hub->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&hub->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	st = thread_start("shared-rates", refiller, hub, &hub->thread);
	if (!status_ok(st)) {
		shared_rates_close(hub);
		return st;
	}
	hub->thread_runs = true;
	*out = hub;
	return STATUS_OK_VALUE;
}

void shared_rates_close(struct shared_rates *hub)
{
	if (!hub)
		return;
	cancel_set(&hub->closing);
	if (hub->thread_runs)
		pthread_join(hub->thread, NULL);
	pthread_cond_destroy(&hub->changed);
	pthread_mutex_destroy(&hub->lock);
	cancel_done(&hub->closing);
	free(hub);
}

struct shared_rate *shared_rate_create(struct shared_rates *hub, const char *name, double rate_per_s, double burst)
{
	struct shared_rate *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->hub = hub;
	r->rate_per_s = rate_per_s;
	r->burst = fmax(burst, 1);
	snprintf(r->name, sizeof r->name, "%s", name);
	pthread_mutex_lock(&hub->lock);
	r->next = hub->rates;
	hub->rates = r;
	pthread_mutex_unlock(&hub->lock);
	return r;
}

void shared_rate_destroy(struct shared_rate *rate)
{
	if (!rate)
		return;
	pthread_mutex_lock(&rate->hub->lock);
	while (rate->is_asking) /* bounded by REDIS_COMMAND_TIMEOUT */
		pthread_cond_wait(&rate->hub->changed, &rate->hub->lock);
	for (struct shared_rate **at = &rate->hub->rates; *at; at = &(*at)->next)
		if (*at == rate) {
			*at = rate->next;
			break;
		}
	pthread_mutex_unlock(&rate->hub->lock);
	free(rate);
}
