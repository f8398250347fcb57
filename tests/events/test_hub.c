/* The hub: snapshots, replays and resyncs for those who join, every stored event once and in order for everybody, also
 * while subscribers come and go, and after the database was away. */
#include "events/hub_steps.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

/* --- tests ------------------------------------------------------------------------------------------------------- */

static void who_joins_fresh_gets_a_snapshot_and_then_every_event(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *w;

	steps_store_events(fixture, &id, 7);
	w = steps_subscribe(hub, &id, -1);
	assert_true(steps_wait_reached(w, 7));
	for (int i = 0; i < 5; i++) {
		steps_store_events(fixture, &id, 2);
		hub_wake(hub, &id, true);
	}
	assert_true(steps_wait_reached(w, 17));
	assert_true(steps_is_gapless(w, -1));
	steps_unsubscribe(hub, w);
	steps_free_hub(hub);
}

static void who_resumes_gets_what_was_missed_beside_those_who_are_up_to_date(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *fresh, *zero, *middle, *current;

	steps_store_events(fixture, &id, 1700); /* more than one read */
	fresh = steps_subscribe(hub, &id, -1);
	assert_true(steps_wait_reached(fresh, 1700));
	zero = steps_subscribe(hub, &id, 0);
	middle = steps_subscribe(hub, &id, 900);
	current = steps_subscribe(hub, &id, 1700);
	steps_store_events(fixture, &id, 3);
	hub_wake(hub, &id, true);
	assert_true(steps_wait_reached(zero, 1703));
	assert_true(steps_wait_reached(middle, 1703));
	assert_true(steps_wait_reached(current, 1703));
	assert_true(steps_wait_reached(fresh, 1703));
	assert_true(steps_is_gapless(fresh, -1));
	assert_true(steps_is_gapless(zero, 0));
	assert_true(steps_is_gapless(middle, 900));
	assert_true(steps_is_gapless(current, 1700));
	steps_unsubscribe(hub, fresh);
	steps_unsubscribe(hub, zero);
	steps_unsubscribe(hub, middle);
	steps_unsubscribe(hub, current);
	steps_free_hub(hub);
}

static void who_is_too_far_behind_or_ahead_gets_a_resync(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *behind, *ahead, *last;

	steps_store_events(fixture, &id, HUB_REPLAY_MAX + 10);
	behind = steps_subscribe(hub, &id, 5);
	ahead = steps_subscribe(hub, &id, HUB_REPLAY_MAX + 11);
	last = steps_subscribe(hub, &id, 10);
	assert_true(steps_wait_reached(behind, HUB_REPLAY_MAX + 10));
	assert_true(steps_wait_reached(ahead, HUB_REPLAY_MAX + 10));
	assert_true(steps_wait_reached(last, HUB_REPLAY_MAX + 10));
	assert_int_equal(behind->seen[0].kind, HUB_RESYNC);
	assert_int_equal(ahead->seen[0].kind, HUB_RESYNC);
	assert_int_equal(behind->seen[0].resync, HUB_RESYNC_EXCEEDED);
	assert_int_equal(ahead->seen[0].resync, HUB_RESYNC_UNKNOWN);
	assert_true(steps_is_gapless(last, 10));
	steps_unsubscribe(hub, behind);
	steps_unsubscribe(hub, ahead);
	steps_unsubscribe(hub, last);
	steps_free_hub(hub);
}

static void without_a_wake_the_poll_finds_it(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *w = steps_subscribe(hub, &id, -1);

	assert_true(steps_wait_reached(w, 0));
	steps_store_events(fixture, &id, 1);
	assert_true(steps_wait_reached(w, 1));
	steps_unsubscribe(hub, w);
	steps_free_hub(hub);
}

static void a_campaign_that_is_gone_closes_its_streams(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *w = steps_subscribe(hub, &id, -1);

	assert_true(steps_wait_reached(w, 0));
	steps_script(fixture, "DELETE FROM campaigns");
	hub_wake(hub, &id, true);
	assert_true(steps_wait_closed(w, STATUS_NOT_FOUND));
	steps_unsubscribe(hub, w);
	steps_free_hub(hub);
}

static void closing_the_hub_tells_everybody_and_takes_nobody_new(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *w = steps_subscribe(hub, &id, -1);
	struct hub_ticket *ticket = NULL;

	hub_close(hub);
	assert_int_equal(w->closed, STATUS_UNAVAILABLE);
	expect_failure(hub_subscribe(hub, &id, -1, SAMPLE_NONE, w, &ticket), STATUS_UNAVAILABLE, "DRAINING");
	steps_unsubscribe(hub, w);
	steps_free_hub(hub);
}

/* The server throws out every connection of the test's database, and lets nobody in for a while. */
static void after_an_outage_everybody_goes_on_where_they_were(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *w = steps_subscribe(hub, &id, -1), *joiner;
	const struct timespec moment = { .tv_sec = 2 };
	char sql[300];

	assert_true(steps_wait_reached(w, 0));
	steps_store_events(fixture, &id, 3);
	snprintf(sql, sizeof sql,
		 "ALTER DATABASE %s WITH ALLOW_CONNECTIONS false;"
		 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'",
		 fixture->name, fixture->name);
	fixture_admin(fixture, sql);
	hub_wake(hub, &id, true);
	joiner = steps_subscribe(hub, &id, 0);
	nanosleep(&moment, NULL);
	snprintf(sql, sizeof sql, "ALTER DATABASE %s WITH ALLOW_CONNECTIONS true", fixture->name);
	fixture_admin(fixture, sql);
	assert_true(steps_wait_reached(w, 3));
	assert_true(steps_wait_reached(joiner, 3));
	assert_true(steps_is_gapless(w, -1));
	assert_true(steps_is_gapless(joiner, 0));
	steps_unsubscribe(hub, w);
	steps_unsubscribe(hub, joiner);
	steps_free_hub(hub);
}

static void a_position_that_is_no_longer_kept_gets_a_resync_and_zero_what_is_kept(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = steps_make_campaign(fixture);
	struct hub *hub = steps_open_hub(fixture);
	struct watcher *gone, *edge, *zero;

	steps_store_events(fixture, &id, 30);
	steps_forget_events(fixture, &id, 20);
	gone = steps_subscribe(hub, &id, 19);
	edge = steps_subscribe(hub, &id, 20);
	zero = steps_subscribe(hub, &id, 0);
	assert_true(steps_wait_reached(gone, 30));
	assert_true(steps_wait_reached(edge, 30));
	assert_true(steps_wait_reached(zero, 30));
	assert_int_equal(gone->seen[0].kind, HUB_RESYNC);
	assert_int_equal(gone->seen[0].resync, HUB_RESYNC_EXCEEDED);
	assert_true(steps_is_gapless(edge, 20));
	assert_int_equal(zero->seen[0].kind, HUB_KEEP_ALIVE);
	assert_int_equal(zero->seen[1].number, 21);
	steps_unsubscribe(hub, gone);
	steps_unsubscribe(hub, edge);
	steps_unsubscribe(hub, zero);
	steps_free_hub(hub);
}

/* --- under load --------------------------------------------------------------------------------------------------- */

#define CAMPAIGNS 3
#define TRAFFIC   150

struct load {
	struct fixture *fixture;
	struct hub *hub;
	const struct uuid *ids;
	atomic_bool over;
	atomic_int unsound;
};

/* Comes, stays for a few events, and goes; alternately fresh and resuming. */
static void *come_and_go(void *arg)
{
	struct load *load = arg;
	unsigned n = 0;

	while (!atomic_load(&load->over)) {
		const struct uuid *id = &load->ids[n % CAMPAIGNS];
		int32_t after = n++ % 2 ? 0 : -1;
		struct watcher *w = steps_subscribe(load->hub, id, after);
		const struct timespec stay = { .tv_nsec = (n % 7) * 1000000 };

		nanosleep(&stay, NULL);
		hub_wake(load->hub, id, n % 3 == 0);
		if (!steps_is_gapless(w, after))
			atomic_fetch_add(&load->unsound, 1);
		steps_unsubscribe(load->hub, w);
	}
	return NULL;
}

static void subscribers_come_and_go_under_load_and_nobody_misses_anything(void **state)
{
	struct fixture *fixture = *state;
	struct uuid ids[CAMPAIGNS];
	struct watcher *steady[CAMPAIGNS];
	pthread_t threads[4];
	struct load load = { .fixture = fixture, .hub = steps_open_hub(fixture), .ids = ids };

	for (int i = 0; i < CAMPAIGNS; i++) {
		ids[i] = steps_make_campaign(fixture);
		steady[i] = steps_subscribe(load.hub, &ids[i], 0);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &load), 0);
	for (int i = 0; i < TRAFFIC; i++) {
		steps_store_events(fixture, &ids[i % CAMPAIGNS], 1 + i % 4);
		hub_wake(load.hub, &ids[i % CAMPAIGNS], true);
		if (i % 50 == 0)
			hub_wake_all(load.hub);
	}
	for (int i = 0; i < CAMPAIGNS; i++) {
		struct watcher *late = steps_subscribe(load.hub, &ids[i], -1);

		assert_true(steps_wait_reached(late, 1));
		assert_true(steps_wait_reached(steady[i], steps_reached(late)));
		assert_true(steps_is_gapless(steady[i], 0));
		steps_unsubscribe(load.hub, late);
	}
	atomic_store(&load.over, true);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&load.unsound), 0);
	hub_close(load.hub);
	for (int i = 0; i < CAMPAIGNS; i++)
		steps_unsubscribe(load.hub, steady[i]);
	steps_free_hub(load.hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_joins_fresh_gets_a_snapshot_and_then_every_event),
		cmocka_unit_test(who_resumes_gets_what_was_missed_beside_those_who_are_up_to_date),
		cmocka_unit_test(who_is_too_far_behind_or_ahead_gets_a_resync),
		cmocka_unit_test(a_position_that_is_no_longer_kept_gets_a_resync_and_zero_what_is_kept),
		cmocka_unit_test(without_a_wake_the_poll_finds_it),
		cmocka_unit_test(a_campaign_that_is_gone_closes_its_streams),
		cmocka_unit_test(closing_the_hub_tells_everybody_and_takes_nobody_new),
		cmocka_unit_test(after_an_outage_everybody_goes_on_where_they_were),
		cmocka_unit_test(subscribers_come_and_go_under_load_and_nobody_misses_anything),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
