/* The worker's threads on a real run, and what a worker does about others' work before it begins. */
#include "campaign/campaign_steps.h"

#include "base/arena.h"
#include "base/clock.h"
#include "campaign/recovery.h"
#include "campaign/worker.h"
#include "store/pool.h"
#include "store/query.h"
#include "store/tx.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define PATIENCE_MS 30000

static atomic_int transitions;

static void count_moves(void *ctx, const struct uuid *campaign_id, bool transition)
{
	(void)ctx;
	(void)campaign_id;
	if (transition)
		atomic_fetch_add(&transitions, 1);
}

static struct worker *start(struct runner *runner, struct uuid *instance)
{
	struct worker *worker = NULL;

	*instance = uuid_make();
	expect_ok(worker_start(&runner->env, instance, count_moves, NULL, &worker));
	return worker;
}

static bool reaches(struct runner *runner, enum phase phase, enum phase_status status)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 20000000 };

	while (steps_status(runner, phase) != status && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	return steps_status(runner, phase) == status;
}

/* leads over `domains` names, ready to be started. */
static void ready_for_leads(struct runner *runner, int domains)
{
	steps_campaign(runner, domains, "step_by_step");
	steps_answer(runner, PHASE_DNS);
	steps_answer(runner, PHASE_HTTP);
	runner_sql(runner, "UPDATE campaign_phases SET status = 'completed', run_number = 1 WHERE campaign_id = '%s'"
			   " AND phase IN ('dns', 'http')");
	runner_configure(runner, PHASE_LEADS, "{\"batchSize\":5}");
	runner_configure(runner, PHASE_ANALYSIS, "{\"batchSize\":5}");
}

static void two_workers_finish_a_sequence_together(void **state)
{
	struct runner *runner = *state;
	struct worker *one, *two;
	struct uuid first, second;

	atomic_store(&transitions, 0);
	ready_for_leads(runner, 400);
	runner_sql(runner, "UPDATE campaigns SET mode = 'full_sequence' WHERE id = '%s'");
	one = start(runner, &first);
	two = start(runner, &second);
	expect_ok(steps_do(runner, START, PHASE_ANALYSIS));
	worker_wake(one);
	assert_true(reaches(runner, PHASE_LEADS, PHASE_STATUS_COMPLETED));
	worker_stop(one);
	worker_wake(one); /* a late message */
	worker_free(one);
	worker_free(two);
	assert_int_equal(runner_state(runner, PHASE_LEADS).progress.processed, 400);
	assert_int_equal(atomic_load(&transitions), 2); /* analysis → leads, leads → completed */
	runner_recount(runner);
	steps_check_numbers(runner);
}

static void a_stopped_worker_leaves_nothing_claimed(void **state)
{
	struct runner *runner = *state;
	struct worker *worker;
	struct uuid instance;

	ready_for_leads(runner, 2000);
	worker = start(runner, &instance);
	expect_ok(steps_do(runner, START, PHASE_ANALYSIS));
	worker_wake(worker);
	worker_free(worker);
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM phase_batches WHERE campaign_id = '%s'"
					       " AND state = 'claimed'"),
			 0);
	runner_recount(runner);
	worker = start(runner, &instance);
	assert_true(reaches(runner, PHASE_ANALYSIS, PHASE_STATUS_COMPLETED));
	worker_free(worker);
	assert_int_equal(runner_counters(runner).analyzed, 2000);
	runner_recount(runner);
}

static void workers_may_start_and_stop_while_others_work(void **state)
{
	struct runner *runner = *state;
	struct worker *worker;
	struct uuid instance;

	ready_for_leads(runner, 3000);
	expect_ok(steps_do(runner, START, PHASE_ANALYSIS));
	for (int i = 0; i < 5; i++) {
		worker = start(runner, &instance);
		worker_wake(worker);
		worker_free(worker);
	}
	worker = start(runner, &instance);
	assert_true(reaches(runner, PHASE_ANALYSIS, PHASE_STATUS_COMPLETED));
	worker_free(worker);
	assert_int_equal(runner_state(runner, PHASE_ANALYSIS).progress.processed, 3000);
	assert_int_equal(steps_events(runner, "phase_started", PHASE_ANALYSIS), 1);
	assert_int_equal(steps_events(runner, "phase_paused", PHASE_COUNT), 0);
	runner_recount(runner);
	steps_check_numbers(runner);
}

/* Longer than any single try: two batches are stuck in their commits when every connection is cut for a while. */
static void finished_work_outlives_an_outage(void **state)
{
	struct runner *runner = *state;
	struct fixture *fixture = runner->fixture;
	int64_t most = fixture->settings.worker_batches_max, until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec outage = { .tv_sec = 7 }, tick = { .tv_nsec = 20000000 };
	struct store_tx *holder = NULL;
	struct worker *worker;
	struct uuid instance;
	char sql[300];

	ready_for_leads(runner, 40);
	fixture->settings.worker_batches_max = 2;
	expect_ok(steps_do(runner, START, PHASE_ANALYSIS));
	expect_ok(store_begin(runner->env.pool, 0, &holder));
	expect_ok(store_script(holder, "SELECT id FROM campaigns FOR NO KEY UPDATE"));
	worker = start(runner, &instance);
	while (runner_number(runner, "SELECT count(*) FROM pg_locks WHERE NOT granted AND database ="
				     " (SELECT oid FROM pg_database WHERE datname = current_database())"
				     " OR (NOT granted AND locktype = 'transactionid')") < 2 &&
	       clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	snprintf(sql, sizeof sql,
		 "ALTER DATABASE %s WITH ALLOW_CONNECTIONS false;"
		 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'",
		 fixture->name, fixture->name);
	fixture_admin(fixture, sql);
	store_rollback(&holder);
	nanosleep(&outage, NULL);
	snprintf(sql, sizeof sql, "ALTER DATABASE %s WITH ALLOW_CONNECTIONS true", fixture->name);
	fixture_admin(fixture, sql);
	until = clock_monotonic_ms() + PATIENCE_MS;
	while (!store_pool_healthy(runner->env.pool) && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	assert_true(reaches(runner, PHASE_ANALYSIS, PHASE_STATUS_COMPLETED));
	worker_free(worker);
	fixture->settings.worker_batches_max = most;
	assert_int_equal(runner_number(runner, "SELECT max(token) FROM phase_batches WHERE campaign_id = '%s'"), 1);
	assert_int_equal(runner_state(runner, PHASE_ANALYSIS).progress.processed, 40);
	runner_recount(runner);
}

/* --- recovery ---------------------------------------------------------------------------------------------------- */

/* Two rows of the instances table: ours, and one that began and was heard of so many seconds ago. */
static struct uuid instances(struct runner *runner, const char *other_roles, int other_began_s, int other_heard_s)
{
	struct uuid me = uuid_make();
	char id[UUID_TEXT_SIZE];

	uuid_to_text(&me, id);
	runner_sql(runner,
		   arena_printf(runner->arena,
				"DELETE FROM instances;"
				"INSERT INTO instances (id, roles, address, version, started_at, heartbeat_at) VALUES"
				" ('%s', 'api,worker', '', '', now() - interval '1 s', now()),"
				" (gen_random_uuid(), '%s', '', '', now() - interval '%d s', now() - interval '%d s')",
				id, other_roles, other_began_s, other_heard_s));
	return me;
}

static void recover_moved(void *ctx, const struct uuid *campaign_id)
{
	(void)campaign_id;
	++*(int *)ctx;
}

static bool recover(struct runner *runner, const struct uuid *me)
{
	bool done = false;
	int told = 0;

	expect_ok(campaign_recover(&runner->env, me, runner->arena, recover_moved, &told, &done));
	return done;
}

static void without_automatic_resume_orphans_are_paused(void **state)
{
	struct runner *runner = *state;
	struct uuid me;
	bool done = false;
	int told = 0;

	runner->fixture->settings.pipeline_auto_resume = false;
	runner_sql(runner, "DELETE FROM campaigns");
	steps_campaign(runner, 3, "step_by_step");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	me = instances(runner, "worker", 100, 60); /* long dead */
	expect_ok(campaign_recover(&runner->env, &me, runner->arena, recover_moved, &told, &done));
	assert_true(done);
	assert_int_equal(told, 1);
	assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_PAUSED);
	assert_string_equal(runner_text(runner, "SELECT payload->>'cause' AS cause FROM campaign_events"
						" WHERE campaign_id = '%s' AND type = 'phase_paused'"),
			    "recovery");
	assert_true(runner_number(runner, "SELECT length(error_message) FROM campaigns WHERE id = '%s'") > 0);
	expect_ok(steps_do(runner, RESUME, PHASE_DNS));
	assert_int_equal(runner_number(runner, "SELECT length(error_message) FROM campaigns WHERE id = '%s'"), 0);
	steps_check_numbers(runner);
}

static void somebody_who_may_have_died_just_now_is_waited_for(void **state)
{
	struct runner *runner = *state;
	struct uuid me;

	me = instances(runner, "worker", 100, 3); /* heard of before we began: killed and restarted at once, perhaps */
	assert_false(recover(runner, &me));
	assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_IN_PROGRESS);
	me = instances(runner, "worker", 100, 0); /* it lives: the run is its business */
	assert_true(recover(runner, &me));
	assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_IN_PROGRESS);
	me = instances(runner, "worker", 3, 0); /* it began a moment before us, and decides */
	assert_false(recover(runner, &me));
	me = instances(runner, "worker", 0, 0); /* it began after us: we decide */
	assert_true(recover(runner, &me));
	assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_PAUSED);
	expect_ok(steps_do(runner, RESUME, PHASE_DNS));
	me = instances(runner, "api,jobs", 100, 0); /* it does no work */
	assert_true(recover(runner, &me));
	assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_PAUSED);
}

static void with_automatic_resume_nothing_is_asked_or_paused(void **state)
{
	struct runner *runner = *state;
	struct uuid me;

	expect_ok(steps_do(runner, RESUME, PHASE_DNS));
	runner->fixture->settings.pipeline_auto_resume = true;
	me = instances(runner, "worker", 100, 60);
	assert_true(recover(runner, &me));
	assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_IN_PROGRESS);
	expect_ok(steps_do(runner, STOP, PHASE_DNS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_workers_finish_a_sequence_together),
		cmocka_unit_test(a_stopped_worker_leaves_nothing_claimed),
		cmocka_unit_test(workers_may_start_and_stop_while_others_work),
		cmocka_unit_test(finished_work_outlives_an_outage),
		cmocka_unit_test(without_automatic_resume_orphans_are_paused),
		cmocka_unit_test(somebody_who_may_have_died_just_now_is_waited_for),
		cmocka_unit_test(with_automatic_resume_nothing_is_asked_or_paused),
	};

	return cmocka_run_group_tests(tests, runner_open, runner_close);
}
