#include "cli/csv.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RANDOM_ROWS 100000
#define CELLS       4
#define CELL_SIZE   16

static void cells_are_quoted_and_do_not_act(void **state)
{
	static const struct {
		const char *text, *cell;
	} cases[] = {
		{ "", "" },
		{ "plain text", "plain text" },
		{ "größe", "größe" },
		{ "a,b", "\"a,b\"" },
		{ "say \"x\"", "\"say \"\"x\"\"\"" },
		{ "two\nlines", "\"two\nlines\"" },
		{ "two\r\nlines", "\"two\r\nlines\"" },
		{ "=1+1", "'=1+1" },
		{ "+49", "'+49" },
		{ "-1", "'-1" },
		{ "@SUM(A1)", "'@SUM(A1)" },
		{ "\t=1", "'\t=1" },
		{ "\r=1", "\"'\r=1\"" },
		{ "=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"" },
		{ "a=1", "a=1" },
		{ "a\033[2Jb", "a\uFFFD[2Jb" },
		{ "a\u202Eb", "a\uFFFDb" },
		{ "a\xFF"
		  "b",
		  "a\uFFFDb" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(buffer) struct buffer b = { 0 };

		assert_true(csv_cell(&b, cases[i].text, true));
		assert_string_equal(b.data ? b.data : "", cases[i].cell);
	}
}

static void a_row_has_commas_between_and_ends_with_cr_lf(void **state)
{
	AUTO(buffer) struct buffer b = { 0 };

	(void)state;
	csv_cell(&b, "a", true);
	csv_cell(&b, "", false);
	csv_cell(&b, "c", false);
	assert_true(csv_row_end(&b));
	assert_string_equal(b.data, "a,,c\r\n");
}

/* Reads one cell the way RFC 4180 says; *p is then behind its separator. */
static void cell_read(const char **p, char out[2 * CELL_SIZE])
{
	size_t n = 0;

	if (**p == '"') {
		for (++*p; **p != '"' || (*p)[1] == '"'; ++*p) {
			*p += **p == '"';
			out[n++] = **p;
		}
		++*p;
	} else {
		while (**p != ',' && **p != '\r')
			out[n++] = *(*p)++;
	}
	out[n] = '\0';
	*p += **p == ',' ? 1 : 2;
}

static void what_is_written_is_read_back(void **state)
{
	static const char letters[] = "abc \",\r\n\t=+-@'0";
	uint32_t seed = 1;

	(void)state;
	for (unsigned row = 0; row < RANDOM_ROWS; row++) {
		char cells[CELLS][CELL_SIZE], back[2 * CELL_SIZE];
		AUTO(buffer) struct buffer b = { 0 };
		const char *p;

		for (size_t c = 0; c < CELLS; c++) {
			size_t n = (seed >> 8) % CELL_SIZE;

			for (size_t i = 0; i < n; i++) {
				seed = seed * 1664525 + 1013904223;
				cells[c][i] = letters[(seed >> 16) % (sizeof letters - 1)];
			}
			cells[c][n] = '\0';
			seed = seed * 1664525 + 1013904223;
			csv_cell(&b, cells[c], c == 0);
		}
		csv_row_end(&b);
		p = b.data;
		for (size_t c = 0; c < CELLS; c++) {
			bool is_formula = cells[c][0] && strchr("=+-@\t\r", cells[c][0]);

			cell_read(&p, back);
			assert_int_equal(back[0] == '\'' && is_formula, is_formula);
			assert_string_equal(back + is_formula, cells[c]);
		}
		assert_ptr_equal(p, b.data + b.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_quoted_and_do_not_act),
		cmocka_unit_test(a_row_has_commas_between_and_ends_with_cr_lf),
		cmocka_unit_test(what_is_written_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
