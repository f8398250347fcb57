/* domainflow/connection.h: a connection to a DomainFlow server.
 *
 * Threads: any number of calls and streams may run on one connection at once. Close it after the last has ended.
 * The connection is made when the first call needs it, and again whenever it was lost. The gRPC library writes its
 * own complaints (a failed handshake) to stderr; a program that minds calls gpr_set_log_function once at start. */
#ifndef DOMAINFLOW_CONNECTION_H
#define DOMAINFLOW_CONNECTION_H

#include "base/status.h"

#include <stdint.h>

struct df_connection;

/* How reads are repeated when the server can't be reached (UNAVAILABLE). The wait before attempt n+1 is random
 * between 0 and first_wait_ms · 2^(n-1), at most wait_ms_max; a server's RetryInfo is the least wait. */
struct df_retry {
	unsigned attempts_max; /* 0: the default, 4; 1: never repeat */
	int64_t first_wait_ms; /* 0: the default, 100 */
	int64_t wait_ms_max;   /* 0: the default, 2000 */
};

/* Zeroed is a good start. Texts are copied. */
struct df_options {
	const char *token;      /* sent as authorization: Bearer; NULL: none */
	const char *user_agent; /* put before the library's own; NULL: none */
	int64_t timeout_ms;     /* of calls that don't say; 0: the default, 10000 */
	struct df_retry retry;
	/* TLS when ca_pem is set (PEM text, not a path). Both of certificate and key, or neither. */
	const char *ca_pem, *certificate_pem, *key_pem;
	const char *server_name; /* the name the server's certificate must carry; NULL: the address's host */
};

#define DF_RESPONSE_BYTES_MAX (16 * 1024 * 1024)

/* `address`: host:port, ipv4:, ipv6:, dns: or unix:/path. `options` may be NULL. Nothing is sent yet.
 * INVALID_ARGUMENT / BAD_REQUEST when the options don't go together. The caller owns *out. */
struct status df_connect(const char *address, const struct df_options *options, struct df_connection **out) MUST_CHECK;
void df_close(struct df_connection *connection); /* accepts NULL */

#endif
