/* extract/keywords.h: hits of one keyword gathered, and what is made of them (03 §3, §5).
 *
 * Pure; any thread. Sums are taken in a fixed order, so equal input gives equal bits. */
#ifndef EXTRACT_KEYWORDS_H
#define EXTRACT_KEYWORDS_H

#include "base/status.h"
#include "base/uuid.h"
#include "extract/signal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define KEYWORD_CONTEXTS_MAX  3   /* kept per keyword */
#define KEYWORD_SURFACE_BYTES 128 /* kept of a surface form */

enum keyword_source { KEYWORD_FROM_SET, KEYWORD_CONFIGURED, KEYWORD_AD_HOC };

/* Bytes of the page's text; borrowed. */
struct text_span {
	const char *text;
	size_t len;
};

/* Everything one page (or crawl) said about one keyword. */
struct keyword_tally {
	struct uuid id;
	enum keyword_source source;
	uint32_t occurrences;
	uint32_t by_signal[SIGNAL_COUNT];
	double base_weight;       /* Σ base weights */
	double value_score;       /* Σ positive value scores */
	double weight;            /* Σ base × value where value > 0, else base */
	int64_t first_position;   /* smallest known one, -1 when none */
	struct text_span surface; /* of the earliest hit */
	struct text_span contexts[KEYWORD_CONTEXTS_MAX];
	unsigned context_count;
};

struct keyword_hit {
	enum signal signal;
	int64_t position; /* byte offset in the page's text, -1 unknown */
	double base_weight, value_score;
	struct text_span surface;
	struct text_span context; /* text NULL: none */
};

/* An empty tally of that keyword. */
struct keyword_tally keyword_tally_make(const struct uuid *id, enum keyword_source source);
void keyword_tally_add(struct keyword_tally *tally, const struct keyword_hit *hit);

/* One row of domain_extracted_keywords. */
struct keyword_row {
	struct uuid keyword_id;
	const char *surface_form; /* ≤ 128 bytes, no control characters */
	enum signal signal;       /* the most important one seen */
	uint32_t occurrences;
	double base_weight, value_score, effective_weight;
	int64_t first_seen_position; /* -1: null */
	bool is_primary;             /* some hit came from the root page */
};

struct keyword_top {
	const struct keyword_tally *tally;
	double weight;
};

struct keyword_summary {
	uint32_t unique_count, total_occurrences;
	uint32_t by_signal[SIGNAL_COUNT];
	uint32_t from_sets, ad_hoc; /* hits by where the rule came from; configured keywords count with sets */
	double weight_sum;
	bool title_has_keyword;
	struct keyword_top top[3];
	unsigned top_count;
};

/* Tallies without occurrences are ignored. Top three: weight descending, then id in byte order. */
void keyword_summarize(const struct keyword_tally *tallies, size_t n, struct keyword_summary *out);

/* Rows in id order, at most rows_max: beyond that the least important are dropped (03 §12; signal_weights by enum
 * signal). RESOURCE_EXHAUSTED when the arena is full. */
struct status keyword_rows(const struct keyword_tally *tallies, size_t n, const struct keyword_summary *summary,
			   const double signal_weights[SIGNAL_COUNT], size_t rows_max, struct arena *arena,
			   struct keyword_row **out_rows, size_t *out_count) MUST_CHECK;

struct keyword_count {
	const char *text;
	uint32_t count;
};

/* Display ranking (03 §5): sorts in place by count descending, then text; empty texts and zero counts go. Returns how
 * many of the first `n` remain, at most `limit`. */
size_t keyword_rank(struct keyword_count *counts, size_t n, size_t limit);

/* Identifier of a keyword given as plain text: SHA-256("adhoc:" + lower-cased keyword), version 8. False when memory
 * is short. */
bool keyword_ad_hoc_id(const char *keyword, struct uuid *out);

#endif
