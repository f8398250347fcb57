/* cli/input.h: JSON documents given with -f, and names in them that stand for ids. One thread. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "base/json.h"
#include "base/status.h"

#include <stdbool.h>

struct cli;
struct resource;

#define INPUT_BYTES_MAX (16 * 1024 * 1024)

/* Reads the object in the file of -f ("-": standard input). The caller owns *out. INVALID_ARGUMENT / BAD_INPUT names
 * the file. */
struct status input_read(const struct cli *cli, json_t **out) MUST_CHECK;

/* Appends the ids that `names` (ids or names) stand for to the array, without repeating one. A name that several have
 * (personas: one per type) stands for all of them. NOT_FOUND / PERSONA_UNKNOWN or KEYWORD_SET_UNKNOWN. */
struct status reference_resolve(struct cli *cli, const struct resource *resource, const char *const *names,
				size_t count, json_t *ids) MUST_CHECK;

/* Whether every member of `part` is in `whole` with an equal value, objects looked into, numbers compared as numbers.
 * On false `path` (a buffer of `size` bytes) names a member that differs. */
bool json_is_part(const json_t *part, const json_t *whole, char *path, size_t size);

#endif
