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

void command_argument(const struct command *command, size_t i, char out[COMMAND_ARGUMENT_SIZE])
{
	const char *p = command->args;
	size_t n;

	out[0] = '\0';
	if (i >= command->args_max)
		return;
	for (; i > 0 && *p; i--)
		p += strcspn(p, " ") + strspn(p + strcspn(p, " "), " ");
	p += strspn(p, "[");
	n = strcspn(p, " ]");
	snprintf(out, COMMAND_ARGUMENT_SIZE, "%.*s", (int)n, p);
}
