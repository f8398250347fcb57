/* tests/rpc/echo.h: a server of server/rpc with the Echo service, a metrics registry and a connected channel. */
#ifndef TESTS_RPC_ECHO_H
#define TESTS_RPC_ECHO_H

#include "client.h"
#include "config/settings.h"
#include "echo.pb-c.h"
#include "rpc/server.h"
#include "rpc/stream.h"

#include <pthread.h>

#define PATH_SAY     "/domainflow.test.v1.Echo/Say"
#define PATH_WATCH   "/domainflow.test.v1.Echo/Watch"
#define PATH_CHAT    "/domainflow.test.v1.Echo/Chat"
#define PATH_NOTHING "/domainflow.test.v1.Echo/Nothing"

struct echo {
	struct settings settings;
	struct metrics *metrics;
	struct rpc_server *server;
	grpc_channel *channel;
	char target[160];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool gate_open;            /* lets "block" go on */
	int blocked;               /* handlers inside "block" now */
	int saw_cancel;            /* "block" handlers that left because of a cancel */
	struct rpc_stream *stream; /* of the last Watch, until it is closed */
	int opened, closed;        /* Watches that began, on_closed calls */
};

/* Defaults fit for a test: a free loopback port, one second of drain. Change echo->settings, then echo_start. */
void echo_init(struct echo *echo);
void echo_start(struct echo *echo);
/* Drains and destroys; fails the test when the drain does. */
void echo_stop(struct echo *echo);
/* Only the second half, after a drain of the test's own. */
void echo_free(struct echo *echo);

/* The packed bytes of a note; freed by the caller. */
uint8_t *note_pack(const char *text, int32_t number, size_t *n);
/* Unpacks and frees `bytes`; NULL bytes fail the test. */
Domainflow__Test__V1__Note *note_take(uint8_t *bytes, size_t n);
void note_free(Domainflow__Test__V1__Note *note);

/* Say(text, number): the status code; *out the answer or NULL. `call` is left for looking at metadata: client_done. */
grpc_status_code say(struct echo *echo, struct client_call *call, const char *text, int32_t number,
		     const struct client_options *options, Domainflow__Test__V1__Note **out);

/* Opens a Watch and waits until its handler has run; echo->stream is then set. */
void watch_open(struct echo *echo, struct client_call *call);
/* Sends one note on the watched stream. */
bool watch_send(struct echo *echo, const char *text, int32_t number, uint64_t key);

/* Wait until *value (guarded by echo->lock) is at least `least`; fails the test after CLIENT_WAIT_MS. */
void echo_wait(struct echo *echo, const int *value, int least);
int echo_read(struct echo *echo, const int *value);
void echo_open_gate(struct echo *echo);

/* Whether the packed google.rpc.Status in the trailers contains these bytes (type names, reasons, keys). */
bool details_contain(const struct client_call *call, const char *text);

#endif
