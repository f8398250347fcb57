/* docs/spec/07-events.md §2: which stored events stay. */
#include "store/store_fixture.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/state_store.h"
#include "store/tx.h"

static const struct event_retention keep = { .least = 10, .keep_ms = 60000, .most = 50 };

/* A campaign with events 1 to `count`, all but the newest `young` of them an hour old. */
static struct uuid make_campaign(struct fixture *fixture, int count, int young)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct uuid id = uuid_make();
	char text[UUID_TEXT_SIZE], sql[700];

	uuid_to_text(&id, text);
	snprintf(
		sql, sizeof sql,
		"INSERT INTO campaigns (id, user_id, name, last_event) VALUES ('%s', 'u', 'n', %d);"
		"INSERT INTO campaign_events (campaign_id, event_number, type, created_at)"
		" SELECT '%s', n, 'mode_changed', now() - CASE WHEN n > %d THEN interval '0' ELSE interval '1 hour' END"
		" FROM generate_series(1, %d) n",
		text, count, text, count - young, count);
	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
	return id;
}

/* The first event that is left after pruning. */
static int32_t first_left(struct fixture *fixture, const struct uuid *id, int64_t expect_removed)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct stored_event *events;
	int64_t removed;
	size_t n;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_events_prune(tx, id, &keep, &removed));
	assert_int_equal(removed, expect_removed);
	expect_ok(store_events_after(tx, id, 0, 1000, arena, &events, &n));
	assert_int_equal(events[n - 1].number - events[0].number + 1, n);
	return events[0].number;
}

static void the_newest_stay_however_old(void **state)
{
	struct fixture *fixture = *state;
	struct uuid few = make_campaign(fixture, 10, 0), old = make_campaign(fixture, 40, 0);

	assert_int_equal(first_left(fixture, &few, 0), 1);
	assert_int_equal(first_left(fixture, &old, 30), 31);
	assert_int_equal(first_left(fixture, &old, 0), 31);
}

static void the_young_stay_up_to_the_most(void **state)
{
	struct fixture *fixture = *state;
	struct uuid some = make_campaign(fixture, 40, 25), many = make_campaign(fixture, 200, 180);

	assert_int_equal(first_left(fixture, &some, 15), 16);
	assert_int_equal(first_left(fixture, &many, 150), 151);
}

static size_t count_campaigns_with(struct fixture *fixture, int32_t more_than, struct uuid *out_first)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct uuid *found;
	size_t n;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_campaigns_with_events(tx, more_than, arena, &found, &n));
	if (n > 0)
		*out_first = found[0];
	return n;
}

static void only_campaigns_with_many_events_are_looked_at(void **state)
{
	struct fixture *fixture = *state;
	struct uuid few = make_campaign(fixture, 500, 0), many = make_campaign(fixture, 501, 0), found;

	(void)few;
	assert_int_equal(count_campaigns_with(fixture, 500, &found), 1);
	assert_true(uuid_equal(&found, &many));
	assert_int_equal(first_left(fixture, &many, 491), 492);
	assert_int_equal(count_campaigns_with(fixture, 500, &found), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_stay_however_old),
		cmocka_unit_test(the_young_stay_up_to_the_most),
		cmocka_unit_test(only_campaigns_with_many_events_are_looked_at),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
