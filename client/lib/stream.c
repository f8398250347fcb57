#include "domainflow/stream.h"

#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Three batches, one tag each: the request with the server's first metadata, the message being waited for, the
 * end. Their addresses are the tags. */
struct df_stream {
	grpc_completion_queue *queue;
	grpc_call *call;
	const ProtobufCMessageDescriptor *type;
	const atomic_bool *cancel;
	grpc_metadata_array initial;
	grpc_byte_buffer *message;
	struct ending ending;
	char opening_tag, message_tag, ending_tag;
	bool is_opening, is_receiving, is_ending; /* batches that are under way */
	bool is_over;                             /* the end has been read */
	struct status verdict;                    /* of the end, without extra: that lived in the arena of one next() */
};

static bool opening_start(struct df_stream *s, const struct headers *h, grpc_byte_buffer *request)
{
	grpc_op ops[4];

	memset(ops, 0, sizeof ops);
	ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[0].data.send_initial_metadata.metadata = (grpc_metadata *)(uintptr_t)h->items;
	ops[0].data.send_initial_metadata.count = h->count;
	ops[1].op = GRPC_OP_SEND_MESSAGE;
	ops[1].data.send_message.send_message = request;
	ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
	ops[3].data.recv_initial_metadata.recv_initial_metadata = &s->initial;
	s->is_opening = grpc_call_start_batch(s->call, ops, ARRAY_LEN(ops), &s->opening_tag, NULL) == GRPC_CALL_OK;
	return s->is_opening;
}

static bool ending_start(struct df_stream *s)
{
	grpc_op op;

	memset(&op, 0, sizeof op);
	op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
	op.data.recv_status_on_client.trailing_metadata = &s->ending.trailing;
	op.data.recv_status_on_client.status = &s->ending.code;
	op.data.recv_status_on_client.status_details = &s->ending.text;
	s->is_ending = grpc_call_start_batch(s->call, &op, 1, &s->ending_tag, NULL) == GRPC_CALL_OK;
	return s->is_ending;
}

static bool message_start(struct df_stream *s)
{
	grpc_op op;

	memset(&op, 0, sizeof op);
	op.op = GRPC_OP_RECV_MESSAGE;
	op.data.recv_message.recv_message = &s->message;
	s->is_receiving = grpc_call_start_batch(s->call, &op, 1, &s->message_tag, NULL) == GRPC_CALL_OK;
	return s->is_receiving;
}

static struct status not_started(const char *path)
{
	return status_make(STATUS_INTERNAL, "BAD_CALL", "the stream %s could not be started", path);
}

struct status df_stream_open(struct df_connection *connection, const struct df_call *call, const struct method *method,
			     const ProtobufCMessage *in, struct df_stream **out)
{
	struct df_stream *s = calloc(1, sizeof *s);
	grpc_byte_buffer *request;
	struct headers h;
	struct status st;
	bool ok;

	if (!s)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for a stream");
	s->queue = grpc_completion_queue_create_for_pluck(NULL);
	s->type = method->output;
	s->cancel = call->cancel;
	grpc_metadata_array_init(&s->initial);
	ending_init(&s->ending);
	st = headers_init(&h, connection, call);
	if (!status_ok(st)) {
		df_stream_close(s);
		return st;
	}
	request = bytes_pack(in);
	s->call = grpc_channel_create_call(connection->channel, NULL, GRPC_PROPAGATE_DEFAULTS, s->queue,
					   grpc_slice_from_static_string(method->path), NULL,
					   time_after(call->timeout_ms > 0 ? call->timeout_ms : INT64_MAX), NULL);
	ok = s->call && ending_start(s) && opening_start(s, &h, request);
	if (call->report) {
		call->report->attempts = 1;
		memcpy(call->report->request_id, h.request_id, sizeof h.request_id);
	}
	grpc_byte_buffer_destroy(request);
	headers_done(&h);
	if (!ok) {
		df_stream_close(s);
		return not_started(method->path);
	}
	*out = s;
	return STATUS_OK_VALUE;
}

static struct status over(struct df_stream *s, struct arena *arena, ProtobufCMessage **out)
{
	struct status st;

	tag_wait(s->queue, s->call, &s->ending_tag, gpr_inf_future(GPR_CLOCK_MONOTONIC), s->cancel);
	s->is_ending = false;
	s->is_over = true;
	st = ending_status(&s->ending, arena);
	s->verdict = st;
	s->verdict.extra = NULL;
	s->verdict.reason = status_code_name(st.code); /* the server's word lives in this arena only */
	if (status_ok(st))
		*out = NULL;
	return st;
}

struct status df_stream_next(struct df_stream *s, int64_t timeout_ms, struct arena *arena, ProtobufCMessage **out)
{
	struct status st;
	grpc_event event;

	if (s->is_over) {
		if (status_ok(s->verdict))
			*out = NULL;
		return s->verdict;
	}
	if (!s->is_receiving && !message_start(s))
		return not_started(s->type->name);
	event = tag_wait(s->queue, s->call, &s->message_tag, time_after(timeout_ms), s->cancel);
	if (event.type == GRPC_QUEUE_TIMEOUT)
		return status_make(STATUS_DEADLINE_EXCEEDED, "NO_MESSAGE_YET", "no message within %lld ms",
				   (long long)timeout_ms);
	s->is_receiving = false;
	if (!s->message)
		return over(s, arena, out);
	st = bytes_unpack(s->type, s->message, arena, out);
	grpc_byte_buffer_destroy(s->message);
	s->message = NULL;
	return st;
}

void df_stream_cancel(struct df_stream *s)
{
	grpc_call_cancel(s->call, NULL);
}

static void tag_drain(struct df_stream *s, bool is_under_way, void *tag)
{
	if (is_under_way)
		grpc_completion_queue_pluck(s->queue, tag, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
}

void df_stream_close(struct df_stream *s)
{
	if (!s)
		return;
	/* After a cancel every batch completes at once, so these waits end. */
	if (s->call)
		grpc_call_cancel(s->call, NULL);
	tag_drain(s, s->is_opening, &s->opening_tag);
	tag_drain(s, s->is_receiving, &s->message_tag);
	tag_drain(s, s->is_ending, &s->ending_tag);
	grpc_byte_buffer_destroy(s->message);
	ending_done(&s->ending);
	grpc_metadata_array_destroy(&s->initial);
	if (s->call)
		grpc_call_unref(s->call);
	grpc_completion_queue_destroy(s->queue);
	free(s);
}
