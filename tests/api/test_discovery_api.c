/* DiscoveryService over the wire: the vectors of docs/spec/01-domain-model.md §6, an independent computation of names,
 * and campaigns whose offsets are written by hand. */
#include "api_fixture.h"

#include "domainflow/v2/campaign_service.grpc-c.client.h"
#include "domainflow/v2/discovery_service.grpc-c.client.h"

#include "store/query.h"
#include "store/tx.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NOBODY "0190f3a0-0000-7000-8000-000000000001"

typedef Domainflow__V2__PreviewPatternRequest Preview;
typedef Domainflow__V2__PatternPreview Previewed;

#define PREVIEW(name) DOMAINFLOW__V2__PREVIEW_PATTERN_REQUEST__##name

static struct status preview(Preview *in, Previewed **out)
{
	Domainflow__V2__PreviewPatternResponse *answer = NULL;
	struct df_call call = api_call(NULL);
	struct status st = domainflow_v2_discovery_preview_pattern(api_fixture.connection, &call, in, &answer);

	if (status_ok(st)) {
		assert_true(answer->success);
		assert_string_not_equal(answer->request_id, "");
		*out = answer->data;
	}
	return st;
}

static Preview pattern(const char *type, int prefix, int suffix, const char *charset, const char *constant)
{
	Preview in = DOMAINFLOW__V2__PREVIEW_PATTERN_REQUEST__INIT;

	in.pattern_type = api_text(type);
	if (prefix >= 0) {
		in.prefix_length_value_case = PREVIEW(PREFIX_LENGTH_VALUE_PREFIX_VARIABLE_LENGTH);
		in.prefix_variable_length = prefix;
	}
	if (suffix >= 0) {
		in.suffix_length_value_case = PREVIEW(SUFFIX_LENGTH_VALUE_SUFFIX_VARIABLE_LENGTH);
		in.suffix_variable_length = suffix;
	}
	in.character_set = api_text(charset);
	in.constant_string = api_text(constant);
	in.sample_size_value_case = PREVIEW(SAMPLE_SIZE_VALUE_SAMPLE_SIZE);
	in.sample_size = 50;
	return in;
}

static void script(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void script(const char *format, ...)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	char sql[800];
	va_list args;

	va_start(args, format);
	vsnprintf(sql, sizeof sql, format, args);
	va_end(args);
	expect_ok(store_single(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
}

static void set_last_offset(const char *hash, int64_t last)
{
	script("INSERT INTO domain_generation_config_states (config_hash, last_offset, config_details)"
	       " VALUES ('%s', %" PRId64 ", '{}') ON CONFLICT (config_hash) DO UPDATE SET last_offset = %" PRId64,
	       hash, last, last);
}

static void the_vectors_of_the_specification_hold(void **state)
{
	static const struct {
		const char *type, *charset, *constant, *tlds[2], *hash;
		int prefix, suffix;
		int64_t total, offset;
		const char *name;
	} cases[] = {
		{ "prefix",
		  "abcdefghijklmnopqrstuvwxyz",
		  "shop",
		  { ".com" },
		  "b4ea995981445444255586b65adba905005dfd35692ed12e44fa38285155c371",
		  3,
		  -1,
		  17576,
		  0,
		  "aaashop.com" },
		{ "prefix", "abcdefghijklmnopqrstuvwxyz", "shop", { ".com" }, NULL, 3, -1, 17576, 26, "abashop.com" },
		{ "prefix",
		  "abcdefghijklmnopqrstuvwxyz",
		  "shop",
		  { ".com" },
		  NULL,
		  3,
		  -1,
		  17576,
		  17575,
		  "zzzshop.com" },
		{ "prefix",
		  "abcdefghijklmnopqrstuvwxyz",
		  "shop",
		  { ".net" },
		  "122b86b6148e8ece91c4e16a317b87994201b5fb010bae6d0e8a21cdd2f7f8e9",
		  3,
		  -1,
		  17576,
		  1,
		  "aabshop.net" },
		{ "suffix", "abc", "dev", { "io" }, NULL, -1, 2, 9, 4, "devbb.io" },
		{ "both",
		  "ab",
		  "x",
		  { ".net" },
		  "9a71f9eadc469f3f05d205dd1a14a933697ba15498e1db6d83aa1e1991a2c45a",
		  2,
		  1,
		  8,
		  5,
		  "baxb.net" },
		{ "prefix_variable", "aab0a", "Z", { ".COM" }, NULL, 2, -1, 9, 2, "a0z.com" },
		{ "suffix", "cba", "dev", { ".io" }, NULL, -1, 2, 9, 5, "devba.io" },
		{ "prefix", "", "q", { ".com" }, NULL, 12, -1, 4738381338321616896, 1000000007, "aaaaaaqtnq79q.com" },
		{ "prefix", "", "q", { ".com" }, NULL, 13, -1, INT64_MAX, 0, "aaaaaaaaaaaaaq.com" },
		{ "suffix", "ab", "d", { ".io", ".com" }, NULL, -1, 1, 4, 1, "da.com" },
		{ "constant", "", "only", { ".io", ".com" }, NULL, -1, -1, 2, 1, "only.com" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		Preview in =
			pattern(cases[i].type, cases[i].prefix, cases[i].suffix, cases[i].charset, cases[i].constant);
		char *tlds[2] = { api_text(cases[i].tlds[0]), api_text(cases[i].tlds[1]) };
		Previewed *out = NULL;

		in.tlds = tlds;
		in.n_tlds = tlds[1] ? 2 : 1;
		expect_ok(preview(&in, &out));
		assert_int_equal(out->total_combinations, cases[i].total);
		if (cases[i].hash)
			assert_string_equal(out->config_hash, cases[i].hash);
		set_last_offset(out->config_hash, cases[i].offset - 1);
		expect_ok(preview(&in, &out));
		assert_int_equal(out->next_offset, cases[i].offset);
		assert_int_equal(out->remaining, cases[i].total - cases[i].offset);
		assert_int_equal(out->exhaustion_warning, cases[i].total - cases[i].offset < 10000);
		assert_string_equal(out->sample_domains[0], cases[i].name);
		assert_int_equal(*out->total_combinations_text != '\0', cases[i].total > INT64_C(9007199254740992));
	}
}

/* Another way to the same names: digits of the label number by division, invalid ones left out. */
static void samples_are_the_names_at_the_next_offset(void **state)
{
	static const char charset[] = "a-b", *tlds[] = { ".org", ".co.uk", ".de" };
	const int n = 3, length = 3, total = 27 * 3, start = 7;
	Preview in = pattern("both", 1, 2, charset, "m");
	Previewed *out = NULL;
	size_t seen = 0;

	(void)state;
	in.tld = api_text("org, .CO.uk,de,.org");
	in.sample_size = 30;
	expect_ok(preview(&in, &out));
	assert_int_equal(out->total_combinations, total);
	set_last_offset(out->config_hash, start - 1);
	expect_ok(preview(&in, &out));
	assert_int_equal(out->n_sample_domains, 30);
	for (int offset = start; offset < total && seen < 30; offset++) {
		int label = offset / 3;
		char digits[4] = "", name[32];

		for (int i = length - 1; i >= 0; i--, label /= n)
			digits[i] = charset[label % n];
		if (digits[0] == '-' || digits[2] == '-')
			continue;
		snprintf(name, sizeof name, "%cm%s%s", digits[0], digits + 1, tlds[offset % 3]);
		assert_string_equal(out->sample_domains[seen++], name);
	}
	assert_int_equal(seen, 30);
}

static void samples_end_with_the_pattern(void **state)
{
	Preview in = pattern("suffix", -1, 1, "abc", "end");
	Previewed *out = NULL;

	(void)state;
	expect_ok(preview(&in, &out));
	assert_int_equal(out->n_sample_domains, 3);
	set_last_offset(out->config_hash, 1);
	expect_ok(preview(&in, &out));
	assert_int_equal(out->n_sample_domains, 1);
	assert_string_equal(out->sample_domains[0], "endc.com");
	set_last_offset(out->config_hash, 2);
	expect_ok(preview(&in, &out));
	assert_int_equal(out->n_sample_domains, 0);
	assert_int_equal(out->remaining, 0);
	assert_true(out->exhaustion_warning);
	in.sample_size_value_case = 0;
	set_last_offset(out->config_hash, -1);
	in.constant_string = api_text("five");
	in.character_set = api_text("");
	expect_ok(preview(&in, &out));
	assert_int_equal(out->n_sample_domains, 5);
	in.sample_size_value_case = PREVIEW(SAMPLE_SIZE_VALUE_SAMPLE_SIZE);
	in.sample_size = 0;
	expect_ok(preview(&in, &out));
	assert_int_equal(out->n_sample_domains, 0);
}

static void every_mistake_of_a_pattern_comes_in_one_answer(void **state)
{
	Preview in = pattern("both", 65, 0, "a b", "sh op");
	char *tlds[] = { api_text(".com"), api_text("!") };
	Previewed *out = NULL;
	struct status st;
	static const char *const fields[] = { "prefixVariableLength", "constantString", "characterSet", "tlds[1]",
					      "suffixVariableLength", "sampleSize" };

	(void)state;
	in.tlds = tlds;
	in.n_tlds = 2;
	in.sample_size = 51;
	st = preview(&in, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		bool is_named = false;
		for (unsigned j = 0; *api_field(st, j); j++)
			is_named = is_named || strcmp(api_field(st, j), fields[i]) == 0;
		if (!is_named)
			fail_msg("%s is not named", fields[i]);
	}
	in = pattern("prefix", 1, -1, "ab", "shop");
	in.tld = api_text("com,c0m");
	st = preview(&in, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "tld");
	in = pattern("", -1, -1, "", "");
	st = preview(&in, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "patternType");
	in = pattern("prefix", -1, -1, "", "");
	in.variable_length_value_case = PREVIEW(VARIABLE_LENGTH_VALUE_VARIABLE_LENGTH);
	in.variable_length = 64;
	st = preview(&in, &out); /* a label of 64 */
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "prefixVariableLength");
}

/* --- campaigns of a pattern ----------------------------------------------------------------------------------- */

/* With offsets first..last of `hash`, created `age` hours ago. */
static const char *make_campaign(const char *name, const char *hash, int first, int last, int age)
{
	Domainflow__V2__CreateCampaignRequest in = DOMAINFLOW__V2__CREATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__CreateCampaignResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.name = api_text(name);
	expect_ok(domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &in, &out));
	script("UPDATE campaigns SET discovery_config_hash = '%s', discovery_offset_start = %d, discovery_offset_end = "
	       "%d,"
	       " created_at = now() - %d * interval '1 hour' WHERE id = '%s'",
	       hash, first, last, age, out->campaign->id);
	script("UPDATE campaign_counters SET total_domains = %d, dns_ok = %d, http_pending = %d, lead_pending = %d,"
	       " reject_pending = %d, keyword_hits = 1 WHERE campaign_id = '%s'",
	       last - first + 1, last - first + 1, last - first + 1, last - first + 1, last - first + 1,
	       out->campaign->id);
	return out->campaign->id;
}

static void phases_are(const char *id, const char *status, const char *which)
{
	script("UPDATE campaign_phases SET status = '%s' WHERE campaign_id = '%s' AND phase IN (%s)", status, id,
	       which);
}

#define ALL "'generation','dns','http','analysis','leads'"

static Domainflow__V2__DiscoveryLineage *lineage_of(const char *id)
{
	Domainflow__V2__GetDiscoveryLineageRequest in = DOMAINFLOW__V2__GET_DISCOVERY_LINEAGE_REQUEST__INIT;
	Domainflow__V2__GetDiscoveryLineageResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.campaign_id = api_text(id);
	expect_ok(domainflow_v2_discovery_get_discovery_lineage(api_fixture.connection, &call, &in, &out));
	return out->data;
}

static void prior_campaigns_come_newest_first_with_what_became_of_them(void **state)
{
	Preview in = pattern("prefix", 3, -1, "lineage", "prior");
	Domainflow__V2__DiscoveryLineage *lineage;
	const char *complete, *partial, *degraded;
	Previewed *out = NULL;
	char name[16];

	(void)state;
	expect_ok(preview(&in, &out));
	assert_int_equal(out->n_prior_campaigns, 0);
	complete = make_campaign("complete", out->config_hash, 0, 9, 4);
	phases_are(complete, "completed", ALL);
	partial = make_campaign("partial", out->config_hash, 10, 19, 3);
	phases_are(partial, "completed", "'generation','dns'");
	degraded = make_campaign("degraded", out->config_hash, 20, 29, 2);
	phases_are(degraded, "completed", ALL);
	phases_are(degraded, "failed", "'http'");
	make_campaign("pending", out->config_hash, 30, 39, 1);
	make_campaign("another pattern", "other", 0, 9, 0);
	expect_ok(preview(&in, &out));
	assert_int_equal(out->n_prior_campaigns, 4);
	assert_string_equal(out->prior_campaigns[0]->name, "pending");
	assert_int_equal(out->prior_campaigns[0]->stats->completeness,
			 DOMAINFLOW__V2__COMPLETENESS__COMPLETENESS_PENDING);
	assert_int_equal(out->prior_campaigns[1]->stats->completeness,
			 DOMAINFLOW__V2__COMPLETENESS__COMPLETENESS_DEGRADED);
	assert_int_equal(out->prior_campaigns[2]->stats->completeness,
			 DOMAINFLOW__V2__COMPLETENESS__COMPLETENESS_PARTIAL);
	assert_string_equal(out->prior_campaigns[3]->id, complete);
	assert_int_equal(out->prior_campaigns[3]->stats->completeness,
			 DOMAINFLOW__V2__COMPLETENESS__COMPLETENESS_COMPLETE);
	assert_int_equal(out->prior_campaigns[3]->stats->domains_generated, 10);
	assert_int_equal(out->prior_campaigns[3]->stats->dns_valid, 10);
	assert_int_equal(out->prior_campaigns[3]->stats->keyword_matches, 1);
	assert_int_equal(out->prior_campaigns[3]->stats->leads, 0);
	assert_int_equal(out->prior_campaigns[3]->offset_range->start, 0);
	assert_int_equal(out->prior_campaigns[3]->offset_range->end, 9);

	lineage = lineage_of(degraded); /* only what came before it */
	assert_string_equal(lineage->config_hash, out->config_hash);
	assert_int_equal(lineage->this_campaign->offset_start, 20);
	assert_int_equal(lineage->this_campaign->offset_end, 29);
	assert_int_equal(lineage->n_prior_campaigns, 2);
	assert_string_equal(lineage->prior_campaigns[0]->id, partial);
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof name, "more %d", i);
		make_campaign(name, out->config_hash, 100, 109, 0);
	}
	expect_ok(preview(&in, &out));
	assert_int_equal(out->n_prior_campaigns, 10);
}

static void a_campaign_without_names_has_no_lineage(void **state)
{
	Domainflow__V2__GetDiscoveryLineageRequest in = DOMAINFLOW__V2__GET_DISCOVERY_LINEAGE_REQUEST__INIT;
	Domainflow__V2__GetDiscoveryLineageResponse *out = NULL;
	Domainflow__V2__CreateCampaignRequest create = DOMAINFLOW__V2__CREATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__CreateCampaignResponse *made = NULL;
	Domainflow__V2__DiscoveryLineage *lineage;
	struct df_call call = api_call(NULL);

	(void)state;
	create.name = api_text("empty");
	expect_ok(domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &create, &made));
	lineage = lineage_of(made->campaign->id);
	assert_string_equal(lineage->config_hash, "");
	assert_int_equal(lineage->this_campaign->offset_start_value_case, 0);
	assert_int_equal(lineage->this_campaign->offset_end_value_case, 0);
	assert_int_equal(lineage->n_prior_campaigns, 0);
	in.campaign_id = api_text(NOBODY);
	expect_failure(domainflow_v2_discovery_get_discovery_lineage(api_fixture.connection, &call, &in, &out),
		       STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
}

static void the_offset_tells_none_from_zero(void **state)
{
	Domainflow__V2__GetPatternOffsetRequest in = DOMAINFLOW__V2__GET_PATTERN_OFFSET_REQUEST__INIT;
	Domainflow__V2__GetPatternOffsetResponse *out = NULL;
	Preview same = pattern("suffix", -1, 2, "xyz", "offset");
	struct df_call call = api_call(NULL);
	Previewed *previewed = NULL;
	struct status st;

	(void)state;
	expect_ok(preview(&same, &previewed));
	in.pattern_type = api_text("variable"); /* the same pattern in other words */
	in.suffix_length_value_case =
		DOMAINFLOW__V2__GET_PATTERN_OFFSET_REQUEST__SUFFIX_LENGTH_VALUE_SUFFIX_VARIABLE_LENGTH;
	in.suffix_variable_length = 2;
	in.character_set = api_text("XYZ");
	in.constant_string = api_text("Offset");
	expect_ok(domainflow_v2_discovery_get_pattern_offset(api_fixture.connection, &call, &in, &out));
	assert_false(out->has_state);
	assert_int_equal(out->current_offset, 0);
	set_last_offset(previewed->config_hash, 0);
	expect_ok(domainflow_v2_discovery_get_pattern_offset(api_fixture.connection, &call, &in, &out));
	assert_true(out->has_state);
	assert_int_equal(out->current_offset, 0);
	set_last_offset(previewed->config_hash, 7);
	expect_ok(domainflow_v2_discovery_get_pattern_offset(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->current_offset, 7);
	in.constant_string = api_text("off set");
	st = domainflow_v2_discovery_get_pattern_offset(api_fixture.connection, &call, &in, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "constantString");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(the_vectors_of_the_specification_hold),
		API_TEST(samples_are_the_names_at_the_next_offset),
		API_TEST(samples_end_with_the_pattern),
		API_TEST(every_mistake_of_a_pattern_comes_in_one_answer),
		API_TEST(prior_campaigns_come_newest_first_with_what_became_of_them),
		API_TEST(a_campaign_without_names_has_no_lineage),
		API_TEST(the_offset_tells_none_from_zero),
	};

	return cmocka_run_group_tests(tests, api_fixture_open, api_fixture_close);
}
