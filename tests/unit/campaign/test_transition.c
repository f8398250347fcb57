/* Every cell of docs/spec/01-domain-model.md §2.2, written down a second time. */
#include "campaign/transition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define X  (-1) /* refused */
#define NO (-2) /* no-op   */
#define KP (-3) /* configuration replaced, status kept */
enum { NS, RD, CF, IP, PA, CO, FA };

static const int expected[PHASE_STATUS_COUNT][PHASE_ACTION_COUNT] = {
	/*         configure start pause resume complete fail stop */
	[NS] = { CF, IP, X, X, X, X, X },     [RD] = { CF, IP, X, X, X, X, X },    [CF] = { KP, IP, X, X, X, X, X },
	[IP] = { X, NO, PA, NO, CO, FA, FA }, [PA] = { X, IP, NO, IP, X, FA, FA }, [CO] = { KP, IP, X, X, NO, X, X },
	[FA] = { KP, IP, X, X, X, NO, NO },
};

static void every_cell_is_as_specified(void **state)
{
	(void)state;
	for (int phase = PHASE_GENERATION; phase < PHASE_COUNT; phase++) {
		for (int from = 0; from < PHASE_STATUS_COUNT; from++) {
			for (int action = 0; action < PHASE_ACTION_COUNT; action++) {
				struct transition t = transition_of((enum phase)phase, (enum phase_status)from,
								    (enum phase_action)action);
				int want = expected[from][action];

				if (phase == PHASE_GENERATION && from == PHASE_STATUS_COMPLETED &&
				    (action == PHASE_ACTION_CONFIGURE || action == PHASE_ACTION_START))
					want = X;
				switch (t.kind) {
				case TRANSITION_REFUSED:
					assert_int_equal(want, X);
					break;
				case TRANSITION_NONE:
					assert_int_equal(want, NO);
					break;
				case TRANSITION_KEEP:
					assert_int_equal(want, KP);
					break;
				case TRANSITION_MOVE:
					assert_int_equal(want, (int)t.to);
					break;
				}
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_cell_is_as_specified) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
