/* Transactions: scope cleanup, snapshots, repeats, broken connections, a pool that is used up. */
#include "base/clock.h"
#include "store/connection.h"
#include "store/pool.h"
#include "store/query.h"
#include "store/row.h"
#include "store/store_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static int make_table(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_script(tx, "DROP TABLE IF EXISTS n; CREATE TABLE n (id int PRIMARY KEY, v int NOT NULL);"
				   "INSERT INTO n VALUES (1, 0), (2, 0)"));
	return 0;
}

static int64_t value_of(const struct fixture *fixture, int id)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	AUTO(pgresult) PGresult *rows = NULL;
	int64_t value = -1;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_query(tx, SQL_TEXT("SELECT v FROM n WHERE id = $1"), &rows, P_INT(id)));
	expect_ok(row_int64(rows, 0, "v", &value));
	return value;
}

static void leaving_the_scope_rolls_back(void **state)
{
	const struct fixture *fixture = *state;

	{
		AUTO(store_tx) struct store_tx *tx = NULL;

		expect_ok(store_begin(fixture->pool, 0, &tx));
		expect_ok(store_script(tx, "UPDATE n SET v = 7"));
	}
	assert_int_equal(value_of(fixture, 1), 0);
}

static void commit_keeps_and_counts(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	int64_t touched = 0;

	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_ok(store_execute(tx, SQL_TEXT("UPDATE n SET v = $1"), &touched, P_INT(7)));
	assert_int_equal(touched, 2);
	expect_ok(store_commit(&tx));
	assert_null(tx);
	assert_int_equal(value_of(fixture, 2), 7);
}

static void a_snapshot_does_not_see_later_commits(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *reader = NULL, *writer = NULL;
	AUTO(pgresult) PGresult *rows = NULL;
	int64_t value = -1;

	expect_ok(store_begin_snapshot(fixture->pool, 0, &reader));
	expect_ok(store_script(reader, "SELECT v FROM n"));
	expect_ok(store_single(fixture->pool, 0, &writer));
	expect_ok(store_script(writer, "UPDATE n SET v = 9"));
	expect_ok(store_query(reader, SQL_TEXT("SELECT v FROM n WHERE id = 1"), &rows));
	expect_ok(row_int64(rows, 0, "v", &value));
	assert_int_equal(value, 0);
	assert_int_equal(store_script(reader, "UPDATE n SET v = 1").code, STATUS_UNAVAILABLE); /* read only */
}

static void an_expired_deadline_is_not_tried(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_failure(store_begin(fixture->pool, clock_monotonic_ms() - 1, &tx), STATUS_DEADLINE_EXCEEDED,
		       "STATEMENT_TIMEOUT");
	assert_null(tx);
}

static void a_pool_in_use_answers_within_the_wait(void **state)
{
	struct fixture *fixture = *state;
	struct store_tx *all[4] = { NULL }, *one_more = NULL;

	for (size_t i = 0; i < 4; i++)
		expect_ok(store_begin(fixture->pool, 0, &all[i]));
	fixture->settings.db_wait_ms = 100;
	expect_failure(store_begin(fixture->pool, 0, &one_more), STATUS_UNAVAILABLE, "DATABASE_BUSY");
	expect_failure(store_begin(fixture->pool, clock_monotonic_ms() + 50, &one_more), STATUS_DEADLINE_EXCEEDED,
		       "DATABASE_BUSY");
	fixture->settings.db_wait_ms = 5000;
	for (size_t i = 0; i < 4; i++)
		store_rollback(&all[i]);
	expect_ok(store_begin(fixture->pool, 0, &one_more));
	store_rollback(&one_more);
}

#define CUT_EVERYBODY \
	"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'domainflowd'" \
	" AND datname = "

static void cut_connections(const struct fixture *fixture)
{
	char sql[256];

	snprintf(sql, sizeof sql, CUT_EVERYBODY "'%s'", fixture->name);
	fixture_admin(fixture, sql);
}

static void idle_connections_that_were_cut_are_reopened(void **state)
{
	const struct fixture *fixture = *state;

	for (int round = 0; round < 3; round++) {
		cut_connections(fixture);
		assert_int_equal(value_of(fixture, 1), 0);
	}
}

static void a_cut_inside_a_transaction_is_unavailable(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_ok(store_script(tx, "UPDATE n SET v = 5"));
	cut_connections(fixture);
	expect_failure(store_script(tx, "UPDATE n SET v = 6"), STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE");
	store_rollback(&tx);
	assert_int_equal(value_of(fixture, 1), 0);
}

struct runs {
	const struct fixture *fixture;
	int count, failing;
};

static struct status add_one_cut_at_first(struct store_tx *tx, void *arg)
{
	struct runs *runs = arg;

	TRY(store_script(tx, "UPDATE n SET v = v + 1 WHERE id = 1"));
	if (runs->count++ < runs->failing)
		cut_connections(runs->fixture);
	return store_script(tx, "SELECT 1");
}

static void run_repeats_what_the_database_interrupted(void **state)
{
	struct runs runs = { .fixture = *state, .failing = 2 };

	expect_ok(store_run(runs.fixture->pool, 0, STORE_UNLESS_DONE, add_one_cut_at_first, &runs));
	assert_int_equal(runs.count, 3);
	assert_int_equal(value_of(runs.fixture, 1), 1);
}

static void run_gives_up_after_a_few_attempts(void **state)
{
	struct runs runs = { .fixture = *state, .failing = 1000 };

	expect_failure(store_run(runs.fixture->pool, 0, STORE_UNLESS_DONE, add_one_cut_at_first, &runs),
		       STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE");
	assert_int_equal(runs.count, STORE_ATTEMPTS_MAX);
	runs.count = 0;
	expect_failure(store_run(runs.fixture->pool, 0, STORE_ONCE, add_one_cut_at_first, &runs), STATUS_UNAVAILABLE,
		       "DATABASE_UNAVAILABLE");
	assert_int_equal(runs.count, 1);
}

static struct status refuse(struct store_tx *tx, void *arg)
{
	(void)tx;
	++*(int *)arg;
	return status_make(STATUS_ABORTED, "CAMPAIGN_MOVED", "somebody was faster");
}

static void run_does_not_repeat_a_refusal(void **state)
{
	const struct fixture *fixture = *state;
	int count = 0;

	expect_failure(store_run(fixture->pool, 0, STORE_IDEMPOTENT, refuse, &count), STATUS_ABORTED, "CAMPAIGN_MOVED");
	assert_int_equal(count, 1);
}

struct crossing {
	const struct fixture *fixture;
	pthread_barrier_t *meet;
	int first, second, runs;
	struct status st;
};

static struct status add_in_order(struct store_tx *tx, void *arg)
{
	struct crossing *c = arg;

	TRY(store_execute(tx, SQL_TEXT("UPDATE n SET v = v + 1 WHERE id = $1"), NULL, P_INT(c->first)));
	if (c->runs++ == 0)
		pthread_barrier_wait(c->meet); /* both hold their first row: a certain deadlock */
	return store_execute(tx, SQL_TEXT("UPDATE n SET v = v + 1 WHERE id = $1"), NULL, P_INT(c->second));
}

static void *cross(void *arg)
{
	struct crossing *c = arg;

	c->st = store_run(c->fixture->pool, 0, STORE_UNLESS_DONE, add_in_order, c);
	return NULL;
}

static void a_deadlock_is_done_again(void **state)
{
	pthread_barrier_t meet;
	struct crossing both[2] = { { .fixture = *state, .meet = &meet, .first = 1, .second = 2 },
				    { .fixture = *state, .meet = &meet, .first = 2, .second = 1 } };
	pthread_t threads[2];

	pthread_barrier_init(&meet, NULL, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, cross, &both[i]), 0);
	for (size_t i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		expect_ok(both[i].st);
	}
	pthread_barrier_destroy(&meet);
	assert_true(both[0].runs + both[1].runs >= 3);
	assert_int_equal(value_of(both[0].fixture, 1), 2);
	assert_int_equal(value_of(both[0].fixture, 2), 2);
}

static void *hammer(void *arg)
{
	const struct fixture *fixture = arg;

	for (int i = 0; i < 100; i++) {
		AUTO(store_tx) struct store_tx *tx = NULL;

		if (!status_ok(store_begin(fixture->pool, 0, &tx)) ||
		    !status_ok(store_execute(tx, SQL_TEXT("UPDATE n SET v = v + 1 WHERE id = 1"), NULL)) ||
		    !status_ok(store_commit(&tx)))
			return arg;
	}
	return NULL;
}

static void more_threads_than_connections_share(void **state)
{
	struct fixture *fixture = *state;
	pthread_t threads[12];
	void *failed;

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, fixture), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(value_of(fixture, 1), 1200);
}

static void statements_outlive_a_changed_schema(void **state)
{
	const struct fixture *fixture = *state;
	static const struct sql_statement kept[1] = { { .name = "kept", .text = "SELECT * FROM n", .number = 0 } };
	AUTO(store_tx) struct store_tx *tx = NULL, *again = NULL;
	AUTO(pgresult) PGresult *rows = NULL, *more = NULL;

	if (sql_statement_count == 0)
		skip();
	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_query(tx, kept, &rows));
	expect_ok(store_script(tx, "ALTER TABLE n ADD w int"));
	expect_failure(store_query(tx, kept, &more), STATUS_UNAVAILABLE, "SCHEMA_CHANGED");
	store_rollback(&tx);
	expect_ok(store_single(fixture->pool, 0, &again));
	expect_ok(store_query(again, kept, &more));
	/* `kept` borrowed a real statement's number; nobody else may meet it. */
	store_rollback(&again);
	cut_connections(fixture);
}

static void sessions_are_set_up(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const settings[][2] = { { "TimeZone", "UTC" },
						   { "search_path", "public" },
						   { "lock_timeout", "5s" },
						   { "idle_in_transaction_session_timeout", "1min" },
						   { "client_connection_check_interval", "1s" },
						   { "application_name", "domainflowd" },
						   { "client_encoding", "UTF8" } };

	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		AUTO(store_tx) struct store_tx *tx = NULL;
		AUTO(pgresult) PGresult *rows = NULL;

		expect_ok(store_single(fixture->pool, 0, &tx));
		expect_ok(store_query(tx, SQL_TEXT("SELECT current_setting($1)"), &rows, P_TEXT(settings[i][0])));
		assert_string_equal(PQgetvalue(rows, 0, 0), settings[i][1]);
	}
}

static void unsafe_servers_are_refused(void **state)
{
	const struct fixture *fixture = *state;
	struct settings strict = fixture->settings;
	struct store_pool *pool = NULL;
	char sql[128];

	strict.db_allow_unsafe = false;
	snprintf(sql, sizeof sql, "ALTER DATABASE %s SET synchronous_commit = off", fixture->name);
	fixture_admin(fixture, sql);
	expect_failure(store_pool_open(&strict, NULL, &pool), STATUS_FAILED_PRECONDITION, "DATABASE_UNFIT");
	assert_null(pool);
}

static void databases_in_other_encodings_are_refused(void **state)
{
	const struct fixture *fixture = *state;
	struct settings other = fixture->settings;
	struct store_pool *pool = NULL;
	char url[1200], sql[160];

	snprintf(sql, sizeof sql,
		 "CREATE DATABASE %s_latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
		 fixture->name);
	fixture_admin(fixture, sql);
	snprintf(url, sizeof url, "%s dbname='%s_latin'", fixture->url, fixture->name);
	other.database_url = url;
	expect_failure(store_pool_open(&other, NULL, &pool), STATUS_FAILED_PRECONDITION, "DATABASE_UNFIT");
	snprintf(sql, sizeof sql, "DROP DATABASE %s_latin WITH (FORCE)", fixture->name);
	fixture_admin(fixture, sql);
}

static void timeouts_move_on_a_grid(void **state)
{
	(void)state;
	assert_int_equal(connection_timeout_grid(50), 50);
	assert_int_equal(connection_timeout_grid(100), 100);
	assert_int_equal(connection_timeout_grid(29990), connection_timeout_grid(29500));
	for (int64_t ms = 100; ms < 100000; ms += 37) {
		assert_true(connection_timeout_grid(ms) <= ms);
		assert_true(connection_timeout_grid(ms) * 5 / 4 + 1 >= ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(leaving_the_scope_rolls_back, make_table),
		cmocka_unit_test_setup(commit_keeps_and_counts, make_table),
		cmocka_unit_test_setup(a_snapshot_does_not_see_later_commits, make_table),
		cmocka_unit_test_setup(an_expired_deadline_is_not_tried, make_table),
		cmocka_unit_test_setup(a_pool_in_use_answers_within_the_wait, make_table),
		cmocka_unit_test_setup(idle_connections_that_were_cut_are_reopened, make_table),
		cmocka_unit_test_setup(a_cut_inside_a_transaction_is_unavailable, make_table),
		cmocka_unit_test_setup(run_repeats_what_the_database_interrupted, make_table),
		cmocka_unit_test_setup(run_gives_up_after_a_few_attempts, make_table),
		cmocka_unit_test_setup(run_does_not_repeat_a_refusal, make_table),
		cmocka_unit_test_setup(a_deadlock_is_done_again, make_table),
		cmocka_unit_test_setup(more_threads_than_connections_share, make_table),
		cmocka_unit_test_setup(statements_outlive_a_changed_schema, make_table),
		cmocka_unit_test(sessions_are_set_up),
		cmocka_unit_test(timeouts_move_on_a_grid),
		cmocka_unit_test(databases_in_other_encodings_are_refused),
		cmocka_unit_test(unsafe_servers_are_refused),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
