/* Poisoned rows are found and left out; COPY brings rows as they are. */
#include "base/arena.h"
#include "base/uuid.h"
#include "store/bulk.h"
#include "store/copy.h"
#include "store/pool.h"
#include "store/query.h"
#include "store/row.h"
#include "store/store_fixture.h"

#include <stdio.h>
#include <string.h>

#define COUNT 1000

struct batch {
	const char *titles[COUNT];
	int64_t ids[COUNT];
	size_t poisoned[COUNT], poisoned_count, attempts;
	enum status_code code;
	bool marks_fail;
};

static struct status write_rows(struct store_tx *tx, size_t from, size_t count, void *arg)
{
	struct batch *b = arg;

	b->attempts++;
	return store_execute(tx,
			     SQL_TEXT("INSERT INTO pages (id, title) SELECT * FROM unnest($1::bigint[], $2::text[])"),
			     NULL, P_INT64_ARRAY(b->ids + from, count), P_TEXT_ARRAY(b->titles + from, count));
}

static struct status mark_row(struct store_tx *tx, size_t row, struct status why, void *arg)
{
	struct batch *b = arg;

	b->poisoned[b->poisoned_count++] = row;
	b->code = why.code;
	return store_execute(tx, SQL_TEXT("INSERT INTO pages (id, title) VALUES ($1, $2)"), NULL, P_INT64(b->ids[row]),
			     P_TEXT(b->marks_fail ? "\xff" : "refused"));
}

static int make_table(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_script(tx,
			       "DROP TABLE IF EXISTS pages, copied;"
			       "CREATE TABLE pages (id bigint PRIMARY KEY, title text NOT NULL CHECK (title <> 'bad'));"
			       "CREATE INDEX ON pages (title);"
			       "CREATE TABLE copied (id uuid, n bigint, t text)"));
	return 0;
}

static int64_t count_of(const struct fixture *fixture, const char *sql)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	AUTO(pgresult) PGresult *rows = NULL;
	int64_t n = -1;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_query(tx, SQL_TEXT(sql), &rows));
	expect_ok(row_int64(rows, 0, "n", &n));
	return n;
}

static void fill(struct batch *b)
{
	*b = (struct batch){ 0 };
	for (int i = 0; i < COUNT; i++) {
		b->ids[i] = i;
		b->titles[i] = "a fine title";
	}
}

/* Four ways in which one row can be refused. */
static void poisoned_rows_are_isolated(void **state)
{
	const struct fixture *fixture = *state;
	static char too_long[9000];
	struct batch b;
	AUTO(store_tx) struct store_tx *tx = NULL;
	static const size_t expected[] = { 0, 499, 500, 999 };
	uint32_t noise = 1;

	fill(&b);
	for (size_t i = 0; i < sizeof too_long - 1; i++) { /* incompressible, or the index takes it */
		noise = noise * 1664525 + 1013904223;
		too_long[i] = (char)('!' + (noise >> 24) % 90);
	}
	b.titles[0] = "\xff\xfe"; /* not UTF-8 */
	b.titles[499] = NULL;     /* not null */
	b.titles[500] = "bad";    /* check */
	b.titles[999] = too_long; /* index row too large */
	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_ok(store_bulk_write(tx, COUNT, 10, write_rows, mark_row, &b));
	expect_ok(store_commit(&tx));
	assert_int_equal(b.poisoned_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(b.poisoned[i], expected[i]);
	assert_int_equal(b.code, STATUS_INVALID_ARGUMENT);
	assert_int_equal(count_of(fixture, "SELECT count(*) AS n FROM pages WHERE title = 'a fine title'"), COUNT - 4);
	assert_int_equal(count_of(fixture, "SELECT count(*) AS n FROM pages WHERE title = 'refused'"), 4);
}

static void good_rows_take_one_attempt(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct batch b;

	fill(&b);
	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_ok(store_bulk_write(tx, COUNT, 10, write_rows, mark_row, &b));
	expect_ok(store_bulk_write(tx, 0, 10, write_rows, mark_row, &b));
	assert_int_equal(b.attempts, 1);
}

static void one_poisoned_row_takes_logarithmically_many(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct batch b;

	fill(&b);
	b.titles[777] = "bad";
	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_ok(store_bulk_write(tx, COUNT, 10, write_rows, mark_row, &b));
	assert_true(b.attempts <= 21);
}

static void too_many_poisoned_rows_are_our_fault(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct batch b;

	fill(&b);
	for (int i = 0; i < 11; i++)
		b.titles[i * 7] = "bad";
	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_failure(store_bulk_write(tx, COUNT, 10, write_rows, mark_row, &b), STATUS_INVALID_ARGUMENT,
		       "CHECK_FAILED");
}

static void other_failures_are_not_bisected(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct batch b;

	fill(&b);
	b.ids[500] = 499;
	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_failure(store_bulk_write(tx, COUNT, 10, write_rows, mark_row, &b), STATUS_ALREADY_EXISTS, "DUPLICATE");
	assert_int_equal(b.attempts, 1);
	store_rollback(&tx);
	fill(&b);
	b.titles[3] = "bad";
	b.marks_fail = true;
	expect_ok(store_begin(fixture->pool, 0, &tx));
	expect_failure(store_bulk_write(tx, COUNT, 10, write_rows, mark_row, &b), STATUS_INVALID_ARGUMENT,
		       "DATA_REFUSED");
}

#define COPY_SQL SQL_TEXT("COPY copied (id, n, t) FROM STDIN (FORMAT binary)")

static void copy_one(struct store_copy *copy, const struct uuid *id, int i, const char *text)
{
	copy_row(copy);
	copy_uuid(copy, id);
	copy_int64(copy, i);
	copy_text(copy, text);
}

static void copied_rows_arrive_as_they_are(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct uuid id = uuid_make();
	int64_t arrived = 0;

	expect_ok(store_begin(fixture->pool, 0, &tx));
	{
		AUTO(store_copy) struct store_copy copy;

		expect_ok(store_copy_begin(&copy, tx, COPY_SQL, 3));
		for (int i = 0; i < 20000; i++)
			copy_one(&copy, &id, i, i % 3 ? "text" : "");
		expect_ok(store_copy_end(&copy, &arrived));
	}
	expect_ok(store_commit(&tx));
	assert_int_equal(arrived, 20000);
	assert_int_equal(count_of(fixture,
				  "SELECT count(*) AS n FROM copied WHERE id IS NOT NULL"
				  " AND n BETWEEN 0 AND 19999 AND t = CASE WHEN n % 3 = 0 THEN '' ELSE 'text' END"),
			 20000);
}

static void a_refused_copy_fails_its_transaction(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct uuid id = uuid_make();

	expect_ok(store_begin(fixture->pool, 0, &tx));
	{
		AUTO(store_copy) struct store_copy copy;

		expect_ok(store_copy_begin(&copy, tx, COPY_SQL, 3));
		for (int i = 0; i < 20000; i++)
			copy_one(&copy, &id, i, i == 10 ? "\xff" : "text");
		expect_failure(store_copy_end(&copy, NULL), STATUS_INVALID_ARGUMENT, "DATA_REFUSED");
	}
	assert_true(store_tx_data_failed(tx));
	expect_failure(store_commit(&tx), STATUS_ABORTED, "TRANSACTION_FAILED");
	assert_int_equal(count_of(fixture, "SELECT count(*) AS n FROM copied"), 0);
}

static void an_abandoned_copy_leaves_nothing(void **state)
{
	const struct fixture *fixture = *state;
	struct uuid id = uuid_make();

	for (int columns = 2; columns <= 4; columns++) { /* 2 and 4: mistakes of ours; 3: just left */
		AUTO(store_tx) struct store_tx *tx = NULL;
		AUTO(store_copy) struct store_copy copy;

		expect_ok(store_begin(fixture->pool, 0, &tx));
		expect_ok(store_copy_begin(&copy, tx, COPY_SQL, (int16_t)columns));
		for (int i = 0; i < 10; i++)
			copy_one(&copy, &id, i, "text");
		if (columns != 3)
			expect_failure(store_copy_end(&copy, NULL), STATUS_INTERNAL, "DATABASE_ERROR");
	}
	assert_int_equal(count_of(fixture, "SELECT count(*) AS n FROM copied"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(poisoned_rows_are_isolated, make_table),
		cmocka_unit_test_setup(good_rows_take_one_attempt, make_table),
		cmocka_unit_test_setup(one_poisoned_row_takes_logarithmically_many, make_table),
		cmocka_unit_test_setup(too_many_poisoned_rows_are_our_fault, make_table),
		cmocka_unit_test_setup(other_failures_are_not_bisected, make_table),
		cmocka_unit_test_setup(copied_rows_arrive_as_they_are, make_table),
		cmocka_unit_test_setup(a_refused_copy_fails_its_transaction, make_table),
		cmocka_unit_test_setup(an_abandoned_copy_leaves_nothing, make_table),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
