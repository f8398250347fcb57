/* rpc/server.h: the gRPC server: listeners, queues, threads, drain.
 *
 * Life: rpc_server_create, rpc_server_add for each service, rpc_server_start, ..., rpc_server_drain,
 * rpc_server_destroy. Threads: create, add, start, drain and destroy belong to one thread (main's); the rest may be
 * called from any. Handlers: unary handlers and the first call of a server-stream handler run on one of
 * grpc_unary_threads threads and may block (SQL, Redis); the others keep serving. Bidi handlers run on a stream queue's
 * thread and must not block.
 *
 * One process may have several servers (tests do); gRPC itself is initialised with the first and never torn down
 * while one lives. Nothing may fork after the first rpc_server_create. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "base/status.h"
#include "proto/runtime/method.h"

#include <stddef.h>
#include <stdint.h>

struct rpc_server;
struct settings;
struct metrics;

struct rpc_server_options {
	const struct settings *settings; /* borrowed for the server's life; the grpc_* fields are read */
	struct metrics *metrics;         /* borrowed; grpc_server_* and rpc_* are registered there; NULL: none */
	void *app;                       /* given back by rpc_call_app */
	/* A packed google.protobuf.FileDescriptorSet with imports for reflection; borrowed. Size 0: no reflection. */
	const uint8_t *descriptor_set;
	size_t descriptor_set_bytes;
};

/* A server with health (and, when the setting says so, reflection) in it; nothing listens yet. */
struct status rpc_server_create(const struct rpc_server_options *options, struct rpc_server **out) MUST_CHECK;

/* Adds a service before the start. `handlers` is the typed handler struct of the generated header and is borrowed for
 * the server's life. Its health is SERVING from the start on. ALREADY_EXISTS when a path is taken. */
struct status rpc_server_add(struct rpc_server *server, const struct service *service, const void *handlers) MUST_CHECK;

/* Opens every address of grpc_address (comma separated host:port, [v6]:port or unix:/path; port 0 takes a free one)
 * and serves. FAILED_PRECONDITION / TLS_REQUIRED for an address that is not loopback without the three GRPC_TLS_*
 * files. UNAVAILABLE / LISTEN_FAILED when an address can't be had. After a failure only destroy is allowed. */
struct status rpc_server_start(struct rpc_server *server) MUST_CHECK;

/* The TCP port of the first address; 0 for a Unix socket. Valid after start. */
int rpc_server_port(const struct rpc_server *server);

/* Connections open now, and calls running now (streams included). */
size_t rpc_server_connections(struct rpc_server *server);
size_t rpc_server_calls(struct rpc_server *server);

/* Marks a service ("" or NULL: the whole server) as SERVING or NOT_SERVING for grpc.health.v1. During a drain
 * everything is NOT_SERVING and stays so. */
void rpc_health_set(struct rpc_server *server, const char *service, bool is_serving);

/* Stops: health NOT_SERVING, no new connections and calls, streams closed with UNAVAILABLE / DRAINING, running calls
 * may finish for grpc_drain_ms and are then cancelled; connections without a call are cut after half a second.
 * DEADLINE_EXCEEDED / DRAIN_TIMEOUT when handlers still run another grpc_drain_ms (at least a second) after that: then
 * the process should exit without destroy. */
struct status rpc_server_drain(struct rpc_server *server) MUST_CHECK;

/* Accepts NULL, a server that never started, and one that was drained. */
void rpc_server_destroy(struct rpc_server *server);

#endif
