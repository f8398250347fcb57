#include "store/domain_export_store.h"

#include "base/arena.h"
#include "store/domain_list_store.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

struct status store_domains_offsets(struct store_tx *tx, const struct uuid *campaign_id,
				    const struct domain_query *query, int64_t **out, size_t *out_count)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain_sql sql;
	const void *bytes = NULL;
	size_t length = 0;
	int64_t *offsets;
	struct row row;

	if (!arena)
		return status_out_of_memory();
	TRY(domain_sql_offsets(campaign_id, query, arena, &sql));
	TRY(store_domain_sql_run(tx, &sql, &rows));
	for (row_begin(&row, rows, NULL); row_next(&row);)
		bytes = take_bytes(&row, "offsets", &length);
	TRY(row_status(&row));
	offsets = malloc(length + sizeof *offsets); /* never of size 0 */
	if (!offsets)
		return status_out_of_memory();
	if (bytes)
		memcpy(offsets, bytes, length);
	*out_count = bytes ? length / sizeof *offsets : 0;
	for (size_t i = 0; i < *out_count; i++)
		offsets[i] = (int64_t)be64toh((uint64_t)offsets[i]);
	*out = offsets;
	return STATUS_OK_VALUE;
}

static void take_export_row(struct row *row, struct export_row *e)
{
	const char *dns, *http, *lead, *rejection;

	e->name = take_text(row, "domain_name");
	dns = take_text(row, "dns_status");
	http = take_text(row, "http_status");
	lead = take_text(row, "lead_status");
	rejection = take_text(row, "rejection_reason");
	e->has_score = !take_is_null(row, "domain_score");
	e->score = take_double_or(row, "domain_score", 0);
	e->title = take_text(row, "http_title");
	e->top_keywords = take_texts(row, "top_keywords", &e->top_keyword_count);
	e->has_features = !take_is_null(row, "content_richness_score");
	e->richness = take_double_or(row, "content_richness_score", 0);
	e->keywords_unique = take_int32_or(row, "kw_unique_count", 0);
	if (!dns || !http || !lead || !rejection)
		return; /* the row's status tells */
	dns_status_from_text(dns, &e->dns_status);
	http_status_from_text(http, &e->http_status);
	lead_status_from_text(lead, &e->lead_status);
	rejection_from_text(rejection, &e->rejection);
}

struct status store_export_rows(struct store_tx *tx, const struct uuid *campaign_id, const int64_t *offsets,
				size_t count, struct arena *arena, struct export_row **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct export_row *list = arena_array(arena, count + 1, sizeof *list);
	struct row row;
	size_t n = 0;

	if (!list)
		return status_out_of_memory();
	TRY(store_query(tx, sql_domain_export_rows, &rows, P_UUID(campaign_id), P_INT64_ARRAY(offsets, count)));
	for (row_begin(&row, rows, arena); n < count && row_next(&row); n++)
		take_export_row(&row, &list[n]);
	TRY(row_status(&row));
	*out = list;
	*out_count = n;
	return STATUS_OK_VALUE;
}
