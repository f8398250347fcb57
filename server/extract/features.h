/* extract/features.h: page signals and keyword tallies → the feature row, its JSON columns and the keyword rows.
 *
 * Pure, any thread: no clock, no randomness, no I/O; same input, same bits. Language, archetype and microcrawl columns
 * carry their "nothing known" values (und, unknown, single_fetch) until those judgements exist; the columns are the
 * caller's seam. */
#ifndef EXTRACT_FEATURES_H
#define EXTRACT_FEATURES_H

#include "base/status.h"
#include "extract/keywords.h"
#include "extract/parked.h"
#include "extract/richness.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct page_signals;
struct rules_found;

#define EXTRACTION_VERSION 1

struct features_config {
	struct richness_config richness;
	bool is_richness_v2;     /* false: the legacy value is content_richness_score */
	bool wants_canary;       /* compute both, key richness_legacy_canary */
	bool wants_keyword_rows; /* EXTRACTION_KEYWORD_DETAIL_ENABLED */
	size_t keyword_rows_max; /* STORAGE_MAX_KEYWORDS_PER_DOMAIN */
};

struct features_config features_config_default(void);

struct features_input {
	const struct page_signals *page;
	const struct rules_found *found;
	int status_code;
	const char *fetched_at; /* RFC 3339; goes into the vector as given; NULL: unknown */
};

/* The names are those of domain_extraction_features; text is clean for PostgreSQL and lives in the arena. */
struct features {
	/* the domain row */
	const char *title;         /* ≤ 500 characters */
	const char *snippet;       /* first 256 bytes of visible text, "..." when cut */
	const char *http_keywords; /* JSON: the top three with surface forms */
	/* the feature row */
	const char *content_hash;
	uint64_t content_bytes;
	const char *page_lang, *page_archetype, *crawl_strategy;
	uint32_t kw_unique_count, kw_total_occurrences;
	double kw_weight_sum;
	const char *kw_top3, *kw_signal_distribution; /* JSON */
	bool microcrawl_enabled, diminishing_returns;
	uint32_t microcrawl_pages, microcrawl_base_kw_count, microcrawl_added_kw_count;
	double microcrawl_gain_ratio;
	bool is_parked;
	double parked_confidence;
	double content_richness_score;
	const char *feature_vector; /* JSON, registry keys only, ≤ 16 KiB */
	int extraction_version;
	/* of use to counters, events and metrics */
	bool title_has_keyword, has_structural_signals;
	uint32_t h1_count, link_internal_count, link_external_count;
	double link_internal_ratio;
	struct richness richness; /* components and penalties (V2) */
	double richness_legacy;   /* set when V2 is off or the canary is wanted */
	/* rows of domain_extracted_keywords, in id order */
	struct keyword_row *rows;
	size_t row_count;
};

/* RESOURCE_EXHAUSTED when the arena is full. */
struct status features_build(const struct features_config *config, const struct features_input *input,
			     struct arena *arena, struct features *out) MUST_CHECK;

/* internal / (internal + external); 0 when there is no link. */
double link_internal_ratio(uint32_t internal, uint32_t external);

#endif
