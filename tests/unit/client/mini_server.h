/* mini_server.h: a small server that does what the request's first string says, for the client's tests.
 *
 *   "ok"       answers, with the same text
 *   "details"  FAILED_PRECONDITION with every google.rpc detail the client reads
 *   "plain"    NOT_FOUND without details
 *   "down N"   UNAVAILABLE for the first N calls since the last reset, then answers
 *   "hang"     never answers
 *   "three"    streams one, two, three and ends well
 *   "stall"    streams one, then nothing
 *   "broken"   streams one, then ABORTED
 *   "garbage"  answers bytes that are no message */
#ifndef TESTS_UNIT_CLIENT_MINI_SERVER_H
#define TESTS_UNIT_CLIENT_MINI_SERVER_H

#include <stddef.h>

struct mini_server;

#define MINI_TEXT_SIZE 128

/* What the last call brought. */
struct mini_seen {
	unsigned calls; /* since the last reset */
	char request_id[MINI_TEXT_SIZE], idempotency_key[MINI_TEXT_SIZE], authorization[MINI_TEXT_SIZE];
};

/* PEM texts; the server then insists on a client certificate signed by ca. */
struct mini_tls {
	const char *ca, *certificate, *key;
};

/* tls may be NULL: plaintext on a Unix socket. With TLS: on a free loopback port. */
struct mini_server *mini_server_start(const struct mini_tls *tls);
void mini_server_stop(struct mini_server *server);
const char *mini_server_address(const struct mini_server *server);
void mini_server_reset(struct mini_server *server);
struct mini_seen mini_server_seen(struct mini_server *server);

#endif
