#include "phase/http/http_store_batch.h"

#include "base/arena.h"
#include "base/log.h"
#include "phase/http/http_fetch_batch.h"
#include "phase/http/http_run.h"
#include "phase/run.h"
#include "store/bulk.h"
#include "store/columns.h"
#include "store/keyword_row_store.h"
#include "store/tx.h"

#define POISON_MAX 50 /* more refused domains in one batch look like a fault of ours */

struct writer {
	const struct http_run *run;
	struct arena *arena;
	struct domain_range range;
	const struct site_result *results;
	struct domain_http_change total;
};

static int32_t to_int32(uint64_t value)
{
	return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

static struct feature_row row_of(const struct site_result *r)
{
	const struct features *f = &r->features;

	return (struct feature_row){
		.offset = r->offset,
		.http_status = r->is_redirected ? "redirect" : "success",
		.http_status_code = r->code,
		.fetch_time_ms = r->took_ms,
		.content_bytes = to_int32(f->content_bytes),
		.keywords_unique = to_int32(f->kw_unique_count),
		.keyword_hits = to_int32(f->kw_total_occurrences),
		.h1_count = to_int32(f->h1_count),
		.links_internal = to_int32(f->link_internal_count),
		.links_external = to_int32(f->link_external_count),
		.microcrawl_pages = to_int32(f->microcrawl_pages),
		.microcrawl_base_keywords = to_int32(f->microcrawl_base_kw_count),
		.microcrawl_added_keywords = to_int32(f->microcrawl_added_kw_count),
		.microcrawl_enabled = f->microcrawl_enabled,
		.diminishing_returns = f->diminishing_returns,
		.is_parked = f->is_parked,
		.title_has_keyword = f->title_has_keyword,
		.has_structure = f->has_structural_signals,
		.keyword_weight_sum = f->kw_weight_sum,
		.microcrawl_gain_ratio = f->microcrawl_gain_ratio,
		.parked_confidence = f->parked_confidence,
		.richness = f->content_richness_score,
		.page_lang = f->page_lang,
		.page_archetype = f->page_archetype,
		.crawl_strategy = f->crawl_strategy,
		.content_hash = f->content_hash,
		.keyword_top3 = f->kw_top3,
		.signal_distribution = f->kw_signal_distribution,
		.feature_vector = f->feature_vector,
		.fetched_at_ms = r->fetched_at_ms,
	};
}

static struct keyword_row_record record_of(int64_t offset, const struct keyword_row *row)
{
	return (struct keyword_row_record){
		.offset = offset,
		.keyword_id = row->keyword_id,
		.surface_form = row->surface_form,
		.signal_type = signal_text(row->signal),
		.source_subphase = row->is_primary ? "primary" : "microcrawl",
		.occurrences = to_int32(row->occurrences),
		.base_weight = row->base_weight,
		.value_score = row->value_score,
		.effective_weight = row->effective_weight,
		.first_seen_position = row->first_seen_position > INT32_MAX ? -1 : (int32_t)row->first_seen_position,
	};
}

/* Feature rows and keyword rows of the pages, feature rows of the failures. */
static struct status write_features(struct store_tx *tx, struct writer *w, const struct site_result *r, size_t count)
{
	struct feature_row *ready = arena_array(w->arena, count + 1, sizeof *ready);
	struct feature_failure *failures = arena_array(w->arena, count + 1, sizeof *failures);
	int64_t *offsets = arena_array(w->arena, count + 1, sizeof *offsets);
	size_t ready_count = 0, failure_count = 0, keyword_count = 0, at = 0;
	struct keyword_row_record *keywords;

	if (!ready || !failures || !offsets)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++) {
		if (r[i].state == SITE_READY) {
			offsets[ready_count] = r[i].offset;
			ready[ready_count++] = row_of(&r[i]);
			keyword_count += r[i].features.row_count;
			continue;
		}
		failures[failure_count++] = (struct feature_failure){
			.offset = r[i].offset,
			.http_status = r[i].state == SITE_TIMEOUT ? "timeout" : "error",
			.http_status_code = r[i].code,
			.error = r[i].error,
		};
	}
	keywords = arena_array(w->arena, keyword_count + 1, sizeof *keywords);
	if (!keywords)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; r[i].state == SITE_READY && k < r[i].features.row_count; k++)
			keywords[at++] = record_of(r[i].offset, &r[i].features.rows[k]);
	if (ready_count > 0) {
		TRY(store_features_finish(tx, &w->range, ready, ready_count, EXTRACTION_VERSION,
					  w->run->dictionary_version, w->arena));
		TRY(store_keyword_rows_replace(tx, &w->range.campaign_id, offsets, ready_count, keywords, keyword_count,
					       w->arena));
	}
	if (failure_count > 0)
		TRY(store_features_fail(tx, &w->range, failures, failure_count, &w->run->backoff, w->arena));
	return STATUS_OK_VALUE;
}

static const char *status_word(enum site_state state)
{
	return state == SITE_READY ? "ok" : state == SITE_TIMEOUT ? "timeout" : "error";
}

static struct status write_domains(struct store_tx *tx, struct writer *w, const struct site_result *r, size_t count,
				   struct domain_http_change *out)
{
	struct arena *arena = w->arena;
	bool is_short = false;
	struct domain_http_rows rows;
	const char **statuses = arena_array(arena, count + 1, sizeof *statuses);
	bool *has_keywords = arena_array(arena, count + 1, sizeof *has_keywords);

	COLUMN(int64_t, offsets, r, count, offset);
	COLUMN(int32_t, codes, r, count, code);
	COLUMN(bool, code_nulls, r, count, code == 0);
	COLUMN(const char *, reasons, r, count, reason);
	/* without a page the features are empty: no title, not parked */
	COLUMN(const char *, titles, r, count, features.title);
	COLUMN(const char *, keywords, r, count, features.http_keywords);
	COLUMN(bool, is_parked, r, count, features.is_parked);
	COLUMN(double, confidences, r, count, features.parked_confidence);
	if (is_short || !statuses || !has_keywords)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++) {
		statuses[i] = status_word(r[i].state);
		has_keywords[i] = r[i].features.kw_unique_count > 0;
	}
	rows = (struct domain_http_rows){ .count = count,
					  .offsets = offsets,
					  .statuses = statuses,
					  .codes = codes,
					  .code_nulls = code_nulls,
					  .reasons = reasons,
					  .titles = titles,
					  .keywords = keywords,
					  .is_parked = is_parked,
					  .parked_confidence = confidences,
					  .has_keywords = has_keywords };
	return store_domains_finish_http(tx, &w->range, &rows, out);
}

static struct status write_results(struct store_tx *tx, struct writer *w, const struct site_result *r, size_t count)
{
	struct domain_http_change change;

	TRY(write_features(tx, w, r, count));
	TRY(write_domains(tx, w, r, count, &change));
	w->total.ok += change.ok;
	w->total.error += change.error;
	w->total.timeout += change.timeout;
	w->total.keyword_hits += change.keyword_hits;
	return STATUS_OK_VALUE;
}

static struct status write_slice(struct store_tx *tx, size_t from, size_t count, void *arg)
{
	struct writer *w = arg;

	return write_results(tx, w, w->results + from, count);
}

static struct status write_poisoned(struct store_tx *tx, size_t row, struct status why, void *arg)
{
	struct writer *w = arg;
	struct site_result failed = { .offset = w->results[row].offset,
				      .state = SITE_FAILED,
				      .reason = "ERROR",
				      .code = w->results[row].code,
				      .took_ms = w->results[row].took_ms };

	LOG_FAILURE("page_refused_by_database", why, LOG_INT("offset", failed.offset));
	failed.error = arena_printf(w->arena, "refused by the database: %s", why.detail);
	if (!failed.error)
		return status_out_of_memory();
	return write_results(tx, w, &failed, 1);
}

struct status http_store_batch(struct phase_job *job, struct store_tx *tx, const struct site_result *results,
			       size_t count, struct domain_http_change *out)
{
	struct writer writer = { .run = (const struct http_run *)job->run,
				 .arena = job->arena,
				 .range = phase_range_of(job),
				 .results = results };

	TRY(store_bulk_write(tx, count, POISON_MAX, write_slice, write_poisoned, &writer));
	*out = writer.total;
	return STATUS_OK_VALUE;
}
