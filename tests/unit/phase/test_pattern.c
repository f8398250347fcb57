#include "phase/generation/pattern.h"

#include "base/arena.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define ALNUM   LETTERS "0123456789"

static struct arena *arena;

static struct pattern make(enum pattern_type type, int64_t p, int64_t s, const char *charset, const char *constant,
			   const char *const *tlds, size_t tld_count)
{
	struct pattern_parts parts = { .type = type,
				       .prefix_length = p,
				       .suffix_length = s,
				       .charset = charset,
				       .constant = constant,
				       .tlds = tlds,
				       .tld_count = tld_count };
	struct pattern pattern;
	struct status st = pattern_make(arena, &parts, &pattern);

	if (!status_ok(st))
		fail_msg("%s", st.detail);
	return pattern;
}

static struct pattern make1(enum pattern_type type, int64_t p, int64_t s, const char *charset, const char *constant,
			    const char *tld)
{
	return make(type, p, s, charset, constant, &tld, 1);
}

static void assert_name(const struct pattern *pattern, int64_t offset, const char *expected)
{
	char name[PATTERN_NAME_SIZE];

	assert_true(status_ok(pattern_name(pattern, offset, name)));
	assert_string_equal(name, expected);
}

static void offsets_give_the_specified_names(void **state)
{
	static const struct {
		enum pattern_type type;
		int p, s;
		const char *charset, *constant, *tld;
		int64_t offset;
		const char *name;
	} cases[] = {
		{ PATTERN_PREFIX, 3, 0, LETTERS, "shop", ".com", 0, "aaashop.com" },
		{ PATTERN_PREFIX, 3, 0, LETTERS, "shop", ".com", 1, "aabshop.com" },
		{ PATTERN_PREFIX, 3, 0, LETTERS, "shop", ".com", 25, "aazshop.com" },
		{ PATTERN_PREFIX, 3, 0, LETTERS, "shop", ".com", 26, "abashop.com" },
		{ PATTERN_PREFIX, 3, 0, LETTERS, "shop", ".com", 17575, "zzzshop.com" },
		{ PATTERN_SUFFIX, 0, 2, "abc", "dev", ".io", 0, "devaa.io" },
		{ PATTERN_SUFFIX, 0, 2, "abc", "dev", ".io", 4, "devbb.io" },
		{ PATTERN_SUFFIX, 0, 2, "abc", "dev", ".io", 8, "devcc.io" },
		{ PATTERN_BOTH, 2, 1, "ab", "x", ".net", 0, "aaxa.net" },
		{ PATTERN_BOTH, 2, 1, "ab", "x", ".net", 1, "aaxb.net" },
		{ PATTERN_BOTH, 2, 1, "ab", "x", ".net", 2, "abxa.net" },
		{ PATTERN_BOTH, 2, 1, "ab", "x", ".net", 5, "baxb.net" },
		{ PATTERN_BOTH, 2, 1, "ab", "x", ".net", 7, "bbxb.net" },
		{ PATTERN_PREFIX, 2, 0, "aab0a", "z", ".com", 1, "abz.com" },
		{ PATTERN_PREFIX, 2, 0, "aab0a", "z", ".com", 2, "a0z.com" },
		{ PATTERN_PREFIX, 2, 0, "aab0a", "z", ".com", 3, "baz.com" },
		{ PATTERN_PREFIX, 2, 0, "aab0a", "z", ".com", 8, "00z.com" },
		{ PATTERN_SUFFIX, 0, 2, "cba", "dev", ".io", 0, "devcc.io" },
		{ PATTERN_SUFFIX, 0, 2, "cba", "dev", ".io", 1, "devcb.io" },
		{ PATTERN_SUFFIX, 0, 2, "cba", "dev", ".io", 5, "devba.io" },
		{ PATTERN_PREFIX, 12, 0, ALNUM, "q", ".com", 1000000007, "aaaaaaqtnq79q.com" },
		{ PATTERN_CONSTANT, 0, 0, "", "one", ".com", 0, "one.com" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pattern pattern =
			make1(cases[i].type, cases[i].p, cases[i].s, cases[i].charset, cases[i].constant, cases[i].tld);
		assert_name(&pattern, cases[i].offset, cases[i].name);
	}
}

static void tlds_change_fastest(void **state)
{
	static const char *const tlds[] = { ".io", ".com" };
	struct pattern pattern = make(PATTERN_SUFFIX, 0, 1, "ab", "d", tlds, 2);

	(void)state;
	assert_name(&pattern, 0, "da.io");
	assert_name(&pattern, 1, "da.com");
	assert_name(&pattern, 2, "db.io");
	assert_name(&pattern, 3, "db.com");
	assert_int_equal(pattern_total(&pattern), 4);
}

static void totals_saturate(void **state)
{
	struct pattern small = make1(PATTERN_SUFFIX, 0, 2, "abc", "dev", ".io");
	struct pattern both = make1(PATTERN_BOTH, 2, 1, "ab", "x", ".net");
	struct pattern large = make1(PATTERN_PREFIX, 12, 0, ALNUM, "q", ".com");
	struct pattern beyond = make1(PATTERN_PREFIX, 13, 0, ALNUM, "q", ".com");
	char name[PATTERN_NAME_SIZE];

	(void)state;
	assert_int_equal(pattern_total(&small), 9);
	assert_int_equal(pattern_total(&both), 8);
	assert_true(pattern_total(&large) == INT64_C(4738381338321616896));
	assert_true(pattern_total(&beyond) == INT64_MAX);
	assert_true(status_ok(pattern_name(&beyond, INT64_MAX - 1, name)));
	assert_int_equal(pattern_name(&beyond, INT64_MAX, name).code, STATUS_OUT_OF_RANGE);
}

static void offsets_beyond_the_end_are_refused(void **state)
{
	struct pattern pattern = make1(PATTERN_PREFIX, 3, 0, LETTERS, "shop", ".com");
	char name[PATTERN_NAME_SIZE];

	(void)state;
	assert_int_equal(pattern_name(&pattern, 17576, name).code, STATUS_OUT_OF_RANGE);
	assert_non_null(strstr(pattern_name(&pattern, 17576, name).detail, "out of range"));
	assert_int_equal(pattern_name(&pattern, -1, name).code, STATUS_OUT_OF_RANGE);
}

static void what_makes_no_pattern_is_refused(void **state)
{
	static const char *const com[] = { ".com" }, *const empty[] = { "" }, *const bare[] = { "com" },
				 *const dot[] = { "." };
	static const struct pattern_parts cases[] = {
		{ .type = PATTERN_PREFIX,
		  .prefix_length = -1,
		  .charset = "ab",
		  .constant = "x",
		  .tlds = com,
		  .tld_count = 1 },
		{ .type = PATTERN_PREFIX,
		  .prefix_length = 1,
		  .charset = "",
		  .constant = "x",
		  .tlds = com,
		  .tld_count = 1 },
		{ .type = PATTERN_PREFIX,
		  .prefix_length = 1,
		  .charset = "ab",
		  .constant = "x",
		  .tlds = empty,
		  .tld_count = 1 },
		{ .type = PATTERN_PREFIX,
		  .prefix_length = 1,
		  .charset = "ab",
		  .constant = "x",
		  .tlds = bare,
		  .tld_count = 1 },
		{ .type = PATTERN_PREFIX,
		  .prefix_length = 1,
		  .charset = "ab",
		  .constant = "x",
		  .tlds = dot,
		  .tld_count = 1 },
		{ .type = PATTERN_PREFIX,
		  .prefix_length = 1,
		  .charset = "ab",
		  .constant = "x",
		  .tlds = com,
		  .tld_count = 0 },
		{ .type = PATTERN_TYPE_COUNT,
		  .prefix_length = 1,
		  .charset = "ab",
		  .constant = "x",
		  .tlds = com,
		  .tld_count = 1 },
		{ .type = PATTERN_BOTH,
		  .prefix_length = 32,
		  .suffix_length = 31,
		  .charset = "ab",
		  .constant = "x",
		  .tlds = com,
		  .tld_count = 1 },
		{ .type = PATTERN_PREFIX,
		  .prefix_length = 1,
		  .charset = "a_b",
		  .constant = "x",
		  .tlds = com,
		  .tld_count = 1 },
	};
	struct pattern pattern;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(pattern_make(arena, &cases[i], &pattern).code, STATUS_INVALID_ARGUMENT);
}

static void ranges_end_where_the_pattern_ends(void **state)
{
	struct pattern pattern = make1(PATTERN_SUFFIX, 0, 2, "abc", "dev", ".io");
	int64_t count = -1, next = -1;

	(void)state;
	assert_true(status_ok(pattern_range(&pattern, 3, 0, &count, &next)));
	assert_int_equal(count, 0);
	assert_int_equal(next, 3);
	assert_true(status_ok(pattern_range(&pattern, 100, -5, &count, &next)));
	assert_int_equal(next, 100);
	assert_true(status_ok(pattern_range(&pattern, 2, 4, &count, &next)));
	assert_int_equal(count, 4);
	assert_int_equal(next, 6);
	assert_true(status_ok(pattern_range(&pattern, 7, 100, &count, &next)));
	assert_int_equal(count, 2);
	assert_int_equal(next, 9);
	assert_int_equal(pattern_range(&pattern, 9, 1, &count, &next).code, STATUS_OUT_OF_RANGE);
}

static void hashes_are_the_specified_ones(void **state)
{
	struct pattern com = make1(PATTERN_PREFIX, 3, 0, LETTERS, "shop", ".com");
	struct pattern net = make1(PATTERN_PREFIX, 3, 7, "ABCabcdefghijklmnopqrstuvwxyz", " Shop ", ".NET");
	struct pattern both = make1(PATTERN_BOTH, 2, 1, "ab", "x", ".net");
	char hex[65];

	(void)state;
	assert_string_equal(
		pattern_hash_json(&com, arena),
		"{\"patternType\":\"prefix\",\"prefixVariableLength\":3,\"suffixVariableLength\":0,"
		"\"characterSet\":\"abcdefghijklmnopqrstuvwxyz\",\"constantString\":\"shop\",\"tld\":\".com\"}");
	assert_true(status_ok(pattern_hash(&com, arena, hex)));
	assert_string_equal(hex, "b4ea995981445444255586b65adba905005dfd35692ed12e44fa38285155c371");
	assert_true(status_ok(pattern_hash(&net, arena, hex)));
	assert_string_equal(hex, "122b86b6148e8ece91c4e16a317b87994201b5fb010bae6d0e8a21cdd2f7f8e9");
	assert_true(status_ok(pattern_hash(&both, arena, hex)));
	assert_string_equal(hex, "9a71f9eadc469f3f05d205dd1a14a933697ba15498e1db6d83aa1e1991a2c45a");
}

/* The walk from `start` gives, below `end`, exactly the valid names the formula gives. */
static void assert_walk_is_formula(const struct pattern *pattern, int64_t start, int64_t end)
{
	struct pattern_walk walk;
	char name[PATTERN_NAME_SIZE];
	int64_t offset = -1;
	size_t length = 0;

	assert_true(status_ok(pattern_walk_init(&walk, pattern, start)));
	if (end > pattern_total(pattern))
		end = pattern_total(pattern);
	for (int64_t o = start; o < end; o++) {
		assert_true(status_ok(pattern_name(pattern, o, name)));
		if (!pattern_name_is_valid(name))
			continue;
		assert_true(pattern_walk_next(&walk, end, &offset, &length));
		assert_true(offset == o);
		assert_string_equal(walk.name, name);
		assert_int_equal(length, strlen(name));
		assert_true(walk.next == o + 1);
	}
	assert_false(pattern_walk_next(&walk, end, &offset, &length));
	assert_true(walk.next == end);
}

static void walking_is_the_same_as_computing(void **state)
{
	static const char *const tlds[] = { ".com", ".net", ".co.uk", ".xn--p1ai" };
	static const char *const constants[] = { "", "x", "-x", "x-", "-", "shop" };
	static const char *const charsets[] = { "a", "ab", "-a", "a-", "a-b", "-", LETTERS, ALNUM "-", "0123456789" };
	struct rng rng;

	(void)state;
	rng_init(&rng, 20250131);
	for (int round = 0; round < 4000; round++) {
		enum pattern_type type = (enum pattern_type)rng_below(&rng, PATTERN_TYPE_COUNT);
		int64_t longest = rng_below(&rng, 4) == 0 ? 25 : 3;
		int64_t p = (int64_t)rng_below(&rng, (uint64_t)longest + 1),
			s = (int64_t)rng_below(&rng, (uint64_t)longest + 1);
		struct pattern_parts parts = { .type = type,
					       .prefix_length = p,
					       .suffix_length = s,
					       .charset = charsets[rng_below(&rng, ARRAY_LEN(charsets))],
					       .constant = constants[rng_below(&rng, ARRAY_LEN(constants))],
					       .tlds = tlds,
					       .tld_count = 1 + rng_below(&rng, ARRAY_LEN(tlds)) };
		struct pattern pattern;
		int64_t total, start;
		if (!status_ok(pattern_make(arena, &parts, &pattern)))
			continue; /* neither variable nor constant part */
		total = pattern_total(&pattern);
		start = (int64_t)rng_below(&rng, (uint64_t)total);
		assert_walk_is_formula(&pattern, start, total - start > 200 ? start + 200 : total);
		start = total > 150 ? total - 150 : 0; /* up to the very end, saturated or not */
		assert_walk_is_formula(&pattern, start, INT64_MAX);
	}
}

static void blocks_of_invalid_names_are_jumped_over(void **state)
{
	struct pattern pattern = make1(PATTERN_PREFIX, 8, 0, "-" LETTERS, "", ".com");
	struct pattern hopeless = make1(PATTERN_PREFIX, 40, 0, "-" LETTERS, "", ".com");
	struct pattern_walk walk;
	int64_t offset;
	size_t length;

	(void)state;
	assert_true(status_ok(pattern_walk_init(&walk, &pattern, 0)));
	assert_true(pattern_walk_next(&walk, INT64_MAX, &offset, &length));
	assert_string_equal(walk.name, "a------a.com");
	assert_true(offset == INT64_C(10460353203) + 1); /* 27^7, then the first that does not end with '-' */
	assert_true(status_ok(pattern_walk_init(&walk, &hopeless, 5)));
	assert_false(pattern_walk_next(&walk, INT64_MAX, &offset, &length));
	assert_true(walk.next == INT64_MAX);
}

static int arena_up(void **state)
{
	(void)state;
	arena = arena_create(0);
	return arena ? 0 : -1;
}

static int arena_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_give_the_specified_names),
		cmocka_unit_test(tlds_change_fastest),
		cmocka_unit_test(totals_saturate),
		cmocka_unit_test(offsets_beyond_the_end_are_refused),
		cmocka_unit_test(what_makes_no_pattern_is_refused),
		cmocka_unit_test(ranges_end_where_the_pattern_ends),
		cmocka_unit_test(hashes_are_the_specified_ones),
		cmocka_unit_test(walking_is_the_same_as_computing),
		cmocka_unit_test(blocks_of_invalid_names_are_jumped_over),
	};

	return cmocka_run_group_tests(tests, arena_up, arena_down);
}
