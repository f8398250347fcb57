/* campaign_watch.c: follows a campaign's stream, across lost connections, until it is decided. */
#include "cli.h"
#include "command.h"
#include "pb.h"
#include "pb_json.h"
#include "terminal.h"
#include "watch_state.h"
#include "watch_view.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/random.h"

#include <string.h>
#include <time.h>

#define REDRAW_MS          250
#define SILENCE_MS_MAX     45000 /* the server says something every 12 s */
#define RECONNECTS_MAX     8     /* in a row, without a message in between */
#define RECONNECT_MS_FIRST 1000
#define RECONNECT_MS_MAX   30000

struct watching {
	struct cli *cli;
	struct watch watch;
	const char *campaign_id;
	bool is_live;                  /* draws a picture that is redrawn in place */
	unsigned drawn;                /* lines of the picture that stand on the terminal */
	unsigned failures;             /* in a row */
	enum watch_outcome afterwards; /* how it ends once the history asked for with --after has been shown */
};

/* --- showing ------------------------------------------------------------------------------------------------- */

static void picture_draw(struct watching *w, const char *notice)
{
	unsigned columns = terminal_columns(w->cli->out);
	struct watch_style style = { .columns = columns ? columns : 80,
				     .is_utf8 = w->cli->is_utf8,
				     .has_color = w->cli->has_color,
				     .now_ms = clock_monotonic_ms(),
				     .notice = notice };
	AUTO(buffer) struct buffer b = { 0 };

	if (w->drawn)
		buffer_printf(&b, "\033[%uA\033[J", w->drawn);
	w->drawn = watch_picture(&w->watch, &style, &b);
	if (b.data)
		fwrite(b.data, 1, b.len, w->cli->out);
	fflush(w->cli->out);
}

static void event_show(struct watching *w, const PbEvent *event)
{
	AUTO(buffer) struct buffer b = { 0 };

	if (w->cli->is_quiet)
		return;
	if (w->cli->format == OUTPUT_JSON) {
		AUTO(json) json_t *tree = pb_json(&event->base);

		if (tree && json_print(tree, JSON_COMPACT_TEXT, &b))
			buffer_char(&b, '\n');
	} else if (w->is_live) {
		picture_draw(w, NULL);
		return;
	} else if (event->type != DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_KEEP_ALIVE) {
		watch_line(event, &b);
	}
	if (b.data)
		fwrite(b.data, 1, b.len, w->cli->out);
	fflush(w->cli->out);
}

/* --- one connection ------------------------------------------------------------------------------------------ */

static struct status decided(struct watching *w, enum watch_outcome outcome)
{
	const char *why = w->watch.failure;

	w->cli->report.request_id[0] = '\0'; /* it is the campaign that failed, not a request */
	if (outcome == WATCH_PHASE_FAILED)
		return status_make(STATUS_UNKNOWN, "PHASE_FAILED", "a phase failed%s%s", *why ? ": " : "", why);
	if (outcome == WATCH_CANCELLED)
		return status_make(STATUS_UNKNOWN, "CAMPAIGN_CANCELLED", "%s", "the campaign was cancelled");
	return STATUS_OK_VALUE;
}

static struct status stream_open(struct watching *w, struct df_stream **out)
{
	PB(WatchCampaignRequest, WATCH_CAMPAIGN_REQUEST, request);
	struct df_call call = { .arena = w->cli->arena, .cancel = w->cli->cancel, .report = &w->cli->report };

	request.campaign_id = pb_borrow(w->campaign_id);
	if (w->watch.has_position) {
		request.resume_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_REQUEST__RESUME_AFTER_EVENT;
		request.after_event = w->watch.last_event;
	}
	return domainflow_v2_event_watch_campaign_open(w->cli->connection, &call, &request, out);
}

/* Reads until the campaign is decided (*out says how) or the stream ends with a failure. A regular end counts as lost:
 * the stream is to run as long as we want. */
static struct status stream_read(struct watching *w, struct df_stream *stream, enum watch_outcome *out)
{
	int64_t heard_ms = clock_monotonic_ms();
	PbEvent *event;
	struct status st;

	for (;;) {
		arena_reset(w->cli->pages);
		st = domainflow_v2_event_watch_campaign_next(stream, REDRAW_MS, w->cli->pages, &event);
		if (st.code == STATUS_DEADLINE_EXCEEDED && strcmp(st.reason, "NO_MESSAGE_YET") == 0) {
			if (w->is_live)
				picture_draw(w, NULL);
			if (clock_monotonic_ms() - heard_ms > SILENCE_MS_MAX)
				return status_make(STATUS_UNAVAILABLE, "SILENCE", "%s", "the server has gone silent");
			continue;
		}
		TRY(st);
		if (!event)
			return status_make(STATUS_UNAVAILABLE, "STREAM_ENDED", "%s", "the server ended the stream");
		heard_ms = clock_monotonic_ms();
		w->failures = 0;
		*out = watch_apply(&w->watch, event, heard_ms);
		event_show(w, event);
		if (*out == WATCH_GOES_ON && w->watch.last_event >= w->watch.settled)
			*out = w->afterwards;
		if (*out != WATCH_GOES_ON)
			return STATUS_OK_VALUE;
	}
}

static struct status stream_follow(struct watching *w, enum watch_outcome *out)
{
	struct df_stream *stream = NULL;
	struct status st;

	TRY(stream_open(w, &stream));
	st = stream_read(w, stream, out);
	df_stream_close(stream);
	return st;
}

/* --- across connections -------------------------------------------------------------------------------------- */

/* What gRPC says when a connection breaks, and how the server sends slow readers away. */
static bool is_resumable(struct status st)
{
	return st.code == STATUS_UNAVAILABLE || st.code == STATUS_RESOURCE_EXHAUSTED || st.code == STATUS_UNKNOWN ||
	       st.code == STATUS_INTERNAL || st.code == STATUS_ABORTED;
}

/* 1 s, doubled each time up to 30 s, give or take a fifth. False when interrupted. */
static bool reconnect_wait(struct watching *w, struct status st)
{
	int64_t wait_ms = RECONNECT_MS_FIRST, end_ms;
	uint64_t dice;

	for (unsigned i = 1; i < w->failures && wait_ms < RECONNECT_MS_MAX; i++)
		wait_ms *= 2;
	wait_ms = wait_ms < RECONNECT_MS_MAX ? wait_ms : RECONNECT_MS_MAX;
	random_bytes(&dice, sizeof dice);
	wait_ms = wait_ms * 4 / 5 + (int64_t)(dice % (uint64_t)(wait_ms * 2 / 5 + 1));
	if (w->is_live)
		picture_draw(w, "connection lost, trying again");
	else
		cli_note(w->cli, "connection lost (%s), again in %.1f s", st.reason, (double)wait_ms / 1000);
	end_ms = clock_monotonic_ms() + wait_ms;
	while (clock_monotonic_ms() < end_ms && !atomic_load(w->cli->cancel))
		nanosleep(&(struct timespec){ .tv_nsec = DF_CANCEL_TICK_MS * 1000000L }, NULL);
	return !atomic_load(w->cli->cancel);
}

static struct status follow(struct watching *w)
{
	enum watch_outcome outcome = WATCH_GOES_ON;

	for (;;) {
		struct status st = stream_follow(w, &outcome);

		if (status_ok(st))
			return decided(w, outcome);
		if (!is_resumable(st) || !w->watch.has_position || ++w->failures > RECONNECTS_MAX)
			return st;
		if (!reconnect_wait(w, st))
			return status_make(STATUS_CANCELLED, "CANCELLED", "%s", "interrupted");
	}
}

/* With --after the past is shown first; it decides nothing. What counts is where the campaign stands now. */
static struct status history_begin(struct watching *w, int32_t after)
{
	PB(GetCampaignStatusRequest, GET_CAMPAIGN_STATUS_REQUEST, request);
	Domainflow__V2__GetCampaignStatusResponse *answer;

	request.campaign_id = pb_borrow(w->campaign_id);
	TRY(CLI_CALL(w->cli, domainflow_v2_phase_get_campaign_status, &request, &answer));
	if (!answer->snapshot)
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "%s", "the server's answer has no snapshot");
	w->afterwards = watch_snapshot(&w->watch, answer->snapshot, clock_monotonic_ms());
	w->watch.settled = answer->snapshot->last_event;
	w->watch.last_event = after;
	w->watch.has_position = true;
	return STATUS_OK_VALUE;
}

static struct status prepare(struct watching *w)
{
	PB(GetCampaignRequest, GET_CAMPAIGN_REQUEST, request);
	Domainflow__V2__GetCampaignResponse *answer;
	const char *until = w->cli->options->value[OPTION_UNTIL];
	int phase = 0;

	if (until && strcmp(until, "completed") != 0)
		TRY(cli_enum(w->cli, &domainflow__v2__phase__descriptor, until, "phase (or completed)", &phase));
	w->watch.until = (Domainflow__V2__Phase)phase;
	request.campaign_id = pb_borrow(w->campaign_id);
	TRY(CLI_CALL(w->cli, domainflow_v2_campaign_get_campaign, &request, &answer));
	if (answer->campaign)
		snprintf(w->watch.name, sizeof w->watch.name, "%s", answer->campaign->name);
	return STATUS_OK_VALUE;
}

struct status campaign_watch(struct cli *cli)
{
	struct watching w = { .cli = cli, .campaign_id = cli_arg(cli, 0) };
	const char *after = cli->options->value[OPTION_AFTER];
	int64_t number = 0;

	if (after)
		TRY(cli_number(after, "--after", 0, INT32_MAX, &number));
	w.is_live = cli->format == OUTPUT_TABLE && !cli->is_quiet && !after && terminal_columns(cli->out) > 0;
	TRY(prepare(&w));
	if (after)
		TRY(history_begin(&w, (int32_t)number));
	if (w.afterwards != WATCH_GOES_ON && number >= w.watch.settled)
		return decided(&w, w.afterwards);
	return follow(&w);
}
