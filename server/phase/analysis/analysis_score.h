/* phase/analysis/analysis_score.h: the score of one stored feature row. Pure; any thread. Internal to phase/analysis/.
 */
#ifndef PHASE_ANALYSIS_SCORE_H
#define PHASE_ANALYSIS_SCORE_H

#include "scoring/score.h"
#include "store/feature_store.h"

#include <stdint.h>

struct score analysis_score(const struct score_config *config, int64_t scoring_time_ms,
			    const struct score_projection *projection);

#endif
