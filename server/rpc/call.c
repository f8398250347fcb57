#include "rpc/call.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "config/settings.h"
#include "rpc/internal.h"
#include "telemetry/metrics.h"

#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Until identities exist there is one caller, and the port is reachable on this machine only (or by mutual TLS). */
static const struct rpc_principal local_principal = { .name = "local", .role = ROLE_ADMIN, .workspace = "default" };

/* --- what the client sent ------------------------------------------------------------------------------------- */

static bool slice_is_request_id(const uint8_t *p, size_t n)
{
	static const char others[] = "-_.:";

	if (n == 0 || n > RPC_REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool is_plain =
			(p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z');

		if (!is_plain && (p[i] == 0 || !strchr(others, p[i])))
			return false;
	}
	return true;
}

static bool slice_is_printable(const uint8_t *p, size_t n, size_t max)
{
	if (n == 0 || n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x21 || p[i] > 0x7E)
			return false;
	return true;
}

static void read_metadata(struct rpc_call *call, const grpc_metadata_array *metadata)
{
	for (size_t i = 0; i < metadata->count; i++) {
		const grpc_metadata *m = &metadata->metadata[i];
		const uint8_t *value = GRPC_SLICE_START_PTR(m->value);
		size_t n = GRPC_SLICE_LENGTH(m->value);

		if (grpc_slice_str_cmp(m->key, "x-request-id") == 0) {
			if (slice_is_request_id(value, n)) {
				memcpy(call->request_id, value, n);
				call->request_id[n] = '\0';
			}
		} else if (grpc_slice_str_cmp(m->key, "x-idempotency-key") == 0) {
			call->idempotency_key_is_bad = !slice_is_printable(value, n, RPC_IDEMPOTENCY_MAX);
			if (!call->idempotency_key_is_bad) {
				memcpy(call->idempotency_key, value, n);
				call->idempotency_key[n] = '\0';
			}
		}
	}
	if (call->request_id[0] == '\0') {
		struct uuid id = uuid_make();
		char text[UUID_TEXT_SIZE];

		uuid_to_text(&id, text);
		memcpy(call->request_id, text, sizeof text);
	}
}

/* A connection we accepted ourselves is known to the core as "fd:12". */
static void peer_of_descriptor(int fd, char out[RPC_PEER_BYTES])
{
	struct sockaddr_storage address = { 0 };
	socklen_t bytes = sizeof address;
	char host[64], port[8];

	snprintf(out, RPC_PEER_BYTES, "unix");
	if (getpeername(fd, (struct sockaddr *)&address, &bytes) != 0 || address.ss_family == AF_UNIX)
		return;
	if (getnameinfo((struct sockaddr *)&address, bytes, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(out, RPC_PEER_BYTES, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static void read_peer(struct rpc_call *call)
{
	char *peer = grpc_call_get_peer(call->core);

	if (strncmp(peer, "fd:", 3) == 0)
		peer_of_descriptor((int)strtol(peer + 3, NULL, 10), call->peer);
	else
		snprintf(call->peer, sizeof call->peer, "%s", strncmp(peer, "ipv4:", 5) == 0 ? peer + 5 : peer);
	gpr_free(peer);
}

static void read_deadline(struct rpc_call *call, gpr_timespec deadline, bool is_stream)
{
	int64_t now_ms = clock_monotonic_ms();

	call->deadline_ms = is_stream ? RPC_NO_DEADLINE : now_ms + call->server->settings->grpc_deadline_default_ms;
	if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
		return;
	call->client_has_deadline = true;
	call->deadline_ms = now_ms + gpr_time_to_millis(gpr_time_sub(deadline, gpr_now(deadline.clock_type)));
}

/* --- life ----------------------------------------------------------------------------------------------------- */

static void call_free(struct rpc_call *call)
{
	rpc_server_leave(call->server, call); /* first: what walks the list may touch the stream */
	rpc_stream_destroy(call->stream);
	grpc_call_unref(call->core);
	cancel_done(&call->cancel);
	for (size_t i = 0; i < call->trailer_count; i++)
		free(call->trailers[i].value);
	arena_destroy(call->arena);
	free(call);
}

void rpc_call_hold(struct rpc_call *call)
{
	atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
}

void rpc_call_drop(struct rpc_call *call)
{
	if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) == 1)
		call_free(call);
}

void rpc_call_batch(struct rpc_call *call, const grpc_op *ops, size_t count, struct rpc_tag *tag)
{
	grpc_call_error error;

	rpc_call_hold(call);
	RPC_TAG_LEAVES(tag);
	error = grpc_call_start_batch(call->core, ops, count, tag, NULL);
	if (error != GRPC_CALL_OK) {
		/* Only a wrong sequence of operations gets here, and then no tag would ever come back. */
		LOG_ERROR("rpc_batch_refused", LOG_STR("error", grpc_call_error_to_string(error)));
		abort();
	}
}

/* The call is over: finished, cancelled, past its deadline or disconnected. */
static void call_closed(struct rpc_tag *tag, bool ok)
{
	struct rpc_call *call = RPC_OWNER(tag, struct rpc_call, closed_tag);

	(void)ok; /* always true for this operation */
	if (call->closed_cancelled)
		cancel_set(&call->cancel);
	if (call->stream)
		rpc_stream_over(call->stream);
	rpc_call_drop(call);
}

static void watch_close(struct rpc_call *call)
{
	grpc_op op;

	memset(&op, 0, sizeof op);
	op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
	op.data.recv_close_on_server.cancelled = &call->closed_cancelled;
	rpc_call_batch(call, &op, 1, &call->closed_tag);
}

struct rpc_call *rpc_call_create(struct rpc_slot *slot, struct rpc_arrival *arrival, bool is_stream)
{
	struct rpc_server *server = slot->server;
	struct rpc_call *call = calloc(1, sizeof *call);

	if (call)
		call->arena = arena_create((size_t)server->settings->grpc_call_memory_bytes_max);
	if (!call || !call->arena) {
		free(call);
		grpc_call_cancel_with_status(arrival->core, GRPC_STATUS_RESOURCE_EXHAUSTED, "out of memory", NULL);
		grpc_call_unref(arrival->core);
		grpc_metadata_array_destroy(&arrival->metadata);
		return NULL;
	}
	call->server = server;
	call->slot = slot;
	call->core = arrival->core;
	call->started_us = clock_monotonic_us();
	atomic_init(&call->refs, 1);
	atomic_init(&call->is_handled, false);
	cancel_init(&call->cancel, NULL);
	call->closed_tag.fire = call_closed;
	read_metadata(call, &arrival->metadata);
	grpc_metadata_array_destroy(&arrival->metadata);
	read_deadline(call, arrival->deadline, is_stream);
	read_peer(call);
	if (is_stream)
		call->stream = rpc_stream_create(call); /* NULL is noticed by the dispatch */
	metric_add(slot->metrics.started, 1);
	watch_close(call);
	return call;
}

void rpc_call_handled(struct rpc_call *call, const struct status *st)
{
	int64_t took_us = clock_monotonic_us() - call->started_us;
	enum log_level level = call->slot->is_quiet ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;

	if (atomic_exchange(&call->is_handled, true))
		return;
	rpc_method_metrics_handled(&call->slot->metrics, st->code, (double)took_us / 1e6);
	if (!log_enabled(level))
		return;
	const struct log_field fields[] = {
		LOG_STR("service", call->slot->metrics.service),
		LOG_STR("method", call->slot->metrics.name),
		LOG_STR("code", status_code_name(st->code)),
		LOG_STR("reason", st->reason),
		LOG_INT("took_us", took_us),
		LOG_STR("request_id", call->request_id),
		LOG_STR("principal", local_principal.name),
		LOG_STR("peer", call->peer),
	};
	log_write(level, "rpc", fields, ARRAY_LEN(fields));
}

/* --- what goes back with every call --------------------------------------------------------------------------- */

void rpc_call_initial_op(struct rpc_call *call, grpc_op *op, grpc_metadata *slot)
{
	memset(slot, 0, sizeof *slot);
	slot->key = grpc_slice_from_static_string("x-request-id");
	slot->value = grpc_slice_from_static_buffer(call->request_id, strlen(call->request_id));
	memset(op, 0, sizeof *op);
	op->op = GRPC_OP_SEND_INITIAL_METADATA;
	op->data.send_initial_metadata.count = 1;
	op->data.send_initial_metadata.metadata = slot;
}

/* What the client is told instead of an internal text; the truth is logged under the same id. */
static void hide_behind_incident(struct rpc_call *call, struct rpc_status_op *room)
{
	struct uuid id = uuid_make();
	enum status_code code = room->shown.code;

	uuid_to_text(&id, room->incident);
	LOG_FAILURE("rpc_incident", room->shown, LOG_STR("incident", room->incident),
		    LOG_STR("service", call->slot->metrics.service), LOG_STR("method", call->slot->metrics.name),
		    LOG_STR("request_id", call->request_id));
	room->shown = status_make(code, "INTERNAL", "internal error; incident %s", room->incident);
	room->meta = (struct status_meta){ .key = "incident", .value = room->incident };
	room->extra = (struct status_extra){ .metas = &room->meta, .metas_tail = &room->meta };
	room->shown.extra = &room->extra;
}

void rpc_call_status_op(struct rpc_call *call, const struct status *st, grpc_op *op, struct rpc_status_op *room)
{
	size_t n = 0;

	memset(op, 0, sizeof *op);
	memset(room, 0, sizeof *room);
	room->shown = *st;
	op->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	if (!status_ok(room->shown)) {
		struct buffer details;

		if (rpc_status_is_internal(&room->shown))
			hide_behind_incident(call, room);
		buffer_init(&details, 0);
		rpc_status_pack(&room->shown, &details);
		if (!details.failed) {
			room->metadata[n].key = grpc_slice_from_static_string("grpc-status-details-bin");
			room->metadata[n++].value = grpc_slice_from_copied_buffer(details.data, details.len);
		}
		buffer_done(&details);
		room->message = grpc_slice_from_copied_string(room->shown.detail);
		op->data.send_status_from_server.status_details = &room->message;
	}
	for (size_t i = 0; i < call->trailer_count; i++) {
		room->metadata[n].key = grpc_slice_from_static_string(call->trailers[i].key);
		room->metadata[n++].value = grpc_slice_from_copied_string(call->trailers[i].value);
	}
	op->data.send_status_from_server.trailing_metadata_count = n;
	op->data.send_status_from_server.trailing_metadata = room->metadata;
	op->data.send_status_from_server.status = (grpc_status_code)room->shown.code;
}

void rpc_status_op_done(struct rpc_status_op *room, const grpc_op *op)
{
	for (size_t i = 0; i < op->data.send_status_from_server.trailing_metadata_count; i++)
		grpc_slice_unref(room->metadata[i].value);
	if (op->data.send_status_from_server.status_details)
		grpc_slice_unref(room->message);
}

/* --- accessors ------------------------------------------------------------------------------------------------ */

struct arena *rpc_call_arena(struct rpc_call *call)
{
	return call->arena;
}

int64_t rpc_call_ms_left(const struct rpc_call *call)
{
	int64_t left;

	if (call->deadline_ms == RPC_NO_DEADLINE)
		return RPC_NO_DEADLINE;
	left = call->deadline_ms - clock_monotonic_ms();
	return left > 0 ? left : 0;
}

struct cancel *rpc_call_cancel(struct rpc_call *call)
{
	return &call->cancel;
}

bool rpc_call_is_cancelled(const struct rpc_call *call)
{
	return cancel_is_set(&call->cancel);
}

const char *rpc_call_peer(const struct rpc_call *call)
{
	return call->peer;
}

const char *rpc_call_request_id(const struct rpc_call *call)
{
	return call->request_id;
}

const char *rpc_call_idempotency_key(const struct rpc_call *call)
{
	return call->idempotency_key[0] ? call->idempotency_key : NULL;
}

const struct rpc_principal *rpc_call_principal(const struct rpc_call *call)
{
	(void)call;
	return &local_principal;
}

const struct method *rpc_call_method(const struct rpc_call *call)
{
	return call->slot->binding->method;
}

void *rpc_call_app(const struct rpc_call *call)
{
	return call->server->app;
}

void rpc_call_add_trailer(struct rpc_call *call, const char *key, const char *value)
{
	char *copy;

	if (call->trailer_count >= RPC_TRAILERS_MAX || !slice_is_printable((const uint8_t *)value, strlen(value), 1024))
		return;
	copy = strdup(value);
	if (copy)
		call->trailers[call->trailer_count++] = (struct rpc_trailer){ .key = key, .value = copy };
}
