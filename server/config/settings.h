/* config/settings.h: one read-only struct, filled once at start from environment and flags, passed down, never global.
 * Owner: main.c. Threads: read by any after settings_load. The table is settings.def. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct settings {
#define SETTING_TEXT(field, env, value, help)                   const char *field;
#define SETTING_INT(field, env, value, least, most, unit, help) int64_t field;
#define SETTING_NUMBER(field, env, value, least, most, help)    double field;
#define SETTING_BOOL(field, env, value, help)                   bool field;
#define SETTING_DURATION(field, env, value, least, most, help)  int64_t field;
#include "config/settings.def"
#undef SETTING_TEXT
#undef SETTING_INT
#undef SETTING_NUMBER
#undef SETTING_BOOL
#undef SETTING_DURATION
};

/* The defaults of the table. Text values point at static memory. */
void settings_defaults(struct settings *s);

/* Defaults, then the environment (a value that does not fit is replaced by the default, with one warning in the
 * log), then flags `--name value` or `--name=value` (a flag that does not fit is an error: INVALID_ARGUMENT).
 * args are what follows the program's subcommand; texts are borrowed from environ and args. */
struct status settings_load(struct settings *s, int arg_count, char **args) MUST_CHECK;

/* Whether `role` (api, worker, jobs) is in s->roles. */
bool settings_has_role(const struct settings *s, const char *role);

/* The table as Markdown, for docs/operations.md. */
void settings_print(FILE *out);

#endif
