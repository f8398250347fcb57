/* scoring/score.h: weights × feature row → relevance score and its components (04 §1, §2).
 *
 * Pure, any thread; the scoring time is a parameter, so one run is deterministic to the bit. */
#ifndef SCORING_SCORE_H
#define SCORING_SCORE_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The components in the order of the sum; key of the weight, default weight, name in breakdowns. */
#define SCORE_COMPONENTS(X) \
	X(DENSITY, "keyword_density_weight", 0.35, "density") \
	X(COVERAGE, "unique_keyword_coverage_weight", 0.25, "coverage") \
	X(NON_PARKED, "non_parked_weight", 0.10, "nonParked") \
	X(CONTENT_LENGTH, "content_length_quality_weight", 0.10, "contentLength") \
	X(TITLE_KEYWORD, "title_keyword_weight", 0.10, "titleKeyword") \
	X(FRESHNESS, "freshness_weight", 0.10, "freshness") \
	X(TF_LITE, "tf_lite_weight", 0.00, "tfLite")

enum score_component {
#define X(name, key, weight, text) SCORE_##name,
	SCORE_COMPONENTS(X)
#undef X
		SCORE_COMPONENT_COUNT
};

#define SCORE_PENALTY_FACTOR_DEFAULT 0.5
#define SCORE_ALGORITHM_VERSION      "1.0"

struct score_weights {
	double of[SCORE_COMPONENT_COUNT];
};

const char *score_component_text(enum score_component component); /* "density" … */
const char *score_weight_key(enum score_component component);     /* "keyword_density_weight" … */
struct score_weights score_weights_default(void);

/* Reads a map of weights; missing keys get their default. Adds one violation per bad key under `field`
 * ("weights.freshness_weight"): "unknown weight key", "out of range"; for the whole: "must not be empty", "sum of
 * weights is zero". *out is only meaningful when nothing was added. */
void score_weights_read(const json_t *map, const char *field, struct violations *violations, struct score_weights *out);

/* Divided by their sum. The sum must be above 0 (score_weights_read sees to it). */
struct score_weights score_weights_effective(const struct score_weights *given);

struct score_config {
	struct score_weights effective;
	double parked_penalty_factor; /* 0..1 */
	bool is_tf_lite_enabled;
};

struct score_input {
	double unique; /* kw_unique */
	double hits;   /* kw_hits_total, or Σ effective_weight of the keyword rows with useKeywordWeights */
	double content_bytes;
	bool title_has_keyword;
	bool is_parked;
	bool has_parked_confidence;
	double parked_confidence;
	bool has_fetch_time;
	int64_t age_ms; /* scoring time − fetch time */
};

struct score {
	double value; /* 0..1, three decimals */
	double components[SCORE_COMPONENT_COUNT];
	bool is_penalty_applied;
};

void score_compute(const struct score_config *config, const struct score_input *input, struct score *out);

#endif
