#include "phase/analysis/analysis_config.h"
#include "phase/dns/dns_config.h"
#include "phase/generation/generation_config.h"
#include "phase/http/http_config.h"
#include "phase/leads/leads_config.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define ID_1 "\"0190f3a0-0000-7000-8000-000000000001\""
#define ID_2 "\"0190f3a0-0000-7000-8000-000000000002\""

static struct arena *arena;

/* The five readers behind one signature; what is good is written back. */
typedef struct status (*read_fn)(const json_t *object, struct violations *violations, const char **out);

static struct status read_generation(const json_t *object, struct violations *v, const char **out)
{
	struct generation_config config;

	TRY(generation_config_read(object, "configuration", NULL, arena, v, &config));
	*out = v->count ? NULL : generation_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

static struct status read_dns(const json_t *object, struct violations *v, const char **out)
{
	struct dns_config config;

	TRY(dns_config_read(object, "configuration", arena, v, &config));
	*out = v->count ? NULL : dns_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

static struct status read_http(const json_t *object, struct violations *v, const char **out)
{
	struct http_config config;

	TRY(http_config_read(object, "configuration", 1, arena, v, &config));
	*out = v->count ? NULL : http_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

static struct status read_analysis(const json_t *object, struct violations *v, const char **out)
{
	struct analysis_config config;

	TRY(analysis_config_read(object, "configuration", arena, v, &config));
	*out = v->count ? NULL : analysis_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

static struct status read_leads(const json_t *object, struct violations *v, const char **out)
{
	const struct leads_config defaults = LEADS_CONFIG_DEFAULT;
	struct leads_config config;

	TRY(leads_config_read(object, "configuration", &defaults, arena, v, &config));
	*out = v->count ? NULL : leads_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

/* Reads text; *violations and *written as above. */
static struct status read_text(read_fn read, const char *text, struct violations *violations, const char **written)
{
	json_t *object = json_loads(text, JSON_DECODE_ANY, NULL);
	struct status st;

	assert_non_null(object);
	violations_init(violations, arena);
	*written = NULL;
	st = read(object, violations, written);
	json_decref(object);
	return st;
}

static void what_is_written_reads_the_same_again(void **state)
{
	static const struct {
		read_fn read;
		const char *text;
	} cases[] = {
		{ read_generation, "{\"patternType\":\"prefix\",\"prefixVariableLength\":2,\"numDomainsToGenerate\":9,"
				   "\"tld\":\".com,.net\"}" },
		{ read_generation,
		  "{\"pattern_type\":\"both\",\"variable_length\":3,\"num_domains_to_generate\":9,"
		  "\"character_set\":\"abc\",\"constant_string\":\"X\",\"tlds\":[\".io\"],\"batch_size\":77,"
		  "\"offset_start\":5,\"reuse_offsets\":true}" },
		{ read_dns, "{\"personaIds\":[" ID_1 "]}" },
		{ read_dns, "{\"personaIds\":[" ID_1 "," ID_2 "],\"batchSize\":1000,\"timeout\":120,\"maxRetries\":0,"
			    "\"validationTypes\":[\"aaaa\"]}" },
		{ read_http, "{\"personaIds\":[" ID_1 "],\"keywordSetIds\":[" ID_2 "]}" },
		{ read_http, "{\"personaIds\":[" ID_1 "],\"keywords\":[\" one \"],\"adHocKeywords\":[\"two\"],"
			     "\"enrichmentEnabled\":false,\"microCrawlEnabled\":false,\"microCrawlMaxPages\":10,"
			     "\"microCrawlByteBudget\":1024,\"batchSize\":500,\"maxRetries\":5}" },
		{ read_analysis, "{}" },
		{ read_analysis,
		  "{\"personaIds\":[" ID_1 "],\"name\":\"n\",\"analysisTypes\":[\"links\",\"structure\"],"
		  "\"includeExternal\":true,\"enableSuggestions\":true,\"generateReports\":true,"
		  "\"keywordRules\":[\"k\"],\"scoringProfileId\":" ID_2 "}" },
		{ read_leads, "{}" },
		{ read_leads, "{\"matchScoreThreshold\":0.5,\"lowScoreGraceThreshold\":0.5,\"minContentBytes\":256,"
			      "\"parkedConfidenceFloor\":1,\"requireStructuralSignals\":false,\"batchSize\":10}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct violations v;
		const char *first, *second;
		struct status st = read_text(cases[i].read, cases[i].text, &v, &first);
		if (!status_ok(st) || v.count)
			fail_msg("case %zu: %s", i, v.count ? v.head->field : st.detail);
		st = read_text(cases[i].read, first, &v, &second);
		if (!status_ok(st) || v.count)
			fail_msg("case %zu, again: %s", i, v.count ? v.head->field : st.detail);
		assert_string_equal(first, second);
	}
}

static void every_wrong_value_is_named(void **state)
{
	static const struct {
		read_fn read;
		const char *text;
		const char *fields[8]; /* in order */
	} cases[] = {
		{ read_generation, "{}", { "numDomainsToGenerate", "patternType" } },
		{ read_generation,
		  "{\"patternType\":\"suffix\",\"numDomainsToGenerate\":0,\"batchSize\":10001,\"offsetStart\":-1,\"x\":"
		  "1}",
		  { "numDomainsToGenerate", "batchSize", "offsetStart", "x", "suffixVariableLength" } },
		{ read_generation,
		  "{\"patternType\":\"constant\",\"constantString\":\"a\",\"numDomainsToGenerate\":2}",
		  { "numDomainsToGenerate" } },
		{ read_dns, "{}", { "personaIds" } },
		{ read_dns, "{\"personaIds\":[]}", { "personaIds" } },
		{ read_dns,
		  "{\"personaIds\":[\"x\"],\"batchSize\":1001,\"timeout\":0,\"maxRetries\":11,\"validationTypes\":["
		  "\"MX\"],\"color\":1}",
		  { "personaIds[0]", "batchSize", "timeout", "maxRetries", "validationTypes[0]", "color" } },
		{ read_dns, "{\"personaIds\":[" ID_1 "],\"validationTypes\":[]}", { "validationTypes" } },
		{ read_http, "{\"personaIds\":[" ID_1 "]}", { "keywordSetIds" } },
		{ read_http, "{\"personaIds\":[" ID_1 "],\"keywordSetIds\":[],\"keywords\":[]}", { "keywordSetIds" } },
		{ read_http,
		  "{\"personaIds\":[" ID_1
		  "],\"keywords\":[\" \"],\"microCrawlMaxPages\":11,\"microCrawlByteBudget\":1023,"
		  "\"batchSize\":501,\"maxRetries\":6,\"proxyPoolId\":" ID_2 "}",
		  { "keywords[0]", "microCrawlMaxPages", "microCrawlByteBudget", "batchSize", "maxRetries",
		    "proxyPoolId" } },
		{ read_analysis,
		  "{\"analysisTypes\":[\"content\",\"smell\"],\"scoringProfileId\":\"x\",\"batchSize\":0}",
		  { "analysisTypes[1]", "scoringProfileId", "batchSize" } },
		{ read_leads,
		  "{\"matchScoreThreshold\":0.04,\"lowScoreGraceThreshold\":0.61,\"minContentBytes\":255,"
		  "\"parkedConfidenceFloor\":1.01}",
		  { "matchScoreThreshold", "lowScoreGraceThreshold", "minContentBytes", "parkedConfidenceFloor" } },
		{ read_leads, "{\"matchScoreThreshold\":0.2}", { "lowScoreGraceThreshold" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct violations v;
		const char *written;
		struct status st = read_text(cases[i].read, cases[i].text, &v, &written);
		const struct status_field *field = v.head;
		if (!status_ok(st))
			fail_msg("case %zu: %s", i, st.detail);
		for (size_t j = 0; cases[i].fields[j]; j++, field = field->next) {
			if (!field || strcmp(field->field + strlen("configuration."), cases[i].fields[j]) != 0)
				fail_msg("case %zu: %s instead of %s", i, field ? field->field : "nothing",
					 cases[i].fields[j]);
		}
		if (field)
			fail_msg("case %zu: also %s: %s", i, field->field, field->message);
	}
}

static void wrong_types_are_bad_requests(void **state)
{
	static const struct {
		read_fn read;
		const char *text;
	} cases[] = {
		{ read_generation, "[]" },
		{ read_generation, "{\"tlds\":\".com\"}" },
		{ read_dns, "{\"personaIds\":\"x\"}" },
		{ read_dns, "{\"personaIds\":[" ID_1 "],\"batchSize\":\"many\"}" },
		{ read_http, "{\"personaIds\":[" ID_1 "],\"keywords\":[1]}" },
		{ read_http, "{\"personaIds\":[" ID_1 "],\"enrichmentEnabled\":\"yes\"}" },
		{ read_analysis, "{\"includeExternal\":0}" },
		{ read_leads, "{\"matchScoreThreshold\":\"0.5\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct violations v;
		const char *written;
		struct status st = read_text(cases[i].read, cases[i].text, &v, &written);
		if (status_ok(st))
			fail_msg("case %zu is accepted", i);
		assert_string_equal(st.reason, "BAD_REQUEST");
	}
}

static void generation_takes_what_is_absent_from_the_campaign(void **state)
{
	struct generation_config defaults, config;
	struct violations v;
	json_t *change = json_loads("{\"numDomainsToGenerate\":50,\"tlds\":[\".org\"]}", 0, NULL);

	(void)state;
	assert_true(status_ok(
		generation_config_parse("{\"patternType\":\"both\",\"variableLength\":4,\"constantString\":\"mid\","
					"\"characterSet\":\"abc\",\"numDomainsToGenerate\":20,\"offsetStart\":3}",
					arena, &defaults)));
	violations_init(&v, arena);
	assert_true(status_ok(generation_config_read(change, "configuration", &defaults, arena, &v, &config)));
	assert_int_equal(v.count, 0);
	assert_int_equal(config.target_domains, 50);
	assert_int_equal(config.offset_start, 3);
	assert_int_equal(config.pattern.type, PATTERN_BOTH);
	assert_int_equal(config.pattern.prefix_length, 2);
	assert_int_equal(config.pattern.suffix_length, 2);
	assert_string_equal(config.pattern.constant, "mid");
	assert_string_equal(config.pattern.tlds[0], ".org");
	assert_int_equal(config.pattern.tld_count, 1);
	json_decref(change);
}

static void defaults_are_the_specified_ones(void **state)
{
	const struct leads_config leads_defaults = LEADS_CONFIG_DEFAULT;
	struct analysis_config analysis;
	struct leads_config leads;
	struct http_config http;
	struct dns_config dns;

	(void)state;
	assert_true(status_ok(dns_config_parse("{\"personaIds\":[" ID_1 "]}", arena, &dns)));
	assert_int_equal(dns.timeout_ms, 30000);
	assert_int_equal(dns.retries_max, 2);
	assert_true(dns.wants_a && dns.wants_aaaa);
	assert_int_equal(dns.batch_size, 0);
	assert_true(status_ok(http_config_parse(
		"{\"personaIds\":[" ID_1 "],\"keywords\":[\"a\"],\"adHocKeywords\":[\"b\"]}", arena, &http)));
	assert_int_equal(http.keyword_count, 2);
	assert_true(http.enrichment_enabled);
	assert_false(http.microcrawl_enabled); /* crawl depth 0 */
	assert_int_equal(http.microcrawl_pages_max, 3);
	assert_int_equal(http.microcrawl_bytes_max, 150000);
	assert_int_equal(http.retries_max, 1);
	assert_true(http_config_default(2).microcrawl_enabled);
	assert_true(status_ok(analysis_config_parse(NULL, arena, &analysis)));
	assert_true(analysis.types[ANALYSIS_CONTENT]);
	assert_false(analysis.types[ANALYSIS_LINKS]);
	assert_true(status_ok(leads_config_parse(NULL, &leads_defaults, arena, &leads)));
	assert_int_equal(leads.content_bytes_least, 1024);
	assert_true(leads.needs_structure);
	assert_true(leads.match_score > 0.269 && leads.match_score < 0.271);
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
	arena_destroy(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_the_same_again),
		cmocka_unit_test(every_wrong_value_is_named),
		cmocka_unit_test(wrong_types_are_bad_requests),
		cmocka_unit_test(generation_takes_what_is_absent_from_the_campaign),
		cmocka_unit_test(defaults_are_the_specified_ones),
	};

	return cmocka_run_group_tests(tests, arena_up, arena_down);
}
