/* The cache with Redis, and without: kept answers, single flight, forgetting, hints, shared rates. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "cache/cache.h"
#include "config/settings.h"
#include "telemetry/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct world {
	struct settings settings;
	struct metrics *metrics;
	struct cache *cache;
	char prefix[64];
};

static void nap(void)
{
	nanosleep(&(const struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static bool soon(bool (*is_true)(void *arg), void *arg)
{
	for (int64_t end = clock_monotonic_ms() + 20000; clock_monotonic_ms() < end; nap())
		if (is_true(arg))
			return true;
	return false;
}

static bool is_healthy(void *cache)
{
	return cache_healthy(cache);
}

static int open_world(void **state)
{
	const char *url = getenv("TEST_REDIS_URL");
	struct world *w = calloc(1, sizeof *w);
	struct uuid id = uuid_make();

	assert_non_null(w);
	*state = w;
	if (!url || !*url) {
		print_error("TEST_REDIS_URL is not set: run ./dev test, or name a Redis for tests\n");
		return -1;
	}
	snprintf(w->prefix, sizeof w->prefix, "test-");
	uuid_to_text(&id, w->prefix + 5);
	settings_defaults(&w->settings);
	w->settings.redis_url = url;
	w->settings.redis_prefix = w->prefix;
	w->settings.redis_command_ms = 2000; /* a loaded machine is not what is tested */
	w->metrics = metrics_create();
	assert_int_equal(cache_open(&w->settings, w->metrics, &w->cache).code, STATUS_OK);
	assert_true(soon(is_healthy, w->cache));
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;

	cache_close(w->cache);
	metrics_destroy(w->metrics);
	free(w);
	return 0;
}

struct job {
	atomic_int runs;
	const char *answer;
	enum status_code fails; /* once */
	atomic_bool *hold;      /* wait until this is false */
	void (*meanwhile)(struct job *job);
	struct cache *cache;
	const struct cache_key *key;
};

static struct status do_job(void *arg, struct arena *arena, const void **out_bytes, size_t *out_length)
{
	struct job *job = arg;

	(void)arena;
	atomic_fetch_add(&job->runs, 1);
	while (job->hold && atomic_load(job->hold))
		nap();
	if (job->meanwhile)
		job->meanwhile(job);
	if (job->fails != STATUS_OK)
		return status_make(job->fails, "JOB_FAILED", "as told");
	*out_bytes = job->answer;
	*out_length = strlen(job->answer);
	return STATUS_OK_VALUE;
}

static void expect_answer(struct cache *cache, const struct cache_key *key, struct job *job, const char *text,
			  bool is_hit, int runs)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct cache_answer answer = { 0 };

	assert_int_equal(cache_get_or_compute(cache, key, 0, arena, do_job, job, &answer).code, STATUS_OK);
	assert_int_equal(answer.length, strlen(text));
	assert_memory_equal(answer.bytes, text, answer.length);
	assert_int_equal(answer.is_hit, is_hit);
	assert_int_equal(atomic_load(&job->runs), runs);
}

static struct cache_key fresh_key(void)
{
	struct uuid campaign = uuid_make();

	return cache_key_campaign(CACHE_FUNNEL, &campaign, NULL);
}

static void answers_are_kept_and_forgotten(void **state)
{
	struct world *w = *state;
	struct cache_key key = fresh_key(), other = fresh_key();
	struct job job = { .answer = "{\"a\":1}\n" }, others = { .answer = "x" };

	expect_answer(w->cache, &key, &job, "{\"a\":1}\n", false, 1);
	expect_answer(w->cache, &other, &others, "x", false, 1);
	expect_answer(w->cache, &key, &job, "{\"a\":1}\n", true, 1);
	cache_forget(w->cache, &key);
	expect_answer(w->cache, &key, &job, "{\"a\":1}\n", false, 2);
	expect_answer(w->cache, &key, &job, "{\"a\":1}\n", true, 2);
	expect_answer(w->cache, &other, &others, "x", true, 1);
}

static void parameters_make_different_answers_of_one_scope(void **state)
{
	struct world *w = *state;
	struct uuid campaign = uuid_make();
	char long_one[300], long_two[300];
	struct cache_key keys[4];
	struct job jobs[4] = { { .answer = "0" }, { .answer = "1" }, { .answer = "2" }, { .answer = "3" } };

	memset(long_one, 'p', sizeof long_one);
	memset(long_two, 'p', sizeof long_two);
	long_one[299] = long_two[299] = '\0';
	long_two[298] = 'q';
	keys[0] = cache_key_campaign(CACHE_METRICS, &campaign, "");
	keys[1] = cache_key_campaign(CACHE_METRICS, &campaign, "limit=5");
	keys[2] = cache_key_campaign(CACHE_METRICS, &campaign, long_one);
	keys[3] = cache_key_campaign(CACHE_METRICS, &campaign, long_two);
	for (size_t i = 0; i < 4; i++)
		expect_answer(w->cache, &keys[i], &jobs[i], jobs[i].answer, false, 1);
	for (size_t i = 0; i < 4; i++)
		expect_answer(w->cache, &keys[i], &jobs[i], jobs[i].answer, true, 1);
	cache_forget(w->cache, &keys[0]);
	for (size_t i = 0; i < 4; i++)
		expect_answer(w->cache, &keys[i], &jobs[i], jobs[i].answer, false, 2);
}

static void forget_meanwhile(struct job *job)
{
	cache_forget(job->cache, job->key);
	job->meanwhile = NULL;
}

static void what_changes_during_a_computation_is_not_kept(void **state)
{
	struct world *w = *state;
	struct cache_key key = fresh_key();
	struct job job = { .answer = "old", .meanwhile = forget_meanwhile, .cache = w->cache, .key = &key };

	expect_answer(w->cache, &key, &job, "old", false, 1);
	job.answer = "new";
	expect_answer(w->cache, &key, &job, "new", false, 2);
	expect_answer(w->cache, &key, &job, "new", true, 2);
}

static void failures_are_not_kept(void **state)
{
	struct world *w = *state;
	AUTO(arena) struct arena *arena = arena_create(0);
	struct cache_key key = fresh_key();
	struct job job = { .answer = "fine", .fails = STATUS_UNAVAILABLE };
	struct cache_answer answer;

	assert_int_equal(cache_get_or_compute(w->cache, &key, 0, arena, do_job, &job, &answer).code,
			 STATUS_UNAVAILABLE);
	job.fails = STATUS_OK;
	expect_answer(w->cache, &key, &job, "fine", false, 2);
}

struct caller {
	struct cache *cache;
	const struct cache_key *key;
	struct job *job;
	enum status_code code;
	char text[16];
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	struct arena *arena = arena_create(0);
	struct cache_answer answer = { 0 };

	caller->code = cache_get_or_compute(caller->cache, caller->key, 0, arena, do_job, caller->job, &answer).code;
	if (caller->code == STATUS_OK)
		snprintf(caller->text, sizeof caller->text, "%.*s", (int)answer.length, (const char *)answer.bytes);
	arena_destroy(arena);
	return NULL;
}

static bool runs_once(void *job)
{
	return atomic_load(&((struct job *)job)->runs) >= 1;
}

/* Starts eight callers while the first one computes; returns after all are done. */
static void call_together(struct cache *cache, const struct cache_key *key, struct job *job, struct caller callers[8])
{
	pthread_t threads[8];
	atomic_bool hold = true;

	job->hold = &hold;
	for (size_t i = 0; i < 8; i++) {
		callers[i] = (struct caller){ .cache = cache, .key = key, .job = job };
		assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
		if (i == 0)
			assert_true(soon(runs_once, job));
	}
	for (int i = 0; i < 40; i++)
		nap(); /* the others arrive: however late they are, the counts below hold */
	atomic_store(&hold, false);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
}

static void callers_at_the_same_time_compute_once(void **state)
{
	struct world *w = *state;
	struct cache_key key = fresh_key();
	struct job job = { .answer = "shared" };
	struct caller callers[8];

	call_together(w->cache, &key, &job, callers);
	assert_int_equal(atomic_load(&job.runs), 1);
	for (size_t i = 0; i < 8; i++)
		assert_string_equal(callers[i].text, "shared");
}

static void one_flight_without_redis_too(void **state)
{
	struct world *w = *state;
	struct settings none = w->settings;
	struct cache_key key = fresh_key();
	struct job job = { .answer = "shared" };
	struct caller callers[8];
	struct cache *cache = NULL;

	none.redis_url = "";
	assert_int_equal(cache_open(&none, NULL, &cache).code, STATUS_OK);
	call_together(cache, &key, &job, callers);
	assert_true(atomic_load(&job.runs) < 8);
	for (size_t i = 0; i < 8; i++)
		assert_string_equal(callers[i].text, "shared");
	cache_close(cache);
}

static void a_leaders_lost_deadline_is_its_own(void **state)
{
	struct world *w = *state;
	struct cache_key key = fresh_key();
	struct job job = { .answer = "shared", .fails = STATUS_DEADLINE_EXCEEDED };
	struct caller callers[8];

	call_together(w->cache, &key, &job, callers);
	assert_int_equal(atomic_load(&job.runs), 8); /* everybody tried */
}

static void redis_says_its_version(void **state)
{
	struct world *w = *state;
	char version[CACHE_VERSION_SIZE];

	assert_true(cache_ask(w->cache, version));
	assert_true(strchr(version, '.') && strspn(version, "0123456789.") == strlen(version));
	assert_false(cache_ask(NULL, version));
	assert_string_equal(version, "");
}

static void plain_values_come_back(void **state)
{
	struct world *w = *state;
	AUTO(arena) struct arena *arena = arena_create(0);
	size_t length = 0;
	char *value = NULL;

	assert_false(cache_get(w->cache, "k", arena, &value, &length));
	assert_true(cache_set(w->cache, "k", "a\0b", 3, 60000));
	assert_true(cache_get(w->cache, "k", arena, &value, &length));
	assert_int_equal(length, 3);
	assert_memory_equal(value, "a\0b", 3);
	assert_true(cache_delete(w->cache, "k"));
	assert_false(cache_get(w->cache, "k", arena, &value, &length));
}

struct heard {
	atomic_int starts, messages;
	char last[32];
};

static void on_message(void *arg, const char *channel, const void *bytes, size_t length)
{
	struct heard *heard = arg;

	(void)channel;
	if (!bytes) {
		atomic_fetch_add(&heard->starts, 1);
		return;
	}
	snprintf(heard->last, sizeof heard->last, "%.*s", (int)length, (const char *)bytes);
	atomic_fetch_add(&heard->messages, 1);
}

static bool has_started(void *heard)
{
	return atomic_load(&((struct heard *)heard)->starts) > 0;
}

static bool has_message(void *heard)
{
	return atomic_load(&((struct heard *)heard)->messages) > 0;
}

static void published_messages_are_heard(void **state)
{
	struct world *w = *state;
	struct heard events = { 0 }, control = { 0 };

	assert_int_equal(cache_subscribe(w->cache, CACHE_CHANNEL_EVENTS, on_message, &events).code, STATUS_OK);
	assert_true(soon(has_started, &events)); /* "look for yourself" comes first */
	assert_int_equal(cache_subscribe(w->cache, CACHE_CHANNEL_CONTROL, on_message, &control).code, STATUS_OK);
	assert_true(soon(has_started, &control));
	assert_true(cache_publish(w->cache, CACHE_CHANNEL_CONTROL, "stop", 4));
	assert_true(soon(has_message, &control));
	assert_string_equal(control.last, "stop");
	assert_int_equal(atomic_load(&events.messages), 0);
}

static void a_shared_rate_is_shared(void **state)
{
	struct world *w = *state;
	struct cache *second = NULL;
	int64_t wait;
	int taken = 0;

	assert_int_equal(cache_open(&w->settings, NULL, &second).code, STATUS_OK);
	assert_true(soon(is_healthy, second));
	/* One token in a thousand seconds, ten at once: nothing grows back meanwhile. */
	for (int i = 0; i < 12; i++)
		taken += cache_take(i % 2 ? second : w->cache, "http:x", 0.001, 10, 1) == 0;
	assert_int_equal(taken, 10);
	wait = cache_take(second, "http:x", 0.001, 10, 1);
	assert_true(wait > 900000 && wait <= 1000000);
	assert_int_equal(cache_take(second, "http:y", 0.001, 10, 10), 0);
	assert_true(cache_take(w->cache, "http:y", 0.001, 10, 1) > 0);
	/* more than the burst, from a full bucket: granted, in debt afterwards */
	assert_int_equal(cache_take(w->cache, "http:z", 0.001, 10, 20), 0);
	wait = cache_take(w->cache, "http:z", 0.001, 10, 1);
	assert_true(wait > 10900000 && wait <= 11000000);
	cache_close(second);
}

static void tokens_grow_back(void **state)
{
	struct world *w = *state;
	int taken = 0;

	/* 1,000 a second, one at once. */
	for (int64_t end = clock_monotonic_ms() + 20000; taken < 20 && clock_monotonic_ms() < end;) {
		int64_t wait = cache_take(w->cache, "dns:x", 1000, 1, 1);

		assert_true(wait >= 0 && wait <= 2);
		taken += wait == 0;
	}
	assert_int_equal(taken, 20);
}

static void without_redis_everything_is_absent(void **state)
{
	struct world *w = *state;
	AUTO(arena) struct arena *arena = arena_create(0);
	struct settings none = w->settings;
	struct cache *cache = NULL, *caches[2];
	struct cache_key key = fresh_key();
	size_t length;
	char *value;

	none.redis_url = "";
	assert_int_equal(cache_open(&none, NULL, &cache).code, STATUS_OK);
	caches[0] = cache;
	caches[1] = NULL;
	for (size_t i = 0; i < 2; i++) {
		struct job job = { .answer = "computed" };

		assert_false(cache_healthy(caches[i]));
		assert_false(cache_get(caches[i], "k", arena, &value, &length));
		assert_false(cache_set(caches[i], "k", "v", 1, 1000));
		assert_false(cache_publish(caches[i], CACHE_CHANNEL_EVENTS, "x", 1));
		assert_int_equal(cache_take(caches[i], "r", 1, 1, 1), CACHE_TAKE_ABSENT);
		assert_int_equal(cache_subscribe(caches[i], CACHE_CHANNEL_EVENTS, on_message, NULL).code, STATUS_OK);
		expect_answer(caches[i], &key, &job, "computed", false, 1);
		expect_answer(caches[i], &key, &job, "computed", false, 2);
		cache_forget(caches[i], &key);
	}
	cache_close(cache);
	cache_close(NULL);
}

static void bad_addresses_are_refused(void **state)
{
	static const char *const bad[] = { "redis", "localhost:", "localhost:99999", "unix:relative", ":6379" };
	struct world *w = *state;
	struct settings wrong = w->settings;
	struct cache *cache = NULL;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		wrong.redis_url = bad[i];
		assert_int_equal(cache_open(&wrong, NULL, &cache).code, STATUS_INVALID_ARGUMENT);
	}
	assert_null(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redis_says_its_version),
		cmocka_unit_test(answers_are_kept_and_forgotten),
		cmocka_unit_test(parameters_make_different_answers_of_one_scope),
		cmocka_unit_test(what_changes_during_a_computation_is_not_kept),
		cmocka_unit_test(failures_are_not_kept),
		cmocka_unit_test(callers_at_the_same_time_compute_once),
		cmocka_unit_test(one_flight_without_redis_too),
		cmocka_unit_test(a_leaders_lost_deadline_is_its_own),
		cmocka_unit_test(plain_values_come_back),
		cmocka_unit_test_setup_teardown(published_messages_are_heard, open_world, close_world),
		cmocka_unit_test(a_shared_rate_is_shared),
		cmocka_unit_test(tokens_grow_back),
		cmocka_unit_test(without_redis_everything_is_absent),
		cmocka_unit_test(bad_addresses_are_refused),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
