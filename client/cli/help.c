/* help.c: what --help and `dfctl help` say, from the command table. */
#include "choices.h"
#include "cli.h"
#include "command.h"

#include "base/buffer.h"

#include <string.h>

#define LINE_COLUMNS 100
#define LEFT_COLUMNS 31 /* what stands in front of an option's explanation */

static const struct {
	enum exit_code code;
	const char *number, *meaning;
} exit_codes[] = {
	{ EXIT_OK, "0", "done" },
	{ EXIT_FAILED, "1", "the campaign failed or was cancelled, a check failed, or a failure not listed here" },
	{ EXIT_USAGE, "2", "a mistake on the line or in the input" },
	{ EXIT_UNKNOWN, "3", "no such campaign, persona, keyword set or domain" },
	{ EXIT_REFUSED, "4", "refused in this state, the name is taken, or somebody was faster" },
	{ EXIT_NO_SERVER, "5", "the server could not be reached, or did not answer in time" },
	{ EXIT_TIMEOUT, "124", "campaign wait: not there in time" },
	{ EXIT_INTERRUPTED, "130", "interrupted" },
};

bool exit_code_row(size_t i, const char **out_code, const char **out_meaning)
{
	if (i >= ARRAY_LEN(exit_codes))
		return false;
	*out_code = exit_codes[i].number;
	*out_meaning = exit_codes[i].meaning;
	return true;
}

void option_explain(const struct command *command, enum option_id id, struct buffer *out)
{
	const struct option_row *row = &option_rows[id];
	char word[PB_ENUM_TEXT_SIZE];
	enum output_format format;
	bool is_first = true;

	buffer_text(out, row->help);
	if (!choices_are_words(row->choices))
		return;
	buffer_text(out, ": ");
	if (id != OPTION_OUTPUT) {
		choices_text(row->choices, out);
		return;
	}
	for (size_t i = 0; choices_word(row->choices, i, word); i++) {
		if (command && !format_parse(command, word, &format))
			continue;
		buffer_printf(out, "%s%s", is_first ? "" : ", ", word);
		is_first = false;
	}
}

/* Words up to LINE_COLUMNS, further lines indented by LEFT_COLUMNS; the first one begins at column `used`. */
static void wrap_print(FILE *out, const char *text, size_t used)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		if (used > LEFT_COLUMNS && used + 1 + n > LINE_COLUMNS) {
			fprintf(out, "\n%*s", LEFT_COLUMNS, "");
			used = LEFT_COLUMNS;
		} else if (used > LEFT_COLUMNS) {
			fputc(' ', out);
			used++;
		}
		fwrite(text, 1, n, out);
		used += n;
		text += n + strspn(text + n, " ");
	}
	fputc('\n', out);
}

static void options_print(FILE *out, const struct command *command, uint64_t options)
{
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		AUTO(buffer) struct buffer help = { 0 };
		char left[48], letter[4] = "  ";

		if (!(options >> i & 1))
			continue;
		if (row->letter)
			snprintf(letter, sizeof letter, "-%c", row->letter);
		snprintf(left, sizeof left, "%s%s --%s%s%s", letter, row->letter ? "," : " ", row->name,
			 row->metavar ? " " : "", row->metavar ? row->metavar : "");
		option_explain(command, (enum option_id)i, &help);
		fprintf(out, "  %-28s ", left);
		wrap_print(out, help.data ? help.data : "", LEFT_COLUMNS);
	}
}

void lines_print(FILE *out, const char *prefix, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		fprintf(out, "%s%.*s\n", prefix, (int)n, text);
		text += n + (text[n] ? 1 : 0);
	}
}

static void rest_print(FILE *out, const struct command *command)
{
	const char *code, *meaning;

	fputs("\noptions of every command\n", out);
	options_print(out, command, option_globals);
	fputs("\nThese may also be set in the environment (--tls-ca is DOMAINFLOW_TLS_CA) or in the file\n"
	      "~/.config/domainflow/config (lines such as `tls-ca = ca.pem`); the line wins, then the environment.\n",
	      out);
	fputs("\nexit codes\n", out);
	for (size_t i = 0; exit_code_row(i, &code, &meaning); i++)
		fprintf(out, "  %3s  %s\n", code, meaning);
}

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
		options_print(out, command, command->options);
	}
	rest_print(out, command);
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
	fputs("\ndfctl COMMAND --help says more, with examples and options; dfctl man is the manual.\n", out);
	if (!group)
		fputs("Which server: --server ADDR or DOMAINFLOW_SERVER; dfctl doctor tells whether all is well.\n",
		      out);
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
