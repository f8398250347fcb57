#include "store/generation_store.h"

#include "store/copy.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

struct status store_generation_state_open(struct store_tx *tx, const char *config_hash, const char *details)
{
	return store_execute(tx, sql_generation_state_open, NULL, P_TEXT(config_hash), P_JSON(details));
}

struct status store_generation_state_get(struct store_tx *tx, const char *config_hash, bool lock,
					 int64_t *out_last_offset)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, lock ? sql_generation_state_lock : sql_generation_state_get, &rows, P_TEXT(config_hash)));
	if (PQntuples(rows) == 0)
		return status_make(STATUS_NOT_FOUND, "PATTERN_UNKNOWN", "the offset state of this pattern is missing");
	return row_int64(rows, 0, "last_offset", out_last_offset);
}

struct status store_generation_state_raise(struct store_tx *tx, const char *config_hash, int64_t last_offset)
{
	return store_execute(tx, sql_generation_state_raise, NULL, P_TEXT(config_hash), P_INT64(last_offset));
}

static struct status copy_names(struct store_tx *tx, const struct uuid *campaign_id, const int64_t *offsets,
				const char *const *names, size_t count)
{
	AUTO(store_copy) struct store_copy copy;

	TRY(store_copy_begin(
		&copy, tx,
		SQL_TEXT("SAVEPOINT names;"
			 " COPY domains (campaign_id, offset_index, domain_name) FROM STDIN (FORMAT binary)"),
		3));
	for (size_t i = 0; i < count; i++) {
		copy_row(&copy);
		copy_uuid(&copy, campaign_id);
		copy_int64(&copy, offsets[i]);
		copy_text(&copy, names[i]);
	}
	return store_copy_end(&copy, NULL);
}

/* COPY takes half the time of an INSERT that passes over what is there, but fails as a whole on the first such name. */
struct status store_domains_insert(struct store_tx *tx, const struct uuid *campaign_id, const int64_t *offsets,
				   const char *const *names, size_t count, int32_t *out_inserted)
{
	int64_t inserted = (int64_t)count;
	struct status st = copy_names(tx, campaign_id, offsets, names, count);

	if (status_ok(st)) {
		TRY(store_script(tx, "RELEASE SAVEPOINT names"));
	} else if (st.code == STATUS_ALREADY_EXISTS) {
		TRY(store_script(tx, "ROLLBACK TO SAVEPOINT names; RELEASE SAVEPOINT names"));
		TRY(store_execute(tx, sql_domain_insert, &inserted, P_UUID(campaign_id), P_INT64_ARRAY(offsets, count),
				  P_TEXT_ARRAY(names, count)));
	} else {
		return st;
	}
	*out_inserted = (int32_t)inserted;
	return STATUS_OK_VALUE;
}

struct status store_generation_span_get(struct store_tx *tx, const struct uuid *campaign_id,
					struct generation_span *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct row row;

	TRY(store_query(tx, sql_generation_span, &rows, P_UUID(campaign_id)));
	*out = (struct generation_span){ .first_offset = -1, .last_offset = -1 };
	for (row_begin(&row, rows, NULL); row_next(&row);) {
		out->domain_count = take_int32(&row, "domain_count");
		out->first_offset = take_int64_or(&row, "first_offset", -1);
		out->last_offset = take_int64_or(&row, "last_offset", -1);
	}
	return row_status(&row);
}

struct status store_generation_lineage_set(struct store_tx *tx, const struct uuid *campaign_id, const char *config_hash,
					   const struct generation_span *span)
{
	return store_execute(tx, sql_generation_lineage_set, NULL, P_UUID(campaign_id), P_TEXT(config_hash),
			     P_IF(span->first_offset >= 0, P_INT64(span->first_offset)),
			     P_IF(span->last_offset >= 0, P_INT64(span->last_offset)));
}

struct status store_generation_target_get(struct store_tx *tx, const struct uuid *campaign_id,
					  struct generation_target *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct generation_target target;

	TRY(store_query(tx, sql_generation_target, &rows, P_UUID(campaign_id)));
	TRY(row_int32(rows, 0, "total_items", &target.total));
	TRY(row_int32(rows, 0, "processed_items", &target.processed));
	*out = target;
	return STATUS_OK_VALUE;
}
