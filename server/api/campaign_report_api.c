#include "api/campaign_report_api.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/resource.h"
#include "api/snapshot_pb.h"
#include "base/clock.h"
#include "base/json.h"
#include "campaign/campaign_crud.h"
#include "rpc/call.h"
#include "store/execution_store.h"
#include "store/state_store.h"
#include "store/tx.h"

enum { TIMELINE_MAX = 200, EXECUTIONS_MAX = 1000 };

/* Opens a snapshot and reads the campaign in it; the caller reads on and commits. */
static struct status open_campaign(struct rpc_call *call, const char *campaign_id, struct store_tx **tx,
				   struct campaign_row *out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	struct uuid id;

	TRY(api_uuid(arena, "campaignId", campaign_id, &id));
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), tx));
	return api_about(arena, campaign_get(*tx, rpc_call_principal(call)->workspace, &id, arena, out), "campaign",
			 campaign_id);
}

/* --- progress ----------------------------------------------------------------------------------------------------- */

static Domainflow__V2__OverallProgress *overall_pb(struct arena *arena, const struct campaign_row *row)
{
	Domainflow__V2__OverallProgress *pb =
		PB_NEW(arena, Domainflow__V2__OverallProgress, domainflow__v2__overall_progress);
	const PbCampaignProgress *progress = pb_campaign_progress(arena, &row->snapshot, &row->counters);

	if (!pb || !progress)
		return NULL;
	pb->status = pb_campaign_status(row->snapshot.campaign.status);
	pb->percent_complete = progress->percent_complete;
	pb->total_domains = progress->total_domains;
	pb->processed_domains = progress->processed_domains;
	pb->successful_domains = progress->successful_domains;
	pb->failed_domains = progress->failed_domains;
	return pb;
}

/* When the run that began at started_at_ms ended, or now. */
static int64_t end_of(const struct phase_state *state, int64_t now_ms)
{
	switch (state->status) {
	case PHASE_STATUS_COMPLETED:
		return state->completed_at_ms;
	case PHASE_STATUS_FAILED:
		return state->failed_at_ms;
	case PHASE_STATUS_PAUSED:
		return state->paused_at_ms;
	case PHASE_STATUS_IN_PROGRESS:
	case PHASE_STATUS_NOT_STARTED:
	case PHASE_STATUS_READY:
	case PHASE_STATUS_CONFIGURED:
	case PHASE_STATUS_COUNT:
		break;
	}
	return now_ms;
}

static Domainflow__V2__PhaseProgressReport *report_pb(struct arena *arena, const struct phase_state *state,
						      int64_t now_ms)
{
	Domainflow__V2__PhaseProgressReport *pb =
		PB_NEW(arena, Domainflow__V2__PhaseProgressReport, domainflow__v2__phase_progress_report);

	if (!pb)
		return NULL;
	pb->status = pb_phase_status(state->status);
	pb->percent_complete = phase_percent(state);
	pb->items_processed = state->progress.processed;
	pb->items_total = state->progress.total;
	pb->started_at = pb_time(arena, state->started_at_ms);
	pb->completed_at = pb_time(arena, state->completed_at_ms);
	if (state->started_at_ms) {
		int64_t took_ms = end_of(state, now_ms) - state->started_at_ms;
		pb->duration_value_case = DOMAINFLOW__V2__PHASE_PROGRESS_REPORT__DURATION_VALUE_DURATION;
		pb->duration = took_ms > 0 ? (double)took_ms / 1000 : 0;
	}
	return pb;
}

static Domainflow__V2__PhaseProgressReports *reports_pb(struct arena *arena, const struct campaign_snapshot *snapshot)
{
	Domainflow__V2__PhaseProgressReports *pb =
		PB_NEW(arena, Domainflow__V2__PhaseProgressReports, domainflow__v2__phase_progress_reports);
	int64_t now_ms = clock_wall_ms();

	if (!pb)
		return NULL;
	pb->generation = report_pb(arena, &snapshot->phases[PHASE_GENERATION], now_ms);
	pb->dns = report_pb(arena, &snapshot->phases[PHASE_DNS], now_ms);
	pb->http = report_pb(arena, &snapshot->phases[PHASE_HTTP], now_ms);
	pb->analysis = report_pb(arena, &snapshot->phases[PHASE_ANALYSIS], now_ms);
	pb->leads = report_pb(arena, &snapshot->phases[PHASE_LEADS], now_ms);
	return pb->generation && pb->dns && pb->http && pb->analysis && pb->leads ? pb : NULL;
}

/* What a transition's payload says about its phase. */
static Domainflow__V2__PhaseStatus status_in(const char *payload)
{
	AUTO(json) json_t *object = json_loads(payload, 0, NULL);
	const char *word = json_string_value(json_object_get(object, "status"));
	enum phase_status status;

	if (!word || !phase_status_from_text(word, &status))
		return DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_UNSPECIFIED;
	return pb_phase_status(status);
}

static Domainflow__V2__TimelineEntry **timeline_pb(struct arena *arena, const struct stored_event *events, size_t count)
{
	Domainflow__V2__TimelineEntry **list = arena_array(arena, count + 1, sizeof *list);

	for (size_t i = 0; list && i < count; i++) {
		list[i] = PB_NEW(arena, Domainflow__V2__TimelineEntry, domainflow__v2__timeline_entry);
		if (!list[i])
			return NULL;
		list[i]->sequence = events[i].sequence;
		list[i]->type = pb_text(events[i].type);
		list[i]->phase = pb_phase(events[i].phase);
		list[i]->status = status_in(events[i].payload);
		list[i]->timestamp = pb_time(arena, events[i].created_at_ms);
	}
	return list;
}

struct status api_get_campaign_progress(struct rpc_call *call, const Domainflow__V2__GetCampaignProgressRequest *in,
					Domainflow__V2__GetCampaignProgressResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	Domainflow__V2__GetCampaignProgressResponse *answer = PB_NEW(arena, Domainflow__V2__GetCampaignProgressResponse,
								     domainflow__v2__get_campaign_progress_response);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct stored_event *events;
	struct campaign_row row;
	size_t count;

	TRY(open_campaign(call, in->campaign_id, &tx, &row));
	TRY(store_events_timeline(tx, &row.snapshot.campaign.id, TIMELINE_MAX, arena, &events, &count));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->campaign_id = pb_uuid(arena, &row.snapshot.campaign.id);
	answer->overall = overall_pb(arena, &row);
	answer->phases = reports_pb(arena, &row.snapshot);
	answer->timeline = timeline_pb(arena, events, count);
	answer->n_timeline = count;
	*out = answer;
	return answer->overall && answer->phases && answer->timeline ? STATUS_OK_VALUE : status_out_of_memory();
}

/* --- state and all together -----------------------------------------------------------------------------------------
 */

struct status api_get_campaign_state(struct rpc_call *call, const Domainflow__V2__GetCampaignStateRequest *in,
				     Domainflow__V2__GetCampaignStateResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	Domainflow__V2__GetCampaignStateResponse *answer =
		PB_NEW(arena, Domainflow__V2__GetCampaignStateResponse, domainflow__v2__get_campaign_state_response);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_row row;

	TRY(open_campaign(call, in->campaign_id, &tx, &row));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->state = pb_campaign_state(arena, &row.snapshot.campaign);
	*out = answer;
	return answer->state ? STATUS_OK_VALUE : status_out_of_memory();
}

struct status api_get_enriched_campaign(struct rpc_call *call, const Domainflow__V2__GetEnrichedCampaignRequest *in,
					Domainflow__V2__GetEnrichedCampaignResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	Domainflow__V2__GetEnrichedCampaignResponse *answer = PB_NEW(arena, Domainflow__V2__GetEnrichedCampaignResponse,
								     domainflow__v2__get_enriched_campaign_response);
	const struct execution_filter newest = { .phase = PHASE_COUNT, .limit = EXECUTIONS_MAX };
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct execution *executions;
	struct campaign_row row;
	size_t count;

	TRY(open_campaign(call, in->campaign_id, &tx, &row));
	TRY(store_executions_list(tx, &row.snapshot.campaign.id, &newest, arena, &executions, &count));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->campaign = pb_campaign(arena, &row.snapshot, &row.counters);
	answer->state = pb_campaign_state(arena, &row.snapshot.campaign);
	answer->phase_executions = pb_phase_executions(arena, &row.snapshot.campaign.id, executions, count);
	answer->n_phase_executions = count;
	*out = answer;
	return answer->campaign && answer->state && answer->phase_executions ? STATUS_OK_VALUE : status_out_of_memory();
}
