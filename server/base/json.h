/* base/json.h: bounded reading of JSON from outside, over Jansson. Any thread.
 *
 * Jansson builds the tree; what we add is the bounds: size, nesting, no duplicate keys, no NUL. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/auto.h"
#include "base/status.h"

#include <jansson.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 32

/* Parses exactly one JSON value of any type. The caller owns *out (json_decref).
 * INVALID_ARGUMENT / BAD_REQUEST names the byte where reading stopped; nothing is set then. */
struct status json_read(const char *text, size_t n, size_t max_bytes, json_t **out) MUST_CHECK;

/* Compact text of a value in the arena, member order kept. NULL when memory is short. */
char *json_to_arena(struct arena *arena, const json_t *value) MUST_CHECK;

static inline void auto_json(json_t **value)
{
	json_decref(*value);
}

#endif
