#include "campaign/recovery.h"

#include "base/arena.h"
#include "base/log.h"
#include "campaign/change.h"
#include "campaign/control.h"
#include "config/settings.h"
#include "phase/phase.h"
#include "store/ledger_store.h"
#include "store/tx.h"

static struct status pause_run(const struct phase_env *env, const struct run_key *run)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	AUTO(arena) struct arena *arena = arena_create(16u * 1024 * 1024);
	struct campaign_change change;

	if (!arena)
		return status_out_of_memory();
	TRY(store_begin(env->pool, 0, &tx));
	TRY(change_open(tx, arena, &run->campaign_id, NULL, &change));
	if (change.now.phases[run->phase].status != PHASE_STATUS_IN_PROGRESS)
		return STATUS_OK_VALUE;
	TRY(control_pause(&change, run->phase, (struct expected_state){ 0 }, "recovery"));
	change.now.campaign.error_message = "the workers of the running phase died; resume it to go on";
	TRY(change_save(&change));
	return store_commit(&tx);
}

struct status campaign_recover(const struct phase_env *env, const struct uuid *instance)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	AUTO(arena) struct arena *arena = arena_create(16u * 1024 * 1024);
	struct run_key *runs;
	int64_t others;
	size_t count;

	if (env->settings->pipeline_auto_resume)
		return STATUS_OK_VALUE;
	if (!arena)
		return status_out_of_memory();
	TRY(store_begin_snapshot(env->pool, 0, &tx));
	TRY(store_instances_live(tx, "worker", instance, INSTANCE_DEAD_MS, &others));
	TRY(store_phases_active(tx, arena, &runs, &count));
	TRY(store_commit(&tx));
	if (others > 0)
		return STATUS_OK_VALUE;
	for (size_t i = 0; i < count; i++) {
		TRY(pause_run(env, &runs[i]));
		LOG_INFO("phase_paused", LOG_STR("cause", "recovery"), LOG_STR("phase", phase_to_text(runs[i].phase)));
	}
	return STATUS_OK_VALUE;
}
