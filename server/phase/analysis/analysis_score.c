#include "phase/analysis/analysis_score.h"

struct score analysis_score(const struct score_config *config, int64_t scoring_time_ms,
			    const struct score_projection *p)
{
	const struct score_input input = {
		.unique = p->keywords_unique,
		.hits = p->keyword_hits,
		.content_bytes = p->content_bytes,
		.title_has_keyword = p->title_has_keyword,
		.is_parked = p->is_parked,
		.has_parked_confidence = true,
		.parked_confidence = p->parked_confidence,
		.has_fetch_time = p->fetched_at_ms != 0,
		.age_ms = scoring_time_ms - p->fetched_at_ms,
	};
	struct score score;

	score_compute(config, &input, &score);
	return score;
}
