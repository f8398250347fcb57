/* The HTTP engine against a server that redirects, stalls, resets and floods (02 §5). The sites are on 127.0.0.2, which
 * the guard allows; 127.0.0.1 it does not. */
#include "base/buffer.h"
#include "net/address_guard.h"
#include "net/http_client.h"
#include "work/cancel.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "web_site.h"

static struct web_authority authority;
static SSL_CTX *tls_good, *tls_expired;
static struct web_site plain, secure, expired;
static struct address_guard *guard;
static uint16_t closed_port;

static struct http_client *open_client(uint16_t https_port, uint16_t http_port)
{
	struct http_client_settings s = {
		.in_flight_max = 64,
		.http_port = http_port,
		.https_port = https_port,
		.body_bytes_max = 100000,
		.redirects_max = 7,
		.ca_file = authority.file,
		.guard = guard,
	};
	struct http_client *client = NULL;

	assert_true(status_ok(http_client_create(&s, &client)));
	return client;
}

static int open_world(void **state)
{
	struct web_site gone;

	(void)state;
	if (!web_authority_make(&authority))
		return -1;
	tls_good = web_tls(&authority, false);
	tls_expired = web_tls(&authority, true);
	if (!web_site_open(&plain, NULL) || !web_site_open(&secure, tls_good) ||
	    !web_site_open(&expired, tls_expired) || !web_site_open(&gone, NULL))
		return -1;
	closed_port = gone.port;
	web_site_close(&gone);
	return status_ok(address_guard_create("127.0.0.2/32", false, &guard)) ? 0 : -1;
}

static int close_world(void **state)
{
	(void)state;
	web_site_close(&plain);
	web_site_close(&secure);
	web_site_close(&expired);
	address_guard_destroy(guard);
	SSL_CTX_free(tls_good);
	SSL_CTX_free(tls_expired);
	web_authority_drop(&authority);
	return 0;
}

/* --- one fetch, everything about it kept --------------------------------------------------------------------- */

struct visit {
	struct http_result result;
	char url[256], detail[160], charset[64];
	struct buffer body;
	unsigned begins;
	atomic_bool is_in;
};

static void on_begin(void *ctx, const struct http_head *head)
{
	struct visit *v = ctx;

	(void)head;
	v->begins++;
	buffer_clear(&v->body);
}

static void on_data(void *ctx, const void *bytes, size_t n)
{
	struct visit *v = ctx;

	buffer_append(&v->body, bytes, n);
}

static void on_done(void *ctx, const struct http_result *result)
{
	struct visit *v = ctx;

	v->result = *result;
	snprintf(v->url, sizeof v->url, "%s", result->url);
	snprintf(v->detail, sizeof v->detail, "%s", result->detail);
	snprintf(v->charset, sizeof v->charset, "%s", result->charset);
	atomic_store(&v->is_in, true);
}

/* Knows where every *.example.test is, save for unknown.example.test. */
static bool resolve(void *ctx, const char *host, struct cancel *cancel, http_resolved_fn done, void *token)
{
	struct net_address a;

	(void)ctx;
	(void)cancel;
	assert_true(net_address_parse(strcmp(host, "inside.example.test") == 0 ? "127.0.0.1" : WEB_SITE_IP, 1, &a));
	done(token, &a, strcmp(host, "unknown.example.test") != 0, false);
	return true;
}

static struct http_policy_settings usual(void)
{
	return (struct http_policy_settings){ .user_agent = "TestBot/1.0",
					      .timeout_ms = 5000,
					      .follow_redirects = true };
}

struct question {
	struct http_client *client;
	struct http_policy_settings policy;
	struct http_session *session;
	const char *host, *url;
};

static struct visit *fetch(struct question q)
{
	struct visit *v = calloc(1, sizeof *v);
	struct http_policy *policy = NULL;
	struct http_fetch f = { .host = q.host,
				.url = q.url,
				.session = q.session,
				.resolver = { .start = resolve },
				.sink = { .begin = on_begin, .data = on_data, .ctx = v } };

	assert_true(net_address_parse(WEB_SITE_IP, 1, &f.address));
	assert_true(status_ok(http_policy_create(&q.policy, &policy)));
	f.policy = policy;
	buffer_init(&v->body, 1 << 20);
	assert_true(status_ok(http_client_submit(q.client, &f, on_done, v)));
	assert_true(http_client_drain(q.client, 30000));
	assert_true(atomic_load(&v->is_in));
	http_policy_destroy(policy);
	return v;
}

static void visit_free(struct visit *v)
{
	buffer_done(&v->body);
	free(v);
}

#define expect(q, status, reason, code) expect_at(q, status, reason, code, __LINE__)

static void expect_at(struct question q, enum http_outcome status, enum http_reason reason, unsigned code, int line)
{
	struct visit *v = fetch(q);

	if (v->result.status != status || v->result.reason != reason || v->result.code != code)
		fail_msg("line %d: %s: status %d, reason %s, code %u, %s", line, q.url ? q.url : q.host,
			 (int)v->result.status, http_reason_text[v->result.reason], v->result.code, v->detail);
	visit_free(v);
}

/* --- tests --------------------------------------------------------------------------------------------------- */

static void https_is_tried_first_and_http_when_there_is_none(void **state)
{
	struct http_client *both = open_client(secure.port, plain.port),
			   *only_plain = open_client(closed_port, plain.port);
	struct question q = { .client = both, .policy = usual(), .host = "Ok.Example.Test" };
	struct visit *v;

	(void)state;
	v = fetch(q);
	assert_int_equal(v->result.status, HTTP_OK);
	assert_string_equal(v->url, "https://ok.example.test/");
	assert_string_equal(v->body.data, "<p>hello</p>");
	assert_int_equal(v->result.body_bytes, 12);
	visit_free(v);
	q.client = only_plain;
	v = fetch(q);
	assert_int_equal(v->result.status, HTTP_OK);
	assert_string_equal(v->url, "http://ok.example.test/");
	visit_free(v);
	http_client_destroy(both);
	http_client_destroy(only_plain);
}

static void certificates_are_judged_and_their_reason_kept(void **state)
{
	struct http_client *client = open_client(expired.port, closed_port);
	struct question q = { .client = client, .policy = usual(), .host = "ok.example.test" };
	struct http_client_settings s = { .https_port = secure.port, .http_port = closed_port, .guard = guard };
	struct visit *v;

	(void)state;
	expect(q, HTTP_FAILED, HTTP_REASON_SSL_EXPIRED, 0);
	http_client_destroy(client);

	assert_true(status_ok(http_client_create(&s, &client))); /* the system's authorities, which do not know ours */
	q.client = client;
	expect(q, HTTP_FAILED, HTTP_REASON_TLS_ERROR, 0);
	http_client_destroy(client);

	q.client = client = open_client(secure.port, closed_port);
	q.host = "two.labels.example.test"; /* the wildcard covers one label */
	expect(q, HTTP_FAILED, HTTP_REASON_TLS_ERROR, 0);
	q.host = "ok.example.test";
	q.policy.tls_min = q.policy.tls_max = HTTP_TLS_13;
	expect(q, HTTP_OK, HTTP_REASON_NONE, 200);
	SSL_CTX_set_max_proto_version(tls_good, TLS1_2_VERSION);
	expect(q, HTTP_FAILED, HTTP_REASON_TLS_HANDSHAKE, 0);
	SSL_CTX_set_max_proto_version(tls_good, 0);
	http_client_destroy(client);

	q = (struct question){ .client = open_client(plain.port, closed_port),
			       .policy = usual(),
			       .host = "ok.example.test" };
	expect(q, HTTP_FAILED, HTTP_REASON_TLS_HANDSHAKE, 0);
	http_client_destroy(q.client);

	q.client = open_client(expired.port, plain.port); /* bad https, good http */
	v = fetch(q);
	assert_int_equal(v->result.status, HTTP_OK);
	assert_string_equal(v->url, "http://ok.example.test/");
	visit_free(v);
	http_client_destroy(q.client);
}

static void every_failure_has_its_reason(void **state)
{
	static const struct {
		const char *host;
		enum http_outcome status;
		enum http_reason reason;
		unsigned code;
	} cases[] = {
		{ "status200.example.test", HTTP_OK, HTTP_REASON_NONE, 200 },
		{ "status204.example.test", HTTP_OK, HTTP_REASON_NONE, 204 },
		{ "status304.example.test", HTTP_FAILED, HTTP_REASON_STATUS_CODE_MISMATCH, 304 },
		{ "status400.example.test", HTTP_FAILED, HTTP_REASON_STATUS_CODE_MISMATCH, 400 },
		{ "status401.example.test", HTTP_FAILED, HTTP_REASON_UNAUTHORIZED, 401 },
		{ "status403.example.test", HTTP_FAILED, HTTP_REASON_FORBIDDEN, 403 },
		{ "status404.example.test", HTTP_FAILED, HTTP_REASON_NOT_FOUND, 404 },
		{ "status410.example.test", HTTP_FAILED, HTTP_REASON_GONE, 410 },
		{ "status429.example.test", HTTP_FAILED, HTTP_REASON_RATE_LIMIT, 429 },
		{ "status451.example.test", HTTP_FAILED, HTTP_REASON_UNAVAILABLE_LEGAL, 451 },
		{ "status500.example.test", HTTP_FAILED, HTTP_REASON_UPSTREAM_5XX, 500 },
		{ "status503.example.test", HTTP_FAILED, HTTP_REASON_UPSTREAM_5XX, 503 },
		{ "jpeg.example.test", HTTP_FAILED, HTTP_REASON_CONTENT_MISMATCH, 200 },
		{ "empty.example.test", HTTP_FAILED, HTTP_REASON_CONNECTION_RESET, 0 },
		{ "reset.example.test", HTTP_FAILED, HTTP_REASON_CONNECTION_RESET, 0 },
		{ "halfway.example.test", HTTP_FAILED, HTTP_REASON_CONNECTION_RESET, 200 },
		{ "garbage.example.test", HTTP_FAILED, HTTP_REASON_FETCH_ERROR, 0 },
		{ "silent.example.test", HTTP_TIMED_OUT, HTTP_REASON_TIMEOUT, 0 },
		{ "headers.example.test", HTTP_FAILED, HTTP_REASON_FETCH_ERROR, 200 },
		{ "trailers.example.test", HTTP_FAILED, HTTP_REASON_FETCH_ERROR, 200 },
		{ "extension.example.test", HTTP_TIMED_OUT, HTTP_REASON_TIMEOUT, 200 },
		{ "nowhere.example.test", HTTP_FAILED, HTTP_REASON_DNS_RESOLVE_ERROR, 302 },
	};
	struct question q = { .client = open_client(closed_port, plain.port), .policy = usual() };

	(void)state;
	q.policy.timeout_ms = 700;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		q.host = cases[i].host;
		expect(q, cases[i].status, cases[i].reason, cases[i].code);
	}
	http_client_destroy(q.client);
	q.client = open_client(closed_port, closed_port);
	q.host = "ok.example.test";
	expect(q, HTTP_FAILED, HTTP_REASON_CONNECTION_REFUSED, 0);
	http_client_destroy(q.client);
}

static void the_allowed_statuses_replace_2xx(void **state)
{
	static const uint16_t allowed[] = { 404, 418 };
	struct question q = { .client = open_client(closed_port, plain.port), .policy = usual() };

	(void)state;
	q.policy.allowed_statuses = allowed;
	q.policy.allowed_status_count = 2;
	q.host = "status404.example.test";
	expect(q, HTTP_OK, HTTP_REASON_NONE, 404);
	q.host = "status200.example.test";
	expect(q, HTTP_FAILED, HTTP_REASON_STATUS_CODE_MISMATCH, 200);
	http_client_destroy(q.client);
}

static void seven_redirects_are_followed_and_not_eight(void **state)
{
	struct question q = { .client = open_client(closed_port, plain.port),
			      .policy = usual(),
			      .host = "hops7.example.test" };
	struct visit *v;

	(void)state;
	v = fetch(q);
	assert_int_equal(v->result.status, HTTP_OK);
	assert_int_equal(v->result.redirects, 7);
	assert_string_equal(v->url, "http://status200.example.test/");
	assert_int_equal(v->begins, 1);
	visit_free(v);
	q.host = "hops8.example.test";
	expect(q, HTTP_FAILED, HTTP_REASON_FETCH_ERROR, 302);
	q.policy.follow_redirects = false;
	expect(q, HTTP_FAILED, HTTP_REASON_STATUS_CODE_MISMATCH, 302);
	q.policy.follow_redirects = true;
	q.host = "relative.example.test";
	v = fetch(q);
	assert_string_equal(v->url, "http://relative.example.test/other?x=1");
	visit_free(v);
	http_client_destroy(q.client);
}

/* Nobody wants the rest. */
static void a_redirect_whose_body_fails_is_followed(void **state)
{
	struct question q = { .client = open_client(closed_port, plain.port), .policy = usual() };

	(void)state;
	q.policy.retries_max = 0;
	q.host = "brokenaway.example.test";
	expect(q, HTTP_OK, HTTP_REASON_NONE, 200);
	q.host = "stuckaway.example.test";
	expect(q, HTTP_OK, HTTP_REASON_NONE, 200);
	http_client_destroy(q.client);
}

static void a_redirect_on_one_server_keeps_the_connection(void **state)
{
	struct question q = { .client = open_client(closed_port, plain.port),
			      .policy = usual(),
			      .host = "relative.example.test" };
	unsigned connections = atomic_load(&plain.connections), requests = atomic_load(&plain.requests);
	struct visit *v;

	(void)state;
	v = fetch(q);
	assert_int_equal(v->result.status, HTTP_OK);
	assert_int_equal(v->result.redirects, 1);
	assert_int_equal(v->result.body_bytes, strlen("<p>hello</p>"));
	visit_free(v);
	assert_int_equal(atomic_load(&plain.requests) - requests, 2);
	assert_int_equal(atomic_load(&plain.connections) - connections, 1);
	q.host = "hops1.example.test"; /* to another host, whatever its address */
	connections = atomic_load(&plain.connections);
	v = fetch(q);
	assert_int_equal(v->result.status, HTTP_OK);
	visit_free(v);
	assert_int_equal(atomic_load(&plain.connections) - connections, 2);
	q.host = "longaway.example.test"; /* with more to read than a connection is worth */
	connections = atomic_load(&plain.connections);
	v = fetch(q);
	assert_int_equal(v->result.status, HTTP_OK);
	visit_free(v);
	assert_int_equal(atomic_load(&plain.connections) - connections, 2);
	http_client_destroy(q.client);
}

static void no_spelling_of_a_private_address_gets_through(void **state)
{
	static const char *const targets[] = {
		"http://127.0.0.1/",
		"http://0x7f.1/",
		"http://2130706433/",
		"http://0177.0.0.1/",
		"http://127.1/",
		"http://[::1]/",
		"http://[::ffff:127.0.0.1]/",
		"http://0/",
		"http://[::ffff:7f00:1]/",
		"http://[64:ff9b::7f00:1]/",
		"http://%31%32%37.0.0.1/",
		"http://10.0.0.1/",
		"http://169.254.169.254/",
		"http://inside.example.test/",
		"http://user:pw@127.0.0.1/",
		"http://017700000001/",
		"https://127.0.0.1/",
	};
	static const char *const elsewhere[] = {
		"ftp://ok.example.test/",     "file:///etc/passwd", "gopher://127.0.0.1/",
		"http://ok.example.test:25/", "http:///",           "javascript:alert(1)"
	};
	struct question q = { .client = open_client(closed_port, plain.port),
			      .policy = usual(),
			      .host = "goto-x.example.test" };
	unsigned before = atomic_load(&plain.requests);
	struct http_client_stats stats;
	char url[200];

	(void)state;
	q.url = url;
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		snprintf(url, sizeof url, "http://goto-x.example.test/%s", targets[i]);
		expect(q, HTTP_FAILED, HTTP_REASON_ERROR, 302);
	}
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
		snprintf(url, sizeof url, "http://goto-x.example.test/%s", elsewhere[i]);
		expect(q, HTTP_FAILED, HTTP_REASON_FETCH_ERROR, 302);
	}
	assert_int_equal(atomic_load(&plain.requests) - before, ARRAY_LEN(targets) + ARRAY_LEN(elsewhere));
	http_client_stats(q.client, &stats);
	assert_int_equal(stats.guard_refused, ARRAY_LEN(targets));
	http_client_destroy(q.client);
}

static void a_page_beyond_the_cap_is_cut_and_not_failed(void **state)
{
	static const char *const hosts[] = { "endless.example.test", "bomb.example.test" };
	struct question q = { .client = open_client(closed_port, plain.port), .policy = usual() };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct visit *v;

		q.host = hosts[i];
		v = fetch(q);
		assert_int_equal(v->result.status, HTTP_OK);
		assert_true(v->result.is_truncated);
		assert_int_equal(v->result.body_bytes, 100000);
		assert_int_equal(v->body.len, 100000);
		visit_free(v);
	}
	http_client_destroy(q.client);
}

static void retries_start_again_and_stop_at_their_number(void **state)
{
	struct question q = { .client = open_client(closed_port, plain.port),
			      .policy = usual(),
			      .host = "flaky.example.test" };
	struct visit *v;

	(void)state;
	q.policy.retries_max = 1;
	v = fetch(q);
	assert_int_equal(v->result.status, HTTP_OK);
	assert_int_equal(v->result.attempts, 2);
	visit_free(v);
	q.host = "halfway.example.test";
	v = fetch(q);
	assert_int_equal(v->result.reason, HTTP_REASON_CONNECTION_RESET);
	assert_int_equal(v->result.attempts, 2);
	assert_int_equal(v->begins, 2);
	visit_free(v);
	q.host = "status429.example.test"; /* asks for a minute, which is too long to wait */
	v = fetch(q);
	assert_int_equal(v->result.attempts, 1);
	visit_free(v);
	q.host = "status404.example.test";
	v = fetch(q);
	assert_int_equal(v->result.attempts, 1);
	visit_free(v);
	http_client_destroy(q.client);
}

static void robots_are_respected_once_per_host(void **state)
{
	struct question q = { .client = open_client(closed_port, plain.port), .policy = usual() };
	unsigned before;
	struct visit *v;

	(void)state;
	q.policy.respect_robots = true;
	q.host = "shut.example.test";
	v = fetch(q);
	assert_int_equal(v->result.status, HTTP_FAILED);
	assert_int_equal(v->result.reason, HTTP_REASON_ERROR);
	assert_non_null(strstr(v->detail, "robots"));
	assert_int_equal(v->begins, 0);
	visit_free(v);
	q.host = "robots500.example.test";
	expect(q, HTTP_FAILED, HTTP_REASON_UPSTREAM_5XX, 500);
	q.host = "robotsaway.example.test"; /* its robots.txt is another host's, which says no */
	expect(q, HTTP_FAILED, HTTP_REASON_ERROR, 0);
	q.host = "ok.example.test"; /* has none */
	before = atomic_load(&plain.connections);
	expect(q, HTTP_OK, HTTP_REASON_NONE, 200);
	assert_int_equal(atomic_load(&plain.connections) - before, 1); /* robots.txt and page share one */
	q.host = "silent.example.test";
	q.policy.timeout_ms = 300;
	expect(q, HTTP_TIMED_OUT, HTTP_REASON_TIMEOUT, 0);

	q.policy.timeout_ms = 5000;
	q.host = "partly.example.test";
	q.session = http_session_create();
	before = atomic_load(&plain.requests);
	expect(q, HTTP_OK, HTTP_REASON_NONE, 200);
	q.url = "http://partly.example.test/public";
	expect(q, HTTP_OK, HTTP_REASON_NONE, 200);
	assert_int_equal(atomic_load(&plain.requests) - before, 3);
	q.url = "http://partly.example.test/private/x";
	v = fetch(q);
	assert_int_equal(v->result.reason, HTTP_REASON_ERROR);
	visit_free(v);
	assert_int_equal(atomic_load(&plain.requests) - before, 3);
	http_session_destroy(q.session);
	http_client_destroy(q.client);
}

static void a_redirect_to_another_host_asks_its_robots(void **state)
{
	struct question q = { .client = open_client(closed_port, plain.port),
			      .policy = usual(),
			      .host = "goto-x.example.test",
			      .url = "http://goto-x.example.test/http://shut.example.test/" };
	struct visit *v;

	(void)state;
	q.policy.respect_robots = true;
	v = fetch(q);
	assert_int_equal(v->result.reason, HTTP_REASON_ERROR);
	assert_string_equal(v->url, "http://shut.example.test/");
	visit_free(v);
	http_client_destroy(q.client);
}

static void cookies_live_in_a_session_when_the_persona_keeps_them(void **state)
{
	struct question q = { .client = open_client(closed_port, plain.port),
			      .policy = usual(),
			      .host = "cookie.example.test" };

	(void)state;
	for (unsigned keep = 0; keep < 2; keep++) {
		q.policy.preserve_cookies = keep;
		q.session = http_session_create();
		for (unsigned i = 0; i < 2; i++) {
			expect(q, HTTP_OK, HTTP_REASON_NONE, 200);
			assert_int_equal(strstr(plain.last_request, "seen=yes") != NULL, keep && i == 1);
		}
		http_session_destroy(q.session);
	}
	http_client_destroy(q.client);
}

static void headers_go_out_in_the_persona_s_order(void **state)
{
	static const struct http_header headers[] = { { "X-Last", "3" },
						      { "Accept-Language", "en" },
						      { "X-Empty", "" } };
	static const char *const order[] = { "Accept-Language", "user-agent" };
	struct question q = { .client = open_client(closed_port, plain.port),
			      .policy = usual(),
			      .host = "ok.example.test" };
	const char *at;
	static const char *const sent[] = { "Accept-Language: en\r\n",
					    "User-Agent: TestBot/1.0\r\n",
					    "Accept: ",
					    "Accept-Encoding: gzip, deflate\r\n",
					    "X-Empty:",
					    "X-Last: 3\r\n" };

	(void)state;
	q.policy.headers = headers;
	q.policy.header_count = 3;
	q.policy.header_order = order;
	q.policy.header_order_count = 2;
	expect(q, HTTP_OK, HTTP_REASON_NONE, 200);
	at = plain.last_request;
	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		at = strstr(at, sent[i]);
		if (!at)
			fail_msg("%s is missing or early in:\n%s", sent[i], plain.last_request);
	}
	http_client_destroy(q.client);
}

static void policies_that_cannot_be_sent_are_refused(void **state)
{
	static const struct http_header split = { "X-A", "b\r\nX-C: d" }, host = { "Host", "other" },
					blank = { "", "x" };
	const struct http_header *const bad[] = { &split, &host, &blank };
	struct http_policy_settings s = usual();
	struct http_policy *p = NULL;

	(void)state;
	s.user_agent = "";
	assert_string_equal(http_policy_create(&s, &p).reason, "BAD_USER_AGENT");
	s = usual();
	s.tls_min = HTTP_TLS_13;
	s.tls_max = HTTP_TLS_12;
	assert_string_equal(http_policy_create(&s, &p).reason, "BAD_TLS_RANGE");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		s = usual();
		s.headers = bad[i];
		s.header_count = 1;
		assert_string_equal(http_policy_create(&s, &p).reason, "BAD_HEADER");
	}
}

static void the_charset_is_read(void **state)
{
	struct question q = { .client = open_client(closed_port, plain.port),
			      .policy = usual(),
			      .host = "latin.example.test" };
	struct visit *v = fetch(q);

	(void)state;
	assert_string_equal(v->charset, "iso-8859-1");
	visit_free(v);
	http_client_destroy(q.client);
}

static atomic_uint ended, ended_ok, ended_canceled;

static void count(void *ctx, const struct http_result *result)
{
	(void)ctx;
	atomic_fetch_add(&ended, 1);
	atomic_fetch_add(&ended_ok, result->status == HTTP_OK);
	atomic_fetch_add(&ended_canceled, result->status == HTTP_CANCELED);
}

static void a_cancelled_group_ends_and_the_other_goes_on(void **state)
{
	struct http_client *client = open_client(closed_port, plain.port);
	struct http_policy_settings s = usual();
	struct http_policy *policy = NULL;
	struct cancel cancel;
	struct http_fetch f = { .host = "silent.example.test", .cancel = &cancel };

	(void)state;
	s.timeout_ms = 60000;
	assert_true(status_ok(http_policy_create(&s, &policy)));
	f.policy = policy;
	assert_true(net_address_parse(WEB_SITE_IP, 1, &f.address));
	cancel_init(&cancel, NULL);
	atomic_store(&ended_ok, 0);
	for (unsigned i = 0; i < 100; i++) /* more than there are places */
		assert_true(status_ok(http_client_submit(client, &f, count, NULL)));
	assert_false(http_client_drain(client, 300));
	cancel_set(&cancel);
	f.cancel = NULL;
	f.host = "ok.example.test";
	assert_true(status_ok(http_client_submit(client, &f, count, NULL)));
	assert_true(http_client_drain(client, 10000));
	assert_int_equal(atomic_load(&ended_canceled), 100);
	assert_int_equal(atomic_load(&ended_ok), 1);

	cancel_done(&cancel);
	f.host = "silent.example.test";
	for (unsigned i = 0; i < 10; i++)
		assert_true(status_ok(http_client_submit(client, &f, count, NULL)));
	http_client_destroy(client); /* busy */
	assert_int_equal(atomic_load(&ended_canceled), 110);
	http_policy_destroy(policy);
}

/* The host of the page is asked for its robots.txt and at once for nothing else; time that politeness takes is not the
 * attempt's. */
static void a_host_is_left_alone_between_requests(void **state)
{
	struct question q = { .client = open_client(closed_port, plain.port), .policy = usual() };
	unsigned before = atomic_load(&plain.requests);
	struct http_fetch f = { .host = "ok.example.test", .url = "http://ok.example.test/" };
	struct http_policy *policy = NULL;

	(void)state;
	q.policy.respect_robots = true;
	q.policy.host_delay_ms = 1200;
	q.policy.timeout_ms = 1000;
	q.host = "partly.example.test";
	q.url = "http://partly.example.test/public";
	expect(q, HTTP_OK, HTTP_REASON_NONE, 200);
	assert_int_equal(atomic_load(&plain.requests) - before, 2);

	q.policy.host_delay_ms = 60000;
	q.policy.respect_robots = false; /* two hosts: nothing to wait for */
	q.host = "hops1.example.test";
	q.url = "http://hops1.example.test/";
	expect(q, HTTP_OK, HTTP_REASON_NONE, 200);

	q.policy.respect_robots = true;
	before = atomic_load(&plain.requests);
	assert_true(status_ok(http_policy_create(&q.policy, &policy)));
	assert_true(net_address_parse(WEB_SITE_IP, 1, &f.address));
	f.policy = policy;
	assert_true(status_ok(http_client_submit(q.client, &f, count, NULL)));
	assert_false(http_client_drain(q.client, 500));
	assert_int_equal(atomic_load(&plain.requests) - before, 1);
	http_client_destroy(q.client);
	http_policy_destroy(policy);
}

/* Ends the client. */
static void expect_crowd_of_three(struct http_client *client, const struct http_fetch *f)
{
	while (atomic_load(&plain.open) > 0)
		usleep(1000);
	atomic_store(&ended_canceled, 0);
	for (unsigned i = 0; i < 20; i++)
		assert_true(status_ok(http_client_submit(client, f, count, NULL)));
	assert_false(http_client_drain(client, 500));
	assert_int_equal(atomic_load(&plain.open), 3);
	http_client_destroy(client);
	assert_int_equal(atomic_load(&ended_canceled), 20);
}

static void one_address_is_not_crowded(void **state)
{
	struct http_client_settings settings = { .in_flight_max = 64,
						 .per_address_max = 3,
						 .http_port = plain.port,
						 .https_port = closed_port,
						 .guard = guard };
	struct http_policy_settings s = usual();
	struct http_policy *policy = NULL;
	struct http_client *client = NULL;
	struct http_fetch f = { .host = "silent.example.test", .url = "http://silent.example.test/" };

	(void)state;
	s.timeout_ms = 60000;
	assert_true(status_ok(http_client_create(&settings, &client)));
	assert_true(status_ok(http_policy_create(&s, &policy)));
	f.policy = policy;
	assert_true(net_address_parse(WEB_SITE_IP, 1, &f.address));
	expect_crowd_of_three(client, &f);
	f.address = (struct net_address){ 0 }; /* found on the way: counts as well */
	f.resolver.start = resolve;
	assert_true(status_ok(http_client_create(&settings, &client)));
	expect_crowd_of_three(client, &f);
	assert_true(net_address_parse(WEB_SITE_IP, 1, &f.address));

	s.timeout_ms = 200; /* each timeout lets the next one in */
	s.retries_max = 1;
	http_policy_destroy(policy);
	assert_true(status_ok(http_policy_create(&s, &policy)));
	assert_true(status_ok(http_client_create(&settings, &client)));
	f.policy = policy;
	atomic_store(&ended, 0);
	for (unsigned i = 0; i < 9; i++)
		assert_true(status_ok(http_client_submit(client, &f, count, NULL)));
	assert_true(http_client_drain(client, 30000));
	assert_int_equal(atomic_load(&ended), 9);
	http_client_destroy(client);
	http_policy_destroy(policy);
}

static void a_thousand_sites_all_end(void **state)
{
	struct http_client *client = open_client(closed_port, plain.port);
	struct http_policy_settings s = usual();
	struct http_policy *policy = NULL;
	struct http_fetch f = { .host = "ok.example.test" };

	(void)state;
	s.retries_max = 3;
	s.timeout_ms = 20000;
	assert_true(status_ok(http_policy_create(&s, &policy)));
	f.policy = policy;
	assert_true(net_address_parse(WEB_SITE_IP, 1, &f.address));
	atomic_store(&ended, 0);
	atomic_store(&ended_ok, 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(status_ok(http_client_submit(client, &f, count, NULL)));
	assert_true(http_client_drain(client, 60000));
	assert_int_equal(atomic_load(&ended), 1000);
	assert_int_equal(atomic_load(&ended_ok), 1000);
	http_client_destroy(client);
	http_policy_destroy(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(https_is_tried_first_and_http_when_there_is_none),
		cmocka_unit_test(certificates_are_judged_and_their_reason_kept),
		cmocka_unit_test(every_failure_has_its_reason),
		cmocka_unit_test(the_allowed_statuses_replace_2xx),
		cmocka_unit_test(seven_redirects_are_followed_and_not_eight),
		cmocka_unit_test(a_redirect_whose_body_fails_is_followed),
		cmocka_unit_test(a_redirect_on_one_server_keeps_the_connection),
		cmocka_unit_test(no_spelling_of_a_private_address_gets_through),
		cmocka_unit_test(a_page_beyond_the_cap_is_cut_and_not_failed),
		cmocka_unit_test(retries_start_again_and_stop_at_their_number),
		cmocka_unit_test(robots_are_respected_once_per_host),
		cmocka_unit_test(a_redirect_to_another_host_asks_its_robots),
		cmocka_unit_test(cookies_live_in_a_session_when_the_persona_keeps_them),
		cmocka_unit_test(headers_go_out_in_the_persona_s_order),
		cmocka_unit_test(policies_that_cannot_be_sent_are_refused),
		cmocka_unit_test(the_charset_is_read),
		cmocka_unit_test(a_cancelled_group_ends_and_the_other_goes_on),
		cmocka_unit_test(a_host_is_left_alone_between_requests),
		cmocka_unit_test(one_address_is_not_crowded),
		cmocka_unit_test(a_thousand_sites_all_end),
	};

	signal(SIGPIPE, SIG_IGN); /* the test server writes to clients that have left */
	return cmocka_run_group_tests(tests, open_world, close_world);
}
