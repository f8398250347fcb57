/* proto/runtime/wire.h: a cursor over protobuf's wire format. Never reads past `end`; no allocation. */
#ifndef PROTO_RUNTIME_WIRE_H
#define PROTO_RUNTIME_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_64BIT = 1,
	WIRE_BYTES = 2,
	WIRE_GROUP_START = 3,
	WIRE_GROUP_END = 4,
	WIRE_32BIT = 5,
};

struct wire {
	const uint8_t *at, *end;
};

/* False, cursor unchanged, when the bytes end too early, the varint is longer than ten bytes, or it does not fit
 * 64 bits. */
bool wire_varint(struct wire *w, uint64_t *out);
/* A field's tag. False also for field number 0, numbers above 2^29-1, more than five bytes, wire types 6 and 7. */
bool wire_tag(struct wire *w, uint32_t *number, enum wire_type *type);
/* A length and that many bytes: *out covers them, the cursor is behind them. */
bool wire_bytes(struct wire *w, struct wire *out);
bool wire_skip(struct wire *w, size_t n);

static inline size_t wire_left(const struct wire *w)
{
	return (size_t)(w->end - w->at);
}

#endif
