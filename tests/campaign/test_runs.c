/* Which run is worked on next: campaign by campaign, within the phases' own limits, and never one that has ended. */
#include "campaign/campaign_steps.h"

#include "base/arena.h"
#include "campaign/runs.h"

#include <string.h>

#define CAMPAIGNS 3

/* Leads runs of as many campaigns. Nothing in them is worked on. */
static void make_runs(struct runner *runner, struct run_key keys[CAMPAIGNS])
{
	for (int i = 0; i < CAMPAIGNS; i++) {
		runner_campaign(runner);
		runner_configure(runner, PHASE_LEADS, "{}");
		keys[i] = (struct run_key){ runner->campaign, PHASE_LEADS, 1 };
	}
}

static int index_of(const struct run_key *keys, const struct run_entry *entry)
{
	int i = 0;

	while (i < CAMPAIGNS && !uuid_equal(&keys[i].campaign_id, &run_entry_key(entry)->campaign_id))
		i++;
	return i;
}

static struct run_entry *pick(struct runs *runs)
{
	struct status opened;
	struct run_entry *entry = runs_pick(runs, &opened);

	expect_ok(opened);
	if (entry)
		assert_non_null(run_entry_run(entry));
	return entry;
}

static void campaigns_take_turns_however_many_batches_one_has(void **state)
{
	struct runner *runner = *state;
	struct run_key keys[CAMPAIGNS];
	struct runs *runs = runs_create(&runner->env, 100);
	struct run_entry *held[4 * CAMPAIGNS];
	int picks[CAMPAIGNS] = { 0 };

	make_runs(runner, keys);
	runs_update(runs, keys, CAMPAIGNS);
	for (int i = 0; i < 4 * CAMPAIGNS; i++) {
		held[i] = pick(runs);
		picks[index_of(keys, held[i])]++;
		for (int k = 0; k < CAMPAIGNS; k++)
			assert_in_range(picks[k], i / CAMPAIGNS, i / CAMPAIGNS + 1);
	}
	for (int i = 0; i < 4 * CAMPAIGNS; i++)
		runs_return(runs, held[i], 0);
	runs_destroy(runs);
}

static void a_run_left_alone_is_skipped_and_one_that_ended_is_not_picked(void **state)
{
	struct runner *runner = *state;
	struct run_key keys[CAMPAIGNS];
	struct runs *runs = runs_create(&runner->env, 100);
	struct run_entry *entry;

	make_runs(runner, keys);
	runs_update(runs, keys, 2);
	entry = pick(runs);
	assert_true(runs_is_active(runs, run_entry_key(entry)));
	runs_update(runs, &keys[1 - index_of(keys, entry)], 1); /* ends while it is worked on */
	assert_false(runs_is_active(runs, run_entry_key(entry)));
	runs_return(runs, entry, 0);
	for (int i = 0; i < 3; i++) {
		entry = pick(runs);
		assert_true(runs_is_active(runs, run_entry_key(entry)));
		runs_return(runs, entry, 0);
	}
	entry = pick(runs);
	runs_return(runs, entry, 60000);
	assert_null(pick(runs));
	runs_destroy(runs);
}

static void generation_is_worked_on_one_batch_at_a_time(void **state)
{
	struct runner *runner = *state;
	struct runs *runs = runs_create(&runner->env, 100);
	struct run_entry *entry;
	struct run_key key;

	runner_campaign(runner);
	runner_configure(runner, PHASE_GENERATION,
			 "{\"patternType\":\"suffix\",\"suffixVariableLength\":3,\"characterSet\":\"abc\","
			 "\"constantString\":\"turn\",\"tld\":\".com\",\"numDomainsToGenerate\":10}");
	key = (struct run_key){ runner->campaign, PHASE_GENERATION, 1 };
	runs_update(runs, &key, 1);
	entry = pick(runs);
	assert_non_null(entry);
	assert_null(pick(runs));
	runs_return(runs, entry, 0);
	entry = pick(runs);
	assert_non_null(entry);
	runs_return(runs, entry, 0);
	runs_destroy(runs);
}

static void a_run_that_can_not_be_opened_says_why_each_time(void **state)
{
	struct runner *runner = *state;
	struct runs *runs = runs_create(&runner->env, 100);
	struct run_key key = { uuid_make(), PHASE_LEADS, 1 }; /* of no campaign */

	runs_update(runs, &key, 1);
	for (int i = 0; i < 2; i++) {
		struct status opened;
		struct run_entry *entry = runs_pick(runs, &opened);

		assert_non_null(entry);
		expect_failure(opened, STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
		assert_null(run_entry_run(entry));
		runs_return(runs, entry, 0);
	}
	runs_destroy(runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(campaigns_take_turns_however_many_batches_one_has),
		cmocka_unit_test(a_run_left_alone_is_skipped_and_one_that_ended_is_not_picked),
		cmocka_unit_test(generation_is_worked_on_one_batch_at_a_time),
		cmocka_unit_test(a_run_that_can_not_be_opened_says_why_each_time),
	};

	return cmocka_run_group_tests(tests, runner_open, runner_close);
}
