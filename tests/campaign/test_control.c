/* What people may do to phases and campaigns: retries, reruns, restarts, what follows a completed phase, and races. */
#include "campaign/campaign_steps.h"

#include "base/arena.h"

#include <pthread.h>
#include <string.h>

static char *campaign_text(struct runner *runner, const char *column)
{
	return runner_text(runner,
			   arena_printf(runner->arena, "SELECT %s::text FROM campaigns WHERE id = '%%s'", column));
}

/* dns and http of a fresh campaign, done. */
static void up_to_analysis(struct runner *runner, int domains, const char *mode)
{
	steps_campaign(runner, domains, mode);
	expect_ok(steps_do(runner, START, PHASE_DNS));
	steps_answer(runner, PHASE_DNS);
	steps_finish(runner, PHASE_DNS);
	if (strcmp(mode, "full_sequence") != 0)
		expect_ok(steps_do(runner, START, PHASE_HTTP));
	steps_answer(runner, PHASE_HTTP);
	steps_finish(runner, PHASE_HTTP);
}

static void up_to_the_end(struct runner *runner, int domains)
{
	up_to_analysis(runner, domains, "full_sequence");
	steps_finish(runner, PHASE_ANALYSIS);
	steps_finish(runner, PHASE_LEADS);
}

/* --- one after the other ----------------------------------------------------------------------------------------- */

static void a_full_sequence_starts_every_phase_once_and_ends(void **state)
{
	struct runner *runner = *state;

	up_to_the_end(runner, 10);
	assert_string_equal(campaign_text(runner, "status"), "completed");
	assert_int_equal(steps_events(runner, "phase_started", PHASE_COUNT), 4);
	assert_int_equal(steps_events(runner, "phase_auto_started", PHASE_COUNT), 3);
	assert_int_equal(steps_events(runner, "phase_completed", PHASE_COUNT), 4);
	assert_int_equal(steps_events(runner, "campaign_completed", PHASE_COUNT), 1);
	assert_int_equal(runner_number(runner, "SELECT (payload->'totals'->>'leads')::int AS leads FROM campaign_events"
					       " WHERE campaign_id = '%s' AND type = 'campaign_completed'"),
			 runner_counters(runner).lead_match);
	steps_check_numbers(runner);
	runner_recount(runner);
}

static void step_by_step_waits_and_readies_the_next_phase(void **state)
{
	struct runner *runner = *state;

	up_to_analysis(runner, 5, "step_by_step");
	assert_int_equal(steps_status(runner, PHASE_ANALYSIS), PHASE_STATUS_READY);
	assert_int_equal(steps_events(runner, "phase_auto_started", PHASE_COUNT), 0);
	assert_string_equal(campaign_text(runner, "status"), "running");
}

static void a_retry_keeps_what_is_finished(void **state)
{
	struct runner *runner = *state;
	struct phase_state dns;

	steps_campaign(runner, 10, "step_by_step");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	runner_sql(runner, "UPDATE domains SET dns_status = 'ok' WHERE campaign_id = '%s' AND offset_index < 4;"
			   "UPDATE campaign_counters SET dns_ok = 4, dns_pending = 6 WHERE campaign_id = '%s'");
	expect_ok(steps_do(runner, STOP, PHASE_DNS));
	assert_string_equal(campaign_text(runner, "status"), "failed");
	expect_ok(steps_do(runner, STOP, PHASE_DNS)); /* no-op */
	assert_int_equal(steps_events(runner, "phase_failed", PHASE_DNS), 1);
	expect_ok(steps_do(runner, START, PHASE_DNS));
	dns = runner_state(runner, PHASE_DNS);
	assert_int_equal(dns.progress.total, 6);
	assert_int_equal(dns.progress.processed, 0);
	assert_int_equal(dns.run_number, 2);
	assert_null(dns.error_code);
	assert_int_equal(runner_counters(runner).dns_ok, 4);
	runner_recount(runner);
	steps_check_numbers(runner);
}

static void a_rerun_sets_later_phases_back_and_keeps_the_records_of_their_runs(void **state)
{
	struct runner *runner = *state;

	up_to_the_end(runner, 6);
	runner_sql(runner, "UPDATE campaigns SET mode = 'step_by_step' WHERE id = '%s'");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	assert_int_equal(runner_state(runner, PHASE_DNS).progress.total, 6);
	for (int phase = PHASE_HTTP; phase < PHASE_COUNT; phase++)
		assert_int_equal(steps_status(runner, (enum phase)phase), PHASE_STATUS_CONFIGURED);
	assert_string_equal(campaign_text(runner, "status"), "running");
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM phase_executions WHERE campaign_id = '%s'"
					       " AND status = 'completed' AND completed_at IS NOT NULL"
					       " AND phase > 'dns' AND total_items = 6"),
			 3);
	assert_int_equal(runner_counters(runner).dns_pending, 6);
	runner_recount(runner);
	steps_check_numbers(runner);
}

static void a_restart_runs_through_leads_in_step_by_step_and_then_stops_doing_so(void **state)
{
	struct runner *runner = *state;

	up_to_the_end(runner, 4);
	runner_sql(runner, "UPDATE campaigns SET mode = 'step_by_step' WHERE id = '%s'");
	expect_ok(steps_do(runner, RESTART, PHASE_COUNT));
	for (int phase = PHASE_DNS; phase < PHASE_COUNT; phase++) {
		assert_int_equal(steps_status(runner, (enum phase)phase), PHASE_STATUS_IN_PROGRESS);
		if (phase <= PHASE_HTTP)
			steps_answer(runner, (enum phase)phase);
		steps_finish(runner, (enum phase)phase);
	}
	assert_string_equal(campaign_text(runner, "status"), "completed");
	assert_string_equal(campaign_text(runner, "restart_running"), "false");
	assert_int_equal(runner_state(runner, PHASE_GENERATION).run_number, 1);
	runner_recount(runner);
	expect_ok(steps_do(runner, START, PHASE_ANALYSIS));
	steps_finish(runner, PHASE_ANALYSIS);
	assert_int_equal(steps_status(runner, PHASE_LEADS), PHASE_STATUS_CONFIGURED);
	steps_check_numbers(runner);
}

static void stopping_a_restart_ends_it_and_a_retry_revives_the_campaign(void **state)
{
	struct runner *runner = *state;

	up_to_the_end(runner, 4);
	runner_sql(runner, "UPDATE campaigns SET mode = 'step_by_step' WHERE id = '%s'");
	expect_ok(steps_do(runner, RESTART, PHASE_COUNT));
	expect_ok(steps_do(runner, STOP_CAMPAIGN, PHASE_COUNT));
	assert_string_equal(campaign_text(runner, "status"), "cancelled");
	assert_string_equal(campaign_text(runner, "restart_running"), "false");
	assert_string_equal(runner_state(runner, PHASE_DNS).error_code, "campaign_stopped");
	expect_failure(steps_do(runner, STOP_CAMPAIGN, PHASE_COUNT), STATUS_FAILED_PRECONDITION, "NO_CONTROL_PHASE");
	expect_failure(steps_do(runner, START, PHASE_HTTP), STATUS_FAILED_PRECONDITION, "INVALID_STATE");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	assert_string_equal(campaign_text(runner, "status"), "running");
	steps_answer(runner, PHASE_DNS);
	steps_finish(runner, PHASE_DNS);
	assert_int_equal(steps_status(runner, PHASE_HTTP), PHASE_STATUS_CONFIGURED);
	assert_int_equal(steps_events(runner, "campaign_cancelled", PHASE_COUNT), 1);
	steps_check_numbers(runner);
}

static void a_restart_needs_generated_names_and_nothing_active(void **state)
{
	struct runner *runner = *state;
	struct status st;

	runner_campaign(runner);
	st = steps_do(runner, RESTART, PHASE_COUNT);
	expect_failure(st, STATUS_FAILED_PRECONDITION, "RERUN_PRECONDITION_FAILED");
	assert_non_null(strstr(st.detail, "Cannot restart: generation is "));
	steps_campaign(runner, 3, "step_by_step");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	st = steps_do(runner, RESTART, PHASE_COUNT);
	expect_failure(st, STATUS_FAILED_PRECONDITION, "RERUN_PRECONDITION_FAILED");
	assert_string_equal(st.detail, "Cannot restart: dns is in_progress");
	assert_string_equal(campaign_text(runner, "restart_running"), "false");
}

/* --- when the next phase can't begin ----------------------------------------------------------------------------- */

static void a_blocked_advance_says_why_and_a_start_clears_it(void **state)
{
	struct runner *runner = *state;

	steps_campaign(runner, 3, "full_sequence");
	runner_sql(runner, "UPDATE campaign_phases SET configuration = NULL, status = 'not_started'"
			   " WHERE campaign_id = '%s' AND phase = 'http'");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	steps_answer(runner, PHASE_DNS);
	steps_finish(runner, PHASE_DNS);
	assert_int_equal(steps_status(runner, PHASE_HTTP), PHASE_STATUS_READY);
	assert_string_equal(campaign_text(runner, "error_message"), "Cannot start http: no configuration for http");
	assert_string_equal(campaign_text(runner, "status"), "running");
	assert_string_equal(runner_text(runner,
					"SELECT payload->>'reason' || ' ' || (payload->>'missing') AS text"
					" FROM campaign_events WHERE campaign_id = '%s'"
					" AND type = 'auto_advance_blocked' AND phase = 'http' AND sequence = 0"),
			    "Cannot start http: no configuration for http [\"http\"]");
	expect_failure(steps_do(runner, START, PHASE_HTTP), STATUS_FAILED_PRECONDITION, "PHASE_CONFIG_MISSING");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	assert_string_equal(campaign_text(runner, "error_message"), "");
	steps_check_numbers(runner);
}

static void a_failed_preflight_is_a_run_that_failed(void **state)
{
	struct runner *runner = *state;

	steps_campaign(runner, 3, "step_by_step");
	runner_sql(runner, "UPDATE campaign_phases SET status = 'completed', run_number = 1 WHERE campaign_id = '%s'"
			   " AND phase IN ('dns', 'http')");
	expect_failure(steps_do(runner, START, PHASE_ANALYSIS), STATUS_FAILED_PRECONDITION,
		       "E_ANALYSIS_MISSING_FEATURES");
	assert_int_equal(steps_status(runner, PHASE_ANALYSIS), PHASE_STATUS_FAILED);
	assert_string_equal(runner_state(runner, PHASE_ANALYSIS).error_code, "E_ANALYSIS_MISSING_FEATURES");
	assert_string_equal(runner_text(runner,
					"SELECT string_agg(type, ' ' ORDER BY event_number) FROM campaign_events"
					" WHERE campaign_id = '%s'"),
			    "phase_started phase_failed analysis_failed");
	assert_string_equal(campaign_text(runner, "status"), "failed");
	steps_check_numbers(runner);
}

static void a_next_phase_that_is_broken_does_not_fail_the_one_that_is_done(void **state)
{
	struct runner *runner = *state;

	steps_campaign(runner, 3, "full_sequence");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	steps_answer(runner, PHASE_DNS);
	/* As no caller can store it: begin answers INTERNAL. */
	runner_sql(runner,
		   "UPDATE campaign_phases SET configuration = '[]' WHERE campaign_id = '%s' AND phase = 'http'");
	steps_finish(runner, PHASE_DNS);
	assert_int_equal(steps_events(runner, "auto_advance_blocked", PHASE_HTTP), 1);
	assert_true(strlen(campaign_text(runner, "error_message")) > 0);
	steps_check_numbers(runner);
}

/* --- pause and resume -------------------------------------------------------------------------------------------- */

static void a_phase_that_ends_while_paused_completes_after_resume(void **state)
{
	struct runner *runner = *state;
	struct batch batch;
	struct run_key run;

	steps_campaign(runner, 3, "step_by_step");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	run = steps_run(runner, PHASE_DNS);
	steps_answer(runner, PHASE_DNS);
	expect_ok(steps_do(runner, PAUSE, PHASE_DNS));
	expect_ok(steps_do(runner, PAUSE, PHASE_DNS)); /* no-op */
	assert_string_equal(campaign_text(runner, "status"), "paused");
	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_NOTHING);
	assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_PAUSED);
	expect_ok(steps_do(runner, RESUME, PHASE_DNS));
	assert_string_equal(campaign_text(runner, "status"), "running");
	steps_finish(runner, PHASE_DNS);
	assert_int_equal(steps_events(runner, "phase_started", PHASE_DNS), 1);
	assert_int_equal(steps_events(runner, "phase_paused", PHASE_DNS), 1);
	assert_int_equal(steps_events(runner, "phase_resumed", PHASE_DNS), 1);
	steps_check_numbers(runner);
}

/* --- two at once ------------------------------------------------------------------------------------------------- */

struct racer {
	struct runner *runner;
	enum command command;
	struct run_key run;
	struct status status;
};

static void *race_command(void *arg)
{
	struct racer *racer = arg;

	racer->status = steps_do(racer->runner, racer->command, PHASE_DNS);
	return NULL;
}

static void *race_completion(void *arg)
{
	struct racer *racer = arg;
	struct arena *arena = arena_create(0);
	bool moved;

	do
		racer->status = ledger_complete(&racer->runner->env, &racer->run, arena, &moved);
	while (status_is_transient(racer->status));
	arena_destroy(arena);
	return NULL;
}

static void race(struct racer *a, void *(*first)(void *), struct racer *b, void *(*second)(void *))
{
	pthread_t threads[2];

	assert_int_equal(pthread_create(&threads[0], NULL, first, a), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, second, b), 0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

/* A dns run of a full sequence with every answer stored and everything cut: whoever comes may complete it. */
static struct run_key finished_dns(struct runner *runner)
{
	struct run_key run;
	struct batch batch;

	steps_campaign(runner, 3, "full_sequence");
	expect_ok(steps_do(runner, START, PHASE_DNS));
	steps_answer(runner, PHASE_DNS);
	run = steps_run(runner, PHASE_DNS);
	assert_int_equal(steps_claim(runner, &run, &batch), CLAIM_FINISHED);
	return run;
}

#define RACES 25

static void two_who_find_the_end_complete_it_once(void **state)
{
	struct runner *runner = *state;

	for (int i = 0; i < RACES; i++) {
		struct run_key run = finished_dns(runner);
		struct racer one = { .runner = runner, .run = run }, two = one;

		race(&one, race_completion, &two, race_completion);
		expect_ok(one.status);
		expect_ok(two.status);
		assert_int_equal(steps_events(runner, "phase_completed", PHASE_DNS), 1);
		assert_int_equal(steps_events(runner, "phase_started", PHASE_HTTP), 1);
		assert_int_equal(runner_state(runner, PHASE_HTTP).run_number, 1);
		steps_check_numbers(runner);
	}
}

static void pause_against_completion_has_one_winner(void **state)
{
	struct runner *runner = *state;

	for (int i = 0; i < RACES; i++) {
		struct run_key run = finished_dns(runner);
		struct racer pauser = { .runner = runner, .command = PAUSE };
		struct racer finder = { .runner = runner, .run = run };

		race(&pauser, race_command, &finder, race_completion);
		expect_ok(finder.status);
		if (status_ok(pauser.status)) {
			assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_PAUSED);
			assert_int_equal(steps_events(runner, "phase_completed", PHASE_DNS), 0);
			assert_int_equal(steps_events(runner, "phase_started", PHASE_HTTP), 0);
		} else {
			expect_failure(pauser.status, STATUS_FAILED_PRECONDITION, "INVALID_PHASE_TRANSITION");
			assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_COMPLETED);
			assert_int_equal(steps_status(runner, PHASE_HTTP), PHASE_STATUS_IN_PROGRESS);
			assert_int_equal(steps_events(runner, "phase_paused", PHASE_COUNT), 0);
		}
		steps_check_numbers(runner);
	}
}

static void every_pair_of_commands_at_once_leaves_a_sound_state(void **state)
{
	static const enum command commands[] = { START, PAUSE, RESUME, STOP, STOP_CAMPAIGN, RESTART };
	struct runner *runner = *state;

	for (size_t a = 0; a < sizeof commands / sizeof commands[0]; a++) {
		for (size_t b = 0; b < sizeof commands / sizeof commands[0]; b++) {
			struct racer one = { .runner = runner, .command = commands[a] };
			struct racer two = { .runner = runner, .command = commands[b] };
			int accepted;

			steps_campaign(runner, 3, "step_by_step");
			expect_ok(steps_do(runner, START, PHASE_DNS));
			race(&one, race_command, &two, race_command);
			accepted = status_ok(one.status) + status_ok(two.status);
			for (struct racer *r = &one; r; r = r == &one ? &two : NULL)
				if (!status_ok(r->status))
					assert_int_equal(r->status.code, STATUS_FAILED_PRECONDITION);
			assert_true(accepted > 0 || (commands[a] == RESTART && commands[b] == RESTART));
			assert_true(runner_number(runner,
						  "SELECT count(*) FROM campaign_phases WHERE campaign_id = '%s'"
						  " AND status IN ('in_progress', 'paused')") <= 1);
			assert_int_equal(runner_number(runner,
						       "SELECT count(*) FROM phase_executions e"
						       " JOIN campaign_phases p USING (campaign_id, phase, run_number)"
						       " WHERE e.campaign_id = '%s' AND phase = 'dns'"
						       " AND e.status = p.status"),
					 1);
			steps_check_numbers(runner);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_sequence_starts_every_phase_once_and_ends),
		cmocka_unit_test(step_by_step_waits_and_readies_the_next_phase),
		cmocka_unit_test(a_retry_keeps_what_is_finished),
		cmocka_unit_test(a_rerun_sets_later_phases_back_and_keeps_the_records_of_their_runs),
		cmocka_unit_test(a_restart_runs_through_leads_in_step_by_step_and_then_stops_doing_so),
		cmocka_unit_test(stopping_a_restart_ends_it_and_a_retry_revives_the_campaign),
		cmocka_unit_test(a_restart_needs_generated_names_and_nothing_active),
		cmocka_unit_test(a_blocked_advance_says_why_and_a_start_clears_it),
		cmocka_unit_test(a_failed_preflight_is_a_run_that_failed),
		cmocka_unit_test(a_next_phase_that_is_broken_does_not_fail_the_one_that_is_done),
		cmocka_unit_test(a_phase_that_ends_while_paused_completes_after_resume),
		cmocka_unit_test(two_who_find_the_end_complete_it_once),
		cmocka_unit_test(pause_against_completion_has_one_winner),
		cmocka_unit_test(every_pair_of_commands_at_once_leaves_a_sound_state),
	};

	return cmocka_run_group_tests(tests, runner_open, runner_close);
}
