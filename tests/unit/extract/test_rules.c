#include "extract/rules.h"

#include "base/arena.h"
#include "base/compiler.h"
#include "extract/fold.h"
#include "extract/page.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
	struct page *page;
	struct rules_scratch *scratch;
	struct arena *arena;
	struct page_signals signals;
	struct rules_found found;
};

static int world_open(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->page = page_create(PAGE_TEXT_BYTES_MAX);
	w->scratch = rules_scratch_create();
	w->arena = arena_create(0);
	*state = w;
	return 0;
}

static int world_close(void **state)
{
	struct world *w = *state;

	page_destroy(w->page);
	rules_scratch_destroy(w->scratch);
	arena_destroy(w->arena);
	free(w);
	return 0;
}

static struct uuid id_of(unsigned number)
{
	return (struct uuid){ { (uint8_t)(number >> 8), (uint8_t)number } };
}

static struct rule_spec rule(unsigned id, const char *pattern)
{
	return (struct rule_spec){ .keyword_id = id_of(id), .pattern = pattern, .weight = 1, .context_chars = 5 };
}

static struct rules *compile(const struct rule_spec *specs, size_t n)
{
	struct rules *rules = NULL;

	assert_true(status_ok(rules_compile(specs, n, &rules)));
	return rules;
}

static void scan(struct world *w, const struct rules *rules, const char *html)
{
	page_begin(w->page, "example.com", "text/html; charset=utf-8");
	assert_true(status_ok(page_feed(w->page, html, strlen(html))));
	assert_true(status_ok(page_finish(w->page, false, &w->signals)));
	assert_true(status_ok(rules_scan(rules, w->scratch, &w->signals, w->arena, &w->found)));
}

static const struct keyword_tally *tally_of(const struct world *w, unsigned id)
{
	const struct uuid wanted = id_of(id);
	size_t i;

	for (i = 0; i < w->found.count; i++)
		if (uuid_equal(&w->found.tallies[i].id, &wanted))
			return &w->found.tallies[i];
	return NULL;
}

static uint32_t hits(const struct world *w, unsigned id)
{
	const struct keyword_tally *tally = tally_of(w, id);

	return tally ? tally->occurrences : 0;
}

static void occurrences_are_counted_by_region(void **state)
{
	const struct rule_spec specs[] = { rule(1, "VoIP"), rule(2, "never") };
	struct rules *rules = compile(specs, 2);
	struct world *w = *state;
	const struct keyword_tally *t;

	scan(w, rules,
	     "<title>voip</title><meta name=description content='VOIP voip'><h1>Voip <a href=/>voip</a></h1>"
	     "<a href=/v>voip</a><p>voipvoip and voip</p><nav>voip</nav>");
	t = tally_of(w, 1);
	assert_non_null(t);
	assert_int_equal(t->by_signal[SIGNAL_TITLE], 1);
	assert_int_equal(t->by_signal[SIGNAL_META], 2);
	assert_int_equal(t->by_signal[SIGNAL_H1], 2);
	assert_int_equal(t->by_signal[SIGNAL_ANCHOR], 1);
	assert_int_equal(t->by_signal[SIGNAL_BODY], 3);
	assert_int_equal(t->occurrences, 9);
	assert_int_equal(w->found.hits, 9);
	assert_int_equal(w->found.count, 1);
	assert_int_equal(t->first_position, 0);
	assert_int_equal(t->context_count, KEYWORD_CONTEXTS_MAX);
	rules_release(rules);
}

static void occurrences_of_one_rule_do_not_overlap(void **state)
{
	static const struct {
		const char *pattern, *html;
		uint32_t count;
	} cases[] = {
		{ "aa", "aaaaa", 2 },
		{ "aba", "ababa aba", 2 },
		{ "a", "aaaa", 4 },
		{ "fast telecom", "<p>fast</p><p>telecom</p>", 1 },
		{ "telecom", "tele<b>com</b>", 1 },
		{ "fast telecom", "fast <a href=/x>and</a> telecom", 0 },
		{ "  fast \t telecom ", "fast\n\n telecom", 1 },
		{ "one two", "<h1>one</h1><h1>two</h1>", 0 },
		{ "ab", "<h1>a</h1>b", 0 },
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		const struct rule_spec specs[] = { rule(1, cases[i].pattern) };
		struct rules *rules = compile(specs, 1);

		scan(w, rules, cases[i].html);
		if (hits(w, 1) != cases[i].count)
			fail_msg("%s in %s: %u", cases[i].pattern, cases[i].html, hits(w, 1));
		rules_release(rules);
	}
}

static void letter_case_counts_only_where_asked(void **state)
{
	struct rule_spec specs[] = { rule(1, "Stra\xC3\x9F"
					     "e"),
				     rule(2, "\xC3\x89TUDE"),
				     rule(3, "\xC5\xBD"
					     "ena"),
				     rule(4, "PBX"), rule(5, "kelvin") };
	struct world *w = *state;
	struct rules *rules;

	specs[3].is_case_sensitive = true;
	rules = compile(specs, ARRAY_LEN(specs));
	scan(w, rules,
	     "STRA\xE1\xBA\x9E"
	     "E \xC3\xA9tude \xC3\x89TUDE \xC5\xBE"
	     "ENA pbx PBX \xE2\x84\xAA"
	     "elvin stra\xC3\x9F"
	     "e");
	assert_int_equal(hits(w, 1), 2);
	assert_int_equal(hits(w, 2), 2);
	assert_int_equal(hits(w, 3), 1);
	assert_int_equal(hits(w, 4), 1);
	assert_int_equal(hits(w, 5), 1);
	/* positions and surfaces are those of the text as written, behind characters that fold to fewer bytes */
	assert_int_equal(tally_of(w, 5)->first_position, 37);
	assert_memory_equal(tally_of(w, 5)->surface.text,
			    "\xE2\x84\xAA"
			    "elvin",
			    8);
	assert_int_equal(tally_of(w, 5)->surface.len, 8);
	assert_memory_equal(tally_of(w, 1)->surface.text,
			    "STRA\xE1\xBA\x9E"
			    "E",
			    8);
	rules_release(rules);
}

static void duplicate_patterns_are_matched_once(void **state)
{
	struct rule_spec specs[] = { rule(1, "voip"), rule(2, "VOIP"), rule(3, " voip "), rule(4, "pbx"),
				     rule(4, "trunk") };
	struct world *w = *state;
	struct rules *rules = compile(specs, ARRAY_LEN(specs));

	scan(w, rules, "voip pbx trunk");
	assert_int_equal(hits(w, 1), 1);
	assert_null(tally_of(w, 2));
	assert_null(tally_of(w, 3));
	assert_int_equal(hits(w, 4), 2); /* two patterns, one keyword */
	assert_int_equal(w->found.count, 2);
	rules_release(rules);
}

static void contexts_are_cut_at_characters_and_regions(void **state)
{
	struct rule_spec specs[] = { rule(1, "key") };
	struct world *w = *state;
	struct rules *rules = compile(specs, 1);
	const struct keyword_tally *t;

	scan(w, rules,
	     "<title>a key</title><p>\xC3\xA9\xC3\xA9\xC3\xA9key\xC3\xA9\xC3\xA9\xC3\xA9 <a href=/>x</a> key");
	t = tally_of(w, 1);
	assert_int_equal(t->context_count, 3);
	assert_int_equal(t->contexts[0].len, 5);
	assert_memory_equal(t->contexts[0].text, "a key", 5);
	assert_int_equal(t->contexts[1].len, 4 + 3 + 4);
	assert_memory_equal(t->contexts[1].text, "\xC3\xA9\xC3\xA9key\xC3\xA9\xC3\xA9", 11);
	assert_int_equal(t->contexts[2].len, 2 + 2 + 1 + 3 - 1 + 1);
	rules_release(rules);
}

static void bad_rules_are_refused_by_number(void **state)
{
	char huge[RULES_PATTERN_BYTES + 2];
	const struct {
		const char *pattern;
		double weight;
	} cases[] = { { "", 1 }, { "  \n", 1 }, { huge, 1 }, { "x", (double)INFINITY } };
	struct rules *rules = NULL;
	size_t i;

	(void)state;
	memset(huge, 'x', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct rule_spec specs[] = { rule(1, "good"), rule(2, cases[i].pattern) };
		struct status st;

		specs[1].weight = cases[i].weight;
		st = rules_compile(specs, 2, &rules);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
		assert_non_null(strstr(st.detail, "rule 1"));
		assert_null(rules);
	}
}

static void many_rules_and_one_scratch_go_together(void **state)
{
	static char patterns[3000][16];
	struct rule_spec *specs = calloc(3000, sizeof(*specs));
	struct world *w = *state;
	struct rules *large, *none;
	unsigned i;

	for (i = 0; i < 3000; i++) {
		snprintf(patterns[i], sizeof(patterns[i]), "kw%ux", i);
		specs[i] = rule(i, patterns[i]);
	}
	large = compile(specs, 3000);
	none = compile(NULL, 0);
	assert_int_equal(rules_keyword_count(large), 3000);
	scan(w, large, "kw7x KW2999X kw42x kw7x");
	assert_int_equal(w->found.count, 3);
	assert_int_equal(hits(w, 7), 2);
	assert_int_equal(w->found.tallies[1].id.bytes[1], 42); /* in the order of the set */
	scan(w, none, "kw7x");
	assert_int_equal(w->found.count, 0);
	scan(w, large, "kw7x");
	assert_int_equal(hits(w, 7), 1);
	scan(w, large, "");
	assert_int_equal(w->found.hits, 0);
	rules_release(none);
	rules_release(rules_retain(large));
	rules_release(large);
	free(specs);
}

static void *scan_many_times(void *arg)
{
	struct rules *rules = arg;
	void *state = NULL;
	bool ok = world_open(&state) == 0;
	struct world *w = state;
	int i;

	for (i = 0; i < 200 && ok; i++) {
		static const char html[] = "<title>voip</title>VOIP pbx <a href=/>voip</a>";
		struct rules *mine = rules_retain(rules);

		arena_reset(w->arena);
		page_begin(w->page, "example.com", "text/html");
		ok = status_ok(page_feed(w->page, html, sizeof(html) - 1)) &&
		     status_ok(page_finish(w->page, false, &w->signals)) &&
		     status_ok(rules_scan(mine, w->scratch, &w->signals, w->arena, &w->found)) && hits(w, 1) == 3 &&
		     hits(w, 2) == 1;
		rules_release(mine);
	}
	world_close(&state);
	return ok ? rules : NULL;
}

static void one_set_serves_many_threads(void **state)
{
	const struct rule_spec specs[] = { rule(1, "voip"), rule(2, "pbx") };
	struct rules *rules = compile(specs, 2);
	pthread_t threads[4];
	void *result;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, scan_many_times, rules), 0);
	for (i = 0; i < ARRAY_LEN(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, rules);
	}
	rules_release(rules);
}

static void hits_without_end_are_cut_and_said(void **state)
{
	const size_t n = RULES_HITS_MAX + 1000;
	struct rule_spec specs[] = { rule(1, "a") };
	struct world *w = *state;
	struct rules *rules = compile(specs, 1);
	char *html = malloc(n + 1);

	memset(html, 'a', n);
	html[n] = '\0';
	scan(w, rules, html);
	assert_true(w->found.is_cut);
	assert_int_equal(hits(w, 1), RULES_HITS_MAX);
	html[100] = '\0';
	scan(w, rules, html);
	assert_false(w->found.is_cut);
	assert_int_equal(hits(w, 1), 100);
	free(html);
	rules_release(rules);
}

/* СвяЗь ЁЖ, then two kana, then Žx */
#define CYRILLIC_AND_KANA "\xD0\xA1\xD0\xB2\xD1\x8F\xD0\x97\xD1\x8C \xD0\x81\xD0\x96 \xE3\x81\x93\xE3\x82\x8C \xC5\xBDx"
#define CYRILLIC_AND_KANA_FOLDED \
	"\xD1\x81\xD0\xB2\xD1\x8F\xD0\xB7\xD1\x8C \xD1\x91\xD0\xB6 \xE3\x81\x93\xE3\x82\x8C \xC5\xBEx"

static void folding_keeps_what_it_does_not_know(void **state)
{
	static const struct {
		uint32_t from, to;
	} cases[] = { { 'A', 'a' },     { 'z', 'z' },      { '[', '[' },     { 0xC0, 0xE0 },   { 0xD7, 0xD7 },
		      { 0xDF, 0xDF },   { 0x100, 0x101 },  { 0x101, 0x101 }, { 0x130, 0x130 }, { 0x131, 0x131 },
		      { 0x138, 0x138 }, { 0x139, 0x13A },  { 0x148, 0x148 }, { 0x14A, 0x14B }, { 0x178, 0xFF },
		      { 0x179, 0x17A }, { 0x17D, 0x17E },  { 0x17F, 's' },   { 0x391, 0x3B1 }, { 0x410, 0x430 },
		      { 0x401, 0x451 }, { 0x4E00, 0x4E00 } };
	char in[64], out[64];
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(fold_code_point(cases[i].from), cases[i].to);
	for (i = 0; i < 63; i++)
		in[i] = (char)(i + 1 + 63);
	assert_true(fold_text(CYRILLIC_AND_KANA, sizeof(CYRILLIC_AND_KANA) - 1, out, &n, NULL));
	assert_int_equal(n, sizeof(CYRILLIC_AND_KANA) - 1);
	assert_memory_equal(out, CYRILLIC_AND_KANA_FOLDED, n);
	assert_true(fold_text(in, 63, out, &n, NULL));
	for (i = 0; i < n; i++)
		assert_int_equal(out[i], fold_code_point((unsigned char)in[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(occurrences_are_counted_by_region),
		cmocka_unit_test(occurrences_of_one_rule_do_not_overlap),
		cmocka_unit_test(letter_case_counts_only_where_asked),
		cmocka_unit_test(duplicate_patterns_are_matched_once),
		cmocka_unit_test(contexts_are_cut_at_characters_and_regions),
		cmocka_unit_test(bad_rules_are_refused_by_number),
		cmocka_unit_test(many_rules_and_one_scratch_go_together),
		cmocka_unit_test(one_set_serves_many_threads),
		cmocka_unit_test(hits_without_end_are_cut_and_said),
		cmocka_unit_test(folding_keeps_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
