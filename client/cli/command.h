/* cli/command.h: the commands of dfctl, one table row each, and the help made from it.
 *
 * A new command: a row in command_table.c, a function declared here. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "options.h"

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buffer;
struct cli;
struct resource;

/* The answer goes to standard output; what the status says is reported by main. */
typedef struct status (*command_fn)(struct cli *cli);

struct command {
	const char *group; /* "campaign"; NULL for a command of one word */
	const char *verb;
	const char *name; /* both words */
	const char *args; /* as help shows them: "ID [PHASE]" */
	unsigned args_min, args_max;
	uint64_t options;     /* OPTION_BIT of what it takes besides the global ones */
	const char *summary;  /* one line */
	const char *details;  /* more lines, or NULL */
	const char *examples; /* lines without "dfctl " in front; NULL */
	command_fn run;
	unsigned formats;                /* FORMAT_BIT of what --output may be; 0: all of them */
	bool times_itself;               /* --timeout on the line bounds the whole command, not each call */
	bool writes_file;                /* --output may also be the name of a file, which has a dot or a slash */
	bool is_offline;                 /* needs no server, nor a configuration that is right */
	const struct resource *resource; /* what a resource_… command works on */
};

#define COMMAND_ARGUMENT_SIZE 32

extern const struct command command_table[];
extern const size_t command_count;

/* NULL when `first` alone (second NULL), or both words, name no command. */
const struct command *command_find(const char *first, const char *second);
bool command_is_group(const char *word);
/* INVALID_ARGUMENT / USAGE, with what may have been meant. */
struct status command_unknown(const char *first, const char *second) MUST_CHECK;

/* The name of the i-th argument as `args` shows it, without brackets; "" past the last. */
void command_argument(const struct command *command, size_t i, char out[COMMAND_ARGUMENT_SIZE]);

/* Appends what an option is for, with the words it may be. */
void option_explain(const struct command *command, enum option_id id, struct buffer *out);
/* The exit codes: "0", "done"; false past the last. */
bool exit_code_row(size_t i, const char **out_code, const char **out_meaning);
/* Every line of `text` behind `prefix`. */
void lines_print(FILE *out, const char *prefix, const char *text);

void help_command(FILE *out, const struct command *command);
/* Every command of a group, or (NULL) everything. */
void help_overview(FILE *out, const char *group);
/* What may stand where the last of a line's words is being written: a candidate per line, its explanation behind a tab;
 * ":files" for the name of a file. Only for the scripts that `dfctl completion` prints. */
void complete(FILE *out, char *const *words, size_t count);
/* The manual page, in mdoc(7). */
void man_page(FILE *out);
/* The tables of docs/cli.md, in Markdown. */
void man_markdown(FILE *out);

/* The first argument, when it is a CAMPAIGN, as an id: a name that only one campaign has stands for it. */
struct status campaign_argument(struct cli *cli, struct options *options) MUST_CHECK;

struct status campaign_create(struct cli *cli);
struct status campaign_list(struct cli *cli);
struct status campaign_get(struct cli *cli);
struct status campaign_watch(struct cli *cli);
struct status campaign_wait(struct cli *cli);
struct status show_events(struct cli *cli);
struct status pattern_preview(struct cli *cli);
struct status campaign_start(struct cli *cli);
struct status campaign_pause(struct cli *cli);
struct status campaign_resume(struct cli *cli);
struct status campaign_stop(struct cli *cli);
struct status campaign_restart(struct cli *cli);
struct status campaign_duplicate(struct cli *cli);
struct status campaign_delete(struct cli *cli);
struct status campaign_update(struct cli *cli);
struct status campaign_archive(struct cli *cli);
struct status campaign_lineage(struct cli *cli);
struct status campaign_mode(struct cli *cli);
struct status campaign_configure(struct cli *cli);
struct status campaign_status(struct cli *cli);
struct status campaign_funnel(struct cli *cli);
struct status campaign_rejections(struct cli *cli);
struct status campaign_executions(struct cli *cli);
struct status domain_list(struct cli *cli);
struct status domain_keywords(struct cli *cli);
struct status domain_breakdown(struct cli *cli);
struct status domain_export(struct cli *cli);
struct status domain_get(struct cli *cli);
struct status resource_create(struct cli *cli);
struct status resource_list(struct cli *cli);
struct status resource_get(struct cli *cli);
struct status resource_update(struct cli *cli);
struct status resource_delete(struct cli *cli);
struct status show_doctor(struct cli *cli);
struct status persona_test(struct cli *cli);
struct status show_instances(struct cli *cli);
struct status show_version(struct cli *cli);
struct status show_help(struct cli *cli);
struct status show_man(struct cli *cli);
struct status show_completion(struct cli *cli);

#endif
