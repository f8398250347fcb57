#include "store/sample_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

struct status store_domain_samples(struct store_tx *tx, const struct domain_range *range, enum phase phase,
				   int32_t limit, struct arena *arena, struct domain_sample **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct domain_sample *samples;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_domain_samples, &rows, P_UUID(&range->campaign_id), P_INT64(range->first),
			P_INT64(range->last), P_TEXT(phase_to_text(phase)), P_INT(limit)));
	samples = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *samples);
	if (!samples)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		struct domain_sample *s = &samples[n];

		s->offset = take_int64(&row, "offset_index");
		s->name = take_text(&row, "domain_name");
		s->dns_status = take_text(&row, "dns_status");
		s->http_status = take_text(&row, "http_status");
		s->lead_status = take_text(&row, "lead_status");
		s->rejection = take_text(&row, "rejection_reason");
		s->dns_reason = take_text(&row, "dns_reason");
		s->http_reason = take_text(&row, "http_reason");
		s->http_code = take_int32_or(&row, "http_status_code", 0);
		s->took_ms = take_int32_or(&row, "fetch_time_ms", 0);
		s->keywords_unique = take_int32_or(&row, "kw_unique_count", 0);
		s->richness = take_double_or(&row, "content_richness_score", 0);
		s->is_parked = take_bool_or(&row, "is_parked", false);
	}
	TRY(row_status(&row));
	*out = samples;
	*out_count = n;
	return STATUS_OK_VALUE;
}

struct status store_feature_batch_counts(struct store_tx *tx, const struct domain_range *range, int64_t *parked,
					 int64_t *microcrawled)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_feature_batch_counts, &rows, P_UUID(&range->campaign_id), P_INT64(range->first),
			P_INT64(range->last)));
	TRY(row_int64(rows, 0, "parked", parked));
	return row_int64(rows, 0, "microcrawled", microcrawled);
}

struct status store_score_samples(struct store_tx *tx, const struct uuid *campaign_id, int32_t limit,
				  struct arena *arena, struct score_sample **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct score_sample *samples;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_feature_score_samples, &rows, P_UUID(campaign_id), P_INT(limit)));
	samples = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *samples);
	if (!samples)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		struct score_projection *p = &samples[n].projection;

		p->offset = take_int64(&row, "domain_id");
		samples[n].name = take_text(&row, "domain_name");
		samples[n].score = take_double(&row, "domain_score");
		p->keywords_unique = take_int32(&row, "kw_unique_count");
		p->keyword_hits = take_int32(&row, "kw_total_occurrences");
		p->content_bytes = take_int32(&row, "content_bytes");
		p->title_has_keyword = take_bool(&row, "title_has_keyword");
		p->is_parked = take_bool(&row, "is_parked");
		p->parked_confidence = take_double(&row, "parked_confidence");
		p->fetched_at_ms = take_timestamp_ms_or(&row, "fetched_at", 0);
		p->keyword_weight_sum = take_double(&row, "kw_weight_sum");
		samples[n].h1_count = take_int32(&row, "h1_count");
		samples[n].links_internal = take_int32(&row, "link_internal_count");
		samples[n].links_external = take_int32(&row, "link_external_count");
		samples[n].page_lang = take_text(&row, "page_lang");
	}
	TRY(row_status(&row));
	*out = samples;
	*out_count = n;
	return STATUS_OK_VALUE;
}
