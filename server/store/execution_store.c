#include "store/execution_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

static const char *phase_or_null(enum phase phase)
{
	return phase == PHASE_COUNT ? NULL : phase_to_text(phase);
}

struct status store_executions_count(struct store_tx *tx, const struct uuid *campaign_id, enum phase phase,
				     int32_t *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_executions_count, &rows, P_UUID(campaign_id), P_TEXT(phase_or_null(phase))));
	return row_count(rows, out);
}

struct status store_executions_list(struct store_tx *tx, const struct uuid *campaign_id,
				    const struct execution_filter *filter, struct arena *arena, struct execution **out,
				    size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct execution *list;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_executions_list, &rows, P_UUID(campaign_id), P_TEXT(phase_or_null(filter->phase)),
			P_UUID(filter->before), P_INT(filter->limit), P_INT(filter->skip)));
	list = arena_array(arena, (size_t)PQntuples(rows), sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		struct execution *e = &list[n];
		const char *name, *status;

		e->id = take_uuid(&row, "id");
		name = take_text(&row, "phase");
		e->state.run_number = take_int32(&row, "run_number");
		status = take_text(&row, "status");
		e->state.configuration = take_text(&row, "configuration");
		e->state.progress.total = take_int32(&row, "total_items");
		e->state.progress.processed = take_int32(&row, "processed_items");
		e->state.progress.successful = take_int32(&row, "successful_items");
		e->state.progress.failed = take_int32(&row, "failed_items");
		e->state.error_code = take_text(&row, "error_code");
		e->state.error_message = take_text(&row, "error_message");
		e->metrics = take_text(&row, "metrics");
		e->state.started_at_ms = take_timestamp_ms(&row, "started_at");
		e->state.completed_at_ms = take_timestamp_ms_or(&row, "completed_at", 0);
		e->state.paused_at_ms = take_timestamp_ms_or(&row, "paused_at", 0);
		e->state.failed_at_ms = take_timestamp_ms_or(&row, "failed_at", 0);
		e->updated_at_ms = take_timestamp_ms(&row, "updated_at");
		if (name && status) {
			phase_from_text(name, &e->state.phase);
			phase_status_from_text(status, &e->state.status);
		}
	}
	TRY(row_status(&row));
	*out = list;
	*out_count = n;
	return STATUS_OK_VALUE;
}
