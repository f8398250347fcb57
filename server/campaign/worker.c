#include "campaign/worker.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/campaign_metrics.h"
#include "campaign/ledger.h"
#include "campaign/recovery.h"
#include "campaign/runs.h"
#include "config/settings.h"
#include "phase/phase.h"
#include "store/ledger_store.h"
#include "store/pool.h"
#include "store/tx.h"
#include "work/cancel.h"
#include "work/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SCOUT_MS           250  /* pause and stop are effective within this and the phases' own 500 ms */
#define IDLE_MS            200  /* a run with nothing to claim is left alone this long  */
#define BACKOFF_MS         1000 /* after the database or a service was away            */
#define COMMIT_TRIES       5
#define OUTAGE_MS_MAX      600000 /* finished work is kept this long for a database that is away */
#define BATCH_ATTEMPTS_MAX 20     /* a batch that swallowed so many workers kills them: the phase fails */
#define BATCH_ARENA_BYTES  (512u * 1024 * 1024)

/* What one worker thread has in flight; the scout reads it under the lock. */
struct slot {
	struct worker *worker;
	pthread_t thread;
	bool is_busy;
	struct batch batch;
	struct cancel cancel;
};

struct worker {
	const struct phase_env *env;
	const struct uuid *instance;
	worker_moved_fn moved;
	void *moved_ctx;
	struct runs *runs;
	struct cancel stop;
	pthread_t scout;
	bool scout_started;
	pthread_mutex_t lock; /* slots' is_busy and batch; look_now */
	pthread_cond_t news;  /* something may be claimable, or the scout should look */
	bool look_now;
	uint64_t news_count;
	struct batch_metrics metrics;
	int slot_count, slots_started;
	struct slot *slots;
};

static void wait_news(struct worker *w, int64_t ms)
{
	int64_t until = clock_monotonic_ms() + ms;
	struct timespec ts = { .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };
	uint64_t seen;

	pthread_mutex_lock(&w->lock);
	seen = w->news_count;
	while (seen == w->news_count && !cancel_is_set(&w->stop) && clock_monotonic_ms() < until)
		pthread_cond_timedwait(&w->news, &w->lock, &ts);
	pthread_mutex_unlock(&w->lock);
}

static void tell_news(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->news_count++;
	pthread_cond_broadcast(&w->news);
	pthread_mutex_unlock(&w->lock);
}

/* --- one batch ------------------------------------------------------------------------------------------------ */

static void log_batch(const char *event, struct status st, const struct batch *batch)
{
	char id[UUID_TEXT_SIZE];

	uuid_to_text(&batch->campaign_id, id);
	LOG_FAILURE(event, st, LOG_STR("campaign", id), LOG_STR("phase", phase_to_text(batch->phase)),
		    LOG_INT("run", batch->run_number), LOG_INT("batch", batch->batch_number));
}

static void fail_run(struct worker *w, const struct run_key *run, struct arena *arena, struct status why)
{
	struct batch named = { .campaign_id = run->campaign_id, .phase = run->phase, .run_number = run->run_number };
	bool moved;
	struct status st;

	st = ledger_fail(w->env, run, arena, status_for_clients(why), &moved);
	if (!status_ok(st) || moved) /* else another slot met the same obstacle first and has said so */
		log_batch("phase_cannot_run", why, &named);
	if (!status_ok(st))
		log_batch("phase_fail_not_stored", st, &named);
	else if (moved)
		w->moved(w->moved_ctx, &run->campaign_id, true);
}

/* The commit is tried again while the database comes back: finished network work is worth keeping. Tries count only
 * while the database is there. The token makes repeating safe even after a commit whose answer was lost. */
static struct status commit_batch(struct worker *w, struct phase_job *job, void *result, bool *moved)
{
	int64_t until = clock_monotonic_ms() + OUTAGE_MS_MAX;
	struct status st;

	for (int tries = 0;;) {
		st = ledger_commit(w->env, job, result, moved);
		if (status_ok(st) || !status_is_transient(st) || strcmp(st.reason, "BATCH_LOST") == 0)
			return st;
		if (store_pool_healthy(w->env->pool) || cancel_is_set(&w->stop))
			tries++;
		if (tries == COMMIT_TRIES || clock_monotonic_ms() >= until)
			return st;
		cancel_sleep(&w->stop, BACKOFF_MS);
	}
}

/* How long the run should be left alone afterwards; *fate tells what became of the batch. */
static int64_t do_batch(struct worker *w, struct slot *slot, struct phase_run *run, struct arena *arena,
			enum batch_fate *fate)
{
	const struct batch *batch = &slot->batch;
	const struct run_key key = { batch->campaign_id, batch->phase, batch->run_number };
	struct phase_job job = { .run = run, .batch = *batch, .arena = arena, .cancel = &slot->cancel };
	void *result = NULL;
	bool moved = false;
	struct status st;

	*fate = BATCH_FATAL;
	if (batch->attempts > BATCH_ATTEMPTS_MAX) {
		fail_run(w, &key, arena,
			 status_make(STATUS_RESOURCE_EXHAUSTED, "E_BATCH_ATTEMPTS",
				     "a batch was claimed %d times and nobody came back from it", batch->attempts));
		return IDLE_MS;
	}
	st = phase_ops_of(batch->phase)->work(&job, &result);
	if (status_ok(st))
		st = commit_batch(w, &job, result, &moved);
	if (status_ok(st)) {
		*fate = BATCH_COMMITTED;
		w->moved(w->moved_ctx, &batch->campaign_id, moved);
		if (moved)
			worker_wake(w);
		return 0;
	}
	if (st.reason && strcmp(st.reason, "BATCH_LOST") == 0) {
		*fate = BATCH_LOST;
		LOG_INFO("batch_lost", LOG_STR("phase", phase_to_text(batch->phase)),
			 LOG_INT("batch", batch->batch_number));
		return 0;
	}
	if (!status_is_transient(st)) {
		fail_run(w, &key, arena, st);
		return IDLE_MS;
	}
	*fate = BATCH_RELEASED;
	log_batch("batch_released", st, batch);
	status_ignore(ledger_release(w->env, batch)); /* if that fails too, the lease runs out */
	return BACKOFF_MS;
}

static void slot_set(struct slot *slot, bool busy, const struct batch *batch)
{
	struct worker *w = slot->worker;

	pthread_mutex_lock(&w->lock);
	slot->is_busy = busy;
	if (batch)
		slot->batch = *batch;
	atomic_store(&slot->cancel.set, false);
	pthread_mutex_unlock(&w->lock);
}

/* Claims from the picked run and does what it got. Returns how long to leave the run alone. */
static int64_t work_on(struct worker *w, struct slot *slot, struct run_entry *entry, struct arena *arena)
{
	const struct run_key *key = run_entry_key(entry);
	int64_t claimed_at = clock_monotonic_ms(), idle_ms;
	enum claim_result result;
	enum batch_fate fate;
	struct batch batch;
	bool moved = false;
	struct status st = ledger_claim(w->env, key, w->instance, &batch, &result);

	if (!status_ok(st)) {
		batch = (struct batch){ .campaign_id = key->campaign_id,
					.phase = key->phase,
					.run_number = key->run_number };
		if (!st.reason || strcmp(st.reason, "DATABASE_UNAVAILABLE") != 0) /* the pool says that, once */
			log_batch("claim_failed", st, &batch);
		return BACKOFF_MS;
	}
	switch (result) {
	case CLAIM_NOTHING:
		return IDLE_MS;
	case CLAIM_FINISHED:
		st = ledger_complete(w->env, key, arena, &moved);
		if (!status_ok(st) && !status_is_transient(st))
			fail_run(w, key, arena, st);
		if (moved) {
			w->moved(w->moved_ctx, &key->campaign_id, true);
			worker_wake(w);
		}
		return IDLE_MS;
	case CLAIM_TAKEN:
		break;
	}
	slot_set(slot, true, &batch);
	batch_metrics_begin(&w->metrics);
	idle_ms = do_batch(w, slot, run_entry_run(entry), arena, &fate);
	batch_metrics_end(&w->metrics, batch.phase, fate, clock_monotonic_ms() - claimed_at);
	slot_set(slot, false, NULL);
	return idle_ms;
}

static void *slot_main(void *arg)
{
	struct slot *slot = arg;
	struct worker *w = slot->worker;
	struct arena *arena = arena_create(BATCH_ARENA_BYTES);

	while (arena && !cancel_is_set(&w->stop)) {
		struct status opened;
		struct run_entry *entry = runs_pick(w->runs, &opened);
		int64_t idle_ms;

		if (!entry) {
			wait_news(w, SCOUT_MS);
			continue;
		}
		if (status_ok(opened)) {
			idle_ms = work_on(w, slot, entry, arena);
		} else if (status_is_transient(opened)) {
			idle_ms = BACKOFF_MS;
		} else {
			fail_run(w, run_entry_key(entry), arena, opened);
			idle_ms = BACKOFF_MS;
		}
		runs_return(w->runs, entry, idle_ms);
		arena_reset(arena);
	}
	arena_destroy(arena);
	return NULL;
}

/* --- the scout ------------------------------------------------------------------------------------------------ */

static struct status look(struct worker *w, struct arena *arena)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct run_key *active;
	size_t count;

	TRY(store_single(w->env->pool, 0, &tx));
	TRY(store_phases_active(tx, arena, &active, &count));
	TRY(store_commit(&tx));
	runs_update(w->runs, active, count);
	return STATUS_OK_VALUE;
}

static bool in_run(const struct slot *slot, const struct run_key *run)
{
	return slot->is_busy && slot->batch.phase == run->phase && slot->batch.run_number == run->run_number &&
	       uuid_equal(&slot->batch.campaign_id, &run->campaign_id);
}

/* Batches of phases that were paused, stopped or begun anew end within 500 ms. */
static void cancel_inactive(struct worker *w)
{
	for (int i = 0; i < w->slots_started; i++) {
		struct slot *slot = &w->slots[i];
		struct run_key run;
		bool busy;

		pthread_mutex_lock(&w->lock);
		busy = slot->is_busy;
		run = (struct run_key){ slot->batch.campaign_id, slot->batch.phase, slot->batch.run_number };
		pthread_mutex_unlock(&w->lock);
		if (!busy || runs_is_active(w->runs, &run))
			continue;
		pthread_mutex_lock(&w->lock);
		if (in_run(slot, &run))
			atomic_store(&slot->cancel.set, true);
		pthread_mutex_unlock(&w->lock);
	}
}

/* One statement per run in flight. A lease that is gone cancels its batch: its commit would be refused anyway. */
static struct status renew_run(struct worker *w, struct arena *arena, const struct run_key *run)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	size_t count = 0, most = (size_t)w->slots_started;
	int32_t *numbers = arena_array(arena, most, sizeof *numbers),
		*tokens = arena_array(arena, most, sizeof *tokens);
	int *slots = arena_array(arena, most, sizeof *slots);
	bool *ours = arena_array(arena, most, sizeof *ours);

	if (!numbers || !tokens || !slots || !ours)
		return status_out_of_memory();
	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < w->slots_started; i++) {
		if (!in_run(&w->slots[i], run))
			continue;
		numbers[count] = w->slots[i].batch.batch_number;
		tokens[count] = w->slots[i].batch.token;
		slots[count++] = i;
	}
	pthread_mutex_unlock(&w->lock);
	TRY(store_single(w->env->pool, 0, &tx));
	TRY(store_batches_renew(tx, run, numbers, tokens, count, w->env->settings->lease_ms, ours));
	TRY(store_commit(&tx));
	pthread_mutex_lock(&w->lock);
	for (size_t k = 0; k < count; k++) {
		struct slot *slot = &w->slots[slots[k]];
		if (!ours[k] && in_run(slot, run) && slot->batch.batch_number == numbers[k] &&
		    slot->batch.token == tokens[k])
			atomic_store(&slot->cancel.set, true);
	}
	pthread_mutex_unlock(&w->lock);
	return STATUS_OK_VALUE;
}

static struct status renew_all(struct worker *w, struct arena *arena)
{
	size_t count = 0;
	struct run_key *runs = arena_array(arena, (size_t)w->slots_started, sizeof *runs);

	if (!runs)
		return status_out_of_memory();
	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < w->slots_started; i++) {
		const struct slot *slot = &w->slots[i];
		size_t k = 0;

		if (!slot->is_busy)
			continue;
		while (k < count && !in_run(slot, &runs[k]))
			k++;
		if (k == count)
			runs[count++] =
				(struct run_key){ slot->batch.campaign_id, slot->batch.phase, slot->batch.run_number };
	}
	pthread_mutex_unlock(&w->lock);
	for (size_t k = 0; k < count; k++)
		TRY(renew_run(w, arena, &runs[k]));
	return STATUS_OK_VALUE;
}

static void scout_wait(struct worker *w)
{
	int64_t until = clock_monotonic_ms() + SCOUT_MS;
	struct timespec ts = { .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };

	pthread_mutex_lock(&w->lock);
	while (!w->look_now && !cancel_is_set(&w->stop) && clock_monotonic_ms() < until)
		pthread_cond_timedwait(&w->news, &w->lock, &ts);
	w->look_now = false;
	pthread_mutex_unlock(&w->lock);
}

static void tell_paused(void *ctx, const struct uuid *campaign_id)
{
	struct worker *w = ctx;

	w->moved(w->moved_ctx, campaign_id, true);
}

static void *scout_main(void *arg)
{
	struct worker *w = arg;
	struct arena *arena = arena_create(64u * 1024 * 1024);
	int64_t renewed_at = clock_monotonic_ms();
	bool was_ok = true, is_recovered = false;

	while (arena && !cancel_is_set(&w->stop)) {
		struct status st = STATUS_OK_VALUE;

		if (!is_recovered)
			st = campaign_recover(w->env, w->instance, arena, tell_paused, w, &is_recovered);
		if (is_recovered)
			st = look(w, arena);
		if (status_ok(st) && is_recovered) {
			cancel_inactive(w);
			if (clock_monotonic_ms() - renewed_at >= w->env->settings->lease_ms / 4) {
				renewed_at = clock_monotonic_ms();
				st = renew_all(w, arena);
			}
		}
		if (!status_ok(st) && was_ok)
			LOG_FAILURE("scout_failed", st, LOG_STR("effect", "no new work until the database is back"));
		was_ok = status_ok(st);
		arena_reset(arena);
		tell_news(w);
		scout_wait(w);
	}
	arena_destroy(arena);
	return NULL;
}

void worker_wake(struct worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->look_now = true;
	w->news_count++;
	pthread_cond_broadcast(&w->news);
	pthread_mutex_unlock(&w->lock);
}

/* --- life ----------------------------------------------------------------------------------------------------- */

void worker_stop(struct worker *w)
{
	if (!w)
		return;
	cancel_set(&w->stop);
	tell_news(w);
	for (int i = 0; i < w->slots_started; i++)
		pthread_join(w->slots[i].thread, NULL);
	if (w->scout_started)
		pthread_join(w->scout, NULL);
	w->slots_started = 0;
	w->scout_started = false;
	runs_destroy(w->runs); /* they use what main.c closes next */
	w->runs = NULL;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	worker_stop(w);
	for (int i = 0; i < w->slot_count; i++)
		cancel_done(&w->slots[i].cancel);
	free(w->slots);
	cancel_done(&w->stop);
	pthread_cond_destroy(&w->news);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

struct status worker_start(const struct phase_env *env, const struct uuid *instance, worker_moved_fn moved, void *ctx,
			   struct worker **out)
{
	struct worker *w = calloc(1, sizeof *w);
	pthread_condattr_t attr;
	struct status st;

	if (!w)
		return status_out_of_memory();
	w->env = env;
	w->instance = instance;
	w->moved = moved;
	w->moved_ctx = ctx;
	batch_metrics_init(&w->metrics, env->metrics);
	cancel_init(&w->stop, NULL);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->news, &attr);
	pthread_condattr_destroy(&attr);
	w->runs = runs_create(env);
	w->slots = calloc((size_t)env->settings->worker_batches_max, sizeof *w->slots);
	if (!w->runs || !w->slots) {
		worker_free(w);
		return status_out_of_memory();
	}
	for (; w->slot_count < env->settings->worker_batches_max; w->slot_count++) {
		w->slots[w->slot_count].worker = w;
		cancel_init(&w->slots[w->slot_count].cancel, &w->stop);
	}
	for (; w->slots_started < w->slot_count; w->slots_started++) {
		struct slot *slot = &w->slots[w->slots_started];
		st = thread_start("worker", slot_main, slot, &slot->thread);
		if (!status_ok(st)) {
			worker_free(w);
			return st;
		}
	}
	st = thread_start("scout", scout_main, w, &w->scout);
	if (!status_ok(st)) {
		worker_free(w);
		return st;
	}
	w->scout_started = true;
	*out = w;
	return STATUS_OK_VALUE;
}
