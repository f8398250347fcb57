/* A window grows while it is used, shrinks by the share of lost queries, and not by names that are slow or silent. */
#include "net/send_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* So many answers while the window is full, and so many losses, then judged at that time. */
static void live(struct send_window *w, unsigned answers, unsigned lost, int64_t now_ms)
{
	for (unsigned i = 0; i < answers; i++)
		send_window_answered(w, (unsigned)w->size);
	for (unsigned i = 0; i < lost; i++)
		send_window_lost(w);
	send_window_judge(w, now_ms);
}

static void a_full_window_grows_up_to_a_bound(void **state)
{
	struct send_window w;

	(void)state;
	send_window_init(&w);
	assert_true(send_window_has_room(&w, SEND_WINDOW_FIRST - 1));
	assert_false(send_window_has_room(&w, SEND_WINDOW_FIRST));
	live(&w, 1000, 0, 1000);
	assert_true(send_window_has_room(&w, SEND_WINDOW_FIRST + 10));
	live(&w, 1000000, 0, 2000);
	assert_true(send_window_has_room(&w, SEND_WINDOW_MOST - 1));
	assert_false(send_window_has_room(&w, SEND_WINDOW_MOST + 1));
}

static void a_window_that_is_not_used_does_not_grow(void **state)
{
	struct send_window w;

	(void)state;
	send_window_init(&w);
	for (int i = 0; i < 100000; i++)
		send_window_answered(&w, SEND_WINDOW_FIRST / 2);
	assert_false(send_window_has_room(&w, SEND_WINDOW_FIRST));
}

static void a_few_names_slow_at_first_do_not_shrink_it(void **state)
{
	struct send_window w;

	(void)state;
	send_window_init(&w);
	for (int i = 1; i <= 100; i++)
		live(&w, 1000, 5, i * 1000);
	assert_true(send_window_has_room(&w, SEND_WINDOW_MOST - 1));
}

static void losses_shrink_it_down_to_a_bound(void **state)
{
	struct send_window w;

	(void)state;
	send_window_init(&w);
	live(&w, 1000, 50, 1000);
	assert_false(send_window_has_room(&w, SEND_WINDOW_FIRST));
	for (int i = 2; i <= 100; i++)
		live(&w, 100, 50, i * 1000);
	assert_false(send_window_has_room(&w, SEND_WINDOW_LEAST + 5));
	assert_true(send_window_has_room(&w, SEND_WINDOW_LEAST - 1));
}

static void losses_of_one_moment_shrink_it_once(void **state)
{
	struct send_window w;

	(void)state;
	send_window_init(&w);
	live(&w, 0, 200, 1000);
	live(&w, 0, 200, 1010);
	live(&w, 0, 200, 1020);
	assert_true(send_window_has_room(&w, SEND_WINDOW_FIRST / 2));
}

static void a_handful_of_answers_is_no_share(void **state)
{
	struct send_window w;

	(void)state;
	send_window_init(&w);
	for (int i = 1; i <= 5; i++)
		live(&w, 5, 5, i * 1000);
	assert_true(send_window_has_room(&w, SEND_WINDOW_FIRST - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_window_grows_up_to_a_bound),
		cmocka_unit_test(a_window_that_is_not_used_does_not_grow),
		cmocka_unit_test(a_few_names_slow_at_first_do_not_shrink_it),
		cmocka_unit_test(losses_shrink_it_down_to_a_bound),
		cmocka_unit_test(losses_of_one_moment_shrink_it_once),
		cmocka_unit_test(a_handful_of_answers_is_no_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
