/* Every file of server/store/sql prepares against the migrated schema, and returns only what store/row.h can read. */
#include "base/clock.h"
#include "store/connection.h"
#include "store/pg_status.h"
#include "store/row.h"
#include "store/statement.h"
#include "store/store_fixture.h"

#include <stdio.h>
#include <string.h>

static void every_statement_prepares(void **state)
{
	const struct fixture *fixture = *state;
	struct connection c;
	int bad = 0;

	connection_init(&c);
	expect_ok(connection_open(&c, &fixture->settings, "test", clock_monotonic_ms() + 5000));
	for (size_t i = 0; i < sql_statement_count; i++) {
		const struct sql_statement *sql = sql_statements[i];
		AUTO(pgresult) PGresult *shape = NULL;
		struct status st = connection_describe(&c, sql, clock_monotonic_ms() + 5000, &shape);

		assert_int_equal(sql->number, i);
		if (!status_ok(st)) {
			print_error("%s.sql: %s\n", sql->name, st.detail);
			bad++;
			continue;
		}
		for (int column = 0; column < PQnfields(shape); column++)
			if (!row_type_is_known(PQftype(shape, column))) {
				print_error("%s.sql: column %s has type %u, which row.h does not read; cast it\n",
					    sql->name, PQfname(shape, column), PQftype(shape, column));
				bad++;
			}
	}
	connection_done(&c);
	assert_int_equal(bad, 0);
}

/* house style: a file says what it does, and lists its columns */
static void every_statement_says_what_it_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sql_statement_count; i++) {
		if (strncmp(sql_statements[i]->text, "-- ", 3) != 0)
			fail_msg("%s.sql does not open with a comment", sql_statements[i]->name);
		if (strstr(sql_statements[i]->text, "SELECT *"))
			fail_msg("%s.sql selects *", sql_statements[i]->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_prepares),
		cmocka_unit_test(every_statement_says_what_it_does),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
