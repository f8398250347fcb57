#include "proto/runtime/wire.h"

#define VARINT_BYTES_MAX   10
#define VARINT32_BYTES_MAX 5 /* protobuf-c reads no more for tags and lengths */
#define FIELD_NUMBER_MAX   ((1u << 29) - 1)

static bool varint_read(struct wire *w, size_t bytes_max, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes_max && i < wire_left(w); i++) {
		uint8_t byte = w->at[i];

		if (i == VARINT_BYTES_MAX - 1 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7F) << (7 * i);
		if (byte & 0x80)
			continue;
		w->at += i + 1;
		*out = value;
		return true;
	}
	return false;
}

bool wire_varint(struct wire *w, uint64_t *out)
{
	return varint_read(w, VARINT_BYTES_MAX, out);
}

bool wire_tag(struct wire *w, uint32_t *number, enum wire_type *type)
{
	struct wire ahead = *w;
	uint64_t tag;

	if (!varint_read(&ahead, VARINT32_BYTES_MAX, &tag))
		return false;
	if (tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX || (tag & 7) > WIRE_32BIT)
		return false;
	*w = ahead;
	*number = (uint32_t)(tag >> 3);
	*type = (enum wire_type)(tag & 7);
	return true;
}

bool wire_bytes(struct wire *w, struct wire *out)
{
	struct wire ahead = *w;
	uint64_t n;

	if (!varint_read(&ahead, VARINT32_BYTES_MAX, &n) || n > wire_left(&ahead))
		return false;
	*out = (struct wire){ ahead.at, ahead.at + n };
	w->at = ahead.at + n;
	return true;
}

bool wire_skip(struct wire *w, size_t n)
{
	if (n > wire_left(w))
		return false;
	w->at += n;
	return true;
}
