/* Parameters go out and values come back unchanged; failures are the statuses the rest of the server expects. */
#include "base/arena.h"
#include "base/clock.h"
#include "store/query.h"
#include "store/row.h"
#include "store/store_fixture.h"

#include <math.h>
#include <string.h>

static struct store_tx *single(void **state)
{
	const struct fixture *fixture = *state;
	struct store_tx *tx = NULL;

	expect_ok(store_single(fixture->pool, 0, &tx));
	return tx;
}

static void scalars_survive_the_round_trip(void **state)
{
	AUTO(store_tx) struct store_tx *tx = single(state);
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(pgresult) PGresult *rows = NULL;
	struct uuid id = uuid_make();
	struct row row;
	size_t length;

	expect_ok(
		store_query(tx,
			    SQL_TEXT("SELECT $1::uuid AS id, $2::text AS name, $3::integer AS small, $4::bigint AS big,"
				     " $5::double precision AS number, $6::boolean AS yes, $7::jsonb AS doc,"
				     " $8::timestamptz AS at, $9::text AS none, $10::bytea AS raw, 7::smallint AS tiny,"
				     " 0.5::real AS half, ARRAY['a', 'b,{}', NULL] AS words"),
			    &rows, P_UUID(&id), P_TEXT("Größe 'x'"), P_INT(-5), P_INT64(INT64_MIN), P_DOUBLE(0.1),
			    P_BOOL(true), P_JSON("{\"a\":[1,2]}"), P_TIMESTAMP(-1), P_NULL, P_BYTES("\0\1", 2)));
	row_begin(&row, rows, arena);
	assert_true(row_next(&row));
	{
		struct uuid back = take_uuid(&row, "id");
		const char *raw;
		char **words;

		assert_true(uuid_equal(&back, &id));
		assert_string_equal(take_text(&row, "name"), "Größe 'x'");
		assert_int_equal(take_int32(&row, "small"), -5);
		assert_true(take_int64(&row, "big") == INT64_MIN);
		assert_true(take_double(&row, "number") == 0.1);
		assert_true(take_bool(&row, "yes"));
		assert_string_equal(take_text(&row, "doc"), "{\"a\": [1, 2]}");
		assert_true(take_timestamp_ms(&row, "at") == -1);
		assert_true(take_is_null(&row, "none"));
		assert_null(take_text(&row, "none"));
		raw = take_bytes(&row, "raw", &length);
		assert_int_equal(length, 2);
		assert_memory_equal(raw, "\0\1", 2);
		assert_int_equal(take_int64(&row, "tiny"), 7);
		assert_true(take_double(&row, "half") == 0.5);
		words = take_texts(&row, "words", &length);
		assert_int_equal(length, 3);
		assert_string_equal(words[1], "b,{}");
		assert_string_equal(words[2], "");
	}
	expect_ok(row_status(&row));
	assert_false(row_next(&row));
}

static void doubles_keep_their_edges(void **state)
{
	const double values[] = { 0.0, -0.0, 1e308, 5e-324, INFINITY, -INFINITY, NAN };

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		AUTO(store_tx) struct store_tx *tx = single(state);
		AUTO(pgresult) PGresult *rows = NULL;
		double back = 1;

		expect_ok(store_query(tx, SQL_TEXT("SELECT $1::float8 AS x"), &rows, P_DOUBLE(values[i])));
		expect_ok(row_double(rows, 0, "x", &back));
		assert_true(isnan(values[i]) ? isnan(back) : memcmp(&back, &values[i], sizeof back) == 0);
	}
}

static void arrays_unnest_into_rows(void **state)
{
	AUTO(store_tx) struct store_tx *tx = single(state);
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(pgresult) PGresult *rows = NULL;
	const int64_t bigs[] = { 1, INT64_MAX, -3 };
	const int32_t smalls[] = { 10, INT32_MIN, 30 };
	const double numbers[] = { 0.5, 0, 2.5 };
	const bool nulls[] = { false, true, false }, flags[] = { true, false, true };
	const char *const names[] = { "a", NULL, "c\"{}," }, *const docs[] = { "{}", "[1]", NULL };
	const struct uuid ids[] = { uuid_make(), uuid_make(), uuid_make() };
	const int64_t times[] = { 0, 1700000000123, -62135596800000 };
	struct row row;
	int i = 0;

	expect_ok(store_query(tx,
			      SQL_TEXT("SELECT * FROM unnest($1::bigint[], $2::integer[], $3::float8[], $4::boolean[],"
				       " $5::text[], $6::uuid[], $7::timestamptz[], $8::jsonb[])"
				       " AS t(big, small, number, flag, name, id, at, doc)"),
			      &rows, P_INT64_ARRAY(bigs, 3), P_INT32_ARRAY_NULLS(smalls, nulls, 3),
			      P_DOUBLE_ARRAY(numbers, nulls, 3), P_BOOL_ARRAY(flags, 3), P_TEXT_ARRAY(names, 3),
			      P_UUID_ARRAY(ids, 3), P_TIMESTAMP_ARRAY(times, NULL, 3), P_JSON_ARRAY(docs, 3)));
	for (row_begin(&row, rows, arena); row_next(&row); i++) {
		struct uuid id;
		const char *name;

		assert_true(take_int64(&row, "big") == bigs[i]);
		assert_int_equal(take_int32_or(&row, "small", -1), nulls[i] ? -1 : smalls[i]);
		assert_true(take_double_or(&row, "number", -1) == (nulls[i] ? -1 : numbers[i]));
		assert_int_equal(take_bool(&row, "flag"), flags[i]);
		name = take_text(&row, "name");
		assert_true(names[i] ? name && strcmp(name, names[i]) == 0 : !name);
		id = take_uuid(&row, "id");
		assert_true(uuid_equal(&id, &ids[i]));
		assert_true(take_timestamp_ms(&row, "at") == times[i]);
		assert_int_equal(take_is_null(&row, "doc"), !docs[i]);
	}
	expect_ok(row_status(&row));
	assert_int_equal(i, 3);
}

static void empty_arrays_are_no_rows(void **state)
{
	AUTO(store_tx) struct store_tx *tx = single(state);
	AUTO(pgresult) PGresult *rows = NULL;

	expect_ok(store_query(tx, SQL_TEXT("SELECT unnest($1::bigint[])"), &rows, P_INT64_ARRAY(NULL, 0)));
	assert_int_equal(PQntuples(rows), 0);
}

static void text_parameters_fit_enums(void **state)
{
	AUTO(store_tx) struct store_tx *tx = single(state);
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(pgresult) PGresult *rows = NULL;
	const char *const moods[] = { "sad", "happy" };
	char *mood;

	expect_ok(store_script(tx, "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE pets (mood mood)"));
	expect_ok(store_execute(tx, SQL_TEXT("INSERT INTO pets SELECT unnest($1::text[])::mood"), NULL,
				P_TEXT_ARRAY(moods, 2)));
	expect_ok(store_query(tx, SQL_TEXT("SELECT mood FROM pets WHERE mood = $1"), &rows, P_TEXT("happy")));
	assert_int_equal(PQntuples(rows), 1);
	expect_ok(row_text(rows, 0, "mood", arena, &mood));
	assert_string_equal(mood, "happy");
}

static void reading_mistakes_name_the_column(void **state)
{
	AUTO(store_tx) struct store_tx *tx = single(state);
	AUTO(pgresult) PGresult *rows = NULL;
	int64_t value = 42;
	struct row row;

	expect_ok(store_query(
		tx, SQL_TEXT("SELECT NULL::bigint AS nothing, 'x'::text AS word, sum(1::bigint) AS total"), &rows));
	expect_failure(row_int64(rows, 0, "nothing", &value), STATUS_INTERNAL, "DATABASE_ROW");
	expect_failure(row_int64(rows, 0, "word", &value), STATUS_INTERNAL, "DATABASE_ROW");
	expect_failure(row_int64(rows, 0, "absent", &value), STATUS_INTERNAL, "DATABASE_ROW");
	expect_failure(row_int64(rows, 0, "total", &value), STATUS_INTERNAL, "DATABASE_ROW");
	expect_failure(row_int64(rows, 1, "word", &value), STATUS_INTERNAL, "DATABASE_ROW");
	assert_int_equal(value, 42);
	row_begin(&row, rows, NULL);
	assert_true(row_next(&row));
	take_int64(&row, "absent");
	assert_non_null(strstr(row_status(&row).detail, "absent"));
}

static const struct {
	const char *sql;
	enum status_code code;
	const char *reason, *constraint;
} failures[] = {
	{ "INSERT INTO t VALUES (1, 1)", STATUS_ALREADY_EXISTS, "DUPLICATE", "t_pkey" },
	{ "INSERT INTO t VALUES (2, -1)", STATUS_INVALID_ARGUMENT, "CHECK_FAILED", "t_positive" },
	{ "INSERT INTO t VALUES (NULL, 1)", STATUS_INVALID_ARGUMENT, "VALUE_MISSING", "" },
	{ "INSERT INTO child VALUES (99)", STATUS_FAILED_PRECONDITION, "REFERENCE_MISSING", "child_parent" },
	{ "SELECT 'x'::text::integer", STATUS_INVALID_ARGUMENT, "DATA_REFUSED", "" },
	{ "SELECT '\"\\u0000\"'::jsonb", STATUS_INVALID_ARGUMENT, "DATA_REFUSED", "" },
	{ "SELECT 1 / 0", STATUS_INVALID_ARGUMENT, "DATA_REFUSED", "" },
	{ "SELECT * FROM missing_table", STATUS_INTERNAL, "DATABASE_ERROR", "" },
	{ "SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)", STATUS_DEADLINE_EXCEEDED, "STATEMENT_TIMEOUT", "" },
};

static void failures_become_statuses(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *setup = single(state);

	expect_ok(store_script(setup,
			       "CREATE TABLE t (id integer PRIMARY KEY, n integer CONSTRAINT t_positive CHECK (n > 0));"
			       "INSERT INTO t VALUES (1, 1);"
			       "CREATE TABLE child (t_id integer CONSTRAINT child_parent REFERENCES t (id))"));
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		AUTO(store_tx) struct store_tx *tx = NULL;

		expect_ok(store_begin(fixture->pool, 0, &tx));
		expect_failure(store_script(tx, failures[i].sql), failures[i].code, failures[i].reason);
		assert_string_equal(store_tx_constraint(tx), failures[i].constraint);
		expect_failure(store_commit(&tx), STATUS_ABORTED, "TRANSACTION_FAILED");
	}
}

static void the_server_stops_a_statement_at_the_deadline(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_single(fixture->pool, clock_monotonic_ms() + 150, &tx));
	expect_failure(store_script(tx, "SELECT pg_sleep(20)"), STATUS_DEADLINE_EXCEEDED, "STATEMENT_TIMEOUT");
	assert_string_equal(store_tx_sqlstate(tx), "57014"); /* the server said so; the connection lives on */
}

/* statement_timeout off stands for a server that has stopped answering. */
static void a_silent_server_is_left_at_the_deadline(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	int64_t start_ms = clock_monotonic_ms();

	expect_ok(store_begin(fixture->pool, start_ms + 200, &tx));
	expect_ok(store_script(tx, "SET LOCAL statement_timeout = 0"));
	expect_failure(store_script(tx, "SELECT pg_sleep(20)"), STATUS_DEADLINE_EXCEEDED, "STATEMENT_TIMEOUT");
	assert_true(clock_monotonic_ms() - start_ms < 10000);
	expect_failure(store_script(tx, "SELECT 1"), STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE");
}

static void large_arrays_pass(void **state)
{
	enum { COUNT = 200000 };
	AUTO(store_tx) struct store_tx *tx = single(state);
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(pgresult) PGresult *rows = NULL;
	const char **names = arena_array(arena, COUNT, sizeof *names);
	int64_t *ids = arena_array(arena, COUNT, sizeof *ids), sum = 0;

	for (int i = 0; i < COUNT; i++) {
		names[i] = "a-domain-name-of-some-length.example";
		ids[i] = i;
	}
	expect_ok(store_query(
		tx,
		SQL_TEXT("SELECT sum(id)::bigint AS sum FROM unnest($1::bigint[], $2::text[]) AS t(id, name)"
			 " WHERE length(name) = 36"),
		&rows, P_INT64_ARRAY(ids, COUNT), P_TEXT_ARRAY(names, COUNT)));
	expect_ok(row_int64(rows, 0, "sum", &sum));
	assert_true(sum == (int64_t)COUNT * (COUNT - 1) / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_survive_the_round_trip),
		cmocka_unit_test(doubles_keep_their_edges),
		cmocka_unit_test(arrays_unnest_into_rows),
		cmocka_unit_test(empty_arrays_are_no_rows),
		cmocka_unit_test(text_parameters_fit_enums),
		cmocka_unit_test(reading_mistakes_name_the_column),
		cmocka_unit_test(failures_become_statuses),
		cmocka_unit_test(the_server_stops_a_statement_at_the_deadline),
		cmocka_unit_test(a_silent_server_is_left_at_the_deadline),
		cmocka_unit_test(large_arrays_pass),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
