#include "rpc/stream.h"

#include "base/clock.h"
#include "config/settings.h"
#include "rpc/internal.h"
#include "telemetry/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- the queue ------------------------------------------------------------------------------------------------- */

struct entry {
	struct entry *next;
	struct rpc_packed *packed;
	uint64_t key;
	int64_t position;
};

#define NO_POSITION INT64_MIN

struct rpc_stream {
	struct rpc_call *call;
	pthread_mutex_t lock;
	pthread_cond_t moved;       /* a message left, or nothing more will */
	struct entry *first, **end; /* waiting, oldest first */
	size_t queued, queued_bytes;
	size_t allowance; /* messages over the bound that are still taken */
	bool is_running;  /* the handler has returned: on_closed may come */
	bool headers_sent;
	bool in_flight;  /* a send is with the core */
	bool is_closing; /* no more sends; `status` leaves when the queue is empty */
	bool status_sent;
	bool is_over;                   /* the core is done with the call */
	bool wants_message, is_reading; /* bidi */
	bool is_half_closed;
	bool with_position; /* the closing status carries resume_after */
	int64_t position, flight_position, left_position;
	int64_t cut_off_ms; /* when a close that nobody reads ends the hard way; 0: not closing */
	struct status status;
	grpc_op status_op;
	struct rpc_status_op status_room;
	bool has_status_op;
	rpc_stream_closed_fn closed_fn;
	void *closed_arg;
	struct rpc_tag sent_tag, read_tag;
	grpc_byte_buffer *incoming;
};

static size_t packed_bytes(const struct rpc_packed *packed)
{
	return GRPC_SLICE_LENGTH(*rpc_packed_slice(packed));
}

static void queue_clear(struct rpc_stream *stream)
{
	while (stream->first) {
		struct entry *entry = stream->first;

		stream->first = entry->next;
		rpc_packed_release(entry->packed);
		free(entry);
	}
	stream->end = &stream->first;
	stream->queued = stream->queued_bytes = 0;
}

static struct entry *queue_take(struct rpc_stream *stream, struct entry **at)
{
	struct entry *entry = *at;

	*at = entry->next;
	if (!*at)
		stream->end = at;
	stream->queued--;
	stream->queued_bytes -= packed_bytes(entry->packed);
	return entry;
}

/* --- operations with the core; the lock is held ----------------------------------------------------------------- */

static void start_message(struct rpc_stream *stream)
{
	struct entry *entry = queue_take(stream, &stream->first);
	grpc_slice slice = *rpc_packed_slice(entry->packed);
	grpc_byte_buffer *bytes = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_metadata header;
	grpc_op ops[2];
	size_t n = 0;

	if (!stream->headers_sent)
		rpc_call_initial_op(stream->call, &ops[n++], &header);
	memset(&ops[n], 0, sizeof ops[n]);
	ops[n].op = GRPC_OP_SEND_MESSAGE;
	ops[n++].data.send_message.send_message = bytes;
	stream->headers_sent = true;
	stream->in_flight = true;
	stream->flight_position = entry->position;
	rpc_call_batch(stream->call, ops, n, &stream->sent_tag);
	grpc_byte_buffer_destroy(bytes);
	rpc_packed_release(entry->packed);
	free(entry);
	metric_add(stream->call->slot->metrics.sent, 1);
}

static void start_headers(struct rpc_stream *stream)
{
	grpc_metadata header;
	grpc_op op;

	rpc_call_initial_op(stream->call, &op, &header);
	stream->headers_sent = true;
	stream->in_flight = true;
	stream->flight_position = stream->left_position;
	rpc_call_batch(stream->call, &op, 1, &stream->sent_tag);
}

/* The runtime's own closings say where to resume; what has left by now is known only here. */
static void prepare_position_status(struct rpc_stream *stream)
{
	char text[24];
	struct status_meta meta = { .key = "resume_after", .value = text };
	struct status_extra extra = { .metas = &meta, .metas_tail = &meta };
	struct status st = stream->status;

	snprintf(text, sizeof text, "%" PRId64, stream->left_position);
	if (stream->left_position != NO_POSITION)
		st.extra = &extra;
	rpc_call_status_op(stream->call, &st, &stream->status_op, &stream->status_room);
	stream->status_room.shown.extra = NULL;
	stream->has_status_op = true;
}

static void start_status(struct rpc_stream *stream)
{
	grpc_metadata header;
	grpc_op ops[2];
	size_t n = 0;

	if (stream->with_position)
		prepare_position_status(stream);
	if (!stream->headers_sent)
		rpc_call_initial_op(stream->call, &ops[n++], &header);
	ops[n++] = stream->status_op;
	stream->headers_sent = true;
	stream->status_sent = true;
	rpc_call_batch(stream->call, ops, n, &stream->call->finished_tag);
}

static void start_read(struct rpc_stream *stream)
{
	grpc_op op;

	memset(&op, 0, sizeof op);
	op.op = GRPC_OP_RECV_MESSAGE;
	op.data.recv_message.recv_message = &stream->incoming;
	stream->wants_message = false;
	stream->is_reading = true;
	rpc_call_batch(stream->call, &op, 1, &stream->read_tag);
}

/* Starts whatever may start now. A bidi call reads its next message only when every answer has left, which bounds
 * what a client can make us hold. */
static void pump(struct rpc_stream *stream)
{
	if (stream->is_over || stream->in_flight || stream->status_sent)
		return;
	if (stream->first)
		start_message(stream);
	else if (stream->is_closing)
		start_status(stream);
	else if (!stream->is_running)
		return;
	else if (!stream->headers_sent)
		start_headers(stream);
	else if (stream->wants_message && !stream->is_half_closed)
		start_read(stream);
}

static void stream_sent(struct rpc_tag *tag, bool ok)
{
	struct rpc_stream *stream = RPC_OWNER(tag, struct rpc_stream, sent_tag);

	pthread_mutex_lock(&stream->lock);
	stream->in_flight = false;
	if (ok) {
		stream->left_position = stream->flight_position;
		pump(stream);
	}
	pthread_cond_broadcast(&stream->moved);
	pthread_mutex_unlock(&stream->lock);
	rpc_call_drop(stream->call);
}

static void stream_finished(struct rpc_tag *tag, bool ok)
{
	(void)ok; /* gone or not, RECV_CLOSE tells */
	rpc_call_drop(RPC_OWNER(tag, struct rpc_call, finished_tag));
}

/* --- closing -------------------------------------------------------------------------------------------------- */

/* The lock is held. */
static void close_with(struct rpc_stream *stream, const struct status *st, bool with_position)
{
	if (stream->is_closing || stream->is_over)
		return;
	stream->is_closing = true;
	stream->status = *st;
	stream->status.extra = NULL; /* what it pointed at may go; the details are packed below */
	stream->with_position = with_position;
	stream->cut_off_ms = clock_monotonic_ms() + RPC_STREAM_CLOSE_MS;
	if (!with_position) {
		rpc_call_status_op(stream->call, st, &stream->status_op, &stream->status_room);
		stream->status_room.shown.extra = NULL;
		stream->has_status_op = true;
	}
	pthread_cond_broadcast(&stream->moved);
	pump(stream);
}

static bool reason_is(const struct status *st, const char *reason)
{
	return st->reason && strcmp(st->reason, reason) == 0;
}

void rpc_stream_close(struct rpc_stream *stream, struct status st)
{
	bool is_slow = reason_is(&st, "SLOW_READER");

	pthread_mutex_lock(&stream->lock);
	if (is_slow)
		queue_clear(stream);
	close_with(stream, &st, is_slow || reason_is(&st, "DRAINING"));
	pthread_mutex_unlock(&stream->lock);
}

/* No trailers can follow what the client does not read: code and one sentence are all that is left. */
static void cut_off(struct rpc_stream *stream)
{
	grpc_status_code code = GRPC_STATUS_UNAVAILABLE;
	char text[320] = "the client does not read";

	if (!status_ok(stream->status) && !rpc_status_is_internal(&stream->status)) {
		code = (grpc_status_code)stream->status.code;
		snprintf(text, sizeof text, "%s: %s", stream->status.reason, stream->status.detail);
	}
	stream->cut_off_ms = INT64_MAX;
	grpc_call_cancel_with_status(stream->call->core, code, text, NULL);
}

void rpc_stream_check(struct rpc_stream *stream, int64_t now_ms)
{
	pthread_mutex_lock(&stream->lock);
	if (stream->is_closing && !stream->is_over && now_ms >= stream->cut_off_ms)
		cut_off(stream);
	pthread_mutex_unlock(&stream->lock);
}

void rpc_stream_over(struct rpc_stream *stream)
{
	rpc_stream_closed_fn fn = NULL;
	void *arg;
	struct status st;

	pthread_mutex_lock(&stream->lock);
	stream->is_over = true;
	queue_clear(stream);
	pthread_cond_broadcast(&stream->moved);
	if (stream->is_running) {
		fn = stream->closed_fn;
		stream->closed_fn = NULL;
	}
	arg = stream->closed_arg;
	if (stream->is_closing)
		st = stream->status;
	else if (stream->call->client_has_deadline && rpc_call_ms_left(stream->call) == 0)
		st = status_make(STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the deadline of the stream passed");
	else
		st = status_make(STATUS_CANCELLED, "CANCELLED", "the client went away");
	pthread_mutex_unlock(&stream->lock);
	rpc_call_handled(stream->call, &st);
	if (fn)
		fn(stream, arg);
}

/* --- sending -------------------------------------------------------------------------------------------------- */

static bool coalesce(struct rpc_stream *stream, struct rpc_packed *packed, uint64_t key)
{
	if (key == 0)
		return false;
	for (struct entry *entry = stream->first; entry; entry = entry->next) {
		if (entry->key != key)
			continue;
		stream->queued_bytes += packed_bytes(packed);
		stream->queued_bytes -= packed_bytes(entry->packed);
		rpc_packed_release(entry->packed);
		entry->packed = rpc_packed_retain(packed); /* keeps its place, and so its position */
		metric_add(stream->call->server->metrics.coalesced, 1);
		return true;
	}
	return false;
}

static bool has_too_many(const struct rpc_stream *stream)
{
	return stream->queued >= (size_t)stream->call->server->settings->grpc_stream_queue_messages_max;
}

static bool has_too_much(const struct rpc_stream *stream, size_t more_bytes)
{
	const struct settings *settings = stream->call->server->settings;

	return stream->queued && stream->queued_bytes + more_bytes > (size_t)settings->grpc_stream_queue_bytes_max;
}

/* Drops the oldest message that may be dropped. */
static bool make_room(struct rpc_stream *stream)
{
	for (struct entry **at = &stream->first; *at; at = &(*at)->next) {
		struct entry *entry = *at;

		if (entry->key == 0)
			continue;
		entry = queue_take(stream, at);
		rpc_packed_release(entry->packed);
		free(entry);
		metric_add(stream->call->server->metrics.coalesced, 1);
		return true;
	}
	return false;
}

static void close_slow_reader(struct rpc_stream *stream)
{
	struct status st = status_make(STATUS_RESOURCE_EXHAUSTED, "SLOW_READER",
				       "the client reads too slowly; %zu messages waited", stream->queued);

	metric_add(stream->call->server->metrics.slow_readers, 1);
	queue_clear(stream);
	close_with(stream, &st, true);
}

/* The lock is held. */
static bool enqueue(struct rpc_stream *stream, struct rpc_packed *packed, uint64_t key)
{
	struct entry *entry;

	if (stream->is_closing || stream->is_over)
		return false;
	if (coalesce(stream, packed, key))
		return true;
	while (has_too_much(stream, packed_bytes(packed)) || (has_too_many(stream) && stream->allowance == 0)) {
		if (!make_room(stream)) {
			close_slow_reader(stream);
			return false;
		}
	}
	if (has_too_many(stream))
		stream->allowance--;
	entry = malloc(sizeof *entry);
	if (!entry) {
		struct status st = status_out_of_memory();

		close_with(stream, &st, false);
		return false;
	}
	*entry = (struct entry){ .packed = rpc_packed_retain(packed), .key = key, .position = stream->position };
	*stream->end = entry;
	stream->end = &entry->next;
	stream->queued++;
	stream->queued_bytes += packed_bytes(packed);
	pump(stream);
	return true;
}

bool rpc_stream_send(struct rpc_stream *stream, struct rpc_packed *packed, uint64_t coalesce_key)
{
	bool taken;

	pthread_mutex_lock(&stream->lock);
	taken = enqueue(stream, packed, coalesce_key);
	pthread_mutex_unlock(&stream->lock);
	return taken;
}

bool rpc_stream_send_message(struct rpc_stream *stream, const ProtobufCMessage *message, uint64_t coalesce_key)
{
	struct rpc_packed *packed = rpc_packed_create(message);
	bool taken;

	if (!packed) {
		rpc_stream_close(stream, status_out_of_memory());
		return false;
	}
	taken = rpc_stream_send(stream, packed, coalesce_key);
	rpc_packed_release(packed);
	return taken;
}

void rpc_stream_allow(struct rpc_stream *stream, size_t extra)
{
	pthread_mutex_lock(&stream->lock);
	stream->allowance += extra;
	pthread_mutex_unlock(&stream->lock);
}

bool rpc_stream_wait_room(struct rpc_stream *stream, size_t most, int64_t ms)
{
	int64_t until = clock_monotonic_ms() + ms;
	struct timespec wake = { .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };
	bool has_room, is_late = false;

	pthread_mutex_lock(&stream->lock);
	while (!stream->is_closing && !stream->is_over && stream->queued + stream->in_flight > most && !is_late)
		is_late = pthread_cond_timedwait(&stream->moved, &stream->lock, &wake) == ETIMEDOUT;
	has_room = !stream->is_closing && !stream->is_over && stream->queued + stream->in_flight <= most;
	pthread_mutex_unlock(&stream->lock);
	return has_room;
}

void rpc_stream_set_position(struct rpc_stream *stream, int64_t position)
{
	pthread_mutex_lock(&stream->lock);
	stream->position = position;
	if (stream->left_position == NO_POSITION)
		stream->left_position = position;
	pthread_mutex_unlock(&stream->lock);
}

/* --- receiving (bidi) ----------------------------------------------------------------------------------------- */

/* Runs the handler on one message, or on NULL at half-close. Not under the lock. */
static void serve_message(struct rpc_stream *stream, grpc_byte_buffer *bytes)
{
	struct rpc_call *call = stream->call;
	ProtobufCMessage *in = NULL;
	struct status st = STATUS_OK_VALUE;

	if (bytes) {
		metric_add(call->slot->metrics.received, 1);
		st = rpc_request_decode(call, bytes, &in);
	}
	if (status_ok(st))
		st = call->slot->binding->stream(call->slot->handlers, call, in, stream);
	if (!status_ok(st))
		rpc_stream_close(stream, st);
	arena_reset(call->arena);
}

static void stream_read(struct rpc_tag *tag, bool ok)
{
	struct rpc_stream *stream = RPC_OWNER(tag, struct rpc_stream, read_tag);
	grpc_byte_buffer *bytes = stream->incoming;
	bool serve;

	stream->incoming = NULL;
	pthread_mutex_lock(&stream->lock);
	stream->is_reading = false;
	stream->is_half_closed = !bytes;
	serve = ok && !stream->is_over && !stream->is_closing;
	pthread_mutex_unlock(&stream->lock);
	if (serve)
		serve_message(stream, bytes);
	else if (bytes)
		grpc_byte_buffer_destroy(bytes);
	pthread_mutex_lock(&stream->lock);
	stream->wants_message = true;
	pump(stream);
	pthread_mutex_unlock(&stream->lock);
	rpc_call_drop(stream->call);
}

/* --- life ----------------------------------------------------------------------------------------------------- */

struct rpc_stream *rpc_stream_create(struct rpc_call *call)
{
	struct rpc_stream *stream = calloc(1, sizeof *stream);
	pthread_condattr_t attr;

	if (!stream)
		return NULL;
	stream->call = call;
	stream->end = &stream->first;
	stream->position = stream->left_position = NO_POSITION;
	stream->sent_tag.fire = stream_sent;
	stream->read_tag.fire = stream_read;
	call->finished_tag.fire = stream_finished;
	pthread_mutex_init(&stream->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&stream->moved, &attr);
	pthread_condattr_destroy(&attr);
	return stream;
}

void rpc_stream_destroy(struct rpc_stream *stream)
{
	if (!stream)
		return;
	queue_clear(stream);
	if (stream->has_status_op)
		rpc_status_op_done(&stream->status_room, &stream->status_op);
	pthread_cond_destroy(&stream->moved);
	pthread_mutex_destroy(&stream->lock);
	free(stream);
}

void rpc_stream_run(struct rpc_stream *stream, bool is_bidi)
{
	rpc_stream_closed_fn fn = NULL;

	pthread_mutex_lock(&stream->lock);
	stream->is_running = true;
	stream->wants_message = is_bidi;
	if (stream->is_over) {
		fn = stream->closed_fn;
		stream->closed_fn = NULL;
	}
	pump(stream);
	pthread_mutex_unlock(&stream->lock);
	if (fn)
		fn(stream, stream->closed_arg);
}

void rpc_stream_on_closed(struct rpc_stream *stream, rpc_stream_closed_fn fn, void *arg)
{
	pthread_mutex_lock(&stream->lock);
	stream->closed_fn = fn;
	stream->closed_arg = arg;
	pthread_mutex_unlock(&stream->lock);
}

bool rpc_stream_is_closed(struct rpc_stream *stream)
{
	bool is_closed;

	pthread_mutex_lock(&stream->lock);
	is_closed = stream->is_closing || stream->is_over;
	pthread_mutex_unlock(&stream->lock);
	return is_closed;
}

size_t rpc_stream_queued(struct rpc_stream *stream)
{
	size_t queued;

	pthread_mutex_lock(&stream->lock);
	queued = stream->queued;
	pthread_mutex_unlock(&stream->lock);
	return queued;
}

struct rpc_call *rpc_stream_call(struct rpc_stream *stream)
{
	return stream->call;
}

void rpc_stream_retain(struct rpc_stream *stream)
{
	rpc_call_hold(stream->call);
}

void rpc_stream_release(struct rpc_stream *stream)
{
	rpc_call_drop(stream->call);
}
