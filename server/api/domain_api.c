/* DomainService: pages of domains, and one by name. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/domain_detail_api.h"
#include "api/domain_export_api.h"
#include "api/domain_pb.h"
#include "api/domain_request.h"
#include "rpc/call.h"
#include "store/state_store.h"
#include "store/tx.h"
#include "telemetry/metrics.h"

#include "domainflow/v2/domain_service.grpc-c.server.h"

typedef Domainflow__V2__ListDomainsRequest PbListRequest;
typedef Domainflow__V2__ListDomainsResponse PbListResponse;

/* The registry keeps the pointer: static. */
static const struct metric_spec sorted = { .kind = METRIC_COUNTER,
					   .name = "domains_list_server_sort_requests_total",
					   .help = "Lists of domains asked for, by order and filter of warnings.",
					   .labels = { "sort_field", "warnings_filter" } };

void api_domain_metrics_register(struct metrics *metrics)
{
	metrics_family(metrics, &sorted);
}

/* --- ListDomains ----------------------------------------------------------------------------------------------- */

struct listing {
	struct arena *arena;
	struct uuid campaign_id;
	struct domain_query query;
	const char *filter; /* what cursors are bound to */
	struct domain_place place;
	struct domain_position *at; /* one more than the page when there is a next one */
	size_t found;
	struct domain *domains;
	size_t count;
	struct counters counters;
	bool is_total_counted; /* by the counters */
	int32_t total;
};

static struct status read_listing(const struct api *api, const PbListRequest *in, struct listing *l)
{
	TRY(api_uuid(l->arena, "campaignId", in->campaign_id, &l->campaign_id));
	l->query.filter.limits = api_classify_limits(api->settings);
	TRY(domain_request_query(l->arena, in, &l->query));
	l->filter = domain_request_filter_text(l->arena, in->campaign_id, &l->query);
	if (!l->filter)
		return status_out_of_memory();
	return domain_request_place(l->arena, in, l->filter, &l->place);
}

/* Counting reads the whole campaign, so behind a cursor the first page's number serves. */
static struct status find_total(struct store_tx *tx, struct listing *l)
{
	int64_t total;

	l->is_total_counted = domain_total_counted(&l->query.filter, &l->counters, &l->total);
	if (l->is_total_counted)
		return STATUS_OK_VALUE;
	l->total = l->place.total;
	if (l->place.has_total)
		return STATUS_OK_VALUE;
	TRY(store_domains_count(tx, &l->campaign_id, &l->query, &total));
	l->total = (int32_t)total;
	return STATUS_OK_VALUE;
}

/* Fewer than one domain in so many has a rare keyword. */
#define RARE_KEYWORD 50

static struct status find_rows(struct store_tx *tx, struct listing *l)
{
	TRY(store_counters_get(tx, &l->campaign_id, &l->counters));
	TRY(find_total(tx, l));
	if (l->total == 0 || l->place.start.skip >= l->total)
		return STATUS_OK_VALUE;
	l->query.filter.keyword_is_rare = l->total < l->counters.total_domains / RARE_KEYWORD;
	TRY(store_domains_page(tx, &l->campaign_id, &l->query, &l->place.start, l->place.limit + 1, l->arena, &l->at,
			       &l->found));
	l->count = l->found > (size_t)l->place.limit ? (size_t)l->place.limit : l->found;
	return store_domains_at(tx, &l->campaign_id, l->at, l->count, l->arena, &l->domains, &l->count);
}

static char *cursor_of(const struct listing *l, size_t row)
{
	return domain_cursor(l->arena, l->filter, &l->at[row], !l->is_total_counted, l->total);
}

static Domainflow__V2__DomainPageInfo *page_info_pb(const struct listing *l)
{
	Domainflow__V2__DomainPageInfo *pb =
		PB_NEW(l->arena, Domainflow__V2__DomainPageInfo, domainflow__v2__domain_page_info);

	if (!pb)
		return NULL;
	pb->has_next_page = l->found > l->count;
	pb->sort_by = (Domainflow__V2__DomainSort)((int)l->query.order + 1);
	pb->sort_order = pb_text(l->query.is_descending ? "DESC" : "ASC");
	pb->first = l->place.limit;
	pb->current = (int32_t)l->count;
	pb->total = l->total;
	if (l->count == 0)
		return pb;
	pb->start_cursor = cursor_of(l, 0);
	pb->end_cursor = cursor_of(l, l->count - 1);
	return pb->start_cursor && pb->end_cursor ? pb : NULL;
}

static PbListResponse *listing_pb(const struct listing *l)
{
	PbListResponse *pb = PB_NEW(l->arena, PbListResponse, domainflow__v2__list_domains_response);

	if (!pb)
		return NULL;
	pb->campaign_id = pb_uuid(l->arena, &l->campaign_id);
	pb->total = l->total;
	pb->aggregates = pb_domain_aggregates(l->arena, &l->counters);
	pb->page_info = page_info_pb(l);
	pb->domains = arena_array(l->arena, l->count + 1, sizeof *pb->domains);
	if (!pb->aggregates || !pb->page_info || !pb->domains)
		return NULL;
	if (pb->page_info->has_next_page)
		pb->next_page_token = pb->page_info->end_cursor;
	for (; pb->n_domains < l->count; pb->n_domains++) {
		PbDomain *domain =
			pb_domain(l->arena, &l->campaign_id, &l->query.filter.limits, &l->domains[pb->n_domains]);
		if (!domain)
			return NULL;
		pb->domains[pb->n_domains] = domain;
	}
	return pb;
}

static void count_list(const struct api *api, const struct domain_query *query)
{
	static const char *const orders[] = {
#define X(name, text) text,
		DOMAIN_ORDERS(X)
#undef X
	};
	static const char *const warnings[] = { "any", "has", "none" };

	metric_add(METRIC_OF(metrics_family(api->metrics, &sorted), orders[query->order],
			     warnings[query->filter.warnings]),
		   1);
}

static struct status list_domains(struct rpc_call *call, const PbListRequest *in, PbListResponse **out)
{
	struct listing l = { .arena = rpc_call_arena(call) };
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(read_listing(rpc_call_app(call), in, &l));
	count_list(rpc_call_app(call), &l.query);
	TRY(api_domains_open(call, &l.campaign_id, NULL, &tx));
	TRY(find_rows(tx, &l));
	TRY(store_commit(&tx));
	*out = listing_pb(&l);
	return *out ? STATUS_OK_VALUE : status_out_of_memory();
}

/* --- GetDomain ------------------------------------------------------------------------------------------------- */

static struct status get_domain(struct rpc_call *call, const Domainflow__V2__GetDomainRequest *in,
				Domainflow__V2__GetDomainResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct classify_limits limits = api_classify_limits(api->settings);
	struct arena *arena = rpc_call_arena(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	Domainflow__V2__GetDomainResponse *answer;
	struct domain domain;
	struct uuid id;
	char *name;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	TRY(api_domain_name(arena, in->domain, &name));
	TRY(api_domains_open(call, &id, NULL, &tx));
	TRY(store_domain_get(tx, &id, name, arena, &domain));
	TRY(store_commit(&tx));
	answer = PB_NEW(arena, Domainflow__V2__GetDomainResponse, domainflow__v2__get_domain_response);
	if (!answer)
		return status_out_of_memory();
	answer->domain = pb_domain(arena, &id, &limits, &domain);
	if (!answer->domain)
		return status_out_of_memory();
	*out = answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_domain_handlers api_domain_handlers = {
	.list_domains = list_domains,
	.get_domain = get_domain,
	.list_domain_keywords = api_list_domain_keywords,
	.get_score_breakdown = api_get_score_breakdown,
	.export_domains = api_export_domains,
};
