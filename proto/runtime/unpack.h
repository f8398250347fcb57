/* proto/runtime/unpack.h: from bytes to a message whose every part lives in an arena. Threads: any. */
#ifndef PROTO_RUNTIME_UNPACK_H
#define PROTO_RUNTIME_UNPACK_H

#include "proto/runtime/method.h"

struct arena;

/* Unpacks bytes that are trusted or already validated. RESOURCE_EXHAUSTED / OUT_OF_MEMORY when the arena's limit is
 * reached, INVALID_ARGUMENT / BAD_REQUEST when the bytes are not such a message. Nothing needs to be freed. */
struct status message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t n, struct arena *arena,
			     ProtobufCMessage **out) MUST_CHECK;

/* What the server does with a request: message_validate, message_unpack, and of map entries with equal keys only
 * the last is kept. */
struct status message_read(const struct method *method, const void *bytes, size_t n, struct arena *arena,
			   ProtobufCMessage **out) MUST_CHECK;

#endif
