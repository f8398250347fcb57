/* extract/richness.h: how much a page has to say about its keywords, 0..1, with its components (03 §7).
 *
 * Pure, any thread; equal input gives equal bits. */
#ifndef EXTRACT_RICHNESS_H
#define EXTRACT_RICHNESS_H

#include "base/status.h"
#include "extract/keywords.h"
#include "extract/signal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RICHNESS_WEIGHTS_VERSION 2

struct richness_config {
	double diversity, prominence, density, entropy, length; /* V P D S L */
	double bonus_max;
	double signal_weights[SIGNAL_COUNT];
	double diversity_target;
};

struct richness_config richness_config_default(void);

/* Merges RICHNESS_WEIGHT_JSON (keys V, P, D, S, L, bonus_max) and RICHNESS_SIGNAL_WEIGHT_JSON (signal names) over
 * *config. Empty text or NULL changes nothing. INVALID_ARGUMENT names the setting and leaves *config alone; the caller
 * logs it and goes on with what it has. */
struct status richness_config_merge(struct richness_config *config, const char *weight_json,
				    const char *signal_weight_json) MUST_CHECK;

/* What a microcrawl added. */
struct richness_crawl {
	bool has_run;
	uint32_t base, added; /* unique keywords on the root, newly found */
	bool is_diminishing;
};

struct richness {
	bool has_components; /* false: no bytes or no hits, everything else is 0 */
	double value;
	double effective_unique;
	double diversity, prominence, density, entropy, length, enrichment;
	double stuffing_penalty, repetition_penalty, anchor_penalty;
	double repetition_index; /* share of the most frequent keyword */
	double anchor_share;
	double bonus;      /* applied */
	double deductions; /* applied, total */
};

void richness_compute(const struct richness_config *config, const struct keyword_tally *tallies, size_t n,
		      uint64_t content_bytes, const struct richness_crawl *crawl, struct richness *out);

/* The first formula, kept for dual read and for RICHNESS_V2_ENABLED=false. */
double richness_legacy(uint64_t content_bytes, uint64_t hits, unsigned signal_types);

#endif
