#include "internal.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* gRPC's own words for a message past a limit, with its size: the request's, or the answer's. */
static struct status size_explain(struct status st, size_t request_bytes)
{
	static const char before[] = "message larger than max (", between[] = " vs. ";
	const char *at = strstr(st.detail, before);
	unsigned long long bytes, most;
	char *end;

	if (st.code != STATUS_RESOURCE_EXHAUSTED || !at)
		return st;
	bytes = strtoull(at + sizeof before - 1, &end, 10);
	if (strncmp(end, between, sizeof between - 1) != 0)
		return st;
	most = strtoull(end + sizeof between - 1, NULL, 10);
	if (bytes == request_bytes)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE",
				   "the request has %llu bytes, the server takes at most %llu", bytes, most);
	return status_make(STATUS_RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE",
			   "the answer has %llu bytes, this program takes at most %llu", bytes, most);
}

/* One attempt's receiving ends. */
struct attempt {
	grpc_completion_queue *queue;
	grpc_call *call;
	grpc_metadata_array initial;
	grpc_byte_buffer *reply;
	struct ending ending;
};

static void attempt_done(struct attempt *a)
{
	ending_done(&a->ending);
	grpc_metadata_array_destroy(&a->initial);
	grpc_byte_buffer_destroy(a->reply);
	if (a->call)
		grpc_call_unref(a->call);
	grpc_completion_queue_destroy(a->queue);
}

static grpc_call_error attempt_start(struct attempt *a, const struct headers *h, grpc_byte_buffer *request)
{
	grpc_op ops[6];

	memset(ops, 0, sizeof ops);
	ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[0].data.send_initial_metadata.metadata = (grpc_metadata *)(uintptr_t)h->items;
	ops[0].data.send_initial_metadata.count = h->count;
	ops[1].op = GRPC_OP_SEND_MESSAGE;
	ops[1].data.send_message.send_message = request;
	ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
	ops[3].data.recv_initial_metadata.recv_initial_metadata = &a->initial;
	ops[4].op = GRPC_OP_RECV_MESSAGE;
	ops[4].data.recv_message.recv_message = &a->reply;
	ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
	ops[5].data.recv_status_on_client.trailing_metadata = &a->ending.trailing;
	ops[5].data.recv_status_on_client.status = &a->ending.code;
	ops[5].data.recv_status_on_client.status_details = &a->ending.text;
	return grpc_call_start_batch(a->call, ops, ARRAY_LEN(ops), a, NULL);
}

static struct status attempt_run(struct df_connection *connection, const struct df_call *call,
				 const struct method *method, const struct headers *h, const ProtobufCMessage *in,
				 int64_t left_ms, ProtobufCMessage **out)
{
	struct attempt a = { .queue = grpc_completion_queue_create_for_pluck(NULL) };
	grpc_byte_buffer *request = bytes_pack(in);
	size_t request_bytes = request ? grpc_byte_buffer_length(request) : 0; /* sending empties it */
	struct status st;

	ending_init(&a.ending);
	grpc_metadata_array_init(&a.initial);
	a.call = grpc_channel_create_call(connection->channel, NULL, GRPC_PROPAGATE_DEFAULTS, a.queue,
					  grpc_slice_from_static_string(method->path), NULL, time_after(left_ms), NULL);
	if (!a.call || attempt_start(&a, h, request) != GRPC_CALL_OK) {
		st = status_make(STATUS_INTERNAL, "BAD_CALL", "the call to %s could not be started", method->path);
	} else {
		/* The call's own deadline, or its cancellation, ends the wait. */
		tag_wait(a.queue, a.call, &a, gpr_inf_future(GPR_CLOCK_MONOTONIC), call->cancel);
		st = size_explain(ending_status(&a.ending, call->arena), request_bytes);
		if (call->report) {
			request_id_read(&a.initial, call->report->request_id);
			request_id_read(&a.ending.trailing, call->report->request_id);
		}
		if (status_ok(st) && !a.reply)
			st = status_make(STATUS_INTERNAL, "BAD_RESPONSE", "%s answered without a message",
					 method->path);
		else if (status_ok(st))
			st = bytes_unpack(method->output, a.reply, call->arena, out);
	}
	grpc_byte_buffer_destroy(request);
	attempt_done(&a);
	return st;
}

/* Full jitter: anything between nothing and the doubled wait, but not less than the server asks for. */
static int64_t wait_choose(const struct df_retry *retry, unsigned attempts, struct status st)
{
	int64_t most = retry->first_wait_ms, least = st.extra ? st.extra->retry_after_ms : 0, wait;
	uint64_t dice;

	for (unsigned i = 1; i < attempts && most < retry->wait_ms_max; i++)
		most *= 2;
	if (most > retry->wait_ms_max)
		most = retry->wait_ms_max;
	random_bytes(&dice, sizeof dice);
	wait = (int64_t)(dice % ((uint64_t)most + 1));
	return wait > least ? wait : least;
}

/* False when cancelled meanwhile. */
static bool wait_out(int64_t ms, const atomic_bool *cancel)
{
	while (ms > 0) {
		int64_t piece = ms < DF_CANCEL_TICK_MS ? ms : DF_CANCEL_TICK_MS;
		struct timespec ts = { .tv_nsec = piece * 1000000 };

		if (cancel && atomic_load(cancel))
			return false;
		nanosleep(&ts, NULL);
		ms -= piece;
	}
	return !(cancel && atomic_load(cancel));
}

struct status df_call_unary(struct df_connection *connection, const struct df_call *call, const struct method *method,
			    const ProtobufCMessage *in, ProtobufCMessage **out)
{
	int64_t timeout_ms = call->timeout_ms > 0 ? call->timeout_ms : connection->timeout_ms;
	int64_t end_ms = clock_monotonic_ms() + timeout_ms;
	unsigned attempts = 0, attempts_max = method->is_read ? connection->retry.attempts_max : 1;
	struct headers h;
	struct status st;

	TRY(headers_init(&h, connection, call));
	if (call->report)
		memcpy(call->report->request_id, h.request_id, sizeof h.request_id);
	for (;;) {
		int64_t wait_ms, left_ms = end_ms - clock_monotonic_ms();

		st = attempt_run(connection, call, method, &h, in, left_ms > 0 ? left_ms : 0, out);
		attempts++;
		if (st.code != STATUS_UNAVAILABLE || attempts >= attempts_max)
			break;
		wait_ms = wait_choose(&connection->retry, attempts, st);
		if (clock_monotonic_ms() + wait_ms >= end_ms || !wait_out(wait_ms, call->cancel))
			break;
	}
	if (call->report)
		call->report->attempts = attempts;
	headers_done(&h);
	return st;
}
