#include "rpc/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "config/settings.h"
#include "rpc/internal.h"
#include "telemetry/metrics.h"
#include "work/thread.h"

#include <grpc/grpc_security.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TICK_MS 1000
/* Once everything was cancelled, this much more time at least for handlers to notice. */
#define CANCEL_GRACE_LEAST_MS 1000
#define IDLE_GRACE_MS         500

/* --- create --------------------------------------------------------------------------------------------------- */

static grpc_arg arg_int(const char *key, int64_t value)
{
	return (grpc_arg){ .type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = (int)value };
}

static grpc_server *core_create(const struct settings *s, void **acceptor)
{
	grpc_arg args[] = {
		arg_int(GRPC_ARG_MAX_CONCURRENT_STREAMS, s->grpc_streams_per_connection_max),
		arg_int(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, s->grpc_message_bytes_max),
		arg_int(GRPC_ARG_MAX_METADATA_SIZE, s->grpc_metadata_bytes_max),
		arg_int(GRPC_ARG_KEEPALIVE_TIME_MS, s->grpc_keepalive_ms),
		arg_int(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, s->grpc_keepalive_timeout_ms),
		arg_int(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
		arg_int(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
		arg_int(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, s->grpc_ping_interval_least_ms),
		/* A compressed megabyte may unfold to a gigabyte before any limit sees it: nothing is inflated. */
		arg_int(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
		arg_int(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0),
		arg_int(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE),
		arg_int(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10000),
		arg_int(GRPC_ARG_ENABLE_CHANNELZ, 0),
		rpc_accept_arg(acceptor),
	};
	grpc_channel_args list = { .num_args = ARRAY_LEN(args), .args = args };

	return grpc_server_create(&list, NULL);
}

static void server_down(struct rpc_tag *tag, bool ok)
{
	struct rpc_server *server = RPC_OWNER(tag, struct rpc_server, down_tag);

	(void)ok;
	pthread_mutex_lock(&server->lock);
	server->is_down = true;
	pthread_cond_broadcast(&server->down);
	pthread_mutex_unlock(&server->lock);
}

static void locks_init(struct rpc_server *server)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&server->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&server->down, &attr);
	pthread_condattr_destroy(&attr);
	cancel_init(&server->stopping, NULL);
}

struct status rpc_server_create(const struct rpc_server_options *options, struct rpc_server **out)
{
	struct rpc_server *server = calloc(1, sizeof *server);
	struct status st;

	if (!server)
		return status_out_of_memory();
	rpc_core_hold();
	server->settings = options->settings;
	server->app = options->app;
	server->down_tag.fire = server_down;
	atomic_init(&server->stream_turn, 0);
	locks_init(server);
	rpc_server_metrics_init(&server->metrics, options->metrics);
	server->unknown.server = server;
	rpc_method_metrics_init(&server->unknown.metrics, &server->metrics, "unknown", "unknown");
	server->core = core_create(server->settings, &server->acceptor);
	server->arena = arena_create(0);
	st = server->arena ? STATUS_OK_VALUE : status_out_of_memory();
	if (status_ok(st))
		st = rpc_queues_create(server);
	if (status_ok(st))
		st = rpc_health_create(server, &server->health);
	if (status_ok(st) && server->settings->grpc_reflection && options->descriptor_set_bytes)
		st = rpc_reflection_create(server, options->descriptor_set, options->descriptor_set_bytes,
					   &server->reflection);
	if (!status_ok(st)) {
		rpc_server_destroy(server);
		return st;
	}
	*out = server;
	return STATUS_OK_VALUE;
}

/* --- services ------------------------------------------------------------------------------------------------- */

static struct status slot_add(struct rpc_server *server, const struct method_binding *binding, const void *handlers,
			      bool is_quiet)
{
	grpc_server_register_method_payload_handling payload = binding->method->kind == METHOD_BIDI
								       ? GRPC_SRM_PAYLOAD_NONE
								       : GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER;
	struct rpc_slot *slot = arena_alloc(server->arena, sizeof *slot);

	if (!slot)
		return status_out_of_memory();
	slot->server = server;
	slot->binding = binding;
	slot->handlers = handlers;
	slot->is_quiet = is_quiet;
	slot->registered = grpc_server_register_method(server->core, binding->method->path, NULL, payload, 0);
	if (!slot->registered)
		return status_make(STATUS_ALREADY_EXISTS, "METHOD_TAKEN", "%s was added before", binding->method->path);
	rpc_method_metrics_init(&slot->metrics, &server->metrics, binding->method->service, binding->method->name);
	slot->next = server->slots;
	server->slots = slot;
	return STATUS_OK_VALUE;
}

struct status rpc_server_add(struct rpc_server *server, const struct service *service, const void *handlers)
{
	bool is_quiet = strncmp(service->name, "grpc.", 5) == 0;

	for (size_t i = 0; i < service->method_count; i++)
		TRY(slot_add(server, &service->methods[i], handlers, is_quiet));
	return rpc_health_know(server->health, service->name);
}

/* --- running -------------------------------------------------------------------------------------------------- */

static void publish_connections(struct rpc_server *server, uint64_t *refused_before)
{
	struct rpc_accept_counts counts = rpc_accept_count(server->accept);

	metric_set(server->metrics.connections, (double)counts.open);
	metric_add(server->metrics.refused, counts.refused - *refused_before);
	*refused_before = counts.refused;
}

static void *tick(void *arg)
{
	struct rpc_server *server = arg;
	uint64_t refused_before = 0;

	while (!cancel_sleep(&server->stopping, TICK_MS)) {
		int64_t now_ms = clock_monotonic_ms();

		publish_connections(server, &refused_before);
		pthread_mutex_lock(&server->lock);
		for (struct rpc_call *call = server->calls; call; call = call->next) {
			if (call->stream)
				rpc_stream_check(call->stream, now_ms);
			if (call->deadline_ms <= now_ms) /* the core watches the client's deadlines, not our default */
				cancel_set(&call->cancel);
		}
		pthread_mutex_unlock(&server->lock);
	}
	return NULL;
}

struct status rpc_server_start(struct rpc_server *server)
{
	TRY(rpc_accept_open(server->settings, server->core, &server->acceptor, &server->accept));
	grpc_server_start(server->core);
	server->is_started = true;
	TRY(rpc_queues_start(server));
	TRY(thread_start("rpc-tick", tick, server, &server->tick));
	server->has_tick = true;
	TRY(rpc_accept_start(server->accept));
	LOG_INFO("rpc_serving", LOG_STR("address", server->settings->grpc_address),
		 LOG_INT("port", rpc_accept_port(server->accept)));
	return STATUS_OK_VALUE;
}

int rpc_server_port(const struct rpc_server *server)
{
	return rpc_accept_port(server->accept);
}

size_t rpc_server_connections(struct rpc_server *server)
{
	return rpc_accept_count(server->accept).open;
}

size_t rpc_server_calls(struct rpc_server *server)
{
	size_t count;

	pthread_mutex_lock(&server->lock);
	count = server->call_count;
	pthread_mutex_unlock(&server->lock);
	return count;
}

bool rpc_server_enter(struct rpc_server *server, struct rpc_call *call)
{
	bool is_open;

	pthread_mutex_lock(&server->lock);
	is_open = !server->is_draining;
	if (is_open) {
		call->is_listed = true;
		call->next = server->calls;
		if (call->next)
			call->next->previous = call;
		server->calls = call;
		server->call_count++;
	}
	pthread_mutex_unlock(&server->lock);
	return is_open;
}

void rpc_server_leave(struct rpc_server *server, struct rpc_call *call)
{
	if (!call->is_listed)
		return;
	pthread_mutex_lock(&server->lock);
	if (call->previous)
		call->previous->next = call->next;
	else
		server->calls = call->next;
	if (call->next)
		call->next->previous = call->previous;
	if (--server->call_count == 0)
		pthread_cond_broadcast(&server->down);
	pthread_mutex_unlock(&server->lock);
}

/* --- the end -------------------------------------------------------------------------------------------------- */

/* The core is down when its transports are; our handlers and callbacks may take a little longer. The lock is held. */
static bool is_silent(const struct rpc_server *server)
{
	return server->is_down && server->call_count == 0;
}

static bool wait_down(struct rpc_server *server, int64_t ms)
{
	struct timespec until;
	bool is_down;

	clock_gettime(CLOCK_MONOTONIC, &until);
	ms = ms > 0 ? ms : 0;
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&server->lock);
	while (!is_silent(server) && pthread_cond_timedwait(&server->down, &server->lock, &until) == 0)
		;
	is_down = is_silent(server);
	pthread_mutex_unlock(&server->lock);
	return is_down;
}

/* Running calls get the whole grace time; connections that merely stay open (a client that ignores GOAWAY, or never
 * spoke) get IDLE_GRACE_MS. */
static bool wait_finish(struct rpc_server *server, int64_t grace_ms)
{
	int64_t end_ms = clock_monotonic_ms() + grace_ms;

	for (;;) {
		int64_t left_ms = end_ms - clock_monotonic_ms();

		if (wait_down(server, left_ms < IDLE_GRACE_MS ? left_ms : IDLE_GRACE_MS))
			return true;
		if (left_ms <= IDLE_GRACE_MS || rpc_server_calls(server) == 0)
			return false;
	}
}

static void close_streams(struct rpc_server *server)
{
	struct status st = status_make(STATUS_UNAVAILABLE, "DRAINING", "this instance is shutting down; reconnect");

	pthread_mutex_lock(&server->lock);
	server->is_draining = true;
	for (struct rpc_call *call = server->calls; call; call = call->next)
		if (call->stream)
			rpc_stream_close(call->stream, st);
	pthread_mutex_unlock(&server->lock);
}

static void cancel_calls(struct rpc_server *server)
{
	pthread_mutex_lock(&server->lock);
	for (struct rpc_call *call = server->calls; call; call = call->next)
		cancel_set(&call->cancel);
	pthread_mutex_unlock(&server->lock);
	grpc_server_cancel_all_calls(server->core);
}

struct status rpc_server_drain(struct rpc_server *server)
{
	int64_t grace_ms = server->settings->grpc_drain_ms;
	int64_t began_ms = clock_monotonic_ms();

	if (!server->is_started || server->is_drained)
		return STATUS_OK_VALUE;
	rpc_health_stop(server->health);
	rpc_accept_stop(server->accept);
	RPC_TAG_LEAVES(&server->down_tag);
	grpc_server_shutdown_and_notify(server->core, server->unary, &server->down_tag);
	close_streams(server);
	if (!wait_finish(server, grace_ms)) {
		LOG_INFO("rpc_drain_cancel", LOG_INT("calls", rpc_server_calls(server)));
		cancel_calls(server);
		if (!wait_down(server, grace_ms > CANCEL_GRACE_LEAST_MS ? grace_ms : CANCEL_GRACE_LEAST_MS))
			return status_make(STATUS_DEADLINE_EXCEEDED, "DRAIN_TIMEOUT", "%zu calls did not end",
					   rpc_server_calls(server));
	}
	server->is_drained = true;
	LOG_INFO("rpc_drained", LOG_INT("took_ms", clock_monotonic_ms() - began_ms));
	return STATUS_OK_VALUE;
}

void rpc_server_destroy(struct rpc_server *server)
{
	if (!server)
		return;
	cancel_set(&server->stopping);
	if (server->has_tick)
		pthread_join(server->tick, NULL);
	rpc_accept_stop(server->accept);
	if (server->is_started && !server->is_drained) {
		struct status st = rpc_server_drain(server);

		if (!status_ok(st)) /* destroying a server with running calls is not possible; leaking it is safe */
			return;
	}
	rpc_accept_destroy(server->accept);
	if (server->core)
		grpc_server_destroy(server->core);
	rpc_queues_destroy(server);
	rpc_reflection_destroy(server->reflection);
	rpc_health_destroy(server->health);
	cancel_done(&server->stopping);
	pthread_cond_destroy(&server->down);
	pthread_mutex_destroy(&server->lock);
	arena_destroy(server->arena);
	free(server);
	rpc_core_release();
}
