/* transfer.c: messages to and from gRPC's buffers, and waiting for a queue. */
#include "internal.h"

#include "proto/runtime/unpack.h"

#include "base/arena.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/support/time.h>

grpc_byte_buffer *bytes_pack(const ProtobufCMessage *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	grpc_slice slice = grpc_slice_malloc(n);
	grpc_byte_buffer *bytes;

	protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
	bytes = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	return bytes;
}

struct status bytes_unpack(const ProtobufCMessageDescriptor *type, grpc_byte_buffer *bytes, struct arena *arena,
			   ProtobufCMessage **out)
{
	grpc_byte_buffer_reader reader;
	struct status st;
	grpc_slice all;

	if (!grpc_byte_buffer_reader_init(&reader, bytes))
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "the server's answer can't be decompressed");
	all = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	st = message_unpack(type, GRPC_SLICE_START_PTR(all), GRPC_SLICE_LENGTH(all), arena, out);
	grpc_slice_unref(all);
	if (st.code == STATUS_INVALID_ARGUMENT)
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "the server's answer is not a %s", type->name);
	return st;
}

gpr_timespec time_after(int64_t timeout_ms)
{
	if (timeout_ms == INT64_MAX)
		return gpr_inf_future(GPR_CLOCK_MONOTONIC);
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
}

grpc_event tag_wait(grpc_completion_queue *queue, grpc_call *call, void *tag, gpr_timespec deadline,
		    const atomic_bool *cancel)
{
	bool is_cancelled = false;

	for (;;) {
		bool is_watching = cancel && !is_cancelled;
		gpr_timespec until = is_watching ? gpr_time_min(time_after(DF_CANCEL_TICK_MS), deadline) : deadline;
		grpc_event event;

		if (is_watching && atomic_load(cancel)) {
			is_cancelled = true;
			grpc_call_cancel(call, NULL);
			continue;
		}
		event = grpc_completion_queue_pluck(queue, tag, until, NULL);
		if (event.type != GRPC_QUEUE_TIMEOUT || gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), deadline) >= 0)
			return event;
	}
}
