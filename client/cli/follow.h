/* cli/follow.h: reading a stream of the server for as long as it is wanted, across lost connections. One thread.
 *
 * A lost connection, a draining server, silence, or being too slow a reader is no end: the stream is opened again after
 * 1 s, 2 s, 4 s … at most 30 s, and given up after eight vain attempts in a row. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

struct cli;
struct df_stream;

#define FOLLOW_TICK_MS 250

struct follow {
	struct cli *cli;
	void *context;
	/* Opens the stream, after the first time where the last message left it. */
	struct status (*open)(struct follow *f, struct df_stream **out);
	/* Takes one message, which lives until the next; sets *out_is_done when it was the last one wanted. */
	struct status (*take)(struct follow *f, const ProtobufCMessage *message, bool *out_is_done);
	/* Between messages, every FOLLOW_TICK_MS; with what there is to say about the connection, else NULL. May be
	 * NULL: then lost connections are told on standard error. */
	void (*tick)(struct follow *f, const char *notice);
	bool can_resume;   /* without it the first failure is the last */
	int64_t end_ms;    /* on clock_monotonic_ms(); 0: never */
	unsigned failures; /* in a row */
};

/* OK when `take` was done. DEADLINE_EXCEEDED / WAIT_TIMEOUT at end_ms, CANCELLED when interrupted, else what ended the
 * stream for good. */
struct status follow_run(struct follow *f) MUST_CHECK;

#endif
