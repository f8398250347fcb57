/* Claims and commits of real batches: what happens once whoever does it twice, and what is refused. */
#include "campaign/campaign_steps.h"

#include "base/arena.h"

#include <pthread.h>
#include <string.h>

#define DOMAINS 30

/* A campaign whose leads phase runs in batches of ten over domains that are ready for it. */
static struct run_key leads_run(struct runner *runner)
{
	steps_campaign(runner, DOMAINS, "step_by_step");
	steps_answer(runner, PHASE_DNS);
	steps_answer(runner, PHASE_HTTP);
	runner_sql(runner, "UPDATE campaign_phases SET status = 'completed', run_number = 1 WHERE campaign_id = '%s'"
			   " AND phase IN ('dns', 'http')");
	expect_ok(steps_do(runner, START, PHASE_ANALYSIS));
	steps_finish(runner, PHASE_ANALYSIS);
	runner_configure(runner, PHASE_LEADS, "{\"batchSize\":10}");
	expect_ok(steps_do(runner, START, PHASE_LEADS));
	return steps_run(runner, PHASE_LEADS);
}

static void lose_leases(struct runner *runner)
{
	runner_sql(runner,
		   "UPDATE phase_batches SET lease_until = clock_timestamp() - interval '1 s' WHERE campaign_id = '%s'"
		   " AND state = 'claimed'");
}

static void a_lease_that_ran_out_in_mid_work_takes_effect_once(void **state)
{
	struct runner *runner = *state;
	struct run_key run = leads_run(runner);
	struct worked late, heir;
	struct batch first, again;
	bool moved;

	assert_int_equal(steps_claim(runner, &run, &first), CLAIM_TAKEN);
	steps_work(runner, &first, &late);
	lose_leases(runner);
	assert_int_equal(steps_claim(runner, &run, &again), CLAIM_TAKEN);
	assert_int_equal(again.batch_number, first.batch_number);
	assert_int_equal(again.token, first.token + 1);
	steps_work(runner, &again, &heir);
	expect_failure(steps_commit(runner, &late, &moved), STATUS_ABORTED, "BATCH_LOST");
	assert_int_equal(runner_state(runner, PHASE_LEADS).progress.processed, 0);
	assert_int_equal(runner_counters(runner).lead_pending, DOMAINS);
	expect_ok(steps_commit(runner, &heir, &moved));
	assert_int_equal(runner_state(runner, PHASE_LEADS).progress.processed, 10);
	runner_recount(runner);
	steps_drop(&late);
	steps_drop(&heir);
}

static void a_commit_whose_answer_was_lost_is_not_done_again(void **state)
{
	struct runner *runner = *state;
	struct run_key run = leads_run(runner);
	struct worked worked;
	struct batch batch;
	bool moved;

	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
	steps_work(runner, &batch, &worked);
	expect_ok(steps_commit(runner, &worked, &moved));
	expect_failure(steps_commit(runner, &worked, &moved), STATUS_ABORTED, "BATCH_LOST");
	assert_int_equal(runner_state(runner, PHASE_LEADS).progress.processed, 10);
	runner_recount(runner);
	steps_drop(&worked);
}

static void what_is_finished_at_a_stop_is_kept_and_another_run_refuses_it(void **state)
{
	struct runner *runner = *state;
	struct run_key run = leads_run(runner);
	struct worked kept, refused;
	struct batch batch;
	bool moved;

	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
	steps_work(runner, &batch, &kept);
	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
	steps_work(runner, &batch, &refused);
	expect_ok(steps_do(runner, STOP, PHASE_LEADS));
	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_NOTHING);
	expect_ok(steps_commit(runner, &kept, &moved));
	assert_false(moved);
	assert_int_equal(steps_status(runner, PHASE_LEADS), PHASE_STATUS_FAILED);
	assert_int_equal(runner_state(runner, PHASE_LEADS).progress.processed, 10);
	expect_ok(steps_do(runner, START, PHASE_LEADS));
	expect_failure(steps_commit(runner, &refused, &moved), STATUS_ABORTED, "BATCH_LOST");
	assert_int_equal(runner_state(runner, PHASE_LEADS).progress.processed, 0);
	runner_recount(runner);
	steps_finish(runner, PHASE_LEADS);
	runner_recount(runner);
	steps_check_numbers(runner);
	steps_drop(&kept);
	steps_drop(&refused);
}

static void a_batch_given_back_is_no_attempt_and_a_paused_run_gives_none(void **state)
{
	struct runner *runner = *state;
	struct run_key run = leads_run(runner);
	struct batch batch;

	for (int i = 0; i < 30; i++) {
		assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
		assert_int_equal(batch.batch_number, 1);
		assert_int_equal(batch.attempts, 1);
		expect_ok(steps_do(runner, PAUSE, PHASE_LEADS));
		expect_ok(ledger_release(&runner->env, &batch));
		assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_NOTHING);
		expect_ok(steps_do(runner, RESUME, PHASE_LEADS));
	}
	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
	lose_leases(runner);
	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
	assert_int_equal(batch.attempts, 2); /* nobody came back from the first */
}

static void the_last_commit_of_a_paused_phase_leaves_it_paused(void **state)
{
	struct runner *runner = *state;
	struct run_key run = leads_run(runner);
	struct worked worked[3];
	struct batch batch;
	bool moved;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
		steps_work(runner, &batch, &worked[i]);
	}
	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_NOTHING);
	expect_ok(steps_do(runner, PAUSE, PHASE_LEADS));
	for (int i = 0; i < 3; i++) {
		expect_ok(steps_commit(runner, &worked[i], &moved));
		assert_false(moved);
		steps_drop(&worked[i]);
	}
	assert_int_equal(steps_status(runner, PHASE_LEADS), PHASE_STATUS_PAUSED);
	expect_ok(steps_do(runner, RESUME, PHASE_LEADS));
	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_FINISHED);
	steps_finish(runner, PHASE_LEADS);
	assert_int_equal(steps_events(runner, "campaign_completed", PHASE_COUNT), 1);
	steps_check_numbers(runner);
}

struct committer {
	struct runner *runner;
	struct worked worked;
	struct status status;
	bool moved;
};

static void *commit(void *arg)
{
	struct committer *c = arg;

	do
		c->status = steps_commit(c->runner, &c->worked, &c->moved);
	while (status_is_transient(c->status) && strcmp(c->status.reason, "BATCH_LOST") != 0);
	return NULL;
}

static void of_the_last_batches_exactly_one_completes_the_phase(void **state)
{
	struct runner *runner = *state;

	for (int round = 0; round < 10; round++) {
		struct run_key run = leads_run(runner);
		struct committer all[3];
		pthread_t threads[3];
		int moved = 0;

		for (int i = 0; i < 3; i++) {
			struct batch batch;

			all[i] = (struct committer){ .runner = runner };
			assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
			steps_work(runner, &batch, &all[i].worked);
		}
		for (int i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, commit, &all[i]), 0);
		for (int i = 0; i < 3; i++) {
			pthread_join(threads[i], NULL);
			expect_ok(all[i].status);
			moved += all[i].moved;
			steps_drop(&all[i].worked);
		}
		assert_int_equal(moved, 1);
		assert_int_equal(steps_events(runner, "phase_completed", PHASE_LEADS), 1);
		assert_int_equal(steps_events(runner, "campaign_completed", PHASE_COUNT), 1);
		assert_int_equal(runner_state(runner, PHASE_LEADS).progress.processed, DOMAINS);
		runner_recount(runner);
		steps_check_numbers(runner);
	}
}

static void a_stop_against_commits_is_never_overtaken_by_completion(void **state)
{
	struct runner *runner = *state;

	for (int round = 0; round < 10; round++) {
		struct run_key run = leads_run(runner);
		struct committer last;
		struct status stopped;
		struct batch batch;
		pthread_t thread;

		for (int i = 0; i < 3; i++) {
			bool moved;

			last = (struct committer){ .runner = runner };
			assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
			steps_work(runner, &batch, &last.worked);
			if (i == 2)
				break;
			expect_ok(steps_commit(runner, &last.worked, &moved));
			steps_drop(&last.worked);
		}
		assert_int_equal(pthread_create(&thread, NULL, commit, &last), 0);
		stopped = steps_do(runner, STOP, PHASE_LEADS);
		pthread_join(thread, NULL);
		expect_ok(last.status);
		steps_drop(&last.worked);
		assert_int_equal(last.moved, !status_ok(stopped));
		assert_int_equal(steps_status(runner, PHASE_LEADS),
				 last.moved ? PHASE_STATUS_COMPLETED : PHASE_STATUS_FAILED);
		assert_int_equal(steps_events(runner, "campaign_completed", PHASE_COUNT), last.moved);
		runner_recount(runner);
		steps_check_numbers(runner);
	}
}

/* Stop and start again at once, while the worker still stores: neither side waits for the other for ever. */
static void a_retry_against_a_late_commit_has_no_deadlock(void **state)
{
	struct runner *runner = *state;

	for (int round = 0; round < 10; round++) {
		struct run_key run = leads_run(runner);
		struct committer late = { .runner = runner };
		struct batch batch;
		pthread_t thread;

		assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
		steps_work(runner, &batch, &late.worked);
		expect_ok(steps_do(runner, STOP, PHASE_LEADS));
		assert_int_equal(pthread_create(&thread, NULL, commit, &late), 0);
		expect_ok(steps_do(runner, START, PHASE_LEADS));
		pthread_join(thread, NULL);
		steps_drop(&late.worked);
		if (!status_ok(late.status))
			expect_failure(late.status, STATUS_ABORTED, "BATCH_LOST");
		steps_finish(runner, PHASE_LEADS);
		runner_recount(runner);
		steps_check_numbers(runner);
	}
	assert_int_equal(
		runner_number(runner, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), 0);
}

static void a_phase_that_fails_tells_no_secrets(void **state)
{
	struct runner *runner = *state;
	struct run_key run = leads_run(runner);
	struct arena *arena = arena_create(0);
	struct status why = status_make(STATUS_INTERNAL, "DATABASE_ERROR", "XX000: page 7 of block 3");
	bool moved;

	expect_ok(ledger_fail(&runner->env, &run, arena, status_for_clients(why), &moved));
	assert_string_equal(runner_state(runner, PHASE_LEADS).error_code, "INTERNAL");
	assert_string_equal(runner_state(runner, PHASE_LEADS).error_message,
			    "an internal error; the server's log tells more");
	arena_destroy(arena);
}

/* Where a campaign's domains come from is right after every batch, not only at the end. */
static void lineage_follows_every_batch(void **state)
{
	struct runner *runner = *state;
	struct worked worked;
	struct run_key run;
	struct batch batch;
	bool moved;

	runner_campaign(runner);
	runner_sql(
		runner,
		"UPDATE campaign_phases SET status = 'configured' WHERE campaign_id = '%s' AND phase = 'generation'");
	runner_configure(
		runner, PHASE_GENERATION,
		"{\"patternType\":\"prefix\",\"prefixVariableLength\":3,\"characterSet\":\"abc\",\"constantString\":"
		"\"lineage\",\"tld\":\".com\",\"numDomainsToGenerate\":10,\"batchSize\":4,\"offsetStart\":5}");
	expect_ok(steps_do(runner, START, PHASE_GENERATION));
	run = steps_run(runner, PHASE_GENERATION);
	for (int made = 4; made <= 8; made += 4) {
		assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_TAKEN);
		steps_work(runner, &batch, &worked);
		expect_ok(steps_commit(runner, &worked, &moved));
		steps_drop(&worked);
		assert_int_equal(runner_number(runner, "SELECT discovery_offset_start FROM campaigns WHERE id = '%s'"),
				 5);
		assert_int_equal(runner_number(runner, "SELECT discovery_offset_end FROM campaigns WHERE id = '%s'"),
				 5 + made - 1);
	}
	assert_int_equal(runner_number(runner, "SELECT length(discovery_config_hash) FROM campaigns WHERE id = '%s'"),
			 64);
	steps_finish(runner, PHASE_GENERATION);
	assert_int_equal(runner_number(runner, "SELECT discovery_offset_end FROM campaigns WHERE id = '%s'"), 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lineage_follows_every_batch),
		cmocka_unit_test(a_lease_that_ran_out_in_mid_work_takes_effect_once),
		cmocka_unit_test(a_commit_whose_answer_was_lost_is_not_done_again),
		cmocka_unit_test(what_is_finished_at_a_stop_is_kept_and_another_run_refuses_it),
		cmocka_unit_test(a_batch_given_back_is_no_attempt_and_a_paused_run_gives_none),
		cmocka_unit_test(the_last_commit_of_a_paused_phase_leaves_it_paused),
		cmocka_unit_test(of_the_last_batches_exactly_one_completes_the_phase),
		cmocka_unit_test(a_stop_against_commits_is_never_overtaken_by_completion),
		cmocka_unit_test(a_retry_against_a_late_commit_has_no_deadlock),
		cmocka_unit_test(a_phase_that_fails_tells_no_secrets),
	};

	return cmocka_run_group_tests(tests, runner_open, runner_close);
}
