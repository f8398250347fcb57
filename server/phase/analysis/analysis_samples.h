/* phase/analysis/analysis_samples.h: domain_scored, what a scoring run says at its end. Internal to phase/analysis/. */
#ifndef PHASE_ANALYSIS_SAMPLES_H
#define PHASE_ANALYSIS_SAMPLES_H

#include "base/status.h"
#include "scoring/score.h"

#include <stdint.h>

struct arena;
struct phase_env;
struct phase_finish;
struct store_tx;

/* How the run scored. */
struct analysis_scoring {
	struct score_config config;
	int64_t time_ms;
};

/* Adds it to finish->samples. Values of components only with ENABLE_SSE_FULL_COMPONENTS, of the page's structure only
 * with ENABLE_SSE_STRUCTURAL_DETAILS. */
struct status analysis_sample_add(const struct phase_env *env, struct store_tx *tx, struct phase_finish *finish,
				  const struct analysis_scoring *scoring, struct arena *arena) MUST_CHECK;

#endif
