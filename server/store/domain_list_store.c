#include "store/domain_list_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

static void take_domain(struct row *row, struct domain *d)
{
	const char *dns, *http, *lead, *rejection;

	d->offset = take_int64(row, "offset_index");
	d->name = take_text(row, "domain_name");
	dns = take_text(row, "dns_status");
	http = take_text(row, "http_status");
	lead = take_text(row, "lead_status");
	rejection = take_text(row, "rejection_reason");
	d->is_parked = take_bool_or(row, "is_parked", false);
	d->http_status_code = take_int32_or(row, "http_status_code", 0);
	d->parked_confidence = take_double_or(row, "parked_confidence", 0.0);
	d->has_domain_score = !take_is_null(row, "domain_score");
	d->domain_score = take_double_or(row, "domain_score", 0.0);
	d->has_lead_score = !take_is_null(row, "lead_score");
	d->lead_score = take_double_or(row, "lead_score", 0.0);
	d->dns_reason = take_text(row, "dns_reason");
	d->dns_ip = take_text(row, "dns_ip");
	d->http_reason = take_text(row, "http_reason");
	d->http_title = take_text(row, "http_title");
	d->http_keywords = take_text(row, "http_keywords");
	d->created_at_ms = take_timestamp_ms(row, "created_at");
	d->has_features = !take_is_null(row, "content_richness_score");
	d->richness = take_double_or(row, "content_richness_score", 0.0);
	d->keywords_unique = take_int32_or(row, "kw_unique_count", 0);
	d->keyword_hits = take_int32_or(row, "kw_total_occurrences", 0);
	if (!dns || !http || !lead || !rejection)
		return; /* the row's status tells */
	dns_status_from_text(dns, &d->dns_status);
	http_status_from_text(http, &d->http_status);
	lead_status_from_text(lead, &d->lead_status);
	rejection_from_text(rejection, &d->rejection);
}

static struct status take_domains(const PGresult *rows, struct arena *arena, struct domain **out, size_t *out_count)
{
	struct domain *list = arena_array(arena, (size_t)PQntuples(rows), sizeof *list);
	struct row row;
	size_t n = 0;

	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++)
		take_domain(&row, &list[n]);
	TRY(row_status(&row));
	*out = list;
	*out_count = n;
	return STATUS_OK_VALUE;
}

#define P_FILTERS \
	P_UUID(campaign_id), P_TEXT(q->dns_status), P_TEXT(q->http_status), P_TEXT(q->lead_status), \
		P_IF(q->rejection_count > 0, P_TEXT_ARRAY(q->rejections, q->rejection_count)), \
		P_IF(q->has_after, P_INT64(q->after_offset))

struct status store_domains_list(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_query *q,
				 struct arena *arena, struct domain **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;

	if (q->order == DOMAIN_ORDER_OFFSET)
		TRY(store_query(tx, sql_domains_by_offset, &rows, P_FILTERS, P_INT(q->limit)));
	else
		TRY(store_query(tx,
				q->order == DOMAIN_ORDER_LEAD_SCORE ? sql_domains_by_lead_score
								    : sql_domains_by_domain_score,
				&rows, P_FILTERS, P_IF(q->has_after && q->after_is_scored, P_DOUBLE(q->after_score)),
				P_INT(q->limit)));
	return take_domains(rows, arena, out, out_count);
}

struct status store_domain_get(struct store_tx *tx, const struct uuid *campaign_id, const char *name,
			       struct arena *arena, struct domain *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain *list;
	size_t count;

	TRY(store_query(tx, sql_domain_by_name, &rows, P_UUID(campaign_id), P_TEXT(name)));
	TRY(take_domains(rows, arena, &list, &count));
	if (count == 0)
		return status_make(STATUS_NOT_FOUND, "DOMAIN_UNKNOWN", "the campaign has no domain %.100s", name);
	*out = list[0];
	return STATUS_OK_VALUE;
}
