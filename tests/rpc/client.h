/* tests/rpc/client.h: a blocking gRPC client on the C core, for tests: shows everything the wire carries.
 * Every wait is bounded by CLIENT_WAIT_MS and fails the test when it is reached. */
#ifndef TESTS_RPC_CLIENT_H
#define TESTS_RPC_CLIENT_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_WAIT_MS 20000

struct client_pair {
	const char *key, *value;
};

/* Of one call; zero fields mean the plain case. */
struct client_options {
	int64_t deadline_ms; /* 0: none */
	struct client_pair metadata[4];
	grpc_compression_algorithm compression;
};

struct client_call {
	grpc_call *core;
	grpc_completion_queue *queue;
	grpc_metadata_array initial, trailing;
	grpc_byte_buffer *received;
	grpc_status_code code;
	grpc_slice details;
	bool has_status;
	unsigned long done; /* bit per tag that came back */
};

/* A connection of its own. target: "127.0.0.1:port" or "unix:/path". credentials NULL: plain. */
grpc_channel *client_open(const char *target, grpc_channel_credentials *credentials);

/* Starts a call: headers, one message (NULL: none), half-close when is_last. RECV_STATUS is under way from the start.
 */
void client_start(struct client_call *call, grpc_channel *channel, const char *path, const void *message, size_t n,
		  bool is_last, const struct client_options *options);
/* Sends another message, or only the half-close when message is NULL. */
void client_send(struct client_call *call, const void *message, size_t n, bool is_last);
/* Next message; the caller frees *out. False at the end of the stream. */
bool client_receive(struct client_call *call, uint8_t **out, size_t *out_n);
/* Waits for initial metadata. */
void client_wait_headers(struct client_call *call);
/* Waits for the status. */
grpc_status_code client_finish(struct client_call *call);
/* A value of trailing (or initial) metadata, NULL when absent. Lives until client_done; bytes in *n. */
const char *client_trailer(const struct client_call *call, const char *key, size_t *n);
const char *client_header(const struct client_call *call, const char *key, size_t *n);
void client_cancel(struct client_call *call);
void client_done(struct client_call *call);

/* The whole of a unary call: status code; the message in *out (NULL when none), freed by the caller. */
grpc_status_code client_unary(struct client_call *call, grpc_channel *channel, const char *path, const void *message,
			      size_t n, const struct client_options *options, uint8_t **out, size_t *out_n);

#endif
