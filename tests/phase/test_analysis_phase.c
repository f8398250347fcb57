/* Analysis: scores of the specification's vectors, snapshots, what counts as analysed. */
#include "phase/analysis/analysis_phase.h"
#include "phase/phase_runner.h"

#include "base/arena.h"

#include <string.h>

static const struct phase_ops *const ops = &analysis_phase;

/* The rows of docs/spec/04-scoring.md with the default weights; ages in hours. */
static const struct {
	int unique, hits, bytes;
	double age_h; /* < 0: unknown */
	bool title, parked;
	double confidence, score;
} vectors[] = {
	{ 5, 15, 18000, 1, true, false, 0, 0.686 },  { 3, 9, 8192, 12, true, false, 0, 0.598 },
	{ 3, 9, 8192, 72, false, false, 0, 0.468 },  { 1, 1, 51200, 240, false, false, 0, 0.292 },
	{ 0, 0, 20000, 12, false, false, 0, 0.24 },  { 0, 0, 0, -1, false, false, 0, 0.1 },
	{ 6, 40, 60000, 744, true, false, 0, 0.63 }, { 5, 15, 20000, 1, true, true, 0.95, 0.58 },
	{ 5, 15, 20000, 1, true, true, 0.4, 0.29 },
};

#define VECTORS (sizeof vectors / sizeof vectors[0])

/* Domains 0 … VECTORS − 1 fetched with ready features, then one more that failed, and one whose feature row is in
 * error. */
static void prepare(struct runner *runner)
{
	runner_campaign(runner);
	for (size_t i = 0; i < VECTORS; i++) {
		const char *age = vectors[i].age_h < 0 ? "NULL"
						       : arena_printf(runner->arena, "now() - interval '%g hours'",
								      vectors[i].age_h);

		runner_sql(
			runner,
			arena_printf(
				runner->arena,
				"INSERT INTO domains (campaign_id, offset_index, domain_name, dns_status, http_status)"
				" VALUES ('%%s', %zu, 'd%zu.com', 'ok', 'ok');"
				"INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name,"
				" processing_state, kw_unique_count, kw_total_occurrences, content_bytes,"
				" title_has_keyword, is_parked, parked_confidence, fetched_at)"
				" VALUES ('%%s', %zu, 'd%zu.com', 'ready', %d, %d, %d, %s, %s, %g, %s)",
				i, i, i, i, vectors[i].unique, vectors[i].hits, vectors[i].bytes,
				vectors[i].title ? "true" : "false", vectors[i].parked ? "true" : "false",
				vectors[i].confidence, age));
	}
	runner_sql(runner,
		   "INSERT INTO domains (campaign_id, offset_index, domain_name, dns_status, http_status,"
		   " rejection_reason) VALUES ('%s', 100, 'e.com', 'ok', 'error', 'http_error');"
		   "INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name, processing_state)"
		   " VALUES ('%s', 100, 'e.com', 'error')");
	runner_sql(runner, "UPDATE campaign_counters SET total_domains = 10, dns_ok = 10, http_ok = 9, http_error = 1,"
			   " lead_pending = 10, reject_pending = 9, reject_http_error = 1 WHERE campaign_id = '%s'");
}

static void every_ready_row_gets_its_score(void **state)
{
	struct runner *runner = *state;

	prepare(runner);
	runner_configure(runner, PHASE_ANALYSIS, "{\"batchSize\":4}");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	for (size_t i = 0; i < VECTORS; i++) {
		char *score = runner_text(runner, arena_printf(runner->arena,
							       "SELECT domain_score::text FROM domains"
							       " WHERE campaign_id = '%%s' AND offset_index = %zu"
							       " AND relevance_score = domain_score",
							       i));

		assert_string_equal(score, arena_printf(runner->arena, "%g", vectors[i].score));
	}
	assert_int_equal(runner_counters(runner).analyzed, VECTORS);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domains WHERE campaign_id = '%s'"
					       " AND domain_score IS NULL"),
			 1);
	assert_int_equal(runner_number(runner,
				       "SELECT count(*) FROM domain_extraction_features f"
				       " JOIN scoring_profile_snapshots s ON s.campaign_id = f.campaign_id"
				       " AND s.id = f.scoring_profile_snapshot_id AND s.is_active"
				       " WHERE f.campaign_id = '%s' AND NOT is_stale_score AND analysis_version = 1"),
			 VECTORS);
}

static void a_rerun_keeps_snapshot_and_counter(void **state)
{
	struct runner *runner = *state;

	prepare(runner);
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	runner_sql(runner, "UPDATE domains SET domain_score = 0.999 WHERE campaign_id = '%s' AND offset_index = 3");
	runner_phase(runner, ops, PHASE_BEGIN_RERUN);
	assert_string_equal(runner_text(runner, "SELECT domain_score::text FROM domains WHERE campaign_id = '%s'"
						" AND offset_index = 3"),
			    "0.292");
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM scoring_profile_snapshots"
					       " WHERE campaign_id = '%s'"),
			 1);
	assert_int_equal(runner_counters(runner).analyzed, VECTORS);
	assert_int_equal(runner_state(runner, PHASE_ANALYSIS).progress.processed, VECTORS);
}

static void another_configuration_makes_another_snapshot_and_the_old_one_can_return(void **state)
{
	static const char active[] =
		"SELECT id::text FROM scoring_profile_snapshots WHERE campaign_id = '%s' AND is_active";
	struct runner *runner = *state;
	char *first, *second;

	prepare(runner);
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	first = runner_text(runner, active);
	runner->fixture->settings.tf_lite = true;
	runner_phase(runner, ops, PHASE_BEGIN_RERUN);
	second = runner_text(runner, active);
	assert_string_not_equal(first, second);
	assert_string_equal(runner_text(runner, "SELECT replaced_by_snapshot_id::text FROM scoring_profile_snapshots"
						" WHERE campaign_id = '%s' AND NOT is_active"),
			    second);
	runner->fixture->settings.tf_lite = false;
	runner_phase(runner, ops, PHASE_BEGIN_RERUN);
	assert_string_equal(runner_text(runner, active), first);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM scoring_profile_snapshots"
					       " WHERE campaign_id = '%s'"),
			 2);
}

static void without_features_it_cannot_start(void **state)
{
	struct runner *runner = *state;
	struct phase_begin begun;

	runner_campaign(runner);
	expect_failure(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun), STATUS_FAILED_PRECONDITION,
		       "E_ANALYSIS_MISSING_FEATURES");
}

static void a_run_tells_what_it_reused_and_what_it_scored(void **state)
{
	struct runner *runner = *state;
	struct phase_outcome outcome;
	struct phase_finish finish;
	struct phase_begin begun;
	struct phase_run *run;

	prepare(runner);
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	assert_string_equal(runner_event(begun.events, "analysis_reuse_enrichment"), "{\"featureVectorCount\":9}");
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 1, &run));
	while (runner_batch(runner, ops, run, &outcome))
		continue;
	ops->run_close(run);
	runner_finish(runner, ops, &finish);
	assert_non_null(strstr(runner_event(finish.events, "analysis_completed"), "{\"scored\":9,\"snapshotId\":\""));
}

static void a_retry_scores_as_of_the_run_it_continues(void **state)
{
	static const char time_of[] = "SELECT run_context->>'scoringTime' FROM campaign_phases WHERE campaign_id = '%s'"
				      " AND phase = 'analysis'";
	struct runner *runner = *state;
	struct phase_begin begun;
	char *first;

	prepare(runner);
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	runner_sql(runner,
		   "UPDATE campaign_phases SET run_context = jsonb_set(run_context, '{scoringTime}', '1700000000000')"
		   " WHERE campaign_id = '%s' AND phase = 'analysis'");
	first = runner_text(runner, time_of);
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_RETRY, &begun));
	assert_string_equal(runner_text(runner, time_of), first);
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_RERUN, &begun));
	assert_string_not_equal(runner_text(runner, time_of), first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_ready_row_gets_its_score),
		cmocka_unit_test(a_rerun_keeps_snapshot_and_counter),
		cmocka_unit_test(another_configuration_makes_another_snapshot_and_the_old_one_can_return),
		cmocka_unit_test(without_features_it_cannot_start),
		cmocka_unit_test(a_run_tells_what_it_reused_and_what_it_scored),
		cmocka_unit_test(a_retry_scores_as_of_the_run_it_continues),
	};

	return cmocka_run_group_tests(tests, runner_open, runner_close);
}
