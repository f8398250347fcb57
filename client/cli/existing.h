/* cli/existing.h: --if-missing: finding what has the name already, and whether it is the same thing. One thread. */
#ifndef CLI_EXISTING_H
#define CLI_EXISTING_H

#include "base/status.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

struct cli;
struct method;

/* The id of the one named `name` that a List… method gives, NULL when there is none; in the cli's arena. `field` and
 * `value` narrow it down ("persona_type", "dns"); NULL: not. */
struct status existing_find(struct cli *cli, const struct method *method, ProtobufCMessage *request, const char *items,
			    const char *name, const char *field, const char *value, const char **out) MUST_CHECK;

/* OK when every member of `wanted` is in the existing object with the same value; else ALREADY_EXISTS / NAME_TAKEN,
 * which names the first one that differs. */
struct status existing_same(const json_t *wanted, const ProtobufCMessage *existing) MUST_CHECK;

#endif
