/* rpc/call.h: what a handler may ask about the call it serves.
 *
 * A call belongs to the runtime; the pointer is good inside the handler, and for a streaming call until on_closed has
 * returned. Everything returned is borrowed and lives as long as the call. */
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include "proto/runtime/method.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct cancel;
struct rpc_call;

#define RPC_NO_DEADLINE INT64_MAX

struct rpc_principal {
	const char *name;
	enum method_role role;
	const char *workspace;
};

/* Request and answer live here; limited by grpc_call_memory_bytes_max. Only the handler's own thread uses it. In a
 * bidi call it is emptied after each message. */
struct arena *rpc_call_arena(struct rpc_call *call);

/* Milliseconds left, never negative: until the client's deadline, or for a unary call without one until
 * grpc_deadline_default_ms is over. RPC_NO_DEADLINE for a stream without one. */
int64_t rpc_call_ms_left(const struct rpc_call *call);

/* Set when the client cancelled or left, the deadline passed, or the drain ran out of patience. Any thread. */
struct cancel *rpc_call_cancel(struct rpc_call *call);
bool rpc_call_is_cancelled(const struct rpc_call *call);

/* "127.0.0.1:41234", "[::1]:41234" or "unix". */
const char *rpc_call_peer(const struct rpc_call *call);

/* The client's x-request-id when it is 1 to 64 characters of A-Z a-z 0-9 - _ . : else one made here. Goes back to
 * the client as initial metadata x-request-id. */
const char *rpc_call_request_id(const struct rpc_call *call);

/* The client's x-idempotency-key (1 to 64 printable ASCII characters), NULL when it sent none. A key that does not
 * fit is refused before the handler runs. */
const char *rpc_call_idempotency_key(const struct rpc_call *call);

const struct rpc_principal *rpc_call_principal(const struct rpc_call *call);
const struct method *rpc_call_method(const struct rpc_call *call);
void *rpc_call_app(const struct rpc_call *call);

/* Adds trailing metadata (key: static, lower case). Sent with the status; at most RPC_TRAILERS_MAX, more are dropped.
 * The value is printable ASCII and is copied. Only before the handler returns or, for a stream, before its close. */
#define RPC_TRAILERS_MAX 4
void rpc_call_add_trailer(struct rpc_call *call, const char *key, const char *value);

#endif
