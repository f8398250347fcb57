#include "store/state_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

#include <string.h>

struct status store_campaign_unknown(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_to_text(id, text);
	return status_make(STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN", "there is no campaign %s", text);
}

void store_take_campaign(struct row *row, struct campaign *c)
{
	c->id = take_uuid(row, "id");
	c->workspace_id = take_text(row, "workspace_id");
	c->user_id = take_text(row, "user_id");
	c->name = take_text(row, "name");
	c->description = take_text(row, "description");
	const char *status = take_text(row, "status"), *mode = take_text(row, "mode");
	c->configuration = take_text(row, "configuration");
	c->scoring_profile_id = take_uuid_or_zero(row, "scoring_profile_id");
	c->has_scoring_profile = !uuid_is_zero(&c->scoring_profile_id);
	c->duplicated_from = take_uuid_or_zero(row, "duplicated_from");
	c->has_original = !uuid_is_zero(&c->duplicated_from);
	c->error_message = take_text(row, "error_message");
	c->restart_running = take_bool(row, "restart_running");
	c->last_sequence = take_int32(row, "last_sequence");
	c->last_event = take_int32(row, "last_event");
	c->version = take_int32(row, "version");
	c->discovery_config_hash = take_text(row, "discovery_config_hash");
	c->discovery_offset_start = take_int64_or(row, "discovery_offset_start", -1);
	c->discovery_offset_end = take_int64_or(row, "discovery_offset_end", -1);
	c->created_at_ms = take_timestamp_ms(row, "created_at");
	c->updated_at_ms = take_timestamp_ms(row, "updated_at");
	c->started_at_ms = take_timestamp_ms_or(row, "started_at", 0);
	c->completed_at_ms = take_timestamp_ms_or(row, "completed_at", 0);
	if (status && mode) {
		campaign_status_from_text(status, &c->status);
		campaign_mode_from_text(mode, &c->mode);
	}
}

void store_take_phase(struct row *row, struct phase_state *p)
{
	const char *phase = take_text(row, "phase"), *status = take_text(row, "phase_status");

	p->configuration = take_text(row, "phase_configuration");
	p->run_number = take_int32(row, "run_number");
	p->run_context = take_text(row, "run_context");
	p->progress.total = take_int32(row, "total_items");
	p->progress.processed = take_int32(row, "processed_items");
	p->progress.successful = take_int32(row, "successful_items");
	p->progress.failed = take_int32(row, "failed_items");
	p->error_code = take_text(row, "error_code");
	p->error_message = take_text(row, "phase_error_message");
	p->started_at_ms = take_timestamp_ms_or(row, "phase_started_at", 0);
	p->completed_at_ms = take_timestamp_ms_or(row, "phase_completed_at", 0);
	p->paused_at_ms = take_timestamp_ms_or(row, "phase_paused_at", 0);
	p->failed_at_ms = take_timestamp_ms_or(row, "phase_failed_at", 0);
	if (phase && status) {
		phase_from_text(phase, &p->phase);
		phase_status_from_text(status, &p->status);
	}
}

struct status store_snapshot_get(struct store_tx *tx, const struct uuid *id, const char *workspace, bool lock,
				 struct arena *arena, struct campaign_snapshot *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct campaign_snapshot snapshot = { 0 };
	struct row row;
	int seen = 0;

	if (lock) {
		AUTO(pgresult) PGresult *locked = NULL;
		TRY(store_query(tx, sql_campaign_lock, &locked, P_UUID(id), P_TEXT(workspace)));
		if (PQntuples(locked) == 0)
			return store_campaign_unknown(id);
	}
	TRY(store_query(tx, sql_campaign_snapshot, &rows, P_UUID(id), P_TEXT(workspace)));
	for (row_begin(&row, rows, arena); row_next(&row) && seen < PHASE_COUNT; seen++) {
		if (seen == 0)
			store_take_campaign(&row, &snapshot.campaign);
		store_take_phase(&row, &snapshot.phases[seen]);
	}
	TRY(row_status(&row));
	if (seen == 0)
		return store_campaign_unknown(id);
	if (seen != PHASE_COUNT)
		return status_make(STATUS_INTERNAL, "PHASES_MISSING", "a campaign has %d phase rows", seen);
	*out = snapshot;
	return STATUS_OK_VALUE;
}

#define P_TIME(ms) P_IF((ms) != 0, P_TIMESTAMP(ms))

struct status store_campaign_save(struct store_tx *tx, const struct campaign *c)
{
	return store_execute(tx, sql_campaign_save, NULL, P_UUID(&c->id), P_TEXT(campaign_status_to_text(c->status)),
			     P_TEXT(campaign_mode_to_text(c->mode)), P_TEXT(c->error_message),
			     P_BOOL(c->restart_running), P_INT(c->last_sequence), P_INT(c->last_event),
			     P_TIME(c->started_at_ms), P_TIME(c->completed_at_ms));
}

struct status store_phase_save(struct store_tx *tx, const struct uuid *campaign_id, const struct phase_state *p)
{
	return store_execute(tx, sql_phase_save, NULL, P_UUID(campaign_id), P_TEXT(phase_to_text(p->phase)),
			     P_TEXT(phase_status_to_text(p->status)), P_JSON(p->configuration),
			     P_INT(p->progress.total), P_INT(p->progress.processed), P_INT(p->progress.successful),
			     P_INT(p->progress.failed), P_TEXT(p->error_code), P_TEXT(p->error_message),
			     P_TIME(p->started_at_ms), P_TIME(p->completed_at_ms), P_TIME(p->paused_at_ms),
			     P_TIME(p->failed_at_ms));
}

struct status store_phase_begin_run(struct store_tx *tx, const struct uuid *campaign_id, const struct phase_state *p,
				    int32_t batch_size)
{
	TRY(store_execute(tx, sql_phase_begin_run, NULL, P_UUID(campaign_id), P_TEXT(phase_to_text(p->phase)),
			  P_INT(p->run_number), P_JSON(p->run_context), P_INT(batch_size)));
	return store_execute(tx, sql_phase_batches_delete, NULL, P_UUID(campaign_id), P_TEXT(phase_to_text(p->phase)),
			     P_INT(p->run_number));
}

struct status store_execution_save(struct store_tx *tx, const struct uuid *campaign_id, const struct phase_state *p,
				   const char *results)
{
	struct uuid id = uuid_make();

	return store_execute(tx, sql_execution_save, NULL, P_UUID(campaign_id), P_TEXT(phase_to_text(p->phase)),
			     P_INT(p->run_number), P_UUID(&id), P_JSON(results));
}

#define EVENTS_INSERT_MAX 64

struct status store_events_insert(struct store_tx *tx, const struct uuid *campaign_id,
				  const struct stored_event *events, size_t count)
{
	int32_t numbers[EVENTS_INSERT_MAX], sequences[EVENTS_INSERT_MAX];
	const char *types[EVENTS_INSERT_MAX], *phases[EVENTS_INSERT_MAX], *payloads[EVENTS_INSERT_MAX];

	if (count == 0)
		return STATUS_OK_VALUE;
	if (count > EVENTS_INSERT_MAX)
		return status_make(STATUS_INTERNAL, "TOO_MANY_EVENTS", "one change brings %zu events", count);
	for (size_t i = 0; i < count; i++) {
		numbers[i] = events[i].number;
		sequences[i] = events[i].sequence;
		types[i] = events[i].type;
		phases[i] = events[i].phase == PHASE_COUNT ? NULL : phase_to_text(events[i].phase);
		payloads[i] = events[i].payload;
	}
	return store_execute(tx, sql_event_insert, NULL, P_UUID(campaign_id), P_INT32_ARRAY(numbers, count),
			     P_INT32_ARRAY(sequences, count), P_TEXT_ARRAY(types, count), P_TEXT_ARRAY(phases, count),
			     P_JSON_ARRAY(payloads, count));
}

static struct status take_events(const PGresult *rows, struct arena *arena, struct stored_event **out,
				 size_t *out_count)
{
	struct stored_event *events = arena_array(arena, (size_t)PQntuples(rows), sizeof *events);
	struct row row;
	size_t n = 0;

	if (!events)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		const char *phase;

		events[n].number = take_int32(&row, "event_number");
		events[n].sequence = take_int32(&row, "sequence");
		events[n].type = take_text(&row, "type");
		phase = take_text(&row, "phase");
		events[n].payload = take_text(&row, "payload");
		events[n].created_at_ms = take_timestamp_ms(&row, "created_at");
		events[n].phase = PHASE_COUNT;
		if (phase)
			phase_from_text(phase, &events[n].phase);
	}
	TRY(row_status(&row));
	*out = events;
	*out_count = n;
	return STATUS_OK_VALUE;
}

struct status store_events_after(struct store_tx *tx, const struct uuid *campaign_id, int32_t after, int32_t limit,
				 struct arena *arena, struct stored_event **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_events_after, &rows, P_UUID(campaign_id), P_INT(after), P_INT(limit)));
	return take_events(rows, arena, out, out_count);
}

struct status store_events_timeline(struct store_tx *tx, const struct uuid *campaign_id, int32_t limit,
				    struct arena *arena, struct stored_event **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_events_timeline, &rows, P_UUID(campaign_id), P_INT(limit)));
	return take_events(rows, arena, out, out_count);
}

struct status store_campaigns_with_events(struct store_tx *tx, int32_t more_than, struct arena *arena,
					  struct uuid **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct uuid *ids;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_campaigns_with_events, &rows, P_INT(more_than)));
	ids = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *ids);
	if (!ids)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++)
		ids[n] = take_uuid(&row, "id");
	TRY(row_status(&row));
	*out = ids;
	*out_count = n;
	return STATUS_OK_VALUE;
}

struct status store_events_prune(struct store_tx *tx, const struct uuid *campaign_id,
				 const struct event_retention *keep, int64_t *removed)
{
	return store_execute(tx, sql_events_prune, removed, P_UUID(campaign_id), P_INT(keep->least),
			     P_INT64(keep->keep_ms), P_INT(keep->most), P_INT(EVENTS_PRUNE_MAX));
}

struct status store_campaign_heads(struct store_tx *tx, int32_t limit, struct arena *arena, struct campaign_head **out,
				   size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct campaign_head *heads;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_campaign_heads, &rows, P_INT(limit)));
	heads = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *heads);
	if (!heads)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		heads[n].id = take_uuid(&row, "id");
		heads[n].workspace_id = take_text(&row, "workspace_id");
		heads[n].last_event = take_int32(&row, "last_event");
		heads[n].is_running = take_bool(&row, "is_running");
	}
	TRY(row_status(&row));
	*out = heads;
	*out_count = n;
	return STATUS_OK_VALUE;
}

struct status store_counters_add(struct store_tx *tx, const struct uuid *campaign_id, const struct counters *deltas)
{
	static const struct counters zero;
	const int32_t values[COUNTER_COUNT] = {
#define X(name) deltas->name,
		COUNTERS(X)
#undef X
	};

	if (memcmp(deltas, &zero, sizeof zero) == 0)
		return STATUS_OK_VALUE;
	return store_execute(tx, sql_counters_add, NULL, P_UUID(campaign_id), P_INT32_ARRAY(values, COUNTER_COUNT));
}

void store_take_counters(struct row *row, struct counters *out)
{
#define X(name) out->name = take_int32(row, #name);
	COUNTERS(X)
#undef X
}

struct status store_counters_get(struct store_tx *tx, const struct uuid *campaign_id, struct counters *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct counters counters = { 0 };
	struct row row;

	TRY(store_query(tx, sql_counters_get, &rows, P_UUID(campaign_id)));
	row_begin(&row, rows, NULL);
	if (!row_next(&row))
		return store_campaign_unknown(campaign_id);
	store_take_counters(&row, &counters);
	TRY(row_status(&row));
	*out = counters;
	return STATUS_OK_VALUE;
}
