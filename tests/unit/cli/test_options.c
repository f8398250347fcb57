#include "cli/command.h"
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 16

/* Reads a line of words separated by single spaces. */
static struct status line_read(const char *line, struct options *out)
{
	static char text[512];
	char *argv[WORDS_MAX] = { text }, *save = NULL;
	int argc = 0;

	snprintf(text, sizeof text, "dfctl %s", line);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return options_read(argc, argv, out);
}

static void a_line_names_its_command_arguments_and_options(void **state)
{
	struct options o;

	(void)state;
	assert_true(status_ok(line_read("--server unix:/s campaign watch -o json ID --until=dns -q --after 0", &o)));
	assert_string_equal(o.command->name, "campaign watch");
	assert_int_equal(o.arg_count, 1);
	assert_string_equal(o.args[0], "ID");
	assert_string_equal(o.value[OPTION_SERVER], "unix:/s");
	assert_string_equal(o.value[OPTION_OUTPUT], "json");
	assert_string_equal(o.value[OPTION_UNTIL], "dns");
	assert_string_equal(o.value[OPTION_AFTER], "0");
	assert_true(o.is_given[OPTION_QUIET]);
	assert_false(o.is_given[OPTION_HELP]);
}

static void short_options_stand_together_and_hold_values(void **state)
{
	struct options o;

	(void)state;
	assert_true(status_ok(line_read("campaign list -qn5 -ojson", &o)));
	assert_true(o.is_given[OPTION_QUIET]);
	assert_string_equal(o.value[OPTION_LIMIT], "5");
	assert_string_equal(o.value[OPTION_OUTPUT], "json");
	assert_true(status_ok(line_read("campaign create -f -", &o)));
	assert_string_equal(o.value[OPTION_FILE], "-");
}

static void repeated_options_are_all_kept(void **state)
{
	struct options o;

	(void)state;
	assert_true(status_ok(line_read("domain list ID --reason parked --reason low_score", &o)));
	assert_int_equal(o.value_count, 2);
	assert_int_equal(o.values[0].option, OPTION_REASON);
	assert_string_equal(o.values[0].value, "parked");
	assert_string_equal(o.values[1].value, "low_score");
}

static void after_two_dashes_everything_is_an_argument(void **state)
{
	struct options o;

	(void)state;
	assert_true(status_ok(line_read("domain get ID -- --name.com", &o)));
	assert_string_equal(o.args[1], "--name.com");
}

static void mistakes_are_named_with_what_may_be_meant(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "campagn list", "did you mean campaign?" },
		{ "campaign wach", "did you mean campaign watch?" },
		{ "keyword-set lst", "did you mean keyword-set list?" },
		{ "vers", "did you mean version?" },
		{ "zzzzzz", "dfctl help lists them" },
		{ "campaign create --strt", "did you mean --start?" },
		{ "campaign list --qwertyuiop", "unknown option --qwertyuiop" },
		{ "campaign list -Z", "unknown option -Z" },
		{ "campaign get", "campaign get needs CAMPAIGN" },
		{ "campaign get A B", "takes no argument B" },
		{ "campaign get A --start", "unknown option --start" },
		{ "--start campaign get A", "takes no option --start" },
		{ "campaign list --limit", "--limit needs a value" },
		{ "campaign create --start=yes", "--start takes no value" },
		{ "campaign list --status runing", "--status can't be runing; did you mean running?" },
		{ "domain list A --dns-status x", "it is pending, ok, error or timeout" },
		{ "campaign mode A fullsequense", "MODE can't be fullsequense; did you mean full_sequence?" },
		{ "campaign status A dnss", "PHASE can't be dnss; did you mean dns?" },
		{ "campaign start A x", "it is generation, dns, http, analysis or leads" },
		{ "campaign list -o jsno", "--output can't be jsno; did you mean json?" },
		{ "campaign watch A -o csv", "campaign watch can't be written as csv, only as table, json, jsonl" },
		{ "events A --types phase_failed,zzzzzz", "--types can't be zzzzzz; --help lists the words" },
		{ "completion tcsh", "SHELL can't be tcsh" },
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct status st = line_read(cases[i].line, &o);

		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
		assert_string_equal(st.reason, "USAGE");
		if (!strstr(st.detail, cases[i].says))
			fail_msg("%s: %s", cases[i].line, st.detail);
	}
}

static void a_group_alone_names_no_command(void **state)
{
	struct options o;

	(void)state;
	assert_true(status_ok(line_read("campaign", &o)));
	assert_null(o.command);
	assert_string_equal(o.words[0], "campaign");
}

static void help_needs_no_arguments(void **state)
{
	struct options o;

	(void)state;
	assert_true(status_ok(line_read("campaign get --help", &o)));
	assert_true(o.is_given[OPTION_HELP]);
}

static void durations_have_units_and_bounds(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* 0: refused */
	} cases[] = { { "10", 10000 },     { "10s", 10000 }, { "1500ms", 1500 }, { "2m", 120000 }, { "0.5s", 500 },
		      { "24h", 86400000 }, { "25h", 0 },     { "0", 0 },         { "-1", 0 },      { "10x", 0 },
		      { "", 0 },           { "nan", 0 },     { "inf", 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms = 0;

		assert_int_equal(duration_parse(cases[i].text, &ms), cases[i].ms != 0);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void every_command_can_be_found_and_explains_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &command_table[i];
		char *text = NULL;
		size_t n = 0;
		FILE *out = open_memstream(&text, &n);

		assert_ptr_equal(c->group ? command_find(c->group, c->verb) : command_find(c->verb, NULL), c);
		assert_true(c->args_min <= c->args_max && c->args_max <= COMMAND_ARGS_MAX);
		assert_non_null(c->run);
		assert_non_null(out);
		help_command(out, c);
		fclose(out);
		assert_non_null(strstr(text, c->name));
		assert_non_null(strstr(text, "examples\n  dfctl "));
		assert_non_null(strstr(text, "exit codes"));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_names_its_command_arguments_and_options),
		cmocka_unit_test(short_options_stand_together_and_hold_values),
		cmocka_unit_test(repeated_options_are_all_kept),
		cmocka_unit_test(after_two_dashes_everything_is_an_argument),
		cmocka_unit_test(mistakes_are_named_with_what_may_be_meant),
		cmocka_unit_test(a_group_alone_names_no_command),
		cmocka_unit_test(help_needs_no_arguments),
		cmocka_unit_test(durations_have_units_and_bounds),
		cmocka_unit_test(every_command_can_be_found_and_explains_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
