#include "scoring/breakdown.h"

#include <math.h>

/* --- states: the first that holds ------------------------------------------------------------------------------ */

static void fail_all(struct breakdown *out, enum component_state state, const char *reason)
{
	for (unsigned i = 0; i < SCORE_COMPONENT_COUNT; i++) {
		out->components[i].state = state;
		out->components[i].reason = reason;
	}
}

static void degrade(struct breakdown *out, const char *reason, enum component_state state, const char *component_reason)
{
	out->state = BREAKDOWN_DEGRADED;
	out->reason = reason;
	fail_all(out, state, component_reason);
}

static void keep_score(const struct breakdown_input *in, struct breakdown *out)
{
	out->has_overall = in->has_score;
	out->overall = round(in->score * 100000) / 1000;
}

static void compute(const struct breakdown_input *in, struct breakdown *out)
{
	struct score score;

	score_compute(&in->config, &in->values, &score);
	out->is_penalty_applied = score.is_penalty_applied;
	for (unsigned i = 0; i < SCORE_COMPONENT_COUNT; i++)
		out->components[i].value = score.components[i];
	if (!in->values.has_fetch_time) {
		out->components[SCORE_FRESHNESS].state = COMPONENT_UNAVAILABLE;
		out->components[SCORE_FRESHNESS].reason = "field_missing";
	}
}

static void set_state(struct breakdown *out, enum breakdown_state state, const char *reason)
{
	out->state = state;
	out->reason = reason;
}

void breakdown_make(const struct breakdown_input *in, struct breakdown *out)
{
	*out = (struct breakdown){ .state = BREAKDOWN_COMPLETE };
	if (!in->has_domain) {
		degrade(out, "domain_not_found", COMPONENT_UNAVAILABLE, "field_missing");
		return;
	}
	if (!in->has_row) {
		degrade(out, "feature_vector_missing", COMPONENT_UNAVAILABLE, "data_pending");
		return;
	}
	if (!in->is_config_known) {
		degrade(out, "internal_error", COMPONENT_ERROR, "computation_failed");
		return;
	}
	keep_score(in, out);
	if (!in->has_features) {
		set_state(out, BREAKDOWN_PARTIAL, "feature_vector_missing");
		fail_all(out, COMPONENT_UNAVAILABLE, "field_missing");
		return;
	}
	compute(in, out);
	if (!in->has_profile)
		set_state(out, BREAKDOWN_DEGRADED, "profile_not_found");
	else if (!in->values.has_fetch_time)
		set_state(out, BREAKDOWN_PARTIAL, "feature_vector_missing");
	else if (!in->has_score)
		set_state(out, BREAKDOWN_PARTIAL, "analysis_pending");
}

/* --- snapshots ------------------------------------------------------------------------------------------------- */

bool breakdown_config_read(const json_t *weights, const json_t *configuration, struct score_config *out)
{
	const json_t *factor = json_object_get(configuration, "parkedPenaltyFactor");
	const json_t *tf_lite = json_object_get(configuration, "tfLite");
	struct score_config config;

	if (!json_is_number(factor) || !json_is_boolean(tf_lite))
		return false;
	config.parked_penalty_factor = json_number_value(factor);
	config.is_tf_lite_enabled = json_is_true(tf_lite);
	for (unsigned i = 0; i < SCORE_COMPONENT_COUNT; i++) {
		const json_t *weight = json_object_get(weights, score_weight_key((enum score_component)i));

		if (!json_is_number(weight))
			return false;
		config.effective.of[i] = json_number_value(weight);
	}
	*out = config;
	return true;
}
