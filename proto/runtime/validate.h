/* proto/runtime/validate.h: reads a request's bytes before protobuf-c does, because protobuf-c does not look.
 *
 * protobuf-c 1.4 unpacks recursively without a limit, takes any bytes for a string and cuts strings at NUL. This
 * walks the wire format with the descriptor and the method's rules, allocates only for what it complains about,
 * and never recurses deeper than MESSAGE_DEPTH_MAX. Threads: any. */
#ifndef PROTO_RUNTIME_VALIDATE_H
#define PROTO_RUNTIME_VALIDATE_H

#include "proto/runtime/method.h"

struct arena;

#define MESSAGE_DEPTH_MAX        32
#define MESSAGE_STRING_BYTES_MAX 65536 /* string and bytes fields that have no max_bytes of their own */
#define MESSAGE_ITEMS_MAX        1000  /* repeated and map fields that have no max_items of their own */
#define MESSAGE_FIELDS_MAX       128   /* fields of one message type; the plugin refuses more */

/* Checks `n` bytes as a request of `method`.
 *
 * INVALID_ARGUMENT / VALIDATION_ERROR: the bytes are a message, values in it are refused: every one is listed
 * (up to VIOLATIONS_MAX) with its lowerCamelCase path, `configuration.patternConfig.tlds[1]`. Too long, too many
 * elements, not UTF-8, a NUL in a string, not JSON, an enum value nobody defined.
 * INVALID_ARGUMENT / BAD_REQUEST: the bytes are not such a message: truncated, overlong or out of range varints,
 * groups, wrong wire types, nested too deep, one message field given twice. Reading stops there; the path of
 * that place is the only violation.
 * Violations live in `arena`. */
struct status message_validate(const struct method *method, const void *bytes, size_t n,
			       struct arena *arena) MUST_CHECK;

/* The rules of one message type among a method's, NULL when it has none. */
const struct message_rules *method_rules_find(const struct method *method, const ProtobufCMessageDescriptor *type);

#endif
