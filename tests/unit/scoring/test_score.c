#include "scoring/score.h"

#include "base/arena.h"
#include "base/compiler.h"
#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define UNKNOWN_AGE -1.0
#define NOT_PARKED  -1.0

/* 04 §2, row by row. */
static const struct {
	bool is_w6, tf_lite_weight, tf_lite_on;
	double unique, hits, bytes;
	bool title;
	double age_days, parked_confidence;
	double score;
} vectors[] = {
	{ true, false, false, 5, 15, 20000, true, .04, .5, 0.308 },
	{ true, false, false, 5, 15, 18000, true, .04, NOT_PARKED, 0.721 },
	{ false, false, false, 5, 15, 18000, true, .04, NOT_PARKED, 0.686 },
	{ false, false, false, 3, 9, 8192, true, .5, NOT_PARKED, 0.598 },
	{ false, false, false, 3, 9, 8192, false, 3, NOT_PARKED, 0.468 },
	{ false, false, false, 1, 1, 51200, false, 10, NOT_PARKED, 0.292 },
	{ false, false, false, 0, 0, 20000, false, .5, NOT_PARKED, 0.24 },
	{ false, false, false, 0, 0, 0, false, UNKNOWN_AGE, NOT_PARKED, 0.1 },
	{ false, false, false, 6, 40, 60000, true, 31, NOT_PARKED, 0.63 },
	{ false, false, false, 5, 15, 20000, true, .04, .95, 0.58 },
	{ false, false, false, 5, 15, 20000, true, .04, .4, 0.29 },
	{ false, true, true, 4, 12, 10240, true, .5, NOT_PARKED, 0.577 },
	{ false, true, false, 4, 12, 10240, true, .5, NOT_PARKED, 0.55 },
};

static struct score score_of(size_t i)
{
	struct score_weights given = score_weights_default();
	struct score_config config = { .parked_penalty_factor = SCORE_PENALTY_FACTOR_DEFAULT,
				       .is_tf_lite_enabled = vectors[i].tf_lite_on };
	struct score_input input = {
		.unique = vectors[i].unique,
		.hits = vectors[i].hits,
		.content_bytes = vectors[i].bytes,
		.title_has_keyword = vectors[i].title,
		.is_parked = vectors[i].parked_confidence >= 0,
		.has_parked_confidence = vectors[i].parked_confidence >= 0,
		.parked_confidence = vectors[i].parked_confidence,
		.has_fetch_time = vectors[i].age_days >= 0,
		.age_ms = (int64_t)(vectors[i].age_days * 86400000),
	};
	struct score score;

	if (vectors[i].is_w6)
		given = (struct score_weights){ { .3, .3, .1, .1, .1, .1, 0 } };
	if (vectors[i].tf_lite_weight)
		given.of[SCORE_TF_LITE] = 0.2;
	config.effective = score_weights_effective(&given);
	score_compute(&config, &input, &score);
	return score;
}

static void scores_are_those_of_the_specification(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(vectors); i++) {
		double value = score_of(i).value;

		if (fabs(value - vectors[i].score) > 1e-12)
			fail_msg("vector %zu: %.6f, not %.6f", i + 1, value, vectors[i].score);
	}
}

static void the_penalty_is_reported_only_when_applied(void **state)
{
	(void)state;
	assert_true(score_of(0).is_penalty_applied);
	assert_false(score_of(1).is_penalty_applied);
	assert_false(score_of(9).is_penalty_applied); /* confidence .95 */
}

static void components_explain_the_score(void **state)
{
	struct score_weights given = score_weights_default();
	size_t i;

	(void)state;
	for (i = 2; i < 9; i++) {
		struct score score = score_of(i);
		double sum = 0;
		int c;

		for (c = 0; c < SCORE_COMPONENT_COUNT; c++)
			sum += score.components[c] * given.of[c];
		assert_true(fabs(sum - score.value) <= 0.0005);
	}
}

static void freshness_steps_are_inclusive_as_written(void **state)
{
	static const struct {
		int64_t age_ms;
		double freshness;
	} cases[] = { { -5, 1 },
		      { 86400000, 1 },
		      { 86400001, .7 },
		      { 7 * 86400000LL - 1, .7 },
		      { 7 * 86400000LL, .4 },
		      { 30 * 86400000LL - 1, .4 },
		      { 30 * 86400000LL, 0 } };
	struct score_weights given = score_weights_default();
	struct score_config config = { .effective = score_weights_effective(&given) };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct score_input input = { .has_fetch_time = true, .age_ms = cases[i].age_ms };
		struct score score;

		score_compute(&config, &input, &score);
		assert_true(score.components[SCORE_FRESHNESS] == cases[i].freshness);
	}
}

/* --- weights ------------------------------------------------------------------------------------------------- */

static unsigned read_weights(const char *text, struct arena *arena, struct score_weights *out, const char **field,
			     const char **message)
{
	AUTO(json) json_t *map = NULL;
	struct violations violations;

	assert_true(status_ok(json_read(text, strlen(text), 4096, &map)));
	violations_init(&violations, arena);
	score_weights_read(map, "weights", &violations, out);
	*field = violations.head ? violations.head->field : "";
	*message = violations.head ? violations.head->message : "";
	return violations.count;
}

static void missing_weights_are_filled_and_all_divided_by_the_sum(void **state)
{
	static const double effective[] = { .434783, .217391, .086957, .086957, .086957, .086957, 0 };
	AUTO(arena) struct arena *arena = arena_create(0);
	struct score_weights given;
	const char *field, *message;
	int i;

	(void)state;
	assert_int_equal(read_weights("{\"keyword_density_weight\":0.5}", arena, &given, &field, &message), 0);
	given = score_weights_effective(&given);
	for (i = 0; i < SCORE_COMPONENT_COUNT; i++)
		assert_true(fabs(given.of[i] - effective[i]) < 1e-6);
}

static void bad_weights_are_named(void **state)
{
	static const struct {
		const char *map, *field, *message;
	} cases[] = {
		{ "{}", "weights", "must not be empty" },
		{ "[]", "weights", "must not be empty" },
		{ "{\"density\":0.5}", "weights.density", "unknown weight key" },
		{ "{\"freshness_weight\":1.01}", "weights.freshness_weight", "out of range" },
		{ "{\"freshness_weight\":-0.1}", "weights.freshness_weight", "out of range" },
		{ "{\"freshness_weight\":\"1\"}", "weights.freshness_weight", "out of range" },
		{ "{\"keyword_density_weight\":0,\"unique_keyword_coverage_weight\":0,\"non_parked_weight\":0,"
		  "\"content_length_quality_weight\":0,\"title_keyword_weight\":0,\"freshness_weight\":0}",
		  "weights", "sum of weights is zero" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena) struct arena *arena = arena_create(0);
		struct score_weights given;
		const char *field, *message;

		assert_int_equal(read_weights(cases[i].map, arena, &given, &field, &message), 1);
		assert_string_equal(field, cases[i].field);
		assert_non_null(strstr(message, cases[i].message));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_are_those_of_the_specification),
		cmocka_unit_test(the_penalty_is_reported_only_when_applied),
		cmocka_unit_test(components_explain_the_score),
		cmocka_unit_test(freshness_steps_are_inclusive_as_written),
		cmocka_unit_test(missing_weights_are_filled_and_all_divided_by_the_sum),
		cmocka_unit_test(bad_weights_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
