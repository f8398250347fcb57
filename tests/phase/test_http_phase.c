/* http: pages of a real web server on loopback become features, keyword rows and exact counters. */
#include "phase/http/http_phase.h"
#include "phase/phase_runner.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "net/address_guard.h"
#include "net/dns_client.h"
#include "net/http_client.h"
#include "net/shared_rate.h"
#include "telemetry/metrics.h"
#include "work/thread.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "unit/net/dns_responder.h"

static const struct phase_ops *const ops = &http_phase;
static struct address_guard *guard;
static struct dns_responder resolver;

/* --- a web server: one request a connection, what it says is chosen by the first label of the host -------------------
 */

static struct {
	int fd;
	uint16_t port;
	pthread_t thread;
	atomic_bool stop;
} web;

static const char *answer_of(const char *request)
{
	const char *host = strstr(request, "Host: ");

	if (!host || strstr(request, "/robots.txt"))
		return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	host += 6;
	if (strncmp(host, "telecom", 7) == 0)
		return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
		       "<html><head><title>Telecom and VoIP</title></head><body><h1>Telecom</h1>"
		       "<p>We sell voip lines and fiber.</p><a href=\"/about\">telecom</a></body></html>";
	if (strncmp(host, "plain", 5) == 0)
		return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>nothing to see</p>";
	if (strncmp(host, "missing", 7) == 0)
		return "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: "
		       "close\r\n\r\n";
	if (strncmp(host, "image", 5) == 0)
		return "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\nxxxx";
	if (strncmp(host, "parked", 6) == 0)
		return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
		       "<title>Buy this domain</title><p>voip</p>";
	if (strncmp(host, "away", 4) == 0)
		return "HTTP/1.1 302 Found\r\nLocation: http://ok.elsewhere.com/\r\nContent-Length: 0\r\n"
		       "Connection: close\r\n\r\n";
	if (strncmp(host, "lost", 4) == 0)
		return "HTTP/1.1 302 Found\r\nLocation: http://nx.elsewhere.com/\r\nContent-Length: 0\r\n"
		       "Connection: close\r\n\r\n";
	return NULL; /* silent */
}

static void serve(int fd)
{
	char request[4096];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof request - 1 && (got = recv(fd, request + n, sizeof request - 1 - n, 0)) > 0) {
		const char *answer;

		n += (size_t)got;
		request[n] = '\0';
		if (!strstr(request, "\r\n\r\n"))
			continue;
		answer = answer_of(request);
		if (answer) {
			send(fd, answer, strlen(answer), MSG_NOSIGNAL);
			close(fd);
		}
		/* a silent one is closed when the client gives up: its descriptor is left to the process's end */
		return;
	}
	close(fd);
}

static void *web_body(void *arg)
{
	(void)arg;
	while (!atomic_load(&web.stop)) {
		struct pollfd p = { .fd = web.fd, .events = POLLIN };
		struct timeval patience = { .tv_sec = 1 };
		int fd;

		if (poll(&p, 1, 50) <= 0)
			continue;
		fd = accept(web.fd, NULL, NULL);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		serve(fd);
	}
	return NULL;
}

static bool web_open(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof in;

	web.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (web.fd < 0 || bind(web.fd, (struct sockaddr *)&in, sizeof in) != 0 || listen(web.fd, 64) != 0 ||
	    getsockname(web.fd, (struct sockaddr *)&in, &n) != 0)
		return false;
	web.port = ntohs(in.sin_port);
	return status_ok(thread_start("web", web_body, NULL, &web.thread));
}

static int open_world(void **state)
{
	struct http_client_settings settings = { .redirects_max = 7, .https_port = 1 };
	struct dns_client_settings dns = { .lookups_max = 100 };
	struct runner *runner;

	if (runner_open(state) != 0 || !web_open() || !dns_responder_open(&resolver))
		return -1;
	runner = *state;
	if (!status_ok(address_guard_create("127.0.0.0/8", false, &guard)))
		return -1;
	settings.guard = guard;
	settings.http_port = web.port;
	runner->env.resolver_guard = guard;
	if (!status_ok(shared_rates_open(NULL, NULL, NULL, &runner->env.rates)))
		return -1;
	if (!status_ok(dns_client_create(&dns, &runner->env.dns)))
		return -1;
	return status_ok(http_client_create(&settings, &runner->env.http)) ? 0 : -1;
}

static int close_world(void **state)
{
	struct runner *runner = *state;

	http_client_destroy(runner->env.http);
	dns_client_destroy(runner->env.dns);
	shared_rates_close(runner->env.rates);
	dns_responder_close(&resolver);
	address_guard_destroy(guard);
	atomic_store(&web.stop, true);
	pthread_join(web.thread, NULL);
	close(web.fd);
	return runner_close(state);
}

/* --- campaigns -------------------------------------------------------------------------------------------------------
 */

/* A campaign with resolving domains called <label>.d<i>.com, a persona and the keywords telecom, voip and fiber. */
static void prepare(struct runner *runner, const char *const *labels, int count, const char *more)
{
	struct uuid uuid = uuid_make();
	char id[UUID_TEXT_SIZE];

	runner_campaign(runner);
	for (int i = 0; i < count; i++)
		runner_sql(
			runner,
			arena_printf(runner->arena,
				     "INSERT INTO domains (campaign_id, offset_index, domain_name, dns_status, dns_ip)"
				     " VALUES ('%%s', %d, '%s.d%d.com', 'ok', '127.0.0.1')",
				     i, labels[i], i));
	runner_sql(runner, "UPDATE campaign_counters SET (total_domains, dns_ok, http_pending, lead_pending,"
			   " reject_pending) = (SELECT n, n, n, n, n FROM (SELECT count(*) AS n FROM domains"
			   " WHERE campaign_id = '%s') c) WHERE campaign_id = '%s'");
	uuid_to_text(&uuid, id);
	runner_sql(runner,
		   arena_printf(runner->arena,
				"INSERT INTO personas (id, name, persona_type, config_details) VALUES ('%s', '%s',"
				" 'http', '{\"userAgent\":\"test\",\"requestTimeoutSeconds\":1,\"rateLimitDps\":0,"
				"\"respectRobots\":false}')",
				id, id));
	runner_configure(runner, PHASE_HTTP,
			 arena_printf(runner->arena,
				      "{\"personaIds\":[\"%s\"],\"keywords\":[\"telecom\",\"voip\",\"fiber\"],"
				      "\"maxRetries\":0%s}",
				      id, more));
}

static char *row(struct runner *runner, int offset)
{
	return runner_text(runner,
			   arena_printf(runner->arena,
					"SELECT concat_ws(' ', d.http_status, coalesce(d.http_reason, '-'),"
					" coalesce(d.http_status_code::text, '-'), d.lead_status, d.rejection_reason,"
					" f.processing_state, f.attempt_count) FROM domains d"
					" JOIN domain_extraction_features f ON f.campaign_id = d.campaign_id"
					" AND f.domain_id = d.offset_index"
					" WHERE d.campaign_id = '%%s' AND d.offset_index = %d",
					offset));
}

static void pages_become_rows_features_and_counters(void **state)
{
	static const char *const labels[] = { "telecom", "plain", "missing", "image", "silent", "parked" };
	static const char *const rows[] = {
		"ok - 200 pending pending ready 1",
		"ok - 200 pending pending ready 1",
		"error NOT_FOUND 404 pending http_error error 1",
		"error CONTENT_MISMATCH 200 pending http_error error 1",
		"timeout TIMEOUT - pending http_timeout error 1",
		"ok - 200 pending pending ready 1",
	};
	struct runner *runner = *state;
	struct buffer exposition;

	prepare(runner, labels, 6, ",\"batchSize\":4");
	runner->env.metrics = metrics_create();
	assert_string_equal(runner_phase(runner, ops, PHASE_BEGIN_FIRST),
			    "{\"ok\":3,\"error\":2,\"timeout\":1,\"keywordHits\":2}");
	buffer_init(&exposition, 0);
	assert_true(metrics_write(runner->env.metrics, &exposition));
	assert_non_null(strstr(exposition.data, "http_validation_fetch_outcomes_total{status=\"ok\"} 3\n"));
	assert_non_null(strstr(exposition.data, "extraction_failures_total{reason=\"NOT_FOUND\"} 1\n"));
	assert_non_null(strstr(exposition.data, "parked_detection_total{result=\"parked\"} 1\n"));
	buffer_done(&exposition);
	metrics_destroy(runner->env.metrics);
	runner->env.metrics = NULL;
	for (int i = 0; i < 6; i++)
		assert_string_equal(row(runner, i), rows[i]);
	assert_string_equal(runner_text(runner, "SELECT http_title FROM domains WHERE campaign_id = '%s'"
						" AND offset_index = 0"),
			    "Telecom and VoIP");
	assert_string_equal(
		runner_text(runner, "SELECT concat_ws(' ', kw_unique_count, kw_total_occurrences, h1_count,"
				    " link_internal_count, has_structural_signals, title_has_keyword, is_stale_score,"
				    " http_status, length(content_hash))"
				    " FROM domain_extraction_features WHERE campaign_id = '%s' AND domain_id = 0"),
		"3 6 1 1 t t t success 64");
	assert_string_equal(runner_text(runner,
					"SELECT string_agg(surface_form || ' ' || occurrences || ' ' || signal_type,"
					" ', ' ORDER BY lower(surface_form)) FROM domain_extracted_keywords"
					" WHERE campaign_id = '%s' AND domain_id = 0"),
			    "fiber 1 body, Telecom 3 title, VoIP 2 title");
	assert_string_equal(runner_text(runner, "SELECT is_parked::text FROM domains WHERE campaign_id = '%s'"
						" AND offset_index = 5"),
			    "true");
	assert_int_equal(runner_number(runner,
				       "SELECT count(*) FROM domain_extraction_features WHERE campaign_id = '%s'"
				       " AND processing_state = 'error' AND last_error IS NOT NULL"
				       " AND next_attempt_at > now()"),
			 3);
}

static void a_finished_run_tells_both_outcomes(void **state)
{
	static const char *const labels[] = { "telecom", "missing" };
	struct runner *runner = *state;
	struct phase_outcome outcome;
	struct phase_finish finish;
	struct phase_begin begun;
	struct phase_run *run;

	prepare(runner, labels, 2, "");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	assert_int_equal(begun.total_items, 2);
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 1, &run));
	while (runner_batch(runner, ops, run, &outcome))
		continue;
	ops->run_close(run);
	runner_finish(runner, ops, &finish);
	assert_string_equal(finish.events->type, "domains_http_finalized");
	assert_string_equal(finish.events->payload, "{\"ok\":1,\"error\":1,\"timeout\":0}");
	assert_non_null(strstr(runner_event(finish.events, "extraction_phase_completed"),
			       "{\"ready\":1,\"error\":1,\"durationMs\":"));
}

static void a_page_the_database_refuses_ends_alone(void **state)
{
	static const char *const labels[] = { "plain", "telecom", "plain", "telecom", "plain" };
	struct runner *runner = *state;

	prepare(runner, labels, 5, "");
	runner_sql(runner, "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
			   " RAISE EXCEPTION 'this value is refused' USING ERRCODE = '22021'; END $$;"
			   "CREATE TRIGGER refuse BEFORE UPDATE ON domain_extraction_features FOR EACH ROW"
			   " WHEN (NEW.domain_name = 'telecom.d3.com' AND NEW.processing_state = 'ready')"
			   " EXECUTE FUNCTION refuse()");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	runner_sql(runner, "DROP TRIGGER refuse ON domain_extraction_features");
	assert_int_equal(runner_counters(runner).http_ok, 4);
	assert_int_equal(runner_counters(runner).http_error, 1);
	assert_int_equal(runner_counters(runner).keyword_hits, 1);
	assert_string_equal(row(runner, 1), "ok - 200 pending pending ready 1");
	assert_string_equal(row(runner, 3), "error ERROR 200 pending http_error error 1");
	assert_non_null(strstr(runner_text(runner, "SELECT last_error FROM domain_extraction_features"
						   " WHERE campaign_id = '%s' AND domain_id = 3"),
			       "refused"));
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domain_extracted_keywords"
					       " WHERE campaign_id = '%s' AND domain_id = 3"),
			 0);
}

static void a_rerun_makes_features_stale_and_fetches_again(void **state)
{
	static const char *const labels[] = { "telecom", "missing", "plain" };
	struct runner *runner = *state;
	struct phase_begin begun;

	prepare(runner, labels, 3, "");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	runner_sql(runner, "UPDATE domains SET domain_score = 0.5 WHERE campaign_id = '%s' AND http_status = 'ok';"
			   "UPDATE campaign_counters SET analyzed = 2 WHERE campaign_id = '%s'");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_RERUN, &begun));
	assert_int_equal(begun.total_items, 3);
	assert_int_equal(runner_counters(runner).http_pending, 3);
	assert_int_equal(runner_counters(runner).analyzed, 0);
	assert_int_equal(runner_counters(runner).keyword_hits, 0);
	assert_string_equal(row(runner, 0), "pending - - pending pending stale 0");
	runner_phase(runner, ops, PHASE_BEGIN_RETRY);
	assert_string_equal(row(runner, 0), "ok - 200 pending pending ready 1");
	assert_int_equal(runner_counters(runner).keyword_hits, 1);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domain_extracted_keywords"
					       " WHERE campaign_id = '%s'"),
			 3);
}

static void *cancel_soon(void *arg)
{
	struct timespec ts = { .tv_nsec = 300000000 };

	nanosleep(&ts, NULL);
	cancel_set(arg);
	return NULL;
}

static void a_paused_batch_keeps_its_pages_and_leaves_the_rest_pending(void **state)
{
	static const char *const labels[] = { "telecom", "silent" };
	struct runner *runner = *state;
	struct phase_outcome outcome;
	struct phase_begin begun;
	struct phase_run *run;
	pthread_t thread;

	prepare(runner, labels, 2, "");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 1, &run));
	expect_ok(thread_start("pauser", cancel_soon, &runner->cancel, &thread));
	assert_true(runner_batch(runner, ops, run, &outcome));
	pthread_join(thread, NULL);
	ops->run_close(run);
	cancel_done(&runner->cancel);
	cancel_init(&runner->cancel, NULL);
	assert_int_equal(outcome.processed, 1);
	assert_int_equal(outcome.unfinished, 1);
	assert_string_equal(row(runner, 0), "ok - 200 pending pending ready 1");
	assert_string_equal(row(runner, 1), "pending - - pending pending building 1");
}

/* The resolver says 192.0.2.1, an address nobody may connect to. */
static void hosts_of_redirects_are_looked_up_through_the_dns_persona_and_guarded(void **state)
{
	static const char *const labels[] = { "away", "lost" };
	struct runner *runner = *state;
	char address[NET_ADDRESS_TEXT_SIZE], id[UUID_TEXT_SIZE];
	struct uuid uuid = uuid_make();

	prepare(runner, labels, 2, "");
	net_address_text(&resolver.address, address);
	uuid_to_text(&uuid, id);
	runner_sql(runner,
		   arena_printf(runner->arena,
				"INSERT INTO personas (id, name, persona_type, config_details) VALUES ('%s', '%s',"
				" 'dns', '{\"resolvers\":[\"%s\"],\"queryTimeoutSeconds\":1,\"rateLimitDps\":0}')",
				id, id, address));
	runner_configure(runner, PHASE_DNS,
			 arena_printf(runner->arena, "{\"personaIds\":[\"%s\"],\"maxRetries\":0}", id));
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_string_equal(row(runner, 0), "error ERROR 302 pending http_error error 1");
	assert_string_equal(row(runner, 1), "error DNS_RESOLVE_ERROR 302 pending http_error error 1");
}

static void without_a_usable_persona_the_phase_cannot_run(void **state)
{
	static const char *const labels[] = { "plain" };
	struct runner *runner = *state;
	struct phase_run *run = NULL;

	prepare(runner, labels, 1, "");
	runner_sql(runner, "UPDATE personas SET is_enabled = false");
	expect_failure(ops->run_open(&runner->env, &runner->campaign, 1, &run), STATUS_FAILED_PRECONDITION,
		       "E_NO_USABLE_PERSONA");
	assert_null(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_become_rows_features_and_counters),
		cmocka_unit_test(a_finished_run_tells_both_outcomes),
		cmocka_unit_test(a_page_the_database_refuses_ends_alone),
		cmocka_unit_test(a_rerun_makes_features_stale_and_fetches_again),
		cmocka_unit_test(a_paused_batch_keeps_its_pages_and_leaves_the_rest_pending),
		cmocka_unit_test(hosts_of_redirects_are_looked_up_through_the_dns_persona_and_guarded),
		cmocka_unit_test(without_a_usable_persona_the_phase_cannot_run),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
