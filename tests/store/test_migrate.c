/* The schema moves up, down and up again, keeps golang-migrate's books, and a wrong one is refused with advice. */
#include "store/connection.h"
#include "store/migrate.h"
#include "store/pg_status.h"
#include "store/store_fixture.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct migration sample[] = {
	{ 1, "first", "CREATE TABLE a (x int);\nCREATE TABLE b (x int);", "DROP TABLE b; DROP TABLE a;" },
	{ 2, "second", "ALTER TABLE a ADD y text DEFAULT 'it''s; fine';", "ALTER TABLE a DROP y;" },
	{ 3, "broken", "CREATE TABLE c (x int); SELECT 1/0;", "DROP TABLE c;" },
	{ 3, "commits", "CREATE TABLE c (x int); COMMIT;", "DROP TABLE c;" },
};
static const struct migration_set two = { sample, 2 }, three = { sample, 3 };

/* First value of the first row, in the fixture's database. Static memory. */
static const char *ask(void **state, const char *sql)
{
	static char answer[16384];
	const struct fixture *fixture = *state;
	PGconn *pg = PQconnectdb(fixture->url);
	PGresult *result = PQexec(pg, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		print_error("%s: %s\n", sql, PQerrorMessage(pg));
	snprintf(answer, sizeof answer, "%s",
		 PQresultStatus(result) == PGRES_COMMAND_OK ? "done"
		 : PQntuples(result) > 0                    ? PQgetvalue(result, 0, 0)
							    : "no row");
	PQclear(result);
	PQfinish(pg);
	return answer;
}

#define BOOKS "SELECT string_agg(version || ' ' || dirty, ',') FROM schema_migrations"

static void up_down_and_up_again(void **state)
{
	const struct fixture *fixture = *state;
	struct migrate_state at;

	expect_failure(migrate_check(&fixture->settings, &two), STATUS_FAILED_PRECONDITION, "SCHEMA_OUTDATED");
	assert_non_null(strstr(migrate_check(&fixture->settings, &two).detail, "domainflowd migrate up"));
	expect_ok(migrate_up(&fixture->settings, &two, 1));
	assert_string_equal(ask(state, BOOKS), "1 false");
	expect_ok(migrate_up(&fixture->settings, &two, MIGRATE_ALL));
	expect_ok(migrate_check(&fixture->settings, &two));
	assert_string_equal(ask(state, "INSERT INTO a (x) VALUES (1) RETURNING y"), "it's; fine");
	expect_ok(migrate_down(&fixture->settings, &two, 1));
	assert_string_equal(ask(state, BOOKS), "1 false");
	expect_ok(migrate_down(&fixture->settings, &two, MIGRATE_ALL));
	assert_string_equal(ask(state, "SELECT count(*) FROM schema_migrations"), "0");
	assert_string_equal(ask(state, "SELECT to_regclass('a') IS NULL AND to_regclass('b') IS NULL"), "t");
	expect_ok(migrate_up(&fixture->settings, &two, MIGRATE_ALL));
	expect_ok(migrate_status(&fixture->settings, &at));
	assert_int_equal(at.version, 2);
	assert_false(at.is_dirty);
}

static void a_failed_migration_leaves_nothing_but_the_mark(void **state)
{
	const struct fixture *fixture = *state;
	struct status st = migrate_up(&fixture->settings, &three, MIGRATE_ALL);

	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_non_null(strstr(st.detail, "000003_broken.up.sql"));
	assert_string_equal(ask(state, BOOKS), "3 true");
	assert_string_equal(ask(state, "SELECT to_regclass('c') IS NULL"), "t");
	expect_failure(migrate_up(&fixture->settings, &three, 1), STATUS_FAILED_PRECONDITION, "SCHEMA_DIRTY");
	expect_failure(migrate_check(&fixture->settings, &three), STATUS_FAILED_PRECONDITION, "SCHEMA_DIRTY");
	expect_ok(migrate_force(&fixture->settings, &three, 2));
	expect_ok(migrate_check(&fixture->settings, &two));
	expect_failure(migrate_force(&fixture->settings, &three, 9), STATUS_INVALID_ARGUMENT, "VERSION_UNKNOWN");
}

static void a_migration_may_not_commit_by_itself(void **state)
{
	const struct fixture *fixture = *state;
	const struct migration list[] = { sample[0], sample[1], sample[3] };
	const struct migration_set set = { list, 3 };

	expect_failure(migrate_up(&fixture->settings, &set, MIGRATE_ALL), STATUS_FAILED_PRECONDITION,
		       "MIGRATION_TRANSACTION");
	ask(state, "DROP TABLE c");
	expect_ok(migrate_force(&fixture->settings, &set, 2));
}

static void a_newer_schema_is_refused(void **state)
{
	const struct fixture *fixture = *state;
	const struct migration_set one = { sample, 1 };

	expect_failure(migrate_check(&fixture->settings, &one), STATUS_FAILED_PRECONDITION, "SCHEMA_NEWER");
	expect_failure(migrate_down(&fixture->settings, &one, 1), STATUS_FAILED_PRECONDITION, "SCHEMA_NEWER");
}

/* Computed with golang-migrate v4.17.1's database.GenerateAdvisoryLockId("domainflow", "public", "schema_migrations")
 * and
 * ("/domainflow", …), the form its command line uses. */
static void the_lock_is_golang_migrates(void **state)
{
	(void)state;
	assert_int_equal(migrate_lock_id("public", "schema_migrations", "domainflow"), 2896588217u);
	assert_int_equal(migrate_lock_id("public", "schema_migrations", "/domainflow"), 4252662691u);
}

static void somebody_elses_lock_is_respected(void **state)
{
	const struct fixture *fixture = *state;
	struct settings hasty = fixture->settings;
	const char *const names[] = { fixture->name, NULL };
	char sql[96], with_slash[80];

	hasty.db_migrate_ms = 1;
	snprintf(with_slash, sizeof with_slash, "/%s", fixture->name);
	for (int i = 0; i < 2; i++) {
		PGconn *pg = PQconnectdb(fixture->url);

		snprintf(sql, sizeof sql, "SELECT pg_advisory_lock(%u)",
			 migrate_lock_id("public", "schema_migrations", i == 0 ? names[0] : with_slash));
		PQclear(PQexec(pg, sql));
		expect_failure(migrate_up(&hasty, &two, 1), STATUS_ABORTED, "MIGRATOR_BUSY");
		PQfinish(pg);
	}
}

static void *migrate_all(void *arg)
{
	const struct fixture *fixture = arg;
	struct status st = migrate_up(&fixture->settings, &two, MIGRATE_ALL);

	return status_ok(st) ? NULL : arg;
}

static void migrators_at_the_same_time_take_turns(void **state)
{
	struct fixture *fixture = *state;
	pthread_t threads[4];
	void *failed;

	expect_ok(migrate_down(&fixture->settings, &two, MIGRATE_ALL));
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, migrate_all, fixture), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_string_equal(ask(state, BOOKS), "2 false");
	expect_ok(migrate_down(&fixture->settings, &two, MIGRATE_ALL));
}

static void another_tools_table_is_left_alone(void **state)
{
	const struct fixture *fixture = *state;

	ask(state, "DROP TABLE schema_migrations");
	ask(state, "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)");
	expect_failure(migrate_up(&fixture->settings, &two, 1), STATUS_FAILED_PRECONDITION, "SCHEMA_FOREIGN");
	ask(state, "DROP TABLE schema_migrations");
}

static void the_command_answers_with_exit_codes(void **state)
{
	const struct fixture *fixture = *state;
	char up[] = "up", down[] = "down", check[] = "check", status[] = "status", odd[] = "sideways", many[] = "999";
	char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);

	assert_int_equal(migrate_command(&fixture->settings, 1, (char *[]){ up }, out), 0);
	assert_int_equal(migrate_command(&fixture->settings, 1, (char *[]){ check }, out), 0);
	assert_int_equal(migrate_command(&fixture->settings, 1, (char *[]){ status }, out), 0);
	assert_int_equal(migrate_command(&fixture->settings, 1, (char *[]){ odd }, out), 2);
	assert_int_equal(migrate_command(&fixture->settings, 1, (char *[]){ down }, out), 2);
	assert_int_equal(migrate_command(&fixture->settings, 2, (char *[]){ down, many }, out), 0);
	if (migrations_embedded.count > 0)
		assert_int_equal(migrate_command(&fixture->settings, 1, (char *[]){ check }, out), 3);
	fclose(out);
	assert_non_null(strstr(printed, "version "));
	assert_non_null(strstr(printed, "usage:"));
	free(printed);
}

/* What a schema consists of, as text: columns, constraints, indexes, types, functions and comments. */
#define SCHEMA_TEXT \
	"SELECT md5(string_agg(line, E'\\n' ORDER BY line)) || ' ' || count(*) FROM (" \
	" SELECT format('%s.%s %s %s %s', table_name, column_name, udt_name, is_nullable, column_default) AS line" \
	"   FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_migrations'" \
	" UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)" \
	"   FROM pg_constraint WHERE connamespace = 'public'::regnamespace" \
	"    AND conrelid <> coalesce(to_regclass('public.schema_migrations')::oid, 0)" \
	" UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'schema_migrations'" \
	" UNION ALL SELECT 'enum ' || t.typname || ' ' || string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)" \
	"   FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY t.typname" \
	" UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace" \
	" UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal) AS lines"

/* Our own migrations: each step undoes exactly what it did. */
static void every_embedded_migration_is_reversible(void **state)
{
	const struct fixture *fixture = *state;
	size_t count = migrations_embedded.count;
	char **seen = calloc(count + 1, sizeof *seen);

	assert_non_null(seen);
	seen[0] = strdup(ask(state, SCHEMA_TEXT));
	for (size_t i = 1; i <= count; i++) {
		expect_ok(migrate_up(&fixture->settings, &migrations_embedded, 1));
		seen[i] = strdup(ask(state, SCHEMA_TEXT));
		expect_ok(migrate_down(&fixture->settings, &migrations_embedded, 1));
		assert_string_equal(ask(state, SCHEMA_TEXT), seen[i - 1]);
		expect_ok(migrate_up(&fixture->settings, &migrations_embedded, 1));
		assert_string_equal(ask(state, SCHEMA_TEXT), seen[i]);
	}
	expect_ok(migrate_down(&fixture->settings, &migrations_embedded, MIGRATE_ALL));
	assert_string_equal(ask(state, SCHEMA_TEXT), seen[0]);
	for (size_t i = 0; i <= count; i++)
		free(seen[i]);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_down_and_up_again),
		cmocka_unit_test(a_failed_migration_leaves_nothing_but_the_mark),
		cmocka_unit_test(a_migration_may_not_commit_by_itself),
		cmocka_unit_test(a_newer_schema_is_refused),
		cmocka_unit_test(the_lock_is_golang_migrates),
		cmocka_unit_test(somebody_elses_lock_is_respected),
		cmocka_unit_test(migrators_at_the_same_time_take_turns),
		cmocka_unit_test(another_tools_table_is_left_alone),
		cmocka_unit_test(the_command_answers_with_exit_codes),
		cmocka_unit_test(every_embedded_migration_is_reversible),
	};

	return cmocka_run_group_tests(tests, fixture_open_empty, fixture_close);
}
