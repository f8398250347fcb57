#include "base/json_fields.h"

#include "base/arena.h"
#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static struct arena *arena;
static struct violations violations;
static struct json_input in;
static json_t *object;

static struct json_fields open_fields(const char *json, const char *path)
{
	struct json_fields f;

	violations_init(&violations, arena);
	json_input_init(&in, arena, &violations);
	json_decref(object);
	object = json_loads(json, JSON_DECODE_ANY, NULL);
	assert_non_null(object);
	json_fields_open(&f, &in, object, path);
	return f;
}

static void integers_are_numbers_without_a_fraction(void **state)
{
	struct json_fields f = open_fields("{\"a\":5,\"b\":5.0,\"c\":5.5,\"d\":\"5\",\"e\":1e300}", "");
	int64_t n = 0;

	(void)state;
	assert_true(json_get_int(&f, "a", 0, 9, &n) && n == 5);
	n = 0;
	assert_true(json_get_int(&f, "b", 0, 9, &n) && n == 5);
	assert_true(status_ok(in.failure));
	assert_false(json_get_int(&f, "c", 0, 9, &n));
	assert_string_equal(in.failure.reason, "BAD_REQUEST");
	assert_non_null(strstr(in.failure.detail, "c must be an integer"));
	assert_false(json_get_int(&f, "d", 0, 9, &n));
	assert_false(json_get_int(&f, "e", 0, 9, &n));
	assert_non_null(strstr(in.failure.detail, "c must be")); /* the first is kept */
	assert_int_equal(n, 5);
}

static void values_out_of_range_are_violations_with_their_path(void **state)
{
	struct json_fields f =
		open_fields("{\"a\":10,\"t\":\"four\",\"x\":0.5,\"l\":[\"ok\",\"too long\"]}", "outer.inner");
	const char *const *texts = NULL;
	const char *text = NULL;
	size_t count = 0;
	double x = 9;
	int64_t n;

	(void)state;
	assert_false(json_get_int(&f, "a", 0, 9, &n));
	assert_string_equal(violations.tail->field, "outer.inner.a");
	assert_false(json_get_text(&f, "t", 3, &text));
	assert_string_equal(violations.tail->field, "outer.inner.t");
	assert_false(json_get_number(&f, "x", 1, 2, &x));
	assert_true(x > 8);
	assert_true(json_get_texts(&f, "l", 2, 3, &texts, &count));
	assert_string_equal(violations.tail->field, "outer.inner.l[1]");
	assert_int_equal(violations.count, 4);
	assert_false(json_get_texts(&f, "l", 1, 30, &texts, &count));
	assert_string_equal(violations.tail->field, "outer.inner.l");
	assert_true(status_ok(in.failure));
}

static void null_counts_as_absent(void **state)
{
	struct json_fields f = open_fields("{\"a\":null}", "");
	int64_t n = 3;

	(void)state;
	assert_false(json_has(&f, "a"));
	assert_false(json_get_int(&f, "a", 0, 1, &n));
	json_fields_close(&f);
	assert_int_equal(violations.count, 0);
	f = open_fields("null", "");
	assert_false(json_has(&f, "a"));
	assert_true(status_ok(in.failure));
	f = open_fields("[1]", "configuration");
	assert_string_equal(in.failure.reason, "BAD_REQUEST");
	assert_false(json_has(&f, "a"));
	json_fields_close(&f);
}

static void unknown_members_are_named(void **state)
{
	struct json_fields f = open_fields("{\"batchSize\":1,\"batchsize\":1,\"other_one\":2,\"skipped\":3}", "c");
	int64_t n;

	(void)state;
	json_get_int(&f, "batchSize", 0, 9, &n);
	json_ignore(&f, "skipped");
	json_fields_close(&f);
	assert_int_equal(violations.count, 2);
	assert_string_equal(violations.head->field, "c.batchsize");
	assert_string_equal(violations.tail->field, "c.other_one");
}

static void snake_case_is_read_where_it_is_accepted(void **state)
{
	struct json_fields f = open_fields("{\"batch_size\":7}", "");
	int64_t n = 0;

	(void)state;
	assert_false(json_get_int(&f, "batchSize", 0, 9, &n));
	in.accepts_snake = true;
	assert_true(json_get_int(&f, "batchSize", 0, 9, &n));
	assert_int_equal(n, 7);
	json_fields_close(&f);
	assert_int_equal(violations.count, 0);
}

static void ids_are_checked_one_by_one(void **state)
{
	struct json_fields f = open_fields("{\"ids\":[\"0190f3a0-0000-7000-8000-000000000001\",\"x\","
					   "\"0190F3A0-0000-7000-8000-000000000001\"]}",
					   "");
	struct uuid *ids = NULL;
	size_t count = 0;

	(void)state;
	assert_false(json_get_uuids(&f, "ids", 3, &ids, &count));
	assert_int_equal(count, 0); /* others, who look the ids up, would name the wrong element */
	assert_int_equal(violations.count, 1);
	assert_string_equal(violations.head->field, "ids[1]");
	f = open_fields("{\"ids\":[\"0190f3a0-0000-7000-8000-000000000001\",\"0190F3A0-0000-7000-8000-000000000001\"]}",
			"");
	assert_true(json_get_uuids(&f, "ids", 3, &ids, &count));
	assert_int_equal(count, 1); /* the second is the first again */
}

static void refused_members_say_why(void **state)
{
	struct json_fields f = open_fields("{\"proxyPoolId\":\"x\"}", "");

	(void)state;
	json_refuse(&f, "proxyPoolId", "no proxies here");
	json_refuse(&f, "absent", "never said");
	assert_int_equal(violations.count, 1);
	assert_string_equal(violations.head->message, "no proxies here");
}

static void a_full_arena_is_a_failure_not_a_crash(void **state)
{
	struct arena *small;

	(void)state;
	for (size_t limit = 1; limit < 600; limit += 7) {
		struct violations v;
		struct json_input tight;
		struct json_fields f;
		const char *const *texts;
		const char *text;
		struct uuid *ids;
		size_t n;
		int64_t number;
		small = arena_create(limit);
		assert_non_null(small);
		violations_init(&v, small);
		json_input_init(&tight, small, &v);
		json_decref(object);
		object = json_loads("{\"t\":\"some text\",\"l\":[\"one\",\"two\"],\"i\":[\"x\"],\"n\":99,\"u\":1}", 0,
				    NULL);
		json_fields_open(&f, &tight, object, "path");
		json_get_text(&f, "t", 100, &text);
		json_get_texts(&f, "l", 5, 100, &texts, &n);
		json_get_uuids(&f, "i", 5, &ids, &n);
		json_get_int(&f, "n", 0, 5, &number);
		json_fields_close(&f);
		assert_true(v.count == 3 || tight.failure.code == STATUS_RESOURCE_EXHAUSTED);
		arena_destroy(small);
	}
}

static void names_are_trimmed_and_counted_in_characters(void **state)
{
	char long_name[257];
	const char *out = NULL;

	(void)state;
	violations_init(&violations, arena);
	assert_true(status_ok(check_name(&violations, "name", "  M\xc3\xbcller  ", &out)));
	assert_string_equal(out, "M\xc3\xbcller");
	assert_int_equal(check_length(out), 6);
	assert_int_equal(violations.count, 0);
	assert_true(status_ok(check_name(&violations, "name", " \t", &out)));
	assert_string_equal(violations.tail->reason, "REQUIRED_FIELD");
	memset(long_name, 'x', 256);
	long_name[256] = '\0';
	assert_true(status_ok(check_name(&violations, "name", long_name, &out)));
	assert_true(status_ok(check_name(&violations, "name", "two\nlines", &out)));
	assert_true(status_ok(check_name(&violations, "name", "\xff", &out)));
	assert_int_equal(violations.count, 4);
	assert_true(status_ok(check_prose(&violations, "d", "two\nlines\t", 10, &out)));
	assert_int_equal(violations.count, 4);
	assert_true(status_ok(check_prose(&violations, "d", "two\nlines\t!", 10, &out)));
	assert_true(status_ok(check_prose(&violations, "d", "\x1b", 10, &out)));
	assert_int_equal(violations.count, 6);
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
	json_decref(object);
	arena_destroy(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_numbers_without_a_fraction),
		cmocka_unit_test(values_out_of_range_are_violations_with_their_path),
		cmocka_unit_test(null_counts_as_absent),
		cmocka_unit_test(unknown_members_are_named),
		cmocka_unit_test(snake_case_is_read_where_it_is_accepted),
		cmocka_unit_test(ids_are_checked_one_by_one),
		cmocka_unit_test(refused_members_say_why),
		cmocka_unit_test(a_full_arena_is_a_failure_not_a_crash),
		cmocka_unit_test(names_are_trimmed_and_counted_in_characters),
	};

	return cmocka_run_group_tests(tests, arena_up, arena_down);
}
