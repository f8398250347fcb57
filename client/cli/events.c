/* events.c: the events of a campaign, or of all, as they come, until interrupted. */
#include "choices.h"
#include "cli.h"
#include "command.h"
#include "follow.h"
#include "pb.h"
#include "views.h"

#include <string.h>

#define TYPES_MAX 64

struct tail {
	struct follow follow;
	const char *campaign_id;                    /* NULL: of all campaigns */
	Domainflow__V2__EventType types[TYPES_MAX]; /* wanted; none: all but keep_alive */
	size_t type_count;
	Domainflow__V2__EventDetail detail;
	int32_t position;
	bool has_position, was_open;
	int64_t left; /* events to show; < 0: no end */
};

static struct status campaign_open(struct tail *t, const struct df_call *call, struct df_stream **out)
{
	PB(WatchCampaignRequest, WATCH_CAMPAIGN_REQUEST, request);

	request.campaign_id = pb_borrow(t->campaign_id);
	request.types = t->types;
	request.n_types = t->type_count;
	request.detail = t->detail;
	if (t->has_position) {
		request.resume_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_REQUEST__RESUME_AFTER_EVENT;
		request.after_event = t->position;
	}
	return domainflow_v2_event_watch_campaign_open(t->follow.cli->connection, call, &request, out);
}

static struct status all_open(struct tail *t, const struct df_call *call, struct df_stream **out)
{
	PB(WatchCampaignsRequest, WATCH_CAMPAIGNS_REQUEST, request);

	request.types = t->types;
	request.n_types = t->type_count;
	request.detail = t->detail;
	request.is_reconnect = t->was_open;
	return domainflow_v2_event_watch_campaigns_open(t->follow.cli->connection, call, &request, out);
}

static struct status tail_open(struct follow *f, struct df_stream **out)
{
	struct df_call call = { .arena = f->cli->arena, .cancel = f->cli->cancel, .report = &f->cli->report };
	struct tail *t = f->context;

	return t->campaign_id ? campaign_open(t, &call, out) : all_open(t, &call, out);
}

/* A server sends snapshot, resync and keep_alive in any case. Who asked for phase_update gets transitions, too. */
static bool is_wanted(const struct tail *t, const PbEvent *event)
{
	bool is_frame = event->type == DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_SNAPSHOT ||
			event->type == DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_RESYNC ||
			event->type == DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_KEEP_ALIVE;

	for (size_t i = 0; i < t->type_count; i++)
		if (t->types[i] == event->type)
			return true;
	if (t->type_count)
		return !is_frame;
	return event->type != DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_KEEP_ALIVE;
}

static struct status tail_take(struct follow *f, const ProtobufCMessage *message, bool *out_is_done)
{
	struct tail *t = f->context;
	const PbEvent *event = t->campaign_id ? (const void *)message
					      : ((const Domainflow__V2__WatchCampaignsResponse *)message)->event;

	t->was_open = true;
	f->can_resume = true;
	if (!event)
		return STATUS_OK_VALUE;
	if (event->event_number > 0)
		t->position = event->event_number;
	else if (event->payload_case == DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_SNAPSHOT)
		t->position = event->snapshot->last_event;
	t->has_position = t->has_position || t->position > 0;
	if (!is_wanted(t, event))
		return STATUS_OK_VALUE;
	event_print(f->cli, &event->base, !t->campaign_id);
	t->left -= t->left > 0 ? 1 : 0;
	*out_is_done = t->left == 0;
	return STATUS_OK_VALUE;
}

static void types_read(struct tail *t, const char *list)
{
	for (const char *p = list; p && *p && t->type_count < TYPES_MAX;) {
		size_t n = strcspn(p, ",");
		char word[PB_ENUM_TEXT_SIZE];

		snprintf(word, sizeof word, "%.*s", (int)n, p);
		t->types[t->type_count++] = (Domainflow__V2__EventType)choices_value(&choices_event_types, word);
		p += n + (p[n] ? 1 : 0);
	}
}

struct status show_events(struct cli *cli)
{
	const struct options *o = cli->options;
	struct tail t = { .campaign_id = cli_arg(cli, 0), .left = -1 };
	int64_t number;

	if (o->value[OPTION_AFTER] && !t.campaign_id)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s",
				   "--after needs a campaign: events are numbered per campaign");
	if (o->value[OPTION_AFTER]) {
		TRY(cli_number(o->value[OPTION_AFTER], "--after", 0, INT32_MAX, &number));
		t.position = (int32_t)number;
		t.has_position = true;
	}
	if (o->value[OPTION_LIMIT] && strcmp(o->value[OPTION_LIMIT], "all") != 0)
		TRY(cli_number(o->value[OPTION_LIMIT], "--limit", 1, INT32_MAX, &t.left));
	types_read(&t, o->value[OPTION_TYPES]);
	t.detail = (Domainflow__V2__EventDetail)cli_choice(cli, OPTION_DETAIL);
	t.follow = (struct follow){ .cli = cli, .context = &t, .open = tail_open, .take = tail_take };
	t.follow.can_resume = t.has_position;
	return follow_run(&t.follow);
}
