/* man.c: the manual page dfctl(1) and the tables of docs/cli.md, from the command table. */
#include "choices.h"
#include "cli.h"
#include "command.h"
#include "config.h"

#include "base/buffer.h"

#include <string.h>

#define ROFF_COLUMNS 76

/* n bytes as mdoc shows them: backslashes, dashes and quotes are themselves. */
static void roff_bytes(struct buffer *out, const char *text, size_t n)
{
	for (; n > 0; n--, text++) {
		if (*text == '\\')
			buffer_text(out, "\\e");
		else if (*text == '-')
			buffer_text(out, "\\-");
		else if (*text == '\'')
			buffer_text(out, "\\(aq");
		else if (*text == '`')
			buffer_text(out, "\\(ga");
		else
			buffer_char(out, *text);
	}
}

/* A paragraph: a sentence begins a line, no line is longer than ROFF_COLUMNS or begins with a control character. */
static void roff_fill(FILE *out, const char *text)
{
	AUTO(buffer) struct buffer word = { 0 };
	size_t used = 0;
	char end = 0;

	for (text += strspn(text, " \n"); *text; text += strspn(text, " \n")) {
		size_t n = strcspn(text, " \n");

		buffer_clear(&word);
		roff_bytes(&word, text, n);
		if (used > 0 && (end == '.' || end == ';' || used + 1 + word.len > ROFF_COLUMNS)) {
			fputc('\n', out);
			used = 0;
		}
		used += (size_t)fprintf(out, "%s%s",
					used > 0                        ? " "
					: *text == '.' || *text == '\'' ? "\\&"
									: "",
					word.data ? word.data : "");
		end = text[n - 1];
		text += n;
	}
	fputc('\n', out);
}

/* Lines that stay lines, behind a macro. */
static void roff_lines(FILE *out, const char *macro, const char *text)
{
	AUTO(buffer) struct buffer line = { 0 };

	for (size_t n; *text; text += n + (text[n] ? 1 : 0)) {
		n = strcspn(text, "\n");
		buffer_clear(&line);
		roff_bytes(&line, text, n);
		fprintf(out, "%s%s\n", macro, line.data ? line.data : "");
	}
}

static void roff_option(FILE *out, const struct command *command, enum option_id id)
{
	const struct option_row *row = &option_rows[id];
	AUTO(buffer) struct buffer help = { 0 };

	fputs(".It ", out);
	if (row->letter)
		fprintf(out, "Fl %c , ", row->letter);
	fprintf(out, "Fl \\-%s", row->name);
	if (row->metavar)
		fprintf(out, " Ar %s", row->metavar);
	fputc('\n', out);
	option_explain(command, id, &help);
	roff_fill(out, help.data ? help.data : "");
}

static void roff_options(FILE *out, const struct command *command, uint64_t options)
{
	fputs(".Bl -tag -width Ds -compact\n", out);
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if (options >> i & 1)
			roff_option(out, command, (enum option_id)i);
	fputs(".El\n", out);
}

static void roff_command(FILE *out, const struct command *c)
{
	fprintf(out, ".It Ic %s%s", c->name, *c->args ? "" : "\n");
	if (*c->args)
		roff_lines(out, " Ar ", c->args);
	roff_fill(out, c->summary);
	if (c->details) {
		fputs(".Pp\n", out);
		roff_fill(out, c->details);
	}
	if (c->options) {
		fputs(".Pp\n", out);
		roff_options(out, c, c->options);
	}
	fputs(".Pp\n", out);
	roff_lines(out, ".Dl dfctl ", c->examples);
}

static const char man_head[] = ".\\\" Written by `dfctl man` from the table of commands.\n"
			       ".Dd $Mdocdate$\n"
			       ".Dt DFCTL 1\n"
			       ".Os\n"
			       ".Sh NAME\n"
			       ".Nm dfctl\n"
			       ".Nd command line of DomainFlow Studio\n"
			       ".Sh SYNOPSIS\n"
			       ".Nm\n"
			       ".Ar command\n"
			       ".Op Ar option ...\n"
			       ".Op Ar argument ...\n"
			       ".Sh DESCRIPTION\n"
			       ".Nm\n"
			       "creates, runs, watches and reports lead generation campaigns on a\n"
			       "DomainFlow server.\n"
			       "Options and arguments may stand in any order;\n"
			       ".Sq \\-\\-\n"
			       "ends the options.\n"
			       "Answers go to standard output, everything else to standard error.\n"
			       "Tables are for people and may change;\n"
			       "programs read json, jsonl or csv.\n";

static const char man_files[] = ".Sh FILES\n"
				".Bl -tag -width Ds\n"
				".It Pa ~/.config/domainflow/config\n"
				"Lines\n"
				".Ql name = value\n"
				"with the name of an option of every command, for example\n"
				".Ql server = unix:/run/domainflow/grpc.sock .\n"
				"A line that begins with # is a comment.\n"
				"Options without a value are yes or no.\n"
				"File names that do not begin with / are below the folder of the file.\n"
				"The line of a command wins over the environment, the environment over the file.\n"
				"With\n"
				".Ev XDG_CONFIG_HOME\n"
				"set it is\n"
				".Pa $XDG_CONFIG_HOME/domainflow/config .\n"
				".El\n";

static void man_environment(FILE *out)
{
	char name[48];

	fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds -compact\n", out);
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		if (!config_has((enum option_id)i))
			continue;
		config_variable((enum option_id)i, name);
		fprintf(out, ".It Ev %s\nas\n.Fl \\-%s\n", name, option_rows[i].name);
	}
	fputs(".It Ev DOMAINFLOW_CONFIG\nas\n.Fl \\-config\n"
	      ".It Ev NO_COLOR\nno colours when it is set to anything\n.El\n",
	      out);
}

void man_page(FILE *out)
{
	const char *code, *meaning;

	fputs(man_head, out);
	fputs(".Ss Options of every command\n", out);
	roff_options(out, NULL, option_globals);
	fputs(".Ss Commands\n.Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < command_count; i++)
		roff_command(out, &command_table[i]);
	fputs(".El\n", out);
	man_environment(out);
	fputs(man_files, out);
	fputs(".Sh EXIT STATUS\n.Bl -tag -width 130 -compact\n", out);
	for (size_t i = 0; exit_code_row(i, &code, &meaning); i++) {
		fprintf(out, ".It %s\n", code);
		roff_fill(out, meaning);
	}
	fputs(".El\n", out);
}

/* --- Markdown ------------------------------------------------------------------------------------------------ */

/* A cell of a table: | would end it. */
static void cell_print(FILE *out, const char *text)
{
	for (; *text; text++)
		fprintf(out, *text == '|' ? "\\%c" : "%c", *text);
}

void man_markdown(FILE *out)
{
	fputs("| command | what it does | options |\n|---|---|---|\n", out);
	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &command_table[i];
		bool is_first = true;

		fprintf(out, "| `%s", c->name);
		if (*c->args) {
			fputc(' ', out);
			cell_print(out, c->args);
		}
		fprintf(out, "` | %s |", c->summary);
		for (unsigned o = 0; o < OPTION_COUNT; o++) {
			if (!(c->options >> o & 1))
				continue;
			fprintf(out, "%s `--%s`", is_first ? "" : ",", option_rows[o].name);
			is_first = false;
		}
		fputs(" |\n", out);
	}
}

struct status show_man(struct cli *cli)
{
	const char *what = cli_arg(cli, 0);

	if (what && strcmp(what, "markdown") != 0)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "man can be followed by markdown only, not %s",
				   what);
	if (what)
		man_markdown(cli->out);
	else
		man_page(cli->out);
	return STATUS_OK_VALUE;
}
