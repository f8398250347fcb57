/* A database that dies, goes silent and comes back. The server is this test's own child; as root it runs as `postgres`.
 * A program of its own: it does not use TEST_DATABASE_URL. */
#include "base/clock.h"
#include "store/pool.h"
#include "store/query.h"
#include "store/store_fixture.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct world {
	struct settings settings;
	struct store_pool *pool;
	char folder[64], data[96], url[256];
	pid_t server;
};

/* In the child: gives root up, or PostgreSQL refuses to start. */
static void become_postgres(void)
{
	const struct passwd *user = getpwnam("postgres");

	if (getuid() == 0 && (!user || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
		_exit(126);
}

static pid_t spawn(const char *folder, char *const *args)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		become_postgres();
		if (chdir(folder) != 0 || !freopen("log", "a", stderr) || !freopen("log", "a", stdout))
			_exit(125);
		execv(args[0], args);
		_exit(127);
	}
	return pid;
}

static void start_server(struct world *w)
{
	char program[] = POSTGRES_BIN "/postgres", data[] = "-D", k[] = "-k", c[] = "-c",
	     listen[] = "listen_addresses=", fsync[] = "fsync=off", buffers[] = "shared_buffers=16MB",
	     workers[] = "max_connections=20";
	char *args[] = { program, data, w->data, k, w->folder, c, listen, c, fsync, c, buffers, c, workers, NULL };

	w->server = spawn(w->folder, args);
}

static bool soon(bool (*is_true)(struct world *w), struct world *w)
{
	for (int64_t end = clock_monotonic_ms() + 30000; clock_monotonic_ms() < end;) {
		if (is_true(w))
			return true;
		nanosleep(&(const struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	return false;
}

static bool opens(struct world *w)
{
	return status_ok(store_pool_open(&w->settings, NULL, &w->pool));
}

static bool is_up(struct world *w)
{
	return store_pool_healthy(w->pool);
}

static bool is_down(struct world *w)
{
	return !store_pool_healthy(w->pool);
}

static struct status look(struct world *w, int64_t deadline_ms)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_single(w->pool, deadline_ms, &tx));
	return store_query(tx, SQL_TEXT("SELECT 1"), &rows);
}

static bool works(struct world *w)
{
	return status_ok(look(w, 0));
}

static int open_world(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	char program[] = POSTGRES_BIN "/initdb", data[] = "-D", auth[] = "--auth=trust", encoding[] = "--encoding=UTF8",
	     locale[] = "--locale=C.UTF-8", nosync[] = "--no-sync", user[] = "--username=postgres";
	int result;

	assert_non_null(w);
	*state = w;
	snprintf(w->folder, sizeof w->folder, "/tmp/df-store-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	if (getuid() == 0) {
		const struct passwd *postgres = getpwnam("postgres");

		assert_non_null(postgres);
		assert_int_equal(chown(w->folder, postgres->pw_uid, postgres->pw_gid), 0);
	}
	snprintf(w->data, sizeof w->data, "%s/data", w->folder);
	snprintf(w->url, sizeof w->url, "host=%s user=postgres dbname=postgres", w->folder);
	{
		char *args[] = { program, data, w->data, auth, encoding, locale, nosync, user, NULL };
		pid_t pid = spawn(w->folder, args);

		assert_int_equal(waitpid(pid, &result, 0), pid);
		assert_int_equal(result, 0);
	}
	start_server(w);
	settings_defaults(&w->settings);
	w->settings.database_url = w->url;
	w->settings.db_allow_unsafe = true;
	w->settings.db_connections_max = 4;
	assert_true(soon(opens, w));
	return 0;
}

/* The server and its children, which lead process groups of their own. */
static void signal_all(const struct world *w, int number)
{
	char command[160];

	snprintf(command, sizeof command, "pkill -%d --parent %d", number, (int)w->server);
	if (system(command) == -1) /* none left is fine */
		fail();
	kill(w->server, number);
}

static void stop_server(struct world *w)
{
	signal_all(w, SIGCONT);
	kill(w->server, SIGQUIT); /* immediate shutdown: clients are cut */
	waitpid(w->server, NULL, 0);
}

static int close_world(void **state)
{
	struct world *w = *state;
	char command[160];

	store_pool_close(w->pool);
	stop_server(w);
	snprintf(command, sizeof command, "rm -rf '%s'", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void a_stopped_server_is_noticed_and_found_again(void **state)
{
	struct world *w = *state;

	expect_ok(look(w, 0));
	stop_server(w);
	assert_true(soon(is_down, w));
	expect_failure(look(w, 0), STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE");
	start_server(w);
	assert_true(soon(is_up, w));
	expect_ok(look(w, 0));
}

static void a_silent_server_is_noticed_and_nobody_waits_past_a_deadline(void **state)
{
	struct world *w = *state;
	struct status st;
	int64_t start_ms;

	expect_ok(look(w, 0));
	signal_all(w, SIGSTOP);
	start_ms = clock_monotonic_ms();
	st = look(w, start_ms + 300);
	assert_true(st.code == STATUS_DEADLINE_EXCEEDED || st.code == STATUS_UNAVAILABLE);
	assert_true(clock_monotonic_ms() - start_ms < 15000);
	assert_true(soon(is_down, w));
	/* Now nobody waits at all. */
	start_ms = clock_monotonic_ms();
	for (int i = 0; i < 200; i++)
		expect_failure(look(w, 0), STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE");
	assert_true(clock_monotonic_ms() - start_ms < 15000);
	signal_all(w, SIGCONT);
	assert_true(soon(is_up, w));
	assert_true(soon(works, w));
}

static struct status cut_and_commit(struct store_tx *tx, void *arg)
{
	struct world *w = arg;

	TRY(store_script(tx, "CREATE TABLE IF NOT EXISTS n (x int); INSERT INTO n VALUES (1)"));
	stop_server(w);
	return STATUS_OK_VALUE;
}

static void a_commit_that_was_cut_is_called_unknown(void **state)
{
	struct world *w = *state;

	expect_failure(store_run(w->pool, 0, STORE_UNLESS_DONE, cut_and_commit, w), STATUS_UNAVAILABLE,
		       "COMMIT_UNKNOWN");
	start_server(w);
	assert_true(soon(works, w));
}

static void opening_without_a_server_says_so(void **state)
{
	struct world *w = *state;
	struct settings nowhere = w->settings;
	struct store_pool *pool = NULL;

	nowhere.database_url = "host=/nonexistent dbname=x";
	expect_failure(store_pool_open(&nowhere, NULL, &pool), STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE");
	assert_null(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stopped_server_is_noticed_and_found_again),
		cmocka_unit_test(a_silent_server_is_noticed_and_nobody_waits_past_a_deadline),
		cmocka_unit_test(a_commit_that_was_cut_is_called_unknown),
		cmocka_unit_test(opening_without_a_server_says_so),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
