#include "phase/persona_rate.h"

#include "base/arena.h"
#include "base/clock.h"
#include "cache/cache.h"
#include "phase/phase.h"
#include "store/ledger_store.h"
#include "store/tx.h"
#include "work/cancel.h"
#include "work/thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define AHEAD_MS       50    /* tokens fetched at once are worth about this long */
#define ASK_AGAIN_MS   5     /* an engine without tokens looks again after this long */
#define LIVE_LOOK_MS   5000  /* how old the number of live workers may be */
#define WORKER_DEAD_MS 15000 /* a worker that has not been seen for this long is dead */

struct persona_rate {
	struct persona_rate_settings settings;
	char name[64];
	struct cancel stop;
	pthread_t thread;
	pthread_mutex_t lock; /* stock, is_wanted */
	pthread_cond_t wanted;
	unsigned stock;
	bool is_wanted;
	/* the thread's own */
	struct rate_bucket bucket; /* for when there is no shared one */
	int64_t live_looked_ms;
	int64_t live;
};

static int64_t take(void *ctx, unsigned n, int64_t now_ms)
{
	struct persona_rate *rate = ctx;
	bool is_granted;

	(void)now_ms;
	pthread_mutex_lock(&rate->lock);
	is_granted = rate->stock >= n;
	if (is_granted) {
		rate->stock -= n;
	} else {
		rate->is_wanted = true;
		pthread_cond_signal(&rate->wanted);
	}
	pthread_mutex_unlock(&rate->lock);
	return is_granted ? 0 : ASK_AGAIN_MS;
}

struct rate_source persona_rate_source(struct persona_rate *rate)
{
	return (struct rate_source){ .take = rate ? take : NULL, .ctx = rate };
}

static struct status count_workers(struct persona_rate *rate, int64_t *out)
{
	static const struct uuid nobody;
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(store_single(rate->settings.env->pool, 0, &tx));
	TRY(store_instances_live(tx, "worker", &nobody, WORKER_DEAD_MS, out));
	return store_commit(&tx);
}

static void look_at_workers(struct persona_rate *rate, int64_t now_ms)
{
	const struct persona_rate_settings *s = &rate->settings;
	int64_t live = rate->live;

	if (rate->live_looked_ms && now_ms - rate->live_looked_ms < LIVE_LOOK_MS)
		return;
	rate->live_looked_ms = now_ms;
	status_ignore(count_workers(rate, &live)); /* the last number is good enough while the database is away */
	if (live < 1)
		live = 1;
	if (live == rate->live)
		return;
	rate->live = live;
	rate_bucket_init(&rate->bucket, s->per_s / (double)live, s->burst / (double)live, now_ms);
}

/* Tokens worth AHEAD_MS, at least one and no more than the burst allows at once. */
static unsigned chunk_of(const struct persona_rate_settings *s)
{
	double chunk = s->per_s * AHEAD_MS / 1000;

	if (chunk > s->burst)
		chunk = s->burst;
	return chunk < 1 ? 1 : chunk > 10000 ? 10000 : (unsigned)chunk;
}

static int64_t fetch(struct persona_rate *rate, unsigned n)
{
	const struct persona_rate_settings *s = &rate->settings;
	int64_t wait_ms = cache_take(s->env->cache, rate->name, s->per_s, s->burst, n), now_ms;

	if (wait_ms != CACHE_TAKE_ABSENT)
		return wait_ms;
	now_ms = clock_monotonic_ms();
	look_at_workers(rate, now_ms);
	return rate_bucket_take(&rate->bucket, n, now_ms);
}

static void *fetch_tokens(void *arg)
{
	struct persona_rate *rate = arg;
	unsigned n = chunk_of(&rate->settings);

	while (!cancel_is_set(&rate->stop)) {
		int64_t wait_ms;
		bool is_wanted;

		pthread_mutex_lock(&rate->lock);
		while (!rate->is_wanted && !cancel_is_set(&rate->stop))
			pthread_cond_wait(&rate->wanted, &rate->lock);
		is_wanted = rate->is_wanted;
		pthread_mutex_unlock(&rate->lock);
		if (!is_wanted)
			break;
		wait_ms = fetch(rate, n);
		if (wait_ms > 0) {
			cancel_sleep(&rate->stop, wait_ms);
			continue;
		}
		pthread_mutex_lock(&rate->lock);
		rate->stock += n;
		rate->is_wanted = false;
		pthread_mutex_unlock(&rate->lock);
	}
	return NULL;
}

struct status persona_rate_create(const struct persona_rate_settings *settings, struct persona_rate **out)
{
	struct persona_rate *rate;
	char id[UUID_TEXT_SIZE];
	struct status st;

	*out = NULL;
	if (settings->per_s <= 0)
		return STATUS_OK_VALUE;
	rate = calloc(1, sizeof *rate);
	if (!rate)
		return status_out_of_memory();
	rate->settings = *settings;
	if (rate->settings.burst < 1)
		rate->settings.burst = 1;
	uuid_to_text(&settings->persona_id, id);
	snprintf(rate->name, sizeof rate->name, "%s%s", settings->kind, id);
	cancel_init(&rate->stop, NULL);
	pthread_mutex_init(&rate->lock, NULL);
	pthread_cond_init(&rate->wanted, NULL);
	st = thread_start("persona-rate", fetch_tokens, rate, &rate->thread);
	if (!status_ok(st)) {
		cancel_done(&rate->stop);
		free(rate);
		return st;
	}
	*out = rate;
	return STATUS_OK_VALUE;
}

void persona_rate_destroy(struct persona_rate *rate)
{
	if (!rate)
		return;
	cancel_set(&rate->stop);
	pthread_mutex_lock(&rate->lock);
	pthread_cond_signal(&rate->wanted);
	pthread_mutex_unlock(&rate->lock);
	pthread_join(rate->thread, NULL);
	pthread_cond_destroy(&rate->wanted);
	pthread_mutex_destroy(&rate->lock);
	cancel_done(&rate->stop);
	free(rate);
}
