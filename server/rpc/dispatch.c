/* What happens once for every call: admit, decode, run, answer. */
#include "base/clock.h"
#include "proto/runtime/unpack.h"
#include "rpc/internal.h"
#include "telemetry/metrics.h"

#include <grpc/byte_buffer_reader.h>
#include <stdlib.h>
#include <string.h>

/* --- the request ---------------------------------------------------------------------------------------------- */

struct status rpc_request_decode(struct rpc_call *call, grpc_byte_buffer *payload, ProtobufCMessage **out)
{
	grpc_byte_buffer_reader reader;
	grpc_slice slice;
	struct status st;

	if (!payload)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "the call came without a message");
	if (payload->data.raw.compression != GRPC_COMPRESS_NONE) {
		grpc_byte_buffer_destroy(payload);
		return status_make(STATUS_UNIMPLEMENTED, "COMPRESSION_UNSUPPORTED",
				   "compressed messages are not accepted");
	}
	if (!grpc_byte_buffer_reader_init(&reader, payload)) {
		grpc_byte_buffer_destroy(payload);
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "the message can't be read");
	}
	slice = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	grpc_byte_buffer_destroy(payload);
	st = message_read(call->slot->binding->method, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice),
			  call->arena, out);
	grpc_slice_unref(slice);
	return st;
}

/* --- admission ------------------------------------------------------------------------------------------------ */

static struct status check_role(const struct rpc_call *call)
{
	/* ROLE_ADMIN is the least number: whoever stands at or before the required role may pass. */
	if (rpc_call_principal(call)->role <= call->slot->binding->method->role)
		return STATUS_OK_VALUE;
	return status_make(STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", "this call needs another role");
}

static struct status admit(struct rpc_call *call, bool is_entered)
{
	struct status st;

	if (!call->slot->binding)
		return status_make(STATUS_UNIMPLEMENTED, "UNKNOWN_METHOD", "no such method on this server");
	if (!call->slot->binding->unary && !call->slot->binding->stream)
		return status_make(STATUS_UNIMPLEMENTED, "METHOD_NOT_BUILT", "the method has no implementation");
	if (!is_entered) {
		st = status_make(STATUS_UNAVAILABLE, "DRAINING", "this instance is shutting down; try another");
		return st;
	}
	if (rpc_call_ms_left(call) == 0)
		return status_make(STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
				   "the deadline passed before the call began");
	if (call->idempotency_key_is_bad)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_IDEMPOTENCY_KEY",
				   "x-idempotency-key must be 1 to %d printable characters", RPC_IDEMPOTENCY_MAX);
	return check_role(call);
}

/* --- unary ---------------------------------------------------------------------------------------------------- */

static void unary_finished(struct rpc_tag *tag, bool ok)
{
	(void)ok; /* the client may be gone; nothing depends on it */
	rpc_call_drop(RPC_OWNER(tag, struct rpc_call, finished_tag));
}

/* One batch with everything the client gets. `out` is NULL for a failure. */
static void answer(struct rpc_call *call, const struct status *st, const ProtobufCMessage *out)
{
	struct rpc_status_op room;
	struct rpc_packed *packed = NULL;
	grpc_byte_buffer *bytes = NULL;
	struct status memory = STATUS_OK_VALUE;
	grpc_metadata header;
	grpc_op ops[3];
	size_t n = 0;

	if (out) {
		packed = rpc_packed_create(out);
		if (!packed) {
			memory = status_out_of_memory();
			st = &memory;
		}
	}
	rpc_call_initial_op(call, &ops[n++], &header);
	if (packed) {
		grpc_slice slice = *rpc_packed_slice(packed);

		bytes = grpc_raw_byte_buffer_create(&slice, 1);
		memset(&ops[n], 0, sizeof ops[n]);
		ops[n].op = GRPC_OP_SEND_MESSAGE;
		ops[n++].data.send_message.send_message = bytes;
		metric_add(call->slot->metrics.sent, 1);
	}
	rpc_call_status_op(call, st, &ops[n], &room);
	n++;
	call->finished_tag.fire = unary_finished;
	rpc_call_handled(call, st); /* before the client can know */
	rpc_call_batch(call, ops, n, &call->finished_tag);
	rpc_status_op_done(&room, &ops[n - 1]);
	if (bytes)
		grpc_byte_buffer_destroy(bytes);
	rpc_packed_release(packed);
}

static void run_unary(struct rpc_call *call, grpc_byte_buffer *payload)
{
	ProtobufCMessage *in = NULL, *out = NULL;
	struct status st = rpc_request_decode(call, payload, &in);

	if (status_ok(st))
		st = call->slot->binding->unary(call->slot->handlers, call, in, &out);
	if (status_ok(st) && !out)
		st = status_make(STATUS_INTERNAL, "NO_ANSWER", "the handler of %s returned OK without an answer",
				 call->slot->binding->method->path);
	answer(call, &st, status_ok(st) ? out : NULL);
}

/* --- streams -------------------------------------------------------------------------------------------------- */

static void run_server_stream(struct rpc_call *call, grpc_byte_buffer *payload)
{
	ProtobufCMessage *in = NULL;
	struct status st = rpc_request_decode(call, payload, &in);

	if (status_ok(st))
		st = call->slot->binding->stream(call->slot->handlers, call, in, call->stream);
	if (!status_ok(st))
		rpc_stream_close(call->stream, st);
	rpc_stream_run(call->stream, false);
}

static void run(struct rpc_call *call, grpc_byte_buffer *payload)
{
	switch (call->slot->binding->method->kind) {
	case METHOD_UNARY:
		metric_add(call->slot->metrics.received, 1);
		run_unary(call, payload);
		break;
	case METHOD_SERVER_STREAM:
		metric_add(call->slot->metrics.received, 1);
		run_server_stream(call, payload);
		break;
	case METHOD_BIDI:
		rpc_stream_run(call->stream, true);
		break;
	}
}

void rpc_dispatch(struct rpc_slot *slot, struct rpc_arrival *arrival)
{
	bool is_stream = slot->binding && slot->binding->method->kind != METHOD_UNARY;
	grpc_byte_buffer *payload = arrival->payload;
	struct rpc_call *call = rpc_call_create(slot, arrival, is_stream);
	struct status st;

	if (!call) {
		grpc_byte_buffer_destroy(payload);
		return;
	}
	st = admit(call, rpc_server_enter(slot->server, call));
	if (status_ok(st) && is_stream && !call->stream)
		st = status_out_of_memory();
	if (status_ok(st)) {
		run(call, payload);
	} else {
		if (payload)
			grpc_byte_buffer_destroy(payload);
		if (call->stream) {
			rpc_stream_close(call->stream, st);
			rpc_stream_run(call->stream, false);
		} else {
			answer(call, &st, NULL);
		}
	}
	rpc_call_drop(call);
}
