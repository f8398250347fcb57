/* Personas and keyword sets against a real database. */
#include "store/store_fixture.h"

#include "base/arena.h"
#include "base/clock.h"
#include "catalog/keyword_set.h"
#include "catalog/persona.h"
#include "catalog/references.h"
#include "store/keyword_store.h"
#include "store/pool.h"
#include "store/query.h"
#include "store/tx.h"

#include <stdio.h>
#include <string.h>

#define WORKSPACE "default"

struct world {
	struct arena *arena;
	struct store_tx *tx;
};

/* Each test runs in one transaction that is rolled back. */
static int begin(void **state)
{
	struct fixture *fixture = *state;
	static struct world world;

	world.arena = arena_create(0);
	if (!world.arena || !status_ok(store_begin(fixture->pool, 0, &world.tx)))
		return -1;
	*state = &world;
	return 0;
}

static struct fixture *kept;

static int end(void **state)
{
	struct world *world = *state;

	store_rollback(&world->tx);
	arena_destroy(world->arena);
	*state = kept;
	return 0;
}

static int open_group(void **state)
{
	int rc = fixture_open(state);

	kept = *state;
	return rc;
}

static struct persona make_persona(struct world *w, enum persona_type type, const char *name)
{
	struct persona_create request = { .name = name,
					  .has_type = true,
					  .type = type,
					  .description = "",
					  .config_details = type == PERSONA_TYPE_DNS ? "{\"resolvers\":[\"192.0.2.1\"]}"
										     : "{\"userAgent\":\"Test/1\"}" };
	struct persona persona;

	expect_ok(persona_create(w->tx, WORKSPACE, &request, w->arena, &persona));
	return persona;
}

static struct keyword_rule rule(const char *pattern)
{
	return (struct keyword_rule){ .pattern = pattern, .category = "", .context_chars = 40, .weight = 1 };
}

static struct keyword_set make_set(struct world *w, const char *name, const char *const *patterns, size_t count)
{
	struct keyword_rule rules[8];
	struct keyword_set_create request = { .name = name, .description = "", .rules = rules, .rule_count = count };
	struct keyword_set set;

	for (size_t i = 0; i < count; i++)
		rules[i] = rule(patterns[i]);
	expect_ok(keyword_set_create(w->tx, WORKSPACE, &request, w->arena, &set));
	return set;
}

static int64_t dictionary_version(struct world *w)
{
	int64_t version = 0;

	expect_ok(store_keyword_dictionary_version(w->tx, &version));
	return version;
}

/* A campaign whose phase names an id in one member of its configuration. */
static void make_phase(struct world *w, const char *status, const char *member, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE], sql[600], campaign[UUID_TEXT_SIZE];
	struct uuid campaign_id = uuid_make();

	uuid_to_text(id, text);
	uuid_to_text(&campaign_id, campaign);
	snprintf(sql, sizeof sql,
		 "INSERT INTO campaigns (id, user_id, name) VALUES ('%s', 'u', 'c');"
		 "INSERT INTO campaign_phases (campaign_id, phase, status, configuration)"
		 " VALUES ('%s', 'http', '%s', '{\"%s\": [\"%s\"]}')",
		 campaign, campaign, status, member, text);
	expect_ok(store_script(w->tx, sql));
}

static void a_persona_is_stored_normalised(void **state)
{
	struct world *w = *state;
	struct persona made = make_persona(w, PERSONA_TYPE_DNS, "  Quad  "), got;
	struct dns_persona dns;

	expect_ok(persona_get(w->tx, WORKSPACE, &made.id, w->arena, &got));
	assert_string_equal(got.name, "Quad");
	assert_true(got.is_enabled);
	assert_int_equal(got.type, PERSONA_TYPE_DNS);
	assert_true(got.created_at_ms > 0 && got.updated_at_ms >= got.created_at_ms);
	assert_non_null(strstr(got.config_details, "\"192.0.2.1:53\""));
	assert_non_null(strstr(got.config_details, "\"maxConcurrentLookups\": 10"));
	expect_ok(persona_load_dns(w->tx, &made.id, w->arena, &dns));
	assert_int_equal(dns.resolver_count, 1);
	assert_int_equal(dns.query_timeout_ms, 5000);
}

static void names_are_unique_within_type_and_workspace(void **state)
{
	struct world *w = *state;
	struct persona_create request = { .name = "Same",
					  .has_type = true,
					  .type = PERSONA_TYPE_HTTP,
					  .description = "",
					  .config_details = "{\"userAgent\":\"x\"}" };
	struct persona persona;

	make_persona(w, PERSONA_TYPE_DNS, "Same");
	expect_ok(persona_create(w->tx, WORKSPACE, &request, w->arena, &persona));
	expect_failure(persona_create(w->tx, WORKSPACE, &request, w->arena, &persona), STATUS_ALREADY_EXISTS,
		       "PERSONA_NAME_TAKEN");
}

static void every_wrong_field_of_a_persona_is_named(void **state)
{
	struct world *w = *state;
	struct persona_create request = { .name = " ",
					  .has_type = true,
					  .type = PERSONA_TYPE_DNS,
					  .description = "\x01",
					  .config_details =
						  "{\"resolvers\":[\"nope\",\"https://dns.example/q\"],"
						  "\"queryDelayMinMs\":9,\"queryDelayMaxMs\":3,\"color\":1}" };
	const char *const expected[] = { "name",
					 "description",
					 "configDetails.resolvers[0]",
					 "configDetails.resolvers[1]",
					 "configDetails.queryDelayMinMs",
					 "configDetails.color" };
	struct persona persona;
	struct status st = persona_create(w->tx, WORKSPACE, &request, w->arena, &persona);
	const struct status_field *field = st.extra ? st.extra->fields : NULL;

	assert_string_equal(st.reason, "VALIDATION_ERROR");
	for (size_t i = 0; i < ARRAY_LEN(expected); i++, field = field->next) {
		assert_non_null(field);
		assert_string_equal(field->field, expected[i]);
	}
	assert_null(field);
}

static void a_wrong_type_in_the_settings_is_a_bad_request(void **state)
{
	struct world *w = *state;
	struct persona_create request = { .name = "n",
					  .has_type = true,
					  .type = PERSONA_TYPE_HTTP,
					  .description = "",
					  .config_details = "{\"userAgent\":7}" };
	struct persona persona;

	expect_failure(persona_create(w->tx, WORKSPACE, &request, w->arena, &persona), STATUS_INVALID_ARGUMENT,
		       "BAD_REQUEST");
	request.config_details = "{";
	expect_failure(persona_create(w->tx, WORKSPACE, &request, w->arena, &persona), STATUS_INVALID_ARGUMENT,
		       "BAD_REQUEST");
	request.config_details = "[]";
	expect_failure(persona_create(w->tx, WORKSPACE, &request, w->arena, &persona), STATUS_INVALID_ARGUMENT,
		       "BAD_REQUEST");
}

static void another_workspaces_persona_is_unknown(void **state)
{
	struct world *w = *state;
	struct persona made = make_persona(w, PERSONA_TYPE_DNS, "Mine"), got;
	struct persona_update change = { .name = "Theirs" };
	struct violations violations;

	expect_failure(persona_get(w->tx, "other", &made.id, w->arena, &got), STATUS_NOT_FOUND, "PERSONA_UNKNOWN");
	expect_failure(persona_update(w->tx, "other", &made.id, &change, w->arena, &got), STATUS_NOT_FOUND,
		       "PERSONA_UNKNOWN");
	expect_failure(persona_delete(w->tx, "other", &made.id, w->arena), STATUS_NOT_FOUND, "PERSONA_UNKNOWN");
	violations_init(&violations, w->arena);
	expect_ok(references_check_personas(w->tx, "other", &made.id, 1, PERSONA_TYPE_COUNT, "p", &violations, NULL));
	assert_int_equal(violations.count, 1);
}

static void an_update_changes_only_what_it_names(void **state)
{
	struct world *w = *state;
	struct persona made = make_persona(w, PERSONA_TYPE_DNS, "Before"), got;
	struct persona_update change = { .is_enabled = &(bool){ false } };
	struct dns_persona dns;

	expect_ok(persona_update(w->tx, WORKSPACE, &made.id, &change, w->arena, &got));
	assert_false(got.is_enabled);
	assert_string_equal(got.name, "Before");
	assert_non_null(strstr(got.config_details, "192.0.2.1"));
	expect_failure(persona_load_dns(w->tx, &made.id, w->arena, &dns), STATUS_FAILED_PRECONDITION,
		       "PERSONA_UNUSABLE");
	change = (struct persona_update){ .config_details = "{\"resolvers\":[\"[2001:db8::1]:5353\"]}" };
	expect_ok(persona_update(w->tx, WORKSPACE, &made.id, &change, w->arena, &got));
	assert_non_null(strstr(got.config_details, "[2001:db8::1]:5353"));
}

static void a_persona_in_use_stays(void **state)
{
	static const struct {
		const char *status;
		bool blocks;
	} cases[] = { { "not_started", false }, { "completed", false },  { "failed", false },
		      { "configured", true },   { "in_progress", true }, { "paused", true } };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[32];
		struct persona made;
		snprintf(name, sizeof name, "Used %zu", i);
		made = make_persona(w, PERSONA_TYPE_HTTP, name);
		make_phase(w, cases[i].status, "personaIds", &made.id);
		if (cases[i].blocks)
			expect_failure(persona_delete(w->tx, WORKSPACE, &made.id, w->arena), STATUS_FAILED_PRECONDITION,
				       "PERSONA_IN_USE");
		else
			expect_ok(persona_delete(w->tx, WORKSPACE, &made.id, w->arena));
	}
}

static void pages_of_personas_join_up(void **state)
{
	struct world *w = *state;
	struct persona_query query = { .page = { .size = 3, .token = "" }, .has_type = true, .type = PERSONA_TYPE_DNS };
	struct persona_page page;
	char last[64] = "";
	size_t seen = 0;

	make_persona(w, PERSONA_TYPE_HTTP, "not in this list");
	for (int i = 0; i < 7; i++) {
		char name[32];
		snprintf(name, sizeof name, "p%d", (i * 5) % 7);
		make_persona(w, PERSONA_TYPE_DNS, name);
	}
	do {
		expect_ok(persona_list(w->tx, WORKSPACE, &query, w->arena, &page));
		assert_true(page.count <= 3);
		for (size_t i = 0; i < page.count; i++) {
			assert_true(strcmp(last, page.personas[i].name) < 0);
			snprintf(last, sizeof last, "%s", page.personas[i].name);
		}
		seen += page.count;
		query.page.token = page.next_page_token;
	} while (*page.next_page_token);
	assert_int_equal(seen, 7);
	query = (struct persona_query){ .page = { .size = 3, .token = "" } };
	expect_ok(persona_list(w->tx, WORKSPACE, &query, w->arena, &page));
	query.enabled = ONLY_ENABLED;
	query.page.token = page.next_page_token;
	expect_failure(persona_list(w->tx, WORKSPACE, &query, w->arena, &page), STATUS_INVALID_ARGUMENT,
		       "PAGE_TOKEN_INVALID");
}

/* --- keyword sets --------------------------------------------------------------------------------------------- */

static void rules_keep_their_order_and_the_dictionary_counts(void **state)
{
	static const char *const patterns[] = { "zebra", "apple", "mango" };
	struct world *w = *state;
	int64_t before = dictionary_version(w), version = 0;
	struct keyword_set made = make_set(w, "Fruit", patterns, 3), got;
	struct keyword_rule *rules;
	size_t count;

	assert_int_equal(dictionary_version(w), before + 1);
	expect_ok(keyword_set_get(w->tx, WORKSPACE, &made.id, w->arena, &got));
	assert_int_equal(got.rule_count, 3);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(got.rules[i].pattern, patterns[i]);
		assert_true(uuid_equal(&got.rules[i].id, &made.rules[i].id));
		assert_int_equal(got.rules[i].context_chars, 40);
	}
	expect_ok(keyword_rules_load(w->tx, &made.id, 1, w->arena, &rules, &count, &version));
	assert_int_equal(count, 3);
	assert_int_equal(version, before + 1);
}

static void unchanged_rules_keep_their_ids(void **state)
{
	static const char *const patterns[] = { "one", "two", "three" };
	struct world *w = *state;
	struct keyword_set made = make_set(w, "Numbers", patterns, 3), got;
	struct keyword_rule rules[] = { rule("four"), rule("two"), rule("two") };
	struct keyword_set_update change = { .rules = rules, .rule_count = 3, .has_rules = true };
	int64_t before = dictionary_version(w);

	rules[1].weight = 2.5;
	expect_ok(keyword_set_update(w->tx, WORKSPACE, &made.id, &change, w->arena, &got));
	assert_int_equal(got.rule_count, 3);
	assert_string_equal(got.rules[0].pattern, "four");
	assert_string_equal(got.rules[1].pattern, "two");
	assert_true(got.rules[1].weight > 2.4);
	/* one of the two equal rules keeps the id, the other gets a new one */
	assert_int_equal(
		uuid_equal(&got.rules[1].id, &made.rules[1].id) + uuid_equal(&got.rules[2].id, &made.rules[1].id), 1);
	assert_false(uuid_equal(&got.rules[1].id, &got.rules[2].id));
	assert_int_equal(dictionary_version(w), before + 1);
}

static void the_dictionary_only_counts_changes(void **state)
{
	static const char *const patterns[] = { "one", "two" };
	struct world *w = *state;
	struct keyword_set made = make_set(w, "Still", patterns, 2), got;
	struct keyword_rule rules[] = { rule("one"), rule("two") };
	struct keyword_set_update same = { .name = "Renamed", .rules = rules, .rule_count = 2, .has_rules = true };
	struct keyword_set_update off = { .is_enabled = &(bool){ false } };
	int64_t before = dictionary_version(w), version;
	struct keyword_rule *loaded;
	size_t count;

	expect_ok(keyword_set_update(w->tx, WORKSPACE, &made.id, &same, w->arena, &got));
	assert_string_equal(got.name, "Renamed");
	assert_int_equal(dictionary_version(w), before);
	expect_ok(keyword_set_update(w->tx, WORKSPACE, &made.id, &off, w->arena, &got));
	assert_int_equal(dictionary_version(w), before + 1);
	expect_ok(keyword_rules_load(w->tx, &made.id, 1, w->arena, &loaded, &count, &version));
	assert_int_equal(count, 0); /* disabled sets are ignored by matching */
}

static void every_wrong_rule_is_named(void **state)
{
	static char long_pattern[502];
	struct world *w = *state;
	struct keyword_rule rules[] = { rule("fine"), rule(" "), rule(long_pattern), rule("re.*"), rule("x") };
	struct keyword_set_create request = { .name = "", .description = "", .rules = rules, .rule_count = 5 };
	static const char *const expected[] = {
		"name",           "rules[1].pattern", "rules[2].pattern", "rules[3].ruleType", "rules[4].contextChars",
		"rules[4].weight"
	};
	struct keyword_set set;
	struct status st;
	const struct status_field *field;

	memset(long_pattern, 'a', 501);
	rules[3].type = RULE_TYPE_REGEX;
	rules[4].context_chars = 501;
	rules[4].weight = -1;
	st = keyword_set_create(w->tx, WORKSPACE, &request, w->arena, &set);
	assert_string_equal(st.reason, "VALIDATION_ERROR");
	field = st.extra->fields;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++, field = field->next) {
		assert_non_null(field);
		assert_string_equal(field->field, expected[i]);
	}
	assert_null(field);
}

static void a_set_in_use_stays_and_a_free_one_goes(void **state)
{
	static const char *const patterns[] = { "one" };
	struct world *w = *state;
	struct keyword_set used = make_set(w, "Used", patterns, 1), free_one = make_set(w, "Free", patterns, 1), got;
	struct keyword_set_create again = { .name = "Used", .description = "" };
	int64_t before = dictionary_version(w);

	make_phase(w, "configured", "keywordSetIds", &used.id);
	expect_failure(keyword_set_delete(w->tx, WORKSPACE, &used.id), STATUS_FAILED_PRECONDITION,
		       "KEYWORD_SET_IN_USE");
	expect_ok(keyword_set_delete(w->tx, WORKSPACE, &free_one.id));
	assert_int_equal(dictionary_version(w), before + 1);
	expect_failure(keyword_set_get(w->tx, WORKSPACE, &free_one.id, w->arena, &got), STATUS_NOT_FOUND,
		       "KEYWORD_SET_UNKNOWN");
	expect_failure(keyword_set_get(w->tx, "other", &used.id, w->arena, &got), STATUS_NOT_FOUND,
		       "KEYWORD_SET_UNKNOWN");
	expect_failure(keyword_set_create(w->tx, WORKSPACE, &again, w->arena, &got), STATUS_ALREADY_EXISTS,
		       "KEYWORD_SET_NAME_TAKEN");
}

static void references_say_what_is_wrong(void **state)
{
	static const char *const patterns[] = { "one", "two" };
	struct world *w = *state;
	struct keyword_set set = make_set(w, "Two", patterns, 2);
	struct persona dns = make_persona(w, PERSONA_TYPE_DNS, "d"), http = make_persona(w, PERSONA_TYPE_HTTP, "h"),
		       off;
	struct persona_update disable = { .is_enabled = &(bool){ false } };
	struct uuid ids[] = { dns.id, http.id, uuid_make(), make_persona(w, PERSONA_TYPE_DNS, "off").id };
	struct uuid sets[] = { uuid_make(), set.id };
	enum persona_type types[4];
	struct violations v;
	int64_t rules = 0;

	expect_ok(persona_update(w->tx, WORKSPACE, &ids[3], &disable, w->arena, &off));
	violations_init(&v, w->arena);
	expect_ok(references_check_personas(w->tx, WORKSPACE, ids, 4, PERSONA_TYPE_COUNT, "ids", &v, types));
	assert_int_equal(v.count, 2);
	assert_string_equal(v.head->field, "ids[2]");
	assert_string_equal(v.tail->field, "ids[3]");
	assert_int_equal(types[0], PERSONA_TYPE_DNS);
	assert_int_equal(types[1], PERSONA_TYPE_HTTP);
	assert_int_equal(types[2], PERSONA_TYPE_COUNT);
	violations_init(&v, w->arena);
	expect_ok(references_check_personas(w->tx, WORKSPACE, ids, 2, PERSONA_TYPE_DNS, "ids", &v, NULL));
	assert_int_equal(v.count, 1);
	assert_string_equal(v.head->field, "ids[1]");
	violations_init(&v, w->arena);
	expect_ok(references_check_keyword_sets(w->tx, WORKSPACE, sets, 2, "sets", &v, &rules));
	assert_int_equal(v.count, 1);
	assert_string_equal(v.head->field, "sets[0]");
	assert_int_equal(rules, 2);
}

/* A configuration that names a persona and the persona's removal can't pass each other unseen. */
static void what_is_being_named_can_not_be_removed_meanwhile(void **state)
{
	static const char *const patterns[] = { "one" };
	struct world *w = *state;
	struct persona persona = make_persona(w, PERSONA_TYPE_DNS, "Raced");
	struct keyword_set set = make_set(w, "Raced", patterns, 1);
	AUTO(store_tx) struct store_tx *other = NULL;
	struct violations v;

	expect_ok(store_commit(&w->tx));
	expect_ok(store_begin(kept->pool, 0, &w->tx));
	violations_init(&v, w->arena);
	expect_ok(references_check_personas(w->tx, WORKSPACE, &persona.id, 1, PERSONA_TYPE_DNS, "p", &v, NULL));
	expect_ok(references_check_keyword_sets(w->tx, WORKSPACE, &set.id, 1, "k", &v, NULL));
	assert_int_equal(v.count, 0);
	expect_ok(store_begin(kept->pool, clock_monotonic_ms() + 300, &other));
	assert_int_equal(persona_delete(other, WORKSPACE, &persona.id, w->arena).code, STATUS_DEADLINE_EXCEEDED);
	store_rollback(&other);
	expect_ok(store_begin(kept->pool, clock_monotonic_ms() + 300, &other));
	assert_int_equal(keyword_set_delete(other, WORKSPACE, &set.id).code, STATUS_DEADLINE_EXCEEDED);
	store_rollback(&other);
	expect_ok(store_commit(&w->tx));
	expect_ok(store_begin(kept->pool, 0, &w->tx));
	expect_ok(persona_delete(w->tx, WORKSPACE, &persona.id, w->arena));
	expect_ok(keyword_set_delete(w->tx, WORKSPACE, &set.id));
	expect_ok(store_commit(&w->tx));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_persona_is_stored_normalised),
		TEST(names_are_unique_within_type_and_workspace),
		TEST(every_wrong_field_of_a_persona_is_named),
		TEST(a_wrong_type_in_the_settings_is_a_bad_request),
		TEST(another_workspaces_persona_is_unknown),
		TEST(an_update_changes_only_what_it_names),
		TEST(a_persona_in_use_stays),
		TEST(pages_of_personas_join_up),
		TEST(rules_keep_their_order_and_the_dictionary_counts),
		TEST(unchanged_rules_keep_their_ids),
		TEST(the_dictionary_only_counts_changes),
		TEST(every_wrong_rule_is_named),
		TEST(a_set_in_use_stays_and_a_free_one_goes),
		TEST(references_say_what_is_wrong),
		TEST(what_is_being_named_can_not_be_removed_meanwhile),
	};

	return cmocka_run_group_tests(tests, open_group, fixture_close);
}
