/* rpc/internal.h: what the files of this room share. Nobody outside includes it.
 *
 * Locks, in the order they may be taken: an owner's own lock → server.lock → stream.lock. Core functions are called
 * under stream.lock; they never call back into us. */
#ifndef RPC_INTERNAL_H
#define RPC_INTERNAL_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/uuid.h"
#include "rpc/call.h"
#include "rpc/metrics.h"
#include "rpc/server.h"
#include "rpc/stream.h"
#include "work/cancel.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

#define RPC_STREAM_QUEUES_MAX 16
#define RPC_THREADS_MAX       (128 + RPC_STREAM_QUEUES_MAX)
#define RPC_REQUEST_ID_MAX    64
#define RPC_IDEMPOTENCY_MAX   64
#define RPC_PEER_BYTES        80

/* Every operation handed to the core is a tag; the thread that gets it back calls fire. `ok` is the core's success
 * flag. ThreadSanitizer does not see the hand-over inside the core, so it is told. */
struct rpc_tag {
	void (*fire)(struct rpc_tag *tag, bool ok);
};

#ifdef __has_feature
#if __has_feature(thread_sanitizer) /* clang's word for it */
#define __SANITIZE_THREAD__ 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define RPC_TAG_LEAVES(tag)  __tsan_release(tag)
#define RPC_TAG_RETURNS(tag) __tsan_acquire(tag)
#else
#define RPC_TAG_LEAVES(tag)  ((void)0)
#define RPC_TAG_RETURNS(tag) ((void)0)
#endif

#define RPC_OWNER(tag_pointer, type, member) ((type *)(void *)((char *)(tag_pointer)-offsetof(type, member)))

/* One method of one added service. */
struct rpc_slot {
	struct rpc_slot *next;
	struct rpc_server *server;
	const struct method_binding *binding; /* NULL: the slot of unknown paths */
	const void *handlers;
	void *registered; /* the core's handle */
	bool is_quiet;    /* health and reflection: logged at debug level only */
	struct rpc_method_metrics metrics;
};

/* --- core.c: process-wide setup of the library ---------------------------------------------------------------- */

void rpc_core_hold(void);
void rpc_core_release(void);

/* --- call.c --------------------------------------------------------------------------------------------------- */

struct rpc_trailer {
	const char *key;
	char *value;
};

struct rpc_call {
	struct rpc_server *server;
	struct rpc_slot *slot;
	struct rpc_call *next, *previous; /* server->calls, under server->lock */
	bool is_listed;
	grpc_call *core;
	atomic_uint refs; /* the handler's, one per outstanding tag, one per rpc_stream_retain */
	struct arena *arena;
	struct cancel cancel;
	int64_t started_us, deadline_ms; /* monotonic; RPC_NO_DEADLINE */
	bool client_has_deadline;
	char request_id[RPC_REQUEST_ID_MAX + 1];
	char idempotency_key[RPC_IDEMPOTENCY_MAX + 1]; /* "" when none */
	bool idempotency_key_is_bad;
	char peer[RPC_PEER_BYTES];
	struct rpc_trailer trailers[RPC_TRAILERS_MAX];
	size_t trailer_count;
	struct rpc_tag closed_tag, finished_tag;
	int closed_cancelled;      /* filled by the core */
	struct rpc_stream *stream; /* NULL for unary */
	atomic_bool is_handled;    /* counted and logged */
};

/* What the core delivered with a request; call_create takes it, whatever it returns. */
struct rpc_arrival {
	grpc_call *core;
	grpc_metadata_array metadata;
	gpr_timespec deadline;
	grpc_byte_buffer *payload;
};

/* One reference, the handler's. NULL when out of memory: the call has then been refused. payload stays the
 * caller's. RECV_CLOSE is already under way. */
struct rpc_call *rpc_call_create(struct rpc_slot *slot, struct rpc_arrival *arrival, bool is_stream);
void rpc_call_hold(struct rpc_call *call);
void rpc_call_drop(struct rpc_call *call);
/* Counts and logs the end of the call, once. */
void rpc_call_handled(struct rpc_call *call, const struct status *st);
/* Starts a batch whose completion fires `tag`; takes a reference for it. A refused batch is a bug: it aborts. */
void rpc_call_batch(struct rpc_call *call, const grpc_op *ops, size_t count, struct rpc_tag *tag);

/* Fills *op with SEND_INITIAL_METADATA carrying the request id. `slot` must live until the batch has started. */
void rpc_call_initial_op(struct rpc_call *call, grpc_op *op, grpc_metadata *slot);

/* Everything SEND_STATUS_FROM_SERVER points at; alive until the batch has started. */
struct rpc_status_op {
	struct status shown;
	struct status_extra extra;
	struct status_meta meta;
	char incident[UUID_TEXT_SIZE];
	grpc_slice message;
	grpc_metadata metadata[1 + RPC_TRAILERS_MAX];
};
/* The status as the client may see it; an internal one is logged under an incident id. */
void rpc_call_status_op(struct rpc_call *call, const struct status *st, grpc_op *op, struct rpc_status_op *room);
void rpc_status_op_done(struct rpc_status_op *room, const grpc_op *op);

/* --- status_wire.c -------------------------------------------------------------------------------------------- */

/* A packed google.rpc.Status with the details of `st`, appended to `out`; bounded so that common clients with their
 * 8 KiB metadata limit still get it. */
void rpc_status_pack(const struct status *st, struct buffer *out);
/* Codes whose text stays inside. */
bool rpc_status_is_internal(const struct status *st);

/* --- dispatch.c ----------------------------------------------------------------------------------------------- */

/* Serves one call from its arrival on. Runs the handler in this thread. Takes the arrival. */
void rpc_dispatch(struct rpc_slot *slot, struct rpc_arrival *arrival);
/* Refuses compression and oversize, validates and unpacks into the call's arena. Destroys the payload. */
struct status rpc_request_decode(struct rpc_call *call, grpc_byte_buffer *payload, ProtobufCMessage **out) MUST_CHECK;

/* --- stream.c ------------------------------------------------------------------------------------------------- */

struct rpc_stream *rpc_stream_create(struct rpc_call *call);
void rpc_stream_destroy(struct rpc_stream *stream);
/* The handler has returned OK (or, for bidi, reading may start): headers leave, on_closed may come. */
void rpc_stream_run(struct rpc_stream *stream, bool is_bidi);
/* RECV_CLOSE has come back. */
void rpc_stream_over(struct rpc_stream *stream);
/* Cuts off a stream whose close was not read in time. */
void rpc_stream_check(struct rpc_stream *stream, int64_t now_ms);

const grpc_slice *rpc_packed_slice(const struct rpc_packed *packed);

/* --- accept.c ------------------------------------------------------------------------------------------------- */

struct rpc_accept;
struct rpc_accept_counts {
	size_t open;
	uint64_t refused; /* since the start */
};

/* An argument for grpc_server_create: the core puts its acceptor for external connections into *acceptor when
 * rpc_accept_open asks for it. */
grpc_arg rpc_accept_arg(void **acceptor);
/* Reads the TLS files and binds every address. `core` must not be started yet. */
struct status rpc_accept_open(const struct settings *settings, grpc_server *core, void **acceptor,
			      struct rpc_accept **out) MUST_CHECK;
struct status rpc_accept_start(struct rpc_accept *accept) MUST_CHECK;
/* Closes the listeners and joins the thread; connections stay. Must precede the core's shutdown. */
void rpc_accept_stop(struct rpc_accept *accept);
void rpc_accept_destroy(struct rpc_accept *accept); /* accepts NULL; stops */
int rpc_accept_port(const struct rpc_accept *accept);
struct rpc_accept_counts rpc_accept_count(struct rpc_accept *accept);

/* --- health.c, reflection.c: services of the runtime ----------------------------------------------------------- */

struct rpc_health;
struct status rpc_health_create(struct rpc_server *server, struct rpc_health **out) MUST_CHECK;
void rpc_health_destroy(struct rpc_health *health);
/* Makes a name known and SERVING. */
struct status rpc_health_know(struct rpc_health *health, const char *service) MUST_CHECK;
/* Everything NOT_SERVING for good. */
void rpc_health_stop(struct rpc_health *health);

struct rpc_reflection;
struct status rpc_reflection_create(struct rpc_server *server, const uint8_t *set, size_t bytes,
				    struct rpc_reflection **out) MUST_CHECK;
void rpc_reflection_destroy(struct rpc_reflection *reflection);

/* --- server.c ------------------------------------------------------------------------------------------------- */

/* queues.c: posted requests and the threads that poll. */
struct status rpc_queues_create(struct rpc_server *server) MUST_CHECK;
/* After grpc_server_start: posts the requests of every slot and starts the threads. */
struct status rpc_queues_start(struct rpc_server *server) MUST_CHECK;
/* After grpc_server_destroy: ends the threads and frees queues and requests. */
void rpc_queues_destroy(struct rpc_server *server);

struct rpc_server {
	const struct settings *settings;
	void *app;
	struct arena *arena; /* slots and requests */
	grpc_server *core;
	void *acceptor; /* the core's object for connections accepted by us; TLS only */
	grpc_completion_queue *unary, *streams[RPC_STREAM_QUEUES_MAX];
	size_t stream_count;
	struct rpc_slot *slots, unknown;
	atomic_uint stream_turn;
	pthread_t threads[RPC_THREADS_MAX];
	size_t thread_count;
	pthread_t tick;
	bool has_tick;
	struct rpc_accept *accept;
	struct rpc_health *health;
	struct rpc_reflection *reflection;
	struct rpc_server_metrics metrics;
	struct cancel stopping;
	pthread_mutex_t lock;
	struct rpc_call *calls; /* every call that runs */
	size_t call_count;
	bool is_draining, is_started, is_down, is_drained;
	struct rpc_tag down_tag;
	pthread_cond_t down; /* the core is down, or the last call has gone */
};

/* False while draining: the call is not to be served. */
bool rpc_server_enter(struct rpc_server *server, struct rpc_call *call);
void rpc_server_leave(struct rpc_server *server, struct rpc_call *call);

#endif
