/* Claims, leases and fencing tokens on the tables themselves. */
#include "store/store_fixture.h"

#include "store/ledger_store.h"
#include "store/query.h"
#include "store/tx.h"

#include <pthread.h>

#define LEASE_MS 60000

static struct run_key run;
static const struct uuid one = { { 1 } }, two = { { 2 } };

static void script(struct fixture *fixture, const char *sql)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
}

/* A campaign whose dns phase runs and has `batches` open batches of ten offsets. */
static void make_run(struct fixture *fixture, int batches)
{
	char id[UUID_TEXT_SIZE], sql[1200];

	run = (struct run_key){ uuid_make(), PHASE_DNS, 1 };
	uuid_to_text(&run.campaign_id, id);
	snprintf(sql, sizeof sql,
		 "INSERT INTO campaigns (id, user_id, name) VALUES ('%s', 'u', 'n');"
		 "INSERT INTO campaign_phases (campaign_id, phase, status, run_number, batch_size) "
		 "VALUES ('%s', 'dns', 'in_progress', 1, 10);"
		 "INSERT INTO phase_batches (campaign_id, phase, run_number, batch_number, first_offset, last_offset, "
		 "domain_count, "
		 "state) SELECT '%s', 'dns', 1, n, n * 10, n * 10 + 9, 10, 'open' FROM generate_series(1, %d) n;",
		 id, id, id, batches);
	script(fixture, sql);
}

static bool claim(struct fixture *fixture, const struct uuid *owner, int64_t lease_ms, struct batch *out)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	bool found;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_batch_claim(tx, &run, owner, lease_ms, out, &found));
	expect_ok(store_commit(&tx));
	return found;
}

static bool finish(struct fixture *fixture, const struct batch *batch, bool reopen)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	bool ours;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_batch_finish(tx, batch, reopen ? BATCH_END_OPEN : BATCH_END_DONE, 0, &ours));
	expect_ok(store_commit(&tx));
	return ours;
}

static void batches_come_in_order_and_once(void **state)
{
	struct fixture *fixture = *state;
	struct batch first, second, none;

	make_run(fixture, 2);
	assert_true(claim(fixture, &one, LEASE_MS, &first));
	assert_true(claim(fixture, &two, LEASE_MS, &second));
	assert_int_equal(first.batch_number, 1);
	assert_int_equal(first.first_offset, 10);
	assert_int_equal(second.batch_number, 2);
	assert_false(claim(fixture, &one, LEASE_MS, &none));
}

static void an_expired_lease_is_claimed_again_and_the_late_owner_is_fenced_off(void **state)
{
	struct fixture *fixture = *state;
	struct batch late, heir;

	make_run(fixture, 1);
	assert_true(claim(fixture, &one, 0, &late));
	assert_true(claim(fixture, &two, LEASE_MS, &heir));
	assert_int_equal(heir.batch_number, late.batch_number);
	assert_int_equal(heir.token, late.token + 1);
	assert_int_equal(heir.attempts, 2);
	assert_false(finish(fixture, &late, false));
	assert_true(finish(fixture, &heir, false));
	assert_false(finish(fixture, &heir, false)); /* done is done */
}

static void a_reopened_batch_can_be_claimed_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct batch first, again;

	make_run(fixture, 1);
	assert_true(claim(fixture, &one, LEASE_MS, &first));
	assert_true(finish(fixture, &first, true));
	assert_true(claim(fixture, &two, LEASE_MS, &again));
	assert_int_equal(again.token, first.token + 1);
}

static void renewing_tells_which_leases_are_still_ours(void **state)
{
	struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct batch kept, lost, heir;
	int32_t numbers[2], tokens[2];
	bool ours[2];

	make_run(fixture, 2);
	assert_true(claim(fixture, &one, LEASE_MS, &kept));
	assert_true(claim(fixture, &one, 0, &lost));
	assert_true(claim(fixture, &two, LEASE_MS, &heir));
	numbers[0] = kept.batch_number;
	tokens[0] = kept.token;
	numbers[1] = lost.batch_number;
	tokens[1] = lost.token;
	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_batches_renew(tx, &run, numbers, tokens, 2, LEASE_MS, ours));
	assert_true(ours[0]);
	assert_false(ours[1]);
}

static void renewing_does_not_wait_for_a_commit_under_way(void **state)
{
	struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *committing = NULL;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct batch stored, kept;
	int32_t numbers[2], tokens[2];
	bool ours[2], done;

	make_run(fixture, 2);
	assert_true(claim(fixture, &one, LEASE_MS, &stored));
	assert_true(claim(fixture, &one, LEASE_MS, &kept));
	expect_ok(store_begin(fixture->pool, 0, &committing));
	expect_ok(store_batch_finish(committing, &stored, BATCH_END_DONE, 0, &done));
	assert_true(done);
	numbers[0] = stored.batch_number;
	tokens[0] = stored.token;
	numbers[1] = kept.batch_number;
	tokens[1] = kept.token;
	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_batches_renew(tx, &run, numbers, tokens, 2, LEASE_MS, ours)); /* not LOCK_TIMEOUT */
	assert_true(ours[1]);
}

#define RACERS  8
#define BATCHES 200

struct racer {
	struct fixture *fixture;
	int claimed[BATCHES + 1];
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct batch batch;

	while (claim(racer->fixture, &one, LEASE_MS, &batch))
		racer->claimed[batch.batch_number]++;
	return NULL;
}

static void racing_workers_never_get_the_same_batch(void **state)
{
	struct fixture *fixture = *state;
	static struct racer racers[RACERS];
	pthread_t threads[RACERS];

	make_run(fixture, BATCHES);
	for (int i = 0; i < RACERS; i++) {
		racers[i].fixture = fixture;
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	for (int n = 1; n <= BATCHES; n++) {
		int claims = 0;
		for (int i = 0; i < RACERS; i++)
			claims += racers[i].claimed[n];
		assert_int_equal(claims, 1);
	}
}

static void the_place_of_another_run_or_a_paused_phase_is_not_given(void **state)
{
	struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct run_place place;
	struct run_key other;
	bool found;

	make_run(fixture, 1);
	other = run;
	other.run_number = 2;
	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_ok(store_place_lock(tx, &run, &place, &found));
	assert_true(found);
	expect_ok(store_place_lock(tx, &other, &place, &found));
	assert_false(found);
	store_rollback(&tx);
	script(fixture, "UPDATE campaign_phases SET status = 'paused'");
	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_ok(store_place_lock(tx, &run, &place, &found));
	assert_false(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_come_in_order_and_once),
		cmocka_unit_test(an_expired_lease_is_claimed_again_and_the_late_owner_is_fenced_off),
		cmocka_unit_test(a_reopened_batch_can_be_claimed_at_once),
		cmocka_unit_test(renewing_tells_which_leases_are_still_ours),
		cmocka_unit_test(renewing_does_not_wait_for_a_commit_under_way),
		cmocka_unit_test(racing_workers_never_get_the_same_batch),
		cmocka_unit_test(the_place_of_another_run_or_a_paused_phase_is_not_given),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
