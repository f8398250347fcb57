/* plugin_io.h: the bytes between protoc and a plugin. */
#ifndef PROTOC_GEN_GRPC_C_PLUGIN_IO_H
#define PROTOC_GEN_GRPC_C_PLUGIN_IO_H

#include "base/buffer.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

struct arena;

/* Reads a descriptor until its end. False when reading fails or memory runs out. */
bool plugin_read_all(int fd, struct buffer *out);
bool plugin_write_all(int fd, const void *bytes, size_t n);
/* Unpacks into the arena; NULL when the bytes are not such a message. */
ProtobufCMessage *plugin_unpack(struct arena *arena, const ProtobufCMessageDescriptor *type,
				const struct buffer *bytes);
/* Packs and writes. */
bool plugin_write_message(int fd, const ProtobufCMessage *message);

#endif
