#include "extract/features.h"

#include "base/arena.h"
#include "base/compiler.h"
#include "base/json.h"
#include "extract/page.h"
#include "extract/registry.h"
#include "extract/rules.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
	struct page *page;
	struct rules_scratch *scratch;
	struct arena *arena;
	struct features_config config;
};

static int world_open(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->page = page_create(PAGE_TEXT_BYTES_MAX);
	w->scratch = rules_scratch_create();
	w->arena = arena_create(0);
	w->config = features_config_default();
	*state = w;
	return 0;
}

static int world_close(void **state)
{
	struct world *w = *state;

	page_destroy(w->page);
	rules_scratch_destroy(w->scratch);
	arena_destroy(w->arena);
	free(w);
	return 0;
}

static struct features build(struct world *w, const struct rule_spec *specs, size_t n, const char *html)
{
	struct rules *rules = NULL;
	struct page_signals page;
	struct rules_found found;
	struct features_input input = {
		.page = &page, .found = &found, .status_code = 200, .fetched_at = "2026-01-02T03:04:05.000Z"
	};
	struct features features;

	assert_true(status_ok(rules_compile(specs, n, &rules)));
	page_begin(w->page, "example.com", "text/html; charset=utf-8");
	assert_true(status_ok(page_feed(w->page, html, strlen(html))));
	assert_true(status_ok(page_finish(w->page, false, &page)));
	assert_true(status_ok(rules_scan(rules, w->scratch, &page, w->arena, &found)));
	assert_true(status_ok(features_build(&w->config, &input, w->arena, &features)));
	rules_release(rules);
	return features;
}

static json_t *parse(const char *text)
{
	json_t *value = NULL;

	assert_true(status_ok(json_read(text, strlen(text), FEATURE_VECTOR_BYTES, &value)));
	return value;
}

static bool type_fits(const json_t *value, enum feature_type type)
{
	switch (type) {
	case FEATURE_INT:
		return json_is_integer(value);
	case FEATURE_NUMBER:
		return json_is_number(value);
	case FEATURE_BOOL:
		return json_is_boolean(value);
	case FEATURE_STRING:
		return json_is_string(value) && json_string_length(value) <= FEATURE_STRING_BYTES;
	case FEATURE_ARRAY:
		return json_is_array(value);
	case FEATURE_OBJECT:
		return json_is_object(value);
	}
	return false;
}

static void expect_registered(const char *vector)
{
	AUTO(json) json_t *object = parse(vector);
	const char *key;
	json_t *value;

	assert_true(strlen(vector) <= FEATURE_VECTOR_BYTES);
	assert_true(json_object_size(object) <= FEATURE_KEYS_MAX);
	json_object_foreach (object, key, value) {
		const struct feature_key *known = registry_find(key);

		if (!known || !type_fits(value, known->type))
			fail_msg("%s is not what the registry allows", key);
		if (known->is_share && !(json_number_value(value) >= 0 && json_number_value(value) <= 1))
			fail_msg("%s is out of range", key);
	}
}

static const struct rule_spec two_rules[] = {
	{ { { 0x0A } }, "voip", false, 1, 20, KEYWORD_FROM_SET },
	{ { { 0x0B } }, "sip trunk", false, 2, 20, KEYWORD_AD_HOC },
};

static const char page_html[] =
	"<html lang=en><title>VoIP \"x\" & more</title><h1>SIP trunk</h1><h1>b</h1><p>voip and sip trunk</p>"
	"<a href=/internal>i</a><a href=https://otherhost.xyz/ext>e</a><a href=/x>voip</a>"
	"<a href='javascript:void(0)'>j</a>";

static void the_row_says_what_the_page_says(void **state)
{
	struct features f = build(*state, two_rules, 2, page_html);

	assert_int_equal(f.kw_unique_count, 2);
	assert_int_equal(f.kw_total_occurrences, 5);
	assert_true(f.kw_weight_sum == 3 * 1 + 2 * 2);
	assert_string_equal(f.kw_top3, "[{\"keyword_id\":\"0b000000-0000-0000-0000-000000000000\",\"weight\":4},"
				       "{\"keyword_id\":\"0a000000-0000-0000-0000-000000000000\",\"weight\":3}]");
	assert_string_equal(
		f.http_keywords,
		"[{\"keyword_id\":\"0b000000-0000-0000-0000-000000000000\",\"surface_form\":\"SIP "
		"trunk\",\"weight\":4},"
		"{\"keyword_id\":\"0a000000-0000-0000-0000-000000000000\",\"surface_form\":\"VoIP\",\"weight\":3}]");
	assert_string_equal(f.kw_signal_distribution, "{\"title\":1,\"h1\":1,\"anchor\":1,\"body\":2}");
	assert_string_equal(f.title, "VoIP \"x\" & more");
	assert_int_equal(f.h1_count, 2);
	assert_int_equal(f.link_internal_count, 2);
	assert_int_equal(f.link_external_count, 1);
	assert_true(fabs(f.link_internal_ratio - 0.6667) < 1e-4);
	assert_true(f.title_has_keyword && f.has_structural_signals && !f.is_parked);
	assert_string_equal(f.page_lang, "und");
	assert_string_equal(f.page_archetype, "unknown");
	assert_string_equal(f.crawl_strategy, "single_fetch");
	assert_int_equal(f.content_bytes, sizeof(page_html) - 1);
	assert_int_equal(f.row_count, 2);
	assert_string_equal(f.rows[0].surface_form, "VoIP");
	assert_int_equal(f.rows[1].signal, SIGNAL_H1);
}

static void the_vector_holds_registered_keys_only(void **state)
{
	struct world *w = *state;
	AUTO(json) json_t *object = NULL;
	struct features f;

	w->config.wants_canary = true;
	f = build(w, two_rules, 2, page_html);
	w->config.wants_canary = false;
	expect_registered(f.feature_vector);
	object = parse(f.feature_vector);
	assert_int_equal(json_integer_value(json_object_get(object, "kw_hits_total")), 5);
	assert_int_equal(json_integer_value(json_object_get(object, "ad_hoc_hits")), 2);
	assert_int_equal(json_integer_value(json_object_get(object, "keyword_set_hits")), 3);
	assert_string_equal(json_string_value(json_object_get(object, "page_title")), "VoIP \"x\" & more");
	assert_string_equal(json_string_value(json_object_get(object, "fetched_at")), "2026-01-02T03:04:05.000Z");
	assert_true(fabs(json_number_value(json_object_get(object, "richness")) - f.richness.value) < 1e-12);
	assert_non_null(json_object_get(object, "richness_legacy_canary"));
	assert_int_equal(json_array_size(json_object_get(json_object_get(object, "keyword_snippets"),
							 "0a000000-0000-0000-0000-000000000000")),
			 3);
}

static void a_page_without_hits_has_only_the_weights_version(void **state)
{
	struct features f = build(*state, two_rules, 2, "<p>nothing");
	AUTO(json) json_t *object = parse(f.feature_vector);

	expect_registered(f.feature_vector);
	assert_int_equal(json_integer_value(json_object_get(object, "richness_weights_version")), 2);
	assert_null(json_object_get(object, "diversity_norm"));
	assert_true(f.content_richness_score == 0);
	assert_false(f.has_structural_signals);
	assert_string_equal(f.kw_top3, "[]");
	assert_string_equal(f.kw_signal_distribution, "{}");
	assert_int_equal(f.row_count, 0);
}

static void the_legacy_formula_is_used_when_asked(void **state)
{
	struct world *w = *state;
	struct features f;

	w->config.is_richness_v2 = false;
	f = build(w, two_rules, 2, page_html);
	w->config.is_richness_v2 = true;
	assert_true(f.content_richness_score == richness_legacy(f.content_bytes, 5, 4));
	assert_null(strstr(f.feature_vector, "diversity_norm"));
	expect_registered(f.feature_vector);
}

/* Many keywords with long contexts full of characters that need escaping. */
static void the_vector_stays_within_its_limits(void **state)
{
	static struct rule_spec specs[300];
	static char patterns[300][16], html[200000];
	struct features f;
	size_t n = 0, i, k;

	for (i = 0; i < 300; i++) {
		snprintf(patterns[i], sizeof(patterns[i]), "kw%zux", i);
		specs[i] = (struct rule_spec){
			{ { (uint8_t)(i >> 8), (uint8_t)i } }, patterns[i], false, 1, 1000, KEYWORD_FROM_SET
		};
		for (k = 0; k < 40; k++)
			n += (size_t)snprintf(html + n, sizeof(html) - n, "\"\\\xC3\xA9");
		n += (size_t)snprintf(html + n, sizeof(html) - n, " %s ", patterns[i]);
	}
	f = build(*state, specs, 300, html);
	assert_int_equal(f.kw_unique_count, 300);
	expect_registered(f.feature_vector);
	assert_non_null(strstr(f.feature_vector, "keyword_snippets"));
}

static void same_input_gives_the_same_bytes(void **state)
{
	struct features a = build(*state, two_rules, 2, page_html), b = build(*state, two_rules, 2, page_html);

	assert_string_equal(a.feature_vector, b.feature_vector);
	assert_memory_equal(&a.richness, &b.richness, sizeof(a.richness));
}

static void a_full_arena_is_a_status(void **state)
{
	struct world *w = *state;
	struct arena *whole = w->arena;
	size_t limit;
	bool done = false;

	for (limit = 1; limit < 65536 && !done; limit += 97) {
		struct rules *rules = NULL;
		struct page_signals page;
		struct rules_found found;
		struct features_input input = { .page = &page, .found = &found };
		struct features features;
		struct arena *arena = arena_create(limit);
		struct status st;

		assert_true(status_ok(rules_compile(two_rules, 2, &rules)));
		page_begin(w->page, "example.com", "text/html");
		assert_true(status_ok(page_feed(w->page, page_html, strlen(page_html))));
		assert_true(status_ok(page_finish(w->page, false, &page)));
		st = rules_scan(rules, w->scratch, &page, arena, &found);
		if (status_ok(st))
			st = features_build(&w->config, &input, arena, &features);
		assert_true(status_ok(st) || st.code == STATUS_RESOURCE_EXHAUSTED);
		done = status_ok(st);
		arena_destroy(arena);
		rules_release(rules);
	}
	assert_true(done);
	w->arena = whole;
}

static void the_registry_is_sorted_and_complete(void **state)
{
	static const char *const some[] = { "kw_unique", "richness", "exp_none", "microcrawl_pages",
					    "title_has_keyword" };
	size_t count, i;
	const struct feature_key *keys = registry_keys(&count);

	(void)state;
	for (i = 1; i < count; i++)
		assert_true(strcmp(keys[i - 1].name, keys[i].name) < 0);
	for (i = 0; i < ARRAY_LEN(some); i++)
		assert_int_equal(registry_find(some[i]) != NULL, strcmp(some[i], "exp_none") != 0);
	assert_true(registry_is_experimental("exp_a_1"));
	assert_false(registry_is_experimental("exp_"));
	assert_false(registry_is_experimental("exp_A"));
	assert_false(registry_is_experimental("xexp_a"));
	assert_string_equal(feature_type_text(FEATURE_OBJECT), "object");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_row_says_what_the_page_says),
		cmocka_unit_test(the_vector_holds_registered_keys_only),
		cmocka_unit_test(a_page_without_hits_has_only_the_weights_version),
		cmocka_unit_test(the_legacy_formula_is_used_when_asked),
		cmocka_unit_test(the_vector_stays_within_its_limits),
		cmocka_unit_test(same_input_gives_the_same_bytes),
		cmocka_unit_test(a_full_arena_is_a_status),
		cmocka_unit_test(the_registry_is_sorted_and_complete),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
