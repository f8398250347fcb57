/* Jobs on their way into an engine and out of it, with the test in the engine's place. */
#include "net/intake.h"

#include "work/cancel.h"
#include "work/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MOST 4

static struct intake intake;
static struct intake_share share, narrow;
static struct intake_job jobs[8];
static struct timer_heap timers;
static struct cancel cancel;
static int64_t now_ms;
static atomic_uint wakes;
static struct intake_job *started[8];
static unsigned started_count, refused_at_begin;

static void on_wake(struct intake *in)
{
	(void)in;
	atomic_fetch_add(&wakes, 1);
}

static bool on_begin(struct intake_job *job)
{
	(void)job;
	if (refused_at_begin == 0)
		return true;
	refused_at_begin--;
	intake_leave(&intake, job);
	intake_left(&intake);
	return false;
}

static void on_start(struct intake_job *job)
{
	started[started_count++] = job;
}

static void end(struct intake_job *job)
{
	intake_leave(&intake, job);
	intake_left(&intake);
}

static const struct intake_ops ops = {
	.noun = "errand", .wake = on_wake, .begin = on_begin, .start = on_start, .cancel = end
};

static int open_intake(void **state)
{
	(void)state;
	now_ms = 1000;
	started_count = refused_at_begin = 0;
	atomic_store(&wakes, 0);
	memset(jobs, 0, sizeof jobs);
	timer_heap_init(&timers);
	cancel_init(&cancel, NULL);
	intake_init(&intake, &ops, MOST, &timers, &now_ms);
	intake_share_init(&share, (struct rate_source){ .take = NULL }, 0, 0, 0);
	intake_share_init(&narrow, (struct rate_source){ .take = NULL }, 0, 0, 1);
	for (int i = 0; i < 8; i++)
		jobs[i].share = &share;
	return timer_heap_reserve(&timers, 8) ? 0 : -1;
}

static int close_intake(void **state)
{
	(void)state;
	intake_done(&intake);
	cancel_done(&cancel);
	timer_heap_done(&timers);
	return 0;
}

static void submit(int from, int to)
{
	for (int i = from; i <= to; i++)
		assert_true(status_ok(intake_submit(&intake, &jobs[i], false)));
}

static void take(void)
{
	int64_t sleep_ms = 100;

	assert_true(intake_take(&intake, &sleep_ms));
}

static void jobs_start_in_order_and_end(void **state)
{
	int64_t sleep_ms = 100;

	(void)state;
	submit(0, 2);
	assert_true(intake_take(&intake, &sleep_ms));
	assert_int_equal(sleep_ms, 0);
	assert_int_equal(started_count, 3);
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(started[i], &jobs[i]);
		assert_int_equal(jobs[i].started_ms, 1000);
	}
	assert_false(intake_drain(&intake, 1));
	for (int i = 0; i < 3; i++)
		end(&jobs[i]);
	assert_true(intake_drain(&intake, 1));
}

static void a_sleeping_engine_is_woken_once(void **state)
{
	int64_t sleep_ms = 100;

	(void)state;
	assert_true(intake_take(&intake, &sleep_ms));
	assert_int_equal(sleep_ms, 100);
	submit(0, 1);
	assert_int_equal(atomic_load(&wakes), 1);
	take();
	submit(2, 2); /* it was not going to sleep */
	assert_int_equal(atomic_load(&wakes), 1);
	take();
	for (int i = 0; i < 3; i++)
		end(&jobs[i]);
}

static void *submit_one(void *arg)
{
	assert_true(status_ok(intake_submit(&intake, arg, true)));
	return NULL;
}

static void a_full_engine_refuses_or_lets_wait(void **state)
{
	pthread_t thread;
	struct status st;

	(void)state;
	submit(0, MOST - 1);
	st = intake_submit(&intake, &jobs[MOST], false);
	assert_int_equal(st.code, STATUS_RESOURCE_EXHAUSTED);
	take();
	assert_true(status_ok(thread_start("submitter", submit_one, &jobs[MOST], &thread)));
	end(&jobs[0]);
	pthread_join(thread, NULL);
	take();
	assert_int_equal(started_count, MOST + 1);
	for (int i = 1; i <= MOST; i++)
		end(&jobs[i]);
}

static void a_share_starts_as_many_as_it_may(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		jobs[i].share = &narrow;
	submit(0, 3);
	take();
	assert_int_equal(started_count, 2); /* one of the narrow share, one of the other */
	assert_ptr_equal(started[1], &jobs[3]);
	end(&jobs[1]); /* one that had not started */
	assert_int_equal(started_count, 2);
	end(&jobs[0]);
	assert_int_equal(started_count, 3);
	assert_ptr_equal(started[2], &jobs[2]);
	end(&jobs[2]);
	end(&jobs[3]);
}

static void a_rate_is_kept_by_a_timer(void **state)
{
	(void)state;
	intake_share_init(&share, (struct rate_source){ .take = NULL }, 0, 0, 0);
	intake_share_init(&narrow, (struct rate_source){ .take = NULL }, 10, 1, 0);
	narrow.bucket.last_ms = now_ms;
	for (int i = 0; i < 2; i++)
		jobs[i].share = &narrow;
	submit(0, 1);
	take();
	assert_int_equal(started_count, 1);
	now_ms += 100;
	timer_heap_run(&timers, now_ms);
	assert_int_equal(started_count, 2);
	assert_int_equal(jobs[1].started_ms, 1100);
	end(&jobs[0]);
	end(&jobs[1]);
}

static void a_cancel_ends_its_jobs_and_refuses_more(void **state)
{
	struct status st;

	(void)state;
	jobs[0].cancel = jobs[2].cancel = jobs[3].cancel = &cancel;
	submit(0, 2);
	take();
	cancel_set(&cancel);
	intake_cancel(&intake, false);
	st = intake_submit(&intake, &jobs[3], true);
	assert_int_equal(st.code, STATUS_CANCELLED);
	assert_ptr_equal(intake.active.head, &jobs[1]);
	assert_null(jobs[1].next);
	intake_cancel(&intake, true);
	assert_true(intake_drain(&intake, 1));
}

static void a_job_may_end_when_it_is_taken(void **state)
{
	(void)state;
	refused_at_begin = 1;
	submit(0, 1);
	take();
	assert_int_equal(started_count, 1);
	assert_ptr_equal(started[0], &jobs[1]);
	end(&jobs[1]);
	assert_true(intake_drain(&intake, 1));
}

static void a_stop_refuses_more(void **state)
{
	int64_t sleep_ms = 100;
	struct status st;

	(void)state;
	intake_stop(&intake);
	st = intake_submit(&intake, &jobs[0], true);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_false(intake_take(&intake, &sleep_ms));
	assert_int_equal(sleep_ms, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_intake, close_intake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(jobs_start_in_order_and_end),        CASE(a_sleeping_engine_is_woken_once),
		CASE(a_full_engine_refuses_or_lets_wait), CASE(a_share_starts_as_many_as_it_may),
		CASE(a_rate_is_kept_by_a_timer),          CASE(a_cancel_ends_its_jobs_and_refuses_more),
		CASE(a_job_may_end_when_it_is_taken),     CASE(a_stop_refuses_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
