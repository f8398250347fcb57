/* store/state_store.h: the state part of campaigns: snapshot, phases, executions, events, counters.
 * Who may write what, when, is campaign/change.c's; here is only the reading and writing.
 * Threads: any; each call uses the transaction it is given. Strings live in the arena the caller passes. */
#ifndef STORE_STATE_STORE_H
#define STORE_STATE_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/campaign.h"
#include "model/counters.h"

#include <stddef.h>

struct arena;
struct row;
struct store_tx;

/* A campaign and its five phases at one moment. workspace may be NULL: any. With lock, the campaign row is locked until
 * the transaction ends; every change of state holds that lock. NOT_FOUND / CAMPAIGN_UNKNOWN. */
struct status store_snapshot_get(struct store_tx *tx, const struct uuid *id, const char *workspace, bool lock,
				 struct arena *arena, struct campaign_snapshot *out) MUST_CHECK;

/* NOT_FOUND / CAMPAIGN_UNKNOWN, for statements that found no such campaign. */
struct status store_campaign_unknown(const struct uuid *id);

/* The columns of campaign_snapshot.sql and counters_get.sql, for other statements that return them. */
void store_take_campaign(struct row *row, struct campaign *out);
void store_take_phase(struct row *row, struct phase_state *out);
void store_take_counters(struct row *row, struct counters *out);

/* Writes status, mode, error message, numbers and times of a locked campaign; version grows by one. */
struct status store_campaign_save(struct store_tx *tx, const struct campaign *campaign) MUST_CHECK;
/* Writes status, configuration, progress, error and times of one phase of a locked campaign. */
struct status store_phase_save(struct store_tx *tx, const struct uuid *campaign_id,
			       const struct phase_state *phase) MUST_CHECK;
/* A new run: run number and context are taken from `phase`, the place is reset, batches of earlier runs are forgotten.
 */
struct status store_phase_begin_run(struct store_tx *tx, const struct uuid *campaign_id,
				    const struct phase_state *phase, int32_t batch_size) MUST_CHECK;
/* The record of the phase's current run, copied from the saved phase. results: JSON, NULL keeps what is stored. */
struct status store_execution_save(struct store_tx *tx, const struct uuid *campaign_id, const struct phase_state *phase,
				   const char *results) MUST_CHECK;

/* One stored event; `number` from campaigns.last_event under the lock. */
struct stored_event {
	int32_t number;
	int32_t sequence; /* 0: not a transition */
	const char *type;
	enum phase phase;      /* PHASE_COUNT: none */
	const char *payload;   /* JSON object */
	int64_t created_at_ms; /* set when read */
};

struct status store_events_insert(struct store_tx *tx, const struct uuid *campaign_id,
				  const struct stored_event *events, size_t count) MUST_CHECK;
/* At most `limit` events after `after`, in order. */
struct status store_events_after(struct store_tx *tx, const struct uuid *campaign_id, int32_t after, int32_t limit,
				 struct arena *arena, struct stored_event **out, size_t *out_count) MUST_CHECK;

/* The newest `limit` transitions, oldest first. */
struct status store_events_timeline(struct store_tx *tx, const struct uuid *campaign_id, int32_t limit,
				    struct arena *arena, struct stored_event **out, size_t *out_count) MUST_CHECK;

/* Which stored events stay: the newest `least`, those younger than keep_ms, but no more than `most`. */
struct event_retention {
	int32_t least;
	int64_t keep_ms;
	int32_t most;
};

/* Campaigns that keep more than so many of their newest events. */
struct status store_campaigns_with_events(struct store_tx *tx, int32_t more_than, struct arena *arena,
					  struct uuid **out, size_t *out_count) MUST_CHECK;
/* Removes at most EVENTS_PRUNE_MAX of those that need not stay, the oldest first. */
#define EVENTS_PRUNE_MAX 10000
struct status store_events_prune(struct store_tx *tx, const struct uuid *campaign_id,
				 const struct event_retention *keep, int64_t *removed) MUST_CHECK;

/* How far a campaign's events are. */
struct campaign_head {
	struct uuid id;
	const char *workspace_id;
	int32_t last_event;
	bool is_running;
};

/* Of every campaign, but at most `limit`, in the order of their ids (of their bytes). */
struct status store_campaign_heads(struct store_tx *tx, int32_t limit, struct arena *arena, struct campaign_head **out,
				   size_t *out_count) MUST_CHECK;

/* Adds deltas; does nothing when all are zero. */
struct status store_counters_add(struct store_tx *tx, const struct uuid *campaign_id,
				 const struct counters *deltas) MUST_CHECK;
struct status store_counters_get(struct store_tx *tx, const struct uuid *campaign_id, struct counters *out) MUST_CHECK;

#endif
