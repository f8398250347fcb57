/* Batches that wait for stragglers: a worker of one thread stores what is decided and claims on; pause, stop, a lost
 * lease and a new run find each straggler either decided once or still pending. The resolver is on loopback. */
#include "campaign/campaign_steps.h"

#include "base/arena.h"
#include "base/clock.h"
#include "campaign/worker.h"
#include "net/address_guard.h"
#include "net/dns_client.h"
#include "net/shared_rate.h"

#include <stdlib.h>
#include <time.h>

#include "unit/net/dns_responder.h"

#define PATIENCE_MS 30000
#define BATCHES     6
#define PER_BATCH   4 /* the last one of each is silent */

static struct dns_responder responder;
static struct address_guard *guard;

static int open_world(void **state)
{
	struct dns_client_settings settings = { .lookups_max = 500 };
	struct runner *runner;

	if (runner_open(state) != 0 || !dns_responder_open(&responder))
		return -1;
	runner = *state;
	runner->fixture->settings.worker_batches_max = 1;
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
	dns_responder_close(&responder);
	return runner_close(state);
}

static void ignore_moves(void *ctx, const struct uuid *campaign_id, bool transition)
{
	(void)ctx;
	(void)campaign_id;
	(void)transition;
}

static struct worker *start(struct runner *runner, struct uuid *instance)
{
	struct worker *worker = NULL;

	*instance = uuid_make();
	expect_ok(worker_start(&runner->env, instance, ignore_moves, NULL, &worker));
	worker_wake(worker);
	return worker;
}

/* A dns phase of so many batches under way; a silent name is given up after so many seconds. */
static void begin_batches(struct runner *runner, int batches, int silent_s)
{
	char address[NET_ADDRESS_TEXT_SIZE], id[UUID_TEXT_SIZE];
	struct uuid persona = uuid_make();

	steps_campaign(runner, batches * PER_BATCH, "step_by_step");
	runner_sql(runner, arena_printf(runner->arena,
					"UPDATE domains SET domain_name = CASE offset_index %% %d WHEN %d THEN"
					" 'silent' ELSE 'ok' END || '.' || domain_name WHERE campaign_id = '%%s'",
					PER_BATCH, PER_BATCH - 1));
	net_address_text(&responder.address, address);
	uuid_to_text(&persona, id);
	runner_sql(
		runner,
		arena_printf(runner->arena,
			     "INSERT INTO personas (id, name, persona_type, config_details) VALUES ('%s', '%s', 'dns',"
			     " '{\"resolvers\":[\"%s\"],\"queryTimeoutSeconds\":%d,\"maxConcurrentLookups\":100,"
			     "\"rateLimitDps\":0}')",
			     id, id, address, silent_s));
	runner_configure(runner, PHASE_DNS,
			 arena_printf(runner->arena,
				      "{\"personaIds\":[\"%s\"],\"maxRetries\":0,\"timeout\":%d,\"batchSize\":%d,"
				      "\"validationTypes\":[\"A\"]}",
				      id, silent_s, PER_BATCH));
	expect_ok(steps_do(runner, START, PHASE_DNS));
}

static void begin(struct runner *runner, int silent_s)
{
	begin_batches(runner, BATCHES, silent_s);
}

static bool comes_true(struct runner *runner, const char *claim)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 20000000 };
	char *sql = arena_printf(runner->arena, "SELECT (%s)::integer", claim);

	while (runner_number(runner, sql) == 0) {
		if (clock_monotonic_ms() >= until)
			return false;
		nanosleep(&tick, NULL);
	}
	return true;
}

/* Every batch is claimed although there is one thread, and only the silent names are missing. */
static bool all_are_parked(struct runner *runner)
{
	return comes_true(runner, "SELECT count(*) = 6 FROM phase_batches WHERE campaign_id = '%s' AND phase = 'dns'"
				  " AND state = 'claimed'") &&
	       comes_true(runner, "SELECT count(*) = 18 FROM domains WHERE campaign_id = '%s' AND dns_status = 'ok'");
}

static void one_thread_parks_many_batches_and_finishes_them(void **state)
{
	struct runner *runner = *state;
	struct worker *worker;
	struct uuid instance;

	begin(runner, 4);
	worker = start(runner, &instance);
	assert_true(all_are_parked(runner));
	assert_int_equal(runner_state(runner, PHASE_DNS).progress.processed, BATCHES * (PER_BATCH - 1));
	runner_recount(runner);
	assert_true(comes_true(runner, "SELECT status = 'completed' FROM campaign_phases WHERE campaign_id = '%s' AND"
				       " phase = 'dns'"));
	worker_free(worker);
	assert_int_equal(runner_counters(runner).dns_timeout, BATCHES);
	assert_int_equal(runner_state(runner, PHASE_DNS).progress.processed, BATCHES * PER_BATCH);
	assert_int_equal(runner_number(runner, "SELECT max(token) FROM phase_batches WHERE campaign_id = '%s'"), 1);
	runner_recount(runner);
	steps_check_numbers(runner);
}

static void a_pause_gives_parked_batches_back(void **state)
{
	struct runner *runner = *state;
	struct worker *worker;
	struct uuid instance;

	begin(runner, 60);
	worker = start(runner, &instance);
	assert_true(all_are_parked(runner));
	expect_ok(steps_do(runner, PAUSE, PHASE_DNS));
	assert_true(comes_true(runner, "SELECT count(*) = 6 FROM phase_batches WHERE campaign_id = '%s' AND phase ="
				       " 'dns' AND state = 'open'"));
	assert_int_equal(runner_counters(runner).dns_pending, BATCHES);
	runner_recount(runner);
	expect_ok(steps_do(runner, RESUME, PHASE_DNS));
	worker_wake(worker);
	assert_true(all_are_parked(runner));
	worker_free(worker); /* a stop does the same */
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM phase_batches WHERE campaign_id = '%s' AND state ="
					       " 'claimed'"),
			 0);
	assert_int_equal(runner_counters(runner).dns_pending, BATCHES);
	runner_recount(runner);
	expect_ok(steps_do(runner, STOP, PHASE_DNS));
}

/* As if the lease had run out: somebody else has taken the batch over, and decides the straggler. */
static void a_lost_lease_makes_the_stragglers_someone_elses(void **state)
{
	struct runner *runner = *state;
	struct worker *worker;
	struct uuid instance;

	begin(runner, 3);
	worker = start(runner, &instance);
	assert_true(all_are_parked(runner));
	runner_sql(runner, "UPDATE phase_batches SET token = token + 1, owner = gen_random_uuid()"
			   " WHERE campaign_id = '%s' AND batch_number = 1");
	assert_true(comes_true(runner, "SELECT count(*) = 5 FROM phase_batches WHERE campaign_id = '%s' AND phase ="
				       " 'dns' AND state = 'done'"));
	assert_int_equal(runner_counters(runner).dns_pending, 1);
	runner_recount(runner);
	runner_sql(runner, "UPDATE phase_batches SET lease_until = now() - interval '1 s' WHERE campaign_id = '%s' AND"
			   " batch_number = 1");
	assert_true(comes_true(runner, "SELECT status = 'completed' FROM campaign_phases WHERE campaign_id = '%s' AND"
				       " phase = 'dns'"));
	worker_free(worker);
	assert_int_equal(runner_counters(runner).dns_timeout, BATCHES);
	assert_int_equal(runner_state(runner, PHASE_DNS).progress.processed, BATCHES * PER_BATCH);
	runner_recount(runner);
}

/* The stragglers of a stopped run are nothing to the run that follows it. */
static void a_new_run_does_not_get_the_stragglers_of_the_old_one(void **state)
{
	struct runner *runner = *state;
	struct worker *worker;
	struct uuid instance;

	begin(runner, 3);
	worker = start(runner, &instance);
	assert_true(all_are_parked(runner));
	expect_ok(steps_do(runner, STOP, PHASE_DNS));
	expect_ok(steps_do(runner, START, PHASE_DNS));
	worker_wake(worker);
	assert_true(comes_true(runner, "SELECT status = 'completed' FROM campaign_phases WHERE campaign_id = '%s' AND"
				       " phase = 'dns'"));
	worker_free(worker);
	assert_int_equal(runner_state(runner, PHASE_DNS).run_number, 2);
	assert_int_equal(runner_state(runner, PHASE_DNS).progress.processed, BATCHES);
	assert_int_equal(runner_counters(runner).dns_timeout, BATCHES);
	runner_recount(runner);
	steps_check_numbers(runner);
}

/* One campaign waits for more stragglers than a worker has claims; another one gets its turn all the same. */
static void a_campaign_of_stragglers_leaves_claims_to_others(void **state)
{
	struct runner *runner = *state;
	struct worker *worker;
	struct uuid instance, waiting;

	begin_batches(runner, 20, 60);
	waiting = runner->campaign;
	worker = start(runner, &instance);
	assert_true(comes_true(runner,
			       "SELECT count(*) >= 7 FROM phase_batches WHERE campaign_id = '%s' AND phase = 'dns'"
			       " AND state = 'claimed'"));
	begin(runner, 1);
	worker_wake(worker);
	assert_true(comes_true(runner, "SELECT status = 'completed' FROM campaign_phases WHERE campaign_id = '%s' AND"
				       " phase = 'dns'"));
	runner->campaign = waiting;
	assert_int_equal(steps_status(runner, PHASE_DNS), PHASE_STATUS_IN_PROGRESS);
	expect_ok(steps_do(runner, STOP, PHASE_DNS));
	worker_free(worker);
	runner_recount(runner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_parks_many_batches_and_finishes_them),
		cmocka_unit_test(a_pause_gives_parked_batches_back),
		cmocka_unit_test(a_lost_lease_makes_the_stragglers_someone_elses),
		cmocka_unit_test(a_campaign_of_stragglers_leaves_claims_to_others),
		cmocka_unit_test(a_new_run_does_not_get_the_stragglers_of_the_old_one),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
