#include "command.h"

#include "cli.h"
#include "options.h"

#include <string.h>

const struct command *command_find(const char *first, const char *second)
{
	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &command_table[i];

		if (second ? c->group && strcmp(c->group, first) == 0 && strcmp(c->verb, second) == 0
			   : !c->group && strcmp(c->verb, first) == 0)
			return c;
	}
	return NULL;
}

bool command_is_group(const char *word)
{
	for (size_t i = 0; i < command_count; i++)
		if (command_table[i].group && strcmp(command_table[i].group, word) == 0)
			return true;
	return false;
}

/* The words that may stand first, or (context a group) second. */
static const char *word_at(size_t i, const void *context)
{
	const struct command *c = &command_table[i];

	if (!context)
		return c->group ? c->group : c->verb;
	return c->group && strcmp(c->group, context) == 0 ? c->verb : "";
}

struct status command_unknown(const char *first, const char *second)
{
	const char *near = nearest_word(second ? second : first, word_at, second ? first : NULL, command_count);
	const char *space = second ? " " : "";

	if (near)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "there is no command %s%s%s; did you mean %s%s%s?",
				   first, space, second ? second : "", second ? first : "", space, near);
	return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "there is no command %s%s%s; dfctl help lists them", first,
			   space, second ? second : "");
}

/* --- help ---------------------------------------------------------------------------------------------------- */

static void options_print(FILE *out, uint64_t options)
{
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		char left[48], letter[4] = "  ";

		if (!(options >> i & 1))
			continue;
		if (row->letter)
			snprintf(letter, sizeof letter, "-%c", row->letter);
		snprintf(left, sizeof left, "%s%s --%s%s%s", letter, row->letter ? "," : " ", row->name,
			 row->metavar ? " " : "", row->metavar ? row->metavar : "");
		fprintf(out, "  %-28s %s\n", left, row->help);
	}
}

/* Every line of `text` behind `prefix`. */
static void lines_print(FILE *out, const char *prefix, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		fprintf(out, "%s%.*s\n", prefix, (int)n, text);
		text += n + (text[n] ? 1 : 0);
	}
}

static const char exit_codes[] =
	"0 done; 1 the campaign failed, or another failure; 2 a mistake on the line or in the input;\n"
	"3 not found; 4 refused in this state; 5 server unreachable or too late; 130 interrupted\n";

void help_command(FILE *out, const struct command *command)
{
	fprintf(out, "dfctl %s%s%s: %s\n", command->name, *command->args ? " " : "", command->args, command->summary);
	if (command->details)
		lines_print(out, "", command->details);
	if (command->examples) {
		fputs("\nexamples\n", out);
		lines_print(out, "  dfctl ", command->examples);
	}
	if (command->options) {
		fputs("\noptions\n", out);
		options_print(out, command->options);
	}
	fputs("\noptions of every command\n", out);
	options_print(out, option_globals);
	fputs("\nexit codes\n", out);
	lines_print(out, "  ", exit_codes);
}

void help_overview(FILE *out, const char *group)
{
	const char *last = "";

	fputs("dfctl: the command line of DomainFlow Studio\n\n", out);
	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &command_table[i];
		const char *own = c->group ? c->group : "";
		char left[48];

		if (group && strcmp(own, group) != 0)
			continue;
		if (i > 0 && strcmp(own, last) != 0 && !group)
			fputc('\n', out);
		last = own;
		snprintf(left, sizeof left, "%s%s%s", c->name, *c->args ? " " : "", c->args);
		fprintf(out, "  %-38s %s\n", left, c->summary);
	}
	fputs("\ndfctl COMMAND --help says more.\n\noptions of every command\n", out);
	options_print(out, option_globals);
	fputs("\nexit codes\n", out);
	lines_print(out, "  ", exit_codes);
}

struct status show_help(struct cli *cli)
{
	const char *first = cli_arg(cli, 0), *second = cli_arg(cli, 1);
	const struct command *command = first ? command_find(first, second) : NULL;

	if (command)
		help_command(cli->out, command);
	else if (!first || (!second && command_is_group(first)))
		help_overview(cli->out, first);
	else
		return command_unknown(first, second);
	return STATUS_OK_VALUE;
}
