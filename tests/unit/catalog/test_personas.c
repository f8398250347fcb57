#include "catalog/dns_persona.h"
#include "catalog/http_persona.h"

#include "base/arena.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static struct arena *arena;

static struct status read_dns(const char *text, struct violations *v, struct dns_persona *out)
{
	AUTO(json) json_t *object = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(object);
	violations_init(v, arena);
	return dns_persona_read(object, "configDetails", arena, v, out);
}

static struct status read_http(const char *text, struct violations *v, struct http_persona *out)
{
	AUTO(json) json_t *object = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(object);
	violations_init(v, arena);
	return http_persona_read(object, "configDetails", arena, v, out);
}

static void dns_defaults_are_the_specified_ones(void **state)
{
	struct dns_persona p;
	struct violations v;

	(void)state;
	assert_true(
		status_ok(read_dns("{\"resolvers\":[\"192.0.2.1\",\"192.0.2.1:53\",\"[2001:db8::1]:5353\"]}", &v, &p)));
	assert_int_equal(v.count, 0);
	assert_int_equal(p.resolver_count, 2); /* the second is the first again */
	assert_int_equal(p.resolvers[0].port, 53);
	assert_int_equal(p.resolvers[1].port, 5353);
	assert_int_equal(p.strategy, DNS_ROUND_ROBIN);
	assert_int_equal(p.query_timeout_ms, 5000);
	assert_int_equal(p.domains_per_request, 100);
	assert_int_equal(p.queries_per_domain, 1);
	assert_int_equal(p.lookups_max, 10);
	assert_true(p.rate_per_s > 9.9 && p.rate_per_s < 10.1);
	assert_true(p.rate_burst > 4.9 && p.rate_burst < 5.1);
	assert_false(p.use_system_resolvers);
}

static void dns_aliases_are_read(void **state)
{
	struct dns_persona p;
	struct violations v;

	(void)state;
	assert_true(status_ok(
		read_dns("{\"personaType\":\"dns\",\"resolvers\":[\"192.0.2.1\",\"192.0.2.2\"],"
			 "\"maxConcurrentGoroutines\":44,\"resolverStrategy\":\"sequential_failover\","
			 "\"resolversPreferredOrder\":[\"192.0.2.2\"],\"rateLimitDps\":0,\"rateLimitBurst\":0,"
			 "\"queryTimeoutSeconds\":0,\"queryDelayMinMs\":5}",
			 &v, &p)));
	assert_int_equal(v.count, 0);
	assert_int_equal(p.lookups_max, 44);
	assert_int_equal(p.strategy, DNS_PRIORITY);
	assert_int_equal(p.resolvers[0].bytes[3], 2); /* preferred first */
	assert_int_equal(p.query_timeout_ms, 5000);
	assert_true(p.rate_per_s < 0.1);
	assert_int_equal(p.query_delay_max_ms, 5);
}

static void weights_belong_to_resolvers(void **state)
{
	struct dns_persona p;
	struct violations v;

	(void)state;
	assert_true(status_ok(read_dns("{\"resolvers\":[\"192.0.2.1\",\"192.0.2.2\"],\"resolverStrategy\":\"weighted\","
				       "\"resolversWeighted\":{\"192.0.2.2:53\":3,\"192.0.2.1\":0}}",
				       &v, &p)));
	assert_int_equal(v.count, 0);
	assert_int_equal(p.weights[0], 0);
	assert_int_equal(p.weights[1], 3);
}

static void every_wrong_dns_setting_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *fields[8];
	} cases[] = {
		{ "{}", { "resolvers" } },
		{ "{\"resolvers\":[]}", { "resolvers" } },
		{ "{\"personaType\":\"http\",\"resolvers\":[\"https://dns.example/"
		  "query\",\"example.org\",\"1.2.3.4:0\",\"1.2.3.4:99999\"]}",
		  { "personaType", "resolvers[0]", "resolvers[1]", "resolvers[2]", "resolvers[3]" } },
		{ "{\"useSystemResolvers\":true,\"resolverStrategy\":\"fastest\"}", { "resolverStrategy" } },
		{ "{\"resolvers\":[\"1.1.1.1\"],\"resolverStrategy\":\"weighted\"}", { "resolversWeighted" } },
		{ "{\"resolvers\":[\"1.1.1.1\"],\"resolverStrategy\":\"weighted\",\"resolversWeighted\":{\"1.1.1.1\":0}"
		  "}",
		  { "resolversWeighted" } },
		{ "{\"resolvers\":[\"1.1.1.1\"],\"resolversWeighted\":{\"9.9.9.9\":1,\"1.1.1.1\":-1}}",
		  { "resolversWeighted.9.9.9.9", "resolversWeighted.1.1.1.1" } },
		{ "{\"resolvers\":[\"1.1.1.1\"],\"resolversPreferredOrder\":[\"9.9.9.9\"]}",
		  { "resolversPreferredOrder[0]" } },
		{ "{\"resolvers\":[\"1.1.1.1\"],\"queryTimeoutSeconds\":-1,\"maxDomainsPerRequest\":0,"
		  "\"concurrentQueriesPerDomain\":0,"
		  "\"queryDelayMinMs\":7,\"queryDelayMaxMs\":6,\"maxConcurrentLookups\":0,\"rateLimitDps\":-1,"
		  "\"wrong\":1}",
		  { "queryTimeoutSeconds", "maxDomainsPerRequest", "concurrentQueriesPerDomain", "queryDelayMinMs",
		    "maxConcurrentLookups", "rateLimitDps", "wrong" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dns_persona p;
		struct violations v;
		const struct status_field *field;
		assert_true(status_ok(read_dns(cases[i].text, &v, &p)));
		field = v.head;
		for (size_t j = 0; cases[i].fields[j]; j++, field = field->next)
			if (!field || strcmp(field->field + strlen("configDetails."), cases[i].fields[j]) != 0)
				fail_msg("case %zu: %s instead of %s", i, field ? field->field : "nothing",
					 cases[i].fields[j]);
		if (field)
			fail_msg("case %zu: also %s: %s", i, field->field, field->message);
	}
}

static void http_defaults_are_the_specified_ones(void **state)
{
	struct http_persona p;
	struct violations v;

	(void)state;
	assert_true(status_ok(read_http("{\"userAgent\":\" Agent/1 \"}", &v, &p)));
	assert_int_equal(v.count, 0);
	assert_string_equal(p.user_agent, "Agent/1");
	assert_int_equal(p.tls_min, HTTP_TLS_12);
	assert_int_equal(p.tls_max, HTTP_TLS_13);
	assert_false(p.preserve_cookies);
	assert_int_equal(p.timeout_ms, 15000);
	assert_true(p.follow_redirects);
	assert_true(p.respect_robots);
	assert_int_equal(p.allowed_status_count, 0);
	assert_int_equal(p.fetches_max, 10);
	assert_true(p.rate_per_s > 4.9 && p.rate_per_s < 5.1);
	assert_true(p.rate_burst > 2.9 && p.rate_burst < 3.1);
}

static void http_settings_are_read(void **state)
{
	struct http_persona p;
	struct violations v;

	(void)state;
	assert_true(status_ok(read_http(
		"{\"userAgent\":\"A\",\"headers\":{\"X-One\":\"1\",\"Accept\":\"text/html\"},"
		"\"headerOrder\":[\"Accept\"],\"tlsClientHello\":{\"minVersion\":\"TLS10\",\"maxVersion\":\"TLS12\"},"
		"\"http2Settings\":{\"enabled\":false},\"cookieHandling\":{\"mode\":\"preserve\"},"
		"\"requestTimeoutSeconds\":3,\"followRedirects\":false,\"allowedStatusCodes\":[200,404],"
		"\"respectRobots\":false,\"maxConcurrentFetches\":128,\"rateLimitDps\":2.5,\"hostDelayMs\":0,"
		"\"notes\":\"n\"}",
		&v, &p)));
	assert_int_equal(v.count, 0);
	assert_int_equal(p.header_count, 2);
	assert_string_equal(p.headers[0].name, "X-One");
	assert_string_equal(p.header_order[0], "Accept");
	assert_int_equal(p.tls_min, HTTP_TLS_10);
	assert_int_equal(p.tls_max, HTTP_TLS_12);
	assert_true(p.preserve_cookies);
	assert_int_equal(p.timeout_ms, 3000);
	assert_int_equal(p.allowed_status_count, 2);
	assert_int_equal(p.allowed_statuses[1], 404);
	assert_true(p.rate_per_s > 2.4 && p.rate_per_s < 2.6);
}

static void every_wrong_http_setting_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *fields[8];
	} cases[] = {
		{ "{}", { "userAgent" } },
		{ "{\"userAgent\":\"  \"}", { "userAgent" } },
		{ "{\"userAgent\":\"a\\r\\nX: y\"}", { "userAgent" } },
		{ "{\"userAgent\":\"a\",\"headers\":{\"Bad "
		  "Name\":\"x\",\"Host\":\"x\",\"ok\":\"a\\nb\",\"User-Agent\":\"b\"}}",
		  { "headers.Bad Name", "headers.Host", "headers.ok", "headers.User-Agent" } },
		{ "{\"userAgent\":\"a\",\"tlsClientHello\":{\"minVersion\":\"TLS13\",\"maxVersion\":\"TLS12\","
		  "\"cipherSuites\":[],"
		  "\"curvePreferences\":[\"X25519\"],\"ja3\":\"x\"}}",
		  { "tlsClientHello.minVersion", "tlsClientHello.cipherSuites", "tlsClientHello.curvePreferences",
		    "tlsClientHello.ja3" } },
		{ "{\"userAgent\":\"a\",\"tlsClientHello\":{\"minVersion\":\"SSL3\"}}",
		  { "tlsClientHello.minVersion" } },
		{ "{\"userAgent\":\"a\",\"http2Settings\":{\"enabled\":true}}", { "http2Settings.enabled" } },
		{ "{\"userAgent\":\"a\",\"cookieHandling\":{\"mode\":\"custom\"}}", { "cookieHandling.mode" } },
		{ "{\"userAgent\":\"a\",\"allowedStatusCodes\":[200,99,600]}",
		  { "allowedStatusCodes[1]", "allowedStatusCodes[2]" } },
		{ "{\"userAgent\":\"a\",\"requestTimeoutSeconds\":121,\"maxConcurrentFetches\":0,\"rateLimitBurst\":-1,"
		  "\"stealth\":true}",
		  { "requestTimeoutSeconds", "maxConcurrentFetches", "rateLimitBurst", "stealth" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_persona p;
		struct violations v;
		const struct status_field *field;
		assert_true(status_ok(read_http(cases[i].text, &v, &p)));
		field = v.head;
		for (size_t j = 0; cases[i].fields[j]; j++, field = field->next)
			if (!field || strcmp(field->field + strlen("configDetails."), cases[i].fields[j]) != 0)
				fail_msg("case %zu: %s instead of %s", i, field ? field->field : "nothing",
					 cases[i].fields[j]);
		if (field)
			fail_msg("case %zu: also %s: %s", i, field->field, field->message);
	}
}

static void wrong_types_are_bad_requests(void **state)
{
	static const char *const dns[] = { "[]",
					   "{\"resolvers\":\"1.1.1.1\"}",
					   "{\"resolvers\":[1]}",
					   "{\"resolversWeighted\":[]}",
					   "{\"resolvers\":[\"1.1.1.1\"],\"resolversWeighted\":{\"1.1.1.1\":\"x\"}}",
					   "{\"useSystemResolvers\":1}" };
	static const char *const http[] = { "7",
					    "{\"userAgent\":1}",
					    "{\"userAgent\":\"a\",\"headers\":[]}",
					    "{\"userAgent\":\"a\",\"headers\":{\"X\":1}}",
					    "{\"userAgent\":\"a\",\"allowedStatusCodes\":[\"200\"]}",
					    "{\"userAgent\":\"a\",\"tlsClientHello\":\"TLS12\"}" };
	struct dns_persona d;
	struct http_persona h;
	struct violations v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dns); i++)
		assert_string_equal(read_dns(dns[i], &v, &d).reason, "BAD_REQUEST");
	for (size_t i = 0; i < ARRAY_LEN(http); i++)
		assert_string_equal(read_http(http[i], &v, &h).reason, "BAD_REQUEST");
}

static void what_is_written_reads_the_same_again(void **state)
{
	static const char *const dns[] = {
		"{\"useSystemResolvers\":true}",
		"{\"resolvers\":[\"192.0.2.1\",\"[::1]:5353\"],\"resolverStrategy\":\"weighted\",\"resolversWeighted\":"
		"{\"192.0.2.1\":4},"
		"\"rateLimitDps\":0.5,\"queryTimeoutSeconds\":9,\"concurrentQueriesPerDomain\":2}",
		"{\"resolvers\":[\"192.0.2.1\",\"192.0.2.2\"],\"resolverStrategy\":\"priority\","
		"\"resolversPreferredOrder\":[\"192.0.2.2\"]}",
	};
	static const char *const http[] = {
		"{\"userAgent\":\"a\"}",
		"{\"userAgent\":\"a\",\"headers\":{\"X\":\"y\"},\"headerOrder\":[\"X\"],\"tlsClientHello\":{"
		"\"maxVersion\":\"TLS12\"},"
		"\"allowedStatusCodes\":[200],\"cookieHandling\":{\"mode\":\"preserve\"},\"rateLimitDps\":1.25,"
		"\"notes\":\"n\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dns); i++) {
		struct dns_persona p, q;
		struct violations v;
		const char *text;
		assert_true(status_ok(read_dns(dns[i], &v, &p)) && v.count == 0);
		text = dns_persona_write(&p, arena);
		assert_non_null(text);
		assert_true(status_ok(dns_persona_parse(text, arena, &q)));
		assert_string_equal(text, dns_persona_write(&q, arena));
	}
	for (size_t i = 0; i < ARRAY_LEN(http); i++) {
		struct http_persona p, q;
		struct violations v;
		const char *text;
		assert_true(status_ok(read_http(http[i], &v, &p)) && v.count == 0);
		text = http_persona_write(&p, arena);
		assert_non_null(text);
		assert_true(status_ok(http_persona_parse(text, arena, &q)));
		assert_string_equal(text, http_persona_write(&q, arena));
	}
}

static void a_full_arena_is_a_failure_not_another_answer(void **state)
{
	static const char dns_text[] =
		"{\"resolvers\":[\"192.0.2.1\",\"192.0.2.2\"],\"resolverStrategy\":\"weighted\","
		"\"resolversWeighted\":{\"192.0.2.1\":4},\"resolversPreferredOrder\":[\"192.0.2.2\"]}";
	static const char http_text[] = "{\"userAgent\":\"a\",\"headers\":{\"X\":\"y\"},\"headerOrder\":[\"X\"],"
					"\"tlsClientHello\":{\"maxVersion\":\"TLS12\"},\"allowedStatusCodes\":[200]}";
	AUTO(json) json_t *dns = json_loads(dns_text, 0, NULL);
	AUTO(json) json_t *http = json_loads(http_text, 0, NULL);

	(void)state;
	for (size_t limit = 1; limit < 3000; limit += 11) {
		struct arena *small = arena_create(limit);
		struct dns_persona d;
		struct http_persona h;
		struct violations v;
		struct status st;
		assert_non_null(small);
		violations_init(&v, small);
		st = dns_persona_read(dns, "configDetails", small, &v, &d);
		assert_true(status_ok(st) || st.code == STATUS_RESOURCE_EXHAUSTED);
		if (status_ok(st)) {
			assert_int_equal(v.count, 0);
			assert_int_equal(d.weights[0], 4);
		}
		arena_reset(small);
		violations_init(&v, small);
		st = http_persona_read(http, "configDetails", small, &v, &h);
		assert_true(status_ok(st) || st.code == STATUS_RESOURCE_EXHAUSTED);
		if (status_ok(st)) {
			assert_int_equal(v.count, 0);
			assert_int_equal(h.header_count, 1);
			assert_int_equal(h.allowed_status_count, 1);
		}
		arena_destroy(small);
	}
}

static int arena_up(void **state)
{
	(void)state;
	arena = arena_create(0);
	return arena ? 0 : -1;
}

static int arena_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_defaults_are_the_specified_ones),
		cmocka_unit_test(dns_aliases_are_read),
		cmocka_unit_test(weights_belong_to_resolvers),
		cmocka_unit_test(every_wrong_dns_setting_is_named),
		cmocka_unit_test(http_defaults_are_the_specified_ones),
		cmocka_unit_test(http_settings_are_read),
		cmocka_unit_test(every_wrong_http_setting_is_named),
		cmocka_unit_test(wrong_types_are_bad_requests),
		cmocka_unit_test(what_is_written_reads_the_same_again),
		cmocka_unit_test(a_full_arena_is_a_failure_not_another_answer),
	};

	return cmocka_run_group_tests(tests, arena_up, arena_down);
}
