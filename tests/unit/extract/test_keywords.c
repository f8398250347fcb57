#include "extract/keywords.h"

#include "base/arena.h"
#include "base/compiler.h"
#include "extract/parked.h"
#include "extract/richness.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct keyword_tally tally(char letter)
{
	return keyword_tally_make(&(struct uuid){ { (uint8_t)letter } }, KEYWORD_FROM_SET);
}

static void add(struct keyword_tally *t, enum signal signal, int64_t position, double base, double value,
		const char *surface)
{
	const struct keyword_hit hit = { .signal = signal,
					 .position = position,
					 .base_weight = base,
					 .value_score = value,
					 .surface = { surface, strlen(surface) } };

	keyword_tally_add(t, &hit);
}

/* 03 §5: z:2, b:1, a:1, c:1×0.5, d:1+1 → d(2), z(2), a(1); sum 6.5. */
static void the_top_three_break_ties_by_id(void **state)
{
	struct keyword_tally tallies[] = { tally('z'), tally('b'), tally('a'), tally('c'), tally('d'), tally('x') };
	struct keyword_summary summary;

	(void)state;
	add(&tallies[0], SIGNAL_BODY, 1, 2, 0, "z");
	add(&tallies[1], SIGNAL_BODY, 1, 1, 0, "b");
	add(&tallies[2], SIGNAL_TITLE, 1, 1, 0, "a");
	add(&tallies[3], SIGNAL_BODY, 1, 1, .5, "c");
	add(&tallies[4], SIGNAL_H1, 1, 1, 0, "d");
	add(&tallies[4], SIGNAL_BODY, 1, 1, 0, "d");
	keyword_summarize(tallies, ARRAY_LEN(tallies), &summary);
	assert_int_equal(summary.unique_count, 5);
	assert_int_equal(summary.total_occurrences, 6);
	assert_true(summary.weight_sum == 6.5);
	assert_int_equal(summary.top_count, 3);
	assert_int_equal(summary.top[0].tally->id.bytes[0], 'd');
	assert_int_equal(summary.top[1].tally->id.bytes[0], 'z');
	assert_int_equal(summary.top[2].tally->id.bytes[0], 'a');
	assert_true(summary.title_has_keyword);
	assert_int_equal(summary.by_signal[SIGNAL_BODY], 4);
}

static struct keyword_row only_row(struct arena *arena, const struct keyword_tally *t)
{
	const struct richness_config config = richness_config_default();
	struct keyword_summary summary;
	struct keyword_row *rows;
	size_t count;

	keyword_summarize(t, 1, &summary);
	assert_true(status_ok(keyword_rows(t, 1, &summary, config.signal_weights, 500, arena, &rows, &count)));
	assert_int_equal(count, 1);
	return rows[0];
}

static void hits_of_one_keyword_become_one_row(void **state)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct keyword_tally t = tally('k');
	struct keyword_row row;

	(void)state;
	add(&t, SIGNAL_TITLE, 10, 1, .5, "VoIP");
	add(&t, SIGNAL_TITLE, 5, 1, .5, "voip");
	row = only_row(arena, &t);
	assert_int_equal(row.occurrences, 2);
	assert_int_equal(row.first_seen_position, 5);
	assert_true(row.base_weight == 2 && row.value_score == 1 && row.effective_weight == 3);
	assert_string_equal(row.surface_form, "voip");
	assert_int_equal(row.signal, SIGNAL_TITLE);
	assert_true(row.is_primary);
}

static void the_dominant_signal_is_the_most_important_one(void **state)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct keyword_tally t = tally('k');

	(void)state;
	add(&t, SIGNAL_MICROCRAWL, -1, 1, 0, "a");
	assert_int_equal(only_row(arena, &t).signal, SIGNAL_MICROCRAWL);
	assert_false(only_row(arena, &t).is_primary);
	assert_int_equal(only_row(arena, &t).first_seen_position, -1);
	add(&t, SIGNAL_BODY, 9, 1, 0, "b");
	add(&t, SIGNAL_BODY, 7, 1, 0, "c");
	add(&t, SIGNAL_ANCHOR, 11, 1, 0, "d");
	assert_int_equal(only_row(arena, &t).signal, SIGNAL_ANCHOR);
	assert_true(only_row(arena, &t).is_primary);
	add(&t, SIGNAL_META, 12, 1, 0, "d");
	assert_int_equal(only_row(arena, &t).signal, SIGNAL_META);
}

static void the_least_important_rows_are_dropped_beyond_the_cap(void **state)
{
	const struct richness_config config = richness_config_default();
	AUTO(arena) struct arena *arena = arena_create(0);
	struct keyword_tally tallies[600];
	struct keyword_summary summary;
	struct keyword_row *rows;
	size_t count, i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(tallies); i++) {
		tallies[i] = keyword_tally_make(&(struct uuid){ { (uint8_t)(i >> 8), (uint8_t)i } }, KEYWORD_FROM_SET);
		add(&tallies[i], i % 6 == 0 ? SIGNAL_BODY : SIGNAL_TITLE, 1, 1, 0, "x");
	}
	keyword_summarize(tallies, ARRAY_LEN(tallies), &summary);
	assert_true(status_ok(
		keyword_rows(tallies, ARRAY_LEN(tallies), &summary, config.signal_weights, 500, arena, &rows, &count)));
	assert_int_equal(count, 500);
	for (i = 0; i < count; i++) {
		assert_int_equal(rows[i].signal, SIGNAL_TITLE);
		assert_true(i == 0 || memcmp(&rows[i - 1].keyword_id, &rows[i].keyword_id, 16) < 0);
	}
}

static void ranking_by_count_ignores_nothing_and_nobody(void **state)
{
	struct keyword_count counts[] = { { "voip", 5 }, { "fiber", 0 },   { "", 3 },
					  { "pbx", 2 },  { "telecom", 5 }, { "isp", 1 } };

	(void)state;
	assert_int_equal(keyword_rank(counts, ARRAY_LEN(counts), 3), 3);
	assert_string_equal(counts[0].text, "telecom");
	assert_string_equal(counts[1].text, "voip");
	assert_string_equal(counts[2].text, "pbx");
}

static void plain_keywords_get_ids_from_their_lower_case_text(void **state)
{
	struct uuid a, b, c;

	(void)state;
	assert_true(keyword_ad_hoc_id("VoIP", &a));
	assert_true(keyword_ad_hoc_id("voip", &b));
	assert_true(keyword_ad_hoc_id("voip ", &c));
	assert_true(uuid_equal(&a, &b));
	assert_false(uuid_equal(&a, &c));
	/* printf 'adhoc:voip' | sha256sum, version and variant set */
	assert_int_equal(a.bytes[6] >> 4, 8);
	assert_int_equal(a.bytes[8] >> 6, 2);
	assert_int_equal(a.bytes[0], 0x08);
	assert_int_equal(a.bytes[15], 0x1b);
}

static void parked_pages_are_known_by_their_words(void **state)
{
	static const struct {
		const char *title, *snippet;
		bool is_parked;
		double confidence;
	} cases[] = {
		{ "Buy This Domain - Premium Name", "", true, .307692 },
		{ "Coming Soon", "Sedo parking page for premium domain", true, .307692 },
		{ "Parked", "", false, .230769 },
		{ "Welcome", "godaddy landing page namecheap coming soon", true, .307692 },
		{ "Welcome", "Just a placeholder index", false, 0 },
		{ "Parked domain - buy this domain", "sedo namecheap godaddy coming soon", true, 1 },
		{ "", "", false, 0 },
		{ "Coming soon", "coming soon", false, .153846 }, /* counted once */
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct parked parked = parked_judge(cases[i].title, cases[i].snippet);

		assert_int_equal(parked.is_parked, cases[i].is_parked);
		assert_true(fabs(parked.confidence - cases[i].confidence) < 1e-6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_top_three_break_ties_by_id),
		cmocka_unit_test(hits_of_one_keyword_become_one_row),
		cmocka_unit_test(the_dominant_signal_is_the_most_important_one),
		cmocka_unit_test(the_least_important_rows_are_dropped_beyond_the_cap),
		cmocka_unit_test(ranking_by_count_ignores_nothing_and_nobody),
		cmocka_unit_test(plain_keywords_get_ids_from_their_lower_case_text),
		cmocka_unit_test(parked_pages_are_known_by_their_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
