/* phase/analysis/analysis_phase.h: every finished feature row gets a score. No page is fetched.
 *
 * What a run scores with (snapshot, scoring time) is fixed in its run context, so a run gives the same scores whoever
 * does which batch, and a retry gives the same as the run it continues. Any thread. */
#ifndef PHASE_ANALYSIS_PHASE_H
#define PHASE_ANALYSIS_PHASE_H

#include "phase/phase.h"

struct metrics;

extern const struct phase_ops analysis_phase;

void analysis_metrics_register(struct metrics *metrics);

#endif
