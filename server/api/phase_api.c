/* PhaseService: control of phases. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/mutation.h"
#include "api/snapshot_pb.h"
#include "base/clock.h"
#include "base/page_token.h"
#include "campaign/campaign_metrics.h"
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
			.dns_persona_id = in->dns_persona_id,
			.http_persona_id = in->http_persona_id,
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
	campaign_metrics_changed(m->api->metrics, &change);
	m->has_moved = true;
	m->moved = m->campaign_id;
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
	campaign_metrics_changed(m->api->metrics, &change);
	m->has_moved = true;
	m->moved = m->campaign_id;
	if (!status_ok(st))
		return st;
	answer->state = pb_phase_state(m->arena, &change.now.phases[PHASE_ANALYSIS], change.now.campaign.last_sequence);
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

static PbPhaseExecution *execution_pb(struct arena *arena, const struct uuid *campaign_id, const struct execution *e)
{
	PbPhaseExecution *pb = PB_NEW(arena, PbPhaseExecution, domainflow__v2__phase_execution);

	if (!pb)
		return NULL;
	pb->id = pb_uuid(arena, &e->id);
	pb->campaign_id = pb_uuid(arena, campaign_id);
	pb->phase = pb_phase(e->state.phase);
	pb->status = pb_phase_status(e->state.status);
	pb->run_number = e->state.run_number;
	pb->started_at = pb_time(arena, e->state.started_at_ms);
	pb->completed_at = pb_time(arena, e->state.completed_at_ms);
	pb->paused_at = pb_time(arena, e->state.paused_at_ms);
	pb->failed_at = pb_time(arena, e->state.failed_at_ms);
	pb->configuration = pb_text(e->state.configuration);
	pb->metrics = pb_text(e->metrics);
	pb->progress = pb_phase_progress(arena, &e->state);
	if (e->state.status == PHASE_STATUS_FAILED) {
		pb->error = PB_NEW(arena, PbPhaseError, domainflow__v2__phase_error);
		if (!pb->error)
			return NULL;
		pb->error->code = pb_text(e->state.error_code);
		pb->error->message = pb_text(e->state.error_message);
		pb->error->at = pb_time(arena, e->state.failed_at_ms);
	}
	return pb->progress ? pb : NULL;
}

static struct status list_phase_executions(struct rpc_call *call, const Domainflow__V2__ListPhaseExecutionsRequest *in,
					   Domainflow__V2__ListPhaseExecutionsResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	const struct api *api = rpc_call_app(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	Domainflow__V2__ListPhaseExecutionsResponse *answer;
	struct campaign_snapshot snapshot;
	struct page_position after = { .text = "" };
	struct execution *executions;
	const char *filter;
	size_t count;
	int32_t size;
	bool one_phase;
	int phase = PHASE_COUNT;
	struct uuid id;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	TRY(api_page_size(arena, in->page_size, &size));
	TRY(api_optional_state(arena, "phase", (int)in->phase, PHASE_COUNT, &one_phase, &phase));
	filter = arena_printf(arena, "executions %s %d", in->campaign_id, phase);
	if (!filter)
		return status_out_of_memory();
	if (*in->page_token)
		TRY(page_token_read(arena, filter, in->page_token, &after));
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(store_snapshot_get(tx, &id, rpc_call_principal(call)->workspace, false, arena, &snapshot));
	TRY(store_executions_list(tx, &id, (enum phase)phase, *in->page_token ? &after.id : NULL, size + 1, arena,
				  &executions, &count));
	TRY(store_commit(&tx));
	answer = PB_NEW(arena, Domainflow__V2__ListPhaseExecutionsResponse,
			domainflow__v2__list_phase_executions_response);
	if (!answer)
		return status_out_of_memory();
	if (count > (size_t)size) {
		count = (size_t)size;
		answer->next_page_token = page_token_make(
			arena, filter, &(struct page_position){ .text = "", .id = executions[count - 1].id });
		if (!answer->next_page_token)
			return status_out_of_memory();
	}
	answer->executions = arena_array(arena, count, sizeof *answer->executions);
	if (!answer->executions)
		return status_out_of_memory();
	for (; answer->n_executions < count; answer->n_executions++) {
		PbPhaseExecution *pb = execution_pb(arena, &id, &executions[answer->n_executions]);
		if (!pb)
			return status_out_of_memory();
		answer->executions[answer->n_executions] = pb;
	}
	*out = answer;
	return STATUS_OK_VALUE;
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
	.list_phase_executions = list_phase_executions,
};
