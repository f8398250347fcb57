#include "store/insight_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

struct status store_rejections_count(struct store_tx *tx, const struct uuid *campaign_id, struct rejection_count *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	AUTO(arena) struct arena *arena = arena_create(0);
	struct rejection_count count = { 0 };
	struct row row;

	if (!arena)
		return status_out_of_memory();
	TRY(store_query(tx, sql_rejection_counts, &rows, P_UUID(campaign_id)));
	for (row_begin(&row, rows, arena); row_next(&row);) {
		const char *text = take_text(&row, "rejection_reason");
		int64_t domains = take_int64(&row, "domains");
		enum rejection reason;

		count.leads += take_int64(&row, "leads");
		if (text && rejection_from_text(text, &reason))
			count.domains[reason] = domains;
	}
	TRY(row_status(&row));
	*out = count;
	return STATUS_OK_VALUE;
}

struct status store_high_potential_count(struct store_tx *tx, const struct uuid *campaign_id, double richness_above,
					 int64_t *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_high_potential_count, &rows, P_UUID(campaign_id), P_DOUBLE(richness_above)));
	return row_int64(rows, 0, "domains", out);
}
