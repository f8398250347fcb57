/* Generation: offsets shared by pattern, skipped names, exhaustion, continuing. */
#include "phase/generation/generation_phase.h"
#include "phase/phase_runner.h"

#include "base/arena.h"
#include "base/clock.h"
#include "store/tx.h"

#include <string.h>

static const struct phase_ops *const ops = &generation_phase;

/* Each test has a constant of its own, so that patterns do not share offsets by accident. */
static void configure(struct runner *runner, const char *constant, const char *charset, int suffix, int count,
		      const char *more)
{
	runner_configure(runner, PHASE_GENERATION,
			 arena_printf(runner->arena,
				      "{\"patternType\":\"suffix\",\"suffixVariableLength\":%d,\"characterSet\":\"%s\","
				      "\"constantString\":\"%s\",\"tld\":\".com\",\"numDomainsToGenerate\":%d%s}",
				      suffix, charset, constant, count, more));
}

static void names_are_inserted_in_offset_order(void **state)
{
	struct runner *runner = *state;
	const char *results;

	runner_campaign(runner);
	configure(runner, "order", "abc", 3, 10, ",\"batchSize\":4");
	results = runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_non_null(strstr(results, "\"generated\":10,\"requested\":10,\"truncated\":false,\"offsetStart\":0,"
					"\"offsetEnd\":9"));
	assert_string_equal(runner_text(runner, "SELECT string_agg(domain_name, ' ' ORDER BY offset_index) FROM domains"
						" WHERE campaign_id = '%s' AND offset_index IN (0, 1, 9)"),
			    "orderaaa.com orderaab.com orderbaa.com");
	assert_int_equal(runner_state(runner, PHASE_GENERATION).progress.processed, 10);
	assert_int_equal(runner_number(runner, "SELECT length(discovery_config_hash) FROM campaigns WHERE id = '%s'"),
			 64);
}

static void a_second_campaign_continues_where_the_first_ended(void **state)
{
	struct runner *runner = *state;

	runner_campaign(runner);
	configure(runner, "share", "abc", 3, 10, "");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	runner_campaign(runner);
	configure(runner, "share", "abc", 3, 5, "");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_int_equal(runner_number(runner, "SELECT min(offset_index) FROM domains WHERE campaign_id = '%s'"), 10);
	assert_int_equal(runner_number(runner, "SELECT max(offset_index) FROM domains WHERE campaign_id = '%s'"), 14);
}

static void offsets_taken_between_work_and_store_are_not_given_twice(void **state)
{
	struct runner *runner = *state;
	struct phase_outcome outcome;
	struct phase_begin begun;
	struct phase_run *run;

	runner_campaign(runner);
	configure(runner, "race", "abc", 3, 8, ",\"batchSize\":4");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 1, &run));
	assert_true(runner_batch(runner, ops, run, &outcome));
	assert_int_equal(outcome.last_offset, 3);
	/* another campaign of the same pattern takes 4 to 9; this run still believes that 4 is next */
	runner_sql(runner, "UPDATE domain_generation_config_states SET last_offset = 9 WHERE config_hash ="
			   " (SELECT discovery_config_hash FROM campaigns WHERE id = '%s')");
	assert_true(runner_batch(runner, ops, run, &outcome));
	assert_int_equal(outcome.first_offset, 0); /* of the whole campaign */
	assert_int_equal(runner_number(runner, "SELECT min(offset_index) FROM domains WHERE campaign_id = '%s'"
					       " AND offset_index > 3"),
			 10);
	assert_int_equal(outcome.last_offset, 13);
	ops->run_close(run);
}

static void store_slot(struct phase_job *job, struct store_tx *tx, struct phase_outcome *out)
{
	void *result = NULL;

	expect_ok(ops->work(job, &result));
	expect_ok(ops->store(job, result, tx, out));
}

/* As two instances do it; the slots' order says nothing about the offsets. */
static void a_batch_waits_for_the_one_that_is_being_stored(void **state)
{
	struct runner *runner = *state;
	struct store_tx *first, *second;
	struct phase_outcome outcome;
	struct phase_begin begun;
	struct phase_job job = { .arena = runner->arena, .cancel = &runner->cancel };

	runner_campaign(runner);
	configure(runner, "slots", "abc", 3, 8, ",\"batchSize\":4");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 1, &job.run));
	expect_ok(store_begin(runner->env.pool, 0, &first));
	job.batch = (struct batch){ runner->campaign, PHASE_GENERATION, 1, .batch_number = 2, .domain_count = 4 };
	store_slot(&job, first, &outcome);
	assert_int_equal(outcome.last_offset, 3);
	job.batch.batch_number = 1;
	expect_ok(store_begin(runner->env.pool, clock_monotonic_ms() + 200, &second));
	expect_failure(ops->store(&job, NULL, second, &outcome), STATUS_DEADLINE_EXCEEDED, "STATEMENT_TIMEOUT");
	store_rollback(&second);
	expect_ok(store_commit(&first));
	expect_ok(store_begin(runner->env.pool, 0, &second));
	store_slot(&job, second, &outcome);
	assert_int_equal(outcome.first_offset, 0); /* of the whole campaign */
	assert_int_equal(outcome.last_offset, 7);
	expect_ok(store_commit(&second));
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domains WHERE campaign_id = '%s'"), 8);
	ops->run_close(job.run);
}

static void labels_with_outer_hyphens_use_up_offsets_and_are_not_stored(void **state)
{
	struct runner *runner = *state;

	runner_campaign(runner);
	/* -a: every second name ends with '-' */
	configure(runner, "hyphen", "-a", 4, 8, ",\"batchSize\":3");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domains WHERE campaign_id = '%s'"), 8);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domains WHERE campaign_id = '%s'"
					       " AND (domain_name LIKE '-%%%%' OR domain_name LIKE '%%%%-.com')"),
			 0);
	assert_int_equal(runner_number(runner, "SELECT max(offset_index) FROM domains WHERE campaign_id = '%s'"), 15);
}

static void an_exhausted_pattern_truncates_and_then_refuses(void **state)
{
	struct runner *runner = *state;
	struct phase_begin begun;
	const char *results;

	runner_campaign(runner);
	configure(runner, "small", "-ab", 2, 100, ",\"batchSize\":4");
	results = runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	/* nine labels, of which three end with '-' */
	assert_non_null(strstr(results, "\"generated\":6,\"requested\":100,\"truncated\":true"));
	assert_int_equal(runner_state(runner, PHASE_GENERATION).progress.total, 6);
	assert_int_equal(runner_state(runner, PHASE_GENERATION).progress.processed, 6);
	runner_campaign(runner);
	configure(runner, "small", "-ab", 2, 100, "");
	expect_failure(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun), STATUS_FAILED_PRECONDITION,
		       "PATTERN_EXHAUSTED");
}

static void reused_offsets_keep_their_own_cursor_and_only_raise_the_shared_one(void **state)
{
	struct runner *runner = *state;
	static const char state_of[] = "SELECT last_offset FROM domain_generation_config_states WHERE config_hash ="
				       " (SELECT discovery_config_hash FROM campaigns WHERE id = '%s')";

	runner_campaign(runner);
	configure(runner, "reuse", "abc", 3, 10, "");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	runner_campaign(runner);
	configure(runner, "reuse", "abc", 3, 4, ",\"reuseOffsets\":true,\"offsetStart\":2,\"batchSize\":2");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_int_equal(runner_number(runner, "SELECT min(offset_index) FROM domains WHERE campaign_id = '%s'"), 2);
	assert_int_equal(runner_number(runner, "SELECT max(offset_index) FROM domains WHERE campaign_id = '%s'"), 5);
	assert_int_equal(runner_number(runner, state_of), 9);
	runner_campaign(runner);
	configure(runner, "reuse", "abc", 3, 4, ",\"reuseOffsets\":true,\"offsetStart\":20");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_int_equal(runner_number(runner, state_of), 23);
}

static void a_stopped_run_continues_after_what_is_stored(void **state)
{
	struct runner *runner = *state;
	struct phase_outcome outcome;
	struct phase_begin begun;
	struct phase_run *run;

	runner_campaign(runner);
	configure(runner, "again", "abc", 3, 10, ",\"batchSize\":4");
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_FIRST, &begun));
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 1, &run));
	assert_true(runner_batch(runner, ops, run, &outcome));
	ops->run_close(run);
	expect_ok(runner_begin(runner, ops, PHASE_BEGIN_RETRY, &begun));
	assert_int_equal(begun.total_items, 6);
	expect_ok(ops->run_open(&runner->env, &runner->campaign, 2, &run));
	while (runner_batch(runner, ops, run, &outcome))
		continue;
	ops->run_close(run);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domains WHERE campaign_id = '%s'"), 10);
	assert_int_equal(runner_number(runner, "SELECT max(offset_index) FROM domains WHERE campaign_id = '%s'"), 9);
}

static void a_name_the_campaign_already_has_is_passed_over(void **state)
{
	struct runner *runner = *state;

	runner_campaign(runner);
	configure(runner, "double", "abc", 3, 4, "");
	runner_sql(runner, "INSERT INTO domains (campaign_id, offset_index, domain_name)"
			   " VALUES ('%s', 1000, 'doubleaab.com');"
			   "UPDATE campaign_counters SET total_domains = 1, dns_pending = 1, http_pending = 1,"
			   " lead_pending = 1, reject_pending = 1 WHERE campaign_id = '%s'");
	runner_phase(runner, ops, PHASE_BEGIN_FIRST);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domains WHERE campaign_id = '%s'"), 4);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM domains WHERE campaign_id = '%s'"
					       " AND offset_index IN (0, 2, 3)"),
			 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_inserted_in_offset_order),
		cmocka_unit_test(a_second_campaign_continues_where_the_first_ended),
		cmocka_unit_test(offsets_taken_between_work_and_store_are_not_given_twice),
		cmocka_unit_test(a_batch_waits_for_the_one_that_is_being_stored),
		cmocka_unit_test(labels_with_outer_hyphens_use_up_offsets_and_are_not_stored),
		cmocka_unit_test(an_exhausted_pattern_truncates_and_then_refuses),
		cmocka_unit_test(reused_offsets_keep_their_own_cursor_and_only_raise_the_shared_one),
		cmocka_unit_test(a_stopped_run_continues_after_what_is_stored),
		cmocka_unit_test(a_name_the_campaign_already_has_is_passed_over),
	};

	return cmocka_run_group_tests(tests, runner_open, runner_close);
}
