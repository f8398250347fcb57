/* CampaignService: campaigns created, read, changed, copied and removed. The verbs that change a campaign's state are
 * in campaign_control_api.c. */
#include "api/services.h"

#include "api/api.h"
#include "api/campaign_control_api.h"
#include "api/campaign_report_api.h"
#include "api/convert.h"
#include "api/mutation.h"
#include "api/paging.h"
#include "api/resource.h"
#include "api/snapshot_pb.h"
#include "base/clock.h"
#include "campaign/campaign_create.h"
#include "campaign/campaign_crud.h"
#include "rpc/call.h"
#include "store/tx.h"

#include "domainflow/v2/campaign_service.grpc-c.server.h"

typedef Domainflow__V2__CreateCampaignRequest PbCreateRequest;
typedef Domainflow__V2__CreateCampaignResponse PbCreateResponse;
typedef Domainflow__V2__GetCampaignRequest PbGetRequest;
typedef Domainflow__V2__GetCampaignResponse PbGetResponse;
typedef Domainflow__V2__ListCampaignsRequest PbListRequest;
typedef Domainflow__V2__ListCampaignsResponse PbListResponse;
typedef Domainflow__V2__UpdateCampaignRequest PbUpdateRequest;
typedef Domainflow__V2__UpdateCampaignResponse PbUpdateResponse;
typedef Domainflow__V2__DeleteCampaignRequest PbDeleteRequest;
typedef Domainflow__V2__DeleteCampaignResponse PbDeleteResponse;
typedef Domainflow__V2__DuplicateCampaignRequest PbDuplicateRequest;
typedef Domainflow__V2__DuplicateCampaignResponse PbDuplicateResponse;

static int64_t deadline_of(struct rpc_call *call)
{
	return clock_monotonic_ms() + rpc_call_ms_left(call);
}

static struct campaign_author author_of(const struct mutation *m)
{
	return (struct campaign_author){ .workspace = m->workspace, .user_id = rpc_call_principal(m->call)->name };
}

/* --- create and duplicate ----------------------------------------------------------------------------------------- */

struct create {
	struct mutation mutation; /* first: the body gets it back */
	struct campaign_create request;
};

static char **warnings_pb(struct arena *arena, const struct campaign_created *created)
{
	char **list = arena_array(arena, created->warning_count + 1, sizeof *list);

	for (size_t i = 0; list && i < created->warning_count; i++)
		list[i] = pb_text(created->warnings[i]);
	return list;
}

static struct status create_body(struct mutation *m, ProtobufCMessage **out)
{
	PbCreateResponse *answer = PB_NEW(m->arena, PbCreateResponse, domainflow__v2__create_campaign_response);
	const struct campaign_author author = author_of(m);
	struct campaign_created created;

	TRY(campaign_create(m->tx, &author, &((struct create *)m)->request, m->arena, &created));
	if (!answer)
		return status_out_of_memory();
	answer->campaign = pb_campaign(m->arena, &created.snapshot, &created.counters);
	answer->warnings = warnings_pb(m->arena, &created);
	answer->n_warnings = created.warning_count;
	m->has_moved = true;
	m->moved = created.snapshot.campaign.id;
	*out = &answer->base;
	return answer->campaign && answer->warnings ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status create_campaign(struct rpc_call *call, const PbCreateRequest *in, PbCreateResponse **out)
{
	struct create c = { .mutation = { .call = call, .request = &in->base, .action = "create", .phase = "" },
			    .request = { .name = in->name,
					 .description = in->description,
					 .scoring_profile_id = in->scoring_profile_id,
					 .configuration = in->configuration,
					 .pattern_config = in->pattern_config } };
	ProtobufCMessage *answer = NULL;
	int mode = CAMPAIGN_MODE_STEP_BY_STEP;
	bool given;

	TRY(api_optional_state(rpc_call_arena(call), "mode", (int)in->mode, CAMPAIGN_MODE_COUNT, &given, &mode));
	c.request.mode = (enum campaign_mode)mode;
	TRY(api_mutate(&c.mutation, create_body, &answer));
	*out = (PbCreateResponse *)answer;
	return STATUS_OK_VALUE;
}

static struct status duplicate_body(struct mutation *m, ProtobufCMessage **out)
{
	PbDuplicateResponse *answer =
		PB_NEW(m->arena, PbDuplicateResponse, domainflow__v2__duplicate_campaign_response);
	const struct campaign_author author = author_of(m);
	const PbDuplicateRequest *in = (const PbDuplicateRequest *)m->request;
	struct campaign_created created;

	TRY(campaign_duplicate(m->tx, &author, &m->campaign_id, in->name, m->arena, &created));
	if (!answer)
		return status_out_of_memory();
	answer->campaign = pb_campaign(m->arena, &created.snapshot, &created.counters);
	m->has_moved = true;
	m->moved = created.snapshot.campaign.id;
	*out = &answer->base;
	return answer->campaign ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status duplicate_campaign(struct rpc_call *call, const PbDuplicateRequest *in, PbDuplicateResponse **out)
{
	struct mutation m = { .call = call, .request = &in->base, .action = "duplicate", .phase = "" };
	struct arena *arena = rpc_call_arena(call);
	ProtobufCMessage *answer = NULL;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &m.campaign_id));
	TRY(api_about(arena, api_mutate(&m, duplicate_body, &answer), "campaign", in->campaign_id));
	*out = (PbDuplicateResponse *)answer;
	return STATUS_OK_VALUE;
}

/* --- read --------------------------------------------------------------------------------------------------------- */

static struct status get_campaign(struct rpc_call *call, const PbGetRequest *in, PbGetResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	PbGetResponse *answer = PB_NEW(arena, PbGetResponse, domainflow__v2__get_campaign_response);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_row row;
	struct uuid id;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	TRY(store_begin_snapshot(api->pool, deadline_of(call), &tx));
	TRY(api_about(arena, campaign_get(tx, rpc_call_principal(call)->workspace, &id, arena, &row), "campaign",
		      in->campaign_id));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->campaign = pb_campaign(arena, &row.snapshot, &row.counters);
	*out = answer;
	return answer->campaign ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status list_campaigns(struct rpc_call *call, const PbListRequest *in, PbListResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	PbListResponse *answer = PB_NEW(arena, PbListResponse, domainflow__v2__list_campaigns_response);
	const struct api_paging paging = API_PAGING(in);
	struct campaign_query query = { .search = in->search };
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_page page;
	int status = 0, sort = CAMPAIGN_SORT_CREATED_AT;
	bool is_sorted;

	TRY(api_page_request(arena, &paging, &query.page));
	TRY(api_optional_state(arena, "status", (int)in->status, CAMPAIGN_STATUS_COUNT, &query.has_status, &status));
	TRY(api_optional_state(arena, "sort", (int)in->sort, CAMPAIGN_SORT_COUNT, &is_sorted, &sort));
	query.status = (enum campaign_status)status;
	query.sort = (enum campaign_sort)sort;
	TRY(api_direction(arena, "dir", in->dir, query.sort != CAMPAIGN_SORT_NAME, &query.is_descending));
	TRY(store_begin_snapshot(api->pool, deadline_of(call), &tx));
	TRY(campaign_list(tx, rpc_call_principal(call)->workspace, &query, arena, &page));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->campaigns = arena_array(arena, page.count + 1, sizeof *answer->campaigns);
	if (!answer->campaigns)
		return status_out_of_memory();
	for (size_t i = 0; i < page.count; i++) {
		answer->campaigns[i] = pb_campaign(arena, &page.rows[i].snapshot, &page.rows[i].counters);
		if (!answer->campaigns[i])
			return status_out_of_memory();
	}
	answer->n_campaigns = page.count;
	answer->next_page_token = pb_text(page.next_page_token);
	answer->total_size = page.total;
	*out = answer;
	return STATUS_OK_VALUE;
}

/* --- change and remove -------------------------------------------------------------------------------------------- */

static struct status update_body(struct mutation *m, ProtobufCMessage **out)
{
	PbUpdateResponse *answer = PB_NEW(m->arena, PbUpdateResponse, domainflow__v2__update_campaign_response);
	const PbUpdateRequest *in = (const PbUpdateRequest *)m->request;
	const struct campaign_update update = {
		.name = in->name_change_case ? in->name : NULL,
		.description = in->description_change_case ? in->description : NULL,
		.configuration = in->configuration,
	};
	struct campaign_row row;

	TRY(campaign_update(m->tx, m->workspace, &m->campaign_id, &update, m->arena, &row));
	if (!answer)
		return status_out_of_memory();
	answer->campaign = pb_campaign(m->arena, &row.snapshot, &row.counters);
	*out = &answer->base;
	return answer->campaign ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status update_campaign(struct rpc_call *call, const PbUpdateRequest *in, PbUpdateResponse **out)
{
	struct mutation m = { .call = call, .request = &in->base, .action = "update", .phase = "" };
	struct arena *arena = rpc_call_arena(call);
	ProtobufCMessage *answer = NULL;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &m.campaign_id));
	TRY(api_about(arena, api_mutate(&m, update_body, &answer), "campaign", in->campaign_id));
	*out = (PbUpdateResponse *)answer;
	return STATUS_OK_VALUE;
}

static struct status delete_body(struct mutation *m, ProtobufCMessage **out)
{
	PbDeleteResponse *answer = PB_NEW(m->arena, PbDeleteResponse, domainflow__v2__delete_campaign_response);

	TRY(campaign_delete(m->tx, m->workspace, &m->campaign_id));
	if (!answer)
		return status_out_of_memory();
	m->has_moved = true;
	m->moved = m->campaign_id;
	*out = &answer->base;
	return STATUS_OK_VALUE;
}

static struct status delete_campaign(struct rpc_call *call, const PbDeleteRequest *in, PbDeleteResponse **out)
{
	struct mutation m = { .call = call, .request = &in->base, .action = "delete", .phase = "" };
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	ProtobufCMessage *answer = NULL;
	struct status st;
	bool stopped;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &m.campaign_id));
	st = campaign_delete_rows(api->pool, deadline_of(call), rpc_call_principal(call)->workspace, &m.campaign_id,
				  rpc_call_cancel(call), arena, &stopped);
	if (stopped)
		api->moved(api->moved_ctx, &m.campaign_id);
	TRY(st);
	TRY(api_about(arena, api_mutate(&m, delete_body, &answer), "campaign", in->campaign_id));
	*out = (PbDeleteResponse *)answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_campaign_handlers api_campaign_handlers = {
	.create_campaign = create_campaign,
	.get_campaign = get_campaign,
	.list_campaigns = list_campaigns,
	.update_campaign = update_campaign,
	.delete_campaign = delete_campaign,
	.duplicate_campaign = duplicate_campaign,
	.set_campaign_mode = api_set_campaign_mode,
	.stop_campaign = api_stop_campaign,
	.restart_campaign = api_restart_campaign,
	.get_campaign_progress = api_get_campaign_progress,
	.get_campaign_state = api_get_campaign_state,
	.set_campaign_state = api_set_campaign_state,
	.get_enriched_campaign = api_get_enriched_campaign,
};
