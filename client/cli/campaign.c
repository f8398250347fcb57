/* campaign.c: reading and changing campaigns. */
#include "cli.h"
#include "command.h"
#include "output.h"
#include "pb.h"
#include "views.h"

#include "base/arena.h"
#include "base/uuid.h"

#include <string.h>

static const struct column list_columns[] = {
	{ "ID", "id", COLUMN_TEXT, 0 },
	{ "NAME", "name", COLUMN_TEXT, 32 },
	{ "STATUS", "status", COLUMN_TEXT, 0 },
	{ "MODE", "mode", COLUMN_TEXT, 0 },
	{ "PHASE", "current_phase", COLUMN_TEXT, 0 },
	{ "DONE", "progress.percent_complete", COLUMN_PERCENT, 0 },
	{ "DOMAINS", "progress.total_domains", COLUMN_NUMBER, 0 },
	{ "LEADS", "progress.successful_domains", COLUMN_NUMBER, 0 },
	{ "CREATED", "created_at", COLUMN_TIME, 0 },
};

static const struct column record_columns[] = {
	{ "id", "id", COLUMN_TEXT, 0 },
	{ "name", "name", COLUMN_TEXT, 0 },
	{ "description", "description", COLUMN_TEXT, 0 },
	{ "status", "status", COLUMN_TEXT, 0 },
	{ "mode", "mode", COLUMN_TEXT, 0 },
	{ "phase", "current_phase", COLUMN_TEXT, 0 },
	{ "done", "progress.percent_complete", COLUMN_PERCENT, 0 },
	{ "domains", "progress.total_domains", COLUMN_TEXT, 0 },
	{ "decided", "progress.processed_domains", COLUMN_TEXT, 0 },
	{ "leads", "progress.successful_domains", COLUMN_TEXT, 0 },
	{ "failed", "progress.failed_domains", COLUMN_TEXT, 0 },
	{ "error", "error_message", COLUMN_TEXT, 0 },
	{ "created", "created_at", COLUMN_TIME, 0 },
	{ "started", "started_at", COLUMN_TIME, 0 },
	{ "completed", "completed_at", COLUMN_TIME, 0 },
	{ "duplicated from", "duplicated_from", COLUMN_TEXT, 0 },
	{ "configuration", "configuration", COLUMN_TEXT, 0 },
};

struct status view_campaign(struct cli *cli, const ProtobufCMessage *answer)
{
	return record_print(cli, answer, "campaign", record_columns, ARRAY_LEN(record_columns));
}

/* --- naming one ---------------------------------------------------------------------------------------------- */

struct naming {
	struct cli *cli;
	const char *name, *id;
	unsigned count;
};

static bool page_search(void *context, const struct page *page, struct status *st)
{
	struct naming *n = context;

	for (size_t i = 0; i < page->count; i++) {
		const PbCampaign *campaign = (const void *)page->items[i];

		if (strcmp(campaign->name, n->name) != 0)
			continue;
		n->count++;
		n->id = arena_strdup(n->cli->arena, campaign->id);
		if (!n->id)
			*st = status_out_of_memory();
	}
	return status_ok(*st) && n->count < 2;
}

struct status campaign_argument(struct cli *cli, struct options *options)
{
	PB(ListCampaignsRequest, LIST_CAMPAIGNS_REQUEST, list);
	struct naming n = { .cli = cli, .name = cli_arg(cli, 0) };
	char argument[COMMAND_ARGUMENT_SIZE];
	struct uuid id;

	command_argument(options->command, 0, argument);
	if (!n.name || strcmp(argument, "CAMPAIGN") != 0 || uuid_parse(n.name, &id))
		return STATUS_OK_VALUE;
	list.search = pb_borrow(n.name);
	TRY(list_pages(cli, cli->pages, &domainflow_v2_campaign_list_campaigns_method, &list.base, "campaigns", -1,
		       page_search, &n));
	if (n.count == 0)
		return status_make(STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN", "there is no campaign named %s", n.name);
	if (n.count > 1)
		return status_make(STATUS_INVALID_ARGUMENT, "AMBIGUOUS",
				   "more than one campaign is named %s; give the id", n.name);
	options->args[0] = n.id;
	return STATUS_OK_VALUE;
}

struct status campaign_list(struct cli *cli)
{
	PB(ListCampaignsRequest, LIST_CAMPAIGNS_REQUEST, request);

	request.status = (Domainflow__V2__CampaignStatus)cli_choice(cli, OPTION_STATUS);
	request.search = pb_borrow(cli->options->value[OPTION_SEARCH]);
	return list_print(cli, &domainflow_v2_campaign_list_campaigns_method, &request.base, "campaigns", list_columns,
			  ARRAY_LEN(list_columns));
}

struct status campaign_get(struct cli *cli)
{
	PB(GetCampaignRequest, GET_CAMPAIGN_REQUEST, request);
	Domainflow__V2__GetCampaignResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_campaign_get_campaign, &request, &answer));
	return view_campaign(cli, &answer->base);
}

struct status campaign_update(struct cli *cli)
{
	PB(UpdateCampaignRequest, UPDATE_CAMPAIGN_REQUEST, request);
	const char *name = cli->options->value[OPTION_NAME], *description = cli->options->value[OPTION_DESCRIPTION];
	Domainflow__V2__UpdateCampaignResponse *answer;

	if (!name && !description)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s", "give --name, --description or both");
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	if (name) {
		request.name_change_case = DOMAINFLOW__V2__UPDATE_CAMPAIGN_REQUEST__NAME_CHANGE_NAME;
		request.name = pb_borrow(name);
	}
	if (description) {
		request.description_change_case =
			DOMAINFLOW__V2__UPDATE_CAMPAIGN_REQUEST__DESCRIPTION_CHANGE_DESCRIPTION;
		request.description = pb_borrow(description);
	}
	TRY(CLI_CALL(cli, domainflow_v2_campaign_update_campaign, &request, &answer));
	return view_campaign(cli, &answer->base);
}

struct status campaign_duplicate(struct cli *cli)
{
	PB(DuplicateCampaignRequest, DUPLICATE_CAMPAIGN_REQUEST, request);
	Domainflow__V2__DuplicateCampaignResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	request.name = pb_borrow(cli->options->value[OPTION_NAME]);
	TRY(CLI_CALL(cli, domainflow_v2_campaign_duplicate_campaign, &request, &answer));
	return view_campaign(cli, &answer->base);
}

struct status campaign_delete(struct cli *cli)
{
	PB(DeleteCampaignRequest, DELETE_CAMPAIGN_REQUEST, request);
	Domainflow__V2__DeleteCampaignResponse *answer;

	if (!cli_confirm(cli, "Delete the campaign and everything it found?"))
		return status_make(STATUS_CANCELLED, "NOT_CONFIRMED", "%s", "nothing was deleted");
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_campaign_delete_campaign, &request, &answer));
	return view_done(cli, &answer->base, "deleted");
}

struct status campaign_mode(struct cli *cli)
{
	static const struct column columns[] = { { "campaign", "campaign_id", COLUMN_TEXT, 0 },
						 { "mode", "mode", COLUMN_TEXT, 0 } };
	PB(SetCampaignModeRequest, SET_CAMPAIGN_MODE_REQUEST, request);
	Domainflow__V2__SetCampaignModeResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	request.mode = (Domainflow__V2__CampaignMode)cli_arg_choice(cli, 1);
	TRY(CLI_CALL(cli, domainflow_v2_campaign_set_campaign_mode, &request, &answer));
	return record_print(cli, &answer->base, "", columns, ARRAY_LEN(columns));
}

/* At the version just read: who changed the campaign meanwhile may want to keep it. */
struct status campaign_archive(struct cli *cli)
{
	static const struct column columns[] = { { "campaign", "campaign_id", COLUMN_TEXT, 0 },
						 { "status", "current_state", COLUMN_TEXT, 0 } };
	PB(GetCampaignStateRequest, GET_CAMPAIGN_STATE_REQUEST, get);
	PB(SetCampaignStateRequest, SET_CAMPAIGN_STATE_REQUEST, set);
	Domainflow__V2__GetCampaignStateResponse *now;
	Domainflow__V2__SetCampaignStateResponse *answer;

	get.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_campaign_get_campaign_state, &get, &now));
	set.campaign_id = get.campaign_id;
	set.current_state = DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_ARCHIVED;
	set.version = now->state ? now->state->version : 0;
	TRY(CLI_CALL(cli, domainflow_v2_campaign_set_campaign_state, &set, &answer));
	return record_print(cli, &answer->base, "state", columns, ARRAY_LEN(columns));
}
