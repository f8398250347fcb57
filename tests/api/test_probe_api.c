/* TestPersona and ExtractKeywords over the wire, against a resolver and a web site on loopback. */
#include "api_fixture.h"

#include "domainflow/v2/keyword_set_service.grpc-c.client.h"
#include "domainflow/v2/persona_service.grpc-c.client.h"

#include "config/settings.h"
#include "phase/probe.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "unit/net/dns_responder.h"
#include "unit/net/web_site.h"

#define NOBODY "0190f3a0-0000-7000-8000-000000000001"
#define DNS    DOMAINFLOW__V2__PERSONA_TYPE__PERSONA_TYPE_DNS
#define HTTP   DOMAINFLOW__V2__PERSONA_TYPE__PERSONA_TYPE_HTTP

typedef Domainflow__V2__TestPersonaResponse Tested;
typedef Domainflow__V2__ExtractKeywordsResult Result;

static struct dns_responder resolver;
static struct web_site site;
static char page[64], dns_id[64], http_id[64], set_id[64], disabled_set_id[64];

static const char *make_persona(const char *name, Domainflow__V2__PersonaType type, const char *details)
{
	Domainflow__V2__CreatePersonaRequest in = DOMAINFLOW__V2__CREATE_PERSONA_REQUEST__INIT;
	Domainflow__V2__CreatePersonaResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.name = api_text(name);
	in.persona_type = type;
	in.config_details = api_text(details);
	expect_ok(domainflow_v2_persona_create_persona(api_fixture.connection, &call, &in, &out));
	return out->persona->id;
}

static const char *make_set(const char *name, bool is_disabled)
{
	Domainflow__V2__KeywordRule hello = DOMAINFLOW__V2__KEYWORD_RULE__INIT,
				    shout = DOMAINFLOW__V2__KEYWORD_RULE__INIT,
				    absent = DOMAINFLOW__V2__KEYWORD_RULE__INIT;
	Domainflow__V2__KeywordRule *rules[] = { &absent, &hello, &shout };
	Domainflow__V2__CreateKeywordSetRequest in = DOMAINFLOW__V2__CREATE_KEYWORD_SET_REQUEST__INIT;
	Domainflow__V2__CreateKeywordSetResponse *out = NULL;
	struct df_call call = api_call(NULL);

	absent.pattern = api_text("goodbye");
	hello.pattern = api_text("HELL");
	hello.category = api_text("greeting");
	shout.pattern = api_text("HELLO");
	shout.is_case_sensitive = true;
	in.name = api_text(name);
	in.is_disabled = is_disabled;
	in.rules = rules;
	in.n_rules = ARRAY_LEN(rules);
	expect_ok(domainflow_v2_keyword_set_create_keyword_set(api_fixture.connection, &call, &in, &out));
	return out->keyword_set->id;
}

static int open_world(void **state)
{
	char details[200];

	if (api_fixture_open(state) != 0 || !dns_responder_open(&resolver) || !web_site_open(&site, NULL))
		return -1;
	snprintf(page, sizeof page, "http://" WEB_SITE_IP ":%u/", site.port);
	snprintf(details, sizeof details, "{\"resolvers\":[\"127.0.0.1:%u\"],\"rateLimitDps\":0}",
		 resolver.address.port);
	snprintf(dns_id, sizeof dns_id, "%s", make_persona("a resolver", DNS, details));
	snprintf(http_id, sizeof http_id, "%s",
		 make_persona("a browser", HTTP, "{\"userAgent\":\"testbot\",\"rateLimitDps\":0,\"hostDelayMs\":0}"));
	snprintf(set_id, sizeof set_id, "%s", make_set("greetings", false));
	snprintf(disabled_set_id, sizeof disabled_set_id, "%s", make_set("off", true));
	return 0;
}

static int close_world(void **state)
{
	int how = api_fixture_close(state);

	web_site_close(&site);
	dns_responder_close(&resolver);
	return how;
}

/* --- personas ------------------------------------------------------------------------------------------------- */

static struct status try_persona(const char *id, const char *target, Tested **out)
{
	Domainflow__V2__TestPersonaRequest in = DOMAINFLOW__V2__TEST_PERSONA_REQUEST__INIT;
	struct df_call call = api_call(NULL);

	in.persona_id = api_text(id);
	in.target = api_text(target);
	return domainflow_v2_persona_test_persona(api_fixture.connection, &call, &in, out);
}

/* A member of test_results as text. */
static const char *result_of(const Tested *tested, const char *member)
{
	json_t *object = json_loads(tested->test_results, 0, NULL);
	json_t *value = json_object_get(object, member);
	char *text;

	assert_non_null(object);
	text = json_is_integer(value) ? arena_printf(api_fixture.arena, "%lld", (long long)json_integer_value(value))
	       : json_is_array(value) ? json_dumps(value, JSON_COMPACT)
				      : arena_strdup(api_fixture.arena, json_string_value(value));
	if (json_is_array(value)) {
		char *kept = arena_strdup(api_fixture.arena, text);
		free(text);
		text = kept;
	}
	json_decref(object);
	return text;
}

static void a_dns_persona_resolves_its_target(void **state)
{
	Tested *out = NULL;

	(void)state;
	expect_ok(try_persona(dns_id, "ok.example.test", &out));
	assert_true(out->success);
	assert_true(out->test_passed);
	assert_int_equal(out->persona_type, DNS);
	assert_string_equal(out->persona_name, "a resolver");
	assert_string_equal(result_of(out, "addresses"), "[\"192.0.2.1\",\"2001:db8::1\"]");
	expect_ok(try_persona(dns_id, "nx.example.test", &out));
	assert_true(out->success);
	assert_false(out->test_passed);
	assert_string_equal(result_of(out, "reason"), "NXDOMAIN");
}

static void a_resolver_that_may_not_be_asked_fails_the_test(void **state)
{
	const char *id = make_persona("refused resolver", DNS, "{\"resolvers\":[\"10.0.0.53\"]}");
	Tested *out = NULL;

	(void)state;
	expect_ok(try_persona(id, "ok.example.test", &out));
	assert_false(out->success);
	assert_false(out->test_passed);
	assert_string_equal(result_of(out, "reason"), "RESOLVER_REFUSED");
}

static void an_http_persona_fetches_its_target(void **state)
{
	Tested *out = NULL;
	char request[sizeof site.last_request];

	(void)state;
	expect_ok(try_persona(http_id, page, &out));
	assert_true(out->success);
	assert_true(out->test_passed);
	assert_int_equal(out->persona_type, HTTP);
	assert_string_equal(result_of(out, "statusCode"), "200");
	assert_string_equal(result_of(out, "finalUrl"), page);
	assert_string_equal(result_of(out, "address"), WEB_SITE_IP);
	pthread_mutex_lock(&site.lock);
	memcpy(request, site.last_request, sizeof request);
	pthread_mutex_unlock(&site.lock);
	assert_non_null(strstr(request, "testbot"));
}

static void private_targets_stay_out_of_reach(void **state)
{
	static const char *const targets[] = { "http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/",
					       "http://ok.example.test/" /* resolves to 192.0.2.1 */ };
	unsigned asked = atomic_load(&site.requests);
	Tested *out = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		expect_ok(try_persona(http_id, targets[i], &out));
		assert_true(out->success);
		assert_false(out->test_passed);
		assert_string_equal(result_of(out, "reason"), "ERROR");
	}
	assert_int_equal(atomic_load(&site.requests), asked);
}

static void a_host_is_looked_up_through_the_first_dns_persona(void **state)
{
	Tested *out = NULL;

	(void)state;
	expect_ok(try_persona(http_id, "http://nx.example.test/", &out));
	assert_false(out->test_passed);
	assert_string_equal(result_of(out, "reason"), "DNS_RESOLVE_ERROR");
}

static void a_test_that_takes_too_long_says_so(void **state)
{
	int64_t before = api_fixture.store->settings.api_probe_ms;
	Tested *out = NULL;

	(void)state;
	api_fixture.store->settings.api_probe_ms = 200;
	expect_ok(try_persona(dns_id, "silent.example.test", &out));
	assert_false(out->success);
	assert_false(out->test_passed);
	expect_ok(try_persona(http_id, "http://silent.example.test/", &out));
	assert_false(out->success);
	assert_string_equal(result_of(out, "reason"), "PROBE_TIMEOUT");
	api_fixture.store->settings.api_probe_ms = before;
}

static void targets_nobody_could_ask_for_are_refused(void **state)
{
	static const char *const targets[] = { "no host", "-", "ftp://example.test/", "http://", "http://a b/" };
	Tested *out = NULL;
	struct status st;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		st = try_persona(http_id, targets[i], &out);
		expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
		assert_string_equal(api_field(st, 0), "target");
	}
	expect_failure(try_persona(dns_id, "http://example.test/", &out), STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	expect_failure(try_persona(NOBODY, "", &out), STATUS_NOT_FOUND, "PERSONA_UNKNOWN");
}

static void no_more_probes_run_than_the_setting_says(void **state)
{
	Tested *out = NULL;
	struct status st;

	(void)state;
	for (int64_t i = 0; i < api_fixture.store->settings.api_probes_max; i++)
		expect_ok(probes_enter(api_fixture.api.probes));
	st = try_persona(dns_id, "ok.example.test", &out);
	expect_failure(st, STATUS_RESOURCE_EXHAUSTED, "PROBES_BUSY");
	assert_true(st.extra->retry_after_ms > 0);
	for (int64_t i = 0; i < api_fixture.store->settings.api_probes_max; i++)
		probes_leave(api_fixture.api.probes);
	expect_ok(try_persona(dns_id, "ok.example.test", &out));
}

/* --- pages ---------------------------------------------------------------------------------------------------- */

static struct status extract(Domainflow__V2__ExtractKeywordsItem *items, size_t count,
			     Domainflow__V2__ExtractKeywordsResponse **out)
{
	Domainflow__V2__ExtractKeywordsRequest in = DOMAINFLOW__V2__EXTRACT_KEYWORDS_REQUEST__INIT;
	Domainflow__V2__ExtractKeywordsItem *list[64];
	struct df_call call = api_call(NULL);

	for (size_t i = 0; i < count; i++)
		list[i] = &items[i];
	in.items = list;
	in.n_items = count;
	return domainflow_v2_keyword_set_extract_keywords(api_fixture.connection, &call, &in, out);
}

static Domainflow__V2__ExtractKeywordsItem item(const char *url, const char *set, const char *http)
{
	Domainflow__V2__ExtractKeywordsItem in = DOMAINFLOW__V2__EXTRACT_KEYWORDS_ITEM__INIT;

	in.url = api_text(url);
	in.keyword_set_id = api_text(set);
	in.http_persona_id = api_text(http);
	return in;
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static void pages_are_searched_and_each_says_what_went_wrong(void **state)
{
	struct {
		const char *url, *set, *http, *error;
	} cases[] = {
		{ page, set_id, http_id, "" },
		{ page, NOBODY, http_id, "KEYWORD_SET_UNKNOWN" },
		{ page, disabled_set_id, http_id, "KEYWORD_SET_DISABLED" },
		{ "ftp://example.test/", set_id, http_id, "BAD_URL" },
		{ "example.test", set_id, http_id, "BAD_URL" },
		{ page, set_id, NOBODY, "PERSONA_UNKNOWN" },
		{ page, set_id, dns_id, "PERSONA_UNUSABLE" },
		{ "http://10.1.2.3/", set_id, http_id, "ERROR" },
		{ "http://nx.example.test/", set_id, "", "DNS_RESOLVE_ERROR" },
		{ page, set_id, "", "" },
	};
	Domainflow__V2__ExtractKeywordsItem items[ARRAY_LEN(cases)];
	Domainflow__V2__ExtractKeywordsResponse *out = NULL;
	const Result *good;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		items[i] = item(cases[i].url, cases[i].set, cases[i].http);
	expect_ok(extract(items, ARRAY_LEN(cases), &out));
	assert_int_equal(out->n_results, ARRAY_LEN(cases));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const Result *result = out->results[i];

		assert_string_equal(result->url, cases[i].url);
		assert_string_equal(result->keyword_set_id_used, cases[i].set);
		if (!begins_with(result->error, cases[i].error) || !*result->error != !*cases[i].error)
			fail_msg("%zu: '%s', not '%s'", i, result->error, cases[i].error);
	}
	good = out->results[0];
	assert_string_equal(good->http_persona_id_used, http_id);
	assert_string_equal(good->final_url, page);
	assert_int_equal(good->status_code, 200);
	assert_int_equal(good->n_matches, 1); /* HELLO tells case apart, goodbye is not there */
	assert_string_equal(good->matches[0]->matched_pattern, "HELL");
	assert_string_equal(good->matches[0]->matched_text, "hell");
	assert_string_equal(good->matches[0]->category, "greeting");
	assert_int_equal(good->matches[0]->n_contexts, 1);
	assert_non_null(strstr(good->matches[0]->contexts[0], "hello"));
	assert_string_equal(out->results[9]->http_persona_id_used, http_id); /* the first enabled one */
	assert_int_equal(out->results[9]->n_matches, 1);
	assert_string_equal(out->results[5]->http_persona_id_used, "");
}

static void fifty_pages_are_searched_and_no_more(void **state)
{
	Domainflow__V2__ExtractKeywordsItem items[51];
	Domainflow__V2__ExtractKeywordsResponse *out = NULL;
	const char *narrow = make_persona("one at a time", HTTP,
					  "{\"userAgent\":\"testbot\",\"rateLimitDps\":0,\"maxConcurrentFetches\":1,"
					  "\"hostDelayMs\":0}");
	struct status st;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		items[i] = item(page, set_id, narrow);
	expect_ok(extract(items, 50, &out));
	for (size_t i = 0; i < 50; i++) {
		assert_string_equal(out->results[i]->error, "");
		assert_int_equal(out->results[i]->n_matches, 1);
	}
	st = extract(items, 51, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "items");
	st = extract(items, 0, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "items");
}

static void what_is_not_back_in_time_says_so_beside_what_is(void **state)
{
	Domainflow__V2__ExtractKeywordsItem items[12];
	Domainflow__V2__ExtractKeywordsResponse *out = NULL;
	int64_t before = api_fixture.store->settings.api_probe_ms;

	(void)state;
	items[0] = item(page, set_id, http_id);
	for (size_t i = 1; i < ARRAY_LEN(items); i++)
		items[i] = item("http://silent.example.test/", set_id, http_id);
	api_fixture.store->settings.api_probe_ms = 1500;
	expect_ok(extract(items, ARRAY_LEN(items), &out));
	assert_int_equal(out->results[0]->n_matches, 1);
	for (size_t i = 1; i < ARRAY_LEN(items); i++)
		assert_true(begins_with(out->results[i]->error, "PROBE_TIMEOUT"));
	api_fixture.store->settings.api_probe_ms = before;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(a_dns_persona_resolves_its_target),
		API_TEST(a_resolver_that_may_not_be_asked_fails_the_test),
		API_TEST(an_http_persona_fetches_its_target),
		API_TEST(private_targets_stay_out_of_reach),
		API_TEST(a_host_is_looked_up_through_the_first_dns_persona),
		API_TEST(a_test_that_takes_too_long_says_so),
		API_TEST(targets_nobody_could_ask_for_are_refused),
		API_TEST(no_more_probes_run_than_the_setting_says),
		API_TEST(pages_are_searched_and_each_says_what_went_wrong),
		API_TEST(fifty_pages_are_searched_and_no_more),
		API_TEST(what_is_not_back_in_time_says_so_beside_what_is),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
