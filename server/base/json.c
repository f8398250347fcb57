#include "base/json.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

/* Nesting is checked before Jansson recurses: its own limit is 2048 levels. */
static bool depth_fits(const char *text, size_t n)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > JSON_DEPTH_MAX)
				return false;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return true;
}

struct status json_read(const char *text, size_t n, size_t max_bytes, json_t **out)
{
	json_error_t error;
	json_t *value;

	if (n > max_bytes)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "JSON of %zu bytes is larger than %zu", n,
				   max_bytes);
	if (!depth_fits(text, n))
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "JSON is nested deeper than %d levels",
				   JSON_DEPTH_MAX);
	value = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!value && json_error_code(&error) == json_error_null_character)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST",
				   "a text in the JSON contains a NUL character");
	if (!value)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "not JSON: %.120s (byte %d)", error.text,
				   error.position);
	*out = value;
	return STATUS_OK_VALUE;
}

char *json_to_arena(struct arena *arena, const json_t *value)
{
	const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
	size_t n = json_dumpb(value, NULL, 0, flags);
	char *text;

	if (n == 0)
		return NULL;
	text = arena_alloc(arena, n + 1);
	if (text && json_dumpb(value, text, n, flags) != n)
		return NULL;
	return text;
}
