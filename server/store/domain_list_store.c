#include "store/domain_list_store.h"

#include "base/arena.h"
#include "store/domain_detail_store.h"
#include "store/generation_store.h"
#include "store/row.h"
#include "store/sql.h"

#include <math.h>

/* --- rows ------------------------------------------------------------------------------------------------------ */

static const struct domain_features *take_features(struct row *row, struct arena *arena)
{
	struct domain_features *f;

	if (take_is_null(row, "content_richness_score"))
		return NULL;
	f = arena_alloc(arena, sizeof *f);
	if (!f)
		return NULL;
	f->richness = take_double(row, "content_richness_score");
	f->stuffing_penalty = take_double_or(row, "stuffing_penalty", NAN);
	f->repetition_index = take_double_or(row, "repetition_index", NAN);
	f->anchor_share = take_double_or(row, "anchor_share", NAN);
	f->keywords_unique = take_int32(row, "kw_unique_count");
	f->keyword_hits = take_int32(row, "kw_total_occurrences");
	f->keyword_weight_sum = take_double(row, "kw_weight_sum");
	f->signal_distribution = take_text(row, "kw_signal_distribution");
	f->microcrawl_gain = take_double(row, "microcrawl_gain_ratio");
	f->microcrawl_pages = take_int32(row, "microcrawl_pages");
	f->is_stale_score = take_bool(row, "is_stale_score");
	f->richness_version = take_double_or(row, "richness_weights_version", NAN);
	f->prominence = take_double_or(row, "prominence_norm", NAN);
	f->diversity = take_double_or(row, "diversity_norm", NAN);
	f->diversity_unique = take_double_or(row, "diversity_effective_unique", NAN);
	f->enrichment = take_double_or(row, "enrichment_norm", NAN);
	f->bonus = take_double_or(row, "applied_bonus", NAN);
	f->deductions = take_double_or(row, "applied_deductions_total", NAN);
	f->top_keywords = take_texts(row, "top_keywords", &f->top_keyword_count);
	return f;
}

static void take_domain(struct row *row, struct arena *arena, struct domain *d)
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
	d->features = take_features(row, arena);
	if (!dns || !http || !lead || !rejection)
		return; /* the row's status tells */
	dns_status_from_text(dns, &d->dns_status);
	http_status_from_text(http, &d->http_status);
	lead_status_from_text(lead, &d->lead_status);
	rejection_from_text(rejection, &d->rejection);
}

static struct status rows_at(struct store_tx *tx, const struct uuid *campaign_id, const int64_t *offsets, size_t count,
			     struct arena *arena, struct domain **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain *list = arena_array(arena, count + 1, sizeof *list);
	struct row row;
	size_t n = 0;

	if (!list)
		return status_out_of_memory();
	TRY(store_query(tx, sql_domain_rows, &rows, P_UUID(campaign_id), P_INT64_ARRAY(offsets, count)));
	for (row_begin(&row, rows, arena); n < count && row_next(&row); n++)
		take_domain(&row, arena, &list[n]);
	TRY(row_status(&row));
	*out = list;
	*out_count = n;
	return STATUS_OK_VALUE;
}

struct status store_domains_at(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_position *at,
			       size_t count, struct arena *arena, struct domain **out, size_t *out_count)
{
	int64_t *offsets = arena_array(arena, count + 1, sizeof *offsets);

	if (!offsets)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++)
		offsets[i] = at[i].offset;
	return rows_at(tx, campaign_id, offsets, count, arena, out, out_count);
}

struct status store_domain_get(struct store_tx *tx, const struct uuid *campaign_id, const char *name,
			       struct arena *arena, struct domain *out)
{
	struct domain *list;
	int64_t offset;
	size_t count;

	TRY(store_domain_offset(tx, campaign_id, name, &offset));
	TRY(rows_at(tx, campaign_id, &offset, 1, arena, &list, &count));
	if (count == 0)
		return status_make(STATUS_INTERNAL, "DATABASE_ROW", "a domain vanished within a transaction");
	*out = list[0];
	return STATUS_OK_VALUE;
}

/* --- composed statements --------------------------------------------------------------------------------------- */

/* With stale statistics the planner takes a new campaign for empty and pairs a million rows with a million by nested
 * loops; merging or hashing two tables of a campaign is right for every size. And it takes rows without features for
 * so rare that it would rather look at all of them and sort. */
static const char *settings_of(const struct domain_sql *sql, bool on)
{
	if (sql->joins_all)
		return on ? "SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '32MB'"
			  : "SET LOCAL enable_nestloop = on; SET LOCAL work_mem TO DEFAULT";
	return on ? "SET LOCAL enable_sort = off" : "SET LOCAL enable_sort = on";
}

struct status store_domain_sql_run(struct store_tx *tx, const struct domain_sql *sql, PGresult **out)
{
	bool is_special = sql->joins_all || sql->walks;

	if (is_special)
		TRY(store_script(tx, settings_of(sql, true)));
	TRY(store_query_params(tx, &sql->statement, out, sql->params, sql->count));
	return is_special ? store_script(tx, settings_of(sql, false)) : STATUS_OK_VALUE;
}

struct status store_domains_count(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_query *query,
				  int64_t *out)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain_sql sql;

	if (!arena)
		return status_out_of_memory();
	TRY(domain_sql_count(campaign_id, query, false, arena, &sql));
	TRY(store_domain_sql_run(tx, &sql, &rows));
	return row_int64(rows, 0, "domains", out);
}

/* Before more rows than this are skipped, those with a key are counted: there may be fewer. */
#define COUNTED_SKIP 10000

/* --- pages ------------------------------------------------------------------------------------------------------ */

struct page {
	struct store_tx *tx;
	const struct uuid *campaign_id;
	const struct domain_query *query;
	const struct domain_position *after;
	struct arena *arena;
	struct domain_position *rows;
	size_t count;
	int32_t limit;
};

static bool is_full(const struct page *page)
{
	return page->count >= (size_t)page->limit;
}

static struct status add_part(struct page *page, enum domain_part part, int64_t skip)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain_sql sql;
	struct row row;
	bool is_null = part == DOMAIN_PART_NULLS || part == DOMAIN_PART_NULLS_AFTER;

	if (is_full(page))
		return STATUS_OK_VALUE;
	TRY(domain_sql_page(page->campaign_id, page->query, part, page->after, skip, page->limit - (int32_t)page->count,
			    page->arena, &sql));
	TRY(store_domain_sql_run(page->tx, &sql, &rows));
	for (row_begin(&row, rows, page->arena); !is_full(page) && row_next(&row);) {
		struct domain_position *at = &page->rows[page->count++];
		int64_t offset = take_int64(&row, "offset_index");
		const char *key = take_text(&row, "key");

		*at = (struct domain_position){ .offset = offset, .is_null = is_null, .key = key ? key : "" };
	}
	return row_status(&row);
}

/* How far the rows without a key are skipped, when every row with one is. */
static struct status count_keyed(struct page *page, int64_t *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain_sql sql;

	TRY(domain_sql_count(page->campaign_id, page->query, true, page->arena, &sql));
	TRY(store_domain_sql_run(page->tx, &sql, &rows));
	return row_int64(rows, 0, "domains", out);
}

static struct status pages_after(struct page *page)
{
	enum domain_order order = page->query->order;

	if (page->after->is_null)
		return add_part(page, DOMAIN_PART_NULLS_AFTER, 0);
	if (order != DOMAIN_ORDER_OFFSET && domain_order_has_index(order)) {
		TRY(add_part(page, DOMAIN_PART_TIES, 0));
		TRY(add_part(page, DOMAIN_PART_PAST_TIES, 0));
	} else {
		TRY(add_part(page, DOMAIN_PART_KEYED_AFTER, 0));
	}
	return domain_order_is_nullable(order) ? add_part(page, DOMAIN_PART_NULLS, 0) : STATUS_OK_VALUE;
}

/* The offsets of most campaigns have no gaps; then the n-th row need not be counted to. */
static struct status place_by_offset(struct page *page, int64_t skip, bool *out_found, struct domain_position *out)
{
	struct generation_span span;

	*out_found = false;
	if (page->query->order != DOMAIN_ORDER_OFFSET || domain_filter_count(&page->query->filter) > 0)
		return STATUS_OK_VALUE;
	TRY(store_generation_span_get(page->tx, page->campaign_id, &span));
	if (span.first_offset < 0 || span.last_offset - span.first_offset + 1 != span.domain_count ||
	    skip > span.domain_count)
		return STATUS_OK_VALUE;
	*out_found = true;
	out->offset = page->query->is_descending ? span.last_offset - skip + 1 : span.first_offset + skip - 1;
	out->key = "";
	out->is_null = false;
	return STATUS_OK_VALUE;
}

/* Names are skipped in their index, which is a fifth of the rows. */
static struct status place_by_name(struct page *page, int64_t skip, bool *out_found, struct domain_position *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain_sql sql;
	struct row row;

	*out_found = false;
	if (page->query->order != DOMAIN_ORDER_NAME || domain_filter_count(&page->query->filter) > 0)
		return STATUS_OK_VALUE;
	TRY(domain_sql_name_at(page->campaign_id, page->query, skip - 1, page->arena, &sql));
	TRY(store_domain_sql_run(page->tx, &sql, &rows));
	for (row_begin(&row, rows, page->arena); row_next(&row);) {
		*out = (struct domain_position){ .key = take_text(&row, "key") };
		*out_found = true;
	}
	return row_status(&row);
}

static struct status pages_behind(struct page *page, const struct domain_position *at)
{
	bool is_by_name = page->query->order == DOMAIN_ORDER_NAME;
	struct status st;

	page->after = at;
	st = add_part(page, is_by_name ? DOMAIN_PART_PAST_TIES : DOMAIN_PART_KEYED_AFTER, 0);
	page->after = NULL;
	return st;
}

static struct status pages_skipping(struct page *page, int64_t skip)
{
	struct domain_position at;
	bool is_found = false;
	int64_t keyed = 0;

	if (skip > 0)
		TRY(place_by_offset(page, skip, &is_found, &at));
	if (skip > 0 && !is_found)
		TRY(place_by_name(page, skip, &is_found, &at));
	if (is_found)
		return pages_behind(page, &at);
	if (!domain_order_is_nullable(page->query->order))
		return add_part(page, DOMAIN_PART_KEYED, skip);
	if (skip > COUNTED_SKIP)
		TRY(count_keyed(page, &keyed));
	if (skip <= COUNTED_SKIP || skip < keyed)
		TRY(add_part(page, DOMAIN_PART_KEYED, skip));
	if (is_full(page))
		return STATUS_OK_VALUE;
	if (page->count == 0 && skip > 0 && skip <= COUNTED_SKIP)
		TRY(count_keyed(page, &keyed));
	return add_part(page, DOMAIN_PART_NULLS, page->count == 0 ? skip - keyed : 0);
}

struct status store_domains_page(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_query *query,
				 const struct domain_start *start, int32_t limit, struct arena *arena,
				 struct domain_position **out, size_t *out_count)
{
	struct page page = { .tx = tx,
			     .campaign_id = campaign_id,
			     .query = query,
			     .after = start->after,
			     .arena = arena,
			     .rows = arena_array(arena, (size_t)limit + 1, sizeof *page.rows),
			     .limit = limit };

	if (!page.rows)
		return status_out_of_memory();
	TRY(start->after ? pages_after(&page) : pages_skipping(&page, start->skip));
	*out = page.rows;
	*out_count = page.count;
	return STATUS_OK_VALUE;
}
