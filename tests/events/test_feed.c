/* Those who watch all campaigns; and samples, for them and for those who watch one. */
#include "events/hub_steps.h"

#include "base/json.h"

#include <string.h>

static void who_watches_all_gets_what_comes_of_old_and_new_campaigns(void **state)
{
	struct fixture *fixture = *state;
	struct uuid old = steps_make_campaign(fixture), other = steps_make_campaign(fixture), young;
	struct hub *hub = steps_open_hub(fixture);
	struct feeder all, back;

	steps_store_events(fixture, &old, 4);
	all = steps_join(hub, "default", false);
	back = steps_join(hub, "default", true);
	steps_wait_seen(all.watcher, 1);
	steps_wait_seen(back.watcher, 1);
	assert_int_equal(all.watcher->seen[0].kind, HUB_KEEP_ALIVE);
	assert_int_equal(back.watcher->seen[0].kind, HUB_RESYNC);
	assert_int_equal(back.watcher->seen[0].resync, HUB_RESYNC_RECONNECTED);
	steps_store_events(fixture, &old, 3); /* nobody wakes the hub: the list finds it */
	steps_store_events(fixture, &other, 2);
	young = steps_make_campaign(fixture);
	steps_store_events(fixture, &young, 600); /* more than one read */
	hub_wake(hub, &young, true);
	for (int i = 0; i < 2; i++) {
		struct watcher *w = i == 0 ? all.watcher : back.watcher;

		steps_wait_events(w, &old, 5, 3);
		steps_wait_events(w, &other, 1, 2);
		steps_wait_events(w, &young, 1, 600);
	}
	steps_leave(hub, all);
	steps_leave(hub, back);
	steps_free_hub(hub);
}

static void who_watches_all_sees_only_the_own_workspace_and_survives_a_deletion(void **state)
{
	struct fixture *fixture = *state;
	struct uuid mine = steps_make_campaign(fixture), theirs = steps_make_campaign(fixture),
		    gone = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *beside;
	struct feeder all;
	char text[UUID_TEXT_SIZE], sql[300];

	uuid_to_text(&theirs, text);
	snprintf(sql, sizeof sql,
		 "INSERT INTO workspaces (id) VALUES ('other'); UPDATE campaigns SET workspace_id = 'other' WHERE id = "
		 "'%s'",
		 text);
	steps_script(fixture, sql);
	all = steps_join(hub, "default", false);
	steps_wait_seen(all.watcher, 1);
	beside = steps_subscribe(hub, &gone, -1);
	steps_store_events(fixture, &gone, 1);
	hub_wake(hub, &gone, true);
	steps_wait_events(all.watcher, &gone, 1, 1);
	uuid_to_text(&gone, text);
	snprintf(sql, sizeof sql, "DELETE FROM campaigns WHERE id = '%s'", text);
	steps_script(fixture, sql);
	hub_wake(hub, &gone, true);
	assert_true(steps_wait_closed(beside, STATUS_NOT_FOUND));
	steps_store_events(fixture, &theirs, 2);
	hub_wake(hub, &theirs, true);
	steps_store_events(fixture, &mine, 2);
	steps_wait_events(all.watcher, &mine, 1, 2);
	assert_int_equal(steps_events_from(all.watcher, &theirs, 1), 0);
	assert_int_equal(all.watcher->closed, STATUS_OK);
	steps_unsubscribe(hub, beside);
	steps_leave(hub, all);
	steps_free_hub(hub);
}

/* --- samples ---------------------------------------------------------------------------------------------------- */

static struct sample delta_of(const struct uuid *id)
{
	return (struct sample){ .type = SAMPLE_STATUS_DELTA,
				.campaign_id = *id,
				.payload = json_pack("{s:s, s:i, s:[{s:i}]}", "phase", "dns", "count", 1, "items", "id",
						     1) };
}

static void samples_reach_who_watches_the_campaign_or_all_and_nobody_else(void **state)
{
	struct fixture *fixture = *state;
	struct uuid one = steps_make_campaign(fixture), other = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *on_one = steps_subscribe(hub, &one, -1), *on_other = steps_subscribe(hub, &other, -1);
	struct feeder all = steps_join(hub, "default", false);
	struct sample sample = { .type = SAMPLE_HTTP_ENRICHMENT, .campaign_id = one };

	steps_wait_seen(on_one, 1);
	steps_wait_seen(on_other, 1);
	steps_wait_seen(all.watcher, 1);
	for (int i = 0; i < 3; i++) {
		sample.payload = json_pack("{s:i}", "batch", i);
		assert_int_equal(hub_say(hub, &sample), 0);
	}
	steps_wait_samples(on_one, 3);
	steps_wait_samples(all.watcher, 3);
	sample.campaign_id = (struct uuid){ { 0 } };
	sample.type = SAMPLE_SET_CREATED;
	strcpy(sample.workspace, "elsewhere");
	sample.payload = json_object();
	hub_say(hub, &sample);
	strcpy(sample.workspace, "default");
	sample.payload = json_object();
	hub_say(hub, &sample);
	steps_wait_samples(all.watcher, 4);
	assert_int_equal(steps_samples(on_one), 3);
	assert_int_equal(steps_samples(on_other), 0);
	steps_unsubscribe(hub, on_one);
	steps_unsubscribe(hub, on_other);
	steps_leave(hub, all);
	steps_free_hub(hub);
}

/* Two instances at their own pace are twice too fast for one reader. */
static void samples_of_several_instances_keep_one_pace(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *w = steps_subscribe(hub, &id, -1);
	size_t merged = 0;

	steps_wait_seen(w, 1);
	for (int i = 0; i < 50; i++) {
		struct sample sample = delta_of(&id);

		merged += hub_say(hub, &sample);
	}
	assert_true(merged > 0);
	steps_wait_samples(w, 50 - merged); /* what waited comes by itself */
	steps_unsubscribe(hub, w);
	steps_free_hub(hub);
}

static void what_is_wanted_is_the_most_that_anybody_wants(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher quiet = { .count = 0 }, curious = { .count = 0 };
	struct hub_ticket *tickets[2];
	struct feeder all;

	pthread_mutex_init(&quiet.lock, NULL);
	pthread_mutex_init(&curious.lock, NULL);
	assert_int_equal(hub_wants(hub), SAMPLE_NONE);
	expect_ok(hub_subscribe(hub, &id, -1, SAMPLE_NONE, &quiet, &tickets[0]));
	assert_int_equal(hub_wants(hub), SAMPLE_NONE);
	all = steps_join(hub, "default", false);
	assert_int_equal(hub_wants(hub), SAMPLE_NORMAL);
	expect_ok(hub_subscribe(hub, &id, -1, SAMPLE_FULL, &curious, &tickets[1]));
	assert_int_equal(hub_wants(hub), SAMPLE_FULL);
	hub_unsubscribe(hub, tickets[1]);
	assert_int_equal(hub_wants(hub), SAMPLE_NORMAL);
	steps_leave(hub, all);
	assert_int_equal(hub_wants(hub), SAMPLE_NONE);
	hub_unsubscribe(hub, tickets[0]);
	steps_free_hub(hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_watches_all_gets_what_comes_of_old_and_new_campaigns),
		cmocka_unit_test(who_watches_all_sees_only_the_own_workspace_and_survives_a_deletion),
		cmocka_unit_test(samples_reach_who_watches_the_campaign_or_all_and_nobody_else),
		cmocka_unit_test(samples_of_several_instances_keep_one_pace),
		cmocka_unit_test(what_is_wanted_is_the_most_that_anybody_wants),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
