/* scoring/breakdown.h: what a score is made of, and how much of that is known (04 §8).
 * Pure, any thread; the scoring time is a parameter. */
#ifndef SCORING_BREAKDOWN_H
#define SCORING_BREAKDOWN_H

#include "scoring/score.h"

#include <stdbool.h>
#include <stdint.h>

enum breakdown_state { BREAKDOWN_COMPLETE, BREAKDOWN_PARTIAL, BREAKDOWN_DEGRADED };
enum component_state { COMPONENT_OK, COMPONENT_UNAVAILABLE, COMPONENT_ERROR };

/* What is known of a domain. */
struct breakdown_input {
	bool has_domain;
	bool has_row;         /* a feature row, whatever became of the fetch */
	bool has_features;    /* the page was read */
	bool has_profile;     /* the campaign's profile, or it has none and the built-in one counts */
	bool is_config_known; /* the snapshot's weights could be read */
	bool has_score;
	double score; /* stored */
	struct score_config config;
	struct score_input values; /* with has_features */
};

struct breakdown {
	enum breakdown_state state;
	const char *reason; /* NULL when complete */
	bool has_overall;
	double overall; /* 0..100 */
	bool is_penalty_applied;
	struct {
		enum component_state state;
		const char *reason; /* NULL when ok */
		double value;       /* when ok */
	} components[SCORE_COMPONENT_COUNT];
};

void breakdown_make(const struct breakdown_input *input, struct breakdown *out);

/* Reads a snapshot: its effective weights and its configuration, as analysis writes them. False when they are not
 * such. */
bool breakdown_config_read(const json_t *weights, const json_t *configuration, struct score_config *out);

#endif
