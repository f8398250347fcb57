#include "model/campaign.h"
#include "model/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct phase_state phase_at(enum phase phase, enum phase_status status, int32_t processed, int32_t total)
{
	return (struct phase_state){ .phase = phase,
				     .status = status,
				     .progress = { .processed = processed, .total = total } };
}

static void percentages_follow_the_status_and_the_counts(void **state)
{
	struct phase_state p = phase_at(PHASE_DNS, PHASE_STATUS_IN_PROGRESS, 1, 3);

	(void)state;
	assert_float_equal(phase_percent(&p), 33.33, 1e-6);
	p.progress.processed = 3; /* all done, but not reported as completed before the transition is stored */
	assert_float_equal(phase_percent(&p), 100.0, 1e-6);
	p.progress.processed = 4;
	assert_float_equal(phase_percent(&p), 100.0, 1e-6);
	p.progress.total = 0;
	assert_float_equal(phase_percent(&p), 0.0, 1e-6);
	p.status = PHASE_STATUS_COMPLETED;
	assert_float_equal(phase_percent(&p), 100.0, 1e-6);
}

static void the_overall_percentage_is_the_mean_of_five(void **state)
{
	struct phase_state phases[PHASE_COUNT] = {
		phase_at(PHASE_GENERATION, PHASE_STATUS_COMPLETED, 0, 0),
		phase_at(PHASE_DNS, PHASE_STATUS_COMPLETED, 0, 0),
		phase_at(PHASE_HTTP, PHASE_STATUS_IN_PROGRESS, 325, 1000),
		phase_at(PHASE_ANALYSIS, PHASE_STATUS_NOT_STARTED, 0, 0),
		phase_at(PHASE_LEADS, PHASE_STATUS_NOT_STARTED, 0, 0),
	};

	(void)state;
	assert_float_equal(campaign_percent(phases), 46.5, 1e-6); /* docs/spec/06-rest-contract.md §4 */
}

static void a_paused_phase_controls_before_a_running_one(void **state)
{
	struct phase_state phases[PHASE_COUNT] = { 0 };

	(void)state;
	for (int i = 0; i < PHASE_COUNT; i++)
		phases[i] = phase_at((enum phase)i, PHASE_STATUS_CONFIGURED, 0, 0);
	assert_int_equal(campaign_control_phase(phases), PHASE_COUNT);
	assert_int_equal(campaign_current_phase(phases), PHASE_GENERATION);
	phases[PHASE_DNS].status = PHASE_STATUS_IN_PROGRESS;
	assert_int_equal(campaign_control_phase(phases), PHASE_DNS);
	phases[PHASE_HTTP].status = PHASE_STATUS_PAUSED;
	assert_int_equal(campaign_control_phase(phases), PHASE_HTTP);
}

static void words_go_both_ways(void **state)
{
	enum rejection reason;
	enum phase_status status;

	(void)state;
	for (int i = 0; i < REJECTION_COUNT; i++) {
		assert_true(rejection_from_text(rejection_to_text((enum rejection)i), &reason));
		assert_int_equal(reason, i);
	}
	assert_false(phase_status_from_text("running", &status));
	assert_string_equal(phase_status_to_text(PHASE_STATUS_COUNT), "?");
}

static void a_domains_id_is_stable_and_its_own(void **state)
{
	const struct uuid campaign = { { 1, 2, 3 } }, other = { { 3, 2, 1 } };
	struct uuid a = domain_id(&campaign, 7), again = domain_id(&campaign, 7), b = domain_id(&campaign, 8),
		    c = domain_id(&other, 7);

	(void)state;
	assert_true(uuid_equal(&a, &again));
	assert_false(uuid_equal(&a, &b));
	assert_false(uuid_equal(&a, &c));
	assert_int_equal(a.bytes[6] >> 4, 8);
	assert_int_equal(a.bytes[8] >> 6, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentages_follow_the_status_and_the_counts),
		cmocka_unit_test(the_overall_percentage_is_the_mean_of_five),
		cmocka_unit_test(a_paused_phase_controls_before_a_running_one),
		cmocka_unit_test(words_go_both_ways),
		cmocka_unit_test(a_domains_id_is_stable_and_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
