/* completion.c: completion for bash, zsh and fish. The scripts are small: on every TAB they ask dfctl itself
 * (`dfctl completion words -- WORD…`), which answers from the command table, a candidate per line, its explanation
 * behind a tab. */
#include "choices.h"
#include "cli.h"
#include "command.h"

#include <stdlib.h>
#include <string.h>

static const char bash_script[] =
	"# dfctl completion for bash: source this, or install it as /usr/share/bash-completion/completions/dfctl\n"
	"_dfctl() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} IFS=$'\\n' answer\n"
	"\t[[ $cur == = ]] && cur=\n"
	"\tanswer=$(dfctl completion words -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null | cut -f1)\n"
	"\tif [[ $answer == :files ]]; then\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	"\telse\n"
	"\t\tCOMPREPLY=($(compgen -W \"$answer\" -- \"$cur\"))\n"
	"\tfi\n"
	"}\n"
	"complete -F _dfctl dfctl\n";

static const char zsh_script[] =
	"#compdef dfctl\n"
	"# dfctl completion for zsh: install it as _dfctl in a folder of $fpath, or source it after compinit\n"
	"_dfctl() {\n"
	"\tlocal -a answer candidates\n"
	"\tanswer=(${(f)\"$(dfctl completion words -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
	"\tif [[ $answer[1] == :files ]]; then\n"
	"\t\t_files\n"
	"\telse\n"
	"\t\tcandidates=(${${answer//:/\\\\:}/$'\\t'/:})\n"
	"\t\t_describe dfctl candidates\n"
	"\tfi\n"
	"}\n"
	"if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
	"\t_dfctl \"$@\"\n"
	"else\n"
	"\tcompdef _dfctl dfctl\n"
	"fi\n";

static const char fish_script[] = "# dfctl completion for fish: install it as ~/.config/fish/completions/dfctl.fish\n"
				  "function __dfctl_words\n"
				  "\tset -l before (commandline -opc)\n"
				  "\tset -e before[1]\n"
				  "\tset -l answer (dfctl completion words -- $before (commandline -ct) 2>/dev/null)\n"
				  "\tif test \"$answer[1]\" = :files\n"
				  "\t\t__fish_complete_path (commandline -ct)\n"
				  "\telse\n"
				  "\t\tprintf '%s\\n' $answer\n"
				  "\tend\n"
				  "end\n"
				  "complete -c dfctl -f -a '(__dfctl_words)'\n";

/* --- candidates ---------------------------------------------------------------------------------------------- */

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* What is being written, and what of it stands before the part that is completed ("--until=", "phase_failed,"). */
struct writing {
	FILE *out;
	const struct command *command;
	const char *start;
	int kept;
};

static void candidate(const struct writing *w, const char *word, const char *about)
{
	if (begins_with(word, w->start + w->kept))
		fprintf(w->out, "%.*s%s%s%s\n", w->kept, w->start, word, about ? "\t" : "", about ? about : "");
}

static void words_print(struct writing *w, const struct choices *c)
{
	const char *comma = c->is_list ? strrchr(w->start + w->kept, ',') : NULL;
	char word[PB_ENUM_TEXT_SIZE];
	enum output_format format;

	if (c == &choices_file)
		fputs(":files\n", w->out);
	if (comma)
		w->kept = (int)(comma + 1 - w->start);
	for (size_t i = 0; choices_word(c, i, word); i++)
		if (c != &choices_format || !w->command || format_parse(w->command, word, &format))
			candidate(w, word, NULL);
}

static void options_print(struct writing *w)
{
	const char *equals = strchr(w->start, '=');

	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		char name[48];

		if (!((option_globals | (w->command ? w->command->options : 0)) >> i & 1))
			continue;
		snprintf(name, sizeof name, "--%s%s", row->name, equals ? "=" : "");
		if (!equals)
			candidate(w, name, row->help);
		if (!equals || !row->metavar || !begins_with(w->start, name))
			continue;
		w->kept = (int)strlen(name);
		words_print(w, row->choices);
		return;
	}
}

/* The words a command may begin with, or (group) go on with. */
static void commands_print(const struct writing *w, const char *group)
{
	const char *last = "";

	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &command_table[i];
		const char *own = c->group ? c->group : "";

		if (strcmp(own, group ? group : "") == 0)
			candidate(w, c->verb, c->summary);
		else if (!group && strcmp(own, last) != 0)
			candidate(w, own, "several commands");
		last = own;
	}
}

/* The option a word is that waits for its value: "--until", "-o"; OPTION_COUNT for any other word. */
static unsigned waiting_option(const char *word)
{
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		bool is_long = begins_with(word, "--") && strcmp(word + 2, row->name) == 0;
		bool is_short = row->letter && word[0] == '-' && word[1] == row->letter && !word[2];

		if (row->metavar && (is_long || is_short))
			return i;
	}
	return OPTION_COUNT;
}

#define NAMES_MAX 2

void complete(FILE *out, char *const *words, size_t count)
{
	const char *names[NAMES_MAX + 1] = { NULL, NULL, NULL }, *first_arg = NULL;
	struct writing w = { .out = out, .start = count ? words[count - 1] : "" };
	unsigned waiting = OPTION_COUNT;
	size_t args = 0, known = 0;

	for (size_t i = 0; i + 1 < count; i++) {
		bool is_value = waiting < OPTION_COUNT;

		if (strcmp(words[i], "=") == 0) /* bash breaks --option=value there */
			continue;
		waiting = is_value ? OPTION_COUNT : waiting_option(words[i]);
		if (is_value || words[i][0] == '-')
			continue;
		if (w.command && args++ == 0)
			first_arg = words[i];
		if (w.command)
			continue;
		if (known < NAMES_MAX)
			names[known++] = words[i];
		w.command = command_find(names[0], names[1]);
	}
	if (strcmp(w.start, "=") == 0)
		w.start = "";
	if (waiting < OPTION_COUNT) {
		words_print(&w, option_rows[waiting].choices);
	} else if (w.start[0] == '-') {
		options_print(&w);
	} else if (!w.command && known == NAMES_MAX) {
		return; /* two words that are no command: nothing follows */
	} else if (!w.command || w.command->run == show_help) {
		commands_print(&w, w.command ? first_arg : names[0]);
	} else {
		char name[COMMAND_ARGUMENT_SIZE];

		command_argument(w.command, args, name);
		words_print(&w, choices_of_argument(name));
	}
}

struct status show_completion(struct cli *cli)
{
	static const char *const scripts[] = { bash_script, zsh_script, fish_script };
	char word[PB_ENUM_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(scripts) && choices_word(&choices_shell, i, word); i++)
		if (strcmp(word, cli_arg(cli, 0)) == 0)
			fputs(scripts[i], cli->out);
	return STATUS_OK_VALUE;
}
