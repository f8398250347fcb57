/* Lists over the wire: both ways of paging, orders and filters, of campaigns, personas, keyword sets and rules. */
#include "api_fixture.h"

#include "domainflow/v2/campaign_service.grpc-c.client.h"
#include "domainflow/v2/keyword_set_service.grpc-c.client.h"
#include "domainflow/v2/persona_service.grpc-c.client.h"

#include "store/query.h"
#include "store/tx.h"

#include <stdio.h>
#include <string.h>

#define NOBODY "0190f3a0-0000-7000-8000-000000000001"

typedef Domainflow__V2__ListCampaignsRequest ListCampaigns;
typedef Domainflow__V2__ListPersonasRequest ListPersonas;
typedef Domainflow__V2__ListKeywordSetsRequest ListSets;
typedef Domainflow__V2__ListKeywordRulesRequest ListRules;

#define LIMIT(List, in, n) \
	((in).limit_value_case = DOMAINFLOW__V2__LIST_##List##_REQUEST__LIMIT_VALUE_LIMIT, (in).limit = (n))
#define OFFSET(List, in, n) \
	((in).offset_value_case = DOMAINFLOW__V2__LIST_##List##_REQUEST__OFFSET_VALUE_OFFSET, (in).offset = (n))

static Domainflow__V2__Campaign *make_campaign(const char *name)
{
	Domainflow__V2__CreateCampaignRequest in = DOMAINFLOW__V2__CREATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__CreateCampaignResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.name = api_text(name);
	expect_ok(domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &in, &out));
	return out->campaign;
}

static struct status list_campaigns(ListCampaigns *in, Domainflow__V2__ListCampaignsResponse **out)
{
	struct df_call call = api_call(NULL);

	return domainflow_v2_campaign_list_campaigns(api_fixture.connection, &call, in, out);
}

/* Names of all pages of `size`, by tokens, joined by blanks. */
static const char *names_by_token(ListCampaigns in, int size)
{
	Domainflow__V2__ListCampaignsResponse *out = NULL;
	char *all = api_text("");

	in.page_size = size;
	do {
		expect_ok(list_campaigns(&in, &out));
		for (size_t i = 0; i < out->n_campaigns; i++)
			all = arena_printf(api_fixture.arena, "%s%s ", all, out->campaigns[i]->name + strlen("order "));
		in.page_token = out->next_page_token;
	} while (*out->next_page_token);
	return all;
}

static const char *names_by_offset(ListCampaigns in, int size, int total)
{
	Domainflow__V2__ListCampaignsResponse *out = NULL;
	char *all = api_text("");

	LIMIT(CAMPAIGNS, in, size);
	for (int at = 0; at < total; at += size) {
		OFFSET(CAMPAIGNS, in, at);
		expect_ok(list_campaigns(&in, &out));
		assert_int_equal(out->total_size, total);
		for (size_t i = 0; i < out->n_campaigns; i++)
			all = arena_printf(api_fixture.arena, "%s%s ", all, out->campaigns[i]->name + strlen("order "));
	}
	return all;
}

static void campaigns_come_in_every_order_both_ways(void **state)
{
	static const struct {
		Domainflow__V2__CampaignSort sort;
		Domainflow__V2__SortDirection dir;
		const char *names;
	} cases[] = {
		{ 0, 0, "d B c A " },
		{ DOMAINFLOW__V2__CAMPAIGN_SORT__CAMPAIGN_SORT_CREATED_AT,
		  DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_ASC, "A c B d " },
		{ DOMAINFLOW__V2__CAMPAIGN_SORT__CAMPAIGN_SORT_CREATED_AT,
		  DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_DESC, "d B c A " },
		{ DOMAINFLOW__V2__CAMPAIGN_SORT__CAMPAIGN_SORT_UPDATED_AT, 0, "c d B A " },
		{ DOMAINFLOW__V2__CAMPAIGN_SORT__CAMPAIGN_SORT_UPDATED_AT,
		  DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_ASC, "A B d c " },
		{ DOMAINFLOW__V2__CAMPAIGN_SORT__CAMPAIGN_SORT_NAME, 0, "A B c d " },
		{ DOMAINFLOW__V2__CAMPAIGN_SORT__CAMPAIGN_SORT_NAME,
		  DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_DESC, "d c B A " },
	};
	Domainflow__V2__UpdateCampaignRequest update = DOMAINFLOW__V2__UPDATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__UpdateCampaignResponse *updated;
	struct df_call call = api_call(NULL);

	(void)state;
	make_campaign("order A");
	update.campaign_id = make_campaign("order c")->id;
	make_campaign("order B");
	make_campaign("order d");
	update.description_change_case = DOMAINFLOW__V2__UPDATE_CAMPAIGN_REQUEST__DESCRIPTION_CHANGE_DESCRIPTION;
	update.description = api_text("changed last");
	expect_ok(domainflow_v2_campaign_update_campaign(api_fixture.connection, &call, &update, &updated));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ListCampaigns in = DOMAINFLOW__V2__LIST_CAMPAIGNS_REQUEST__INIT;

		in.search = api_text("ORDER ");
		in.sort = cases[i].sort;
		in.dir = cases[i].dir;
		for (int size = 1; size <= 5; size++) {
			assert_string_equal(names_by_token(in, size), cases[i].names);
			assert_string_equal(names_by_offset(in, size, 4), cases[i].names);
		}
	}
}

static void a_token_belongs_to_its_order(void **state)
{
	ListCampaigns in = DOMAINFLOW__V2__LIST_CAMPAIGNS_REQUEST__INIT;
	Domainflow__V2__ListCampaignsResponse *out = NULL;
	struct status st;

	(void)state;
	make_campaign("token 1");
	make_campaign("token 2");
	in.page_size = 1;
	expect_ok(list_campaigns(&in, &out));
	in.page_token = out->next_page_token;
	in.dir = DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_ASC;
	st = list_campaigns(&in, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "PAGE_TOKEN_INVALID");
	assert_string_equal(api_field(st, 0), "pageToken");
}

static void a_long_name_still_has_a_next_page(void **state)
{
	ListCampaigns in = DOMAINFLOW__V2__LIST_CAMPAIGNS_REQUEST__INIT;
	Domainflow__V2__ListCampaignsResponse *out = NULL;
	char name[255 * 4 + 1] = "";

	(void)state;
	for (int i = 0; i < 255; i++)
		memcpy(name + (size_t)i * 4, "\xF0\x9F\x8C\x8D", 5);
	make_campaign(name);
	make_campaign(name);
	in.sort = DOMAINFLOW__V2__CAMPAIGN_SORT__CAMPAIGN_SORT_NAME;
	in.search = api_text("\xF0\x9F\x8C\x8D");
	in.page_size = 1;
	expect_ok(list_campaigns(&in, &out));
	in.page_token = out->next_page_token;
	expect_ok(list_campaigns(&in, &out));
	assert_int_equal(out->n_campaigns, 1);
	assert_string_equal(out->next_page_token, "");
}

static void the_two_ways_of_paging_do_not_mix(void **state)
{
	static const struct {
		int page_size;
		const char *token;
		bool has_limit, has_offset;
		int limit, offset;
		const char *field;
	} cases[] = {
		{ .page_size = 5, .has_limit = true, .limit = 5, .field = "limit" },
		{ .page_size = 5, .has_offset = true, .field = "offset" },
		{ .token = "x", .has_offset = true, .field = "offset" },
		{ .token = "x", .has_limit = true, .limit = 5, .has_offset = true, .field = "offset" },
		{ .has_limit = true, .limit = 0, .field = "limit" },
		{ .has_limit = true, .limit = -1, .field = "limit" },
		{ .has_limit = true, .limit = 1001, .field = "limit" },
		{ .has_offset = true, .offset = -1, .field = "offset" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ListCampaigns in = DOMAINFLOW__V2__LIST_CAMPAIGNS_REQUEST__INIT;
		Domainflow__V2__ListCampaignsResponse *out = NULL;
		struct status st;

		in.page_size = cases[i].page_size;
		in.page_token = api_text(cases[i].token ? cases[i].token : "");
		if (cases[i].has_limit)
			LIMIT(CAMPAIGNS, in, cases[i].limit);
		if (cases[i].has_offset)
			OFFSET(CAMPAIGNS, in, cases[i].offset);
		st = list_campaigns(&in, &out);
		expect_failure(st, STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
		assert_string_equal(api_field(st, 0), cases[i].field);
	}
}

static void make_persona(const char *name, bool is_dns, bool is_disabled)
{
	Domainflow__V2__CreatePersonaRequest in = DOMAINFLOW__V2__CREATE_PERSONA_REQUEST__INIT;
	Domainflow__V2__CreatePersonaResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.name = api_text(name);
	in.persona_type = is_dns ? DOMAINFLOW__V2__PERSONA_TYPE__PERSONA_TYPE_DNS
				 : DOMAINFLOW__V2__PERSONA_TYPE__PERSONA_TYPE_HTTP;
	in.config_details = api_text(is_dns ? "{\"resolvers\":[\"192.0.2.1\"]}" : "{\"userAgent\":\"x\"}");
	in.is_disabled = is_disabled;
	expect_ok(domainflow_v2_persona_create_persona(api_fixture.connection, &call, &in, &out));
}

static void personas_are_filtered_counted_and_paged(void **state)
{
	ListPersonas in = DOMAINFLOW__V2__LIST_PERSONAS_REQUEST__INIT;
	Domainflow__V2__ListPersonasResponse *out = NULL;
	struct df_call call = api_call(NULL);
	struct status st;

	(void)state;
	make_persona("a", true, false);
	make_persona("b", false, false);
	make_persona("c", true, true);
	make_persona("d", true, false);
	LIMIT(PERSONAS, in, 2);
	OFFSET(PERSONAS, in, 1);
	expect_ok(domainflow_v2_persona_list_personas(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->total_size, 4);
	assert_int_equal(out->n_personas, 2);
	assert_string_equal(out->personas[0]->name, "b");
	assert_string_equal(out->personas[1]->name, "c");
	OFFSET(PERSONAS, in, 4);
	expect_ok(domainflow_v2_persona_list_personas(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->n_personas, 0);
	assert_int_equal(out->total_size, 4);
	OFFSET(PERSONAS, in, 0);
	in.enabled_filter_case = DOMAINFLOW__V2__LIST_PERSONAS_REQUEST__ENABLED_FILTER_IS_ENABLED;
	expect_ok(domainflow_v2_persona_list_personas(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->total_size, 1);
	assert_string_equal(out->personas[0]->name, "c");
	in.is_enabled = true;
	in.persona_type = DOMAINFLOW__V2__PERSONA_TYPE__PERSONA_TYPE_DNS;
	expect_ok(domainflow_v2_persona_list_personas(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->total_size, 2);
	assert_string_equal(out->personas[1]->name, "d");
	in.is_enabled = false;
	in.only_enabled = true;
	st = domainflow_v2_persona_list_personas(api_fixture.connection, &call, &in, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
	assert_string_equal(api_field(st, 0), "isEnabled");
}

static Domainflow__V2__KeywordSet *make_set(const char *name, bool is_disabled, const char *const *patterns, size_t n)
{
	Domainflow__V2__CreateKeywordSetRequest in = DOMAINFLOW__V2__CREATE_KEYWORD_SET_REQUEST__INIT;
	Domainflow__V2__CreateKeywordSetResponse *out = NULL;
	Domainflow__V2__KeywordRule rules[8], *list[8];
	struct df_call call = api_call(NULL);

	for (size_t i = 0; i < n; i++) {
		domainflow__v2__keyword_rule__init(&rules[i]);
		rules[i].pattern = api_text(patterns[i]);
		rules[i].category = api_text(i % 2 ? "Odd" : "even");
		rules[i].is_case_sensitive = i == 0;
		list[i] = &rules[i];
	}
	in.name = api_text(name);
	in.is_disabled = is_disabled;
	in.rules = list;
	in.n_rules = n;
	expect_ok(domainflow_v2_keyword_set_create_keyword_set(api_fixture.connection, &call, &in, &out));
	return out->keyword_set;
}

static void keyword_sets_come_with_rules_when_asked(void **state)
{
	static const char *const words[] = { "zebra", "apple", "mango" };
	ListSets in = DOMAINFLOW__V2__LIST_KEYWORD_SETS_REQUEST__INIT;
	Domainflow__V2__ListKeywordSetsResponse *out = NULL;
	struct df_call call = api_call(NULL);

	(void)state;
	make_set("set a", false, words, 3);
	make_set("set b", true, words, 0);
	make_set("set c", false, words + 1, 1);
	expect_ok(domainflow_v2_keyword_set_list_keyword_sets(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->total_size, 3);
	assert_int_equal(out->keyword_sets[0]->n_rules, 0);
	assert_int_equal(out->keyword_sets[0]->rule_count, 3);
	in.include_rules = true;
	expect_ok(domainflow_v2_keyword_set_list_keyword_sets(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->keyword_sets[0]->n_rules, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(out->keyword_sets[0]->rules[i]->pattern, words[i]);
		assert_string_equal(out->keyword_sets[0]->rules[i]->keyword_set_id, out->keyword_sets[0]->id);
		assert_non_null(out->keyword_sets[0]->rules[i]->created_at);
	}
	assert_int_equal(out->keyword_sets[1]->n_rules, 0);
	assert_int_equal(out->keyword_sets[2]->n_rules, 1);
	assert_string_equal(out->keyword_sets[2]->rules[0]->pattern, "apple");
	in.enabled_filter_case = DOMAINFLOW__V2__LIST_KEYWORD_SETS_REQUEST__ENABLED_FILTER_IS_ENABLED;
	expect_ok(domainflow_v2_keyword_set_list_keyword_sets(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->total_size, 1);
	assert_string_equal(out->keyword_sets[0]->name, "set b");
}

static void too_many_rules_for_one_answer_are_refused(void **state)
{
	static const char *const words[] = { "one" };
	ListSets in = DOMAINFLOW__V2__LIST_KEYWORD_SETS_REQUEST__INIT;
	Domainflow__V2__ListKeywordSetsResponse *out = NULL;
	struct df_call call = api_call(NULL);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct status st;

	(void)state;
	make_set("0 large", false, words, 1);
	make_set("1 large", false, words, 1);
	expect_ok(store_single(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, "INSERT INTO keyword_rules (keyword_set_id, id, position, pattern)"
				   " SELECT s.id, gen_random_uuid(), i, 'word ' || i"
				   " FROM keyword_sets s, generate_series(1, 5000) AS i WHERE s.name LIKE '_ large'"));
	in.include_rules = true;
	in.page_size = 1;
	expect_ok(domainflow_v2_keyword_set_list_keyword_sets(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->keyword_sets[0]->n_rules, 5001);
	in.page_size = 2;
	st = domainflow_v2_keyword_set_list_keyword_sets(api_fixture.connection, &call, &in, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
	assert_string_equal(api_field(st, 0), "includeRules");
	expect_ok(store_script(tx, "DELETE FROM keyword_sets WHERE name LIKE '_ large'"));
}

static void rules_are_filtered_and_paged(void **state)
{
	static const char *const words[] = { "Telecom", "fibre", "tele", "router" };
	const char *id = make_set("rules", false, words, 4)->id;
	ListRules in = DOMAINFLOW__V2__LIST_KEYWORD_RULES_REQUEST__INIT;
	Domainflow__V2__ListKeywordRulesResponse *out = NULL;
	struct df_call call = api_call(NULL);
	size_t seen = 0;

	(void)state;
	in.keyword_set_id = api_text(id);
	in.page_size = 3;
	do {
		expect_ok(domainflow_v2_keyword_set_list_keyword_rules(api_fixture.connection, &call, &in, &out));
		assert_int_equal(out->total_size, 4);
		for (size_t i = 0; i < out->n_rules; i++)
			assert_string_equal(out->rules[i]->pattern, words[seen++]);
		in.page_token = out->next_page_token;
	} while (*out->next_page_token);
	assert_int_equal(seen, 4);
	in = (ListRules)DOMAINFLOW__V2__LIST_KEYWORD_RULES_REQUEST__INIT;
	in.keyword_set_id = api_text(id);
	in.pattern = api_text("TELE");
	expect_ok(domainflow_v2_keyword_set_list_keyword_rules(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->total_size, 2);
	in.case_filter_case = DOMAINFLOW__V2__LIST_KEYWORD_RULES_REQUEST__CASE_FILTER_IS_CASE_SENSITIVE;
	in.is_case_sensitive = true;
	expect_ok(domainflow_v2_keyword_set_list_keyword_rules(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->total_size, 1);
	assert_string_equal(out->rules[0]->pattern, "Telecom");
	in = (ListRules)DOMAINFLOW__V2__LIST_KEYWORD_RULES_REQUEST__INIT;
	in.keyword_set_id = api_text(id);
	in.category = api_text("odd");
	LIMIT(KEYWORD_RULES, in, 1);
	OFFSET(KEYWORD_RULES, in, 1);
	expect_ok(domainflow_v2_keyword_set_list_keyword_rules(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->total_size, 2);
	assert_int_equal(out->n_rules, 1);
	assert_string_equal(out->rules[0]->pattern, "router");
	in.rule_type = DOMAINFLOW__V2__RULE_TYPE__RULE_TYPE_REGEX;
	expect_ok(domainflow_v2_keyword_set_list_keyword_rules(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->total_size, 0);
	in.keyword_set_id = api_text(NOBODY);
	expect_failure(domainflow_v2_keyword_set_list_keyword_rules(api_fixture.connection, &call, &in, &out),
		       STATUS_NOT_FOUND, "KEYWORD_SET_UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(campaigns_come_in_every_order_both_ways),   API_TEST(a_token_belongs_to_its_order),
		API_TEST(a_long_name_still_has_a_next_page),         API_TEST(the_two_ways_of_paging_do_not_mix),
		API_TEST(personas_are_filtered_counted_and_paged),   API_TEST(keyword_sets_come_with_rules_when_asked),
		API_TEST(too_many_rules_for_one_answer_are_refused), API_TEST(rules_are_filtered_and_paged),
	};

	return cmocka_run_group_tests(tests, api_fixture_open, api_fixture_close);
}
