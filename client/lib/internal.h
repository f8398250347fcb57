/* internal.h: what the files of the client library share. Not installed. */
#ifndef CLIENT_LIB_INTERNAL_H
#define CLIENT_LIB_INTERNAL_H

#include "domainflow/call.h"
#include "domainflow/connection.h"

#include <grpc/grpc.h>
#include <stdbool.h>

#define METADATA_MAX 3

struct df_connection {
	grpc_channel *channel;
	char *authorization; /* "Bearer …", heap, or NULL */
	int64_t timeout_ms;
	struct df_retry retry;
};

/* What a call sends in front. Slices are ours until headers_done. */
struct headers {
	grpc_metadata items[METADATA_MAX];
	size_t count;
	char request_id[DF_REQUEST_ID_SIZE];
};

/* INVALID_ARGUMENT / BAD_REQUEST when a text can't be a header's value. */
struct status headers_init(struct headers *h, const struct df_connection *connection,
			   const struct df_call *call) MUST_CHECK;
void headers_done(struct headers *h);

/* Packs a message; NULL when memory is short. The caller destroys it. */
grpc_byte_buffer *bytes_pack(const ProtobufCMessage *message) MUST_CHECK;
/* Unpacks a received buffer (not NULL) into the arena. INTERNAL / BAD_RESPONSE when it is not such a message. */
struct status bytes_unpack(const ProtobufCMessageDescriptor *type, grpc_byte_buffer *bytes, struct arena *arena,
			   ProtobufCMessage **out) MUST_CHECK;

/* Where the end of a call arrives. */
struct ending {
	grpc_status_code code;
	grpc_slice text;
	grpc_metadata_array trailing;
};

void ending_init(struct ending *e);
void ending_done(struct ending *e);
/* The server's verdict with its google.rpc details, copied into the arena. */
struct status ending_status(const struct ending *e, struct arena *arena) MUST_CHECK;

/* timeout_ms from now, on the clock gRPC wants; INT64_MAX: never. */
gpr_timespec time_after(int64_t timeout_ms);
/* Waits for `tag` on a PLUCK queue until `deadline`; when *cancel becomes true the call is cancelled (once) and the
 * wait goes on. GRPC_QUEUE_TIMEOUT or GRPC_OP_COMPLETE. */
grpc_event tag_wait(grpc_completion_queue *queue, grpc_call *call, void *tag, gpr_timespec deadline,
		    const atomic_bool *cancel);
/* The x-request-id among received metadata, into `out`; left alone when there is none. */
void request_id_read(const grpc_metadata_array *metadata, char out[DF_REQUEST_ID_SIZE]);

#endif
