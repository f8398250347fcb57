#include "api/probe_api.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/resource.h"
#include "base/clock.h"
#include "base/json.h"
#include "catalog/persona.h"
#include "config/settings.h"
#include "net/http_reason.h"
#include "phase/keyword_probe.h"
#include "phase/probe.h"
#include "rpc/call.h"
#include "store/persona_store.h"
#include "store/tx.h"

#include <stdio.h>
#include <string.h>

typedef Domainflow__V2__TestPersonaRequest PbTestRequest;
typedef Domainflow__V2__TestPersonaResponse PbTestResponse;
typedef Domainflow__V2__ExtractKeywordsRequest PbExtractRequest;
typedef Domainflow__V2__ExtractKeywordsResponse PbExtractResponse;
typedef Domainflow__V2__ExtractKeywordsResult PbExtractResult;

static const char TARGET_DEFAULT[] = "example.com";

enum { ANSWER_MS = 500 }; /* kept of the call's time for what comes after the network */

/* A probe ends before its call, so that what is there by then is still told. */
static struct probe_limits limits_of(struct rpc_call *call)
{
	const struct api *api = rpc_call_app(call);
	int64_t left_ms = rpc_call_ms_left(call);

	left_ms = left_ms > 2 * ANSWER_MS ? left_ms - ANSWER_MS : left_ms / 2;
	if (left_ms > api->settings->api_probe_ms)
		left_ms = api->settings->api_probe_ms;
	return (struct probe_limits){ .until_ms = clock_monotonic_ms() + left_ms, .cancel = rpc_call_cancel(call) };
}

static struct status enter(struct rpc_call *call)
{
	const struct api *api = rpc_call_app(call);
	struct status st = probes_enter(api->probes);

	if (!status_ok(st))
		status_extra_of(&st, rpc_call_arena(call))->retry_after_ms = 1000;
	return st;
}

static struct status bad_target(struct arena *arena, const char *why)
{
	struct violations violations;

	violations_init(&violations, arena);
	violations_add(&violations, "target", "VALIDATION_ERROR", "%s", why);
	return violations_status(&violations);
}

/* The caller left, or this instance stops: what was not waited for says nothing about sites. */
static struct status leave(struct rpc_call *call, struct status st)
{
	const struct api *api = rpc_call_app(call);

	probes_leave(api->probes);
	if (status_ok(st) && rpc_call_is_cancelled(call))
		return status_make(STATUS_CANCELLED, "CANCELLED", "the call was cancelled");
	return st;
}

/* --- TestPersona -------------------------------------------------------------------------------------------------- */

/* What came of a test. */
struct test {
	const char *target;
	struct persona persona;
	const struct persona *dns; /* who looks up the host of an http test; NULL: the system */
	struct http_url url;       /* of an http test with a URL */
	bool has_url, success, passed;
	const char *message, *results;
};

static const char *addresses_json(json_t *list, const struct dns_result *result)
{
	char text[NET_ADDRESS_TEXT_SIZE];

	for (unsigned i = 0; i < result->address_count; i++) {
		net_address_ip_text(&result->addresses[i], text);
		json_array_append_new(list, json_string(text));
	}
	return dns_reason_text[result->reason];
}

static struct status test_dns(struct rpc_call *call, const struct api *api, struct test *test)
{
	static const char *const outcomes[] = {
		[DNS_OK] = "ok", [DNS_FAILED] = "error", [DNS_TIMED_OUT] = "timeout", [DNS_CANCELED] = "canceled"
	};
	struct arena *arena = rpc_call_arena(call);
	const struct probe_limits limits = limits_of(call);
	AUTO(json) json_t *object = NULL;
	struct probe_lookup lookup = { .is_over_time = false };
	const char *reason;
	struct status st;
	json_t *list;

	st = probe_lookup(api->probes, &test->persona, test->target, &limits, &lookup);
	if (st.code == STATUS_INVALID_ARGUMENT) { /* the persona names resolvers that may not be asked */
		object = json_pack("{s:s, s:s, s:s, s:s}", "target", test->target, "status", "error", "reason",
				   st.reason, "detail", st.detail);
		test->message = arena_strdup(arena, st.detail);
		test->results = json_to_arena(arena, object);
		return test->message && test->results ? STATUS_OK_VALUE : status_out_of_memory();
	}
	TRY(st);
	list = json_array();
	reason = addresses_json(list, &lookup.result);
	object = json_pack("{s:s, s:s, s:s, s:o, s:i, s:I}", "target", test->target, "status",
			   outcomes[lookup.result.status], "reason", reason, "addresses", list, "attempts",
			   (int)lookup.result.attempts, "tookMs", (json_int_t)lookup.result.took_ms);
	test->success = !lookup.is_over_time;
	test->passed = lookup.result.status == DNS_OK;
	if (test->passed)
		test->message = arena_printf(arena, "%s resolves", test->target);
	else if (test->success)
		test->message = arena_printf(arena, "%s does not resolve: %s", test->target, reason);
	else
		test->message = "there was no answer in the time allowed";
	test->results = object ? json_to_arena(arena, object) : NULL;
	return test->message && test->results ? STATUS_OK_VALUE : status_out_of_memory();
}

/* The page's text is not looked at. */
static struct status page_done(void *ctx, struct probe_page *page)
{
	(void)ctx;
	(void)page;
	return STATUS_OK_VALUE;
}

static struct status test_http(struct rpc_call *call, const struct api *api, struct test *test)
{
	static const char *const outcomes[] = {
		[HTTP_OK] = "ok", [HTTP_FAILED] = "error", [HTTP_TIMED_OUT] = "timeout", [HTTP_CANCELED] = "canceled"
	};
	struct arena *arena = rpc_call_arena(call);
	const struct probe_limits limits = limits_of(call);
	struct probe_page *page = arena_alloc(arena, sizeof *page);
	AUTO(json) json_t *object = NULL;
	char address[NET_ADDRESS_TEXT_SIZE] = "";

	if (!page)
		return status_out_of_memory();
	page->url = test->has_url ? test->target : NULL;
	page->host = test->has_url ? test->url.host : test->target;
	page->http = &test->persona;
	page->dns = test->dns;
	TRY(probe_fetch(api->probes, page, 1, &limits, page_done, NULL));
	if (page->failure.code == STATUS_INVALID_ARGUMENT && strcmp(page->failure.reason, "BAD_URL") == 0)
		return bad_target(arena, page->failure.detail);
	if (!status_ok(page->failure)) {
		object = json_pack("{s:s, s:s, s:s, s:s}", "target", test->target, "status", "error", "reason",
				   page->failure.reason, "detail", page->failure.detail);
		test->message = page->failure.detail;
	} else {
		if (page->address.family)
			net_address_ip_text(&page->address, address);
		object =
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:i, s:I, s:b, s:I}", "target", test->target,
				  "status", outcomes[page->outcome], "reason", http_reason_text[page->reason], "detail",
				  page->detail, "statusCode", (int)page->code, "finalUrl", page->final_url, "address",
				  address, "redirects", (int)page->redirects, "bytes", (json_int_t)page->body_bytes,
				  "isTruncated", (int)page->is_truncated, "tookMs", (json_int_t)page->took_ms);
		test->success = true;
		test->passed = page->outcome == HTTP_OK;
		test->message = test->passed
					? arena_printf(arena, "%s answered with %u", page->final_url, page->code)
					: arena_printf(arena, "%s: %s", http_reason_text[page->reason], page->detail);
	}
	test->results = object ? json_to_arena(arena, object) : NULL;
	return test->message && test->results ? STATUS_OK_VALUE : status_out_of_memory();
}

/* Asked before anything else is done: what no engine would take. */
static struct status check_target(struct arena *arena, struct test *test)
{
	const char *why = "is not a host name";

	if (test->persona.type == PERSONA_TYPE_HTTP && strstr(test->target, "://")) {
		test->has_url = true;
		return http_url_parse(test->target, &test->url, &why) ? STATUS_OK_VALUE : bad_target(arena, why);
	}
	return dns_name_valid(test->target) ? STATUS_OK_VALUE : bad_target(arena, why);
}

static struct status read_test(struct rpc_call *call, const PbTestRequest *in, struct test *test)
{
	static const struct persona_filter first = {
		.has_type = true, .type = PERSONA_TYPE_DNS, .enabled = ONLY_ENABLED, .limit = 1
	};
	const char *workspace = rpc_call_principal(call)->workspace;
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct persona *personas;
	struct uuid id;
	size_t count;

	TRY(api_uuid(arena, "personaId", in->persona_id, &id));
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(api_about(arena, persona_get(tx, workspace, &id, arena, &test->persona), "persona", in->persona_id));
	TRY(store_persona_list(tx, workspace, &first, arena, &personas, &count));
	TRY(store_commit(&tx));
	test->dns = count ? personas : NULL;
	test->target = *in->target ? in->target : TARGET_DEFAULT;
	return check_target(arena, test);
}

struct status api_test_persona(struct rpc_call *call, const PbTestRequest *in, PbTestResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	const struct api *api = rpc_call_app(call);
	PbTestResponse *answer = PB_NEW(arena, PbTestResponse, domainflow__v2__test_persona_response);
	struct test *test = arena_alloc(arena, sizeof *test);
	struct status st;

	if (!answer || !test)
		return status_out_of_memory();
	TRY(read_test(call, in, test));
	TRY(enter(call));
	st = test->persona.type == PERSONA_TYPE_DNS ? test_dns(call, api, test) : test_http(call, api, test);
	TRY(leave(call, st));
	answer->persona_id = pb_uuid(arena, &test->persona.id);
	answer->persona_type =
		(Domainflow__V2__PersonaType)((int)test->persona.type + 1); /* convert.c asserts the order */
	answer->persona_name = pb_text(test->persona.name);
	answer->success = test->success;
	answer->test_passed = test->passed;
	answer->message = pb_text(test->message);
	answer->test_results = pb_text(test->results);
	answer->timestamp = pb_time(arena, clock_wall_ms());
	*out = answer;
	return STATUS_OK_VALUE;
}

/* --- ExtractKeywords ---------------------------------------------------------------------------------------------- */

static struct status read_id(struct arena *arena, size_t i, const char *field, const char *text, bool is_required,
			     struct uuid *out)
{
	const char *path = arena_printf(arena, "items[%zu].%s", i, field);

	if (!path)
		return status_out_of_memory();
	return *text || is_required ? api_uuid(arena, path, text, out) : STATUS_OK_VALUE;
}

static struct status read_items(struct arena *arena, const PbExtractRequest *in, struct keyword_probe **out)
{
	struct keyword_probe *items = arena_array(arena, in->n_items + 1, sizeof *items);
	struct violations violations;

	if (!items)
		return status_out_of_memory();
	if (in->n_items == 0) {
		violations_init(&violations, arena);
		violations_add(&violations, "items", "REQUIRED_FIELD", "must have 1 to 50 elements");
		return violations_status(&violations);
	}
	for (size_t i = 0; i < in->n_items; i++) {
		const Domainflow__V2__ExtractKeywordsItem *item = in->items[i];
		items[i].url = item->url;
		TRY(read_id(arena, i, "keywordSetId", item->keyword_set_id, true, &items[i].keyword_set_id));
		TRY(read_id(arena, i, "httpPersonaId", item->http_persona_id, false, &items[i].http_persona_id));
		TRY(read_id(arena, i, "dnsPersonaId", item->dns_persona_id, false, &items[i].dns_persona_id));
	}
	*out = items;
	return STATUS_OK_VALUE;
}

static Domainflow__V2__KeywordMatch *match_pb(struct arena *arena, const struct keyword_probe_match *match)
{
	Domainflow__V2__KeywordMatch *pb = PB_NEW(arena, Domainflow__V2__KeywordMatch, domainflow__v2__keyword_match);

	if (!pb)
		return NULL;
	pb->matched_pattern = pb_text(match->pattern);
	pb->matched_text = pb_text(match->text);
	pb->category = pb_text(match->category);
	pb->contexts = arena_array(arena, match->context_count + 1, sizeof *pb->contexts);
	for (; pb->contexts && pb->n_contexts < match->context_count; pb->n_contexts++)
		pb->contexts[pb->n_contexts] = pb_text(match->contexts[pb->n_contexts]);
	return pb->contexts ? pb : NULL;
}

static PbExtractResult *result_pb(struct arena *arena, const struct keyword_probe *item,
				  const struct keyword_probe_result *result)
{
	PbExtractResult *pb = PB_NEW(arena, PbExtractResult, domainflow__v2__extract_keywords_result);

	if (!pb)
		return NULL;
	pb->url = pb_text(item->url);
	pb->keyword_set_id_used = pb_uuid(arena, &item->keyword_set_id);
	if (result->http)
		pb->http_persona_id_used = pb_uuid(arena, &result->http->id);
	pb->final_url = pb_text(result->final_url);
	pb->status_code = (int32_t)result->code;
	pb->is_truncated = result->is_cut;
	pb->error = pb_text(result->error);
	pb->matches = arena_array(arena, result->match_count + 1, sizeof *pb->matches);
	for (; pb->matches && pb->n_matches < result->match_count; pb->n_matches++) {
		pb->matches[pb->n_matches] = match_pb(arena, &result->matches[pb->n_matches]);
		if (!pb->matches[pb->n_matches])
			return NULL;
	}
	return pb->matches ? pb : NULL;
}

struct status api_extract_keywords(struct rpc_call *call, const PbExtractRequest *in, PbExtractResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	const struct api *api = rpc_call_app(call);
	PbExtractResponse *answer = PB_NEW(arena, PbExtractResponse, domainflow__v2__extract_keywords_response);
	struct keyword_probe_result *results = arena_array(arena, in->n_items + 1, sizeof *results);
	struct keyword_probe *items = NULL;
	struct probe_limits limits;
	struct status st;

	if (!answer || !results)
		return status_out_of_memory();
	TRY(read_items(arena, in, &items));
	TRY(enter(call));
	limits = limits_of(call);
	st = keyword_probe_run(api->probes, api->pool, rpc_call_principal(call)->workspace, items, in->n_items, &limits,
			       arena, results);
	TRY(leave(call, st));
	answer->results = arena_array(arena, in->n_items + 1, sizeof *answer->results);
	for (; answer->results && answer->n_results < in->n_items; answer->n_results++) {
		PbExtractResult *pb = result_pb(arena, &items[answer->n_results], &results[answer->n_results]);
		if (!pb)
			return status_out_of_memory();
		answer->results[answer->n_results] = pb;
	}
	*out = answer;
	return answer->results ? STATUS_OK_VALUE : status_out_of_memory();
}
