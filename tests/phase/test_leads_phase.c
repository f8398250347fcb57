/* Leads: the rules on stored rows, exact counters, reruns. */
#include "phase/leads/leads_phase.h"
#include "phase/phase_runner.h"

#include "base/arena.h"

#include <string.h>

static const struct phase_ops *const ops = &leads_phase;

/* One domain per row of the decision table of docs/spec/02-pipeline.md §7, and the examples below it. */
static const struct {
	const char *dns, *http;
	double confidence, score; /* score < 0: none */
	int bytes, unique, hits;
	bool parked, structure;
	const char *lead, *reason;
} cases[] = {
	{ "timeout", "pending", 0, -1, 0, 0, 0, false, false, "no_match", "dns_timeout" },
	{ "error", "pending", 0, -1, 0, 0, 0, false, false, "no_match", "dns_error" },
	{ "ok", "pending", 0, -1, 0, 0, 0, false, false, "pending", "pending" },
	{ "ok", "timeout", 0, -1, 0, 0, 0, false, false, "timeout", "http_timeout" },
	{ "ok", "error", 0, -1, 0, 0, 0, false, false, "error", "http_error" },
	{ "ok", "ok", 0, 0.9, 9000, 3, 9, true, true, "no_match", "parked" },
	{ "ok", "ok", 0.45, 0.5, 9000, 3, 9, false, true, "no_match", "parked" },
	{ "ok", "ok", 0.44, 0.5, 9000, 3, 9, false, true, "match", "qualified" },
	{ "ok", "ok", 0, 0.9, 9000, 3, 9, false, false, "no_match", "no_keywords" },
	{ "ok", "ok", 0, 0.9, 9000, 0, 0, false, true, "no_match", "no_keywords" },
	{ "ok", "ok", 0, -1, 9000, 3, 9, false, true, "no_match", "no_keywords" },
	{ "ok", "ok", 0, 0.27, 300, 1, 1, false, true, "match", "qualified" },
	{ "ok", "ok", 0, 0.26, 2000, 1, 1, false, true, "match", "qualified" },
	{ "ok", "ok", 0, 0.26, 1000, 1, 1, false, true, "no_match", "low_score" },
	{ "ok", "ok", 0, 0.2399, 9000, 1, 1, false, true, "no_match", "low_score" },
};

#define CASES (sizeof cases / sizeof cases[0])

static void insert_case(struct runner *runner, size_t i)
{
	bool dns_failed = strcmp(cases[i].dns, "ok") != 0;
	bool http_failed = strcmp(cases[i].http, "error") == 0 || strcmp(cases[i].http, "timeout") == 0;
	const char *score = cases[i].score < 0 ? "NULL" : arena_printf(runner->arena, "%g", cases[i].score);
	const char *reason = dns_failed || http_failed ? cases[i].reason : "pending";

	runner_sql(runner,
		   arena_printf(runner->arena,
				"INSERT INTO domains (campaign_id, offset_index, domain_name, dns_status,"
				" http_status, lead_status, rejection_reason, is_parked, parked_confidence,"
				" domain_score) VALUES ('%%s', %zu, 'd%zu.com', '%s', '%s', '%s', '%s', %s, %g, %s)",
				i, i, cases[i].dns, cases[i].http, dns_failed ? "no_match" : "pending", reason,
				cases[i].parked ? "true" : "false", cases[i].confidence, score));
	if (strcmp(cases[i].http, "ok") == 0)
		runner_sql(
			runner,
			arena_printf(runner->arena,
				     "INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name,"
				     " processing_state, has_structural_signals, kw_unique_count, kw_total_occurrences,"
				     " content_bytes) VALUES ('%%s', %zu, 'd%zu.com', 'ready', %s, %d, %d, %d)",
				     i, i, cases[i].structure ? "true" : "false", cases[i].unique, cases[i].hits,
				     cases[i].bytes));
}

/* Counters as the phases before leave them; the recount after the first begin checks them. */
static void prepare(struct runner *runner)
{
	runner_campaign(runner);
	for (size_t i = 0; i < CASES; i++)
		insert_case(runner, i);
	runner_sql(runner,
		   "UPDATE campaign_counters SET total_domains = 15, dns_ok = 13, dns_error = 1, dns_timeout = 1,"
		   " http_ok = 10, http_pending = 3, http_error = 1, http_timeout = 1, lead_pending = 13,"
		   " lead_no_match = 2, reject_pending = 11, reject_dns_error = 1, reject_dns_timeout = 1,"
		   " reject_http_error = 1, reject_http_timeout = 1, analyzed = 9 WHERE campaign_id = '%s'");
}

static void expect_case(struct runner *runner, size_t i)
{
	char *lead = runner_text(runner, arena_printf(runner->arena,
						      "SELECT lead_status || ' ' || rejection_reason || ' ' ||"
						      " coalesce(lead_score::text, 'none') FROM domains"
						      " WHERE campaign_id = '%%s' AND offset_index = %zu",
						      i));
	const char *score = cases[i].score < 0 ? "none" : arena_printf(runner->arena, "%g", cases[i].score);

	assert_string_equal(lead, arena_printf(runner->arena, "%s %s %s", cases[i].lead, cases[i].reason, score));
}

static void every_rule_decides_as_specified_and_counters_stay_exact(void **state)
{
	struct runner *runner = *state;
	const char *results;

	prepare(runner);
	runner_configure(runner, PHASE_LEADS, "{\"batchSize\":4}");
	results = runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	for (size_t i = 0; i < CASES; i++)
		expect_case(runner, i);
	assert_string_equal(results, "{\"leads\":3,\"rejected\":7,\"errors\":4,\"pending\":1,\"total\":15}");
	assert_int_equal(runner_state(runner, PHASE_LEADS).progress.processed, CASES);
}

static void a_rerun_changes_nothing_and_writes_nothing(void **state)
{
	static const char newest[] = "SELECT max(xmin::text::bigint) FROM domains WHERE campaign_id = '%s'";
	struct runner *runner = *state;
	struct counters first, second;
	int64_t written;

	prepare(runner);
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	first = runner_counters(runner);
	written = runner_number(runner, newest);
	runner_phase(runner, ops, PHASE_BEGIN_RERUN);
	second = runner_counters(runner);
	assert_memory_equal(&first, &second, sizeof first);
	assert_int_equal(runner_number(runner, newest), written);
}

static void other_thresholds_move_domains_between_the_counters(void **state)
{
	struct runner *runner = *state;

	prepare(runner);
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_int_equal(runner_counters(runner).lead_match, 3);
	runner_configure(runner, PHASE_LEADS, "{\"matchScoreThreshold\":0.95,\"lowScoreGraceThreshold\":0.6}");
	runner_phase(runner, ops, PHASE_BEGIN_RERUN);
	assert_int_equal(runner_counters(runner).lead_match, 0);
	assert_int_equal(runner_counters(runner).reject_low_score, 5);
	runner_configure(runner, PHASE_LEADS,
			 "{\"matchScoreThreshold\":0.05,\"lowScoreGraceThreshold\":0.05,"
			 "\"requireStructuralSignals\":false,\"parkedConfidenceFloor\":1}");
	runner_phase(runner, ops, PHASE_BEGIN_RERUN);
	assert_int_equal(runner_counters(runner).lead_match, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_decides_as_specified_and_counters_stay_exact),
		cmocka_unit_test(a_rerun_changes_nothing_and_writes_nothing),
		cmocka_unit_test(other_thresholds_move_domains_between_the_counters),
	};

	return cmocka_run_group_tests(tests, runner_open, runner_close);
}
