#include "config.h"

#include "choices.h"

#include "base/arena.h"
#include "base/auto.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX 65536

static const char prefix[] = "DOMAINFLOW_";

bool config_has(enum option_id id)
{
	return (option_globals >> id & 1) && id != OPTION_CONFIG && id != OPTION_VERSION && id != OPTION_HELP;
}

void config_variable(enum option_id id, char out[48])
{
	snprintf(out, 48, "%s%s", prefix, option_rows[id].name);
	for (char *c = out; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

struct status file_read(const char *path, size_t limit, struct arena *arena, char **out)
{
	char *text = arena_alloc(arena, limit + 1);
	FILE *file = fopen(path, "re");
	size_t n = file && text ? fread(text, 1, limit + 1, file) : 0;
	int error = !file || ferror(file) ? errno : 0;

	if (file)
		fclose(file);
	if (!text)
		return status_out_of_memory();
	if (error)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_INPUT", "%s: %s", path, strerror(error));
	if (n > limit)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_INPUT", "%s is larger than %zu bytes", path, limit);
	text[n] = '\0';
	*out = text;
	return STATUS_OK_VALUE;
}

/* --- one value ----------------------------------------------------------------------------------------------- */

static const char *name_at(size_t i, const void *context)
{
	(void)context;
	return config_has((enum option_id)i) ? option_rows[i].name : "";
}

/* "yes", or NULL for no. */
static struct status switch_read(const char *value, const char *source, const char **out)
{
	static const struct choices on = { .more = "yes 1 true on" }, off = { .more = "no 0 false off" };

	*out = choices_value(&on, value) == 0 ? "yes" : NULL;
	if (*out || choices_value(&off, value) == 0)
		return STATUS_OK_VALUE;
	return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s is yes or no, not %s", source, value);
}

/* What is there already is kept: the better source speaks first. A file's name is below `folder`, when that is given.
 */
static struct status value_set(struct config *c, struct arena *arena, enum option_id id, const char *value,
			       const char *source, const char *folder)
{
	const struct option_row *row = &option_rows[id];

	if (!source)
		return status_out_of_memory();
	if (c->source[id])
		return STATUS_OK_VALUE;
	if (!*value)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s is empty", source);
	c->source[id] = source;
	if (!row->metavar)
		return switch_read(value, source, &c->value[id]);
	TRY(choices_check(row->choices, source, value));
	c->value[id] = value;
	if (row->choices == &choices_file && folder && *value != '/')
		c->value[id] = arena_printf(arena, "%s/%s", folder, value);
	return c->value[id] ? STATUS_OK_VALUE : status_out_of_memory();
}

/* --- the file ------------------------------------------------------------------------------------------------ */

static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (isspace((unsigned char)*text))
		text++;
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

static struct status refuse(const char *where, const char *what, const char *name)
{
	const char *near = nearest_word(name, name_at, NULL, OPTION_COUNT);

	return status_make(STATUS_INVALID_ARGUMENT, "BAD_CONFIG", "%s: %s %s%s%s%s", where, what, name,
			   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static struct status line_take(struct config *c, struct arena *arena, const char *folder, const char *where, char *line)
{
	char *equals = strchr(line, '='), *name, *value;

	if (!where)
		return status_out_of_memory();
	line = trim(line);
	if (!*line || *line == '#')
		return STATUS_OK_VALUE;
	if (!equals)
		return refuse(where, "a line is `name = value`, not", line);
	*equals = '\0';
	name = trim(line);
	value = trim(equals + 1);
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if (config_has((enum option_id)i) && strcmp(option_rows[i].name, name) == 0)
			return value_set(c, arena, (enum option_id)i, value, where, folder);
	return refuse(where, "there is no setting", name);
}

struct status config_parse(struct config *config, struct arena *arena, const char *path, char *text)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash ? arena_strndup(arena, path, (size_t)(slash - path)) : ".";
	unsigned number = 1;

	if (!folder)
		return status_out_of_memory();
	for (char *line = text; line; number++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		TRY(line_take(config, arena, folder, arena_printf(arena, "%s:%u", path, number), line));
		line = end ? end + 1 : NULL;
	}
	config->path = path;
	return STATUS_OK_VALUE;
}

/* NULL when there is no home either. *out_is_asked: somebody named it, so it has to be there. */
static const char *path_of(const struct options *o, struct arena *arena, bool *out_is_asked)
{
	const char *named = o->value[OPTION_CONFIG] ? o->value[OPTION_CONFIG] : getenv("DOMAINFLOW_CONFIG");
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	*out_is_asked = named && *named;
	if (*out_is_asked)
		return named;
	if (xdg && *xdg == '/')
		return arena_printf(arena, "%s/domainflow/config", xdg);
	return home && *home ? arena_printf(arena, "%s/.config/domainflow/config", home) : NULL;
}

struct status config_read(const struct options *options, struct arena *arena, struct config *out)
{
	bool is_asked;
	const char *path = path_of(options, arena, &is_asked);
	char *text;

	memset(out, 0, sizeof *out);
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		if (!config_has((enum option_id)i) || !options->is_given[i])
			continue;
		out->value[i] = option_rows[i].metavar ? options->value[i] : "yes"; /* checked when it was read */
		out->source[i] = arena_printf(arena, "--%s", option_rows[i].name);
		if (!out->source[i])
			return status_out_of_memory();
	}
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		char name[48];
		const char *value;

		config_variable((enum option_id)i, name);
		value = config_has((enum option_id)i) ? getenv(name) : NULL;
		if (value && *value)
			TRY(value_set(out, arena, (enum option_id)i, value, arena_strdup(arena, name), NULL));
	}
	if (!path)
		return STATUS_OK_VALUE;
	if (!is_asked && access(path, F_OK) != 0)
		return STATUS_OK_VALUE;
	TRY(file_read(path, CONFIG_BYTES_MAX, arena, &text));
	return config_parse(out, arena, path, text);
}
