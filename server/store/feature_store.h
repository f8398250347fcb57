/* store/feature_store.h: the feature rows of fetched pages: claimed, finished, failed, scored.
 *
 * A feature row's key is its domain's offset. Every write names the batch's range besides its offsets
 * (domain_finish_dns.sql says why). Lists are in offset order. Threads: any; each call uses the transaction it is
 * given. */
#ifndef STORE_FEATURE_STORE_H
#define STORE_FEATURE_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "store/domain_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

/* --- fetching ----------------------------------------------------------------------------------------------- */

/* The rows enter `building`, made when new, and count the attempt. Its own short transaction, so that a crash leaves
 * what the reconcile job looks for. */
struct status store_features_claim(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_work *work,
				   size_t count, struct arena *arena) MUST_CHECK;

/* One page as aggregated. Texts are borrowed and clean (base/text.h); JSON texts are compact. */
struct feature_row {
	int64_t offset;
	const char *http_status; /* success, redirect, error or timeout */
	int32_t http_status_code, fetch_time_ms, content_bytes;
	int32_t keywords_unique, keyword_hits, h1_count, links_internal, links_external;
	int32_t microcrawl_pages, microcrawl_base_keywords, microcrawl_added_keywords;
	bool microcrawl_enabled, diminishing_returns, is_parked, title_has_keyword, has_structure;
	double keyword_weight_sum, microcrawl_gain_ratio, parked_confidence, richness;
	const char *page_lang, *page_archetype, *crawl_strategy;
	const char *content_hash;                                        /* NULL when there was no body */
	const char *keyword_top3, *signal_distribution, *feature_vector; /* JSON */
	int64_t fetched_at_ms;
};

/* building → ready. */
struct status store_features_finish(struct store_tx *tx, const struct domain_range *range,
				    const struct feature_row *rows, size_t count, int32_t extraction_version,
				    int32_t dictionary_version, struct arena *arena) MUST_CHECK;

/* Why a page has no features. */
struct feature_failure {
	int64_t offset;
	const char *http_status;  /* error or timeout; NULL when the fetch itself went well */
	int32_t http_status_code; /* 0: nobody answered */
	const char *error;        /* at most FEATURE_ERROR_MAX bytes */
};

#define FEATURE_ERROR_MAX 1000

/* When a failed row is due again: base × 2^(attempt − 1), at most cap. */
struct feature_backoff {
	int64_t base_ms, cap_ms;
};

/* building → error. */
struct status store_features_fail(struct store_tx *tx, const struct domain_range *range,
				  const struct feature_failure *rows, size_t count,
				  const struct feature_backoff *backoff, struct arena *arena) MUST_CHECK;

/* Before every page is fetched again: ready rows become stale, the others pending, attempts start anew. */
struct status store_features_reset(struct store_tx *tx, const struct uuid *campaign_id) MUST_CHECK;

struct feature_totals {
	int32_t ready, error;
};

struct status store_features_count(struct store_tx *tx, const struct uuid *campaign_id,
				   struct feature_totals *out) MUST_CHECK;

/* --- scoring ------------------------------------------------------------------------------------------------ */

/* The next at most `limit` ready rows. */
struct status store_feature_cut(struct store_tx *tx, const struct uuid *campaign_id, int64_t after, int32_t limit,
				struct domain_cut *out) MUST_CHECK;

struct score_projection {
	int64_t offset;
	int32_t keywords_unique, keyword_hits, content_bytes;
	bool title_has_keyword, is_parked;
	double parked_confidence, keyword_weight_sum;
	int64_t fetched_at_ms; /* 0: unknown */
};

/* The ready rows of a range. stale_under NULL: all; else only those whose score is stale or not from that snapshot. */
struct status store_score_projections(struct store_tx *tx, const struct domain_range *range,
				      const struct uuid *stale_under, struct arena *arena,
				      struct score_projection **out, size_t *out_count) MUST_CHECK;

/* Marks rows as scored under a snapshot. */
struct status store_features_scored(struct store_tx *tx, const struct domain_range *range, const int64_t *offsets,
				    size_t count, const struct uuid *snapshot_id) MUST_CHECK;

#endif
