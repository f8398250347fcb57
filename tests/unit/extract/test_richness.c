#include "extract/richness.h"

#include "base/compiler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEYWORDS_MAX 12

struct hits {
	int keyword; /* 0.. */
	enum signal signal;
	unsigned count;
};

/* Twelve keywords once in body and anchor each; the first two in the title, four in h1, three in meta. */
#define SPREAD(i) \
	{ i, SIGNAL_BODY, 1 }, \
	{ \
		i, SIGNAL_ANCHOR, 1 \
	}
#define R9_HITS \
	{ \
		SPREAD(0), SPREAD(1), SPREAD(2), SPREAD(3), SPREAD(4), SPREAD(5), SPREAD(6), SPREAD(7), SPREAD(8), \
			SPREAD(9), SPREAD(10), SPREAD(11), { 0, SIGNAL_TITLE, 1 }, { 1, SIGNAL_TITLE, 1 }, \
			{ 0, SIGNAL_H1, 1 }, { 1, SIGNAL_H1, 1 }, { 2, SIGNAL_H1, 1 }, { 3, SIGNAL_H1, 1 }, \
			{ 0, SIGNAL_META, 1 }, { 1, SIGNAL_META, 1 }, \
		{ \
			2, SIGNAL_META, 1 \
		} \
	}

#define ANY -1.0 /* not given in the table */

/* 03 §7.2, reference vectors. */
static const struct {
	const char *name;
	uint64_t bytes;
	struct hits hits[40];
	struct richness_crawl crawl;
	double v, p, d, s, l, stuffing, repetition, anchor, bonus, richness;
} vectors[] = {
	{ "R1",
	  4096,
	  { { 0, SIGNAL_TITLE, 1 }, { 1, SIGNAL_BODY, 1 }, { 2, SIGNAL_BODY, 1 } },
	  { 0 },
	  0,
	  .466667,
	  .125,
	  .918296,
	  .05,
	  .016667,
	  0,
	  0,
	  0,
	  .263994 },
	{ "R2",
	  8192,
	  { { 0, SIGNAL_BODY, 15 }, { 1, SIGNAL_ANCHOR, 1 }, { 2, SIGNAL_ANCHOR, 1 }, { 0, SIGNAL_ANCHOR, 30 } },
	  { 0 },
	  .079956,
	  .336170,
	  .979167,
	  .903454,
	  .1,
	  .15,
	  .04,
	  .03,
	  0,
	  .185422 },
	{ "R3",
	  4096,
	  { { 0, SIGNAL_BODY, 12 }, { 1, SIGNAL_TITLE, 1 }, { 2, SIGNAL_H1, 1 }, { 3, SIGNAL_BODY, 1 } },
	  { 0 },
	  .079956,
	  .286667,
	  .625,
	  .441552,
	  .05,
	  .15,
	  .04,
	  0,
	  0,
	  .073136 },
	{ "R4",
	  8192,
	  { { 0, SIGNAL_ANCHOR, 8 },
	    { 1, SIGNAL_ANCHOR, 8 },
	    { 2, SIGNAL_ANCHOR, 8 },
	    { 0, SIGNAL_BODY, 6 },
	    { 1, SIGNAL_BODY, 6 },
	    { 2, SIGNAL_BODY, 6 } },
	  { 0 },
	  .221199,
	  .314286,
	  .875,
	  .985228,
	  .1,
	  .016667,
	  0,
	  .03,
	  0,
	  .392299 },
	{ "R5", 2048, { { 0, SIGNAL_BODY, 1 } }, { 0 }, 0, .2, .083333, 0, .025, .15, .04, 0, 0, 0 },
	{ "R6",
	  500,
	  { { 0, SIGNAL_MICROCRAWL, 1 }, { 1, SIGNAL_MICROCRAWL, 1 } },
	  { 0 },
	  0,
	  .125,
	  .333333,
	  0,
	  .0125,
	  .1,
	  .04,
	  0,
	  0,
	  0 },
	{ "R9", 40960, R9_HITS, { 0 }, .632121, .409091, .1375, .857060, .5, 0, 0, 0, 0, .516093 },
	{ "R10", 6144, R9_HITS, { 0 }, .632121, .409091, .916667, .857060, .075, 0, 0, 0, 0, .569218 },
	{ "R11", 6144, R9_HITS, { true, 12, 8, false }, ANY, ANY, ANY, ANY, ANY, 0, 0, 0, .0875, .619024 },
	{ "R12", 6144, R9_HITS, { true, 12, 1, true }, ANY, ANY, ANY, ANY, ANY, 0, 0, 0, .00765625, .573576 },
	{ "R13", 102400, R9_HITS, { 0 }, ANY, ANY, .055, ANY, .9, 0, 0, 0, 0, .563718 },
	{ "R14", 204800, R9_HITS, { 0 }, ANY, ANY, .0275, ANY, .8, 0, 0, 0, 0, .544593 },
	{ "R15",
	  4096,
	  { { 0, SIGNAL_TITLE, 5 }, { 1, SIGNAL_BODY, 3 } },
	  { 0 },
	  .153518,
	  .325,
	  .333333,
	  .954434,
	  .05,
	  .15,
	  .04,
	  0,
	  0,
	  .137971 },
};

static size_t tallies_of(const struct hits *hits, size_t n, struct keyword_tally tallies[KEYWORDS_MAX])
{
	size_t i, count = 0;
	unsigned k;

	for (i = 0; i < KEYWORDS_MAX; i++)
		tallies[i] = keyword_tally_make(&(struct uuid){ { (uint8_t)i } }, KEYWORD_FROM_SET);
	for (i = 0; i < n && hits[i].count > 0; i++) {
		const struct keyword_hit hit = { .signal = hits[i].signal, .position = -1, .base_weight = 1 };

		for (k = 0; k < hits[i].count; k++)
			keyword_tally_add(&tallies[hits[i].keyword], &hit);
		if ((size_t)hits[i].keyword + 1 > count)
			count = (size_t)hits[i].keyword + 1;
	}
	return count;
}

static void expect_near(const char *name, const char *what, double value, double wanted)
{
	if (wanted != ANY && fabs(value - wanted) > 1e-6)
		fail_msg("%s: %s is %.9f, not %.9f", name, what, value, wanted);
}

static void reference_vectors_hold(void **state)
{
	const struct richness_config config = richness_config_default();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(vectors); i++) {
		struct keyword_tally tallies[KEYWORDS_MAX];
		size_t n = tallies_of(vectors[i].hits, ARRAY_LEN(vectors[i].hits), tallies);
		const char *name = vectors[i].name;
		struct richness r;

		richness_compute(&config, tallies, n, vectors[i].bytes, &vectors[i].crawl, &r);
		expect_near(name, "V", r.diversity, vectors[i].v);
		expect_near(name, "P", r.prominence, vectors[i].p);
		expect_near(name, "D", r.density, vectors[i].d);
		expect_near(name, "S", r.entropy, vectors[i].s);
		expect_near(name, "L", r.length, vectors[i].l);
		expect_near(name, "stuffing", r.stuffing_penalty, vectors[i].stuffing);
		expect_near(name, "repetition", r.repetition_penalty, vectors[i].repetition);
		expect_near(name, "anchor", r.anchor_penalty, vectors[i].anchor);
		expect_near(name, "bonus", r.bonus, vectors[i].bonus);
		expect_near(name, "richness", r.value, vectors[i].richness);
		expect_near(name, "deductions", r.deductions,
			    r.stuffing_penalty + r.repetition_penalty + r.anchor_penalty);
	}
}

static void nothing_found_is_zero_without_components(void **state)
{
	const struct richness_config config = richness_config_default();
	struct keyword_tally tallies[KEYWORDS_MAX];
	size_t n = tallies_of(vectors[0].hits, 3, tallies);
	struct richness r;

	(void)state;
	richness_compute(&config, tallies, n, 0, NULL, &r);
	assert_false(r.has_components);
	assert_true(r.value == 0);
	richness_compute(&config, NULL, 0, 4096, NULL, &r);
	assert_false(r.has_components);
}

static void legacy_vectors_hold(void **state)
{
	(void)state;
	expect_near("legacy", "1", richness_legacy(2048, 4, 1), .4);
	expect_near("legacy", "2", richness_legacy(1024, 20, 1), 1);
	expect_near("legacy", "3", richness_legacy(4096, 10, 4), .525);
	expect_near("legacy", "4", richness_legacy(500, 1, 1), .2);
	expect_near("legacy", "5", richness_legacy(0, 1, 1), 0);
}

static void weights_are_merged_over_the_defaults(void **state)
{
	struct richness_config config = richness_config_default();

	(void)state;
	assert_true(status_ok(richness_config_merge(&config, "{\"V\":0.5,\"bonus_max\":0}", "{\"h1\":9}")));
	assert_true(config.diversity == 0.5 && config.bonus_max == 0 && config.signal_weights[SIGNAL_H1] == 9);
	assert_true(config.prominence == 0.25 && config.signal_weights[SIGNAL_TITLE] == 10);
	assert_true(status_ok(richness_config_merge(&config, "", NULL)));
	assert_true(config.diversity == 0.5);
}

static void bad_weights_leave_the_config_alone(void **state)
{
	static const char *const bad[] = { "{", "[]", "{\"V\":\"1\"}", "{\"X\":1}", "{\"V\":-1}", "{\"V\":1}{" };
	const struct richness_config before = richness_config_default();
	struct richness_config config = before;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(status_ok(richness_config_merge(&config, bad[i], NULL)));
		assert_false(status_ok(richness_config_merge(&config, "{\"V\":1}", bad[i])));
		assert_memory_equal(&config, &before, sizeof(config));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference_vectors_hold),
		cmocka_unit_test(nothing_found_is_zero_without_components),
		cmocka_unit_test(legacy_vectors_hold),
		cmocka_unit_test(weights_are_merged_over_the_defaults),
		cmocka_unit_test(bad_weights_leave_the_config_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
