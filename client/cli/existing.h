/* cli/existing.h: --if-missing: finding what has the name already, and whether it is the same thing. One thread. */
#ifndef CLI_EXISTING_H
#define CLI_EXISTING_H

#include "base/status.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

struct cli;
struct method;

/* The id of the first one named `name` that a List… method gives, NULL when there is none; in the cli's arena. */
struct status existing_find(struct cli *cli, const struct method *method, ProtobufCMessage *request, const char *items,
			    const char *name, const char **out) MUST_CHECK;

/* OK when every member of `wanted` is in the existing object with the same value; else ALREADY_EXISTS / NAME_TAKEN,
 * which names the first one that differs. */
struct status existing_same(const json_t *wanted, const ProtobufCMessage *existing) MUST_CHECK;

#endif
