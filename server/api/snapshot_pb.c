#include "api/snapshot_pb.h"

#include "api/convert.h"
#include "store/execution_store.h"

PbPhaseProgress *pb_phase_progress(struct arena *arena, const struct phase_state *state)
{
	PbPhaseProgress *pb = PB_NEW(arena, PbPhaseProgress, domainflow__v2__phase_progress);

	if (!pb)
		return NULL;
	pb->total_items = state->progress.total;
	pb->processed_items = state->progress.processed;
	pb->successful_items = state->progress.successful;
	pb->failed_items = state->progress.failed;
	pb->percent_complete = phase_percent(state);
	return pb;
}

/* NULL when the phase has not failed, and when the arena is full. */
static PbPhaseError *phase_error(struct arena *arena, const struct phase_state *state)
{
	PbPhaseError *pb;

	if (state->status != PHASE_STATUS_FAILED)
		return NULL;
	pb = PB_NEW(arena, PbPhaseError, domainflow__v2__phase_error);
	if (!pb)
		return NULL;
	pb->code = pb_text(state->error_code);
	pb->message = pb_text(state->error_message);
	pb->at = pb_time(arena, state->failed_at_ms);
	return pb;
}

PbPhaseSummary *pb_phase_summary(struct arena *arena, const struct phase_state *state)
{
	PbPhaseSummary *pb = PB_NEW(arena, PbPhaseSummary, domainflow__v2__phase_summary);

	if (!pb)
		return NULL;
	pb->phase = pb_phase(state->phase);
	pb->status = pb_phase_status(state->status);
	pb->progress_percentage = phase_percent(state);
	pb->started_at = pb_time(arena, state->started_at_ms);
	pb->completed_at = pb_time(arena, state->completed_at_ms);
	pb->failed_at = pb_time(arena, state->failed_at_ms);
	pb->error = phase_error(arena, state);
	if (pb->error)
		pb->error_message = pb->error->message;
	pb->progress = pb_phase_progress(arena, state);
	pb->run_number = state->run_number;
	return pb->progress ? pb : NULL;
}

PbPhaseSummary **pb_phase_summaries(struct arena *arena, const struct phase_state phases[PHASE_COUNT])
{
	PbPhaseSummary **list = arena_array(arena, PHASE_COUNT, sizeof *list);

	for (int i = 0; list && i < PHASE_COUNT; i++) {
		list[i] = pb_phase_summary(arena, &phases[i]);
		if (!list[i])
			return NULL;
	}
	return list;
}

PbCampaignStatusSnapshot *pb_snapshot(struct arena *arena, const struct campaign_snapshot *snapshot)
{
	PbCampaignStatusSnapshot *pb =
		PB_NEW(arena, PbCampaignStatusSnapshot, domainflow__v2__campaign_status_snapshot);
	const struct campaign *c = &snapshot->campaign;

	if (!pb)
		return NULL;
	pb->campaign_id = pb_uuid(arena, &c->id);
	pb->status = pb_campaign_status(c->status);
	pb->mode = pb_campaign_mode(c->mode);
	pb->overall_progress_percentage = campaign_percent(snapshot->phases);
	pb->control_phase = pb_phase(campaign_control_phase(snapshot->phases));
	pb->last_sequence = c->last_sequence;
	pb->last_event = c->last_event;
	pb->error_message = pb_text(c->error_message);
	pb->phases = pb_phase_summaries(arena, snapshot->phases);
	pb->n_phases = PHASE_COUNT;
	return pb->phases ? pb : NULL;
}

static PbRuntimeControls *runtime_controls(struct arena *arena, const struct phase_state *state)
{
	PbRuntimeControls *pb = PB_NEW(arena, PbRuntimeControls, domainflow__v2__runtime_controls);

	if (!pb)
		return NULL;
	pb->can_pause = state->status == PHASE_STATUS_IN_PROGRESS;
	pb->can_resume = state->status == PHASE_STATUS_PAUSED;
	pb->can_stop = pb->can_pause || pb->can_resume;
	pb->can_restart = state->phase != PHASE_GENERATION &&
			  (state->status == PHASE_STATUS_COMPLETED || state->status == PHASE_STATUS_FAILED);
	return pb;
}

PbPhaseState *pb_phase_state(struct arena *arena, const struct phase_state *state, int32_t last_sequence)
{
	PbPhaseState *pb = PB_NEW(arena, PbPhaseState, domainflow__v2__phase_state);

	if (!pb)
		return NULL;
	pb->phase = pb_phase(state->phase);
	pb->status = pb_phase_status(state->status);
	pb->configuration = pb_text(state->configuration);
	pb->runtime_controls = runtime_controls(arena, state);
	pb->started_at = pb_time(arena, state->started_at_ms);
	pb->completed_at = pb_time(arena, state->completed_at_ms);
	pb->paused_at = pb_time(arena, state->paused_at_ms);
	pb->failed_at = pb_time(arena, state->failed_at_ms);
	pb->progress = pb_phase_progress(arena, state);
	pb->last_sequence = last_sequence;
	pb->run_number = state->run_number;
	if (state->status == PHASE_STATUS_FAILED) {
		pb->errors = arena_array(arena, 1, sizeof *pb->errors);
		if (!pb->errors)
			return NULL;
		pb->errors[0] = phase_error(arena, state);
		if (!pb->errors[0])
			return NULL;
		pb->n_errors = 1;
	}
	return pb->runtime_controls && pb->progress ? pb : NULL;
}

PbPhaseExecution *pb_phase_execution(struct arena *arena, const struct uuid *campaign_id, const struct execution *e)
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
	pb->created_at = pb->started_at;
	pb->updated_at = pb_time(arena, e->updated_at_ms);
	pb->configuration = pb_text(e->state.configuration);
	pb->metrics = pb_text(e->metrics);
	pb->progress = pb_phase_progress(arena, &e->state);
	pb->progress_percentage = phase_percent(&e->state);
	pb->error = phase_error(arena, &e->state);
	return pb->progress && (pb->error || e->state.status != PHASE_STATUS_FAILED) ? pb : NULL;
}

PbPhaseExecution **pb_phase_executions(struct arena *arena, const struct uuid *campaign_id,
				       const struct execution *executions, size_t count)
{
	PbPhaseExecution **list = arena_array(arena, count + 1, sizeof *list);

	for (size_t i = 0; list && i < count; i++) {
		list[i] = pb_phase_execution(arena, campaign_id, &executions[i]);
		if (!list[i])
			return NULL;
	}
	return list;
}

PbCampaignProgress *pb_campaign_progress(struct arena *arena, const struct campaign_snapshot *snapshot,
					 const struct counters *counters)
{
	PbCampaignProgress *pb = PB_NEW(arena, PbCampaignProgress, domainflow__v2__campaign_progress);

	if (!pb)
		return NULL;
	pb->total_domains = counters->total_domains;
	pb->processed_domains = counters->total_domains - counters->reject_pending;
	pb->successful_domains = counters->lead_match;
	pb->failed_domains =
		counters->dns_error + counters->dns_timeout + counters->http_error + counters->http_timeout;
	pb->percent_complete = campaign_percent(snapshot->phases);
	return pb;
}

PbCampaign *pb_campaign(struct arena *arena, const struct campaign_snapshot *snapshot, const struct counters *counters)
{
	PbCampaign *pb = PB_NEW(arena, PbCampaign, domainflow__v2__campaign);
	const struct campaign *c = &snapshot->campaign;

	if (!pb)
		return NULL;
	pb->id = pb_uuid(arena, &c->id);
	pb->name = pb_text(c->name);
	pb->description = pb_text(c->description);
	pb->status = pb_campaign_status(c->status);
	pb->mode = pb_campaign_mode(c->mode);
	pb->configuration = pb_text(c->configuration);
	pb->current_phase = pb_phase(campaign_current_phase(snapshot->phases));
	pb->progress = pb_campaign_progress(arena, snapshot, counters);
	if (c->has_scoring_profile)
		pb->scoring_profile_id = pb_uuid(arena, &c->scoring_profile_id);
	if (c->has_original)
		pb->duplicated_from = pb_uuid(arena, &c->duplicated_from);
	pb->user_id = pb_text(c->user_id);
	pb->created_at = pb_time(arena, c->created_at_ms);
	pb->updated_at = pb_time(arena, c->updated_at_ms);
	pb->started_at = pb_time(arena, c->started_at_ms);
	pb->completed_at = pb_time(arena, c->completed_at_ms);
	pb->error_message = pb_text(c->error_message);
	pb->last_sequence = c->last_sequence;
	pb->version = c->version;
	return pb->progress ? pb : NULL;
}

Domainflow__V2__CampaignState *pb_campaign_state(struct arena *arena, const struct campaign *c)
{
	Domainflow__V2__CampaignState *pb =
		PB_NEW(arena, Domainflow__V2__CampaignState, domainflow__v2__campaign_state);

	if (!pb)
		return NULL;
	pb->campaign_id = pb_uuid(arena, &c->id);
	pb->current_state = pb_campaign_status(c->status);
	pb->mode = pb_campaign_mode(c->mode);
	pb->configuration = pb_text(c->configuration);
	pb->version = c->version;
	pb->created_at = pb_time(arena, c->created_at_ms);
	pb->updated_at = pb_time(arena, c->updated_at_ms);
	return pb;
}
