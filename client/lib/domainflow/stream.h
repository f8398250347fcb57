/* domainflow/stream.h: reading what a server streams.
 *
 * Threads: one reads; df_stream_cancel may be called from any thread until df_stream_close. A stream is not
 * repeated when it breaks: the caller knows where to resume. */
#ifndef DOMAINFLOW_STREAM_H
#define DOMAINFLOW_STREAM_H

#include "domainflow/call.h"

struct df_stream;

/* Sends the request. The server's refusal, if any, comes from the first df_stream_next. The caller owns *out;
 * `call` is not kept, its arena only holds this call's failure. The connection must outlive the stream. */
struct status df_stream_open(struct df_connection *connection, const struct df_call *call, const struct method *method,
			     const ProtobufCMessage *in, struct df_stream **out) MUST_CHECK;

/* Waits up to timeout_ms for the next message, which lives in `arena` together with a failure's details.
 * OK with *out = NULL: the server ended the stream regularly; so will every later call.
 * DEADLINE_EXCEEDED / NO_MESSAGE_YET: nothing came in time, the stream goes on.
 * Anything else ended the stream: the server's status, or CANCELLED. */
struct status df_stream_next(struct df_stream *stream, int64_t timeout_ms, struct arena *arena,
			     ProtobufCMessage **out) MUST_CHECK;

/* Makes the reader's df_stream_next return CANCELLED soon. */
void df_stream_cancel(struct df_stream *stream);
/* Cancels what is still running. Accepts NULL. */
void df_stream_close(struct df_stream *stream);

#endif
