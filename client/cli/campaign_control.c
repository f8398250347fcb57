/* campaign_control.c: what makes phases run and stop. */
#include "cli.h"
#include "command.h"
#include "input.h"
#include "output.h"
#include "pb.h"
#include "resource.h"
#include "views.h"

#include "base/arena.h"

#include <string.h>

/* The phase named, unspecified when none was. */
static Domainflow__V2__Phase phase_arg(const struct cli *cli)
{
	return (Domainflow__V2__Phase)cli_arg_choice(cli, 1);
}

static struct status snapshot_get(struct cli *cli, PbSnapshot **out)
{
	PB(GetCampaignStatusRequest, GET_CAMPAIGN_STATUS_REQUEST, request);
	Domainflow__V2__GetCampaignStatusResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_phase_get_campaign_status, &request, &answer));
	if (!answer->snapshot)
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "%s", "the server's answer has no snapshot");
	*out = answer->snapshot;
	return STATUS_OK_VALUE;
}

/* The phase named, else the first one that is not completed. */
static struct status phase_to_start(struct cli *cli, Domainflow__V2__Phase *out)
{
	PbSnapshot *snapshot;

	*out = phase_arg(cli);
	if (*out != DOMAINFLOW__V2__PHASE__PHASE_UNSPECIFIED)
		return STATUS_OK_VALUE;
	TRY(snapshot_get(cli, &snapshot));
	for (size_t i = 0; i < snapshot->n_phases; i++) {
		if (snapshot->phases[i]->status == DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_COMPLETED)
			continue;
		*out = snapshot->phases[i]->phase;
		return STATUS_OK_VALUE;
	}
	return status_make(STATUS_FAILED_PRECONDITION, "ALL_COMPLETED", "%s",
			   "every phase is completed; name one to run it again, or use campaign restart");
}

/* The phase named, else the one that pause and resume act on. */
static struct status phase_to_control(struct cli *cli, Domainflow__V2__Phase *out)
{
	PbSnapshot *snapshot;

	*out = phase_arg(cli);
	if (*out != DOMAINFLOW__V2__PHASE__PHASE_UNSPECIFIED)
		return STATUS_OK_VALUE;
	TRY(snapshot_get(cli, &snapshot));
	*out = snapshot->control_phase;
	if (*out == DOMAINFLOW__V2__PHASE__PHASE_UNSPECIFIED)
		return status_make(STATUS_FAILED_PRECONDITION, "NO_CONTROL_PHASE", "%s",
				   "no phase is running or paused");
	return STATUS_OK_VALUE;
}

struct status campaign_start(struct cli *cli)
{
	PB(StartPhaseRequest, START_PHASE_REQUEST, request);
	Domainflow__V2__StartPhaseResponse *answer;

	TRY(phase_to_start(cli, &request.phase));
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_phase_start_phase, &request, &answer));
	return view_phase(cli, &answer->base);
}

struct status campaign_pause(struct cli *cli)
{
	PB(PausePhaseRequest, PAUSE_PHASE_REQUEST, request);
	Domainflow__V2__PausePhaseResponse *answer;

	TRY(phase_to_control(cli, &request.phase));
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_phase_pause_phase, &request, &answer));
	return view_phase(cli, &answer->base);
}

struct status campaign_resume(struct cli *cli)
{
	PB(ResumePhaseRequest, RESUME_PHASE_REQUEST, request);
	Domainflow__V2__ResumePhaseResponse *answer;

	TRY(phase_to_control(cli, &request.phase));
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_phase_resume_phase, &request, &answer));
	return view_phase(cli, &answer->base);
}

static struct status phase_stop(struct cli *cli)
{
	PB(StopPhaseRequest, STOP_PHASE_REQUEST, request);
	Domainflow__V2__StopPhaseResponse *answer;

	request.phase = phase_arg(cli);
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_phase_stop_phase, &request, &answer));
	return view_phase(cli, &answer->base);
}

struct status campaign_stop(struct cli *cli)
{
	static const struct column columns[] = { { "campaign", "campaign_id", COLUMN_TEXT, 0 },
						 { "stopped phase", "stopped_phase", COLUMN_TEXT, 0 },
						 { "phase status", "phase_status", COLUMN_TEXT, 0 },
						 { "message", "message", COLUMN_TEXT, 0 } };
	PB(StopCampaignRequest, STOP_CAMPAIGN_REQUEST, request);
	Domainflow__V2__StopCampaignResponse *answer;

	if (cli_arg(cli, 1))
		return phase_stop(cli);
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_campaign_stop_campaign, &request, &answer));
	return record_print(cli, &answer->base, "", columns, ARRAY_LEN(columns));
}

static struct status analysis_restart(struct cli *cli)
{
	PB(RestartAnalysisRequest, RESTART_ANALYSIS_REQUEST, request);
	Domainflow__V2__RestartAnalysisResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_phase_restart_analysis, &request, &answer));
	return view_phase(cli, &answer->base);
}

struct status campaign_restart(struct cli *cli)
{
	static const struct column columns[] = { { "campaign", "campaign_id", COLUMN_TEXT, 0 },
						 { "phases", "phases_restarted", COLUMN_TEXT, 0 },
						 { "message", "message", COLUMN_TEXT, 0 } };
	PB(RestartCampaignRequest, RESTART_CAMPAIGN_REQUEST, request);
	Domainflow__V2__RestartCampaignResponse *answer;
	const char *what = cli_arg(cli, 1);

	if (what && strcmp(what, "analysis") == 0)
		return analysis_restart(cli);
	if (what)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "to run %s again use campaign start", what);
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_campaign_restart_campaign, &request, &answer));
	return record_print(cli, &answer->base, "", columns, ARRAY_LEN(columns));
}

/* Adds what --persona or --keyword-set name to the configuration's list of ids. */
static struct status references_add(struct cli *cli, json_t *configuration, enum option_id option,
				    const struct resource *kind, const char *member)
{
	const struct options *o = cli->options;
	const char *names[OPTION_VALUES_MAX];
	json_t *ids = json_object_get(configuration, member);
	size_t count = 0;

	for (size_t i = 0; i < o->value_count; i++)
		if (o->values[i].option == option)
			names[count++] = o->values[i].value;
	if (count == 0)
		return STATUS_OK_VALUE;
	if (!ids) {
		ids = json_array();
		if (json_object_set_new(configuration, member, ids) != 0)
			return status_out_of_memory();
	}
	if (!json_is_array(ids))
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_INPUT", "%s is not a list", member);
	return reference_resolve(cli, kind, names, count, ids);
}

struct status campaign_configure(struct cli *cli)
{
	PB(ConfigurePhaseRequest, CONFIGURE_PHASE_REQUEST, request);
	AUTO(json) json_t *configuration = NULL;
	Domainflow__V2__ConfigurePhaseResponse *answer;

	request.phase = phase_arg(cli);
	if (cli->options->value[OPTION_FILE])
		TRY(input_read(cli, &configuration));
	else
		configuration = json_object();
	TRY(references_add(cli, configuration, OPTION_PERSONA, &resource_persona, "personaIds"));
	TRY(references_add(cli, configuration, OPTION_KEYWORD_SET, &resource_keyword_set, "keywordSetIds"));
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	request.configuration = json_to_arena(cli->arena, configuration);
	if (!request.configuration)
		return status_out_of_memory();
	TRY(CLI_CALL(cli, domainflow_v2_phase_configure_phase, &request, &answer));
	return view_phase(cli, &answer->base);
}
