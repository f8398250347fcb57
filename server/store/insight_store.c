#include "store/insight_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"
#include "store/state_store.h"

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

struct status store_funnel_get(struct store_tx *tx, const struct uuid *campaign_id, const char *workspace,
			       double richness_above, struct funnel *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct funnel funnel = { 0 };
	struct row row;

	TRY(store_query(tx, sql_funnel, &rows, P_UUID(campaign_id), P_TEXT(workspace), P_DOUBLE(richness_above)));
	row_begin(&row, rows, NULL);
	if (!row_next(&row))
		return store_campaign_unknown(campaign_id);
	funnel.generated = take_int32(&row, "total_domains");
	funnel.dns_valid = take_int32(&row, "dns_ok");
	funnel.http_valid = take_int32(&row, "http_ok");
	funnel.keyword_hits = take_int32(&row, "keyword_hits");
	funnel.analyzed = take_int32(&row, "analyzed");
	funnel.high_potential = take_int32(&row, "high_potential");
	funnel.leads = take_int32(&row, "lead_match");
	TRY(row_status(&row));
	*out = funnel;
	return STATUS_OK_VALUE;
}
