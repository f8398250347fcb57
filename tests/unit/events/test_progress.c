/* docs/spec/07-events.md §3: how often progress may be said. */
#include "events/progress.h"

#include "store/state_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_thousand_domains_give_at_most_a_hundred_updates(void **state)
{
	struct progress_pace pace = { 0 };
	int said = 0;

	(void)state;
	for (int i = 1; i <= 1000; i++)
		said += progress_phase_due(&pace, PHASE_DNS, i / 10.0, i * 1000);
	assert_int_equal(said, 100);
}

static void at_most_four_a_second(void **state)
{
	struct progress_pace pace = { 0 };
	int said = 0;

	(void)state;
	for (int ms = 0; ms < 1000; ms += 10)
		said += progress_phase_due(&pace, PHASE_HTTP, ms / 10.0, 100000 + ms);
	assert_in_range(said, 1, 4);
}

static void a_percentage_never_goes_back_within_a_run(void **state)
{
	struct progress_pace pace = { 0 };

	(void)state;
	assert_true(progress_phase_due(&pace, PHASE_DNS, 40.0, 1000));
	assert_false(progress_phase_due(&pace, PHASE_DNS, 20.0, 10000));
	assert_false(progress_phase_due(&pace, PHASE_DNS, 40.9, 20000));
	assert_true(progress_phase_due(&pace, PHASE_DNS, 41.0, 30000));
}

static void a_new_run_begins_at_zero(void **state)
{
	const struct stored_event started = { .type = "phase_started", .phase = PHASE_DNS };
	struct progress_pace pace = { 0 };

	(void)state;
	assert_true(progress_phase_due(&pace, PHASE_DNS, 90.0, 1000));
	progress_transition(&pace, &started);
	assert_true(progress_phase_due(&pace, PHASE_DNS, 2.0, 2000));
}

static void the_campaign_is_said_once_a_second_at_most_and_every_five_at_least(void **state)
{
	struct progress_pace pace = { 0 };

	(void)state;
	assert_true(progress_campaign_due(&pace, 10.0, 10000));
	assert_false(progress_campaign_due(&pace, 20.0, 10900));
	assert_true(progress_campaign_due(&pace, 20.0, 11000));
	assert_false(progress_campaign_due(&pace, 20.5, 13000));
	assert_true(progress_campaign_due(&pace, 20.5, 16000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_domains_give_at_most_a_hundred_updates),
		cmocka_unit_test(at_most_four_a_second),
		cmocka_unit_test(a_percentage_never_goes_back_within_a_run),
		cmocka_unit_test(a_new_run_begins_at_zero),
		cmocka_unit_test(the_campaign_is_said_once_a_second_at_most_and_every_five_at_least),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
