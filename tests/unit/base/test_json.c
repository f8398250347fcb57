#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* What is wrong is told in words for whoever wrote the JSON, not in those of the library's programmers. */
static void refusals_are_for_callers(void **state)
{
	static const struct {
		const char *text, *detail;
	} cases[] = {
		{ "{\"a\":\"x\\u0000y\"}", "a text in the JSON contains a NUL character" },
		{ "{\"a\":1,\"a\":2}", "not JSON: duplicate object key near '\"a\"' (byte 10)" },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
		  "JSON is nested deeper than 32 levels" },
		{ "\"0123456789012345678901234567890123456789012345678901234567890123456789\"",
		  "JSON of 72 bytes is larger than 70" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *value = NULL;
		struct status st = json_read(cases[i].text, strlen(cases[i].text), 70, &value);

		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
		assert_string_equal(st.reason, "BAD_REQUEST");
		assert_string_equal(st.detail, cases[i].detail);
		assert_null(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(refusals_are_for_callers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
