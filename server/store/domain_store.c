#include "store/domain_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"
#include "store/state_store.h"

#define P_RANGE(range) P_UUID(&(range)->campaign_id), P_INT64((range)->first), P_INT64((range)->last)

struct status store_domain_cut(struct store_tx *tx, const struct uuid *campaign_id, enum phase phase, int64_t after,
			       int32_t limit, struct domain_cut *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain_cut cut = { 0 };
	struct row row;

	TRY(store_query(tx, sql_domain_cut, &rows, P_UUID(campaign_id), P_INT64(after), P_INT(limit),
			P_TEXT(phase_to_text(phase))));
	for (row_begin(&row, rows, NULL); row_next(&row);) {
		cut.first = take_int64_or(&row, "first_offset", -1);
		cut.last = take_int64_or(&row, "last_offset", -1);
		cut.count = take_int32(&row, "domain_count");
		cut.is_last = take_bool(&row, "is_last");
	}
	TRY(row_status(&row));
	*out = cut;
	return STATUS_OK_VALUE;
}

struct status store_domains_pending(struct store_tx *tx, const struct domain_range *range, enum phase phase,
				    struct arena *arena, struct domain_work **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	bool is_http = phase == PHASE_HTTP;
	struct domain_work *list;
	size_t count = 0;
	struct row row;

	TRY(store_query(tx, is_http ? sql_domain_pending_http : sql_domain_pending_dns, &rows, P_RANGE(range)));
	list = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row);) {
		struct domain_work *work = &list[count++];

		work->offset = take_int64(&row, "offset_index");
		work->name = take_text(&row, "domain_name");
		if (is_http)
			work->address = take_text(&row, "dns_ip");
	}
	TRY(row_status(&row));
	*out = list;
	*out_count = count;
	return STATUS_OK_VALUE;
}

struct status store_domains_finish_dns(struct store_tx *tx, const struct domain_range *range,
				       const struct domain_dns_rows *rows, struct domain_dns_change *out)
{
	AUTO(pgresult) PGresult *answer = NULL;
	size_t n = rows->count;
	struct row row;

	TRY(store_query(tx, sql_domain_finish_dns, &answer, P_RANGE(range), P_INT64_ARRAY(rows->offsets, n),
			P_TEXT_ARRAY(rows->statuses, n), P_TEXT_ARRAY(rows->reasons, n),
			P_TEXT_ARRAY(rows->addresses, n)));
	*out = (struct domain_dns_change){ 0 };
	for (row_begin(&row, answer, NULL); row_next(&row);) {
		out->ok = take_int32(&row, "ok");
		out->error = take_int32(&row, "error");
		out->timeout = take_int32(&row, "timeout");
	}
	return row_status(&row);
}

struct status store_domains_finish_http(struct store_tx *tx, const struct domain_range *range,
					const struct domain_http_rows *rows, struct domain_http_change *out)
{
	AUTO(pgresult) PGresult *answer = NULL;
	size_t n = rows->count;
	struct row row;

	TRY(store_query(tx, sql_domain_finish_http, &answer, P_RANGE(range), P_INT64_ARRAY(rows->offsets, n),
			P_TEXT_ARRAY(rows->statuses, n), P_INT32_ARRAY_NULLS(rows->codes, rows->code_nulls, n),
			P_TEXT_ARRAY(rows->reasons, n), P_TEXT_ARRAY(rows->titles, n), P_JSON_ARRAY(rows->keywords, n),
			P_BOOL_ARRAY(rows->is_parked, n), P_DOUBLE_ARRAY(rows->parked_confidence, NULL, n),
			P_BOOL_ARRAY(rows->has_keywords, n)));
	*out = (struct domain_http_change){ 0 };
	for (row_begin(&row, answer, NULL); row_next(&row);) {
		out->ok = take_int32(&row, "ok");
		out->error = take_int32(&row, "error");
		out->timeout = take_int32(&row, "timeout");
		out->keyword_hits = take_int32(&row, "keyword_hits");
	}
	return row_status(&row);
}

struct status store_domains_score(struct store_tx *tx, const struct domain_range *range, const int64_t *offsets,
				  const double *scores, size_t count, struct domain_score_change *out)
{
	AUTO(pgresult) PGresult *answer = NULL;
	struct row row;

	TRY(store_query(tx, sql_domain_score, &answer, P_RANGE(range), P_INT64_ARRAY(offsets, count),
			P_DOUBLE_ARRAY(scores, NULL, count)));
	*out = (struct domain_score_change){ 0 };
	for (row_begin(&row, answer, NULL); row_next(&row);) {
		out->scored = take_int32(&row, "scored");
		out->newly_analyzed = take_int32(&row, "newly_analyzed");
	}
	return row_status(&row);
}

/* --- leads -------------------------------------------------------------------------------------------------- */

static struct status unknown_word(const char *column)
{
	return status_make(STATUS_INTERNAL, "DATABASE_ROW", "%s has a word this program does not know", column);
}

static bool take_projection(struct row *row, struct lead_projection *p)
{
	const char *dns, *http, *lead, *reason;

	p->offset = take_int64(row, "offset_index");
	dns = take_text(row, "dns_status");
	http = take_text(row, "http_status");
	lead = take_text(row, "lead_status");
	reason = take_text(row, "rejection_reason");
	p->is_parked = take_bool(row, "is_parked");
	p->parked_confidence = take_double(row, "parked_confidence");
	p->has_score = !take_is_null(row, "domain_score");
	p->score = take_double_or(row, "domain_score", 0);
	p->has_lead_score = !take_is_null(row, "lead_score");
	p->lead_score = take_double_or(row, "lead_score", 0);
	return dns && http && lead && reason && dns_status_from_text(dns, &p->dns_status) &&
	       http_status_from_text(http, &p->http_status) && lead_status_from_text(lead, &p->lead_status) &&
	       rejection_from_text(reason, &p->rejection);
}

/* Both lists are in offset order; a domain without finished features keeps its zeroes. */
static struct status add_features(struct store_tx *tx, const struct domain_range *range, struct lead_projection *list,
				  size_t count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct row row;
	size_t i = 0;

	TRY(store_query(tx, sql_feature_lead_projection, &rows, P_RANGE(range)));
	for (row_begin(&row, rows, NULL); row_next(&row);) {
		int64_t offset = take_int64(&row, "domain_id");

		while (i < count && list[i].offset < offset)
			i++;
		if (i == count || list[i].offset != offset)
			continue;
		list[i].has_structure = take_bool(&row, "has_structural_signals");
		list[i].keywords_unique = take_int32(&row, "kw_unique_count");
		list[i].keyword_hits = take_int32(&row, "kw_total_occurrences");
		list[i].content_bytes = take_int32(&row, "content_bytes");
	}
	return row_status(&row);
}

struct status store_lead_projections(struct store_tx *tx, const struct domain_range *range, struct arena *arena,
				     struct lead_projection **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct lead_projection *list;
	bool is_known = true;
	size_t count = 0;
	struct row row;

	TRY(store_query(tx, sql_domain_lead_projection, &rows, P_RANGE(range)));
	list = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row);)
		is_known &= take_projection(&row, &list[count++]);
	TRY(row_status(&row));
	if (!is_known)
		return unknown_word("a status or reason");
	TRY(add_features(tx, range, list, count));
	*out = list;
	*out_count = count;
	return STATUS_OK_VALUE;
}

static bool take_change(struct row *row, struct lead_change *c)
{
	const char *old_status = take_text(row, "old_status");
	const char *old_reason = take_text(row, "old_reason");
	const char *new_status = take_text(row, "new_status");
	const char *new_reason = take_text(row, "new_reason");

	c->count = take_int32(row, "domain_count");
	return old_status && old_reason && new_status && new_reason &&
	       lead_status_from_text(old_status, &c->old_status) && rejection_from_text(old_reason, &c->old_reason) &&
	       lead_status_from_text(new_status, &c->new_status) && rejection_from_text(new_reason, &c->new_reason);
}

struct status store_domains_finish_leads(struct store_tx *tx, const struct domain_range *range,
					 const struct domain_lead_rows *rows, struct arena *arena,
					 struct lead_change **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *answer = NULL;
	size_t n = rows->count, count = 0;
	struct lead_change *list;
	bool is_known = true;
	struct row row;

	TRY(store_query(tx, sql_domain_finish_leads, &answer, P_RANGE(range), P_INT64_ARRAY(rows->offsets, n),
			P_TEXT_ARRAY(rows->old_statuses, n), P_TEXT_ARRAY(rows->old_reasons, n),
			P_TEXT_ARRAY(rows->statuses, n), P_TEXT_ARRAY(rows->reasons, n),
			P_DOUBLE_ARRAY(rows->scores, NULL, n)));
	list = arena_array(arena, (size_t)PQntuples(answer) + 1, sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, answer, arena); row_next(&row);)
		is_known &= take_change(&row, &list[count++]);
	TRY(row_status(&row));
	if (!is_known)
		return unknown_word("lead_status or rejection_reason");
	*out = list;
	*out_count = count;
	return STATUS_OK_VALUE;
}

/* --- doing it again ----------------------------------------------------------------------------------------- */

static struct counters counters_minus(const struct counters *a, const struct counters *b)
{
	struct counters out;

#define X(name) out.name = a->name - b->name;
	COUNTERS(X)
#undef X
	return out;
}

struct status store_domains_reset(struct store_tx *tx, const struct uuid *campaign_id, enum phase phase,
				  struct counters *out_deltas)
{
	bool from_dns = phase == PHASE_DNS;
	struct counters now, then;
	int32_t failed;

	TRY(store_execute(tx, from_dns ? sql_domain_reset_dns : sql_domain_reset_http, NULL, P_UUID(campaign_id)));
	TRY(store_counters_get(tx, campaign_id, &now));
	/* What the counters are afterwards is known, so no row needs to be counted. */
	failed = from_dns ? 0 : now.dns_error + now.dns_timeout;
	then = (struct counters){
		.total_domains = now.total_domains,
		.dns_pending = from_dns ? now.total_domains : now.dns_pending,
		.dns_ok = from_dns ? 0 : now.dns_ok,
		.dns_error = from_dns ? 0 : now.dns_error,
		.dns_timeout = from_dns ? 0 : now.dns_timeout,
		.http_pending = now.total_domains,
		.lead_no_match = failed,
		.lead_pending = now.total_domains - failed,
		.reject_dns_error = from_dns ? 0 : now.dns_error,
		.reject_dns_timeout = from_dns ? 0 : now.dns_timeout,
		.reject_pending = now.total_domains - failed,
	};
	*out_deltas = counters_minus(&then, &now);
	return STATUS_OK_VALUE;
}
