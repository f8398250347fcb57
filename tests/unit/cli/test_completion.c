#include "cli/choices.h"
#include "cli/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 16

/* What follows a line whose words are separated by single spaces; the last one may be empty. Freed by the caller. */
static char *completed(const char *line)
{
	char text[256], *words[WORDS_MAX], *answer = NULL, *p = text;
	size_t count = 0, size;
	FILE *out = open_memstream(&answer, &size);

	assert_non_null(out);
	snprintf(text, sizeof text, "%s", line);
	do {
		char *space = strchr(p, ' ');

		words[count++] = p;
		if (space)
			*space = '\0';
		p = space ? space + 1 : NULL;
	} while (p && count < WORDS_MAX);
	complete(out, words, count);
	fclose(out);
	return answer;
}

static void a_tab_gives_what_may_follow(void **state)
{
	static const struct {
		const char *line, *answer;
	} cases[] = {
		{ "camp", "campaign\tseveral commands\n" },
		{ "vers", "version\tof this program and of the server\n" },
		{ "domain ge", "get\tone domain\n" },
		{ "help domain ge", "get\tone domain\n" },
		{ "campaign status ID an", "analysis\n" },
		{ "-o json campaign status ID an", "analysis\n" },
		{ "campaign mode ID s", "step_by_step\n" },
		{ "campaign watch ID --until le", "leads\n" },
		{ "campaign watch ID --until=le", "--until=leads\n" },
		{ "campaign watch ID --until = le", "leads\n" },
		{ "campaign watch ID --unt",
		  "--until\tend when this phase, or (completed, the default) the campaign is done\n" },
		{ "campaign watch --output ", "table\njson\njsonl\n" },
		{ "domain list ID -o c", "csv\n" },
		{ "events ID --types phase_failed,mode", "phase_failed,mode_changed\n" },
		{ "campaign create -f ", ":files\n" },
		{ "campaign create --file=x", ":files\n" },
		{ "completion ", "bash\nzsh\nfish\n" },
		{ "domain list ID --qu", "--quiet\tno notes beside the answer\n" },
		{ "campaign get ID ", "" },
		{ "nonsense ", "" },
		{ "campaign nonsense ", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *answer = completed(cases[i].line);

		if (strcmp(answer, cases[i].answer) != 0)
			fail_msg("%s: %s", cases[i].line, answer);
		free(answer);
	}
}

static void every_command_and_option_is_offered(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &command_table[i];
		char line[128], *answer, *at;

		snprintf(line, sizeof line, "%s%s", c->group ? c->group : "", c->group ? " " : "");
		answer = completed(line);
		snprintf(line, sizeof line, "%s\t", c->verb);
		at = strstr(answer, line);
		assert_true(at == answer || (at && at[-1] == '\n'));
		free(answer);
		snprintf(line, sizeof line, "%s --", c->name);
		answer = completed(line);
		for (unsigned o = 0; o < OPTION_COUNT; o++) {
			snprintf(line, sizeof line, "--%s\t", option_rows[o].name);
			assert_int_equal(strstr(answer, line) != NULL, ((c->options | option_globals) >> o & 1) != 0);
		}
		free(answer);
	}
}

static char *written(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(out);
	fclose(out);
	return text;
}

static void the_manual_page_has_every_command_and_exit_code(void **state)
{
	char *page = written(man_page), *tables = written(man_markdown), line[128];
	const char *code, *meaning;

	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		snprintf(line, sizeof line, ".It Ic %s", command_table[i].name);
		assert_non_null(strstr(page, line));
		snprintf(line, sizeof line, "| `%s", command_table[i].name);
		assert_non_null(strstr(tables, line));
	}
	for (size_t i = 0; exit_code_row(i, &code, &meaning); i++) {
		snprintf(line, sizeof line, ".It %s\n", code);
		assert_non_null(strstr(page, line));
	}
	free(page);
	free(tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tab_gives_what_may_follow),
		cmocka_unit_test(every_command_and_option_is_offered),
		cmocka_unit_test(the_manual_page_has_every_command_and_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
