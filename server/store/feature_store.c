#include "store/feature_store.h"

#include "store/columns.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

#define P_RANGE(range) P_UUID(&(range)->campaign_id), P_INT64((range)->first), P_INT64((range)->last)

/* --- fetching ----------------------------------------------------------------------------------------------- */

struct status store_features_claim(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_work *work,
				   size_t count, struct arena *arena)
{
	bool is_short = false;

	COLUMN(int64_t, offsets, work, count, offset);
	COLUMN(const char *, names, work, count, name);
	if (is_short)
		return status_out_of_memory();
	return store_execute(tx, sql_feature_claim, NULL, P_UUID(campaign_id), P_INT64_ARRAY(offsets, count),
			     P_TEXT_ARRAY(names, count));
}

struct status store_features_finish(struct store_tx *tx, const struct domain_range *range,
				    const struct feature_row *rows, size_t count, int32_t extraction_version,
				    int32_t dictionary_version, struct arena *arena)
{
	bool is_short = false;

	COLUMN(int64_t, offsets, rows, count, offset);
	COLUMN(const char *, http_statuses, rows, count, http_status);
	COLUMN(int32_t, codes, rows, count, http_status_code);
	COLUMN(int32_t, fetch_times, rows, count, fetch_time_ms);
	COLUMN(int32_t, content_bytes, rows, count, content_bytes);
	COLUMN(int32_t, keywords_unique, rows, count, keywords_unique);
	COLUMN(int32_t, keyword_hits, rows, count, keyword_hits);
	COLUMN(int32_t, h1_counts, rows, count, h1_count);
	COLUMN(int32_t, links_internal, rows, count, links_internal);
	COLUMN(int32_t, links_external, rows, count, links_external);
	COLUMN(int32_t, crawl_pages, rows, count, microcrawl_pages);
	COLUMN(int32_t, crawl_base, rows, count, microcrawl_base_keywords);
	COLUMN(int32_t, crawl_added, rows, count, microcrawl_added_keywords);
	COLUMN(bool, crawl_enabled, rows, count, microcrawl_enabled);
	COLUMN(bool, diminishing, rows, count, diminishing_returns);
	COLUMN(bool, is_parked, rows, count, is_parked);
	COLUMN(bool, title_has_keyword, rows, count, title_has_keyword);
	COLUMN(bool, has_structure, rows, count, has_structure);
	COLUMN(double, weight_sums, rows, count, keyword_weight_sum);
	COLUMN(double, gains, rows, count, microcrawl_gain_ratio);
	COLUMN(double, confidences, rows, count, parked_confidence);
	COLUMN(double, richness, rows, count, richness);
	COLUMN(const char *, languages, rows, count, page_lang);
	COLUMN(const char *, archetypes, rows, count, page_archetype);
	COLUMN(const char *, strategies, rows, count, crawl_strategy);
	COLUMN(const char *, hashes, rows, count, content_hash);
	COLUMN(const char *, top3, rows, count, keyword_top3);
	COLUMN(const char *, distributions, rows, count, signal_distribution);
	COLUMN(const char *, vectors, rows, count, feature_vector);
	COLUMN(int64_t, fetched_at, rows, count, fetched_at_ms);
	if (is_short)
		return status_out_of_memory();
	return store_execute(
		tx, sql_feature_finish, NULL, P_RANGE(range), P_INT(extraction_version), P_INT(dictionary_version),
		P_INT64_ARRAY(offsets, count), P_TEXT_ARRAY(http_statuses, count), P_INT32_ARRAY(codes, count),
		P_INT32_ARRAY(fetch_times, count), P_INT32_ARRAY(content_bytes, count),
		P_INT32_ARRAY(keywords_unique, count), P_INT32_ARRAY(keyword_hits, count),
		P_INT32_ARRAY(h1_counts, count), P_INT32_ARRAY(links_internal, count),
		P_INT32_ARRAY(links_external, count), P_INT32_ARRAY(crawl_pages, count),
		P_INT32_ARRAY(crawl_base, count), P_INT32_ARRAY(crawl_added, count), P_BOOL_ARRAY(crawl_enabled, count),
		P_BOOL_ARRAY(diminishing, count), P_BOOL_ARRAY(is_parked, count),
		P_BOOL_ARRAY(title_has_keyword, count), P_BOOL_ARRAY(has_structure, count),
		P_DOUBLE_ARRAY(weight_sums, NULL, count), P_DOUBLE_ARRAY(gains, NULL, count),
		P_DOUBLE_ARRAY(confidences, NULL, count), P_DOUBLE_ARRAY(richness, NULL, count),
		P_TEXT_ARRAY(languages, count), P_TEXT_ARRAY(archetypes, count), P_TEXT_ARRAY(strategies, count),
		P_TEXT_ARRAY(hashes, count), P_JSON_ARRAY(top3, count), P_JSON_ARRAY(distributions, count),
		P_JSON_ARRAY(vectors, count), P_TIMESTAMP_ARRAY(fetched_at, NULL, count));
}

struct status store_features_fail(struct store_tx *tx, const struct domain_range *range,
				  const struct feature_failure *rows, size_t count,
				  const struct feature_backoff *backoff, struct arena *arena)
{
	bool is_short = false;

	COLUMN(int64_t, offsets, rows, count, offset);
	COLUMN(const char *, http_statuses, rows, count, http_status);
	COLUMN(int32_t, codes, rows, count, http_status_code);
	COLUMN(bool, code_nulls, rows, count, http_status_code == 0);
	COLUMN(const char *, errors, rows, count, error);
	if (is_short)
		return status_out_of_memory();
	return store_execute(tx, sql_feature_fail, NULL, P_RANGE(range), P_INT64_ARRAY(offsets, count),
			     P_TEXT_ARRAY(http_statuses, count), P_INT32_ARRAY_NULLS(codes, code_nulls, count),
			     P_TEXT_ARRAY(errors, count), P_INT64(backoff->base_ms), P_INT64(backoff->cap_ms));
}

struct status store_features_reset(struct store_tx *tx, const struct uuid *campaign_id)
{
	return store_execute(tx, sql_feature_reset, NULL, P_UUID(campaign_id));
}

struct status store_features_count(struct store_tx *tx, const struct uuid *campaign_id, struct feature_totals *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_feature_count, &rows, P_UUID(campaign_id)));
	TRY(row_int32(rows, 0, "ready", &out->ready));
	return row_int32(rows, 0, "error", &out->error);
}

/* --- scoring ------------------------------------------------------------------------------------------------ */

struct status store_feature_cut(struct store_tx *tx, const struct uuid *campaign_id, int64_t after, int32_t limit,
				struct domain_cut *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain_cut cut = { 0 };
	struct row row;

	TRY(store_query(tx, sql_feature_cut, &rows, P_UUID(campaign_id), P_INT64(after), P_INT(limit)));
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

static void take_projection(struct row *row, struct score_projection *p)
{
	p->offset = take_int64(row, "domain_id");
	p->keywords_unique = take_int32(row, "kw_unique_count");
	p->keyword_hits = take_int32(row, "kw_total_occurrences");
	p->content_bytes = take_int32(row, "content_bytes");
	p->title_has_keyword = take_bool(row, "title_has_keyword");
	p->is_parked = take_bool(row, "is_parked");
	p->parked_confidence = take_double(row, "parked_confidence");
	p->fetched_at_ms = take_timestamp_ms_or(row, "fetched_at", 0);
	p->keyword_weight_sum = take_double(row, "kw_weight_sum");
}

struct status store_score_projections(struct store_tx *tx, const struct domain_range *range,
				      const struct uuid *stale_under, struct arena *arena,
				      struct score_projection **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct score_projection *list;
	size_t count = 0;
	struct row row;

	TRY(store_query(tx, sql_feature_score_projection, &rows, P_RANGE(range), P_BOOL(stale_under != NULL),
			P_UUID(stale_under)));
	list = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, NULL); row_next(&row);)
		take_projection(&row, &list[count++]);
	TRY(row_status(&row));
	*out = list;
	*out_count = count;
	return STATUS_OK_VALUE;
}

struct status store_features_scored(struct store_tx *tx, const struct domain_range *range, const int64_t *offsets,
				    size_t count, const struct uuid *snapshot_id)
{
	return store_execute(tx, sql_feature_mark_scored, NULL, P_RANGE(range), P_INT64_ARRAY(offsets, count),
			     P_UUID(snapshot_id));
}
