/* domainflow/call.h: one blocking call with a deadline. Generated functions (*.grpc-c.client.h) are typed wrappers.
 *
 * Threads: any. A failed call's status is the server's: code, sentence, and from google.rpc details the reason
 * (ErrorInfo) and `extra` (field violations, metadata, retry delay, resource). Reason and extra live in the
 * arena of the call. Failures made here carry the reasons DEADLINE_EXCEEDED, CANCELLED, UNAVAILABLE, BAD_RESPONSE,
 * REQUEST_TOO_LARGE, RESPONSE_TOO_LARGE (both RESOURCE_EXHAUSTED). */
#ifndef DOMAINFLOW_CALL_H
#define DOMAINFLOW_CALL_H

#include "proto/runtime/method.h"

#include <stdatomic.h>

struct arena;
struct df_connection;

#define DF_REQUEST_ID_SIZE 65

/* What became of a call. */
struct df_call_report {
	unsigned attempts;
	char request_id[DF_REQUEST_ID_SIZE]; /* the x-request-id the server answered with, else the one sent */
};

struct df_call {
	struct arena *arena;         /* required: the response and a failure's details live here */
	int64_t timeout_ms;          /* for all attempts together (a stream: until it ends); 0: calls the connection's,
				      * streams none */
	const char *request_id;      /* x-request-id; NULL: one is made */
	const char *idempotency_key; /* x-idempotency-key; NULL: none */
	const atomic_bool *cancel;   /* looked at every DF_CANCEL_TICK_MS; NULL: can't be cancelled */
	struct df_call_report *report; /* filled in when not NULL, in success and failure */
};

#define DF_CANCEL_TICK_MS 100

/* Sends `in`, waits for the answer. Methods with `is_read` are repeated while the server is UNAVAILABLE, as the
 * connection's df_retry says; others are sent once. *out lives in the call's arena. */
struct status df_call_unary(struct df_connection *connection, const struct df_call *call, const struct method *method,
			    const ProtobufCMessage *in, ProtobufCMessage **out) MUST_CHECK;

#endif
