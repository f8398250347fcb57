#include "store/keyword_row_store.h"

#include "store/columns.h"
#include "store/query.h"
#include "store/sql.h"

struct status store_keyword_rows_replace(struct store_tx *tx, const struct uuid *campaign_id, const int64_t *offsets,
					 size_t domain_count, const struct keyword_row_record *rows, size_t row_count,
					 struct arena *arena)
{
	bool is_short = false;

	TRY(store_execute(tx, sql_keyword_rows_delete, NULL, P_UUID(campaign_id),
			  P_INT64_ARRAY(offsets, domain_count)));
	if (row_count == 0)
		return STATUS_OK_VALUE;
	COLUMN(int64_t, domains, rows, row_count, offset);
	COLUMN(struct uuid, keywords, rows, row_count, keyword_id);
	COLUMN(const char *, surfaces, rows, row_count, surface_form);
	COLUMN(const char *, signals, rows, row_count, signal_type);
	COLUMN(const char *, sources, rows, row_count, source_subphase);
	COLUMN(int32_t, occurrences, rows, row_count, occurrences);
	COLUMN(double, base_weights, rows, row_count, base_weight);
	COLUMN(double, value_scores, rows, row_count, value_score);
	COLUMN(double, effective_weights, rows, row_count, effective_weight);
	COLUMN(int32_t, positions, rows, row_count, first_seen_position);
	COLUMN(bool, position_nulls, rows, row_count, first_seen_position < 0);
	if (is_short)
		return status_out_of_memory();
	return store_execute(tx, sql_keyword_rows_insert, NULL, P_UUID(campaign_id), P_INT64_ARRAY(domains, row_count),
			     P_UUID_ARRAY(keywords, row_count), P_TEXT_ARRAY(surfaces, row_count),
			     P_TEXT_ARRAY(signals, row_count), P_TEXT_ARRAY(sources, row_count),
			     P_INT32_ARRAY(occurrences, row_count), P_DOUBLE_ARRAY(base_weights, NULL, row_count),
			     P_DOUBLE_ARRAY(value_scores, NULL, row_count),
			     P_DOUBLE_ARRAY(effective_weights, NULL, row_count),
			     P_INT32_ARRAY_NULLS(positions, position_nulls, row_count));
}
