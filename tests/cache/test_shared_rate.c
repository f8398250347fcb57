/* Two instances keep one rate, whoever asks in them; without Redis each takes its share. */
#include "base/clock.h"
#include "base/uuid.h"
#include "cache/cache.h"
#include "config/settings.h"
#include "net/shared_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct world {
	struct settings settings;
	struct cache *cache;
	struct shared_rates *hubs[2];
	char prefix[64];
};

/* What shared_rates are told. */
static int64_t count_two(void *ctx)
{
	(void)ctx;
	return 2;
}

static void nap(void)
{
	nanosleep(&(const struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static int open_with(void **state, const char *url)
{
	struct world *w = calloc(1, sizeof *w);
	struct uuid id = uuid_make();

	assert_non_null(w);
	*state = w;
	snprintf(w->prefix, sizeof w->prefix, "test-");
	uuid_to_text(&id, w->prefix + 5);
	settings_defaults(&w->settings);
	w->settings.redis_url = url;
	w->settings.redis_prefix = w->prefix;
	w->settings.redis_command_ms = 20000;
	assert_int_equal(cache_open(&w->settings, NULL, &w->cache).code, STATUS_OK);
	for (int i = 0; *url && i < 5000 && !cache_healthy(w->cache); i++)
		nap();
	assert_int_equal(cache_healthy(w->cache), *url != '\0');
	assert_int_equal(shared_rates_open(w->cache, count_two, NULL, &w->hubs[0]).code, STATUS_OK);
	assert_int_equal(shared_rates_open(w->cache, count_two, NULL, &w->hubs[1]).code, STATUS_OK);
	return 0;
}

static int open_world(void **state)
{
	const char *url = getenv("TEST_REDIS_URL");

	if (!url || !*url) {
		print_error("TEST_REDIS_URL is not set: run ./dev test, or name a Redis for tests\n");
		return -1;
	}
	return open_with(state, url);
}

static int open_alone(void **state)
{
	return open_with(state, "");
}

static int close_world(void **state)
{
	struct world *w = *state;

	if (!w)
		return 0;
	shared_rates_close(w->hubs[0]);
	shared_rates_close(w->hubs[1]);
	cache_close(w->cache);
	free(w);
	return 0;
}

#define DAY_MS        86400000
#define IDLE_NAPS     150
#define PATIENCE_NAPS 30000

/* Both ask for one token at a time, until `most` were taken. A thread fetches what they get, whenever this machine lets
 * it: `expected` are waited for, then nothing more may come for a while. They say that it is `later_ms` from now. */
static int take_both(struct shared_rate *rates[2], int expected, int most, int64_t later_ms)
{
	int64_t from = clock_monotonic_ms();
	int taken = 0, idle = 0;

	while (taken < most && idle < (taken < expected ? PATIENCE_NAPS : IDLE_NAPS)) {
		int before = taken;

		for (int i = 0; i < 2 && taken < most; i++) {
			struct rate_source source = shared_rate_source(rates[i]);

			taken += source.take(source.ctx, 1, later_ms ? from + later_ms : clock_monotonic_ms()) == 0;
		}
		if (taken == before) {
			idle++;
			nap();
		} else {
			idle = 0;
		}
	}
	return taken;
}

static void make(struct world *w, const char *name, double rate, double burst, struct shared_rate *out[2])
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(shared_rate_create(w->hubs[i], name, rate, burst, &out[i]).code, STATUS_OK);
		assert_non_null(out[i]);
	}
}

static void unmake(struct shared_rate *rates[2])
{
	shared_rate_destroy(rates[0]);
	shared_rate_destroy(rates[1]);
}

static void two_instances_share_the_burst(void **state)
{
	struct shared_rate *rates[2];

	make(*state, "http:a", 0.001, 10, rates); /* nothing grows back meanwhile */
	assert_int_equal(take_both(rates, 10, 100, 0), 10);
	unmake(rates);
}

static void tokens_keep_coming(void **state)
{
	struct shared_rate *rates[2];

	make(*state, "dns:a", 2000, 20, rates);
	assert_int_equal(take_both(rates, 200, 200, 0), 200);
	unmake(rates);
}

static void alone_the_rate_goes_on(void **state)
{
	struct shared_rate *rates[2];

	make(*state, "dns:a", 2000, 20, rates);
	assert_int_equal(take_both(rates, 200, 200, 0), 200);
	unmake(rates);
	make(*state, "dns:b", 0.001, 10, rates); /* an empty bucket: what it held may have been spent */
	assert_int_equal(take_both(rates, 0, 100, 0), 0);
	unmake(rates);
}

/* A day later each bucket is full, with half of the burst. */
static void alone_the_rate_is_divided(void **state)
{
	struct shared_rate *rates[2];

	make(*state, "dns:a", 1, 10, rates);
	assert_int_equal(take_both(rates, 10, 100, DAY_MS), 10);
	unmake(rates);
}

/* Two campaigns with one persona on one instance. So slow a rate that nothing grows back while the test runs. */
static void a_name_is_one_rate_in_a_process(void **state)
{
	struct world *w = *state;
	struct shared_rate *rates[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(shared_rate_create(w->hubs[0], "dns:a", 0.001, 10, &rates[i]).code, STATUS_OK);
	assert_int_equal(take_both(rates, 5, 100, DAY_MS), 5);
	shared_rate_destroy(rates[0]);
	rates[0] = rates[1]; /* goes on for the other, debts included */
	assert_int_equal(take_both(rates, 0, 100, DAY_MS), 0);
	shared_rate_destroy(rates[1]);
}

/* The newer numbers count for both, at the latest when the thread has looked again. */
static void a_changed_persona_changes_the_rate(void **state)
{
	struct world *w = *state;
	struct shared_rate *rates[2];

	assert_int_equal(shared_rate_create(w->hubs[0], "dns:a", 0.001, 1, &rates[0]).code, STATUS_OK);
	assert_int_equal(shared_rate_create(w->hubs[0], "dns:a", 4000, 40, &rates[1]).code, STATUS_OK);
	assert_int_equal(take_both((struct shared_rate *[]){ rates[0], rates[0] }, 100, 100, 0), 100);
	unmake(rates);
}

static void without_a_rate_there_is_no_limit(void **state)
{
	struct world *w = *state;
	struct shared_rate *rate;

	assert_int_equal(shared_rate_create(w->hubs[0], "dns:a", 0, 10, &rate).code, STATUS_OK);
	assert_null(rate);
	assert_null(shared_rate_source(rate).take);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_instances_share_the_burst, open_world, close_world),
		cmocka_unit_test_setup_teardown(tokens_keep_coming, open_world, close_world),
		cmocka_unit_test_setup_teardown(alone_the_rate_goes_on, open_alone, close_world),
		cmocka_unit_test_setup_teardown(alone_the_rate_is_divided, open_alone, close_world),
		cmocka_unit_test_setup_teardown(a_name_is_one_rate_in_a_process, open_alone, close_world),
		cmocka_unit_test_setup_teardown(a_changed_persona_changes_the_rate, open_alone, close_world),
		cmocka_unit_test_setup_teardown(a_changed_persona_changes_the_rate, open_world, close_world),
		cmocka_unit_test_setup_teardown(without_a_rate_there_is_no_limit, open_alone, close_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
