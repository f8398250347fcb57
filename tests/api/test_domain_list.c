/* DomainService.ListDomains: every filter and every order against what the seeds say, whichever way pages are asked
 * for. */
#include "api_fixture.h"
#include "domain_seeds.h"

#include "domainflow/v2/domain_service.grpc-c.client.h"
#include "store/query.h"
#include "store/tx.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_COUNT 200
#define PAGE       41

typedef Domainflow__V2__ListDomainsRequest Request;
typedef Domainflow__V2__ListDomainsResponse Response;

#define DNS(name)    DOMAINFLOW__V2__DNS_STATUS__DNS_STATUS_##name
#define HTTP(name)   DOMAINFLOW__V2__HTTP_STATUS__HTTP_STATUS_##name
#define LEAD(name)   DOMAINFLOW__V2__LEAD_STATUS__LEAD_STATUS_##name
#define REASON(name) DOMAINFLOW__V2__REJECTION_REASON__REJECTION_REASON_##name
#define BUCKET(name) DOMAINFLOW__V2__DOMAIN_BUCKET__DOMAIN_BUCKET_##name
#define SORT(name)   DOMAINFLOW__V2__DOMAIN_SORT__DOMAIN_SORT_##name
#define ASC          DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_ASC
#define DESC         DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_DESC

static struct seeds seeds;
static struct arena *kept; /* of the seeds */

static char *text(const char *t)
{
	return (char *)(uintptr_t)t;
}

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

/* --- what must be shown: the specification's words, owing nothing to the server --------------------------------- */

static bool has_part(const char *whole, const char *part)
{
	for (; *whole; whole++) {
		size_t i = 0;

		while (part[i] && tolower((unsigned char)whole[i]) == tolower((unsigned char)part[i]))
			i++;
		if (!part[i])
			return true;
	}
	return false;
}

static bool is_warned(const struct seed *s)
{
	return seed_has_page(s) && (s->stuffing > 0.05 || s->repetition > 0.60 || s->anchor > 0.80);
}

static int bucket_of(const struct seed *s)
{
	if (!seed_has_page(s))
		return BUCKET(OTHER);
	if (s->richness > 0.80)
		return BUCKET(HIGH_POTENTIAL);
	if (s->richness >= 0.60)
		return BUCKET(EMERGING);
	if (s->richness >= 0.40)
		return BUCKET(AT_RISK);
	return s->richness >= 0.20 ? BUCKET(LEAD_CANDIDATE) : BUCKET(LOW_VALUE);
}

static bool has_keyword(const struct seed *s, const char *part)
{
	if (!is(s->http_status, "ok"))
		return false;
	for (unsigned k = 0; s->state && k < 3; k++)
		if (s->surfaces[k] && has_part(s->surfaces[k], part))
			return true;
	/* the made-up lists hold surface forms and the word itself only */
	return s->top_surfaces && !is(part, "surface") && has_part(s->top_surfaces, part);
}

/* --- filters: how to ask, and who passes ------------------------------------------------------------------------ */

static Domainflow__V2__RejectionReason two_reasons[] = { REASON(PARKED), REASON(LOW_SCORE) };

static void set_min_score(Request *in, double value)
{
	in->min_score_value_case = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__MIN_SCORE_VALUE_MIN_SCORE;
	in->min_score = value;
}

#define FILTERS(X) \
	X(everything, (void)in, true) \
	X(dns_ok, in->dns_status = DNS(OK), is(s->dns_status, "ok")) \
	X(dns_timeout, in->dns_status = DNS(TIMEOUT), is(s->dns_status, "timeout")) \
	X(http_error, in->http_status = HTTP(ERROR), is(s->http_status, "error")) \
	X(no_match, in->lead_status = LEAD(NO_MATCH), is(s->lead_status, "no_match")) \
	X(reasons, (in->rejection_reasons = two_reasons, in->n_rejection_reasons = 2), \
	  is(s->rejection, "parked") || is(s->rejection, "low_score")) \
	X(dns_reason, in->dns_reason = text("nxDomain"), is(s->dns_reason, "NXDOMAIN")) \
	X(dns_reason_part, in->dns_reason = text("NXDOM"), false) \
	X(http_reason, in->http_reason = text("not_found"), is(s->http_reason, "NOT_FOUND")) \
	X(min_score, set_min_score(in, 0.5), s->domain_score >= 0.5) \
	X(min_score_zero, set_min_score(in, 0), s->domain_score >= 0) \
	X(min_score_percent, set_min_score(in, 75), s->domain_score >= 0.75) \
	X(not_parked, in->not_parked = true, s->parked != 1) \
	X(has_contact, in->has_contact = true, seed_has_page(s) && is(s->contact, "true")) \
	X(keyword, in->keyword = text("TELE"), has_keyword(s, "tele")) \
	X(keyword_percent, in->keyword = text("0%"), has_keyword(s, "0%")) \
	X(keyword_underscore, in->keyword = text("e_x"), has_keyword(s, "e_x")) \
	X(keyword_rare, in->keyword = text("corn"), has_keyword(s, "corn")) \
	X(keyword_key, in->keyword = text("surface"), has_keyword(s, "surface")) \
	X(warned, in->warnings = DOMAINFLOW__V2__WARNING_FILTER__WARNING_FILTER_HAS, is_warned(s)) \
	X(unwarned, in->warnings = DOMAINFLOW__V2__WARNING_FILTER__WARNING_FILTER_NONE, !is_warned(s)) \
	X(search, in->search = text("3-0"), has_part(s->name, "3-0")) \
	X(search_upper, in->search = text("1.C"), has_part(s->name, "1.c")) \
	X(search_wildcard, in->search = text("%"), false) \
	X(high_potential, in->bucket = BUCKET(HIGH_POTENTIAL), bucket_of(s) == BUCKET(HIGH_POTENTIAL)) \
	X(emerging, in->bucket = BUCKET(EMERGING), bucket_of(s) == BUCKET(EMERGING)) \
	X(at_risk, in->bucket = BUCKET(AT_RISK), bucket_of(s) == BUCKET(AT_RISK)) \
	X(lead_candidate, in->bucket = BUCKET(LEAD_CANDIDATE), bucket_of(s) == BUCKET(LEAD_CANDIDATE)) \
	X(low_value, in->bucket = BUCKET(LOW_VALUE), bucket_of(s) == BUCKET(LOW_VALUE)) \
	X(other, in->bucket = BUCKET(OTHER), bucket_of(s) == BUCKET(OTHER)) \
	X(all_at_once, \
	  (in->dns_status = DNS(OK), in->not_parked = true, in->keyword = text("fibre"), \
	   in->warnings = DOMAINFLOW__V2__WARNING_FILTER__WARNING_FILTER_NONE, set_min_score(in, 0)), \
	  is(s->dns_status, "ok") && s->parked != 1 && has_keyword(s, "fibre") && !is_warned(s) && \
		  s->domain_score >= 0)

#define DEFINE_FILTER(name, ask, passes) \
	static void ask_##name(Request *in) \
	{ \
		ask; \
	} \
	static bool passes_##name(const struct seed *s) \
	{ \
		(void)s; \
		return passes; \
	}
FILTERS(DEFINE_FILTER)

static const struct filter {
	const char *name;
	void (*ask)(Request *in);
	bool (*passes)(const struct seed *s);
} filters[] = {
#define LIST_FILTER(name, ask, passes) { #name, ask_##name, passes_##name },
	FILTERS(LIST_FILTER)
};

/* --- orders ------------------------------------------------------------------------------------------------------ */

static Domainflow__V2__DomainSort sorted_by;
static bool is_descending;

/* The number a seed is sorted by; SEED_UNKNOWN: none. */
static double number_of(const struct seed *s)
{
	switch ((int)sorted_by) {
	case SORT(DOMAIN_SCORE):
		return s->domain_score;
	case SORT(LEAD_SCORE):
		return s->lead_score;
	case SORT(CREATED_AT):
		return (double)s->created_us;
	case SORT(RICHNESS_SCORE):
		return seed_has_page(s) ? s->richness : SEED_UNKNOWN;
	case SORT(MICROCRAWL_GAIN):
		return seed_has_page(s) ? s->gain : SEED_UNKNOWN;
	case SORT(KEYWORDS_UNIQUE):
		return seed_has_page(s) ? s->keywords : SEED_UNKNOWN;
	default:
		return (double)s->offset;
	}
}

static int by_order(const void *a, const void *b)
{
	const struct seed *x = *(const struct seed *const *)a, *y = *(const struct seed *const *)b;
	double p = number_of(x), q = number_of(y);
	int order = sorted_by == SORT(DOMAIN) ? strcmp(x->name, y->name) : (p > q) - (p < q);

	if ((p == SEED_UNKNOWN) != (q == SEED_UNKNOWN))
		return p == SEED_UNKNOWN ? 1 : -1;
	if (order != 0)
		return is_descending ? -order : order;
	return x->offset < y->offset ? -1 : 1;
}

struct expected {
	const struct seed *rows[SEED_COUNT];
	size_t count;
};

static void expect_rows(const struct filter *filter, Domainflow__V2__DomainSort sort, bool descending,
			struct expected *out)
{
	out->count = 0;
	for (size_t i = 0; i < seeds.count; i++)
		if (filter->passes(&seeds.seed[i]))
			out->rows[out->count++] = &seeds.seed[i];
	sorted_by = sort;
	is_descending = descending;
	qsort(out->rows, out->count, sizeof *out->rows, by_order);
}

/* --- asking ------------------------------------------------------------------------------------------------------ */

static Request request_of(const struct filter *filter, Domainflow__V2__DomainSort sort, bool descending)
{
	Request in = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;

	in.campaign_id = seeds.campaign;
	in.sort = sort;
	in.dir = descending ? DESC : ASC;
	filter->ask(&in);
	return in;
}

static struct status ask(const Request *in, Response **out)
{
	struct df_call call = api_call(NULL);

	return domainflow_v2_domain_list_domains(api_fixture.connection, &call, in, out);
}

static Response *list(const Request *in)
{
	Response *out = NULL;

	expect_ok(ask(in, &out));
	return out;
}

static void set_limit(Request *in, int32_t limit, int32_t offset)
{
	in->limit_value_case = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__LIMIT_VALUE_LIMIT;
	in->limit = limit;
	in->offset_value_case = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__OFFSET_VALUE_OFFSET;
	in->offset = offset;
}

/* A page holds these rows and says so. */
static void check_page(const struct filter *filter, const Request *in, const Response *page,
		       const struct expected *expected, size_t at)
{
	size_t left = at < expected->count ? expected->count - at : 0, rows = left < PAGE ? left : PAGE;

	if (page->n_domains != rows || page->total != (int32_t)expected->count)
		fail_msg("%s, sort %d, dir %d, from %zu: %zu rows of %d, expected %zu of %zu", filter->name,
			 (int)in->sort, (int)in->dir, at, page->n_domains, page->total, rows, expected->count);
	for (size_t i = 0; i < rows; i++)
		if (strcmp(page->domains[i]->domain, expected->rows[at + i]->name) != 0)
			fail_msg("%s, sort %d, dir %d, row %zu: %s, expected %s", filter->name, (int)in->sort,
				 (int)in->dir, at + i, page->domains[i]->domain, expected->rows[at + i]->name);
	assert_int_equal(page->page_info->has_next_page, left > PAGE);
	assert_int_equal(page->page_info->current, rows);
	assert_int_equal(page->page_info->first, PAGE);
	assert_int_equal(page->page_info->total, expected->count);
	assert_int_equal(page->page_info->sort_by, in->sort);
	assert_string_equal(page->page_info->sort_order, in->dir == DESC ? "DESC" : "ASC");
	if (rows > 0)
		assert_true(*page->page_info->start_cursor && *page->page_info->end_cursor);
	if (left > PAGE)
		assert_string_equal(page->next_page_token, page->page_info->end_cursor);
	else
		assert_string_equal(page->next_page_token, "");
}

static void walk_by_cursor(const struct filter *filter, Request in, const struct expected *expected)
{
	size_t at = 0;
	bool goes_on = true;

	in.page_size = PAGE;
	while (goes_on) {
		Response *page = list(&in);

		check_page(filter, &in, page, expected, at);
		at += page->n_domains;
		goes_on = page->page_info->has_next_page;
		in.page_token = page->page_info->end_cursor;
	}
	assert_int_equal(at, expected->count);
}

static void walk_by_number(const struct filter *filter, Request in, const struct expected *expected)
{
	for (size_t at = 0; at <= expected->count; at += PAGE) {
		set_limit(&in, PAGE, (int32_t)at);
		check_page(filter, &in, list(&in), expected, at);
	}
}

static void every_filter_in_every_order(void **state)
{
	struct expected expected;

	(void)state;
	for (size_t f = 0; f < ARRAY_LEN(filters); f++)
		for (int sort = SORT(OFFSET); sort <= SORT(KEYWORDS_UNIQUE); sort++)
			for (int descending = 0; descending < 2; descending++) {
				Request in = request_of(&filters[f], (Domainflow__V2__DomainSort)sort, descending != 0);

				arena_reset(api_fixture.arena);
				expect_rows(&filters[f], in.sort, descending != 0, &expected);
				walk_by_cursor(&filters[f], in, &expected);
				walk_by_number(&filters[f], in, &expected);
			}
}

static void every_filter_lets_some_pass(void **state)
{
	static const char *const nobody[] = { "dns_reason_part", "search_wildcard", "keyword_key" };

	(void)state;
	for (size_t f = 0; f < ARRAY_LEN(filters); f++) {
		bool wants_none = false;
		struct expected expected;

		for (size_t i = 0; i < ARRAY_LEN(nobody); i++)
			wants_none = wants_none || is(filters[f].name, nobody[i]);
		expect_rows(&filters[f], SORT(OFFSET), false, &expected);
		if ((expected.count == 0) != wants_none || (f > 0 && expected.count == SEED_COUNT))
			fail_msg("%s lets %zu pass", filters[f].name, expected.count);
	}
}

static void directions_have_defaults(void **state)
{
	(void)state;
	for (int sort = SORT(UNSPECIFIED); sort <= SORT(KEYWORDS_UNIQUE); sort++) {
		Request in = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
		bool goes_up = sort == SORT(UNSPECIFIED) || sort == SORT(OFFSET) || sort == SORT(DOMAIN) ||
			       sort == SORT(CREATED_AT);

		in.campaign_id = seeds.campaign;
		in.sort = (Domainflow__V2__DomainSort)sort;
		assert_string_equal(list(&in)->page_info->sort_order, goes_up ? "ASC" : "DESC");
	}
}

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

static void check_features(const struct seed *s, const Domainflow__V2__Domain *d)
{
	const Domainflow__V2__DomainFeatures *f = d->features;
	size_t tops = s->top_surfaces ? (strstr(s->top_surfaces, "Kabel")  ? 2
					 : strstr(s->top_surfaces, "Tele") ? 1
									   : 0)
				      : 0;

	assert_int_equal(f->keywords->unique_count, s->keywords);
	assert_int_equal(f->keywords->hits_total, s->keywords * 3);
	assert_true(f->keywords->weight_sum == s->keywords * 2);
	assert_int_equal(f->keywords->n_top3, tops);
	if (tops == 2)
		assert_string_equal(f->keywords->top3[0], "Kabel \"TV\"");
	assert_non_null(strstr(f->keywords->signal_distribution, "\"body\""));
	assert_true(f->richness->score == s->richness);
	assert_int_equal(f->richness->version, 2);
	assert_true(f->richness->prominence_norm == 0.5);
	assert_int_equal(f->richness->diversity_norm_value_case, 0); /* the vector has none */
	assert_int_equal(f->richness->anchor_share_value_case != 0, s->anchor != SEED_UNKNOWN);
	assert_true(f->microcrawl->gain_ratio == s->gain);
}

static void rows_say_what_is_known(void **state)
{
	Request in = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
	Response *out;

	(void)state;
	in.campaign_id = seeds.campaign;
	in.page_size = 1000;
	out = list(&in);
	assert_string_equal(out->campaign_id, seeds.campaign);
	assert_int_equal(out->n_domains, SEED_COUNT);
	for (size_t i = 0; i < out->n_domains; i++) {
		const Domainflow__V2__Domain *d = out->domains[i];
		const struct seed *s = &seeds.seed[i];
		unsigned warnings = 0;

		for (size_t w = 0; w < d->n_warnings; w++)
			warnings |= 1u << d->warnings[w];
		assert_int_equal(d->bucket, bucket_of(s));
		assert_int_equal(d->n_warnings > 0, is_warned(s));
		assert_int_equal(warnings, !seed_has_page(s)
						   ? 0
						   : (s->stuffing > 0.05 ? 2u : 0) | (s->repetition > 0.60 ? 4u : 0) |
							     (s->anchor > 0.80 ? 8u : 0));
		assert_int_equal(d->features != NULL, seed_has_page(s));
		assert_int_equal(d->richness_value_case != 0, seed_has_page(s));
		assert_int_equal(d->is_stale_score, seed_has_page(s) && s->offset % 2 == 1);
		assert_int_equal(d->domain_score_value_case != 0, s->domain_score != SEED_UNKNOWN);
		if (d->features)
			check_features(s, d);
	}
}

static int32_t count_status(const char *status, size_t member)
{
	int32_t count = 0;

	for (size_t i = 0; i < seeds.count; i++) {
		const char *value;

		memcpy(&value, (const char *)&seeds.seed[i] + member, sizeof value);
		count += is(value, status);
	}
	return count;
}

static void aggregates_are_of_the_whole_campaign(void **state)
{
	Request in = request_of(&filters[1], SORT(OFFSET), false);
	Domainflow__V2__DomainAggregates *a = list(&in)->aggregates;

	(void)state;
	assert_int_equal(a->dns->pending, count_status("pending", offsetof(struct seed, dns_status)));
	assert_int_equal(a->dns->ok, count_status("ok", offsetof(struct seed, dns_status)));
	assert_int_equal(a->dns->error, count_status("error", offsetof(struct seed, dns_status)));
	assert_int_equal(a->dns->timeout, count_status("timeout", offsetof(struct seed, dns_status)));
	assert_int_equal(a->http->pending, count_status("pending", offsetof(struct seed, http_status)));
	assert_int_equal(a->http->ok, count_status("ok", offsetof(struct seed, http_status)));
	assert_int_equal(a->http->error, count_status("error", offsetof(struct seed, http_status)));
	assert_int_equal(a->http->timeout, count_status("timeout", offsetof(struct seed, http_status)));
	assert_int_equal(a->lead->pending, count_status("pending", offsetof(struct seed, lead_status)));
	assert_int_equal(a->lead->match, count_status("match", offsetof(struct seed, lead_status)));
	assert_int_equal(a->lead->no_match, count_status("no_match", offsetof(struct seed, lead_status)));
	assert_int_equal(a->lead->error, count_status("error", offsetof(struct seed, lead_status)));
	assert_int_equal(a->lead->timeout, count_status("timeout", offsetof(struct seed, lead_status)));
}

/* --- refusals ------------------------------------------------------------------------------------------------------
 */

static void expect_bad(const Request *in, const char *reason, const char *field)
{
	Response *out = NULL;
	struct status st = ask(in, &out);

	/* what no enum has is refused before the handler, with the same meaning */
	if (!is(reason, "BAD_REQUEST") || !is(st.reason, "VALIDATION_ERROR"))
		expect_failure(st, STATUS_INVALID_ARGUMENT, reason);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_int_equal(strncmp(api_field(st, 0), field, strlen(field)), 0);
}

#define REFUSALS(X) \
	X("dnsStatus", in.dns_status = (Domainflow__V2__DnsStatus)9) \
	X("httpStatus", in.http_status = (Domainflow__V2__HttpStatus)-1) \
	X("leadStatus", in.lead_status = (Domainflow__V2__LeadStatus)6) \
	X("rejectionReasons", (bad_reason = REASON(UNSPECIFIED), in.n_rejection_reasons = 1)) \
	X("rejectionReasons", (bad_reason = (Domainflow__V2__RejectionReason)10, in.n_rejection_reasons = 1)) \
	X("sort", in.sort = (Domainflow__V2__DomainSort)9) \
	X("dir", in.dir = (Domainflow__V2__SortDirection)3) \
	X("warnings", in.warnings = (Domainflow__V2__WarningFilter)3) \
	X("bucket", in.bucket = (Domainflow__V2__DomainBucket)7) \
	X("minScore", set_min_score(&in, -0.01)) \
	X("minScore", set_min_score(&in, 100.5)) \
	X("pageSize", in.page_size = -1) \
	X("limit", set_limit(&in, 0, 0)) \
	X("limit", set_limit(&in, 1001, 0)) \
	X("offset", set_limit(&in, 10, -1)) \
	X("limit", (set_limit(&in, 10, 0), in.offset_value_case = 0, in.page_size = 10)) \
	X("offset", (set_limit(&in, 10, 0), in.limit_value_case = 0, in.page_token = text("x")))

static void every_bad_value_is_named(void **state)
{
	Domainflow__V2__RejectionReason bad_reason;

	(void)state;
#define TRY_REFUSAL(field, ask) \
	{ \
		Request in = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT; \
		in.campaign_id = seeds.campaign; \
		in.rejection_reasons = &bad_reason; \
		ask; \
		expect_bad(&in, "BAD_REQUEST", field); \
	}
	REFUSALS(TRY_REFUSAL)
}

static void a_cursor_is_good_for_its_list_only(void **state)
{
	Request in = request_of(&filters[1], SORT(DOMAIN_SCORE), true), other;
	char *cursor;

	(void)state;
	in.page_size = 10;
	cursor = list(&in)->page_info->end_cursor;
	in.page_token = cursor;
	list(&in);
	in.page_size = 20; /* the size of a page may change */
	list(&in);
	for (size_t f = 0; f < ARRAY_LEN(filters); f++) {
		other = request_of(&filters[f], SORT(DOMAIN_SCORE), true);
		other.page_size = 10;
		other.page_token = cursor;
		if (f != 1)
			expect_bad(&other, "PAGE_TOKEN_INVALID", "pageToken");
	}
	in.dir = ASC;
	expect_bad(&in, "PAGE_TOKEN_INVALID", "pageToken");
	in.dir = DESC;
	in.sort = SORT(LEAD_SCORE);
	expect_bad(&in, "PAGE_TOKEN_INVALID", "pageToken");
	other = request_of(&filters[1], SORT(DOMAIN_SCORE), true);
	other.page_token = text("nonsense");
	expect_bad(&other, "PAGE_TOKEN_INVALID", "pageToken");
}

/* --- a campaign that grows ------------------------------------------------------------------------------------------
 */

static void insert_domain(const struct seeds *of, int64_t offset, const char *name)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	char sql[500];

	snprintf(
		sql, sizeof sql,
		"INSERT INTO domains (campaign_id, offset_index, domain_name) VALUES ('%s', %" PRId64 ", '%s');"
		"UPDATE campaign_counters SET total_domains = total_domains + 1, dns_pending = dns_pending + 1,"
		" http_pending = http_pending + 1, lead_pending = lead_pending + 1, reject_pending = reject_pending + 1"
		" WHERE campaign_id = '%s'",
		of->campaign, offset, name, of->campaign);
	expect_ok(store_begin(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
	expect_ok(store_commit(&tx));
}

static void cursors_are_stable_while_rows_are_added(void **state)
{
	static const Domainflow__V2__DomainSort sorts[] = { SORT(OFFSET), SORT(DOMAIN), SORT(DOMAIN_SCORE) };
	struct seeds growing;

	(void)state;
	seeds_make(&growing, api_fixture.arena, 60, true);
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
		bool seen[60] = { false };
		size_t found = 0, added = 0;
		Request in = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
		Response *page;

		in.campaign_id = growing.campaign;
		in.sort = sorts[i];
		in.page_size = 7;
		do { /* in front of everything seen, between and behind */
			char name[40];

			page = list(&in);
			for (size_t d = 0; d < page->n_domains; d++)
				for (size_t s = 0; s < growing.count; s++)
					if (strcmp(growing.seed[s].name, page->domains[d]->domain) == 0) {
						assert_false(seen[s]);
						seen[s] = true;
						found++;
					}
			snprintf(name, sizeof name, "%c-new-%zu-%zu.com", (char)('a' + added * 5 % 26), i, added);
			insert_domain(&growing, (int64_t)(added * 15 + 2 + (i == 1 ? 3 : i == 2 ? 6 : 0)), name);
			added++;
			in.page_token = page->page_info->end_cursor;
		} while (page->page_info->has_next_page);
		assert_int_equal(found, growing.count);
	}
}

static void offsets_without_gaps_are_found_at_once(void **state)
{
	struct seeds dense;

	(void)state;
	seeds_make(&dense, api_fixture.arena, 50, false);
	for (int descending = 0; descending < 2; descending++)
		for (int skip = 0; skip < 55; skip += 6) {
			Request in = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
			Response *page;
			size_t rows = skip > 50 ? 0 : skip + 10 > 50 ? (size_t)(50 - skip) : 10;

			in.campaign_id = dense.campaign;
			in.dir = descending ? DESC : ASC;
			set_limit(&in, 10, skip);
			page = list(&in);
			assert_int_equal(page->n_domains, rows);
			for (size_t i = 0; i < rows; i++)
				assert_int_equal(page->domains[i]->offset,
						 descending ? 149 - skip - (int)i : 100 + skip + (int)i);
		}
}

static void another_workspace_or_campaign_has_no_domains(void **state)
{
	Request in = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
	Response *out = NULL;

	(void)state;
	in.campaign_id = text("0190f3a0-0000-7000-8000-000000000001");
	expect_failure(ask(&in, &out), STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
}

static int open_with_seeds(void **state)
{
	int how = api_fixture_open(state);

	if (how != 0)
		return how;
	kept = arena_create(0);
	seeds_make(&seeds, kept, SEED_COUNT, true);
	return 0;
}

static int close_with_seeds(void **state)
{
	arena_destroy(kept);
	return api_fixture_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(every_filter_lets_some_pass),
		API_TEST(every_filter_in_every_order),
		API_TEST(directions_have_defaults),
		API_TEST(rows_say_what_is_known),
		API_TEST(aggregates_are_of_the_whole_campaign),
		API_TEST(every_bad_value_is_named),
		API_TEST(a_cursor_is_good_for_its_list_only),
		API_TEST(cursors_are_stable_while_rows_are_added),
		API_TEST(offsets_without_gaps_are_found_at_once),
		API_TEST(another_workspace_or_campaign_has_no_domains),
	};

	return cmocka_run_group_tests(tests, open_with_seeds, close_with_seeds);
}
