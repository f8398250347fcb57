/* Redis that stops answering, dies and comes back. The server is this test's own child. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "cache/cache.h"
#include "config/settings.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct settings settings;
	struct cache *cache;
	char folder[64], socket[96], url[112];
	pid_t server;
	atomic_int starts, messages;
};

static bool soon(bool (*is_true)(struct world *w), struct world *w)
{
	for (int64_t end = clock_monotonic_ms() + 30000; clock_monotonic_ms() < end;) {
		if (is_true(w))
			return true;
		nanosleep(&(const struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	return false;
}

static void start_server(struct world *w)
{
	w->server = fork();
	assert_true(w->server >= 0);
	if (w->server == 0) {
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", w->socket, "--save", "", "--dir",
		       w->folder, "--logfile", "/dev/null", (char *)NULL);
		_exit(127);
	}
}

static void stop_server(struct world *w)
{
	kill(w->server, SIGCONT);
	kill(w->server, SIGKILL);
	waitpid(w->server, NULL, 0);
}

static bool is_up(struct world *w)
{
	return cache_healthy(w->cache);
}

static bool is_down(struct world *w)
{
	return !cache_healthy(w->cache);
}

static int open_world(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	*state = w;
	snprintf(w->folder, sizeof w->folder, "/tmp/df-cache-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->socket, sizeof w->socket, "%s/redis", w->folder);
	snprintf(w->url, sizeof w->url, "unix:%s", w->socket);
	settings_defaults(&w->settings);
	w->settings.redis_url = w->url;
	start_server(w);
	assert_int_equal(cache_open(&w->settings, NULL, &w->cache).code, STATUS_OK);
	assert_true(soon(is_up, w));
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;

	cache_close(w->cache);
	stop_server(w);
	unlink(w->socket);
	rmdir(w->folder);
	free(w);
	return 0;
}

static struct status compute(void *arg, struct arena *arena, const void **out_bytes, size_t *out_length)
{
	++*(int *)arg;
	(void)arena;
	*out_bytes = "answer";
	*out_length = 6;
	return STATUS_OK_VALUE;
}

/* Asks for the answer of `key`; returns how often it has been computed. */
static int ask(struct world *w, const struct cache_key *key, int *computed)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct cache_answer answer = { 0 };

	assert_int_equal(cache_get_or_compute(w->cache, key, 0, arena, compute, computed, &answer).code, STATUS_OK);
	assert_int_equal(answer.length, 6);
	return *computed;
}

static void a_killed_server_is_absent_and_comes_back(void **state)
{
	struct world *w = *state;
	struct uuid campaign = uuid_make();
	struct cache_key key = cache_key_campaign(CACHE_FUNNEL, &campaign, NULL);
	int computed = 0;

	assert_int_equal(ask(w, &key, &computed), 1);
	assert_int_equal(ask(w, &key, &computed), 1);
	stop_server(w);
	assert_int_equal(ask(w, &key, &computed), 2);
	assert_true(soon(is_down, w));
	assert_int_equal(ask(w, &key, &computed), 3);
	assert_int_equal(cache_take(w->cache, "r", 1, 1, 1), CACHE_TAKE_ABSENT);
	start_server(w);
	assert_true(soon(is_up, w));
	assert_int_equal(ask(w, &key, &computed), 4);
	assert_int_equal(ask(w, &key, &computed), 4);
}

/* The breaker is what bounds this: without it, a thousand callers would each wait for the timeout, 200 s in all. */
static void a_silent_server_delays_few_callers(void **state)
{
	struct world *w = *state;
	int64_t start_ms = clock_monotonic_ms();

	kill(w->server, SIGSTOP);
	for (int i = 0; i < 1000; i++)
		assert_false(cache_publish(w->cache, CACHE_CHANNEL_EVENTS, "x", 1));
	assert_true(clock_monotonic_ms() - start_ms < 20000);
	assert_false(cache_healthy(w->cache));
	kill(w->server, SIGCONT);
	assert_true(soon(is_up, w));
	assert_true(cache_publish(w->cache, CACHE_CHANNEL_EVENTS, "x", 1));
}

static void silence_is_noticed_without_callers(void **state)
{
	struct world *w = *state;

	kill(w->server, SIGSTOP);
	assert_true(soon(is_down, w));
	kill(w->server, SIGCONT);
	assert_true(soon(is_up, w));
}

static void what_was_forgotten_during_an_outage_stays_forgotten(void **state)
{
	struct world *w = *state;
	struct uuid campaign = uuid_make();
	struct cache_key key = cache_key_campaign(CACHE_FUNNEL, &campaign, NULL);
	int computed = 0;

	assert_int_equal(ask(w, &key, &computed), 1);
	kill(w->server, SIGSTOP); /* it keeps its memory */
	assert_true(soon(is_down, w));
	cache_forget(w->cache, &key);
	kill(w->server, SIGCONT);
	assert_true(soon(is_up, w));
	assert_int_equal(ask(w, &key, &computed), 2);
}

static void on_message(void *arg, const char *channel, const void *bytes, size_t length)
{
	struct world *w = arg;

	(void)channel;
	(void)length;
	atomic_fetch_add(bytes ? &w->messages : &w->starts, 1);
}

static bool has_started(struct world *w)
{
	return atomic_load(&w->starts) >= 1;
}

static bool has_restarted(struct world *w)
{
	return atomic_load(&w->starts) >= 3; /* start, loss, start */
}

/* The first message may meet a connection to the dead server, and is lost: a hint. */
static bool has_message(struct world *w)
{
	cache_publish(w->cache, CACHE_CHANNEL_EVENTS, "x", 1);
	return atomic_load(&w->messages) >= 1;
}

static void listeners_are_told_to_look_for_themselves(void **state)
{
	struct world *w = *state;

	assert_int_equal(cache_subscribe(w->cache, CACHE_CHANNEL_EVENTS, on_message, w).code, STATUS_OK);
	assert_true(soon(has_started, w));
	stop_server(w);
	start_server(w);
	assert_true(soon(has_restarted, w));
	assert_true(soon(has_message, w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_killed_server_is_absent_and_comes_back, open_world, close_world),
		cmocka_unit_test_setup_teardown(a_silent_server_delays_few_callers, open_world, close_world),
		cmocka_unit_test_setup_teardown(silence_is_noticed_without_callers, open_world, close_world),
		cmocka_unit_test_setup_teardown(what_was_forgotten_during_an_outage_stays_forgotten, open_world,
						close_world),
		cmocka_unit_test_setup_teardown(listeners_are_told_to_look_for_themselves, open_world, close_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
