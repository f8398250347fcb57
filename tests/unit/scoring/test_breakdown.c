/* What a breakdown says for each thing that may be missing (docs/spec/04-scoring.md §8). */
#include "scoring/breakdown.h"

#include "base/compiler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DAY_MS 86400000

/* The third vector of §2: defaults, 5 keywords, 15 hits, 18,000 bytes, title, an hour old: 0.686. */
static struct breakdown_input scored(void)
{
	struct score_weights weights = score_weights_default();

	return (struct breakdown_input){ .has_domain = true,
					 .has_row = true,
					 .has_features = true,
					 .has_profile = true,
					 .is_config_known = true,
					 .has_score = true,
					 .score = 0.686,
					 .config = { .effective = score_weights_effective(&weights),
						     .parked_penalty_factor = 0.5 },
					 .values = { .unique = 5,
						     .hits = 15,
						     .content_bytes = 18000,
						     .title_has_keyword = true,
						     .has_parked_confidence = true,
						     .has_fetch_time = true,
						     .age_ms = DAY_MS / 25 } };
}

static void no_domain(struct breakdown_input *in)
{
	*in = (struct breakdown_input){ .has_profile = true, .is_config_known = true };
}

static void no_row(struct breakdown_input *in)
{
	in->has_row = in->has_features = in->has_score = false;
}

static void failed_fetch(struct breakdown_input *in)
{
	in->has_features = in->has_score = false;
}

static void no_fetch_time(struct breakdown_input *in)
{
	in->values.has_fetch_time = false;
}

static void no_score(struct breakdown_input *in)
{
	in->has_score = false;
}

static void no_profile(struct breakdown_input *in)
{
	in->has_profile = false;
}

static void bad_snapshot(struct breakdown_input *in)
{
	in->is_config_known = false;
}

static const struct {
	void (*spoil)(struct breakdown_input *in);
	enum breakdown_state state;
	const char *reason;
	bool has_overall;
	enum component_state components;
	const char *component_reason;
} cases[] = {
	{ no_domain, BREAKDOWN_DEGRADED, "domain_not_found", false, COMPONENT_UNAVAILABLE, "field_missing" },
	{ no_row, BREAKDOWN_DEGRADED, "feature_vector_missing", false, COMPONENT_UNAVAILABLE, "data_pending" },
	{ failed_fetch, BREAKDOWN_PARTIAL, "feature_vector_missing", false, COMPONENT_UNAVAILABLE, "field_missing" },
	{ no_score, BREAKDOWN_PARTIAL, "analysis_pending", false, COMPONENT_OK, NULL },
	{ no_profile, BREAKDOWN_DEGRADED, "profile_not_found", true, COMPONENT_OK, NULL },
	{ bad_snapshot, BREAKDOWN_DEGRADED, "internal_error", false, COMPONENT_ERROR, "computation_failed" },
};

static void what_is_missing_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct breakdown_input in = scored();
		struct breakdown out;

		cases[i].spoil(&in);
		breakdown_make(&in, &out);
		assert_int_equal(out.state, cases[i].state);
		assert_string_equal(out.reason, cases[i].reason);
		assert_int_equal(out.has_overall, cases[i].has_overall);
		for (unsigned c = 0; c < SCORE_COMPONENT_COUNT; c++) {
			assert_int_equal(out.components[c].state, cases[i].components);
			if (cases[i].component_reason)
				assert_string_equal(out.components[c].reason, cases[i].component_reason);
			else
				assert_null(out.components[c].reason);
		}
	}
}

static void one_missing_input_spoils_its_component_only(void **state)
{
	struct breakdown_input in = scored();
	struct breakdown out;

	(void)state;
	no_fetch_time(&in);
	breakdown_make(&in, &out);
	assert_int_equal(out.state, BREAKDOWN_PARTIAL);
	assert_string_equal(out.reason, "feature_vector_missing");
	assert_true(out.has_overall);
	for (unsigned c = 0; c < SCORE_COMPONENT_COUNT; c++)
		assert_int_equal(out.components[c].state, c == SCORE_FRESHNESS ? COMPONENT_UNAVAILABLE : COMPONENT_OK);
	assert_string_equal(out.components[SCORE_FRESHNESS].reason, "field_missing");
}

static double sum(const struct breakdown_input *in, const struct breakdown *out)
{
	double total = 0;

	for (unsigned c = 0; c < SCORE_COMPONENT_COUNT; c++)
		total += out->components[c].value * in->config.effective.of[c] * 100;
	return total;
}

static void components_add_up_to_the_score(void **state)
{
	struct breakdown_input in = scored();
	struct breakdown out;

	(void)state;
	breakdown_make(&in, &out);
	assert_int_equal(out.state, BREAKDOWN_COMPLETE);
	assert_null(out.reason);
	assert_false(out.is_penalty_applied);
	assert_true(out.overall == 68.6);
	assert_true(fabs(sum(&in, &out) - out.overall) <= 0.05);
	in.values.is_parked = true; /* the eleventh vector: 20,000 bytes, confidence 0.4: 0.29 */
	in.values.parked_confidence = 0.4;
	in.values.content_bytes = 20000;
	in.score = 0.29;
	breakdown_make(&in, &out);
	assert_true(out.is_penalty_applied);
	assert_true(fabs(sum(&in, &out) * 0.5 - out.overall) <= 0.05);
}

static json_t *weights_of(double each)
{
	json_t *map = json_object();

	for (unsigned c = 0; c < SCORE_COMPONENT_COUNT; c++)
		json_object_set_new(map, score_weight_key((enum score_component)c), json_real(each));
	return map;
}

static void a_snapshot_is_read_whole_or_not_at_all(void **state)
{
	json_t *weights = weights_of(0.125),
	       *configuration = json_pack("{s:b, s:f}", "tfLite", 1, "parkedPenaltyFactor", 0.25);
	struct score_config config = { 0 };

	(void)state;
	assert_true(breakdown_config_read(weights, configuration, &config));
	assert_true(config.effective.of[SCORE_TF_LITE] == 0.125);
	assert_true(config.is_tf_lite_enabled);
	assert_true(config.parked_penalty_factor == 0.25);
	json_object_del(weights, "freshness_weight");
	assert_false(breakdown_config_read(weights, configuration, &config));
	assert_false(breakdown_config_read(NULL, configuration, &config));
	assert_false(breakdown_config_read(weights, NULL, &config));
	json_decref(weights);
	json_decref(configuration);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(one_missing_input_spoils_its_component_only),
		cmocka_unit_test(components_add_up_to_the_score),
		cmocka_unit_test(a_snapshot_is_read_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
