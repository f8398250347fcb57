#include "campaign/recovery.h"

#include "base/arena.h"
#include "base/log.h"
#include "campaign/change.h"
#include "campaign/committed.h"
#include "campaign/control.h"
#include "config/settings.h"
#include "phase/phase.h"
#include "store/ledger_store.h"
#include "store/tx.h"

static struct status pause_run(const struct phase_env *env, const struct run_key *run, struct arena *arena, bool *moved)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_change change;

	*moved = false;
	TRY(store_begin(env->pool, 0, &tx));
	TRY(change_open(tx, arena, &run->campaign_id, NULL, &change));
	if (change.now.phases[run->phase].status != PHASE_STATUS_IN_PROGRESS)
		return STATUS_OK_VALUE;
	TRY(control_pause(&change, run->phase, (struct expected_state){ 0 }, "recovery"));
	change.now.campaign.error_message = "the workers of the running phase died; resume it to go on";
	TRY(change_save(&change));
	TRY(store_commit(&tx));
	campaign_committed(env, &change);
	*moved = true;
	return STATUS_OK_VALUE;
}

/* *waits: somebody older may live, and nobody knows yet. */
static struct status look_around(const struct phase_env *env, const struct uuid *instance, struct arena *arena,
				 bool *waits, struct run_key **orphans, size_t *orphan_count)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct older_instances older;

	TRY(store_begin_snapshot(env->pool, 0, &tx));
	TRY(store_instances_older(tx, "worker", instance, INSTANCE_DEAD_MS, INSTANCE_SETTLE_MS, &older));
	*waits = older.live > 0 && older.settled == 0;
	*orphan_count = 0;
	if (older.live == 0)
		TRY(store_phases_active(tx, arena, orphans, orphan_count));
	return store_commit(&tx);
}

struct status campaign_recover(const struct phase_env *env, const struct uuid *instance, struct arena *arena,
			       recovery_paused_fn paused, void *ctx, bool *done)
{
	struct run_key *orphans = NULL;
	size_t count = 0;
	bool waits = false;

	*done = false;
	if (!env->settings->pipeline_auto_resume)
		TRY(look_around(env, instance, arena, &waits, &orphans, &count));
	for (size_t i = 0; i < count; i++) {
		bool moved;

		TRY(pause_run(env, &orphans[i], arena, &moved));
		if (!moved)
			continue;
		LOG_INFO("phase_paused", LOG_STR("cause", "recovery"),
			 LOG_STR("phase", phase_to_text(orphans[i].phase)));
		paused(ctx, &orphans[i].campaign_id);
	}
	*done = !waits;
	return STATUS_OK_VALUE;
}
