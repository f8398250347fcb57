#include "campaign/ledger.h"

#include "base/arena.h"
#include "campaign/change.h"
#include "campaign/committed.h"
#include "campaign/control.h"
#include "config/settings.h"
#include "phase/phase.h"
#include "store/generation_store.h"
#include "store/tx.h"

static struct run_key run_of(const struct batch *batch)
{
	return (struct run_key){ batch->campaign_id, batch->phase, batch->run_number };
}

/* Cuts the next batch under the lock of the run's place. */
static struct status cut_next(const struct phase_env *env, struct store_tx *tx, const struct run_key *run,
			      const struct uuid *owner, struct batch *batch, enum claim_result *result)
{
	struct phase_cut cut = { 0 };
	struct run_place place;
	bool found, unfinished;

	*result = CLAIM_NOTHING;
	TRY(store_place_lock(tx, run, &place, &found));
	if (!found)
		return STATUS_OK_VALUE;
	if (place.cut_done) {
		TRY(store_batches_unfinished(tx, run, &unfinished));
		*result = unfinished ? CLAIM_NOTHING : CLAIM_FINISHED;
		return STATUS_OK_VALUE;
	}
	TRY(phase_ops_of(run->phase)->cut(tx, &run->campaign_id, place.cut_after, place.batch_size, &cut));
	if (cut.count == 0) {
		place.cut_done = true;
		TRY(store_place_advance(tx, run, &place));
		TRY(store_batches_unfinished(tx, run, &unfinished));
		*result = unfinished ? CLAIM_NOTHING : CLAIM_FINISHED;
		return STATUS_OK_VALUE;
	}
	*batch = (struct batch){
		.campaign_id = run->campaign_id,
		.phase = run->phase,
		.run_number = run->run_number,
		.batch_number = ++place.batch_count,
		.first_offset = cut.first_offset,
		.last_offset = cut.last_offset,
		.domain_count = cut.count,
		.token = 1,
		.attempts = 1,
	};
	place.cut_after = cut.last_offset;
	place.cut_done = cut.is_last;
	TRY(store_batch_insert(tx, batch, owner, env->settings->lease_ms));
	TRY(store_place_advance(tx, run, &place));
	*result = CLAIM_TAKEN;
	return STATUS_OK_VALUE;
}

struct status ledger_claim(const struct phase_env *env, const struct run_key *run, const struct uuid *owner,
			   struct batch *batch, enum claim_result *result)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	bool found;

	TRY(store_begin(env->pool, 0, &tx));
	TRY(store_batch_claim(tx, run, owner, env->settings->lease_ms, batch, &found));
	if (found)
		*result = CLAIM_TAKEN;
	else
		TRY(cut_next(env, tx, run, owner, batch, result));
	return store_commit(&tx);
}

static struct status batch_lost(void)
{
	return status_make(STATUS_ABORTED, "BATCH_LOST", "another instance owns this batch, or another run began");
}

/* Where the domains come from, kept up with every batch that makes some (01 §6.4). */
static struct status save_lineage(struct store_tx *tx, const struct campaign *campaign,
				  const struct phase_outcome *outcome)
{
	const struct generation_span span = { .first_offset = outcome->first_offset,
					      .last_offset = outcome->last_offset };

	return store_generation_lineage_set(tx, &campaign->id, campaign->discovery_config_hash, &span);
}

/* In the commit transaction, after the results are written: the batch, the campaign, the progress, the counters. */
static struct status take_effect(const struct phase_env *env, struct phase_job *job, struct store_tx *tx,
				 struct batch_effect *effect, struct campaign_change *change)
{
	const struct phase_outcome *outcome = &effect->outcome;
	const struct run_key run = run_of(&job->batch);
	struct run_progress progress = { outcome->processed, outcome->successful, outcome->failed,
					 outcome->total_change, outcome->is_exhausted };
	struct phase_state *state;
	bool ours, found, unfinished;

	TRY(store_batch_finish(tx, &job->batch,
			       outcome->unfinished == 0 ? BATCH_END_DONE
			       : job->rest              ? BATCH_END_KEPT
							: BATCH_END_OPEN,
			       env->settings->lease_ms, &ours));
	if (!ours)
		return batch_lost();
	TRY(change_open(tx, job->arena, &run.campaign_id, NULL, change));
	state = &change->now.phases[run.phase];
	if (state->run_number != run.run_number)
		return batch_lost();
	TRY(store_progress_add(tx, &run, &progress, &found));
	if (!found)
		return batch_lost();
	state->progress.processed += outcome->processed;
	state->progress.successful += outcome->successful;
	state->progress.failed += outcome->failed;
	state->progress.total += outcome->total_change;
	effect->progress = state->progress;
	TRY(store_counters_add(tx, &run.campaign_id, &outcome->deltas));
	if (outcome->last_offset >= 0)
		TRY(save_lineage(tx, &change->now.campaign, outcome));
	if (state->status == PHASE_STATUS_IN_PROGRESS && progress.cut_done && outcome->unfinished == 0) {
		TRY(store_batches_unfinished(tx, &run, &unfinished));
		if (!unfinished) {
			TRY(control_complete(env, change, run.phase));
			effect->moved = true;
		}
	}
	return change_save(change);
}

struct status ledger_commit(const struct phase_env *env, struct phase_job *job, void *result,
			    struct batch_effect *effect)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_change change;

	*effect = (struct batch_effect){ .outcome = { .first_offset = -1, .last_offset = -1 } };
	TRY(store_begin(env->pool, 0, &tx));
	TRY(phase_ops_of(job->batch.phase)->store(job, result, tx, &effect->outcome));
	TRY(take_effect(env, job, tx, effect, &change));
	TRY(store_commit(&tx));
	campaign_committed(env, &change);
	return STATUS_OK_VALUE;
}

struct status ledger_release(const struct phase_env *env, const struct batch *batch)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	bool ours;

	TRY(store_single(env->pool, 0, &tx));
	TRY(store_batch_finish(tx, batch, BATCH_END_OPEN, 0, &ours));
	return store_commit(&tx);
}

struct status ledger_complete(const struct phase_env *env, const struct run_key *run, struct arena *arena, bool *moved)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_change change;
	struct run_place place;
	bool found, unfinished;

	*moved = false;
	TRY(store_begin(env->pool, 0, &tx));
	TRY(change_open(tx, arena, &run->campaign_id, NULL, &change));
	TRY(store_place_lock(tx, run, &place, &found));
	if (!found || !place.cut_done)
		return STATUS_OK_VALUE;
	TRY(store_batches_unfinished(tx, run, &unfinished));
	if (unfinished)
		return STATUS_OK_VALUE;
	TRY(control_complete(env, &change, run->phase));
	TRY(change_save(&change));
	TRY(store_commit(&tx));
	campaign_committed(env, &change);
	*moved = true;
	return STATUS_OK_VALUE;
}

struct status ledger_fail(const struct phase_env *env, const struct run_key *run, struct arena *arena,
			  struct status why, bool *moved)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_change change;

	*moved = false;
	TRY(store_begin(env->pool, 0, &tx));
	TRY(change_open(tx, arena, &run->campaign_id, NULL, &change));
	if (change.now.phases[run->phase].run_number != run->run_number)
		return STATUS_OK_VALUE;
	TRY(control_fail(&change, run->phase, why.reason, why.detail));
	TRY(change_save(&change));
	TRY(store_commit(&tx));
	campaign_committed(env, &change);
	*moved = change.phase_moved[run->phase];
	return STATUS_OK_VALUE;
}
