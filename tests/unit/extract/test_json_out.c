#include "extract/json_out.h"

#include "base/buffer.h"
#include "base/compiler.h"
#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void numbers_are_written_as_printf_would(void **state)
{
	static const double values[] = {
		0,   1,        12,   0.1,  0.3,   0.25, 1e-9, 0.0001,  0.00012, 0.00009,     99999.999999999,
		1e5, 123456.5, 1e15, 1e16, 1e300, -1,   -0.5, 1.0 / 3, 6.5,     0.999999999, 100
	};
	struct buffer b;
	char wanted[64];
	struct rng rng;
	size_t i;

	(void)state;
	buffer_init(&b, 0);
	rng_init(&rng, 7);
	for (i = 0; i < 200000; i++) {
		double value = i < ARRAY_LEN(values) ? values[i] : (double)rng_below(&rng, 1000000000) / 1e9;

		if (i % 3 == 1 && i >= ARRAY_LEN(values))
			value = (double)rng_next(&rng) / 1e15;
		if (i % 3 == 2 && i >= ARRAY_LEN(values))
			value = floor(value * 1000) / 1000;
		buffer_clear(&b);
		json_out_double(&b, NULL, value);
		snprintf(wanted, sizeof(wanted), "%.15g", value);
		assert_string_equal(b.data, wanted);
	}
	buffer_clear(&b);
	json_out_double(&b, NULL, (double)NAN);
	assert_string_equal(b.data, "0");
	buffer_clear(&b);
	json_out_int(&b, NULL, INT64_MIN);
	assert_string_equal(b.data, "-9223372036854775808");
	buffer_done(&b);
}

static void members_are_separated_and_text_escaped(void **state)
{
	static const char text[] = "a\"b\\c\nd\x01"
				   "e\xC3\xA9\x7F";
	struct buffer b;

	(void)state;
	buffer_init(&b, 0);
	json_out_open(&b, NULL, '{');
	json_out_text(&b, "t", text, sizeof(text) - 1);
	json_out_open(&b, "a", '[');
	json_out_int(&b, NULL, 1);
	json_out_bool(&b, NULL, true);
	json_out_close(&b, ']');
	json_out_open(&b, "o", '{');
	json_out_close(&b, '}');
	json_out_bool(&b, "f", false);
	json_out_close(&b, '}');
	assert_string_equal(b.data, "{\"t\":\"a\\\"b\\\\c de\xC3\xA9\",\"a\":[1,true],\"o\":{},\"f\":false}");
	buffer_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_as_printf_would),
		cmocka_unit_test(members_are_separated_and_text_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
