/* campaign_watch.c: follows a campaign until it is decided: with a picture or lines (watch), or silently (wait). */
#include "cli.h"
#include "command.h"
#include "follow.h"
#include "pb.h"
#include "pb_json.h"
#include "terminal.h"
#include "views.h"
#include "watch_state.h"
#include "watch_view.h"

#include "base/buffer.h"
#include "base/clock.h"

#include <string.h>

#define TYPES_MAX 32

struct watching {
	struct cli *cli;
	struct watch watch;
	struct follow follow;
	const char *campaign_id;
	bool is_silent;                /* tells nothing but how it ends */
	bool is_live;                  /* draws a picture that is redrawn in place */
	unsigned drawn;                /* lines of the picture that stand on the terminal */
	enum watch_outcome afterwards; /* how it ends once the history asked for with --after has been shown */
	enum watch_outcome outcome;
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

void event_print(struct cli *cli, const ProtobufCMessage *event, bool with_campaign)
{
	AUTO(buffer) struct buffer b = { 0 };

	if (cli_is_json(cli)) {
		AUTO(json) json_t *tree = pb_json(event);

		if (tree && json_print(tree, JSON_COMPACT_TEXT, &b))
			buffer_char(&b, '\n');
	} else {
		watch_line((const PbEvent *)event, with_campaign, &b);
	}
	if (b.data)
		fwrite(b.data, 1, b.len, cli->out);
	fflush(cli->out);
}

static void event_show(struct watching *w, const PbEvent *event)
{
	if (w->is_silent || w->cli->is_quiet)
		return;
	if (w->is_live)
		picture_draw(w, NULL);
	else if (cli_is_json(w->cli) || event->type != DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_KEEP_ALIVE)
		event_print(w->cli, &event->base, false);
}

/* --- following ----------------------------------------------------------------------------------------------- */

static struct status decided(struct watching *w, enum watch_outcome outcome)
{
	const char *why = w->watch.failure;

	w->cli->report.request_id[0] = '\0'; /* it is the campaign that failed, not a request */
	switch (outcome) {
	case WATCH_PHASE_FAILED:
		return status_make(STATUS_UNKNOWN, "PHASE_FAILED", "a phase failed%s%s", *why ? ": " : "", why);
	case WATCH_CANCELLED:
		return status_make(STATUS_UNKNOWN, "CAMPAIGN_CANCELLED", "%s", "the campaign was cancelled");
	case WATCH_OVER:
		return status_make(STATUS_UNKNOWN, "CAMPAIGN_OVER", "%s",
				   "the campaign completed and can't come there by itself");
	case WATCH_GOES_ON:
	case WATCH_REACHED:
		break;
	}
	return STATUS_OK_VALUE;
}

/* What is told of a campaign, but for the samples of what happens to domains. */
static size_t types_list(Domainflow__V2__EventType types[TYPES_MAX])
{
	size_t count = 0;

	for (int i = DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_SNAPSHOT;
	     i <= DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_ANALYSIS_FAILED; i++)
		types[count++] = (Domainflow__V2__EventType)i;
	return count;
}

static struct status stream_open(struct follow *f, struct df_stream **out)
{
	PB(WatchCampaignRequest, WATCH_CAMPAIGN_REQUEST, request);
	Domainflow__V2__EventType types[TYPES_MAX];
	struct df_call call = { .arena = f->cli->arena, .cancel = f->cli->cancel, .report = &f->cli->report };
	struct watching *w = f->context;

	request.campaign_id = pb_borrow(w->campaign_id);
	request.types = types;
	request.n_types = types_list(types);
	if (w->watch.has_position) {
		request.resume_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_REQUEST__RESUME_AFTER_EVENT;
		request.after_event = w->watch.last_event;
	}
	return domainflow_v2_event_watch_campaign_open(f->cli->connection, &call, &request, out);
}

static struct status event_take(struct follow *f, const ProtobufCMessage *message, bool *out_is_done)
{
	const PbEvent *event = (const void *)message;
	struct watching *w = f->context;

	w->outcome = watch_apply(&w->watch, event, clock_monotonic_ms());
	f->can_resume = w->watch.has_position;
	event_show(w, event);
	if (w->outcome == WATCH_GOES_ON && w->watch.last_event >= w->watch.settled)
		w->outcome = w->afterwards;
	*out_is_done = w->outcome != WATCH_GOES_ON;
	return STATUS_OK_VALUE;
}

static void redraw(struct follow *f, const char *notice)
{
	picture_draw(f->context, notice);
}

static struct status follow(struct watching *w)
{
	w->follow.cli = w->cli;
	w->follow.context = w;
	w->follow.open = stream_open;
	w->follow.take = event_take;
	w->follow.tick = w->is_live ? redraw : NULL;
	w->follow.can_resume = w->watch.has_position;
	TRY(follow_run(&w->follow));
	return decided(w, w->outcome);
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

static struct status name_get(struct watching *w)
{
	PB(GetCampaignRequest, GET_CAMPAIGN_REQUEST, request);
	Domainflow__V2__GetCampaignResponse *answer;

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
	w.watch.until = (Domainflow__V2__Phase)cli_choice(cli, OPTION_UNTIL);
	TRY(name_get(&w));
	if (after)
		TRY(history_begin(&w, (int32_t)number));
	if (w.afterwards != WATCH_GOES_ON && number >= w.watch.settled)
		return decided(&w, w.afterwards);
	return follow(&w);
}

/* --- wait ---------------------------------------------------------------------------------------------------- */

struct status campaign_wait(struct cli *cli)
{
	struct watching w = { .cli = cli, .campaign_id = cli_arg(cli, 0), .is_silent = true };
	const char *goal = cli->options->value[OPTION_FOR];
	struct status st;

	if (goal)
		TRY(watch_goal_read(goal, &w.watch));
	if (cli->limit_ms > 0)
		w.follow.end_ms = clock_monotonic_ms() + cli->limit_ms;
	st = follow(&w);
	if (st.reason && strcmp(st.reason, "WAIT_TIMEOUT") == 0)
		return status_make(STATUS_DEADLINE_EXCEEDED, "WAIT_TIMEOUT", "%s was not reached in time",
				   goal ? goal : "status=completed");
	return st;
}
