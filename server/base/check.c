#include "base/check.h"

#include "base/arena.h"
#include "base/text.h"

#include <string.h>

size_t check_length(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static bool has_control(const char *text, const char *permitted)
{
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 || *text == 0x7f) && !strchr(permitted, *text))
			return true;
	return false;
}

struct status check_name(struct violations *violations, const char *field, const char *text, const char **out)
{
	char *name = text_trim(violations->arena, text);

	if (!name)
		return status_out_of_memory();
	if (!*name)
		violations_add(violations, field, "REQUIRED_FIELD", "is required");
	else if (!utf8_valid(name, strlen(name)))
		violations_add(violations, field, "VALIDATION_ERROR", "is not UTF-8");
	else if (check_length(name) > CHECK_NAME_CHARS)
		violations_add(violations, field, "VALIDATION_ERROR", "must have at most %d characters",
			       CHECK_NAME_CHARS);
	else if (has_control(name, ""))
		violations_add(violations, field, "VALIDATION_ERROR", "must not have control characters");
	*out = name;
	return STATUS_OK_VALUE;
}

struct status check_prose(struct violations *violations, const char *field, const char *text, size_t chars_max,
			  const char **out)
{
	char *copy = arena_strdup(violations->arena, text);

	if (!copy)
		return status_out_of_memory();
	if (!utf8_valid(copy, strlen(copy)))
		violations_add(violations, field, "VALIDATION_ERROR", "is not UTF-8");
	else if (check_length(copy) > chars_max)
		violations_add(violations, field, "VALIDATION_ERROR", "must have at most %zu characters", chars_max);
	else if (has_control(copy, "\t\r\n"))
		violations_add(violations, field, "VALIDATION_ERROR", "must not have control characters");
	*out = copy;
	return STATUS_OK_VALUE;
}
