/* Of each campaign the last EVENTS_KEEP stored events are kept, those of the last EVENTS_KEEP_MS, and never more than
 * EVENTS_KEEP_MOST (docs/spec/07-events.md §2). Only campaigns with many events are looked at: most never have them. */
#include "base/arena.h"
#include "jobs/jobs.h"
#include "jobs/scheduler.h"
#include "store/state_store.h"
#include "store/tx.h"

#define EVENTS_KEEP      1000
#define EVENTS_KEEP_MS   (15 * 60 * 1000)
#define EVENTS_KEEP_MOST 5000

static struct status find(const struct job_context *context, struct arena *arena, struct uuid **out, size_t *out_count)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(store_single(context->pool, 0, &tx));
	TRY(store_campaigns_with_events(tx, EVENTS_KEEP, arena, out, out_count));
	return store_commit(&tx);
}

static struct status prune(const struct job_context *context, const struct uuid *campaign_id)
{
	static const struct event_retention keep = { EVENTS_KEEP, EVENTS_KEEP_MS, EVENTS_KEEP_MOST };
	AUTO(store_tx) struct store_tx *tx = NULL;
	int64_t removed;

	TRY(store_single(context->pool, 0, &tx));
	TRY(store_events_prune(tx, campaign_id, &keep, &removed));
	return store_commit(&tx);
}

struct status job_event_expiry(const struct job_context *context)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct uuid *ids;
	size_t count;

	if (!arena)
		return status_out_of_memory();
	TRY(find(context, arena, &ids, &count));
	for (size_t i = 0; i < count; i++)
		TRY(prune(context, &ids[i]));
	return STATUS_OK_VALUE;
}
