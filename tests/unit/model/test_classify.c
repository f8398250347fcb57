/* Classes of richness and warnings at their bounds (docs/spec/05-insights.md §3, §4). */
#include "model/classify.h"

#include "base/compiler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct classify_limits limits = { .high_potential = 0.80,
					       .emerging = 0.60,
					       .at_risk = 0.40,
					       .lead_candidate = 0.20,
					       .stuffing = 0.05,
					       .repetition = 0.60,
					       .anchor_share = 0.80 };

static void richness_is_classed_by_its_bounds(void **state)
{
	static const struct {
		double richness;
		enum bucket bucket;
	} cases[] = { { 1, BUCKET_HIGH_POTENTIAL },    { 0.8001, BUCKET_HIGH_POTENTIAL }, { 0.80, BUCKET_EMERGING },
		      { 0.60, BUCKET_EMERGING },       { 0.5999, BUCKET_AT_RISK },        { 0.40, BUCKET_AT_RISK },
		      { 0.39, BUCKET_LEAD_CANDIDATE }, { 0.20, BUCKET_LEAD_CANDIDATE },   { 0.1999, BUCKET_LOW_VALUE },
		      { 0, BUCKET_LOW_VALUE } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(classify_richness(&limits, cases[i].richness), cases[i].bucket);
}

/* The list filters by the range what is shown by the class. */
static void a_class_is_its_range(const struct classify_limits *l)
{
	for (int i = -10; i <= 1010; i++) {
		double richness = i / 1000.0;
		int found = 0;

		for (int b = 0; b < BUCKET_OTHER; b++) {
			struct bucket_range range = classify_bucket_range(l, (enum bucket)b);

			if (richness < range.least || richness >= range.below)
				continue;
			assert_int_equal(classify_richness(l, richness), b);
			found++;
		}
		assert_int_equal(found, 1);
	}
}

static void classes_are_ranges_that_meet(void **state)
{
	struct classify_limits crossed = limits;

	(void)state;
	a_class_is_its_range(&limits);
	crossed.emerging = 0.9; /* above high potential: nothing is left for it */
	a_class_is_its_range(&crossed);
	crossed.at_risk = 0.1;
	crossed.lead_candidate = 0.3;
	a_class_is_its_range(&crossed);
}

static void a_warning_is_above_its_bound(void **state)
{
	(void)state;
	assert_int_equal(classify_warnings(&limits, 0.05, 0.60, 0.80), 0);
	assert_int_equal(classify_warnings(&limits, 0.0501, 0, 0), 1u << WARNING_STUFFING);
	assert_int_equal(classify_warnings(&limits, 0, 0.61, 0), 1u << WARNING_REPETITION);
	assert_int_equal(classify_warnings(&limits, 0, 0, 0.81), 1u << WARNING_ANCHOR);
	assert_int_equal(classify_warnings(&limits, 1, 1, 1), 7);
	assert_int_equal(classify_warnings(&limits, NAN, NAN, NAN), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(richness_is_classed_by_its_bounds),
		cmocka_unit_test(classes_are_ranges_that_meet),
		cmocka_unit_test(a_warning_is_above_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
