/* tests/store/store_fixture.h: a database of the test's own on the server that TEST_DATABASE_URL names.
 *
 *   int main(void) { return cmocka_run_group_tests(tests, fixture_open, fixture_close); }
 *
 * fixture_open fails the group with a clear line when the variable is missing. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "base/status.h"
#include "config/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct store_pool;

struct fixture {
	struct settings settings; /* database_url names the new database; unsafe servers are accepted */
	struct store_pool *pool;  /* NULL after fixture_open_empty */
	char url[1024], admin_url[1024], name[64];
};

/* A database with every migration applied, and a pool. *state is a struct fixture. */
int fixture_open(void **state);
/* A database with nothing in it, and no pool. */
int fixture_open_empty(void **state);
/* Drops it; connections that are left are cut. */
int fixture_close(void **state);

/* Runs a statement on the server with an own connection, as an administrator. Fails the test when it fails. */
void fixture_admin(const struct fixture *fixture, const char *sql);

/* Fails the test and shows the status unless it is OK. */
void expect_ok_at(struct status st, const char *file, int line);
#define expect_ok(call) expect_ok_at((call), __FILE__, __LINE__)
/* Fails the test unless it has this code and reason. */
void expect_failure_at(struct status st, enum status_code code, const char *reason, const char *file, int line);
#define expect_failure(call, code, reason) expect_failure_at((call), (code), (reason), __FILE__, __LINE__)

#endif
