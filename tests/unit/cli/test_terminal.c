#include "cli/terminal.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_a_site_sends_can_not_act_on_the_terminal(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "plain", "plain" },
		{ "\033[2Jgone\007", "\uFFFD[2Jgone\uFFFD" },
		{ "a\tb\r\nc", "a b  c" },
		{ "\xC2\x9B"
		  "31m",
		  "\uFFFD31m" }, /* C1: the one-byte escape sequence introducer */
		{ "evil\u202Etxt.exe", "evil\uFFFDtxt.exe" },
		{ "\u2066x\u2069", "\uFFFDx\uFFFD" },
		{ "bad\xFF\xC0\x80", "bad\uFFFD\uFFFD\uFFFD" },
		{ "\x7F", "\uFFFD" },
		{ "größe 日本", "größe 日本" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buffer b;

		buffer_init(&b, 0);
		assert_true(terminal_text(&b, cases[i].text));
		assert_string_equal(b.data, cases[i].shown);
		buffer_done(&b);
	}
}

static void width_counts_columns_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(terminal_width("abc"), 3);
	assert_int_equal(terminal_width("größe"), 5);
	assert_int_equal(terminal_width("日本"), 4);
	assert_int_equal(terminal_width("e\u0301"), 1);
	assert_int_equal(terminal_width("\033["), 2);
}

static void cells_are_cut_with_an_ellipsis_or_filled_up(void **state)
{
	static const struct {
		const char *text, *cell;
		unsigned columns;
		bool pad;
	} cases[] = {
		{ "abc", "abc  ", 5, true },   { "abc", "abc", 5, false },    { "abcdef", "abcd…", 5, true },
		{ "日本語", "日…", 4, false }, { "日本語", "日… ", 4, true }, { "abc", "", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buffer b;

		buffer_init(&b, 0);
		assert_true(terminal_cell(&b, cases[i].text, cases[i].columns, cases[i].pad));
		assert_string_equal(b.data ? b.data : "", cases[i].cell);
		buffer_done(&b);
	}
}

static int start(void **state)
{
	(void)state;
	terminal_start();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_site_sends_can_not_act_on_the_terminal),
		cmocka_unit_test(width_counts_columns_not_bytes),
		cmocka_unit_test(cells_are_cut_with_an_ellipsis_or_filled_up),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
