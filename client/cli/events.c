/* events.c: the events of a campaign as they come, until interrupted. */
#include "choices.h"
#include "cli.h"
#include "command.h"
#include "follow.h"
#include "pb.h"
#include "views.h"

#include <string.h>

struct tail {
	struct follow follow;
	const char *campaign_id, *types; /* types: "a,b" or NULL, all but keep_alive */
	int32_t position;
	bool has_position;
	int64_t left; /* events to show; < 0: no end */
};

static struct status tail_open(struct follow *f, struct df_stream **out)
{
	PB(WatchCampaignRequest, WATCH_CAMPAIGN_REQUEST, request);
	struct df_call call = { .arena = f->cli->arena, .cancel = f->cli->cancel, .report = &f->cli->report };
	const struct tail *t = f->context;

	request.campaign_id = pb_borrow(t->campaign_id);
	if (t->has_position) {
		request.resume_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_REQUEST__RESUME_AFTER_EVENT;
		request.after_event = t->position;
	}
	return domainflow_v2_event_watch_campaign_open(f->cli->connection, &call, &request, out);
}

static bool is_wanted(const struct tail *t, const PbEvent *event)
{
	if (!t->types)
		return event->type != DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_KEEP_ALIVE;
	for (const char *p = t->types; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] ? 1 : 0)) {
		char word[PB_ENUM_TEXT_SIZE];

		snprintf(word, sizeof word, "%.*s", (int)strcspn(p, ","), p);
		if (choices_value(&choices_event_types, word) == (int)event->type)
			return true;
	}
	return false;
}

static struct status tail_take(struct follow *f, const ProtobufCMessage *message, bool *out_is_done)
{
	const PbEvent *event = (const void *)message;
	struct tail *t = f->context;

	if (event->event_number > 0)
		t->position = event->event_number;
	else if (event->payload_case == DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_SNAPSHOT)
		t->position = event->snapshot->last_event;
	t->has_position = t->has_position || t->position > 0;
	f->can_resume = true;
	if (!is_wanted(t, event))
		return STATUS_OK_VALUE;
	event_print(f->cli, message);
	t->left -= t->left > 0 ? 1 : 0;
	*out_is_done = t->left == 0;
	return STATUS_OK_VALUE;
}

struct status show_events(struct cli *cli)
{
	const struct options *o = cli->options;
	struct tail t = { .campaign_id = cli_arg(cli, 0), .types = o->value[OPTION_TYPES], .left = -1 };
	int64_t number;

	if (o->value[OPTION_AFTER]) {
		TRY(cli_number(o->value[OPTION_AFTER], "--after", 0, INT32_MAX, &number));
		t.position = (int32_t)number;
		t.has_position = true;
	}
	if (o->value[OPTION_LIMIT] && strcmp(o->value[OPTION_LIMIT], "all") != 0)
		TRY(cli_number(o->value[OPTION_LIMIT], "--limit", 1, INT32_MAX, &t.left));
	t.follow = (struct follow){ .cli = cli, .context = &t, .open = tail_open, .take = tail_take };
	t.follow.can_resume = t.has_position;
	return follow_run(&t.follow);
}
