#include "follow.h"

#include "cli.h"

#include "domainflow/stream.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"

#include <string.h>
#include <time.h>

#define SILENCE_MS_MAX     45000 /* the server says something every 12 s */
#define RECONNECTS_MAX     8     /* in a row, without a message in between */
#define RECONNECT_MS_FIRST 1000
#define RECONNECT_MS_MAX   30000

static bool is_too_late(const struct follow *f)
{
	return f->end_ms > 0 && clock_monotonic_ms() >= f->end_ms;
}

static struct status too_late(void)
{
	return status_make(STATUS_DEADLINE_EXCEEDED, "WAIT_TIMEOUT", "%s", "the time is up");
}

/* Reads until enough was seen or the stream ends with a failure. A regular end counts as lost: the stream is to run as
 * long as we want. */
static struct status read_all(struct follow *f, struct df_stream *stream)
{
	int64_t heard_ms = clock_monotonic_ms();
	bool is_done = false;

	while (!is_done) {
		ProtobufCMessage *message;
		struct status st;

		if (is_too_late(f))
			return too_late();
		arena_reset(f->cli->pages);
		st = df_stream_next(stream, FOLLOW_TICK_MS, f->cli->pages, &message);
		if (st.code == STATUS_DEADLINE_EXCEEDED && strcmp(st.reason, "NO_MESSAGE_YET") == 0) {
			if (f->tick)
				f->tick(f, NULL);
			if (clock_monotonic_ms() - heard_ms > SILENCE_MS_MAX)
				return status_make(STATUS_UNAVAILABLE, "SILENCE", "%s", "the server has gone silent");
			continue;
		}
		TRY(st);
		if (!message)
			return status_make(STATUS_UNAVAILABLE, "STREAM_ENDED", "%s", "the server ended the stream");
		heard_ms = clock_monotonic_ms();
		f->failures = 0;
		TRY(f->take(f, message, &is_done));
	}
	return STATUS_OK_VALUE;
}

static struct status connection_run(struct follow *f)
{
	struct df_stream *stream = NULL;
	struct status st;

	TRY(cli_connect(f->cli));
	TRY(f->open(f, &stream));
	st = read_all(f, stream);
	df_stream_close(stream);
	return st;
}

/* What gRPC says when a connection breaks, and how the server sends slow readers away. */
static bool is_resumable(struct status st)
{
	return st.code == STATUS_UNAVAILABLE || st.code == STATUS_RESOURCE_EXHAUSTED || st.code == STATUS_UNKNOWN ||
	       st.code == STATUS_INTERNAL || st.code == STATUS_ABORTED;
}

/* The first wait, doubled each time up to the longest, give or take a fifth. */
static void reconnect_wait(struct follow *f, struct status st)
{
	int64_t wait_ms = RECONNECT_MS_FIRST, end_ms;
	uint64_t dice;

	for (unsigned i = 1; i < f->failures && wait_ms < RECONNECT_MS_MAX; i++)
		wait_ms *= 2;
	wait_ms = wait_ms < RECONNECT_MS_MAX ? wait_ms : RECONNECT_MS_MAX;
	random_bytes(&dice, sizeof dice);
	wait_ms = wait_ms * 4 / 5 + (int64_t)(dice % (uint64_t)(wait_ms * 2 / 5 + 1));
	if (f->tick)
		f->tick(f, "connection lost, trying again");
	else
		cli_note(f->cli, "connection lost (%s), again in %.1f s", st.reason, (double)wait_ms / 1000);
	end_ms = clock_monotonic_ms() + wait_ms;
	while (clock_monotonic_ms() < end_ms && !is_too_late(f) && !atomic_load(f->cli->cancel))
		nanosleep(&(struct timespec){ .tv_nsec = DF_CANCEL_TICK_MS * 1000000L }, NULL);
}

/* gRPC would answer the first call on a broken connection with the old failure, whatever the server does by then. */
static void connection_drop(struct cli *cli)
{
	df_close(cli->connection);
	cli->connection = NULL;
}

struct status follow_run(struct follow *f)
{
	for (;;) {
		struct status st = connection_run(f);

		if (status_ok(st) || !is_resumable(st) || !f->can_resume || ++f->failures > RECONNECTS_MAX)
			return st;
		connection_drop(f->cli);
		reconnect_wait(f, st);
		if (atomic_load(f->cli->cancel))
			return status_make(STATUS_CANCELLED, "CANCELLED", "%s", "interrupted");
		if (is_too_late(f))
			return too_late();
	}
}
