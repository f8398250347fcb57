#include "scoring/score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS                  86400000
#define PENALTY_CONFIDENCE_MOST 0.9 /* surer than this, the lost nonParked share is penalty enough */

static const struct {
	const char *key, *text;
	double weight;
} components[SCORE_COMPONENT_COUNT] = {
#define X(name, key, weight, text) [SCORE_##name] = { key, text, weight },
	SCORE_COMPONENTS(X)
#undef X
};

const char *score_component_text(enum score_component component)
{
	return components[component].text;
}

const char *score_weight_key(enum score_component component)
{
	return components[component].key;
}

struct score_weights score_weights_default(void)
{
	struct score_weights weights;
	int i;

	for (i = 0; i < SCORE_COMPONENT_COUNT; i++)
		weights.of[i] = components[i].weight;
	return weights;
}

static int component_of(const char *key)
{
	int i;

	for (i = 0; i < SCORE_COMPONENT_COUNT; i++)
		if (strcmp(components[i].key, key) == 0)
			return i;
	return -1;
}

static double sum_of(const struct score_weights *weights)
{
	double sum = 0;
	int i;

	for (i = 0; i < SCORE_COMPONENT_COUNT; i++)
		sum += weights->of[i];
	return sum;
}

void score_weights_read(const json_t *map, const char *field, struct violations *violations, struct score_weights *out)
{
	unsigned before = violations->count;
	const char *key;
	const json_t *value;
	void *at;

	*out = score_weights_default();
	if (!json_is_object(map) || json_object_size(map) == 0) {
		violations_add(violations, field, "VALIDATION_ERROR", "must not be empty");
		return;
	}
	/* the iterator does not change the object; Jansson just has no const version */
	for (at = json_object_iter((json_t *)(uintptr_t)map); at;
	     at = json_object_iter_next((json_t *)(uintptr_t)map, at)) {
		char path[200];
		int component;

		key = json_object_iter_key(at);
		value = json_object_iter_value(at);
		component = component_of(key);
		snprintf(path, sizeof(path), "%.60s.%.100s", field, key);
		if (component < 0)
			violations_add(violations, path, "VALIDATION_ERROR", "unknown weight key");
		else if (!json_is_number(value) || !(json_number_value(value) >= 0 && json_number_value(value) <= 1))
			violations_add(violations, path, "VALIDATION_ERROR", "out of range: must be from 0 to 1");
		else
			out->of[component] = json_number_value(value);
	}
	if (violations->count == before && !(sum_of(out) > 0))
		violations_add(violations, field, "VALIDATION_ERROR", "sum of weights is zero");
}

struct score_weights score_weights_effective(const struct score_weights *given)
{
	struct score_weights effective;
	double sum = sum_of(given);
	int i;

	for (i = 0; i < SCORE_COMPONENT_COUNT; i++)
		effective.of[i] = given->of[i] / sum;
	return effective;
}

/* --- components ---------------------------------------------------------------------------------------------- */

static double clamp(double value)
{
	return value < 0 ? 0 : value > 1 ? 1 : value;
}

static double freshness(const struct score_input *input)
{
	if (!input->has_fetch_time)
		return 0;
	if (input->age_ms <= DAY_MS)
		return 1;
	if (input->age_ms < (int64_t)7 * DAY_MS)
		return 0.7;
	return input->age_ms < (int64_t)30 * DAY_MS ? 0.4 : 0;
}

static void components_fill(const struct score_config *config, const struct score_input *input, double out[])
{
	bool has_text = input->content_bytes > 0 && input->hits > 0;
	double per_kb = has_text ? input->hits / (input->content_bytes / 1024) : 0;

	out[SCORE_COVERAGE] = clamp(input->unique / 5);
	out[SCORE_DENSITY] = has_text ? clamp(per_kb / 3) : out[SCORE_COVERAGE];
	out[SCORE_NON_PARKED] = input->is_parked ? 0 : 1;
	out[SCORE_CONTENT_LENGTH] = clamp(input->content_bytes / 50000);
	out[SCORE_TITLE_KEYWORD] = input->title_has_keyword ? 1 : 0;
	out[SCORE_FRESHNESS] = freshness(input);
	out[SCORE_TF_LITE] = 0;
	if (config->is_tf_lite_enabled && config->effective.of[SCORE_TF_LITE] > 0 && has_text)
		out[SCORE_TF_LITE] = clamp(per_kb / 5) * clamp(log(1 + input->unique) / 2.4);
}

void score_compute(const struct score_config *config, const struct score_input *input, struct score *out)
{
	double sum = 0;
	int i;

	components_fill(config, input, out->components);
	for (i = 0; i < SCORE_COMPONENT_COUNT; i++)
		sum += out->components[i] * config->effective.of[i];
	out->is_penalty_applied =
		input->is_parked && input->has_parked_confidence && input->parked_confidence < PENALTY_CONFIDENCE_MOST;
	if (out->is_penalty_applied)
		sum *= config->parked_penalty_factor;
	out->value = round(clamp(sum) * 1000) / 1000; /* half away from zero */
}
