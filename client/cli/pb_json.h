/* cli/pb_json.h: any message of the contract as JSON, guided by its descriptor.
 *
 * lowerCamelCase names; enums lower-case without their prefix, null when unspecified; times as RFC 3339; 64-bit numbers
 * as numbers, as text beyond 2^53; fields marked is_json as the JSON they hold (null when empty). Absent: messages are
 * left out, the only member of a oneof is null, the members not chosen of a larger oneof are left out. Pure; any
 * thread. */
#ifndef CLI_PB_JSON_H
#define CLI_PB_JSON_H

#include "base/json.h"

#include <protobuf-c/protobuf-c.h>

struct buffer;

/* The caller owns the result; NULL when memory is short. */
json_t *pb_json(const ProtobufCMessage *message) MUST_CHECK;
/* Whether the field is marked is_json in the contract. */
bool pb_json_is_json(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);

#define JSON_COMPACT_TEXT 0 /* the `indent` of one line */

/* Appends the text of a value, indented by so many spaces. Characters that a terminal would obey or that would turn
 * text around are written as \uXXXX: what sites put into titles can't act. False when memory is short. */
bool json_print(const json_t *value, unsigned indent, struct buffer *out) MUST_CHECK;

#endif
