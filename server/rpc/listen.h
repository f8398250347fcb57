/* rpc/listen.h: the listening sockets of grpc_address. Inside the room; one thread. */
#ifndef RPC_LISTEN_H
#define RPC_LISTEN_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define RPC_LISTENERS_MAX 16

struct rpc_listener {
	int fd;
	int port;       /* TCP; 0 for a Unix socket */
	char path[108]; /* Unix: removed on close */
};

/* Opens every address of the comma-separated list, non-blocking. Plain TCP is for loopback: without has_tls any
 * other address is FAILED_PRECONDITION / TLS_REQUIRED. On failure nothing stays open. */
struct status rpc_listeners_open(const char *addresses, bool has_tls, bool reuse_port,
				 struct rpc_listener out[RPC_LISTENERS_MAX], size_t *out_count) MUST_CHECK;
void rpc_listeners_close(struct rpc_listener *listeners, size_t count);

#endif
