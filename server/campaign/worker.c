#include "campaign/worker.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/batch_samples.h"
#include "campaign/campaign_metrics.h"
#include "campaign/claims.h"
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
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SCOUT_MS           250  /* pause and stop are effective within this and the phases' own 500 ms */
#define IDLE_MS            200  /* a run with nothing to claim is left alone this long  */
#define BACKOFF_MS         1000 /* after the database or a service was away            */
#define COMMIT_TRIES       5
#define OUTAGE_MS_MAX      600000 /* finished work is kept this long for a database that is away */
#define BATCH_ATTEMPTS_MAX 20     /* a batch that swallowed so many workers kills them: the phase fails */
#define BATCH_ARENA_BYTES  (512u * 1024 * 1024)
#define CLAIMS_PER_THREAD  8 /* its own, and those that wait for stragglers */

struct worker {
	const struct phase_env *env;
	const struct uuid *instance;
	worker_moved_fn moved;
	void *moved_ctx;
	struct runs *runs;
	struct claims *claims;
	struct cancel stop;
	struct batch_metrics metrics;
	pthread_t scout;
	bool scout_started;
	pthread_mutex_t lock; /* look_now */
	pthread_cond_t look;  /* the scout should look */
	bool look_now;
	int threads_started;
	pthread_t *threads;
};

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
static struct status commit_batch(struct worker *w, struct phase_job *job, void *result, struct batch_effect *effect)
{
	int64_t until = clock_monotonic_ms() + OUTAGE_MS_MAX;
	struct status st;

	for (int tries = 0;;) {
		st = ledger_commit(w->env, job, result, effect);
		if (status_ok(st) || !status_is_transient(st) || strcmp(st.reason, "BATCH_LOST") == 0)
			return st;
		if (store_pool_healthy(w->env->pool) || cancel_is_set(&w->stop))
			tries++;
		if (tries == COMMIT_TRIES || clock_monotonic_ms() >= until)
			return st;
		cancel_sleep(&w->stop, BACKOFF_MS);
	}
}

/* What is under way is called off, and taken back by the phase. */
static void drop_rest(struct claim *claim)
{
	struct phase_job *job = &claim->job;
	void *nothing;

	if (!job->rest)
		return;
	cancel_set(&claim->cancel);
	status_ignore(phase_ops_of(job->batch.phase)->work(job, &nothing)); /* its domains stay pending */
}

/* Does the batch, or goes on with it. How long the run should be left alone afterwards; *fate tells what became of the
 * batch, unless the claim has a rest: then it is still ours. */
static int64_t do_batch(struct worker *w, struct claim *claim, enum batch_fate *fate)
{
	struct phase_job *job = &claim->job;
	const struct batch *batch = &job->batch;
	const struct run_key key = { batch->campaign_id, batch->phase, batch->run_number };
	int64_t from_ms = clock_monotonic_ms();
	struct batch_effect effect;
	void *result = NULL;
	struct status st;

	*fate = BATCH_FATAL;
	if (batch->attempts > BATCH_ATTEMPTS_MAX) {
		fail_run(w, &key, job->arena,
			 status_make(STATUS_RESOURCE_EXHAUSTED, "E_BATCH_ATTEMPTS",
				     "a batch was claimed %d times and nobody came back from it", batch->attempts));
		return IDLE_MS;
	}
	st = phase_ops_of(batch->phase)->work(job, &result);
	if (status_ok(st)) {
		claim_commits(claim, true);
		st = commit_batch(w, job, result, &effect);
		claim_commits(claim, false);
	}
	if (status_ok(st)) {
		*fate = BATCH_COMMITTED;
		w->moved(w->moved_ctx, &batch->campaign_id, effect.moved);
		if (effect.moved)
			worker_wake(w);
		batch_samples_say(w->env, job, &effect, clock_monotonic_ms() - from_ms);
		return 0;
	}
	drop_rest(claim);
	if (st.reason && strcmp(st.reason, "BATCH_LOST") == 0) {
		*fate = BATCH_LOST;
		LOG_INFO("batch_lost", LOG_STR("phase", phase_to_text(batch->phase)),
			 LOG_INT("batch", batch->batch_number));
		return 0;
	}
	if (!status_is_transient(st)) {
		fail_run(w, &key, job->arena, st);
		return IDLE_MS;
	}
	*fate = BATCH_RELEASED;
	log_batch("batch_released", st, batch);
	status_ignore(ledger_release(w->env, batch)); /* if that fails too, the lease runs out */
	return BACKOFF_MS;
}

/* The run's next batch may be claimed. */
static void turn_over(struct claim *claim)
{
	if (!claim->has_turn)
		return;
	claim->has_turn = false;
	runs_turn_over(claim->entry);
	claims_tell(claim->owner, false);
}

static void turn_is_over(struct phase_job *job)
{
	turn_over((struct claim *)(void *)((char *)job - offsetof(struct claim, job)));
}

/* Works on a claim until it is over or parked. */
static void hold(struct worker *w, struct claim *claim, struct arena *arena)
{
	struct run_entry *entry = claim->entry;
	enum phase phase = claim->job.batch.phase;
	enum batch_fate fate;
	int64_t idle_ms;

	claim->job.arena = arena;
	idle_ms = do_batch(w, claim, &fate);
	turn_over(claim);
	if (claim->job.rest) {
		runs_park(entry);
		claim_park(claim);
		return;
	}
	batch_metrics_end(&w->metrics, phase, fate, clock_monotonic_ms() - claim->since_ms);
	claim_end(claim);
	runs_return(w->runs, entry, idle_ms);
}

/* Claims a batch of the picked run. How long to leave the run alone when there is none. */
static int64_t claim_batch(struct worker *w, struct claim *claim, struct arena *arena, bool *taken)
{
	const struct run_key *key = run_entry_key(claim->entry);
	enum claim_result result;
	struct batch batch;
	bool moved = false;
	struct status st = ledger_claim(w->env, key, w->instance, &batch, &result);

	*taken = false;
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
		break;
	case CLAIM_FINISHED:
		st = ledger_complete(w->env, key, arena, &moved);
		if (!status_ok(st) && !status_is_transient(st))
			fail_run(w, key, arena, st);
		if (moved) {
			w->moved(w->moved_ctx, &key->campaign_id, true);
			worker_wake(w);
		}
		break;
	case CLAIM_TAKEN:
		*taken = true;
		claim_begin(claim, run_entry_run(claim->entry), &batch);
		claim->job.turn_is_over = turn_is_over;
		batch_metrics_begin(&w->metrics);
		return 0;
	}
	return IDLE_MS;
}

/* Takes the next batch of a run that has one; false when there is nothing to do. */
static bool work_on_next(struct worker *w, struct arena *arena)
{
	struct claim *claim = claims_take(w->claims);
	struct status opened;
	int64_t idle_ms;
	bool taken = false;

	if (!claim)
		return false;
	claim->entry = runs_pick(w->runs, &opened);
	if (!claim->entry) {
		claim_end(claim);
		return false;
	}
	claim->has_turn = phase_ops_of(run_entry_key(claim->entry)->phase)->batches_take_turns;
	if (status_ok(opened)) {
		idle_ms = claim_batch(w, claim, arena, &taken);
	} else {
		idle_ms = BACKOFF_MS;
		if (!status_is_transient(opened))
			fail_run(w, run_entry_key(claim->entry), arena, opened);
	}
	if (taken) {
		hold(w, claim, arena);
		return true;
	}
	turn_over(claim);
	runs_return(w->runs, claim->entry, idle_ms);
	claim_end(claim);
	return true;
}

static void *thread_main(void *arg)
{
	struct worker *w = arg;
	struct arena *arena = arena_create(BATCH_ARENA_BYTES);

	/* What was parked when the stop came is due soon: its cancel is set as well. */
	while (arena && (!cancel_is_set(&w->stop) || claims_waiting(w->claims) > 0)) {
		uint64_t seen = claims_news(w->claims);
		struct claim *claim = claims_take_due(w->claims);

		if (claim) {
			runs_unpark(claim->entry);
			hold(w, claim, arena);
		} else if (cancel_is_set(&w->stop) || !work_on_next(w, arena)) {
			arena_clear(arena); /* work wanders over the threads: each would keep a block */
			claims_wait(w->claims, seen, SCOUT_MS);
		}
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

/* One statement for the first run in the list, whose batches are taken out of it. A lease that is gone cancels its
 * batch: its commit would be refused anyway. */
static struct status renew_run(struct worker *w, struct arena *arena, struct held *list, size_t *count)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	const struct run_key run = list[0].run;
	struct held *mine = arena_array(arena, *count, sizeof *mine);
	int32_t *numbers = arena_array(arena, *count, sizeof *numbers),
		*tokens = arena_array(arena, *count, sizeof *tokens);
	bool *ours = arena_array(arena, *count, sizeof *ours);
	size_t n = 0, left = 0;

	if (!mine || !numbers || !tokens || !ours)
		return status_out_of_memory();
	for (size_t i = 0; i < *count; i++) {
		if (!run_key_equal(&list[i].run, &run)) {
			list[left++] = list[i];
			continue;
		}
		numbers[n] = list[i].batch_number;
		tokens[n] = list[i].token;
		mine[n++] = list[i];
	}
	*count = left;
	TRY(store_single(w->env->pool, 0, &tx));
	TRY(store_batches_renew(tx, &run, numbers, tokens, n, w->env->settings->lease_ms, ours));
	TRY(store_commit(&tx));
	for (size_t i = 0; i < n; i++)
		if (!ours[i])
			claims_cancel_lost(w->claims, &mine[i]);
	return STATUS_OK_VALUE;
}

/* Batches of phases that were paused, stopped or begun anew end within 500 ms; with `renew`, leases go on. */
static struct status look_after_claims(struct worker *w, struct arena *arena, bool renew)
{
	struct held *list;
	size_t count;

	TRY(claims_list(w->claims, arena, &list, &count));
	for (size_t i = 0; i < count; i++)
		if (!runs_is_active(w->runs, &list[i].run))
			claims_cancel(w->claims, &list[i]);
	while (renew && count > 0)
		TRY(renew_run(w, arena, list, &count));
	return STATUS_OK_VALUE;
}

static void scout_wait(struct worker *w)
{
	int64_t until = clock_monotonic_ms() + SCOUT_MS;
	struct timespec ts = { .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };

	pthread_mutex_lock(&w->lock);
	while (!w->look_now && !cancel_is_set(&w->stop) && clock_monotonic_ms() < until)
		pthread_cond_timedwait(&w->look, &w->lock, &ts);
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
			bool renew = clock_monotonic_ms() - renewed_at >= w->env->settings->lease_ms / 4;

			if (renew)
				renewed_at = clock_monotonic_ms();
			st = look_after_claims(w, arena, renew);
		}
		if (!status_ok(st) && was_ok)
			LOG_FAILURE("scout_failed", st, LOG_STR("effect", "no new work until the database is back"));
		was_ok = status_ok(st);
		arena_reset(arena);
		claims_tell(w->claims, true);
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
	pthread_cond_signal(&w->look);
	pthread_mutex_unlock(&w->lock);
	claims_tell(w->claims, true);
}

/* --- life ----------------------------------------------------------------------------------------------------- */

void worker_stop(struct worker *w)
{
	if (!w)
		return;
	cancel_set(&w->stop);
	if (w->claims)
		worker_wake(w);
	for (int i = 0; i < w->threads_started; i++)
		pthread_join(w->threads[i], NULL);
	if (w->scout_started)
		pthread_join(w->scout, NULL);
	w->threads_started = 0;
	w->scout_started = false;
	runs_destroy(w->runs); /* they use what main.c closes next */
	w->runs = NULL;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	worker_stop(w);
	claims_destroy(w->claims);
	free(w->threads);
	cancel_done(&w->stop);
	pthread_cond_destroy(&w->look);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static struct status start_threads(struct worker *w)
{
	int count = (int)w->env->settings->worker_batches_max;

	w->runs = runs_create(
		w->env, count * (CLAIMS_PER_THREAD - 1)); /* the others get a claim a thread, whatever it waits for */
	w->claims = claims_create((size_t)count * CLAIMS_PER_THREAD, &w->stop);
	w->threads = calloc((size_t)count, sizeof w->threads[0]);
	if (!w->runs || !w->claims || !w->threads)
		return status_out_of_memory();
	for (; w->threads_started < count; w->threads_started++)
		TRY(thread_start("worker", thread_main, w, &w->threads[w->threads_started]));
	TRY(thread_start("scout", scout_main, w, &w->scout));
	w->scout_started = true;
	return STATUS_OK_VALUE;
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
	pthread_cond_init(&w->look, &attr);
	pthread_condattr_destroy(&attr);
	st = start_threads(w);
	if (!status_ok(st)) {
		worker_free(w);
		return st;
	}
	*out = w;
	return STATUS_OK_VALUE;
}
