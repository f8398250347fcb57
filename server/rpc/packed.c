/* A message encoded once, for any number of streams. */
#include "rpc/internal.h"

#include <stdlib.h>
#include <string.h>

struct rpc_packed {
	atomic_uint refs;
	grpc_slice slice;
};

struct rpc_packed *rpc_packed_create(const ProtobufCMessage *message)
{
	struct rpc_packed *packed = malloc(sizeof *packed);

	if (!packed)
		return NULL;
	atomic_init(&packed->refs, 1);
	packed->slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
	protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(packed->slice));
	return packed;
}

struct rpc_packed *rpc_packed_wrap(const struct rpc_packed *inner)
{
	const uint8_t *bytes = GRPC_SLICE_START_PTR(inner->slice);
	size_t length = GRPC_SLICE_LENGTH(inner->slice), head_length = 0;
	struct rpc_packed *packed = malloc(sizeof *packed);
	uint8_t head[11] = { 1 << 3 | 2 }; /* field 1, length-delimited */
	uint8_t *out;

	if (!packed)
		return NULL;
	for (size_t rest = length; head_length == 0 || rest > 0; rest >>= 7)
		head[++head_length] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
	atomic_init(&packed->refs, 1);
	packed->slice = grpc_slice_malloc(1 + head_length + length);
	out = GRPC_SLICE_START_PTR(packed->slice);
	memcpy(out, head, 1 + head_length);
	memcpy(out + 1 + head_length, bytes, length);
	return packed;
}

struct rpc_packed *rpc_packed_retain(struct rpc_packed *packed)
{
	atomic_fetch_add_explicit(&packed->refs, 1, memory_order_relaxed);
	return packed;
}

void rpc_packed_release(struct rpc_packed *packed)
{
	if (!packed || atomic_fetch_sub_explicit(&packed->refs, 1, memory_order_acq_rel) != 1)
		return;
	grpc_slice_unref(packed->slice);
	free(packed);
}

const grpc_slice *rpc_packed_slice(const struct rpc_packed *packed)
{
	return &packed->slice;
}
