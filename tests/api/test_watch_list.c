/* Who listens: the bound, and the numbers each workspace sees. */
#include "api/watch_list.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct uuid one = { { 1 } }, two = { { 2 } };

static struct watch_stats stats_of(struct watch_list *list, const char *workspace, struct arena *arena)
{
	struct watch_stats stats;

	assert_true(status_ok(watch_list_stats(list, workspace, arena, &stats)));
	return stats;
}

static void the_stream_after_the_last_is_refused(void **state)
{
	struct watch_list *list = watch_list_create(2, NULL);
	struct watch_entry entries[3];
	struct status st;

	(void)state;
	assert_true(status_ok(watch_list_add(list, &one, "w", &entries[0])));
	assert_true(status_ok(watch_list_add(list, NULL, "w", &entries[1])));
	st = watch_list_add(list, &one, "w", &entries[2]);
	assert_int_equal(st.code, STATUS_RESOURCE_EXHAUSTED);
	assert_string_equal(st.reason, "TOO_MANY_STREAMS");
	watch_list_remove(list, &entries[1]);
	assert_true(status_ok(watch_list_add(list, &one, "w", &entries[2])));
	watch_list_remove(list, &entries[0]);
	watch_list_remove(list, &entries[2]);
	watch_list_destroy(list);
}

static void a_workspace_sees_its_own_campaigns_and_the_totals(void **state)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct watch_list *list = watch_list_create(10, NULL);
	struct watch_entry entries[5];
	struct watch_stats stats;

	(void)state;
	assert_true(status_ok(watch_list_add(list, &two, "mine", &entries[0])));
	assert_true(status_ok(watch_list_add(list, &one, "mine", &entries[1])));
	assert_true(status_ok(watch_list_add(list, &two, "mine", &entries[2])));
	assert_true(status_ok(watch_list_add(list, NULL, "mine", &entries[3])));
	assert_true(status_ok(watch_list_add(list, &one, "theirs", &entries[4])));
	watch_list_sent(list);
	watch_list_sent(list);
	stats = stats_of(list, "mine", arena);
	assert_int_equal(stats.streams, 5);
	assert_int_equal(stats.sent, 2);
	assert_int_equal(stats.campaign_count, 2);
	assert_true(uuid_equal(&stats.campaigns[0].campaign_id, &one));
	assert_int_equal(stats.campaigns[0].streams, 1);
	assert_int_equal(stats.campaigns[1].streams, 2);
	assert_int_equal(stats_of(list, "theirs", arena).campaign_count, 1);
	assert_int_equal(stats_of(list, "nobody", arena).campaign_count, 0);
	for (size_t i = 0; i < 5; i++)
		watch_list_remove(list, &entries[i]);
	assert_int_equal(stats_of(list, "mine", arena).streams, 0);
	watch_list_destroy(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stream_after_the_last_is_refused),
		cmocka_unit_test(a_workspace_sees_its_own_campaigns_and_the_totals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
