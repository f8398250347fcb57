#include "plugin_io.h"

#include "base/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_BYTES 65536

bool plugin_read_all(int fd, struct buffer *out)
{
	for (;;) {
		ssize_t n;

		if (!buffer_reserve(out, READ_BYTES))
			return false;
		n = read(fd, out->data + out->len, READ_BYTES);
		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		out->len += (size_t)n;
	}
}

bool plugin_write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t wrote = write(fd, p, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return false;
		p += wrote;
		n -= (size_t)wrote;
	}
	return true;
}

static void *arena_take(void *arena, size_t bytes)
{
	return arena_alloc(arena, bytes);
}

static void arena_keep(void *arena, void *memory)
{
	(void)arena;
	(void)memory;
}

ProtobufCMessage *plugin_unpack(struct arena *arena, const ProtobufCMessageDescriptor *type, const struct buffer *bytes)
{
	ProtobufCAllocator allocator = { .alloc = arena_take, .free = arena_keep, .allocator_data = arena };

	return protobuf_c_message_unpack(type, &allocator, bytes->len, (const uint8_t *)bytes->data);
}

bool plugin_write_message(int fd, const ProtobufCMessage *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = malloc(n ? n : 1);
	bool ok;

	if (!bytes)
		return false;
	protobuf_c_message_pack(message, bytes);
	ok = plugin_write_all(fd, bytes, n);
	free(bytes);
	return ok;
}
