/* DomainService: pages of domains, and one by name. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "base/clock.h"
#include "base/page_token.h"
#include "base/text.h"
#include "model/domain.h"
#include "rpc/call.h"
#include "store/domain_list_store.h"
#include "store/state_store.h"
#include "store/tx.h"

#include "domainflow/v2/domain_service.grpc-c.server.h"

#include <string.h>

#define NAME_BYTES_MAX 253

static PbDomain *domain_pb(struct arena *arena, const struct uuid *campaign_id, const struct domain *d)
{
	PbDomain *pb = PB_NEW(arena, PbDomain, domainflow__v2__domain);
	struct uuid id = domain_id(campaign_id, d->offset);

	if (!pb)
		return NULL;
	pb->id = pb_uuid(arena, &id);
	pb->domain = pb_text(d->name);
	pb->offset = d->offset;
	pb->created_at = pb_time(arena, d->created_at_ms);
	pb->dns_status = (Domainflow__V2__DnsStatus)((int)d->dns_status + 1);
	pb->dns_reason = pb_text(d->dns_reason);
	pb->dns_ip = pb_text(d->dns_ip);
	pb->http_status = (Domainflow__V2__HttpStatus)((int)d->http_status + 1);
	pb->http_reason = pb_text(d->http_reason);
	pb->http_status_code = d->http_status_code;
	pb->http_title = pb_text(d->http_title);
	pb->http_keywords = pb_text(d->http_keywords);
	pb->is_parked = d->is_parked;
	pb->parked_confidence = d->parked_confidence;
	pb->lead_status = (Domainflow__V2__LeadStatus)((int)d->lead_status + 1);
	pb->rejection_reason = (Domainflow__V2__RejectionReason)((int)d->rejection + 1);
	if (d->has_domain_score) {
		pb->domain_score_value_case = DOMAINFLOW__V2__DOMAIN__DOMAIN_SCORE_VALUE_DOMAIN_SCORE;
		pb->domain_score = d->domain_score;
	}
	if (d->has_lead_score) {
		pb->lead_score_value_case = DOMAINFLOW__V2__DOMAIN__LEAD_SCORE_VALUE_LEAD_SCORE;
		pb->lead_score = d->lead_score;
	}
	if (d->has_features) {
		pb->richness_value_case = DOMAINFLOW__V2__DOMAIN__RICHNESS_VALUE_RICHNESS;
		pb->richness = d->richness;
	}
	pb->keywords_unique = d->keywords_unique;
	pb->keyword_hits = d->keyword_hits;
	return pb;
}

static struct status read_filters(struct arena *arena, const Domainflow__V2__ListDomainsRequest *in,
				  struct domain_query *q)
{
	const char **reasons = arena_array(arena, in->n_rejection_reasons, sizeof *reasons);
	bool given;
	int state;

	if (!reasons)
		return status_out_of_memory();
	TRY(api_optional_state(arena, "dnsStatus", (int)in->dns_status, DNS_STATUS_COUNT, &given, &state));
	q->dns_status = given ? dns_status_to_text((enum dns_status)state) : NULL;
	TRY(api_optional_state(arena, "httpStatus", (int)in->http_status, HTTP_STATUS_COUNT, &given, &state));
	q->http_status = given ? http_status_to_text((enum http_status)state) : NULL;
	TRY(api_optional_state(arena, "leadStatus", (int)in->lead_status, LEAD_STATUS_COUNT, &given, &state));
	q->lead_status = given ? lead_status_to_text((enum lead_status)state) : NULL;
	TRY(api_optional_state(arena, "sort", (int)in->sort, DOMAIN_ORDER_LEAD_SCORE + 1, &given, &state));
	q->order = given ? (enum domain_order)state : DOMAIN_ORDER_OFFSET;
	for (size_t i = 0; i < in->n_rejection_reasons; i++) {
		TRY(api_optional_state(arena, "rejectionReasons", (int)in->rejection_reasons[i], REJECTION_COUNT,
				       &given, &state));
		if (!given)
			return api_bad_field(arena, "rejectionReasons", "must not be unspecified");
		reasons[i] = rejection_to_text((enum rejection)state);
	}
	q->rejections = reasons;
	q->rejection_count = in->n_rejection_reasons;
	return STATUS_OK_VALUE;
}

/* Everything that selects or orders the rows: a token is only good for the same. */
static const char *filter_text(struct arena *arena, const char *campaign_id, const struct domain_query *q)
{
	const char *text = arena_printf(arena, "domains %s %d %s %s %s", campaign_id, (int)q->order,
					q->dns_status ? q->dns_status : "-", q->http_status ? q->http_status : "-",
					q->lead_status ? q->lead_status : "-");

	for (size_t i = 0; text && i < q->rejection_count; i++)
		text = arena_printf(arena, "%s %s", text, q->rejections[i]);
	return text;
}

/* The score of a position travels as its bits; the id's first byte says whether there is one. */
static struct status read_token(struct arena *arena, const char *filter, const char *token, struct domain_query *q)
{
	struct page_position at;
	uint64_t bits = 0;

	if (!*token)
		return STATUS_OK_VALUE;
	TRY(page_token_read(arena, filter, token, &at));
	for (int i = 0; i < 8; i++)
		bits = bits << 8 | at.id.bytes[8 + i];
	q->has_after = true;
	q->after_offset = at.number;
	q->after_is_scored = at.id.bytes[0] != 0;
	memcpy(&q->after_score, &bits, sizeof bits);
	return STATUS_OK_VALUE;
}

static char *make_token(struct arena *arena, const char *filter, const struct domain_query *q,
			const struct domain *last)
{
	struct page_position at = { .number = last->offset, .text = "" };
	bool is_scored = q->order == DOMAIN_ORDER_LEAD_SCORE     ? last->has_lead_score
			 : q->order == DOMAIN_ORDER_DOMAIN_SCORE ? last->has_domain_score
								 : false;
	double score = q->order == DOMAIN_ORDER_LEAD_SCORE ? last->lead_score : last->domain_score;
	uint64_t bits;

	memcpy(&bits, &score, sizeof bits);
	at.id.bytes[0] = is_scored;
	for (int i = 0; i < 8 && is_scored; i++)
		at.id.bytes[8 + i] = (uint8_t)(bits >> (56 - 8 * i));
	return page_token_make(arena, filter, &at);
}

static struct status open_campaign(struct rpc_call *call, const struct uuid *id, struct store_tx **tx)
{
	const struct api *api = rpc_call_app(call);
	struct campaign_snapshot snapshot;

	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), tx));
	return store_snapshot_get(*tx, id, rpc_call_principal(call)->workspace, false, rpc_call_arena(call), &snapshot);
}

static struct status list_domains(struct rpc_call *call, const Domainflow__V2__ListDomainsRequest *in,
				  Domainflow__V2__ListDomainsResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	Domainflow__V2__ListDomainsResponse *answer;
	struct domain_query q = { 0 };
	struct domain *domains;
	const char *filter;
	size_t count;
	int32_t size;
	struct uuid id;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	TRY(api_page_size(arena, in->page_size, &size));
	TRY(read_filters(arena, in, &q));
	filter = filter_text(arena, in->campaign_id, &q);
	if (!filter)
		return status_out_of_memory();
	TRY(read_token(arena, filter, in->page_token, &q));
	q.limit = size + 1; /* one more tells whether there is a next page */
	TRY(open_campaign(call, &id, &tx));
	TRY(store_domains_list(tx, &id, &q, arena, &domains, &count));
	TRY(store_commit(&tx));
	answer = PB_NEW(arena, Domainflow__V2__ListDomainsResponse, domainflow__v2__list_domains_response);
	if (!answer)
		return status_out_of_memory();
	if (count > (size_t)size) {
		count = (size_t)size;
		answer->next_page_token = make_token(arena, filter, &q, &domains[count - 1]);
		if (!answer->next_page_token)
			return status_out_of_memory();
	}
	answer->domains = arena_array(arena, count, sizeof *answer->domains);
	if (!answer->domains)
		return status_out_of_memory();
	for (; answer->n_domains < count; answer->n_domains++) {
		PbDomain *pb = domain_pb(arena, &id, &domains[answer->n_domains]);
		if (!pb)
			return status_out_of_memory();
		answer->domains[answer->n_domains] = pb;
	}
	*out = answer;
	return STATUS_OK_VALUE;
}

static struct status get_domain(struct rpc_call *call, const Domainflow__V2__GetDomainRequest *in,
				Domainflow__V2__GetDomainResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	Domainflow__V2__GetDomainResponse *answer;
	char *name = arena_strdup(arena, in->domain);
	struct domain domain;
	struct uuid id;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	if (!name)
		return status_out_of_memory();
	if (!*name || strlen(name) > NAME_BYTES_MAX)
		return api_bad_field(arena, "domain", "must have 1 to 253 bytes");
	text_lower(name);
	TRY(open_campaign(call, &id, &tx));
	TRY(store_domain_get(tx, &id, name, arena, &domain));
	TRY(store_commit(&tx));
	answer = PB_NEW(arena, Domainflow__V2__GetDomainResponse, domainflow__v2__get_domain_response);
	if (!answer)
		return status_out_of_memory();
	answer->domain = domain_pb(arena, &id, &domain);
	if (!answer->domain)
		return status_out_of_memory();
	*out = answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_domain_handlers api_domain_handlers = {
	.list_domains = list_domains,
	.get_domain = get_domain,
};
