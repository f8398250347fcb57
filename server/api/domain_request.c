#include "api/domain_request.h"

#include "api/convert.h"
#include "api/paging.h"
#include "base/arena.h"
#include "base/page_token.h"
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define SAME_BUCKET(name, text) \
	static_assert((int)DOMAINFLOW__V2__DOMAIN_BUCKET__DOMAIN_BUCKET_##name == (int)BUCKET_##name + 1, "order");
#define SAME_WARNING(name, text) \
	static_assert((int)DOMAINFLOW__V2__DOMAIN_WARNING__DOMAIN_WARNING_##name == (int)WARNING_##name + 1, "order");
BUCKETS(SAME_BUCKET)
WARNINGS(SAME_WARNING)

/* --- filters --------------------------------------------------------------------------------------------------- */

static struct status read_states(struct arena *arena, const Domainflow__V2__ListDomainsRequest *in,
				 struct domain_filter *f)
{
	const char **reasons = arena_array(arena, in->n_rejection_reasons + 1, sizeof *reasons);
	bool given;
	int state;

	if (!reasons)
		return status_out_of_memory();
	TRY(api_optional_state(arena, "dnsStatus", (int)in->dns_status, DNS_STATUS_COUNT, &given, &state));
	f->dns_status = given ? dns_status_to_text((enum dns_status)state) : NULL;
	TRY(api_optional_state(arena, "httpStatus", (int)in->http_status, HTTP_STATUS_COUNT, &given, &state));
	f->http_status = given ? http_status_to_text((enum http_status)state) : NULL;
	TRY(api_optional_state(arena, "leadStatus", (int)in->lead_status, LEAD_STATUS_COUNT, &given, &state));
	f->lead_status = given ? lead_status_to_text((enum lead_status)state) : NULL;
	for (size_t i = 0; i < in->n_rejection_reasons; i++) {
		TRY(api_optional_state(arena, "rejectionReasons", (int)in->rejection_reasons[i], REJECTION_COUNT,
				       &given, &state));
		if (!given)
			return api_bad_field(arena, "rejectionReasons", "must not be unspecified");
		reasons[i] = rejection_to_text((enum rejection)state);
	}
	f->rejections = reasons;
	f->rejection_count = in->n_rejection_reasons;
	TRY(api_optional_state(arena, "warnings", (int)in->warnings, WARNING_FILTER_NONE, &given, &state));
	f->warnings = given ? (enum warning_filter)(state + 1) : WARNING_FILTER_ANY;
	TRY(api_optional_state(arena, "bucket", (int)in->bucket, BUCKET_COUNT, &given, &state));
	f->has_bucket = given;
	f->bucket = given ? (enum bucket)state : BUCKET_OTHER;
	return STATUS_OK_VALUE;
}

static const char *given_text(const char *text)
{
	return *text ? text : NULL;
}

static struct status read_filter(struct arena *arena, const Domainflow__V2__ListDomainsRequest *in,
				 struct domain_filter *f)
{
	char *name = arena_strdup(arena, in->search);

	TRY(read_states(arena, in, f));
	if (!name)
		return status_out_of_memory();
	text_lower(name);
	f->name = given_text(name);
	f->dns_reason = given_text(in->dns_reason);
	f->http_reason = given_text(in->http_reason);
	f->keyword = given_text(in->keyword);
	f->not_parked = in->not_parked;
	f->has_contact = in->has_contact;
	f->has_min_score = in->min_score_value_case != 0;
	if (!f->has_min_score)
		return STATUS_OK_VALUE;
	if (!(in->min_score >= 0 && in->min_score <= 100)) /* NaN is neither */
		return api_bad_field(arena, "minScore", "must be from 0 to 1, or above 1 and up to 100 for per cent");
	f->min_score = in->min_score > 1 ? in->min_score / 100 : in->min_score;
	return STATUS_OK_VALUE;
}

static bool is_descending_by_itself(enum domain_order order)
{
	return order != DOMAIN_ORDER_OFFSET && order != DOMAIN_ORDER_NAME && order != DOMAIN_ORDER_CREATED_AT;
}

struct status domain_request_query(struct arena *arena, const Domainflow__V2__ListDomainsRequest *in,
				   struct domain_query *out)
{
	bool given;
	int state;

	TRY(read_filter(arena, in, &out->filter));
	TRY(api_optional_state(arena, "sort", (int)in->sort, DOMAIN_ORDER_COUNT, &given, &state));
	out->order = given ? (enum domain_order)state : DOMAIN_ORDER_OFFSET;
	return api_direction(arena, "dir", in->dir, is_descending_by_itself(out->order), &out->is_descending);
}

const char *domain_request_filter_text(struct arena *arena, const char *campaign_id, const struct domain_query *q)
{
	const struct domain_filter *f = &q->filter;
	/* free texts last and with their lengths, so that no two filters read the same */
	const char *text = arena_printf(
		arena, "domains %s %d %d %s %s %s %d %.17g %d %d %d %d %zu:%s %zu:%s %zu:%s %zu:%s", campaign_id,
		(int)q->order, (int)q->is_descending, f->dns_status ? f->dns_status : "-",
		f->http_status ? f->http_status : "-", f->lead_status ? f->lead_status : "-", (int)f->has_min_score,
		f->min_score, (int)f->not_parked, (int)f->has_contact, (int)f->warnings,
		f->has_bucket ? (int)f->bucket : -1, strlen(f->dns_reason ? f->dns_reason : ""),
		f->dns_reason ? f->dns_reason : "", strlen(f->http_reason ? f->http_reason : ""),
		f->http_reason ? f->http_reason : "", strlen(f->keyword ? f->keyword : ""),
		f->keyword ? f->keyword : "", strlen(f->name ? f->name : ""), f->name ? f->name : "");

	for (size_t i = 0; text && i < f->rejection_count; i++)
		text = arena_printf(arena, "%s %s", text, f->rejections[i]);
	return text;
}

/* --- place ----------------------------------------------------------------------------------------------------- */

/* What a cursor says besides key and offset: in the id's bytes. */
enum { FLAG_NULL = 1, FLAG_TOTAL = 2, TOTAL_AT = 4 };

char *domain_cursor(struct arena *arena, const char *filter, const struct domain_position *row, bool has_total,
		    int32_t total)
{
	struct page_position at = { .number = row->offset, .text = row->key };

	at.id.bytes[0] = (uint8_t)((row->is_null ? FLAG_NULL : 0) | (has_total ? FLAG_TOTAL : 0));
	for (int i = 0; i < 4 && has_total; i++)
		at.id.bytes[TOTAL_AT + i] = (uint8_t)((uint32_t)total >> (24 - 8 * i));
	return page_token_make(arena, filter, &at);
}

static struct status read_cursor(struct arena *arena, const char *filter, const char *token, struct domain_place *out)
{
	struct page_position at;
	uint32_t total = 0;

	TRY(page_token_read(arena, filter, token, &at));
	for (int i = 0; i < 4; i++)
		total = total << 8 | at.id.bytes[TOTAL_AT + i];
	out->after = (struct domain_position){ .offset = at.number,
					       .is_null = (at.id.bytes[0] & FLAG_NULL) != 0,
					       .key = at.text };
	out->start.after = &out->after;
	out->has_total = (at.id.bytes[0] & FLAG_TOTAL) != 0;
	out->total = (int32_t)total;
	return STATUS_OK_VALUE;
}

struct status domain_request_unpaged(struct arena *arena, const Domainflow__V2__ListDomainsRequest *in)
{
	const char *field = in->page_size != 0      ? "pageSize"
			    : *in->page_token       ? "pageToken"
			    : in->limit_value_case  ? "limit"
			    : in->offset_value_case ? "offset"
						    : NULL;

	return field ? api_bad_field(arena, field, "must be absent here: every row is sent") : STATUS_OK_VALUE;
}

struct status domain_request_place(struct arena *arena, const Domainflow__V2__ListDomainsRequest *in,
				   const char *filter, struct domain_place *out)
{
	struct api_paging paging = API_PAGING(in);
	struct page_request page;

	*out = (struct domain_place){ .has_total = false };
	TRY(api_page_request(arena, &paging, &page));
	out->limit = page.size;
	out->start.skip = page.skip;
	return *page.token ? read_cursor(arena, filter, page.token, out) : STATUS_OK_VALUE;
}

/* --- totals ---------------------------------------------------------------------------------------------------- */

static int32_t of_dns(const struct counters *c, enum dns_status status)
{
	const int32_t of[DNS_STATUS_COUNT] = { c->dns_pending, c->dns_ok, c->dns_error, c->dns_timeout };

	return of[status];
}

static int32_t of_http(const struct counters *c, enum http_status status)
{
	const int32_t of[HTTP_STATUS_COUNT] = { c->http_pending, c->http_ok, c->http_error, c->http_timeout };

	return of[status];
}

static int32_t of_lead(const struct counters *c, enum lead_status status)
{
	const int32_t of[LEAD_STATUS_COUNT] = { c->lead_pending, c->lead_match, c->lead_no_match, c->lead_error,
						c->lead_timeout };

	return of[status];
}

static int32_t of_rejections(const struct counters *c, const struct domain_filter *f)
{
	const int32_t of[REJECTION_COUNT] = { c->reject_qualified,  c->reject_low_score,    c->reject_no_keywords,
					      c->reject_parked,     c->reject_dns_error,    c->reject_dns_timeout,
					      c->reject_http_error, c->reject_http_timeout, c->reject_pending };
	bool is_counted[REJECTION_COUNT] = { false };
	int32_t sum = 0;

	for (size_t i = 0; i < f->rejection_count; i++) {
		enum rejection reason;

		if (!rejection_from_text(f->rejections[i], &reason) || is_counted[reason])
			continue;
		is_counted[reason] = true;
		sum += of[reason];
	}
	return sum;
}

bool domain_total_counted(const struct domain_filter *f, const struct counters *c, int32_t *out)
{
	enum dns_status dns;
	enum http_status http;
	enum lead_status lead;
	unsigned filters = domain_filter_count(f);

	if (filters == 0)
		*out = c->total_domains;
	else if (filters > 1)
		return false;
	else if (f->dns_status && dns_status_from_text(f->dns_status, &dns))
		*out = of_dns(c, dns);
	else if (f->http_status && http_status_from_text(f->http_status, &http))
		*out = of_http(c, http);
	else if (f->lead_status && lead_status_from_text(f->lead_status, &lead))
		*out = of_lead(c, lead);
	else if (f->rejection_count > 0)
		*out = of_rejections(c, f);
	else
		return false;
	return true;
}
