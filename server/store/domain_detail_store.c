#include "store/domain_detail_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

#include <string.h>

struct status store_domain_offset(struct store_tx *tx, const struct uuid *campaign_id, const char *name, int64_t *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_domain_by_name, &rows, P_UUID(campaign_id), P_TEXT(name)));
	if (PQntuples(rows) == 0)
		return status_make(STATUS_NOT_FOUND, "DOMAIN_UNKNOWN", "the campaign has no domain %.100s", name);
	return row_int64(rows, 0, "offset_index", out);
}

struct status store_domain_keywords(struct store_tx *tx, const struct uuid *campaign_id, int64_t offset, int32_t limit,
				    struct arena *arena, struct keyword_row_record **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct keyword_row_record *list;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_domain_keywords, &rows, P_UUID(campaign_id), P_INT64(offset), P_INT(limit)));
	list = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		struct keyword_row_record *k = &list[n];

		k->offset = offset;
		k->keyword_id = take_uuid(&row, "keyword_id");
		k->surface_form = take_text(&row, "surface_form");
		k->signal_type = take_text(&row, "signal_type");
		k->source_subphase = take_text(&row, "source_subphase");
		k->occurrences = take_int32(&row, "occurrences");
		k->base_weight = take_double(&row, "base_weight");
		k->value_score = take_double(&row, "value_score");
		k->effective_weight = take_double(&row, "effective_weight");
		k->first_seen_position = take_int32_or(&row, "first_seen_position", -1);
	}
	TRY(row_status(&row));
	*out = list;
	*out_count = n;
	return STATUS_OK_VALUE;
}

static void take_features(struct row *row, struct score_inputs *in)
{
	const char *state = take_text(row, "processing_state");

	in->has_row = state != NULL;
	in->has_features = state && (strcmp(state, "ready") == 0 || strcmp(state, "stale") == 0);
	in->keywords_unique = take_int32_or(row, "kw_unique_count", 0);
	in->keyword_hits = take_int32_or(row, "kw_total_occurrences", 0);
	in->content_bytes = take_int32_or(row, "content_bytes", 0);
	in->title_has_keyword = take_bool_or(row, "title_has_keyword", false);
	in->is_parked = take_bool_or(row, "is_parked", false);
	in->parked_confidence = take_double_or(row, "parked_confidence", 0);
	in->fetched_at_ms = take_timestamp_ms_or(row, "fetched_at", 0);
}

struct status store_score_inputs(struct store_tx *tx, const struct uuid *campaign_id, const char *name,
				 struct arena *arena, struct score_inputs *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct score_inputs in = { 0 };
	struct row row;

	TRY(store_query(tx, sql_domain_score_inputs, &rows, P_UUID(campaign_id), P_TEXT(name)));
	for (row_begin(&row, rows, arena); row_next(&row);) {
		in.has_domain = true;
		in.offset = take_int64(&row, "offset_index");
		in.has_score = !take_is_null(&row, "domain_score");
		in.score = take_double_or(&row, "domain_score", 0);
		take_features(&row, &in);
		in.has_snapshot = !take_is_null(&row, "snapshot_id");
		in.snapshot_id = take_uuid_or_zero(&row, "snapshot_id");
		in.has_profile = !take_is_null(&row, "profile_id");
		in.weights = take_text(&row, "feature_weights");
		in.configuration = take_text(&row, "scoring_configuration");
	}
	TRY(row_status(&row));
	*out = in;
	return STATUS_OK_VALUE;
}
