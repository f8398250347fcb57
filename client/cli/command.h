/* cli/command.h: the commands of dfctl, one table row each, and the help made from it.
 *
 * A new command: a row in command_table.c, a function declared here. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cli;

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
};

extern const struct command command_table[];
extern const size_t command_count;

/* NULL when `first` alone (second NULL), or both words, name no command. */
const struct command *command_find(const char *first, const char *second);
bool command_is_group(const char *word);
/* INVALID_ARGUMENT / USAGE, with what may have been meant. */
struct status command_unknown(const char *first, const char *second) MUST_CHECK;

void help_command(FILE *out, const struct command *command);
/* Every command of a group, or (NULL) everything. */
void help_overview(FILE *out, const char *group);

struct status campaign_create(struct cli *cli);
struct status campaign_list(struct cli *cli);
struct status campaign_get(struct cli *cli);
struct status campaign_watch(struct cli *cli);
struct status campaign_start(struct cli *cli);
struct status campaign_pause(struct cli *cli);
struct status campaign_resume(struct cli *cli);
struct status campaign_stop(struct cli *cli);
struct status campaign_restart(struct cli *cli);
struct status campaign_duplicate(struct cli *cli);
struct status campaign_delete(struct cli *cli);
struct status campaign_update(struct cli *cli);
struct status campaign_mode(struct cli *cli);
struct status campaign_configure(struct cli *cli);
struct status campaign_status(struct cli *cli);
struct status campaign_funnel(struct cli *cli);
struct status campaign_rejections(struct cli *cli);
struct status campaign_executions(struct cli *cli);
struct status domain_list(struct cli *cli);
struct status domain_get(struct cli *cli);
struct status persona_create(struct cli *cli);
struct status persona_list(struct cli *cli);
struct status persona_get(struct cli *cli);
struct status persona_update(struct cli *cli);
struct status persona_delete(struct cli *cli);
struct status keyword_set_create(struct cli *cli);
struct status keyword_set_list(struct cli *cli);
struct status keyword_set_get(struct cli *cli);
struct status keyword_set_update(struct cli *cli);
struct status keyword_set_delete(struct cli *cli);
struct status show_version(struct cli *cli);
struct status show_help(struct cli *cli);

#endif
