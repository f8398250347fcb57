/* DomainService about one domain: its keywords, and what its score is made of. */
#include "api_fixture.h"
#include "domain_seeds.h"

#include "domainflow/v2/domain_service.grpc-c.client.h"
#include "store/query.h"
#include "store/tx.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SNAPSHOT "0190f3a0-0000-7000-8000-0000000000f1"

typedef Domainflow__V2__GetScoreBreakdownResponse Breakdown;

#define STATE(name) DOMAINFLOW__V2__BREAKDOWN_STATE__BREAKDOWN_STATE_##name

static struct seeds seeds;
static struct arena *kept;

static char *text(const char *t)
{
	return (char *)(uintptr_t)t;
}

static void run(const char *sql)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_begin(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
	expect_ok(store_commit(&tx));
}

/* A domain of its own beside the seeds, with a fetched page and a score as analysis leaves them. */
static void make_scored(void)
{
	char sql[3000];

	snprintf(
		sql, sizeof sql,
		"INSERT INTO domains (campaign_id, offset_index, domain_name, dns_status, http_status, domain_score)"
		" VALUES ('%1$s', 9001, 'scored.com', 'ok', 'ok', 0.468), ('%1$s', 9002, 'bare.com', 'ok', 'pending', "
		"NULL),"
		" ('%1$s', 9003, 'failed.com', 'ok', 'error', NULL), ('%1$s', 9004, 'fresh.com', 'ok', 'ok', NULL);"
		"INSERT INTO scoring_profile_snapshots (campaign_id, id, scoring_configuration, feature_weights, "
		"is_active)"
		" VALUES ('%1$s', '" SNAPSHOT "', '{\"tfLite\":false,\"parkedPenaltyFactor\":0.5}',"
		" '{\"keyword_density_weight\":0.35,\"unique_keyword_coverage_weight\":0.25,\"non_parked_weight\":0.1,"
		"\"content_length_quality_weight\":0.1,\"title_keyword_weight\":0.1,\"freshness_weight\":0.1,"
		"\"tf_lite_weight\":0}', true);"
		"UPDATE campaign_phases SET run_context = '{\"scoringTime\":1767225600000}'"
		" WHERE campaign_id = '%1$s' AND phase = 'analysis';"
		"INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name, processing_state,"
		" kw_unique_count, kw_total_occurrences, content_bytes, fetched_at, scoring_profile_snapshot_id)"
		" VALUES ('%1$s', 9001, 'scored.com', 'ready', 3, 9, 8192, to_timestamp(1767225600) - interval '3 "
		"days', '" SNAPSHOT "'), ('%1$s', 9003, 'failed.com', 'error', 0, 0, 0, NULL, NULL),"
		" ('%1$s', 9004, 'fresh.com', 'ready', 3, 9, 8192, now(), NULL);"
		"INSERT INTO domain_extracted_keywords (campaign_id, domain_id, keyword_id, surface_form, signal_type,"
		" occurrences, base_weight, value_score, effective_weight, first_seen_position, source_subphase) VALUES"
		" ('%1$s', 9001, '00000000-0000-4000-8000-000000000001', 'light', 'body', 2, 2, 0, 2, 17, 'primary'),"
		" ('%1$s', 9001, '00000000-0000-4000-8000-000000000003', 'heavy', 'title', 5, 5, 1, 6, NULL, "
		"'microcrawl'),"
		" ('%1$s', 9001, '00000000-0000-4000-8000-000000000002', 'second', 'h1', 2, 2, 0, 2, 0, 'primary')",
		seeds.campaign);
	run(sql);
}

static int open_with_seeds(void **state)
{
	int how = api_fixture_open(state);

	if (how != 0)
		return how;
	kept = arena_create(0);
	seeds_make(&seeds, kept, 1, true);
	make_scored();
	return 0;
}

static int close_with_seeds(void **state)
{
	arena_destroy(kept);
	return api_fixture_close(state);
}

/* --- keywords ------------------------------------------------------------------------------------------------------
 */

static struct status keywords(const char *domain, Domainflow__V2__ListDomainKeywordsResponse **out)
{
	Domainflow__V2__ListDomainKeywordsRequest in = DOMAINFLOW__V2__LIST_DOMAIN_KEYWORDS_REQUEST__INIT;
	struct df_call call = api_call(NULL);

	in.campaign_id = seeds.campaign;
	in.domain = text(domain);
	return domainflow_v2_domain_list_domain_keywords(api_fixture.connection, &call, &in, out);
}

static void keywords_come_heaviest_first(void **state)
{
	static const char *const expected[] = { "heavy", "light", "second" };
	Domainflow__V2__ListDomainKeywordsResponse *out = NULL;

	(void)state;
	expect_ok(keywords("Scored.COM", &out));
	assert_int_equal(out->n_items, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(out->items[i]->surface_form, expected[i]);
	assert_string_equal(out->items[0]->keyword_id, "00000000-0000-4000-8000-000000000003");
	assert_string_equal(out->items[0]->signal_type, "title");
	assert_string_equal(out->items[0]->source_subphase, "microcrawl");
	assert_int_equal(out->items[0]->occurrences, 5);
	assert_true(out->items[0]->base_weight == 5 && out->items[0]->value_score == 1);
	assert_true(out->items[0]->effective_weight == 6);
	assert_int_equal(out->items[0]->first_seen_position_value_case, 0);
	assert_int_equal(out->items[1]->first_seen_position, 17);
	assert_int_not_equal(out->items[2]->first_seen_position_value_case, 0); /* at the very beginning */
	expect_ok(keywords("bare.com", &out));
	assert_int_equal(out->n_items, 0);
	expect_failure(keywords("nobody.com", &out), STATUS_NOT_FOUND, "DOMAIN_UNKNOWN");
	expect_failure(keywords(" ", &out), STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
}

/* --- breakdowns ----------------------------------------------------------------------------------------------------
 */

static struct status breakdown(const char *campaign, const char *domain, Breakdown **out)
{
	Domainflow__V2__GetScoreBreakdownRequest in = DOMAINFLOW__V2__GET_SCORE_BREAKDOWN_REQUEST__INIT;
	struct df_call call = api_call(NULL);

	in.campaign_id = text(campaign);
	in.domain = text(domain);
	return domainflow_v2_domain_get_score_breakdown(api_fixture.connection, &call, &in, out);
}

static void a_scored_domain_is_complete(void **state)
{
	Breakdown *out = NULL;
	const Domainflow__V2__ScoreComponents *c;
	const Domainflow__V2__ScoreWeights *w;
	double sum;

	(void)state;
	expect_ok(breakdown(seeds.campaign, "SCORED.com", &out));
	assert_int_equal(out->state, STATE(COMPLETE));
	assert_string_equal(out->reason, "");
	assert_string_equal(out->domain, "scored.com");
	assert_string_equal(out->snapshot_id, SNAPSHOT);
	assert_true(fabs(out->overall_score - 46.8) < 1e-9);
	c = out->components;
	w = out->weights;
	assert_true(fabs(c->freshness->value - 0.7) < 1e-9); /* three days before the scoring, whatever it is now */
	sum = c->density->value * w->keyword_density_weight + c->coverage->value * w->unique_keyword_coverage_weight +
	      c->non_parked->value * w->non_parked_weight +
	      c->content_length->value * w->content_length_quality_weight +
	      c->title_keyword->value * w->title_keyword_weight + c->freshness->value * w->freshness_weight +
	      c->tf_lite->value * w->tf_lite_weight;
	assert_true(fabs(sum * 100 - out->overall_score) <= 0.05);
	assert_int_equal(c->tf_lite->state, DOMAINFLOW__V2__COMPONENT_STATE__COMPONENT_STATE_OK);
	assert_int_equal(out->evidence->n_keyword_hits, 3);
	assert_string_equal(out->evidence->keyword_hits[0], "heavy");
	assert_false(out->evidence->parked_penalty_applied);
	assert_true(out->evidence->parked_penalty_factor == 0.5);
	assert_int_equal(out->evidence->content_length_bytes, 8192);
	assert_true(fabs(out->evidence->freshness_days_old - 3) < 1e-9);
}

static void what_is_missing_is_said(void **state)
{
	static const struct {
		const char *domain;
		int state;
		const char *reason, *component_reason;
	} cases[] = {
		{ "nobody.com", STATE(DEGRADED), "domain_not_found", "field_missing" },
		{ "bare.com", STATE(DEGRADED), "feature_vector_missing", "data_pending" },
		{ "failed.com", STATE(PARTIAL), "feature_vector_missing", "field_missing" },
		{ "fresh.com", STATE(PARTIAL), "analysis_pending", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		Breakdown *out = NULL;

		expect_ok(breakdown(seeds.campaign, cases[i].domain, &out));
		assert_int_equal(out->state, cases[i].state);
		assert_string_equal(out->reason, cases[i].reason);
		assert_string_equal(out->components->density->reason, cases[i].component_reason);
		assert_int_equal(out->components->density->value_value_case != 0, *cases[i].component_reason == '\0');
		assert_int_equal(out->overall_score_value_case, 0);
		assert_true(fabs(out->weights->keyword_density_weight - 0.35) < 1e-9);
	}
}

static void refusals(void **state)
{
	Breakdown *out = NULL;
	struct status st = breakdown(seeds.campaign, "", &out);

	(void)state;
	expect_failure(st, STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
	assert_string_equal(api_field(st, 0), "domain");
	expect_failure(breakdown("0190f3a0-0000-7000-8000-000000000001", "a.com", &out), STATUS_NOT_FOUND,
		       "CAMPAIGN_UNKNOWN");
}

static void a_profile_that_is_gone_is_said(void **state)
{
	Breakdown *out = NULL;
	char sql[200];

	(void)state;
	snprintf(sql, sizeof sql,
		 "UPDATE campaigns SET scoring_profile_id = '0190f3a0-0000-7000-8000-0000000000f9' WHERE id = '%s'",
		 seeds.campaign);
	run(sql);
	expect_ok(breakdown(seeds.campaign, "scored.com", &out));
	assert_int_equal(out->state, STATE(DEGRADED));
	assert_string_equal(out->reason, "profile_not_found");
	assert_true(fabs(out->overall_score - 46.8) < 1e-9);
	assert_int_not_equal(out->components->density->value_value_case, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(keywords_come_heaviest_first),   API_TEST(a_scored_domain_is_complete),
		API_TEST(what_is_missing_is_said),        API_TEST(refusals),
		API_TEST(a_profile_that_is_gone_is_said),
	};

	return cmocka_run_group_tests(tests, open_with_seeds, close_with_seeds);
}
