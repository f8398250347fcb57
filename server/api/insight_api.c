/* InsightService: read-only answers about a campaign. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "base/clock.h"
#include "config/settings.h"
#include "rpc/call.h"
#include "store/insight_store.h"
#include "store/state_store.h"
#include "store/tx.h"

#include "domainflow/v2/insight_service.grpc-c.server.h"

#include <inttypes.h>

/* A consistent view of one campaign of the caller's workspace; the caller commits. */
static struct status open_campaign(struct rpc_call *call, const char *campaign_id, struct uuid *id,
				   struct store_tx **tx)
{
	const struct api *api = rpc_call_app(call);
	struct campaign_snapshot snapshot;

	TRY(api_uuid(rpc_call_arena(call), "campaignId", campaign_id, id));
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), tx));
	return store_snapshot_get(*tx, id, rpc_call_principal(call)->workspace, false, rpc_call_arena(call), &snapshot);
}

static struct status get_funnel(struct rpc_call *call, const Domainflow__V2__GetFunnelRequest *in,
				Domainflow__V2__GetFunnelResponse **out)
{
	const struct api *api = rpc_call_app(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	Domainflow__V2__GetFunnelResponse *answer;
	struct funnel funnel;
	struct uuid id;

	TRY(api_uuid(rpc_call_arena(call), "campaignId", in->campaign_id, &id));
	TRY(store_single(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(store_funnel_get(tx, &id, rpc_call_principal(call)->workspace, api->settings->high_potential_richness,
			     &funnel));
	TRY(store_commit(&tx));
	answer = PB_NEW(rpc_call_arena(call), Domainflow__V2__GetFunnelResponse, domainflow__v2__get_funnel_response);
	if (!answer)
		return status_out_of_memory();
	answer->generated = funnel.generated;
	answer->dns_valid = funnel.dns_valid;
	answer->http_valid = funnel.http_valid;
	answer->keyword_hits = funnel.keyword_hits;
	answer->analyzed = funnel.analyzed;
	answer->high_potential = funnel.high_potential;
	answer->leads = funnel.leads;
	*out = answer;
	return STATUS_OK_VALUE;
}

/* docs/spec/02-pipeline.md §7.1: the sums, against a count of the rows that owes nothing to the counters. */
static struct status audit(struct arena *arena, const struct counters *c, const struct rejection_count *rows,
			   Domainflow__V2__GetRejectionSummaryResponse *answer)
{
	Domainflow__V2__RejectionTotals *t = answer->totals;
	int64_t rows_total = 0;

	for (int i = 0; i < REJECTION_COUNT; i++)
		rows_total += rows->domains[i];
	t->total = (int32_t)rows_total;
	t->qualified = c->reject_qualified;
	t->rejected = c->reject_low_score + c->reject_no_keywords + c->reject_parked;
	t->errors = c->reject_dns_error + c->reject_dns_timeout + c->reject_http_error + c->reject_http_timeout;
	t->analyzed = t->qualified + t->rejected + t->errors;
	t->pending = c->reject_pending;
	answer->balanced = t->analyzed + t->pending == rows_total && t->qualified == rows->leads;
	if (answer->balanced)
		return STATUS_OK_VALUE;
	answer->audit_note = arena_printf(arena,
					  "counted %d analyzed + %d pending against %" PRId64 " rows (off by %" PRId64
					  "); %d qualified against %" PRId64 " leads (off by %" PRId64 ")",
					  t->analyzed, t->pending, rows_total, t->analyzed + t->pending - rows_total,
					  t->qualified, rows->leads, t->qualified - rows->leads);
	return answer->audit_note ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status get_rejection_summary(struct rpc_call *call, const Domainflow__V2__GetRejectionSummaryRequest *in,
					   Domainflow__V2__GetRejectionSummaryResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	Domainflow__V2__GetRejectionSummaryResponse *answer;
	struct rejection_count rows;
	struct counters c;
	struct uuid id;

	TRY(open_campaign(call, in->campaign_id, &id, &tx));
	TRY(store_counters_get(tx, &id, &c));
	TRY(store_rejections_count(tx, &id, &rows));
	TRY(store_commit(&tx));
	answer = PB_NEW(arena, Domainflow__V2__GetRejectionSummaryResponse,
			domainflow__v2__get_rejection_summary_response);
	if (!answer)
		return status_out_of_memory();
	answer->campaign_id = pb_uuid(arena, &id);
	answer->counts = PB_NEW(arena, Domainflow__V2__RejectionCounts, domainflow__v2__rejection_counts);
	answer->totals = PB_NEW(arena, Domainflow__V2__RejectionTotals, domainflow__v2__rejection_totals);
	if (!answer->counts || !answer->totals)
		return status_out_of_memory();
	answer->counts->qualified = c.reject_qualified;
	answer->counts->low_score = c.reject_low_score;
	answer->counts->no_keywords = c.reject_no_keywords;
	answer->counts->parked = c.reject_parked;
	answer->counts->dns_error = c.reject_dns_error;
	answer->counts->dns_timeout = c.reject_dns_timeout;
	answer->counts->http_error = c.reject_http_error;
	answer->counts->http_timeout = c.reject_http_timeout;
	answer->counts->pending = c.reject_pending;
	TRY(audit(arena, &c, &rows, answer));
	*out = answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_insight_handlers api_insight_handlers = {
	.get_funnel = get_funnel,
	.get_rejection_summary = get_rejection_summary,
};
