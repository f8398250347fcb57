/* dns: answers of a real resolver on loopback become rows and exact counters; pausing, several personas, rerun. */
#include "phase/dns/dns_phase.h"
#include "phase/phase_runner.h"

#include "base/arena.h"
#include "net/address_guard.h"
#include "net/dns_client.h"
#include "net/shared_rate.h"
#include "work/thread.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit/net/dns_responder.h"

static const struct phase_ops *const ops = &dns_phase;
static struct dns_responder one, two;
static struct address_guard *guard;

static int open_world(void **state)
{
	struct dns_client_settings settings = { .lookups_max = 500 };
	struct runner *runner;

	if (runner_open(state) != 0 || !dns_responder_open(&one) || !dns_responder_open(&two))
		return -1;
	runner = *state;
	if (!status_ok(address_guard_create("127.0.0.0/8", false, &guard)))
		return -1;
	runner->env.resolver_guard = guard;
	if (!status_ok(shared_rates_open(NULL, NULL, NULL, &runner->env.rates)))
		return -1;
	return status_ok(dns_client_create(&settings, &runner->env.dns)) ? 0 : -1;
}

static int close_world(void **state)
{
	struct runner *runner = *state;

	dns_client_destroy(runner->env.dns);
	shared_rates_close(runner->env.rates);
	address_guard_destroy(guard);
	dns_responder_close(&one);
	dns_responder_close(&two);
	return runner_close(state);
}

/* A persona that asks that responder without limits but those in `more`; returns its id. */
static char *persona(struct runner *runner, const struct dns_responder *responder, const char *more)
{
	char address[NET_ADDRESS_TEXT_SIZE], id[UUID_TEXT_SIZE];
	struct uuid uuid = uuid_make();

	net_address_text(&responder->address, address);
	uuid_to_text(&uuid, id);
	runner_sql(
		runner,
		arena_printf(runner->arena,
			     "INSERT INTO personas (id, name, persona_type, config_details) VALUES ('%s', '%s',"
			     " 'dns', '{\"resolvers\":[\"%s\"],\"queryTimeoutSeconds\":1,\"maxConcurrentLookups\":100,"
			     "\"rateLimitDps\":0%s}')",
			     id, id, address, more));
	return arena_strdup(runner->arena, id);
}

static void configure(struct runner *runner, const char *personas, const char *more)
{
	runner_configure(
		runner, PHASE_DNS,
		arena_printf(runner->arena, "{\"personaIds\":[%s],\"maxRetries\":0,\"timeout\":2%s}", personas, more));
}

static char *quoted(struct runner *runner, const char *id)
{
	return arena_printf(runner->arena, "\"%s\"", id);
}

/* Pending domains called <label>.d<i>.com. */
static void domains(struct runner *runner, const char *const *labels, int count)
{
	for (int i = 0; i < count; i++)
		runner_sql(runner, arena_printf(runner->arena,
						"INSERT INTO domains (campaign_id, offset_index, domain_name)"
						" VALUES ('%%s', %d, '%s.d%d.com')",
						i, labels[i], i));
	runner_sql(runner, "UPDATE campaign_counters SET (total_domains, dns_pending, http_pending, lead_pending,"
			   " reject_pending) = (SELECT n, n, n, n, n FROM (SELECT count(*) AS n FROM domains"
			   " WHERE campaign_id = '%s') c) WHERE campaign_id = '%s'");
}

static char *row(struct runner *runner, int offset)
{
	return runner_text(runner,
			   arena_printf(runner->arena,
					"SELECT concat_ws(' ', dns_status, coalesce(dns_reason, '-'),"
					" coalesce(host(dns_ip), '-'), lead_status, rejection_reason, http_status)"
					" FROM domains WHERE campaign_id = '%%s' AND offset_index = %d",
					offset));
}

static void answers_become_rows_and_counters(void **state)
{
	static const char *const labels[] = { "ok",    "nx",     "servfail", "refused",
					      "empty", "silent", "v6only",   "under_score" };
	static const char *const rows[] = {
		"ok - 192.0.2.1 pending pending pending",      "error NXDOMAIN - no_match dns_error pending",
		"error SERVFAIL - no_match dns_error pending", "error REFUSED - no_match dns_error pending",
		"error NOANSWER - no_match dns_error pending", "timeout TIMEOUT - no_match dns_timeout pending",
		"ok - 2001:db8::1 pending pending pending",    "error INVALID_DOMAIN - no_match dns_error pending",
	};
	struct runner *runner = *state;

	runner_campaign(runner);
	domains(runner, labels, 8);
	configure(runner, quoted(runner, persona(runner, &one, "")), ",\"batchSize\":5");
	assert_string_equal(runner_phase(runner, ops, PHASE_BEGIN_FIRST), "{\"ok\":2,\"error\":5,\"timeout\":1}");
	for (int i = 0; i < 8; i++)
		assert_string_equal(row(runner, i), rows[i]);
	assert_int_equal(runner_state(runner, PHASE_DNS).progress.processed, 8);
	assert_int_equal(runner_state(runner, PHASE_DNS).progress.successful, 2);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domains WHERE campaign_id = '%s'"
					       " AND last_validated_at IS NULL"),
			 0);
}

static void names_are_spread_over_the_personas(void **state)
{
	static const char *const labels[] = { "ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok" };
	struct runner *runner = *state;
	unsigned before[2];

	runner_campaign(runner);
	domains(runner, labels, 8);
	configure(runner,
		  arena_printf(runner->arena, "\"%s\",\"%s\"", persona(runner, &one, ""), persona(runner, &two, "")),
		  ",\"validationTypes\":[\"A\"]");
	before[0] = atomic_load(&one.queries);
	before[1] = atomic_load(&two.queries);
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_int_equal(atomic_load(&one.queries) - before[0], 4);
	assert_int_equal(atomic_load(&two.queries) - before[1], 4);
}

static void *cancel_soon(void *arg)
{
	struct timespec ts = { .tv_nsec = 200000000 };

	nanosleep(&ts, NULL);
	cancel_set(arg);
	return NULL;
}

static void a_paused_batch_keeps_what_is_done_and_leaves_the_rest(void **state)
{
	static const char *const labels[] = { "ok", "silent", "ok", "silent" };
	struct runner *runner = *state;
	struct phase_outcome outcome;
	struct phase_begin begun;
	struct phase_run *run;
	pthread_t thread;

	runner_campaign(runner);
	domains(runner, labels, 4);
	configure(runner, quoted(runner, persona(runner, &one, "")), "");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 1, &run));
	expect_ok(thread_start("pauser", cancel_soon, &runner->cancel, &thread));
	assert_true(runner_batch(runner, ops, run, &outcome));
	pthread_join(thread, NULL);
	assert_int_equal(outcome.processed, 2);
	assert_int_equal(outcome.unfinished, 2);
	assert_int_equal(runner_counters(runner).dns_pending, 2);
	/* resumed: the same batch again */
	cancel_done(&runner->cancel);
	cancel_init(&runner->cancel, NULL);
	runner_sql(runner, "UPDATE campaign_phases SET cut_after = -1, cut_done = false WHERE campaign_id = '%s'");
	assert_true(runner_batch(runner, ops, run, &outcome));
	assert_int_equal(outcome.processed, 2);
	assert_int_equal(outcome.unfinished, 0);
	assert_int_equal(runner_counters(runner).dns_timeout, 2);
	ops->run_close(run);
}

/* One silent name: the others are stored before its second is over, and it when it has timed out. */
static void what_is_decided_is_stored_before_the_stragglers(void **state)
{
	static const char *const labels[] = { "ok", "silent", "nx", "ok" };
	struct runner *runner = *state;
	struct runner_parts parts = { 0 };
	struct phase_outcome outcome;
	struct phase_begin begun;
	struct phase_run *run;

	runner_campaign(runner);
	domains(runner, labels, 4);
	configure(runner, quoted(runner, persona(runner, &one, "")), "");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 1, &run));
	runner->in_parts = true;
	assert_true(runner_part(runner, ops, run, &parts, &outcome));
	assert_non_null(parts.job.rest);
	assert_int_equal(outcome.processed, 3);
	assert_int_equal(outcome.unfinished, 1);
	assert_int_equal(runner_counters(runner).dns_ok, 2);
	assert_string_equal(row(runner, 1), "pending - - pending pending pending");
	assert_true(runner_part(runner, ops, run, &parts, &outcome));
	assert_null(parts.job.rest);
	assert_int_equal(outcome.processed, 1);
	assert_int_equal(outcome.unfinished, 0);
	assert_int_equal(atomic_load(&parts.told), 1);
	assert_string_equal(row(runner, 1), "timeout TIMEOUT - no_match dns_timeout pending");
	runner->in_parts = false;
	ops->run_close(run);
}

/* Called off while only the straggler is out: it stays pending, and the batch is given back. */
static void a_parked_batch_can_be_cancelled(void **state)
{
	static const char *const labels[] = { "ok", "silent" };
	struct runner *runner = *state;
	struct runner_parts parts = { 0 };
	struct phase_outcome outcome;
	struct phase_begin begun;
	struct phase_run *run;

	runner_campaign(runner);
	domains(runner, labels, 2);
	configure(runner, quoted(runner, persona(runner, &one, "")), "");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 1, &run));
	runner->in_parts = true;
	assert_true(runner_part(runner, ops, run, &parts, &outcome));
	assert_non_null(parts.job.rest);
	cancel_set(&runner->cancel);
	assert_true(runner_part(runner, ops, run, &parts, &outcome));
	assert_null(parts.job.rest);
	assert_int_equal(outcome.processed, 0);
	assert_int_equal(outcome.unfinished, 1);
	assert_int_equal(runner_counters(runner).dns_pending, 1);
	runner->in_parts = false;
	cancel_done(&runner->cancel);
	cancel_init(&runner->cancel, NULL);
	ops->run_close(run);
}

static void a_rerun_starts_every_domain_and_what_follows_again(void **state)
{
	static const char *const labels[] = { "ok", "nx", "ok" };
	struct runner *runner = *state;
	struct phase_begin begun;

	runner_campaign(runner);
	domains(runner, labels, 3);
	configure(runner, quoted(runner, persona(runner, &one, "")), "");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	/* as if the later phases had run */
	runner_sql(runner,
		   "UPDATE domains SET http_status = 'ok', http_keywords = '[1]', domain_score = 0.5, lead_status = "
		   "'match',"
		   " rejection_reason = 'qualified' WHERE campaign_id = '%s' AND dns_status = 'ok';"
		   "UPDATE campaign_counters SET http_ok = 2, http_pending = 1, keyword_hits = 2, analyzed = 2,"
		   " lead_match = 2, lead_pending = 0, reject_qualified = 2, reject_pending = 0"
		   " WHERE campaign_id = '%s';"
		   "INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name, processing_state)"
		   " VALUES ('%s', 0, 'a.com', 'ready'), ('%s', 2, 'c.com', 'error')");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_RERUN, &begun));
	assert_int_equal(begun.total_items, 3);
	assert_int_equal(runner_counters(runner).dns_pending, 3);
	assert_int_equal(runner_counters(runner).analyzed, 0);
	assert_string_equal(row(runner, 1), "pending - - pending pending pending");
	assert_string_equal(runner_text(runner, "SELECT string_agg(processing_state::text, ' ' ORDER BY domain_id)"
						" FROM domain_extraction_features WHERE campaign_id = '%s'"),
			    "stale pending");
	runner_phase(runner, ops, PHASE_BEGIN_RETRY);
	assert_int_equal(runner_counters(runner).dns_ok, 2);
}

static void a_persona_with_a_rate_is_held_to_it_without_redis(void **state)
{
	static const char *const labels[] = { "ok", "ok", "ok", "ok", "ok", "ok" };
	struct runner *runner = *state;

	runner_campaign(runner);
	domains(runner, labels, 6);
	configure(runner, quoted(runner, persona(runner, &one, ",\"rateLimitDps\":40,\"rateLimitBurst\":1")), "");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_int_equal(runner_counters(runner).dns_ok, 6);
}

static void a_disabled_persona_cannot_be_used(void **state)
{
	static const char *const labels[] = { "ok" };
	struct runner *runner = *state;
	struct phase_run *run = NULL;
	char *id;

	runner_campaign(runner);
	domains(runner, labels, 1);
	id = persona(runner, &one, "");
	configure(runner, quoted(runner, id), "");
	runner_sql(runner, arena_printf(runner->arena, "UPDATE personas SET is_enabled = false WHERE id = '%s'", id));
	expect_failure(ops->run_open(&runner->env, &runner->campaign, 1, &run), STATUS_FAILED_PRECONDITION,
		       "E_NO_USABLE_PERSONA");
	assert_null(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_become_rows_and_counters),
		cmocka_unit_test(names_are_spread_over_the_personas),
		cmocka_unit_test(a_paused_batch_keeps_what_is_done_and_leaves_the_rest),
		cmocka_unit_test(what_is_decided_is_stored_before_the_stragglers),
		cmocka_unit_test(a_parked_batch_can_be_cancelled),
		cmocka_unit_test(a_rerun_starts_every_domain_and_what_follows_again),
		cmocka_unit_test(a_persona_with_a_rate_is_held_to_it_without_redis),
		cmocka_unit_test(a_disabled_persona_cannot_be_used),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
