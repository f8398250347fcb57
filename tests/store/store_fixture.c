#include "store/store_fixture.h"

#include "base/text.h"
#include "base/uuid.h"
#include "store/migrate.h"
#include "store/pool.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void expect_ok_at(struct status st, const char *file, int line)
{
	if (!status_ok(st))
		print_error("%s: %s\n", st.reason, st.detail);
	_assert_int_equal(st.code, STATUS_OK, file, line);
}

void expect_failure_at(struct status st, enum status_code code, const char *reason, const char *file, int line)
{
	if (st.code != code)
		print_error("%s: %s\n", st.reason ? st.reason : "OK", st.detail);
	_assert_int_equal(st.code, code, file, line);
	_assert_string_equal(st.reason, reason, file, line);
}

void fixture_admin(const struct fixture *fixture, const char *sql)
{
	PGconn *pg = PQconnectdb(fixture->admin_url);
	PGresult *result = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		print_error("%s: %s\n", sql, PQerrorMessage(pg));
	PQclear(result);
	PQfinish(pg);
	assert_true(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
}

/* The same connection string with another database, in keyword form. */
static void with_database(const char *url, const char *name, char *out, size_t size)
{
	char *problem = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &problem);
	size_t used = 0;

	if (!options)
		fail_msg("TEST_DATABASE_URL: %s", problem ? problem : "out of memory");
	for (PQconninfoOption *o = options; o->keyword; o++)
		if (o->val && strcmp(o->keyword, "dbname") != 0)
			used += (size_t)snprintf(out + used, size - used, "%s='%s' ", o->keyword, o->val);
	snprintf(out + used, size - used, "dbname='%s'", name);
	PQconninfoFree(options);
}

int fixture_open_empty(void **state)
{
	const char *url = getenv("TEST_DATABASE_URL");
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct uuid id = uuid_make();
	char digits[33], sql[160];

	assert_non_null(fixture);
	*state = fixture;
	if (!url || !*url) {
		print_error("TEST_DATABASE_URL is not set: run ./dev test, or name a PostgreSQL server for tests\n");
		return -1;
	}
	text_hex(id.bytes, sizeof id.bytes, digits);
	snprintf(fixture->name, sizeof fixture->name, "df_test_%s", digits);
	snprintf(fixture->admin_url, sizeof fixture->admin_url, "%s", url);
	with_database(url, fixture->name, fixture->url, sizeof fixture->url);
	snprintf(sql, sizeof sql, "CREATE DATABASE %s ENCODING 'UTF8' TEMPLATE template0", fixture->name);
	fixture_admin(fixture, sql);
	settings_defaults(&fixture->settings);
	fixture->settings.database_url = fixture->url;
	fixture->settings.db_allow_unsafe = true;
	fixture->settings.db_connections_max = 4;
	return 0;
}

int fixture_open(void **state)
{
	struct fixture *fixture;

	if (fixture_open_empty(state) != 0)
		return -1;
	fixture = *state;
	expect_ok(migrate_up(&fixture->settings, &migrations_embedded, MIGRATE_ALL));
	expect_ok(store_pool_open(&fixture->settings, NULL, &fixture->pool));
	return 0;
}

int fixture_close(void **state)
{
	struct fixture *fixture = *state;
	char sql[160];

	store_pool_close(fixture->pool);
	snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", fixture->name);
	if (*fixture->name)
		fixture_admin(fixture, sql);
	free(fixture);
	return 0;
}
