/* PhaseService: control of phases. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/mutation.h"
#include "api/paging.h"
#include "api/snapshot_pb.h"
#include "base/clock.h"
#include "base/json.h"
#include "campaign/change.h"
#include "campaign/control.h"
#include "campaign/phase_configure.h"
#include "campaign/transition.h"
#include "rpc/call.h"
#include "store/execution_store.h"
#include "store/state_store.h"
#include "store/tx.h"

#include "domainflow/v2/phase_service.grpc-c.server.h"

#include <stdio.h>

typedef ProtobufCMessage *(*answer_fn)(struct arena *arena, PbPhaseState *state);

/* A control request: what the five verbs have in common. */
struct command {
	struct mutation mutation; /* first: the body gets it back */
	enum phase phase;
	enum phase_action action;
	struct expected_state expected;
	const Domainflow__V2__ConfigurePhaseRequest *configure; /* with CONFIGURE */
	answer_fn answer;
};

static struct status act(struct command *c, struct campaign_change *change)
{
	switch (c->action) {
	case PHASE_ACTION_CONFIGURE: {
		const Domainflow__V2__ConfigurePhaseRequest *in = c->configure;
		const struct phase_settings settings = {
			.configuration = in->configuration,
			.dns_persona_id = in->persona_ids ? in->persona_ids->dns_persona_id : in->dns_persona_id,
			.http_persona_id = in->persona_ids ? in->persona_ids->http_persona_id : in->http_persona_id,
			.keyword_set_ids = (const char *const *)in->keyword_set_ids,
			.keyword_set_count = in->n_keyword_set_ids,
		};
		return campaign_configure_phase(change, c->phase, &settings);
	}
	case PHASE_ACTION_START:
		return control_start(c->mutation.api->env, change, c->phase, c->expected, &c->mutation.keep);
	case PHASE_ACTION_PAUSE:
		return control_pause(change, c->phase, c->expected, "user");
	case PHASE_ACTION_RESUME:
		return control_resume(change, c->phase, c->expected, "user");
	case PHASE_ACTION_STOP:
		return control_stop(change, c->phase);
	case PHASE_ACTION_COMPLETE:
	case PHASE_ACTION_FAIL:
	case PHASE_ACTION_COUNT:
		break;
	}
	return status_make(STATUS_INTERNAL, "NOT_A_COMMAND", "'%s' is not for callers",
			   phase_action_to_text(c->action));
}

static struct status command_body(struct mutation *m, ProtobufCMessage **out)
{
	struct command *c = (struct command *)m;
	struct campaign_change change;
	PbPhaseState *state;
	struct status st;

	TRY(change_open(m->tx, m->arena, &m->campaign_id, m->workspace, &change));
	st = act(c, &change);
	if (!status_ok(st) && !m->keep)
		return st;
	TRY(change_save(&change));
	TRY(mutation_changed(m, &change));
	if (!status_ok(st))
		return st;
	state = pb_phase_state(m->arena, &change.now.phases[c->phase], change.now.campaign.last_sequence);
	*out = state ? c->answer(m->arena, state) : NULL;
	return *out ? STATUS_OK_VALUE : status_out_of_memory();
}

/* They become part of the configuration; a malformed one is named as the caller sent it. */
static struct status check_ids(struct arena *arena, const Domainflow__V2__ConfigurePhaseRequest *in)
{
	struct uuid id;

	if (in->persona_ids && *in->persona_ids->dns_persona_id)
		TRY(api_uuid(arena, "personaIds.dnsPersonaId", in->persona_ids->dns_persona_id, &id));
	if (in->persona_ids && *in->persona_ids->http_persona_id)
		TRY(api_uuid(arena, "personaIds.httpPersonaId", in->persona_ids->http_persona_id, &id));
	if (*in->dns_persona_id)
		TRY(api_uuid(arena, "dnsPersonaId", in->dns_persona_id, &id));
	if (*in->http_persona_id)
		TRY(api_uuid(arena, "httpPersonaId", in->http_persona_id, &id));
	for (size_t i = 0; i < in->n_keyword_set_ids; i++) {
		char field[40];

		snprintf(field, sizeof field, "keywordSetIds[%zu]", i);
		TRY(api_uuid(arena, field, in->keyword_set_ids[i], &id));
	}
	return STATUS_OK_VALUE;
}

static struct status run_command(struct rpc_call *call, const ProtobufCMessage *request, const char *campaign_id,
				 Domainflow__V2__Phase phase, Domainflow__V2__PhaseStatus expected, struct command *c,
				 ProtobufCMessage **out)
{
	struct arena *arena = rpc_call_arena(call);
	int status = 0;

	TRY(api_uuid(arena, "campaignId", campaign_id, &c->mutation.campaign_id));
	TRY(api_phase(arena, phase, &c->phase));
	if (c->configure)
		TRY(check_ids(arena, c->configure));
	TRY(api_optional_state(arena, "expectedState", (int)expected, PHASE_STATUS_COUNT, &c->expected.is_given,
			       &status));
	c->expected.status = (enum phase_status)status;
	c->mutation.call = call;
	c->mutation.request = request;
	c->mutation.action = phase_action_to_text(c->action);
	c->mutation.phase = phase_to_text(c->phase);
	return api_mutate(&c->mutation, command_body, out);
}

/* configure_phase, start_phase, …: the same beats with their own message types. */
#define COMMAND(verb, Verb, ACTION, EXPECTED, ...) \
	static ProtobufCMessage *verb##_answer(struct arena *arena, PbPhaseState *state) \
	{ \
		Domainflow__V2__##Verb##PhaseResponse *pb = \
			PB_NEW(arena, Domainflow__V2__##Verb##PhaseResponse, domainflow__v2__##verb##_phase_response); \
		if (pb) \
			pb->state = state; \
		return pb ? &pb->base : NULL; \
	} \
	static struct status verb##_phase(struct rpc_call *call, const Domainflow__V2__##Verb##PhaseRequest *in, \
					  Domainflow__V2__##Verb##PhaseResponse **out) \
	{ \
		struct command c = { .action = PHASE_ACTION_##ACTION, .answer = verb##_answer, __VA_ARGS__ }; \
		ProtobufCMessage *answer = NULL; \
		TRY(run_command(call, &in->base, in->campaign_id, in->phase, EXPECTED, &c, &answer)); \
		*out = (Domainflow__V2__##Verb##PhaseResponse *)answer; \
		return STATUS_OK_VALUE; \
	}

COMMAND(configure, Configure, CONFIGURE, DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_UNSPECIFIED, .configure = in)
COMMAND(start, Start, START, in->expected_state)
COMMAND(pause, Pause, PAUSE, in->expected_state)
COMMAND(resume, Resume, RESUME, in->expected_state)
COMMAND(stop, Stop, STOP, DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_UNSPECIFIED)

static struct status restart_analysis_body(struct mutation *m, ProtobufCMessage **out)
{
	Domainflow__V2__RestartAnalysisResponse *answer =
		PB_NEW(m->arena, Domainflow__V2__RestartAnalysisResponse, domainflow__v2__restart_analysis_response);
	struct campaign_change change;
	struct status st;

	if (!answer)
		return status_out_of_memory();
	TRY(change_open(m->tx, m->arena, &m->campaign_id, m->workspace, &change));
	answer->previous_state = pb_phase_status(change.now.phases[PHASE_ANALYSIS].status);
	st = control_restart_analysis(m->api->env, &change, &m->keep);
	if (!status_ok(st) && !m->keep)
		return st;
	TRY(change_save(&change));
	TRY(mutation_changed(m, &change));
	if (!status_ok(st))
		return st;
	answer->state = pb_phase_state(m->arena, &change.now.phases[PHASE_ANALYSIS], change.now.campaign.last_sequence);
	answer->campaign_id = pb_uuid(m->arena, &m->campaign_id);
	answer->message = pb_text("Analysis scores every feature row again");
	answer->current_state = pb_phase_status(change.now.phases[PHASE_ANALYSIS].status);
	answer->timestamp = pb_time(m->arena, change.at_ms);
	*out = &answer->base;
	return answer->state ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status restart_analysis(struct rpc_call *call, const Domainflow__V2__RestartAnalysisRequest *in,
				      Domainflow__V2__RestartAnalysisResponse **out)
{
	struct mutation m = { .call = call, .request = &in->base, .action = "restart_analysis", .phase = "analysis" };
	ProtobufCMessage *answer = NULL;

	TRY(api_uuid(rpc_call_arena(call), "campaignId", in->campaign_id, &m.campaign_id));
	TRY(api_mutate(&m, restart_analysis_body, &answer));
	*out = (Domainflow__V2__RestartAnalysisResponse *)answer;
	return STATUS_OK_VALUE;
}

static struct status read_snapshot(struct rpc_call *call, const char *campaign_id, struct campaign_snapshot *out)
{
	const struct api *api = rpc_call_app(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct uuid id;

	TRY(api_uuid(rpc_call_arena(call), "campaignId", campaign_id, &id));
	TRY(store_single(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(store_snapshot_get(tx, &id, rpc_call_principal(call)->workspace, false, rpc_call_arena(call), out));
	return store_commit(&tx);
}

static struct status get_phase(struct rpc_call *call, const Domainflow__V2__GetPhaseRequest *in,
			       Domainflow__V2__GetPhaseResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	Domainflow__V2__GetPhaseResponse *answer;
	struct campaign_snapshot snapshot;
	enum phase phase;

	TRY(api_phase(arena, in->phase, &phase));
	TRY(read_snapshot(call, in->campaign_id, &snapshot));
	answer = PB_NEW(arena, Domainflow__V2__GetPhaseResponse, domainflow__v2__get_phase_response);
	if (!answer)
		return status_out_of_memory();
	answer->state = pb_phase_state(arena, &snapshot.phases[phase], snapshot.campaign.last_sequence);
	if (!answer->state)
		return status_out_of_memory();
	*out = answer;
	return STATUS_OK_VALUE;
}

static struct status get_campaign_status(struct rpc_call *call, const Domainflow__V2__GetCampaignStatusRequest *in,
					 Domainflow__V2__GetCampaignStatusResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	Domainflow__V2__GetCampaignStatusResponse *answer;
	struct campaign_snapshot snapshot;

	TRY(read_snapshot(call, in->campaign_id, &snapshot));
	answer = PB_NEW(arena, Domainflow__V2__GetCampaignStatusResponse, domainflow__v2__get_campaign_status_response);
	if (!answer)
		return status_out_of_memory();
	answer->snapshot = pb_snapshot(arena, &snapshot);
	if (!answer->snapshot)
		return status_out_of_memory();
	*out = answer;
	return STATUS_OK_VALUE;
}

static struct status list_phase_configs(struct rpc_call *call, const Domainflow__V2__ListPhaseConfigsRequest *in,
					Domainflow__V2__ListPhaseConfigsResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	Domainflow__V2__ListPhaseConfigsResponse *answer;
	AUTO(json) json_t *configs = json_object();
	struct campaign_snapshot snapshot;

	TRY(read_snapshot(call, in->campaign_id, &snapshot));
	for (int i = 0; i < PHASE_COUNT; i++)
		if (snapshot.phases[i].configuration)
			json_object_set_new(configs, phase_to_text((enum phase)i),
					    json_loads(snapshot.phases[i].configuration, 0, NULL));
	answer = PB_NEW(arena, Domainflow__V2__ListPhaseConfigsResponse, domainflow__v2__list_phase_configs_response);
	if (!answer)
		return status_out_of_memory();
	answer->campaign_id = pb_uuid(arena, &snapshot.campaign.id);
	answer->configs = json_to_arena(arena, configs);
	*out = answer;
	return answer->configs ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status get_phase_execution(struct rpc_call *call, const Domainflow__V2__GetPhaseExecutionRequest *in,
					 Domainflow__V2__GetPhaseExecutionResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	const struct api *api = rpc_call_app(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	Domainflow__V2__GetPhaseExecutionResponse *answer;
	struct campaign_snapshot snapshot;
	struct execution *executions;
	enum phase phase;
	struct uuid id;
	size_t count;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	TRY(api_phase(arena, in->phase, &phase));
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(store_snapshot_get(tx, &id, rpc_call_principal(call)->workspace, false, arena, &snapshot));
	TRY(store_executions_list(tx, &id, &(struct execution_filter){ .phase = phase, .limit = 1 }, arena, &executions,
				  &count));
	TRY(store_commit(&tx));
	if (count == 0)
		return status_make(STATUS_NOT_FOUND, "EXECUTION_UNKNOWN", "%s never ran", phase_to_text(phase));
	answer = PB_NEW(arena, Domainflow__V2__GetPhaseExecutionResponse, domainflow__v2__get_phase_execution_response);
	if (!answer)
		return status_out_of_memory();
	answer->execution = pb_phase_execution(arena, &id, &executions[0]);
	*out = answer;
	return answer->execution ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status list_phase_executions(struct rpc_call *call, const Domainflow__V2__ListPhaseExecutionsRequest *in,
					   Domainflow__V2__ListPhaseExecutionsResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	const struct api *api = rpc_call_app(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	Domainflow__V2__ListPhaseExecutionsResponse *answer;
	struct campaign_snapshot snapshot;
	const struct api_paging paging = API_PAGING(in);
	struct page_position at = { 0 };
	struct execution_filter filter = { 0 };
	struct execution *executions;
	struct page_request page;
	const char *scope, *next;
	bool one_phase, has_after;
	int phase = PHASE_COUNT;
	struct uuid id;
	int32_t total;
	size_t count;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	TRY(api_page_request(arena, &paging, &page));
	TRY(api_optional_state(arena, "phase", (int)in->phase, PHASE_COUNT, &one_phase, &phase));
	scope = arena_printf(arena, "executions %s %d", in->campaign_id, phase);
	TRY(page_list_begin(arena, scope, &page, &has_after, &at));
	filter = (struct execution_filter){ .phase = (enum phase)phase,
					    .before = has_after ? &at.id : NULL,
					    .limit = page.size + 1,
					    .skip = page.skip };
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(store_snapshot_get(tx, &id, rpc_call_principal(call)->workspace, false, arena, &snapshot));
	TRY(store_executions_list(tx, &id, &filter, arena, &executions, &count));
	TRY(store_executions_count(tx, &id, filter.phase, &total));
	TRY(store_commit(&tx));
	if (count > (size_t)page.size)
		at.id = executions[page.size - 1].id;
	TRY(page_list_end(arena, scope, &page, &count, &at, &next));
	answer = PB_NEW(arena, Domainflow__V2__ListPhaseExecutionsResponse,
			domainflow__v2__list_phase_executions_response);
	if (!answer)
		return status_out_of_memory();
	answer->next_page_token = pb_text(next);
	answer->total_size = total;
	answer->executions = pb_phase_executions(arena, &id, executions, count);
	answer->n_executions = count;
	*out = answer;
	return answer->executions ? STATUS_OK_VALUE : status_out_of_memory();
}

const struct domainflow_v2_phase_handlers api_phase_handlers = {
	.configure_phase = configure_phase,
	.start_phase = start_phase,
	.pause_phase = pause_phase,
	.resume_phase = resume_phase,
	.stop_phase = stop_phase,
	.restart_analysis = restart_analysis,
	.get_phase = get_phase,
	.get_campaign_status = get_campaign_status,
	.list_phase_configs = list_phase_configs,
	.get_phase_execution = get_phase_execution,
	.list_phase_executions = list_phase_executions,
};
