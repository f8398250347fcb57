#include "store/lineage_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

static void take_campaign(struct row *row, struct lineage_campaign *c)
{
	const char *status;

	c->id = take_uuid(row, "id");
	c->name = take_text(row, "name");
	status = take_text(row, "status");
	c->created_at_ms = take_timestamp_ms(row, "created_at");
	c->offset_start = take_int64(row, "discovery_offset_start");
	c->offset_end = take_int64(row, "discovery_offset_end");
	c->domains = take_int32(row, "total_domains");
	c->dns_ok = take_int32(row, "dns_ok");
	c->keyword_hits = take_int32(row, "keyword_hits");
	c->leads = take_int32(row, "lead_match");
	c->is_generated = take_bool(row, "generated");
	c->has_failed = take_bool(row, "any_failed");
	c->is_completed = take_bool(row, "all_completed");
	if (status)
		campaign_status_from_text(status, &c->status);
}

struct status store_pattern_campaigns(struct store_tx *tx, const char *workspace, const char *config_hash,
				      const struct uuid *before, int32_t limit, struct arena *arena,
				      struct lineage_campaign **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct lineage_campaign *list;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_pattern_campaigns, &rows, P_TEXT(workspace), P_TEXT(config_hash), P_UUID(before),
			P_INT(limit)));
	list = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row);)
		take_campaign(&row, &list[n++]);
	TRY(row_status(&row));
	*out = list;
	*out_count = n;
	return STATUS_OK_VALUE;
}
