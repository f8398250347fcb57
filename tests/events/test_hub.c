/* The hub: snapshots, replays and resyncs for those who join, every stored event once and in order for everybody, also
 * while subscribers come and go, and after the database was away. */
#include "store/store_fixture.h"

#include "base/clock.h"
#include "events/hub.h"
#include "store/query.h"
#include "store/tx.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 20000
#define SEEN_MAX    8192

/* --- a sink ------------------------------------------------------------------------------------------------------ */

struct encoded {
	atomic_int references;
	enum hub_kind kind;
	int32_t number; /* of the event; last_event of a snapshot */
	enum hub_resync resync;
	struct uuid campaign_id;
};

static atomic_int encoded_alive;

static void *encode(const struct hub_message *message)
{
	struct encoded *e = calloc(1, sizeof *e);

	atomic_init(&e->references, 1);
	e->kind = message->kind;
	e->resync = message->resync;
	e->campaign_id = message->campaign_id;
	if (message->kind == HUB_STORED)
		e->number = message->event->number;
	else if (message->snapshot)
		e->number = message->snapshot->campaign.last_event;
	atomic_fetch_add(&encoded_alive, 1);
	return e;
}

static void release(void *encoded)
{
	struct encoded *e = encoded;

	if (atomic_fetch_sub(&e->references, 1) != 1)
		return;
	atomic_fetch_sub(&encoded_alive, 1);
	free(e);
}

/* One subscriber; freed memory of it must never be touched, which the sanitizers watch. */
struct watcher {
	pthread_mutex_t lock;
	struct hub_ticket *ticket;
	size_t count;
	bool is_gone; /* unsubscribed: nothing may come any more */
	enum status_code closed;
	struct {
		enum hub_kind kind;
		int32_t number;
		int64_t position;
		enum hub_resync resync;
		struct uuid campaign_id;
	} seen[SEEN_MAX];
};

static void send_to(void *subscriber, void *encoded, int64_t position, uint64_t coalesce_key)
{
	struct watcher *w = subscriber;
	const struct encoded *e = encoded;

	(void)coalesce_key;
	pthread_mutex_lock(&w->lock);
	if (w->is_gone || w->count == SEEN_MAX)
		abort();
	w->seen[w->count].kind = e->kind;
	w->seen[w->count].number = e->number;
	w->seen[w->count].resync = e->resync;
	w->seen[w->count].campaign_id = e->campaign_id;
	w->seen[w->count++].position = position;
	pthread_mutex_unlock(&w->lock);
}

static void close_to(void *subscriber, struct status why)
{
	struct watcher *w = subscriber;

	pthread_mutex_lock(&w->lock);
	w->closed = why.code;
	pthread_mutex_unlock(&w->lock);
}

static const struct hub_sink sink = { encode, release, send_to, close_to };

static struct watcher *subscribe(struct hub *hub, const struct uuid *campaign, int32_t after)
{
	struct watcher *w = calloc(1, sizeof *w);

	pthread_mutex_init(&w->lock, NULL);
	if (!status_ok(hub_subscribe(hub, campaign, after, SAMPLE_NORMAL, w, &w->ticket)))
		abort();
	return w;
}

static void unsubscribe(struct hub *hub, struct watcher *w)
{
	hub_unsubscribe(hub, w->ticket);
	w->is_gone = true;
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* --- questions --------------------------------------------------------------------------------------------------- */

/* The last stored event or snapshot the watcher has seen; -1 none. */
static int32_t reached(struct watcher *w)
{
	int32_t number = -1;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->count; i++)
		if (w->seen[i].position >= 0)
			number = w->seen[i].number;
	pthread_mutex_unlock(&w->lock);
	return number;
}

static bool wait_reached(struct watcher *w, int32_t number)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 2000000 };

	while (reached(w) < number && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	return reached(w) >= number;
}

static bool wait_closed(struct watcher *w, enum status_code code)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 2000000 };
	bool is_closed = false;

	while (!is_closed && clock_monotonic_ms() < until) {
		nanosleep(&tick, NULL);
		pthread_mutex_lock(&w->lock);
		is_closed = w->closed == code;
		pthread_mutex_unlock(&w->lock);
	}
	return is_closed;
}

/* The first message of a fresh watcher is a snapshot, of one that resumes a keep-alive and the event behind `after`;
 * then each next one. */
static bool is_gapless(struct watcher *w, int32_t after)
{
	int32_t last = after;
	bool sound = true;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->count && sound; i++) {
		if (i == 0)
			sound = w->seen[i].kind == (after < 0 ? HUB_SNAPSHOT : HUB_KEEP_ALIVE);
		else if (w->seen[i].kind == HUB_STORED)
			sound = w->seen[i].number == last + 1;
		else
			sound = w->seen[i].kind == HUB_PHASE_UPDATE || w->seen[i].kind == HUB_CAMPAIGN_PROGRESS;
		if (w->seen[i].position >= 0)
			last = w->seen[i].number;
		if (!sound)
			print_error("message %zu is of kind %d, number %d, after %d\n", i, (int)w->seen[i].kind,
				    w->seen[i].number, last);
	}
	pthread_mutex_unlock(&w->lock);
	return sound;
}

/* --- a campaign --------------------------------------------------------------------------------------------------- */

static void script(struct fixture *fixture, const char *sql)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct status st = store_begin(fixture->pool, 0, &tx);

	if (status_ok(st))
		st = store_script(tx, sql);
	if (status_ok(st))
		st = store_commit(&tx);
	expect_ok(st);
}

static struct uuid make_campaign(struct fixture *fixture)
{
	struct uuid id = uuid_make();
	char text[UUID_TEXT_SIZE], sql[600];

	uuid_to_text(&id, text);
	snprintf(sql, sizeof sql,
		 "INSERT INTO campaigns (id, user_id, name) VALUES ('%s', 'u', 'n');"
		 "INSERT INTO campaign_counters (campaign_id) VALUES ('%s');"
		 "INSERT INTO campaign_phases (campaign_id, phase) SELECT '%s', p FROM "
		 "unnest(enum_range(NULL::phase_enum)) p",
		 text, text, text);
	script(fixture, sql);
	return id;
}

/* Stores so many events, numbered as campaign/change.c does it. */
static void store_events(struct fixture *fixture, const struct uuid *id, int count)
{
	char text[UUID_TEXT_SIZE], sql[700];

	uuid_to_text(id, text);
	snprintf(sql, sizeof sql,
		 "UPDATE campaigns SET last_event = last_event + %d WHERE id = '%s';"
		 "INSERT INTO campaign_events (campaign_id, event_number, type, payload)"
		 " SELECT id, last_event - %d + n, 'mode_changed', '{\"mode\":\"step_by_step\"}'"
		 " FROM campaigns, generate_series(1, %d) n WHERE id = '%s'",
		 count, text, count, count, text);
	script(fixture, sql);
}

static struct hub *open_hub(struct fixture *fixture)
{
	struct hub *hub = NULL;

	expect_ok(hub_open(fixture->pool, &sink, &hub));
	return hub;
}

static void free_hub(struct hub *hub)
{
	hub_free(hub);
	assert_int_equal(atomic_load(&encoded_alive), 0);
}

/* --- tests ------------------------------------------------------------------------------------------------------- */

static void who_joins_fresh_gets_a_snapshot_and_then_every_event(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = make_campaign(fixture);
	struct hub *hub = open_hub(fixture);
	struct watcher *w;

	store_events(fixture, &id, 7);
	w = subscribe(hub, &id, -1);
	assert_true(wait_reached(w, 7));
	for (int i = 0; i < 5; i++) {
		store_events(fixture, &id, 2);
		hub_wake(hub, &id, true);
	}
	assert_true(wait_reached(w, 17));
	assert_true(is_gapless(w, -1));
	unsubscribe(hub, w);
	free_hub(hub);
}

static void who_resumes_gets_what_was_missed_beside_those_who_are_up_to_date(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = make_campaign(fixture);
	struct hub *hub = open_hub(fixture);
	struct watcher *fresh, *zero, *middle, *current;

	store_events(fixture, &id, 1700); /* more than one read */
	fresh = subscribe(hub, &id, -1);
	assert_true(wait_reached(fresh, 1700));
	zero = subscribe(hub, &id, 0);
	middle = subscribe(hub, &id, 900);
	current = subscribe(hub, &id, 1700);
	store_events(fixture, &id, 3);
	hub_wake(hub, &id, true);
	assert_true(wait_reached(zero, 1703));
	assert_true(wait_reached(middle, 1703));
	assert_true(wait_reached(current, 1703));
	assert_true(wait_reached(fresh, 1703));
	assert_true(is_gapless(fresh, -1));
	assert_true(is_gapless(zero, 0));
	assert_true(is_gapless(middle, 900));
	assert_true(is_gapless(current, 1700));
	unsubscribe(hub, fresh);
	unsubscribe(hub, zero);
	unsubscribe(hub, middle);
	unsubscribe(hub, current);
	free_hub(hub);
}

static void who_is_too_far_behind_or_ahead_gets_a_resync(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = make_campaign(fixture);
	struct hub *hub = open_hub(fixture);
	struct watcher *behind, *ahead, *last;

	store_events(fixture, &id, HUB_REPLAY_MAX + 10);
	behind = subscribe(hub, &id, 5);
	ahead = subscribe(hub, &id, HUB_REPLAY_MAX + 11);
	last = subscribe(hub, &id, 10);
	assert_true(wait_reached(behind, HUB_REPLAY_MAX + 10));
	assert_true(wait_reached(ahead, HUB_REPLAY_MAX + 10));
	assert_true(wait_reached(last, HUB_REPLAY_MAX + 10));
	assert_int_equal(behind->seen[0].kind, HUB_RESYNC);
	assert_int_equal(ahead->seen[0].kind, HUB_RESYNC);
	assert_int_equal(behind->seen[0].resync, HUB_RESYNC_EXCEEDED);
	assert_int_equal(ahead->seen[0].resync, HUB_RESYNC_UNKNOWN);
	assert_true(is_gapless(last, 10));
	unsubscribe(hub, behind);
	unsubscribe(hub, ahead);
	unsubscribe(hub, last);
	free_hub(hub);
}

static void without_a_wake_the_poll_finds_it(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = make_campaign(fixture);
	struct hub *hub = open_hub(fixture);
	struct watcher *w = subscribe(hub, &id, -1);

	assert_true(wait_reached(w, 0));
	store_events(fixture, &id, 1);
	assert_true(wait_reached(w, 1));
	unsubscribe(hub, w);
	free_hub(hub);
}

static void a_campaign_that_is_gone_closes_its_streams(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = make_campaign(fixture);
	struct hub *hub = open_hub(fixture);
	struct watcher *w = subscribe(hub, &id, -1);

	assert_true(wait_reached(w, 0));
	script(fixture, "DELETE FROM campaigns");
	hub_wake(hub, &id, true);
	assert_true(wait_closed(w, STATUS_NOT_FOUND));
	unsubscribe(hub, w);
	free_hub(hub);
}

static void closing_the_hub_tells_everybody_and_takes_nobody_new(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = make_campaign(fixture);
	struct hub *hub = open_hub(fixture);
	struct watcher *w = subscribe(hub, &id, -1);
	struct hub_ticket *ticket = NULL;

	hub_close(hub);
	assert_int_equal(w->closed, STATUS_UNAVAILABLE);
	expect_failure(hub_subscribe(hub, &id, -1, SAMPLE_NONE, w, &ticket), STATUS_UNAVAILABLE, "DRAINING");
	unsubscribe(hub, w);
	free_hub(hub);
}

/* The server throws out every connection of the test's database, and lets nobody in for a while. */
static void after_an_outage_everybody_goes_on_where_they_were(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = make_campaign(fixture);
	struct hub *hub = open_hub(fixture);
	struct watcher *w = subscribe(hub, &id, -1), *joiner;
	const struct timespec moment = { .tv_sec = 2 };
	char sql[300];

	assert_true(wait_reached(w, 0));
	store_events(fixture, &id, 3);
	snprintf(sql, sizeof sql,
		 "ALTER DATABASE %s WITH ALLOW_CONNECTIONS false;"
		 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'",
		 fixture->name, fixture->name);
	fixture_admin(fixture, sql);
	hub_wake(hub, &id, true);
	joiner = subscribe(hub, &id, 0);
	nanosleep(&moment, NULL);
	snprintf(sql, sizeof sql, "ALTER DATABASE %s WITH ALLOW_CONNECTIONS true", fixture->name);
	fixture_admin(fixture, sql);
	assert_true(wait_reached(w, 3));
	assert_true(wait_reached(joiner, 3));
	assert_true(is_gapless(w, -1));
	assert_true(is_gapless(joiner, 0));
	unsubscribe(hub, w);
	unsubscribe(hub, joiner);
	free_hub(hub);
}

static void forget_events(struct fixture *fixture, const struct uuid *id, int up_to)
{
	char text[UUID_TEXT_SIZE], sql[200];

	uuid_to_text(id, text);
	snprintf(sql, sizeof sql, "DELETE FROM campaign_events WHERE campaign_id = '%s' AND event_number <= %d", text,
		 up_to);
	script(fixture, sql);
}

static void a_position_that_is_no_longer_kept_gets_a_resync_and_zero_what_is_kept(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = make_campaign(fixture);
	struct hub *hub = open_hub(fixture);
	struct watcher *gone, *edge, *zero;

	store_events(fixture, &id, 30);
	forget_events(fixture, &id, 20);
	gone = subscribe(hub, &id, 19);
	edge = subscribe(hub, &id, 20);
	zero = subscribe(hub, &id, 0);
	assert_true(wait_reached(gone, 30));
	assert_true(wait_reached(edge, 30));
	assert_true(wait_reached(zero, 30));
	assert_int_equal(gone->seen[0].kind, HUB_RESYNC);
	assert_int_equal(gone->seen[0].resync, HUB_RESYNC_EXCEEDED);
	assert_true(is_gapless(edge, 20));
	assert_int_equal(zero->seen[0].kind, HUB_KEEP_ALIVE);
	assert_int_equal(zero->seen[1].number, 21);
	unsubscribe(hub, gone);
	unsubscribe(hub, edge);
	unsubscribe(hub, zero);
	free_hub(hub);
}

/* --- all campaigns ------------------------------------------------------------------------------------------------ */

struct feeder {
	struct watcher *watcher;
	struct hub_member *member;
};

static struct feeder join(struct hub *hub, const char *workspace, bool is_reconnect)
{
	struct feeder feeder = { .watcher = calloc(1, sizeof *feeder.watcher) };

	pthread_mutex_init(&feeder.watcher->lock, NULL);
	expect_ok(hub_join(hub, workspace, is_reconnect, SAMPLE_NORMAL, feeder.watcher, &feeder.member));
	return feeder;
}

static void leave(struct hub *hub, struct feeder feeder)
{
	hub_leave(hub, feeder.member);
	pthread_mutex_destroy(&feeder.watcher->lock);
	free(feeder.watcher);
}

static size_t seen_count(struct watcher *w)
{
	size_t count;

	pthread_mutex_lock(&w->lock);
	count = w->count;
	pthread_mutex_unlock(&w->lock);
	return count;
}

static void wait_seen(struct watcher *w, size_t count)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 2000000 };

	while (seen_count(w) < count && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	assert_true(seen_count(w) >= count);
}

/* How many stored events of the campaign came; they must be first, first + 1, … */
static int32_t events_from(struct watcher *w, const struct uuid *id, int32_t first)
{
	int32_t next = first;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->count; i++)
		if (w->seen[i].kind == HUB_STORED && uuid_equal(&w->seen[i].campaign_id, id))
			assert_int_equal(w->seen[i].number, next++);
	pthread_mutex_unlock(&w->lock);
	return next - first;
}

static void wait_events(struct watcher *w, const struct uuid *id, int32_t first, int32_t count)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 2000000 };

	while (events_from(w, id, first) < count && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	assert_int_equal(events_from(w, id, first), count);
}

static void who_watches_all_gets_what_comes_of_old_and_new_campaigns(void **state)
{
	struct fixture *fixture = *state;
	struct uuid old = make_campaign(fixture), other = make_campaign(fixture), young;
	struct hub *hub = open_hub(fixture);
	struct feeder all, back;

	store_events(fixture, &old, 4);
	all = join(hub, "default", false);
	back = join(hub, "default", true);
	wait_seen(all.watcher, 1);
	wait_seen(back.watcher, 1);
	assert_int_equal(all.watcher->seen[0].kind, HUB_KEEP_ALIVE);
	assert_int_equal(back.watcher->seen[0].kind, HUB_RESYNC);
	assert_int_equal(back.watcher->seen[0].resync, HUB_RESYNC_RECONNECTED);
	store_events(fixture, &old, 3); /* nobody wakes the hub: the list finds it */
	store_events(fixture, &other, 2);
	young = make_campaign(fixture);
	store_events(fixture, &young, 600); /* more than one read */
	hub_wake(hub, &young, true);
	for (int i = 0; i < 2; i++) {
		struct watcher *w = i == 0 ? all.watcher : back.watcher;

		wait_events(w, &old, 5, 3);
		wait_events(w, &other, 1, 2);
		wait_events(w, &young, 1, 600);
	}
	leave(hub, all);
	leave(hub, back);
	free_hub(hub);
}

static void who_watches_all_sees_only_the_own_workspace_and_survives_a_deletion(void **state)
{
	struct fixture *fixture = *state;
	struct uuid mine = make_campaign(fixture), theirs = make_campaign(fixture), gone = make_campaign(fixture);
	struct hub *hub = open_hub(fixture);
	struct watcher *beside;
	struct feeder all;
	char text[UUID_TEXT_SIZE], sql[300];

	uuid_to_text(&theirs, text);
	snprintf(sql, sizeof sql,
		 "INSERT INTO workspaces (id) VALUES ('other'); UPDATE campaigns SET workspace_id = 'other' WHERE id = "
		 "'%s'",
		 text);
	script(fixture, sql);
	all = join(hub, "default", false);
	wait_seen(all.watcher, 1);
	beside = subscribe(hub, &gone, -1);
	store_events(fixture, &gone, 1);
	hub_wake(hub, &gone, true);
	wait_events(all.watcher, &gone, 1, 1);
	uuid_to_text(&gone, text);
	snprintf(sql, sizeof sql, "DELETE FROM campaigns WHERE id = '%s'", text);
	script(fixture, sql);
	hub_wake(hub, &gone, true);
	assert_true(wait_closed(beside, STATUS_NOT_FOUND));
	store_events(fixture, &theirs, 2);
	hub_wake(hub, &theirs, true);
	store_events(fixture, &mine, 2);
	wait_events(all.watcher, &mine, 1, 2);
	assert_int_equal(events_from(all.watcher, &theirs, 1), 0);
	assert_int_equal(all.watcher->closed, STATUS_OK);
	unsubscribe(hub, beside);
	leave(hub, all);
	free_hub(hub);
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
		struct watcher *w = subscribe(load->hub, id, after);
		const struct timespec stay = { .tv_nsec = (n % 7) * 1000000 };

		nanosleep(&stay, NULL);
		hub_wake(load->hub, id, n % 3 == 0);
		if (!is_gapless(w, after))
			atomic_fetch_add(&load->unsound, 1);
		unsubscribe(load->hub, w);
	}
	return NULL;
}

static void subscribers_come_and_go_under_load_and_nobody_misses_anything(void **state)
{
	struct fixture *fixture = *state;
	struct uuid ids[CAMPAIGNS];
	struct watcher *steady[CAMPAIGNS];
	pthread_t threads[4];
	struct load load = { .fixture = fixture, .hub = open_hub(fixture), .ids = ids };

	for (int i = 0; i < CAMPAIGNS; i++) {
		ids[i] = make_campaign(fixture);
		steady[i] = subscribe(load.hub, &ids[i], 0);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &load), 0);
	for (int i = 0; i < TRAFFIC; i++) {
		store_events(fixture, &ids[i % CAMPAIGNS], 1 + i % 4);
		hub_wake(load.hub, &ids[i % CAMPAIGNS], true);
		if (i % 50 == 0)
			hub_wake_all(load.hub);
	}
	for (int i = 0; i < CAMPAIGNS; i++) {
		struct watcher *late = subscribe(load.hub, &ids[i], -1);

		assert_true(wait_reached(late, 1));
		assert_true(wait_reached(steady[i], reached(late)));
		assert_true(is_gapless(steady[i], 0));
		unsubscribe(load.hub, late);
	}
	atomic_store(&load.over, true);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&load.unsound), 0);
	hub_close(load.hub);
	for (int i = 0; i < CAMPAIGNS; i++)
		unsubscribe(load.hub, steady[i]);
	free_hub(load.hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_joins_fresh_gets_a_snapshot_and_then_every_event),
		cmocka_unit_test(who_resumes_gets_what_was_missed_beside_those_who_are_up_to_date),
		cmocka_unit_test(who_is_too_far_behind_or_ahead_gets_a_resync),
		cmocka_unit_test(a_position_that_is_no_longer_kept_gets_a_resync_and_zero_what_is_kept),
		cmocka_unit_test(who_watches_all_gets_what_comes_of_old_and_new_campaigns),
		cmocka_unit_test(who_watches_all_sees_only_the_own_workspace_and_survives_a_deletion),
		cmocka_unit_test(without_a_wake_the_poll_finds_it),
		cmocka_unit_test(a_campaign_that_is_gone_closes_its_streams),
		cmocka_unit_test(closing_the_hub_tells_everybody_and_takes_nobody_new),
		cmocka_unit_test(after_an_outage_everybody_goes_on_where_they_were),
		cmocka_unit_test(subscribers_come_and_go_under_load_and_nobody_misses_anything),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
