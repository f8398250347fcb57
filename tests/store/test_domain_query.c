/* Statements put together for lists of domains: each can be prepared, and names the campaign wherever it reads a table
 * that grows with one (test_scale_rules.c has the rule for statements in files). */
#include "store/store_fixture.h"

#include "base/arena.h"
#include "store/domain_list_store.h"
#include "store/query.h"
#include "store/tx.h"

#include <string.h>

static const struct uuid campaign = { { 1 } };
static const char *const reasons[] = { "parked", "low_score" };

/* One filter each, then all of them. */
static struct domain_filter filter_of(unsigned which)
{
	const bool all = which == 14;
	struct domain_filter f = { .limits = { 0.8, 0.6, 0.4, 0.2, 0.05, 0.6, 0.8 } };

	f.dns_status = all || which == 1 ? "ok" : NULL;
	f.http_status = all || which == 2 ? "ok" : NULL;
	f.lead_status = all || which == 3 ? "match" : NULL;
	f.rejections = reasons;
	f.rejection_count = all || which == 4 ? 2 : 0;
	f.dns_reason = all || which == 5 ? "NXDOMAIN" : NULL;
	f.http_reason = all || which == 6 ? "TIMEOUT" : NULL;
	f.has_min_score = all || which == 7;
	f.min_score = 0.5;
	f.not_parked = all || which == 8;
	f.has_contact = all || which == 9;
	f.keyword = all || which == 10 ? "tele" : NULL;
	f.name = all || which == 11 ? "shop" : NULL;
	f.warnings = all || which == 12 ? WARNING_FILTER_HAS : WARNING_FILTER_ANY;
	f.has_bucket = all || which == 13;
	f.bucket = BUCKET_EMERGING;
	return f;
}

#define FILTERS 15

static unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		count++;
	return count;
}

/* Each table that is read has its campaign named. */
static void names_its_campaign(const char *text)
{
	if (count_of(text, "campaign_id = $1") < count_of(text, "FROM domain") + count_of(text, "JOIN domain"))
		fail_msg("a table without its campaign: %s", text);
}

static void try_statement(struct store_tx *tx, const struct domain_sql *sql)
{
	AUTO(pgresult) PGresult *rows = NULL;

	names_its_campaign(sql->statement.text);
	expect_ok(store_domain_sql_run(tx, sql, &rows));
}

static bool is_part_of(enum domain_order order, enum domain_part part)
{
	bool is_null = part == DOMAIN_PART_NULLS || part == DOMAIN_PART_NULLS_AFTER;
	bool is_split = part == DOMAIN_PART_TIES || part == DOMAIN_PART_PAST_TIES;

	return (!is_null || domain_order_is_nullable(order)) && (!is_split || order != DOMAIN_ORDER_OFFSET);
}

static const char *key_of(enum domain_order order)
{
	return order == DOMAIN_ORDER_CREATED_AT ? "2026-01-01 00:00:00.000001+00"
	       : order == DOMAIN_ORDER_NAME     ? "a.com"
						: "1";
}

static void try_order(struct store_tx *tx, struct arena *arena, const struct domain_query *q)
{
	struct domain_position after = { .offset = 7, .key = key_of(q->order) };
	struct domain_sql sql;

	for (int part = DOMAIN_PART_KEYED; part <= DOMAIN_PART_NULLS_AFTER; part++) {
		if (!is_part_of(q->order, (enum domain_part)part))
			continue;
		expect_ok(domain_sql_page(&campaign, q, (enum domain_part)part, &after, part == 0 ? 3 : 0, 10, arena,
					  &sql));
		try_statement(tx, &sql);
	}
	expect_ok(domain_sql_name_at(&campaign, q, 5, arena, &sql));
	try_statement(tx, &sql);
	expect_ok(domain_sql_count(&campaign, q, false, arena, &sql));
	try_statement(tx, &sql);
	expect_ok(domain_sql_count(&campaign, q, true, arena, &sql));
	try_statement(tx, &sql);
	expect_ok(domain_sql_offsets(&campaign, q, arena, &sql));
	try_statement(tx, &sql);
}

static void every_order_runs_with_every_filter(void **state)
{
	struct fixture *fixture = *state;
	AUTO(arena) struct arena *arena = arena_create(0);
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_begin_snapshot(fixture->pool, 0, &tx));
	for (unsigned filter = 0; filter < FILTERS; filter++)
		for (int order = 0; order < DOMAIN_ORDER_COUNT; order++)
			for (int descending = 0; descending < 2; descending++) {
				struct domain_query q = { .filter = filter_of(filter),
							  .order = (enum domain_order)order,
							  .is_descending = descending != 0 };

				arena_reset(arena);
				try_order(tx, arena, &q);
				q.filter.keyword_is_rare = true;
				try_order(tx, arena, &q);
			}
}

static void filters_are_counted(void **state)
{
	(void)state;
	for (unsigned filter = 0; filter < FILTERS; filter++) {
		struct domain_filter f = filter_of(filter);

		assert_int_equal(domain_filter_count(&f), filter == 0 ? 0 : filter == 14 ? 13 : 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_are_counted),
		cmocka_unit_test(every_order_runs_with_every_filter),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
