/* Campaigns created, copied, listed, changed and removed in a real database. */
#include "store/store_fixture.h"

#include "base/arena.h"
#include "base/clock.h"
#include "campaign/campaign_create.h"
#include "campaign/campaign_crud.h"
#include "catalog/keyword_set.h"
#include "catalog/persona.h"
#include "phase/generation/generation_config.h"
#include "phase/http/http_config.h"
#include "store/pool.h"
#include "store/query.h"
#include "store/row.h"
#include "store/state_store.h"
#include "store/tx.h"
#include "work/cancel.h"

#include <stdio.h>
#include <string.h>

static struct fixture *fixture;
static struct arena *arena;
static struct store_tx *tx;
static const struct campaign_author author = { .workspace = "default", .user_id = "tester" };

/* Each test runs in one transaction that is rolled back, unless it commits on its own. */
static int begin(void **state)
{
	(void)state;
	arena = arena_create(0);
	return arena && status_ok(store_begin(fixture->pool, 0, &tx)) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	store_rollback(&tx);
	arena_destroy(arena);
	return 0;
}

static int open_group(void **state)
{
	int rc = fixture_open(state);

	fixture = *state;
	return rc;
}

static struct uuid make_persona(enum persona_type type, const char *name)
{
	struct persona_create request = { .name = name,
					  .has_type = true,
					  .type = type,
					  .description = "",
					  .config_details = type == PERSONA_TYPE_DNS ? "{\"useSystemResolvers\":true}"
										     : "{\"userAgent\":\"T\"}" };
	struct persona persona;

	expect_ok(persona_create(tx, "default", &request, arena, &persona));
	return persona.id;
}

static struct uuid make_set(const char *name, size_t rules)
{
	struct keyword_rule rule = { .pattern = "word", .category = "", .context_chars = 40, .weight = 1 };
	struct keyword_set_create request = { .name = name, .description = "", .rules = &rule, .rule_count = rules };
	struct keyword_set set;

	expect_ok(keyword_set_create(tx, "default", &request, arena, &set));
	return set.id;
}

static const char *id_text(const struct uuid *id)
{
	char *text = arena_alloc(arena, UUID_TEXT_SIZE);

	uuid_to_text(id, text);
	return text;
}

static struct campaign_created make_campaign(const char *name, const char *pattern)
{
	struct campaign_create request = { .name = name,
					   .description = "d",
					   .scoring_profile_id = "",
					   .mode = CAMPAIGN_MODE_FULL_SEQUENCE,
					   .configuration = "{\"maxDomains\":5000}",
					   .pattern_config = pattern };
	struct campaign_created created;

	expect_ok(campaign_create(tx, &author, &request, arena, &created));
	return created;
}

static int64_t count_rows(const char *table, const struct uuid *campaign_id)
{
	AUTO(pgresult) PGresult *rows = NULL;
	char sql[200];
	int64_t n = -1;

	snprintf(sql, sizeof sql, "SELECT count(*) AS n FROM %s WHERE campaign_id = $1", table);
	expect_ok(store_query(tx, SQL_TEXT(sql), &rows, P_UUID(campaign_id)));
	expect_ok(row_int64(rows, 0, "n", &n));
	return n;
}

static void one_request_is_enough_to_launch(void **state)
{
	struct uuid dns = make_persona(PERSONA_TYPE_DNS, "d"), http = make_persona(PERSONA_TYPE_HTTP, "h");
	struct uuid set = make_set("s", 1);
	const char *pattern =
		arena_printf(arena,
			     "{\"type\":\"prefix\",\"variableLength\":3,\"constant\":\"shop\",\"targetDomains\":500,"
			     "\"crawlDepth\":2,\"personaIds\":[\"%s\",\"%s\"],\"keywordSetIds\":[\"%s\"]}",
			     id_text(&http), id_text(&dns), id_text(&set));
	struct campaign_created created = make_campaign("  Telecom ", pattern);
	const struct phase_state *phases = created.snapshot.phases;
	struct generation_config generation;
	struct http_config fetch;

	(void)state;
	assert_string_equal(created.snapshot.campaign.name, "Telecom");
	assert_int_equal(created.snapshot.campaign.status, CAMPAIGN_STATUS_DRAFT);
	assert_int_equal(created.snapshot.campaign.mode, CAMPAIGN_MODE_FULL_SEQUENCE);
	assert_string_equal(created.snapshot.campaign.user_id, "tester");
	assert_int_equal(created.snapshot.campaign.last_sequence, 0);
	assert_int_equal(created.counters.total_domains, 0);
	assert_int_equal(created.warning_count, 0);
	assert_int_equal(phases[PHASE_GENERATION].status, PHASE_STATUS_CONFIGURED);
	assert_int_equal(phases[PHASE_DNS].status, PHASE_STATUS_CONFIGURED);
	assert_int_equal(phases[PHASE_HTTP].status, PHASE_STATUS_CONFIGURED);
	assert_int_equal(phases[PHASE_ANALYSIS].status, PHASE_STATUS_NOT_STARTED);
	assert_int_equal(phases[PHASE_LEADS].status, PHASE_STATUS_NOT_STARTED);
	expect_ok(generation_config_parse(phases[PHASE_GENERATION].configuration, arena, &generation));
	assert_int_equal(generation.target_domains, 500);
	assert_int_equal(generation.batch_size, 0);
	expect_ok(http_config_parse(phases[PHASE_HTTP].configuration, arena, &fetch));
	assert_int_equal(fetch.persona_count, 1);
	assert_true(uuid_equal(&fetch.persona_ids[0], &http));
	assert_true(fetch.microcrawl_enabled);
	assert_int_equal(fetch.microcrawl_depth, 2);
	assert_int_equal(count_rows("campaign_phases", &created.snapshot.campaign.id), 5);
	assert_non_null(strstr(created.snapshot.campaign.configuration, "\"configHash\""));
}

static void without_personas_only_generation_is_configured(void **state)
{
	struct campaign_created created =
		make_campaign("c", "{\"type\":\"prefix\",\"variableLength\":1,\"charset\":\"ab\"}");

	(void)state;
	assert_int_equal(created.snapshot.phases[PHASE_GENERATION].status, PHASE_STATUS_CONFIGURED);
	assert_int_equal(created.snapshot.phases[PHASE_DNS].status, PHASE_STATUS_NOT_STARTED);
	assert_int_equal(created.snapshot.phases[PHASE_HTTP].status, PHASE_STATUS_NOT_STARTED);
	assert_int_equal(created.warning_count, 1); /* two names, 5000 wanted */
}

static void every_mistake_is_in_one_answer_and_nothing_is_created(void **state)
{
	static const char *const expected[] = {
		"configuration.maxDomains", "patternConfig.tlds[0]",       "name",
		"scoringProfileId",         "patternConfig.personaIds[0]", "patternConfig.keywordSetIds[0]"
	};
	char pattern[400];
	struct uuid nobody = uuid_make();
	struct campaign_create request = { .name = "",
					   .description = "",
					   .configuration = "{\"maxDomains\":0}",
					   .scoring_profile_id = id_text(&nobody),
					   .pattern_config = pattern };
	struct campaign_filter filter = { .limit = 10 };
	struct campaign_created created;
	const struct status_field *field;
	struct status st;
	int32_t total;

	(void)state;
	snprintf(pattern, sizeof pattern,
		 "{\"type\":\"prefix\",\"variableLength\":1,\"tlds\":[\"-\"],\"personaIds\":[\"%s\"],\"keywordSetIds\":"
		 "[\"%s\"]}",
		 id_text(&nobody), id_text(&nobody));
	st = campaign_create(tx, &author, &request, arena, &created);
	assert_string_equal(st.reason, "VALIDATION_ERROR");
	field = st.extra->fields;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++, field = field->next) {
		assert_non_null(field);
		assert_string_equal(field->field, expected[i]);
	}
	assert_null(field);
	expect_ok(store_campaign_count(tx, "default", &filter, &total));
	assert_int_equal(total, 0);
}

static void at_most_five_personas_of_a_type(void **state)
{
	struct campaign_create request = {
		.name = "c", .description = "", .configuration = "", .scoring_profile_id = ""
	};
	char pattern[600];
	size_t n =
		(size_t)snprintf(pattern, sizeof pattern, "{\"type\":\"prefix\",\"variableLength\":1,\"personaIds\":[");
	struct campaign_created created;
	struct status st;

	(void)state;
	for (int i = 0; i < 6; i++) {
		char name[8];
		snprintf(name, sizeof name, "p%d", i);
		struct uuid id = make_persona(PERSONA_TYPE_DNS, name);
		n += (size_t)snprintf(pattern + n, sizeof pattern - n, "%s\"%s\"", i ? "," : "", id_text(&id));
	}
	snprintf(pattern + n, sizeof pattern - n, "]}");
	request.pattern_config = pattern;
	st = campaign_create(tx, &author, &request, arena, &created);
	assert_string_equal(st.reason, "VALIDATION_ERROR");
	assert_string_equal(st.extra->fields->field, "patternConfig.personaIds");
}

static void a_copy_has_everything_but_the_past(void **state)
{
	struct uuid dns = make_persona(PERSONA_TYPE_DNS, "d");
	const char *pattern = arena_printf(arena, "{\"type\":\"prefix\",\"variableLength\":3,\"personaIds\":[\"%s\"]}",
					   id_text(&dns));
	struct campaign_created original = make_campaign("Original", pattern), copy;
	const struct uuid *id = &original.snapshot.campaign.id;

	(void)state;
	expect_ok(store_execute(tx,
				SQL_TEXT("UPDATE campaigns SET status = 'archived', last_sequence = 9, last_event = 9,"
					 " error_message = 'x' WHERE id = $1"),
				NULL, P_UUID(id)));
	expect_ok(store_execute(
		tx,
		SQL_TEXT("UPDATE campaign_phases SET status = 'completed', run_number = 3, processed_items = 7"
			 " WHERE campaign_id = $1"),
		NULL, P_UUID(id)));
	expect_ok(store_execute(
		tx,
		SQL_TEXT("UPDATE campaign_counters SET total_domains = 1, dns_pending = 1, http_pending = 1,"
			 " lead_pending = 1, reject_pending = 1 WHERE campaign_id = $1"),
		NULL, P_UUID(id)));
	expect_ok(campaign_duplicate(tx, &author, id, "", arena, &copy));
	assert_false(uuid_equal(&copy.snapshot.campaign.id, id));
	assert_string_equal(copy.snapshot.campaign.name, "Original (Copy)");
	assert_string_equal(copy.snapshot.campaign.configuration, original.snapshot.campaign.configuration);
	assert_int_equal(copy.snapshot.campaign.mode, CAMPAIGN_MODE_FULL_SEQUENCE);
	assert_int_equal(copy.snapshot.campaign.status, CAMPAIGN_STATUS_DRAFT);
	assert_int_equal(copy.snapshot.campaign.last_sequence, 0);
	assert_string_equal(copy.snapshot.campaign.error_message, "");
	assert_true(copy.snapshot.campaign.has_original);
	assert_true(uuid_equal(&copy.snapshot.campaign.duplicated_from, id));
	assert_int_equal(copy.counters.total_domains, 0);
	assert_int_equal(copy.snapshot.phases[PHASE_GENERATION].status, PHASE_STATUS_CONFIGURED);
	assert_int_equal(copy.snapshot.phases[PHASE_DNS].status, PHASE_STATUS_CONFIGURED);
	assert_int_equal(copy.snapshot.phases[PHASE_HTTP].status, PHASE_STATUS_NOT_STARTED);
	assert_int_equal(copy.snapshot.phases[PHASE_GENERATION].run_number, 0);
	assert_int_equal(copy.snapshot.phases[PHASE_GENERATION].progress.processed, 0);
	assert_string_equal(copy.snapshot.phases[PHASE_DNS].configuration,
			    original.snapshot.phases[PHASE_DNS].configuration);
}

static void long_names_are_cut_at_a_character(void **state)
{
	char name[2 * 255 + 1];
	struct campaign_created original, copy;

	(void)state;
	for (int i = 0; i < 255; i++)
		memcpy(name + 2 * i, "\xc3\xa4", 2);
	name[2 * 255] = '\0';
	original = make_campaign(name, "");
	expect_ok(campaign_duplicate(tx, &author, &original.snapshot.campaign.id, "", arena, &copy));
	assert_int_equal(strlen(copy.snapshot.campaign.name), 2 * 248 + 7);
	assert_string_equal(copy.snapshot.campaign.name + 2 * 248, " (Copy)");
	expect_ok(campaign_duplicate(tx, &author, &original.snapshot.campaign.id, "Mine", arena, &copy));
	assert_string_equal(copy.snapshot.campaign.name, "Mine");
}

static void another_workspaces_campaign_is_unknown(void **state)
{
	struct campaign_created made = make_campaign("c", ""), copy;
	const struct campaign_author stranger = { .workspace = "other", .user_id = "x" };
	struct campaign_update change = { .name = "mine", .configuration = "" };
	struct campaign_row row;

	(void)state;
	expect_failure(campaign_get(tx, "other", &made.snapshot.campaign.id, arena, &row), STATUS_NOT_FOUND,
		       "CAMPAIGN_UNKNOWN");
	expect_failure(campaign_update(tx, "other", &made.snapshot.campaign.id, &change, arena, &row), STATUS_NOT_FOUND,
		       "CAMPAIGN_UNKNOWN");
	expect_failure(campaign_duplicate(tx, &stranger, &made.snapshot.campaign.id, "", arena, &copy),
		       STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
	expect_failure(campaign_delete(tx, "other", &made.snapshot.campaign.id), STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
}

static void only_name_and_description_change(void **state)
{
	struct campaign_created made = make_campaign("Before", "{\"type\":\"prefix\",\"variableLength\":1}");
	const struct uuid *id = &made.snapshot.campaign.id;
	struct campaign_update name = { .name = " After ", .configuration = "" };
	struct campaign_update configuration = { .configuration = "{}" };
	struct campaign_row row;

	(void)state;
	expect_ok(campaign_update(tx, "default", id, &name, arena, &row));
	assert_string_equal(row.snapshot.campaign.name, "After");
	assert_string_equal(row.snapshot.campaign.description, "d");
	assert_int_equal(row.snapshot.campaign.version, made.snapshot.campaign.version + 1);
	assert_string_equal(row.snapshot.campaign.configuration, made.snapshot.campaign.configuration);
	expect_failure(campaign_update(tx, "default", id, &configuration, arena, &row), STATUS_INVALID_ARGUMENT,
		       "VALIDATION_ERROR");
	expect_ok(store_execute(tx, SQL_TEXT("UPDATE campaigns SET status = 'archived' WHERE id = $1"), NULL,
				P_UUID(id)));
	expect_failure(campaign_update(tx, "default", id, &name, arena, &row), STATUS_FAILED_PRECONDITION,
		       "INVALID_STATE");
}

static void pages_of_campaigns_join_up(void **state)
{
	struct campaign_query query = { .search = "shop", .is_descending = true, .page = { .size = 4, .token = "" } };
	struct campaign_page page;
	struct uuid seen[16];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 10;
	     i++) { /* one transaction: all are created at the same moment, only the id tells them apart */
		char name[32];
		snprintf(name, sizeof name, i % 2 ? "Shop %d" : "my SHOP_%d", i);
		make_campaign(name, "");
	}
	make_campaign("another", "");
	do {
		expect_ok(campaign_list(tx, "default", &query, arena, &page));
		assert_int_equal(page.total, 10);
		assert_true(page.count <= 4);
		for (size_t i = 0; i < page.count; i++) {
			for (size_t j = 0; j < n; j++)
				assert_false(uuid_equal(&seen[j], &page.rows[i].snapshot.campaign.id));
			seen[n++] = page.rows[i].snapshot.campaign.id;
			assert_int_equal(page.rows[i].snapshot.phases[PHASE_LEADS].phase, PHASE_LEADS);
		}
		query.page.token = page.next_page_token;
	} while (*page.next_page_token);
	assert_int_equal(n, 10);
	query = (struct campaign_query){ .search = "", .is_descending = true, .page = { .size = 2, .token = "" } };
	expect_ok(campaign_list(tx, "default", &query, arena, &page));
	assert_int_equal(page.total, 11);
	query.page.token = page.next_page_token;
	query.has_status = true;
	query.status = CAMPAIGN_STATUS_DRAFT;
	expect_failure(campaign_list(tx, "default", &query, arena, &page), STATUS_INVALID_ARGUMENT,
		       "PAGE_TOKEN_INVALID");
	query.page.token = "";
	query.status = CAMPAIGN_STATUS_RUNNING;
	expect_ok(campaign_list(tx, "default", &query, arena, &page));
	assert_int_equal(page.total, 0);
	query.search = "%";
	query.has_status = false;
	expect_ok(campaign_list(tx, "default", &query, arena, &page));
	assert_int_equal(page.total, 0); /* no wildcards */
}

static void removing_takes_everything(void **state)
{
	static const char *const tables[] = {
		"domains",         "domain_extraction_features", "domain_extracted_keywords",
		"campaign_phases", "campaign_counters",          "campaign_events",
		"phase_batches"
	};
	struct campaign_created made = make_campaign("Gone", "{\"type\":\"prefix\",\"variableLength\":4}");
	struct campaign_created other = make_campaign("Stays", "");
	const struct uuid *id = &made.snapshot.campaign.id, *kept = &other.snapshot.campaign.id;
	struct cancel cancel;
	bool stopped = false;

	(void)state;
	cancel_init(&cancel, NULL);
	for (int i = 0; i < 2; i++) {
		const struct uuid *c = i ? kept : id;
		expect_ok(store_execute(
			tx,
			SQL_TEXT("INSERT INTO domains (campaign_id, offset_index, domain_name)"
				 " SELECT $1, n::bigint * 1000000, n || '.com' FROM generate_series(1, 45000) n"),
			NULL, P_UUID(c)));
		expect_ok(store_execute(
			tx,
			SQL_TEXT("INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name)"
				 " SELECT $1, n::bigint * 1000000, n || '.com' FROM generate_series(1, 100) n"),
			NULL, P_UUID(c)));
		expect_ok(store_execute(
			tx,
			SQL_TEXT("INSERT INTO domain_extracted_keywords (campaign_id, domain_id, keyword_id,"
				 " surface_form, signal_type, occurrences, base_weight, value_score,"
				 " effective_weight, source_subphase) SELECT $1, n / 10, gen_random_uuid(), 'w',"
				 " 'body', 1, 1, 0, 1, 'primary' FROM generate_series(1, 30000) n"),
			NULL, P_UUID(c)));
	}
	expect_ok(store_execute(tx,
				SQL_TEXT("UPDATE campaign_phases SET status = 'in_progress', run_number = 1"
					 " WHERE campaign_id = $1 AND phase = 'generation'"),
				NULL, P_UUID(id)));
	expect_ok(
		store_execute(tx, SQL_TEXT("UPDATE campaigns SET status = 'running' WHERE id = $1"), NULL, P_UUID(id)));
	expect_ok(store_commit(&tx));

	expect_ok(campaign_delete_rows(fixture->pool, 0, "other", id, &cancel, arena, &stopped));
	assert_false(stopped); /* unknown there */
	expect_ok(campaign_delete_rows(fixture->pool, 0, "default", id, &cancel, arena, &stopped));
	assert_true(stopped);
	expect_ok(store_begin(fixture->pool, 0, &tx));
	assert_int_equal(count_rows("domains", id), 0);
	expect_ok(store_execute(tx,
				SQL_TEXT("INSERT INTO domains (campaign_id, offset_index, domain_name)"
					 " VALUES ($1, 1, 'late.com')"),
				NULL, P_UUID(id)));
	expect_ok(campaign_delete(tx, "default", id));
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		assert_int_equal(count_rows(tables[i], id), 0);
	assert_int_equal(count_rows("domains", kept), 45000);
	assert_int_equal(count_rows("domain_extraction_features", kept), 100);
	assert_int_equal(count_rows("domain_extracted_keywords", kept), 30000);
	expect_failure(campaign_delete(tx, "default", id), STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
	expect_ok(store_commit(&tx));
	cancel_set(&cancel);
	expect_failure(campaign_delete_rows(fixture->pool, 0, "default", kept, &cancel, arena, &stopped),
		       STATUS_CANCELLED, "CANCELLED");
	cancel_done(&cancel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_request_is_enough_to_launch),
		TEST(without_personas_only_generation_is_configured),
		TEST(every_mistake_is_in_one_answer_and_nothing_is_created),
		TEST(at_most_five_personas_of_a_type),
		TEST(a_copy_has_everything_but_the_past),
		TEST(long_names_are_cut_at_a_character),
		TEST(another_workspaces_campaign_is_unknown),
		TEST(only_name_and_description_change),
		TEST(pages_of_campaigns_join_up),
		TEST(removing_takes_everything),
	};

	return cmocka_run_group_tests(tests, open_group, fixture_close);
}
