#include "store/ledger_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

#define P_RUN(run) P_UUID(&(run)->campaign_id), P_TEXT(phase_to_text((run)->phase)), P_INT((run)->run_number)

struct status store_batch_claim(struct store_tx *tx, const struct run_key *run, const struct uuid *owner,
				int64_t lease_ms, struct batch *out, bool *found)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct row row;

	TRY(store_query(tx, sql_batch_claim_unfinished, &rows, P_RUN(run), P_UUID(owner), P_INT64(lease_ms)));
	row_begin(&row, rows, NULL);
	*found = row_next(&row);
	if (!*found)
		return STATUS_OK_VALUE;
	*out = (struct batch){ .campaign_id = run->campaign_id, .phase = run->phase, .run_number = run->run_number };
	out->batch_number = take_int32(&row, "batch_number");
	out->first_offset = take_int64(&row, "first_offset");
	out->last_offset = take_int64(&row, "last_offset");
	out->domain_count = take_int32(&row, "domain_count");
	out->token = take_int32(&row, "token");
	out->attempts = take_int32(&row, "attempts");
	return row_status(&row);
}

struct status store_place_lock(struct store_tx *tx, const struct run_key *run, struct run_place *out, bool *found)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct row row;

	TRY(store_query(tx, sql_phase_cut_lock, &rows, P_RUN(run)));
	row_begin(&row, rows, NULL);
	*found = row_next(&row);
	if (!*found)
		return STATUS_OK_VALUE;
	out->cut_after = take_int64(&row, "cut_after");
	out->cut_done = take_bool(&row, "cut_done");
	out->batch_size = take_int32(&row, "batch_size");
	out->batch_count = take_int32(&row, "batch_count");
	return row_status(&row);
}

struct status store_place_advance(struct store_tx *tx, const struct run_key *run, const struct run_place *place)
{
	return store_execute(tx, sql_phase_cut_advance, NULL, P_UUID(&run->campaign_id),
			     P_TEXT(phase_to_text(run->phase)), P_INT64(place->cut_after), P_BOOL(place->cut_done),
			     P_INT(place->batch_count));
}

struct status store_batch_insert(struct store_tx *tx, const struct batch *batch, const struct uuid *owner,
				 int64_t lease_ms)
{
	return store_execute(tx, sql_batch_insert_claimed, NULL, P_RUN(batch), P_INT(batch->batch_number),
			     P_INT64(batch->first_offset), P_INT64(batch->last_offset), P_INT(batch->domain_count),
			     P_UUID(owner), P_INT64(lease_ms));
}

struct status store_batch_finish(struct store_tx *tx, const struct batch *batch, enum batch_end end, int64_t lease_ms,
				 bool *still_ours)
{
	static const char *const states[] = {
		[BATCH_END_DONE] = "done", [BATCH_END_OPEN] = "open", [BATCH_END_KEPT] = "claimed"
	};
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_batch_finish, &rows, P_RUN(batch), P_INT(batch->batch_number), P_INT(batch->token),
			P_TEXT(states[end]), P_INT64(lease_ms)));
	*still_ours = PQntuples(rows) == 1;
	return STATUS_OK_VALUE;
}

struct status store_batches_unfinished(struct store_tx *tx, const struct run_key *run, bool *any)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_batches_unfinished, &rows, P_RUN(run)));
	return row_bool(rows, 0, "any", any);
}

struct status store_batches_renew(struct store_tx *tx, const struct run_key *run, const int32_t *batch_numbers,
				  const int32_t *tokens, size_t count, int64_t lease_ms, bool *ours)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct row row;

	TRY(store_query(tx, sql_batches_renew, &rows, P_RUN(run), P_INT32_ARRAY(batch_numbers, count),
			P_INT32_ARRAY(tokens, count), P_INT64(lease_ms)));
	for (size_t i = 0; i < count; i++)
		ours[i] = false;
	for (row_begin(&row, rows, NULL); row_next(&row);) {
		int32_t number = take_int32(&row, "batch_number");
		for (size_t i = 0; i < count; i++)
			if (batch_numbers[i] == number)
				ours[i] = true;
	}
	return row_status(&row);
}

struct status store_progress_add(struct store_tx *tx, const struct run_key *run, struct run_progress *progress,
				 bool *found)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_phase_progress_add, &rows, P_RUN(run), P_INT(progress->processed),
			P_INT(progress->successful), P_INT(progress->failed), P_INT(progress->total_change),
			P_BOOL(progress->cut_done)));
	*found = PQntuples(rows) == 1;
	return *found ? row_bool(rows, 0, "cut_done", &progress->cut_done) : STATUS_OK_VALUE;
}

struct status store_phases_active(struct store_tx *tx, struct arena *arena, struct run_key **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct run_key *runs;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_phases_active, &rows));
	runs = arena_array(arena, (size_t)PQntuples(rows), sizeof *runs);
	if (!runs)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		const char *phase;

		runs[n].campaign_id = take_uuid(&row, "campaign_id");
		phase = take_text(&row, "phase");
		runs[n].run_number = take_int32(&row, "run_number");
		if (phase)
			phase_from_text(phase, &runs[n].phase);
	}
	TRY(row_status(&row));
	*out = runs;
	*out_count = n;
	return STATUS_OK_VALUE;
}

struct status store_instance_beat(struct store_tx *tx, const struct uuid *id, const char *roles, const char *address,
				  const char *version)
{
	return store_execute(tx, sql_instance_beat, NULL, P_UUID(id), P_TEXT(roles), P_TEXT(address), P_TEXT(version));
}

struct status store_instance_delete(struct store_tx *tx, const struct uuid *id)
{
	return store_execute(tx, sql_instance_delete, NULL, P_UUID(id));
}

struct status store_instances_live(struct store_tx *tx, const char *role, const struct uuid *except, int64_t age_ms,
				   int64_t *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_instances_live, &rows, P_TEXT(role), P_UUID(except), P_INT64(age_ms)));
	return row_int64(rows, 0, "live", out);
}

struct status store_instances_older(struct store_tx *tx, const char *role, const struct uuid *id, int64_t dead_ms,
				    int64_t settle_ms, struct older_instances *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_instances_older, &rows, P_TEXT(role), P_UUID(id), P_INT64(dead_ms),
			P_INT64(settle_ms)));
	TRY(row_int64(rows, 0, "live", &out->live));
	return row_int64(rows, 0, "settled", &out->settled);
}
