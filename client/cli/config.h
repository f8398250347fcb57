/* cli/config.h: the options that hold for every command, from the line, the environment or a file. One thread.
 *
 * An option --like-this may also be the environment variable DOMAINFLOW_LIKE_THIS or a line `like-this = value` of the
 * file; the line wins over the environment, the environment over the file. The file is --config, else
 * DOMAINFLOW_CONFIG, else $XDG_CONFIG_HOME/domainflow/config, else ~/.config/domainflow/config; only the last two may
 * be absent. In it # begins a comment, and names of files that don't begin with / are below the file's folder. Options
 * without a value are yes or no. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "options.h"

struct arena;

struct config {
	const char *value[OPTION_COUNT];  /* NULL: nobody said; options without a value: "yes" or NULL */
	const char *source[OPTION_COUNT]; /* "--server", "DOMAINFLOW_SERVER", "/home/me/.config/domainflow/config:3" */
	const char *path;                 /* the file that was read; NULL */
};

/* Texts live in the arena, in argv and in the environment. INVALID_ARGUMENT / USAGE or BAD_CONFIG, which names file and
 * line. */
struct status config_read(const struct options *options, struct arena *arena, struct config *out) MUST_CHECK;

/* The lines of a file, of which `path` is said to be the name; what is there already is kept. */
struct status config_parse(struct config *config, struct arena *arena, const char *path, char *text) MUST_CHECK;

/* Whether an option may be in the environment and the file. */
bool config_has(enum option_id id);
/* "DOMAINFLOW_TLS_CA". */
void config_variable(enum option_id id, char out[48]);

/* A file's text, at most `limit` bytes, in the arena. INVALID_ARGUMENT / BAD_INPUT names it. */
struct status file_read(const char *path, size_t limit, struct arena *arena, char **out) MUST_CHECK;

#endif
