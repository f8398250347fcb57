/* CampaignService, PersonaService and KeywordSetService over the wire. */
#include "api_fixture.h"

#include "domainflow/v2/campaign_service.grpc-c.client.h"
#include "domainflow/v2/keyword_set_service.grpc-c.client.h"
#include "domainflow/v2/persona_service.grpc-c.client.h"

#include "store/query.h"
#include "store/tx.h"

#include <stdio.h>
#include <string.h>

#define PATTERN "{\"type\":\"prefix\",\"variableLength\":3,\"constant\":\"shop\",\"targetDomains\":500}"
#define NOBODY  "0190f3a0-0000-7000-8000-000000000001"

/* Messages are only read; protobuf-c's fields are not const. */
static char *text(const char *t)
{
	return (char *)(uintptr_t)t;
}

static Domainflow__V2__Campaign *make_campaign(const char *name, const char *key)
{
	Domainflow__V2__CreateCampaignRequest in = DOMAINFLOW__V2__CREATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__CreateCampaignResponse *out = NULL;
	struct df_call call = api_call(key);

	in.name = text(name);
	in.configuration = text("{\"maxDomains\":5000}");
	in.pattern_config = text(PATTERN);
	expect_ok(domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &in, &out));
	return out->campaign;
}

static void a_campaign_is_created_read_changed_copied_and_removed(void **state)
{
	Domainflow__V2__Campaign *made = make_campaign("Telecom", NULL);
	Domainflow__V2__GetCampaignRequest get = DOMAINFLOW__V2__GET_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__UpdateCampaignRequest update = DOMAINFLOW__V2__UPDATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__DuplicateCampaignRequest duplicate = DOMAINFLOW__V2__DUPLICATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__DeleteCampaignRequest delete = DOMAINFLOW__V2__DELETE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__GetCampaignResponse *got = NULL;
	Domainflow__V2__UpdateCampaignResponse *updated = NULL;
	Domainflow__V2__DuplicateCampaignResponse *copy = NULL;
	Domainflow__V2__DeleteCampaignResponse *deleted = NULL;
	struct df_call call = api_call(NULL);
	struct status st;

	(void)state;
	assert_int_equal(made->status, DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_DRAFT);
	assert_int_equal(made->mode, DOMAINFLOW__V2__CAMPAIGN_MODE__CAMPAIGN_MODE_STEP_BY_STEP);
	assert_int_equal(made->current_phase, DOMAINFLOW__V2__PHASE__PHASE_GENERATION);
	assert_non_null(strstr(made->configuration, "configHash"));
	assert_non_null(made->created_at);
	assert_null(made->started_at);
	assert_string_equal(made->scoring_profile_id, "");
	assert_int_equal(api_fixture.moved, 1);

	get.campaign_id = made->id;
	expect_ok(domainflow_v2_campaign_get_campaign(api_fixture.connection, &call, &get, &got));
	assert_string_equal(got->campaign->configuration, made->configuration);

	update.campaign_id = made->id;
	update.name_change_case = DOMAINFLOW__V2__UPDATE_CAMPAIGN_REQUEST__NAME_CHANGE_NAME;
	update.name = text("Other");
	expect_ok(domainflow_v2_campaign_update_campaign(api_fixture.connection, &call, &update, &updated));
	assert_string_equal(updated->campaign->name, "Other");
	update.configuration = text("{}");
	st = domainflow_v2_campaign_update_campaign(api_fixture.connection, &call, &update, &updated);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "configuration");

	duplicate.campaign_id = made->id;
	expect_ok(domainflow_v2_campaign_duplicate_campaign(api_fixture.connection, &call, &duplicate, &copy));
	assert_string_equal(copy->campaign->name, "Other (Copy)");
	assert_string_equal(copy->campaign->duplicated_from, made->id);

	delete.campaign_id = made->id;
	expect_ok(domainflow_v2_campaign_delete_campaign(api_fixture.connection, &call, &delete, &deleted));
	st = domainflow_v2_campaign_get_campaign(api_fixture.connection, &call, &get, &got);
	expect_failure(st, STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
	assert_string_equal(st.extra->resource_type, "campaign");
	assert_string_equal(st.extra->resource_name, made->id);
	st = domainflow_v2_campaign_delete_campaign(api_fixture.connection, &call, &delete, &deleted);
	expect_failure(st, STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
}

static void every_mistake_comes_in_one_answer(void **state)
{
	Domainflow__V2__CreateCampaignRequest in = DOMAINFLOW__V2__CREATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__CreateCampaignResponse *out = NULL;
	struct df_call call = api_call(NULL);
	struct status st;

	(void)state;
	in.scoring_profile_id = text(NOBODY);
	in.configuration = text(
		"{\"patternConfig\":{\"type\":\"prefix\",\"tlds\":[\".com\",\"!\"],\"personaIds\":[\"" NOBODY "\"]}}");
	st = domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &in, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "configuration.patternConfig.tlds[1]");
	assert_string_equal(api_field(st, 1), "configuration.patternConfig.prefixVariableLength");
	assert_string_equal(api_field(st, 2), "name");
	assert_string_equal(api_field(st, 3), "scoringProfileId");
	assert_string_equal(api_field(st, 4), "configuration.patternConfig.personaIds[0]");
	assert_string_equal(api_field(st, 5), "");
	in.configuration = text("{\"maxDomains\":\"many\"}");
	st = domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &in, &out);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
}

static void a_repeated_create_creates_once(void **state)
{
	Domainflow__V2__Campaign *first = make_campaign("Once", "key-1"), *second = make_campaign("Once", "key-1");
	Domainflow__V2__DeleteCampaignRequest delete = DOMAINFLOW__V2__DELETE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__DeleteCampaignResponse *deleted = NULL;
	struct df_call call = api_call("key-2");

	(void)state;
	assert_string_equal(first->id, second->id);
	assert_int_equal(api_fixture.moved, 1);
	delete.campaign_id = first->id;
	expect_ok(domainflow_v2_campaign_delete_campaign(api_fixture.connection, &call, &delete, &deleted));
	expect_ok(domainflow_v2_campaign_delete_campaign(api_fixture.connection, &call, &delete, &deleted));
}

static void a_refused_removal_removes_nothing(void **state)
{
	static const char key[] = "01234567890123456789012345678901234567890123456789012345678901234"; /* 65 */
	Domainflow__V2__Campaign *made = make_campaign("Kept", NULL);
	Domainflow__V2__DeleteCampaignRequest delete = DOMAINFLOW__V2__DELETE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__DeleteCampaignResponse *deleted = NULL;
	struct df_call call = api_call(key);
	char sql[300], id[64];
	AUTO(pgresult) PGresult *rows = NULL;
	AUTO(store_tx) struct store_tx *tx = NULL;

	(void)state;
	snprintf(id, sizeof id, "%s", made->id);
	snprintf(sql, sizeof sql,
		 "INSERT INTO domains (campaign_id, offset_index, domain_name) VALUES ('%s', 1, 'a.com')", id);
	expect_ok(store_begin(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
	expect_ok(store_commit(&tx));
	delete.campaign_id = id;
	expect_failure(domainflow_v2_campaign_delete_campaign(api_fixture.connection, &call, &delete, &deleted),
		       STATUS_INVALID_ARGUMENT, "BAD_IDEMPOTENCY_KEY");
	expect_ok(store_begin(api_fixture.store->pool, 0, &tx));
	snprintf(sql, sizeof sql, "SELECT 1 FROM domains WHERE campaign_id = '%s'", id);
	expect_ok(store_query(tx, SQL_TEXT(sql), &rows));
	assert_int_equal(PQntuples(rows), 1);
}

static void malformed_ids_are_bad_requests(void **state)
{
	Domainflow__V2__GetCampaignRequest campaign = DOMAINFLOW__V2__GET_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__GetPersonaRequest persona = DOMAINFLOW__V2__GET_PERSONA_REQUEST__INIT;
	Domainflow__V2__GetKeywordSetRequest set = DOMAINFLOW__V2__GET_KEYWORD_SET_REQUEST__INIT;
	Domainflow__V2__GetCampaignResponse *a;
	Domainflow__V2__GetPersonaResponse *b;
	Domainflow__V2__GetKeywordSetResponse *c;
	struct df_call call = api_call(NULL);

	(void)state;
	campaign.campaign_id = persona.persona_id = set.keyword_set_id = text("not-an-id");
	expect_failure(domainflow_v2_campaign_get_campaign(api_fixture.connection, &call, &campaign, &a),
		       STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
	expect_failure(domainflow_v2_persona_get_persona(api_fixture.connection, &call, &persona, &b),
		       STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
	expect_failure(domainflow_v2_keyword_set_get_keyword_set(api_fixture.connection, &call, &set, &c),
		       STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
	campaign.campaign_id = persona.persona_id = set.keyword_set_id = text(NOBODY);
	expect_failure(domainflow_v2_campaign_get_campaign(api_fixture.connection, &call, &campaign, &a),
		       STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
	expect_failure(domainflow_v2_persona_get_persona(api_fixture.connection, &call, &persona, &b), STATUS_NOT_FOUND,
		       "PERSONA_UNKNOWN");
	expect_failure(domainflow_v2_keyword_set_get_keyword_set(api_fixture.connection, &call, &set, &c),
		       STATUS_NOT_FOUND, "KEYWORD_SET_UNKNOWN");
}

static void campaigns_are_listed_page_by_page(void **state)
{
	Domainflow__V2__ListCampaignsRequest in = DOMAINFLOW__V2__LIST_CAMPAIGNS_REQUEST__INIT;
	Domainflow__V2__ListCampaignsResponse *out = NULL;
	struct df_call call = api_call(NULL);
	char name[32];
	int seen = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof name, "Listed %d", i);
		make_campaign(name, NULL);
	}
	in.search = text("LISTED");
	in.page_size = 2;
	do {
		expect_ok(domainflow_v2_campaign_list_campaigns(api_fixture.connection, &call, &in, &out));
		assert_int_equal(out->total_size, 5);
		for (size_t i = 0; i < out->n_campaigns; i++) { /* newest first */
			snprintf(name, sizeof name, "Listed %d", 4 - seen++);
			assert_string_equal(out->campaigns[i]->name, name);
		}
		in.page_token = out->next_page_token;
	} while (*out->next_page_token);
	assert_int_equal(seen, 5);
	in.page_token = text("nonsense");
	expect_failure(domainflow_v2_campaign_list_campaigns(api_fixture.connection, &call, &in, &out),
		       STATUS_INVALID_ARGUMENT, "PAGE_TOKEN_INVALID");
	in.page_token = text("");
	in.page_size = -1;
	expect_failure(domainflow_v2_campaign_list_campaigns(api_fixture.connection, &call, &in, &out),
		       STATUS_INVALID_ARGUMENT, "BAD_REQUEST");
}

static void a_persona_lives_and_dies(void **state)
{
	Domainflow__V2__CreatePersonaRequest create = DOMAINFLOW__V2__CREATE_PERSONA_REQUEST__INIT;
	Domainflow__V2__UpdatePersonaRequest update = DOMAINFLOW__V2__UPDATE_PERSONA_REQUEST__INIT;
	Domainflow__V2__ListPersonasRequest list = DOMAINFLOW__V2__LIST_PERSONAS_REQUEST__INIT;
	Domainflow__V2__DeletePersonaRequest delete = DOMAINFLOW__V2__DELETE_PERSONA_REQUEST__INIT;
	Domainflow__V2__CreatePersonaResponse *made = NULL, *again = NULL;
	Domainflow__V2__UpdatePersonaResponse *updated = NULL;
	Domainflow__V2__ListPersonasResponse *listed = NULL;
	Domainflow__V2__DeletePersonaResponse *deleted = NULL;
	struct df_call call = api_call(NULL);
	struct status st;

	(void)state;
	create.name = text("Resolver");
	create.persona_type = DOMAINFLOW__V2__PERSONA_TYPE__PERSONA_TYPE_DNS;
	create.config_details = text("{\"personaType\":\"dns\",\"resolvers\":[\"192.0.2.1\"]}");
	expect_ok(domainflow_v2_persona_create_persona(api_fixture.connection, &call, &create, &made));
	assert_int_equal(made->persona->persona_type, DOMAINFLOW__V2__PERSONA_TYPE__PERSONA_TYPE_DNS);
	assert_true(made->persona->is_enabled);
	st = domainflow_v2_persona_create_persona(api_fixture.connection, &call, &create, &again);
	expect_failure(st, STATUS_ALREADY_EXISTS, "PERSONA_NAME_TAKEN");
	create.name = text("No type");
	create.persona_type = DOMAINFLOW__V2__PERSONA_TYPE__PERSONA_TYPE_UNSPECIFIED;
	st = domainflow_v2_persona_create_persona(api_fixture.connection, &call, &create, &again);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "personaType");

	update.persona_id = made->persona->id;
	update.enabled_change_case = DOMAINFLOW__V2__UPDATE_PERSONA_REQUEST__ENABLED_CHANGE_IS_ENABLED;
	update.is_enabled = false;
	expect_ok(domainflow_v2_persona_update_persona(api_fixture.connection, &call, &update, &updated));
	assert_false(updated->persona->is_enabled);
	assert_string_equal(updated->persona->name, "Resolver");

	expect_ok(domainflow_v2_persona_list_personas(api_fixture.connection, &call, &list, &listed));
	assert_int_equal(listed->n_personas, 1);
	list.only_enabled = true;
	expect_ok(domainflow_v2_persona_list_personas(api_fixture.connection, &call, &list, &listed));
	assert_int_equal(listed->n_personas, 0);

	delete.persona_id = made->persona->id;
	expect_ok(domainflow_v2_persona_delete_persona(api_fixture.connection, &call, &delete, &deleted));
	expect_failure(domainflow_v2_persona_delete_persona(api_fixture.connection, &call, &delete, &deleted),
		       STATUS_NOT_FOUND, "PERSONA_UNKNOWN");
}

static void a_keyword_set_lives_and_dies(void **state)
{
	Domainflow__V2__KeywordRule rule = DOMAINFLOW__V2__KEYWORD_RULE__INIT,
				    other = DOMAINFLOW__V2__KEYWORD_RULE__INIT;
	Domainflow__V2__KeywordRule *rules[] = { &rule, &other };
	Domainflow__V2__KeywordRuleList new_rules = DOMAINFLOW__V2__KEYWORD_RULE_LIST__INIT;
	Domainflow__V2__CreateKeywordSetRequest create = DOMAINFLOW__V2__CREATE_KEYWORD_SET_REQUEST__INIT;
	Domainflow__V2__UpdateKeywordSetRequest update = DOMAINFLOW__V2__UPDATE_KEYWORD_SET_REQUEST__INIT;
	Domainflow__V2__ListKeywordSetsRequest list = DOMAINFLOW__V2__LIST_KEYWORD_SETS_REQUEST__INIT;
	Domainflow__V2__DeleteKeywordSetRequest delete = DOMAINFLOW__V2__DELETE_KEYWORD_SET_REQUEST__INIT;
	Domainflow__V2__CreateKeywordSetResponse *made = NULL, *refused = NULL;
	Domainflow__V2__UpdateKeywordSetResponse *updated = NULL;
	Domainflow__V2__ListKeywordSetsResponse *listed = NULL;
	Domainflow__V2__DeleteKeywordSetResponse *deleted = NULL;
	struct df_call call = api_call(NULL);
	struct status st;

	(void)state;
	rule.pattern = text("telecom");
	other.pattern = text("fibre");
	other.context_case = DOMAINFLOW__V2__KEYWORD_RULE__CONTEXT_CONTEXT_CHARS;
	other.context_chars = 0;
	other.rule_weight_case = DOMAINFLOW__V2__KEYWORD_RULE__RULE_WEIGHT_WEIGHT;
	other.weight = 2;
	create.name = text("Words");
	create.rules = rules;
	create.n_rules = 2;
	expect_ok(domainflow_v2_keyword_set_create_keyword_set(api_fixture.connection, &call, &create, &made));
	assert_int_equal(made->keyword_set->n_rules, 2);
	assert_int_equal(made->keyword_set->rule_count, 2);
	assert_int_equal(made->keyword_set->rules[0]->context_chars, 40);
	assert_int_equal(made->keyword_set->rules[1]->context_chars, 0);
	assert_int_equal(made->keyword_set->rules[0]->rule_type, DOMAINFLOW__V2__RULE_TYPE__RULE_TYPE_STRING);
	rule.rule_type = DOMAINFLOW__V2__RULE_TYPE__RULE_TYPE_REGEX;
	create.name = text("Regex");
	st = domainflow_v2_keyword_set_create_keyword_set(api_fixture.connection, &call, &create, &refused);
	expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
	assert_string_equal(api_field(st, 0), "rules[0].ruleType");

	rules[0] = &other;
	new_rules.rules = rules;
	new_rules.n_rules = 1;
	update.keyword_set_id = made->keyword_set->id;
	update.rules = &new_rules;
	expect_ok(domainflow_v2_keyword_set_update_keyword_set(api_fixture.connection, &call, &update, &updated));
	assert_int_equal(updated->keyword_set->n_rules, 1);
	assert_string_equal(updated->keyword_set->rules[0]->id, made->keyword_set->rules[1]->id);

	expect_ok(domainflow_v2_keyword_set_list_keyword_sets(api_fixture.connection, &call, &list, &listed));
	assert_int_equal(listed->n_keyword_sets, 1);
	assert_int_equal(listed->keyword_sets[0]->n_rules, 0);
	assert_int_equal(listed->keyword_sets[0]->rule_count, 1);

	delete.keyword_set_id = made->keyword_set->id;
	expect_ok(domainflow_v2_keyword_set_delete_keyword_set(api_fixture.connection, &call, &delete, &deleted));
	expect_failure(domainflow_v2_keyword_set_delete_keyword_set(api_fixture.connection, &call, &delete, &deleted),
		       STATUS_NOT_FOUND, "KEYWORD_SET_UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(a_campaign_is_created_read_changed_copied_and_removed),
		API_TEST(every_mistake_comes_in_one_answer),
		API_TEST(a_repeated_create_creates_once),
		API_TEST(a_refused_removal_removes_nothing),
		API_TEST(malformed_ids_are_bad_requests),
		API_TEST(campaigns_are_listed_page_by_page),
		API_TEST(a_persona_lives_and_dies),
		API_TEST(a_keyword_set_lives_and_dies),
	};

	return cmocka_run_group_tests(tests, api_fixture_open, api_fixture_close);
}
