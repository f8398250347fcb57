#include "campaign/campaign_config.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define ID_1 "0190f3a0-0000-7000-8000-000000000001"
#define ID_2 "0190f3a0-0000-7000-8000-000000000002"

static struct arena *arena;
static json_t *whole;

static struct status read_config(const char *configuration, const char *pattern, struct campaign_config *out)
{
	struct violations violations;

	violations_init(&violations, arena);
	TRY(campaign_config_read(configuration, pattern, arena, &violations, out));
	return violations_status(&violations);
}

static void assert_ok(struct status st)
{
	if (!status_ok(st))
		fail_msg("%s %s", st.reason, st.detail);
}

/* Borrowed until the next call. */
static json_t *member(const struct campaign_config *config, const char *name)
{
	json_decref(whole);
	whole = json_loads(config->json, 0, NULL);
	assert_non_null(whole);
	return json_object_get(json_object_get(whole, "patternConfig"), name);
}

static void the_example_is_normalised(void **state)
{
	struct campaign_config config;

	(void)state;
	assert_ok(read_config("{\"maxDomains\":5000,\"patternConfig\":{\"type\":\"prefix\",\"constant\":\"shop\","
			      "\"variableLength\":3,\"charset\":\"abcdefghijklmnopqrstuvwxyz\",\"targetDomains\":500,"
			      "\"tlds\":[\".com\",\".net\"],\"keywordSetIds\":[\"" ID_1 "\"],"
			      "\"personaIds\":[\"" ID_1 "\",\"" ID_2 "\"],\"crawlDepth\":1,"
			      "\"projectionEstimate\":{\"totalCombinations\":35152}}}",
			      "", &config));
	assert_true(config.has_pattern);
	assert_int_equal(config.total_combinations, 35152);
	assert_int_equal(config.generation.target_domains, 500);
	assert_int_equal(config.generation.pattern.prefix_length, 3);
	assert_int_equal(config.generation.batch_size, 0);
	assert_int_equal(config.persona_count, 2);
	assert_int_equal(config.keyword_set_count, 1);
	assert_int_equal(config.warning_count, 0);
	assert_string_equal(json_string_value(member(&config, "type")), "prefix");
	assert_int_equal(json_integer_value(member(&config, "prefixVariableLength")), 3);
	assert_int_equal(json_integer_value(member(&config, "suffixVariableLength")), 0);
	assert_int_equal(json_integer_value(member(&config, "totalCombinations")), 35152);
	assert_int_equal(json_string_length(member(&config, "configHash")), 64);
	assert_null(member(&config, "variableLength"));
	assert_int_equal(
		json_integer_value(json_object_get(member(&config, "projectionEstimate"), "totalCombinations")), 35152);
}

static void what_was_normalised_reads_the_same_again(void **state)
{
	struct campaign_config first, second;

	(void)state;
	assert_ok(read_config(
		"{\"note\":{\"kept\":[1,2]},\"patternConfig\":{\"type\":\"both_variable\",\"variableLength\":5,"
		"\"charset\":\"ABCa\",\"constant\":\" Mid \",\"tlds\":[\"COM\",\".com\",\"co.uk\"]}}",
		"", &first));
	assert_int_equal(first.generation.pattern.prefix_length, 3);
	assert_int_equal(first.generation.pattern.suffix_length, 2);
	assert_string_equal(first.generation.pattern.charset, "abc");
	assert_string_equal(first.generation.pattern.constant, "mid");
	assert_int_equal(first.generation.pattern.tld_count, 2);
	assert_int_equal(first.generation.target_domains, 100);
	assert_non_null(strstr(first.json, "\"note\":{\"kept\":[1,2]}"));
	assert_ok(read_config(first.json, "", &second));
	assert_string_equal(first.json, second.json);
}

static void types_and_lengths_resolve(void **state)
{
	static const struct {
		const char *pattern;
		enum pattern_type type;
		unsigned prefix, suffix;
	} cases[] = {
		{ "{\"type\":\"variable\",\"prefixVariableLength\":1,\"suffixVariableLength\":2}", PATTERN_BOTH, 1, 2 },
		{ "{\"type\":\"variable\",\"suffixVariableLength\":2}", PATTERN_SUFFIX, 0, 2 },
		{ "{\"type\":\"variable\",\"variableLength\":4}", PATTERN_PREFIX, 4, 0 },
		{ "{\"type\":\"PREFIX_VARIABLE\",\"variableLength\":4}", PATTERN_PREFIX, 4, 0 },
		{ "{\"type\":\"suffix\",\"variableLength\":4,\"prefixVariableLength\":9}", PATTERN_SUFFIX, 0, 4 },
		{ "{\"type\":\"both\",\"variableLength\":5,\"prefixVariableLength\":1}", PATTERN_BOTH, 1, 2 },
		{ "{\"type\":\"constant\",\"constant\":\"one\",\"charset\":\"!!\",\"targetDomains\":1}",
		  PATTERN_CONSTANT, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct campaign_config config;
		assert_ok(read_config("", cases[i].pattern, &config));
		assert_int_equal(config.generation.pattern.type, cases[i].type);
		assert_int_equal(config.generation.pattern.prefix_length, cases[i].prefix);
		assert_int_equal(config.generation.pattern.suffix_length, cases[i].suffix);
	}
}

static void the_pattern_beside_the_configuration_wins(void **state)
{
	struct campaign_config config;

	(void)state;
	assert_ok(read_config("{\"patternConfig\":{\"type\":\"nonsense\"}}",
			      "{\"type\":\"prefix\",\"variableLength\":2}", &config));
	assert_string_equal(json_string_value(member(&config, "type")), "prefix");
	assert_string_equal(config.pattern_path, "patternConfig");
}

static void a_campaign_needs_no_pattern(void **state)
{
	struct campaign_config config;

	(void)state;
	assert_ok(read_config("", "", &config));
	assert_false(config.has_pattern);
	assert_string_equal(config.json, "{}");
	assert_ok(read_config("{\"maxDomains\":7,\"other\":null}", "", &config));
	assert_false(config.has_pattern);
}

static void constant_patterns_reuse_offsets_and_stay_small(void **state)
{
	struct campaign_config config;

	(void)state;
	assert_ok(
		read_config("", "{\"type\":\"constant\",\"constant\":\"one\",\"tlds\":[\".com\",\".net\"]}", &config));
	assert_true(config.generation.reuse_offsets);
	assert_int_equal(config.generation.target_domains, 2);
	assert_int_equal(config.total_combinations, 2);
}

static void too_many_combinations_saturate(void **state)
{
	struct campaign_config config;

	(void)state;
	assert_ok(read_config("", "{\"type\":\"prefix\",\"prefixVariableLength\":40}", &config));
	assert_true(config.total_combinations == INT64_MAX);
	assert_true(json_integer_value(member(&config, "totalCombinations")) == INT64_MAX);
}

static void too_few_names_are_a_warning(void **state)
{
	struct campaign_config config;

	(void)state;
	assert_ok(read_config("", "{\"type\":\"prefix\",\"variableLength\":1,\"charset\":\"ab\",\"targetDomains\":50}",
			      &config));
	assert_int_equal(config.warning_count, 1);
	assert_non_null(strstr(config.warnings[0], "only 2 names"));
	assert_ok(read_config("", "{\"type\":\"suffix\",\"variableLength\":9,\"constant\":\"-x\"}", &config));
	assert_int_equal(config.warning_count, 1);
	assert_non_null(strstr(config.warnings[0], "hyphen"));
}

/* A body, and the paths that must be named, in any order, each followed by '!' when it is a missing field. */
struct wrong_case {
	const char *configuration, *pattern;
	const char *paths[10];
};

static void every_wrong_value_is_named(void **state)
{
	static char estimate[6000];
	static const struct wrong_case cases[] = {
		{ "", "{}", { "patternConfig.type!" } },
		{ "{\"patternConfig\":{}}", "", { "configuration.patternConfig.type!" } },
		{ "", "{\"type\":\"weird\"}", { "patternConfig.type" } },
		{ "", "{\"type\":\"constant_variable\",\"constant\":\"a\"}", { "patternConfig.type" } },
		{ "", "{\"type\":\"constant\"}", { "patternConfig.constant!" } },
		{ "", "{\"type\":\"prefix\"}", { "patternConfig.prefixVariableLength!" } },
		{ "", "{\"type\":\"suffix\",\"suffixVariableLength\":0}", { "patternConfig.suffixVariableLength" } },
		{ "", "{\"type\":\"both\",\"variableLength\":1}", { "patternConfig.suffixVariableLength" } },
		{ "",
		  "{\"type\":\"both\"}",
		  { "patternConfig.prefixVariableLength!", "patternConfig.suffixVariableLength!" } },
		{ "",
		  "{\"type\":\"prefix\",\"variableLength\":65}",
		  { "patternConfig.variableLength", "patternConfig.prefixVariableLength!" } },
		{ "",
		  "{\"type\":\"prefix\",\"variableLength\":60,\"constant\":\"abcdef\"}",
		  { "patternConfig.prefixVariableLength" } },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"charset\":\"a_b\"}", { "patternConfig.charset" } },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"charset\":\"\"}", { "patternConfig.charset" } },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"constant\":\"a b\"}", { "patternConfig.constant" } },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"tlds\":[]}", { "patternConfig.tlds" } },
		{ "",
		  "{\"type\":\"prefix\",\"variableLength\":2,\"tlds\":[\".com\",\"c\",\".-a\",\".a..b\",\".c0m\",\".xn-"
		  "-p1ai\",\".co.uk\"]}",
		  { "patternConfig.tlds[1]", "patternConfig.tlds[2]", "patternConfig.tlds[3]",
		    "patternConfig.tlds[4]" } },
		{ "",
		  "{\"type\":\"prefix\",\"variableLength\":2,\"targetDomains\":0}",
		  { "patternConfig.targetDomains" } },
		{ "",
		  "{\"type\":\"prefix\",\"variableLength\":2,\"targetDomains\":1000001}",
		  { "patternConfig.targetDomains" } },
		{ "{\"maxDomains\":10}",
		  "{\"type\":\"prefix\",\"variableLength\":2,\"targetDomains\":11}",
		  { "patternConfig.targetDomains" } },
		{ "",
		  "{\"type\":\"constant\",\"constant\":\"x\",\"targetDomains\":2}",
		  { "patternConfig.targetDomains" } },
		{ "",
		  "{\"type\":\"prefix\",\"variableLength\":2,\"personaIds\":[\"x\"],\"keywordSetIds\":[\"" ID_1
		  "\",\"y\"]}",
		  { "patternConfig.personaIds[0]", "patternConfig.keywordSetIds[1]" } },
		{ "",
		  "{\"type\":\"prefix\",\"variableLength\":2,\"crawlDepth\":6,\"batchSize\":0,\"offsetStart\":-1}",
		  { "patternConfig.crawlDepth", "patternConfig.batchSize", "patternConfig.offsetStart" } },
		{ "",
		  "{\"type\":\"prefix\",\"variableLength\":2,\"charSet\":\"ab\",\"tld\":\".com\"}",
		  { "patternConfig.charSet", "patternConfig.tld" } },
		{ "{\"maxDomains\":1000001,\"phases\":{\"discovery\":{\"maxDepth\":11},\"extraction\":{"
		  "\"keywordSetIds\":[\"z\"]}}}",
		  "",
		  { "configuration.maxDomains", "configuration.phases.discovery.maxDepth",
		    "configuration.phases.extraction.keywordSetIds[0]" } },
		{ "", estimate, { "patternConfig.projectionEstimate" } },
	};
	size_t n = (size_t)snprintf(estimate, sizeof estimate,
				    "{\"type\":\"prefix\",\"variableLength\":2,\"projectionEstimate\":{\"a\":\"");

	(void)state;
	memset(estimate + n, 'x', 5000);
	strcpy(estimate + n + 5000, "\"}}");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct campaign_config config;
		struct status st = read_config(cases[i].configuration, cases[i].pattern, &config);
		size_t expected = 0, found = 0;
		if (status_ok(st) || strcmp(st.reason, "VALIDATION_ERROR") != 0)
			fail_msg("case %zu: %s %s", i, status_ok(st) ? "OK" : st.reason, st.detail);
		for (; cases[i].paths[expected]; expected++) {
			const char *path = cases[i].paths[expected];
			size_t length = strcspn(path, "!");
			const struct status_field *field = st.extra->fields;
			while (field && (strncmp(field->field, path, length) != 0 || strlen(field->field) != length))
				field = field->next;
			if (!field)
				fail_msg("case %zu: nothing is said about %s", i, path);
			assert_string_equal(field->reason, path[length] ? "REQUIRED_FIELD" : "VALIDATION_ERROR");
		}
		for (const struct status_field *field = st.extra->fields; field; field = field->next)
			found++;
		if (found != expected)
			fail_msg("case %zu: %zu violations, first %s: %s", i, found, st.extra->fields->field,
				 st.extra->fields->message);
	}
}

static void a_wrong_type_is_a_bad_request(void **state)
{
	static const struct {
		const char *configuration, *pattern;
	} cases[] = {
		{ "{", "" },
		{ "[]", "" },
		{ "7", "" },
		{ "", "[]" },
		{ "{} x", "" },
		{ "{\"a\":1,\"a\":2}", "" },
		{ "{\"maxDomains\":\"5\"}", "" },
		{ "{\"patternConfig\":[]}", "" },
		{ "", "{\"type\":7}" },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"targetDomains\":[5]}" },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2.5}" },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"tlds\":\".com\"}" },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"tlds\":[1]}" },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"personaIds\":[null]}" },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"reuseOffsets\":1}" },
		{ "", "{\"type\":\"prefix\",\"variableLength\":2,\"projectionEstimate\":[]}" },
		{ "{\"phases\":{\"discovery\":{\"enabled\":\"yes\"}}}", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct campaign_config config;
		struct status st = read_config(cases[i].configuration, cases[i].pattern, &config);
		if (status_ok(st) || strcmp(st.reason, "BAD_REQUEST") != 0)
			fail_msg("case %zu: %s %s", i, status_ok(st) ? "OK" : st.reason, st.detail);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	}
}

static void keyword_sets_of_the_extraction_phase_are_the_fallback(void **state)
{
	static const char fallback[] =
		"{\"phases\":{\"extraction\":{\"enabled\":true,\"keywordSetIds\":[\"" ID_1 "\"]}}}";
	struct campaign_config config;

	(void)state;
	assert_ok(read_config(fallback, "{\"type\":\"prefix\",\"variableLength\":2}", &config));
	assert_int_equal(config.keyword_set_count, 1);
	assert_ok(read_config(
		fallback, "{\"type\":\"prefix\",\"variableLength\":2,\"keywordSetIds\":[\"" ID_1 "\",\"" ID_2 "\"]}",
		&config));
	assert_int_equal(config.keyword_set_count, 2);
}

static void a_full_arena_is_a_failure_not_another_answer(void **state)
{
	static const char text[] = "{\"maxDomains\":9,\"phases\":{\"extraction\":{\"keywordSetIds\":[\"" ID_2 "\"]}},"
				   "\"patternConfig\":{\"type\":\"both\",\"variableLength\":5,\"constant\":\"MID\","
				   "\"tlds\":[\"com\",\".net\"],\"personaIds\":[\"" ID_1 "\"],\"targetDomains\":9}}";
	struct campaign_config good, config;
	bool was_enough = false;

	(void)state;
	assert_ok(read_config(text, "", &good));
	for (size_t limit = 1; !was_enough; limit += 13) {
		struct arena *small = arena_create(limit);
		struct violations violations;
		struct status st;
		assert_non_null(small);
		violations_init(&violations, small);
		st = campaign_config_read(text, "", small, &violations, &config);
		was_enough = status_ok(st);
		if (was_enough) {
			assert_int_equal(violations.count, 0); /* nothing is called wrong for want of memory */
			assert_string_equal(config.json, good.json);
		} else {
			assert_int_equal(st.code, STATUS_RESOURCE_EXHAUSTED);
		}
		arena_destroy(small);
	}
}

static int arena_up(void **state)
{
	(void)state;
	arena = arena_create(0);
	return arena ? 0 : -1;
}

static int arena_down(void **state)
{
	(void)state;
	json_decref(whole);
	arena_destroy(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_is_normalised),
		cmocka_unit_test(what_was_normalised_reads_the_same_again),
		cmocka_unit_test(types_and_lengths_resolve),
		cmocka_unit_test(the_pattern_beside_the_configuration_wins),
		cmocka_unit_test(a_campaign_needs_no_pattern),
		cmocka_unit_test(constant_patterns_reuse_offsets_and_stay_small),
		cmocka_unit_test(too_many_combinations_saturate),
		cmocka_unit_test(too_few_names_are_a_warning),
		cmocka_unit_test(every_wrong_value_is_named),
		cmocka_unit_test(a_wrong_type_is_a_bad_request),
		cmocka_unit_test(keyword_sets_of_the_extraction_phase_are_the_fallback),
		cmocka_unit_test(a_full_arena_is_a_failure_not_another_answer),
	};

	return cmocka_run_group_tests(tests, arena_up, arena_down);
}
