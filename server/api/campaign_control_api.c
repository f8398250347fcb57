/* The verbs of CampaignService that change a campaign's state: mode, stop, restart. */
#include "api/campaign_control_api.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/mutation.h"
#include "api/snapshot_pb.h"
#include "campaign/change.h"
#include "campaign/control.h"
#include "rpc/call.h"

struct set_mode {
	struct mutation mutation; /* first: the body gets it back */
	enum campaign_mode mode;
};

static struct status set_mode_body(struct mutation *m, ProtobufCMessage **out)
{
	Domainflow__V2__SetCampaignModeResponse *answer =
		PB_NEW(m->arena, Domainflow__V2__SetCampaignModeResponse, domainflow__v2__set_campaign_mode_response);
	struct campaign_change change;

	if (!answer)
		return status_out_of_memory();
	TRY(change_open(m->tx, m->arena, &m->campaign_id, m->workspace, &change));
	TRY(control_set_mode(&change, ((struct set_mode *)m)->mode));
	TRY(change_save(&change));
	TRY(mutation_changed(m, &change));
	answer->campaign_id = pb_uuid(m->arena, &m->campaign_id);
	answer->mode = pb_campaign_mode(change.now.campaign.mode);
	answer->updated_at = pb_time(m->arena, change.at_ms);
	*out = &answer->base;
	return STATUS_OK_VALUE;
}

struct status api_set_campaign_mode(struct rpc_call *call, const Domainflow__V2__SetCampaignModeRequest *in,
				    Domainflow__V2__SetCampaignModeResponse **out)
{
	struct set_mode s = { .mutation = { .call = call, .request = &in->base, .action = "set_mode", .phase = "" } };
	ProtobufCMessage *answer = NULL;

	TRY(api_uuid(rpc_call_arena(call), "campaignId", in->campaign_id, &s.mutation.campaign_id));
	TRY(api_mode(rpc_call_arena(call), "mode", in->mode, &s.mode));
	TRY(api_mutate(&s.mutation, set_mode_body, &answer));
	*out = (Domainflow__V2__SetCampaignModeResponse *)answer;
	return STATUS_OK_VALUE;
}

static struct status stop_body(struct mutation *m, ProtobufCMessage **out)
{
	Domainflow__V2__StopCampaignResponse *answer =
		PB_NEW(m->arena, Domainflow__V2__StopCampaignResponse, domainflow__v2__stop_campaign_response);
	struct campaign_change change;
	enum phase stopped;

	if (!answer)
		return status_out_of_memory();
	TRY(change_open(m->tx, m->arena, &m->campaign_id, m->workspace, &change));
	TRY(control_stop_campaign(&change, &stopped));
	TRY(change_save(&change));
	TRY(mutation_changed(m, &change));
	answer->campaign_id = pb_uuid(m->arena, &m->campaign_id);
	answer->stopped_phase = pb_phase(stopped);
	answer->phase_status = pb_phase_status(change.now.phases[stopped].status);
	answer->message = pb_text(change.now.phases[stopped].error_message);
	answer->timestamp = pb_time(m->arena, change.at_ms);
	*out = &answer->base;
	return STATUS_OK_VALUE;
}

struct status api_stop_campaign(struct rpc_call *call, const Domainflow__V2__StopCampaignRequest *in,
				Domainflow__V2__StopCampaignResponse **out)
{
	struct mutation m = { .call = call, .request = &in->base, .action = "stop_campaign", .phase = "" };
	ProtobufCMessage *answer = NULL;

	TRY(api_uuid(rpc_call_arena(call), "campaignId", in->campaign_id, &m.campaign_id));
	TRY(api_mutate(&m, stop_body, &answer));
	*out = (Domainflow__V2__StopCampaignResponse *)answer;
	return STATUS_OK_VALUE;
}

static struct status restart_body(struct mutation *m, ProtobufCMessage **out)
{
	static const Domainflow__V2__Phase rerun[] = {
		DOMAINFLOW__V2__PHASE__PHASE_DNS,
		DOMAINFLOW__V2__PHASE__PHASE_HTTP,
		DOMAINFLOW__V2__PHASE__PHASE_ANALYSIS,
		DOMAINFLOW__V2__PHASE__PHASE_LEADS,
	};
	Domainflow__V2__RestartCampaignResponse *answer =
		PB_NEW(m->arena, Domainflow__V2__RestartCampaignResponse, domainflow__v2__restart_campaign_response);
	struct campaign_change change;
	struct status st;

	if (!answer)
		return status_out_of_memory();
	TRY(change_open(m->tx, m->arena, &m->campaign_id, m->workspace, &change));
	st = control_restart_campaign(m->api->env, &change, &m->keep);
	if (!status_ok(st) && !m->keep)
		return st;
	TRY(change_save(&change));
	TRY(mutation_changed(m, &change));
	if (!status_ok(st))
		return st;
	answer->campaign_id = pb_uuid(m->arena, &m->campaign_id);
	answer->message = pb_text("The campaign runs again from dns to leads");
	answer->skipped_phases = arena_array(m->arena, 1, sizeof *answer->skipped_phases);
	if (!answer->skipped_phases)
		return status_out_of_memory();
	answer->skipped_phases[answer->n_skipped_phases++] = DOMAINFLOW__V2__PHASE__PHASE_GENERATION;
	answer->n_phases_restarted = ARRAY_LEN(rerun);
	answer->phases_restarted = arena_array(m->arena, ARRAY_LEN(rerun), sizeof *answer->phases_restarted);
	answer->phase_statuses = pb_phase_summaries(m->arena, change.now.phases);
	answer->n_phase_statuses = PHASE_COUNT;
	if (!answer->phases_restarted || !answer->phase_statuses)
		return status_out_of_memory();
	for (size_t i = 0; i < ARRAY_LEN(rerun); i++)
		answer->phases_restarted[i] = rerun[i];
	*out = &answer->base;
	return STATUS_OK_VALUE;
}

struct status api_restart_campaign(struct rpc_call *call, const Domainflow__V2__RestartCampaignRequest *in,
				   Domainflow__V2__RestartCampaignResponse **out)
{
	struct mutation m = { .call = call, .request = &in->base, .action = "restart_campaign", .phase = "" };
	ProtobufCMessage *answer = NULL;

	TRY(api_uuid(rpc_call_arena(call), "campaignId", in->campaign_id, &m.campaign_id));
	TRY(api_mutate(&m, restart_body, &answer));
	*out = (Domainflow__V2__RestartCampaignResponse *)answer;
	return STATUS_OK_VALUE;
}

struct set_state {
	struct mutation mutation; /* first: the body gets it back */
	int32_t version;
};

static struct status set_state_body(struct mutation *m, ProtobufCMessage **out)
{
	Domainflow__V2__SetCampaignStateResponse *answer =
		PB_NEW(m->arena, Domainflow__V2__SetCampaignStateResponse, domainflow__v2__set_campaign_state_response);
	struct campaign_change change;

	if (!answer)
		return status_out_of_memory();
	TRY(change_open(m->tx, m->arena, &m->campaign_id, m->workspace, &change));
	TRY(control_archive(&change, ((struct set_state *)m)->version));
	TRY(change_save(&change));
	m->has_moved = change.is_dirty;
	m->moved = m->campaign_id;
	TRY(store_snapshot_get(m->tx, &m->campaign_id, m->workspace, false, m->arena, &change.now));
	answer->state = pb_campaign_state(m->arena, &change.now.campaign);
	*out = &answer->base;
	return answer->state ? STATUS_OK_VALUE : status_out_of_memory();
}

struct status api_set_campaign_state(struct rpc_call *call, const Domainflow__V2__SetCampaignStateRequest *in,
				     Domainflow__V2__SetCampaignStateResponse **out)
{
	struct set_state s = { .mutation = { .call = call, .request = &in->base, .action = "archive", .phase = "" },
			       .version = in->version };
	struct arena *arena = rpc_call_arena(call);
	ProtobufCMessage *answer = NULL;
	struct violations violations;
	int status = 0;
	bool is_given;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &s.mutation.campaign_id));
	TRY(api_optional_state(arena, "currentState", (int)in->current_state, CAMPAIGN_STATUS_COUNT, &is_given,
			       &status));
	violations_init(&violations, arena);
	if (!is_given)
		violations_add(&violations, "currentState", "REQUIRED_FIELD", "is required");
	else if (status != CAMPAIGN_STATUS_ARCHIVED)
		violations_add(&violations, "currentState", "VALIDATION_ERROR", "can only be set to archived");
	if (in->version < 1)
		violations_add(&violations, "version", "REQUIRED_FIELD", "must be the version that was read");
	TRY(violations_status(&violations));
	TRY(api_mutate(&s.mutation, set_state_body, &answer));
	*out = (Domainflow__V2__SetCampaignStateResponse *)answer;
	return STATUS_OK_VALUE;
}
