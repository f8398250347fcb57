/* Waiting for callbacks: all of them, the next, until a time; and being told when nobody waits. */
#include "phase/phase.h"
#include "phase/tally.h"

#include "base/clock.h"
#include "work/cancel.h"
#include "work/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct tally tally;
static struct tally_item items[8];
static int told;

static void tell(struct phase_job *job)
{
	(void)job;
	told++;
}

static struct phase_job job = { .rest_is_back = tell };

static int open_tally(void **state)
{
	(void)state;
	told = 0;
	tally_init(&tally);
	for (int i = 0; i < 8; i++)
		tally_add(&tally);
	return 0;
}

static int close_tally(void **state)
{
	(void)state;
	tally_done(&tally);
	return 0;
}

static void back(int from, int to)
{
	for (int i = from; i <= to; i++)
		tally_back(&tally, &items[i]);
}

static void items_are_taken_in_the_order_they_came_back(void **state)
{
	(void)state;
	back(3, 4);
	back(0, 0);
	assert_ptr_equal(tally_next(&tally, 0), &items[3]);
	assert_ptr_equal(tally_next(&tally, TALLY_FOR_EVER), &items[4]);
	assert_ptr_equal(tally_next(&tally, TALLY_FOR_EVER), &items[0]);
	assert_null(tally_next(&tally, clock_monotonic_ms() + 1)); /* time is up */
	assert_true(tally_is_out(&tally));
	back(5, 7);
	back(1, 2);
	for (int i = 0; i < 5; i++) {
		assert_true(tally_is_out(&tally));
		assert_non_null(tally_next(&tally, TALLY_FOR_EVER));
	}
	assert_null(tally_next(&tally, TALLY_FOR_EVER));
	assert_false(tally_is_out(&tally));
}

static void *come_back(void *arg)
{
	(void)arg;
	back(0, 7);
	return NULL;
}

static void waiting_for_all_ends_with_the_last(void **state)
{
	pthread_t thread;

	(void)state;
	tally_wait_all(&tally, 0); /* time is up at once */
	assert_true(status_ok(thread_start("engine", come_back, NULL, &thread)));
	tally_wait_all(&tally, TALLY_FOR_EVER);
	for (int i = 0; i < 8; i++)
		assert_ptr_equal(tally_next(&tally, 0), &items[i]);
	pthread_join(thread, NULL);
}

static void who_parked_is_told_once_when_enough_is_back(void **state)
{
	(void)state;
	tally_park(&tally, &job, 3);
	back(0, 1);
	assert_int_equal(told, 0);
	back(2, 7);
	assert_int_equal(told, 1);
}

static void fewer_than_wanted_are_enough_when_nothing_more_comes(void **state)
{
	(void)state;
	tally_park(&tally, &job, 100);
	back(0, 6);
	assert_int_equal(told, 0);
	back(7, 7);
	assert_int_equal(told, 1);
}

static void what_came_back_before_parking_counts(void **state)
{
	(void)state;
	back(0, 2);
	tally_park(&tally, &job, 3);
	assert_int_equal(told, 1);
	back(3, 7);
	assert_int_equal(told, 1);
}

static void whoever_waits_again_is_not_told(void **state)
{
	(void)state;
	tally_park(&tally, &job, 8);
	assert_null(tally_next(&tally, 0));
	back(0, 7);
	assert_int_equal(told, 0);
}

static void patience_ends_only_where_a_batch_may_be_parked(void **state)
{
	struct phase_job at_once = { 0 };
	struct cancel cancel;

	(void)state;
	cancel_init(&cancel, NULL);
	at_once.cancel = &cancel;
	assert_true(tally_patience(&at_once, 5) == TALLY_FOR_EVER);
	at_once.rest_is_back = tell;
	assert_true(tally_patience(&at_once, 5) <= clock_monotonic_ms() + 5);
	cancel_set(&cancel);
	assert_true(tally_patience(&at_once, 5) == TALLY_FOR_EVER);
	cancel_done(&cancel);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_tally, close_tally)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(items_are_taken_in_the_order_they_came_back),
		CASE(waiting_for_all_ends_with_the_last),
		CASE(who_parked_is_told_once_when_enough_is_back),
		CASE(fewer_than_wanted_are_enough_when_nothing_more_comes),
		CASE(what_came_back_before_parking_counts),
		CASE(whoever_waits_again_is_not_told),
		CASE(patience_ends_only_where_a_batch_may_be_parked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
