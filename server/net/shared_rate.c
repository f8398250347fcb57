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

#define COUNT_PERIOD_MS 5000 /* how old the number of live workers may be */
#define ABSENT_RETRY_MS 1000
#define ASK_AGAIN_MS    2 /* a waiter looks again this soon while the stock is on its way */
#define WAIT_MOST_MS    1000

struct shared_rate {
	struct shared_rate *next;
	struct shared_rates *hub;
	unsigned users; /* those who made it, and the thread while it asks for it */
	char name[CACHE_KEY_SIZE];
	double rate_per_s, burst, stock;
	unsigned wanted;       /* tokens the hub's thread shall fetch; 0: none */
	int64_t not_before_ms; /* asking earlier is useless */
	bool is_absent;        /* Redis is: `own` counts */
	int64_t divided_by;    /* own's rate is rate_per_s / divided_by; 0: to be divided anew */
	struct rate_bucket own;
};

struct shared_rates {
	struct cache *cache;
	shared_rate_count_fn count;
	void *count_ctx;
	struct cancel closing;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* something is wanted */
	struct shared_rate *rates;
	int64_t workers, counted_ms; /* the thread's own: last known, and since when */
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
	return (struct rate_source){ .take = rate ? take : NULL, .ctx = rate };
}

/* --- refilling ----------------------------------------------------------------------------------------------- */

static void count_workers(struct shared_rates *hub)
{
	int64_t now = clock_monotonic_ms(), workers;

	if (!hub->count || (hub->counted_ms && now - hub->counted_ms < COUNT_PERIOD_MS))
		return;
	workers = hub->count(hub->count_ctx);
	hub->counted_ms = clock_monotonic_ms();
	if (workers >= 1)
		hub->workers = workers;
}

/* Our share while Redis is away; the bucket starts empty, since what it would hold may have been spent already. */
static void go_alone(struct shared_rate *r, int64_t workers, int64_t now)
{
	if (r->is_absent && r->divided_by == workers)
		return;
	rate_bucket_init(&r->own, r->rate_per_s / (double)workers, r->burst / (double)workers, now);
	r->own.tokens = 0;
	r->is_absent = true;
	r->divided_by = workers;
}

/* The lock is held. */
static void release(struct shared_rate *r)
{
	struct shared_rate **at = &r->hub->rates;

	if (--r->users > 0)
		return;
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	free(r);
}

/* The lock is held, and let go meanwhile. */
static void refill(struct shared_rate *r)
{
	double rate_per_s = r->rate_per_s, burst = r->burst;
	unsigned n = r->wanted;
	int64_t wait_ms, now;

	r->users++;
	pthread_mutex_unlock(&r->hub->lock);
	wait_ms = cache_take(r->hub->cache, r->name, rate_per_s, burst, n);
	if (wait_ms == CACHE_TAKE_ABSENT)
		count_workers(r->hub);
	pthread_mutex_lock(&r->hub->lock);
	now = clock_monotonic_ms();
	if (wait_ms == CACHE_TAKE_ABSENT) {
		go_alone(r, r->hub->workers, now);
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
	release(r);
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

	pthread_mutex_lock(&hub->lock);
	while (!cancel_is_set(&hub->closing)) {
		int64_t now = clock_monotonic_ms(), wake_ms;
		struct shared_rate *due = find_due(hub, now, &wake_ms);
		struct timespec until = { .tv_sec = (time_t)(wake_ms / 1000),
					  .tv_nsec = (long)(wake_ms % 1000) * 1000000 };

		if (due)
			refill(due);
		else
			pthread_cond_timedwait(&hub->changed, &hub->lock, &until);
	}
	pthread_mutex_unlock(&hub->lock);
	return NULL;
}

/* --- opening and closing ------------------------------------------------------------------------------------- */

struct status shared_rates_open(struct cache *cache, shared_rate_count_fn count, void *ctx, struct shared_rates **out)
{
	struct shared_rates *hub = calloc(1, sizeof *hub);
	pthread_condattr_t monotonic;
	struct status st;

	if (!hub)
		return status_out_of_memory();
	hub->cache = cache;
	hub->count = count;
	hub->count_ctx = ctx;
	hub->workers = 1;
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

static struct shared_rate *find_named(struct shared_rates *hub, const char *name)
{
	struct shared_rate *r = hub->rates;

	while (r && strcmp(r->name, name) != 0)
		r = r->next;
	return r;
}

/* The lock is held. */
static struct shared_rate *find_or_add(struct shared_rates *hub, const char *name)
{
	struct shared_rate *r = find_named(hub, name);

	if (r)
		return r;
	r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->hub = hub;
	snprintf(r->name, sizeof r->name, "%s", name);
	r->next = hub->rates;
	hub->rates = r;
	return r;
}

struct status shared_rate_create(struct shared_rates *hub, const char *name, double rate_per_s, double burst,
				 struct shared_rate **out)
{
	struct shared_rate *r;

	*out = NULL;
	if (rate_per_s <= 0)
		return STATUS_OK_VALUE;
	pthread_mutex_lock(&hub->lock);
	r = find_or_add(hub, name);
	if (r) {
		r->users++;
		if (r->rate_per_s != rate_per_s || r->burst != fmax(burst, 1))
			r->divided_by = 0;
		r->rate_per_s = rate_per_s;
		r->burst = fmax(burst, 1);
	}
	pthread_mutex_unlock(&hub->lock);
	*out = r;
	return r ? STATUS_OK_VALUE : status_out_of_memory();
}

void shared_rate_destroy(struct shared_rate *rate)
{
	struct shared_rates *hub;

	if (!rate)
		return;
	hub = rate->hub;
	pthread_mutex_lock(&hub->lock);
	release(rate);
	pthread_mutex_unlock(&hub->lock);
}
