/* The rule that keeps distributing by campaign possible: a table that grows with a campaign has campaign_id first in
 * every key, and every statement that touches one names the campaign. */
#include "store/store_fixture.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"
#include "store/tx.h"

#include <string.h>

static const char *const growing[] = {
	"domains",
	"domain_extraction_features",
	"domain_extracted_keywords",
	"phase_batches",
	"campaign_phases",
	"phase_executions",
	"campaign_events",
	"campaign_counters",
	"scoring_profile_snapshots",
};

/* Statements that look over all campaigns on purpose, each through a small partial index. */
static const char *const across[] = { "phases_active", "persona_in_use", "keyword_set_in_use" };

static void every_table_but_the_small_ones_is_in_the_list(void **state)
{
	struct fixture *fixture = *state;
	AUTO(store_tx) struct store_tx *tx = NULL;
	AUTO(pgresult) PGresult *rows = NULL;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_query(tx,
			      SQL_TEXT("SELECT c.table_name::text FROM information_schema.columns c "
				       "JOIN information_schema.tables t USING (table_schema, table_name) "
				       "WHERE c.table_schema = 'public' AND c.column_name = 'campaign_id' "
				       "AND t.table_type = 'BASE TABLE' AND c.table_name <> 'idempotency_records'"),
			      &rows));
	assert_int_equal(PQntuples(rows), ARRAY_LEN(growing));
}

static void campaign_id_comes_first_in_every_key(void **state)
{
	struct fixture *fixture = *state;
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(store_tx) struct store_tx *tx = NULL;
	AUTO(pgresult) PGresult *rows = NULL;
	struct row row;

	expect_ok(store_single(fixture->pool, 0, &tx));
	expect_ok(store_query(
		tx,
		SQL_TEXT("SELECT i.indexrelid::regclass::text AS key, a.attname::text AS first "
			 "FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
			 "WHERE i.indrelid = ANY ($1::text[]::regclass[])"),
		&rows, P_TEXT_ARRAY(growing, ARRAY_LEN(growing))));
	assert_true(PQntuples(rows) >= (int)ARRAY_LEN(growing));
	for (row_begin(&row, rows, arena); row_next(&row);) {
		const char *key = take_text(&row, "key"), *first = take_text(&row, "first");
		if (strcmp(first, "campaign_id") != 0)
			fail_msg("%s begins with %s", key, first);
	}
	expect_ok(row_status(&row));
}

static bool is_listed(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* Whether the statement touches the table as a whole word after FROM, JOIN, INTO or UPDATE. */
static bool touches(const char *sql, const char *table)
{
	static const char *const before[] = { "FROM ", "JOIN ", "INTO ", "UPDATE " };
	size_t n = strlen(table);

	for (const char *at = strstr(sql, table); at; at = strstr(at + 1, table)) {
		char after = at[n];
		if (after != ' ' && after != '\n' && after != ';' && after != ')')
			continue;
		for (size_t i = 0; i < ARRAY_LEN(before); i++) {
			size_t k = strlen(before[i]);
			if ((size_t)(at - sql) >= k && memcmp(at - k, before[i], k) == 0)
				return true;
		}
	}
	return false;
}

static void every_statement_on_them_names_the_campaign(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < sql_statement_count; i++) {
		const struct sql_statement *statement = sql_statements[i];
		if (is_listed(across, ARRAY_LEN(across), statement->name))
			continue;
		for (size_t t = 0; t < ARRAY_LEN(growing); t++) {
			if (!touches(statement->text, growing[t]))
				continue;
			seen++;
			if (!strstr(statement->text, "campaign_id"))
				fail_msg("%s.sql touches %s without naming the campaign", statement->name, growing[t]);
		}
	}
	assert_true(seen > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_but_the_small_ones_is_in_the_list),
		cmocka_unit_test(campaign_id_comes_first_in_every_key),
		cmocka_unit_test(every_statement_on_them_names_the_campaign),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
