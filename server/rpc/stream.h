/* rpc/stream.h: the sending half of a streaming call.
 *
 * Threads: every function may be called from any thread, also under a lock of the owner: nothing here calls back
 * from inside. One message is in flight; the rest wait in a queue bounded by grpc_stream_queue_messages_max and
 * grpc_stream_queue_bytes_max.
 *
 * Ownership: the runtime owns the stream. Whoever keeps the pointer after the handler returned sets on_closed inside
 * the handler and drops the pointer there at the latest (or holds a reference of its own, see retain). */
#ifndef RPC_STREAM_H
#define RPC_STREAM_H

#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

struct rpc_stream;
struct rpc_call;

/* --- one encoded message, shared by any number of streams ----------------------------------------------------- */

struct rpc_packed;

/* One reference, the caller's. NULL when out of memory. */
struct rpc_packed *rpc_packed_create(const ProtobufCMessage *message) MUST_CHECK;
/* A message whose only field, number 1, is `inner`, without encoding that again. One reference, the caller's. NULL when
 * out of memory. */
struct rpc_packed *rpc_packed_wrap(const struct rpc_packed *inner) MUST_CHECK;
struct rpc_packed *rpc_packed_retain(struct rpc_packed *packed);
void rpc_packed_release(struct rpc_packed *packed); /* accepts NULL */

/* --- sending -------------------------------------------------------------------------------------------------- */

/* Queues a message; the stream takes a reference of its own. A queued message with the same non-zero coalesce_key is
 * replaced where it stands. Key 0 is never dropped. When the queue is full, the oldest message with a key makes room;
 * when there is none, the stream is closed with RESOURCE_EXHAUSTED / SLOW_READER and what is queued is discarded.
 * False when the stream is closed or closing (on_closed comes or has come); the message is not sent then. */
bool rpc_stream_send(struct rpc_stream *stream, struct rpc_packed *packed, uint64_t coalesce_key);
/* Packs and sends, for one receiver. False also when out of memory: the stream is then closed. */
bool rpc_stream_send_message(struct rpc_stream *stream, const ProtobufCMessage *message, uint64_t coalesce_key);

/* The next `extra` messages that find the queue full are taken all the same: for an owner that hands over a backlog at
 * once (events since a position). The bound on bytes stays. Adds up when called again. */
void rpc_stream_allow(struct rpc_stream *stream, size_t extra);

/* Waits until at most `most` messages have not left, the one in flight included: for an owner with a thread of its own
 * that makes messages as fast as they are read, and closes the stream when the last one was (0). False when that took
 * longer than ms, or the stream is closed. */
bool rpc_stream_wait_room(struct rpc_stream *stream, size_t most, int64_t ms);

/* The resume position of a client that has seen everything sent up to now and the messages sent from now on. Call it
 * once with the position the client starts from, then before each message that advances it. When the stream is closed
 * by SLOW_READER or DRAINING, the position of the last message that really left goes to the client as
 * ErrorInfo.metadata["resume_after"]. A position never set is not sent. */
void rpc_stream_set_position(struct rpc_stream *stream, int64_t position);

/* Ends the call with `st` after everything queued has been sent (a failure discards the queue first when its reason
 * is SLOW_READER). A client that does not read is cut off after RPC_STREAM_CLOSE_MS. Later calls do nothing. */
#define RPC_STREAM_CLOSE_MS 5000
void rpc_stream_close(struct rpc_stream *stream, struct status st);

/* --- its end -------------------------------------------------------------------------------------------------- */

/* Called once per stream on which it was set, whatever ended it: client gone, cancel, deadline, close, drain, failure
 * of the handler. Runs on a thread of the runtime with no lock held, never from inside another rpc_stream function,
 * and not before the handler has returned. Must not block for long. Set it inside the handler. */
typedef void (*rpc_stream_closed_fn)(struct rpc_stream *stream, void *arg);
void rpc_stream_on_closed(struct rpc_stream *stream, rpc_stream_closed_fn fn, void *arg);

/* True once nothing more can be sent. */
bool rpc_stream_is_closed(struct rpc_stream *stream);
size_t rpc_stream_queued(struct rpc_stream *stream);

struct rpc_call *rpc_stream_call(struct rpc_stream *stream);

/* An owner that uses the pointer outside the lock its on_closed takes holds a reference. A reference that is never
 * given back keeps the server from draining. */
void rpc_stream_retain(struct rpc_stream *stream);
void rpc_stream_release(struct rpc_stream *stream);

#endif
