/* fuzz_html.c: any bytes as a page.
 *
 * The first byte picks the declared content type, the second how the rest is cut into chunks. The page is read whole
 * and in chunks; signals and feature vector must be the same, text well-formed UTF-8 without control characters,
 * segments in order, and the tokenizer's work bounded by the size. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/text.h"
#include "extract/features.h"
#include "extract/page.h"
#include "extract/rules.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX 65536

static const char *const types[] = {
	NULL,         "text/html; charset=utf-8",     "text/html; charset=windows-1252", "text/html",
	"text/plain", "text/html; charset=shift_jis", "text/html; charset=gb18030",      "text/html; charset=utf-16le",
};

/* Opened once, for the life of the process. */
struct tools {
	struct page *whole, *split;
	struct rules *rules;
	struct rules_scratch *scratch;
};

static struct tools *tools_get(void)
{
	static struct tools tools;
	static const struct rule_spec specs[] = {
		{ { { 1 } }, "a", false, 1, 8, KEYWORD_FROM_SET },
		{ { { 2 } }, "aa", false, 2, 8, KEYWORD_AD_HOC },
		{ { { 3 } }, "VoIP", true, 1, 8, KEYWORD_FROM_SET },
		{ { { 4 } }, "\xC3\xA9", false, 1, 0, KEYWORD_FROM_SET },
		{ { { 5 } }, "a b", false, 1, 1000, KEYWORD_FROM_SET },
	};

	if (tools.whole)
		return &tools;
	tools.whole = page_create(TEXT_BYTES_MAX);
	tools.split = page_create(TEXT_BYTES_MAX);
	tools.scratch = rules_scratch_create();
	if (!tools.whole || !tools.split || !tools.scratch ||
	    !status_ok(rules_compile(specs, sizeof(specs) / sizeof(specs[0]), &tools.rules)))
		abort();
	return &tools;
}

static void expect(bool truth)
{
	if (!truth)
		abort();
}

static void read_page(struct page *page, const char *type, const uint8_t *data, size_t size, uint8_t seed,
		      struct page_signals *out)
{
	uint32_t state = seed;
	size_t i, chunk;

	page_begin(page, "example.com", type);
	for (i = 0; i < size; i += chunk) {
		state = state * 1664525u + 1013904223u;
		chunk = seed == 0 ? size : 1 + (state >> 24) % (seed < 64 ? 3 : 300);
		if (chunk > size - i)
			chunk = size - i;
		expect(status_ok(page_feed(page, data + i, chunk)));
	}
	expect(status_ok(page_finish(page, false, out)));
}

static void check(const struct page_signals *page, size_t size)
{
	size_t i;

	expect(page->work <= 6 * size + 64); /* windows-1252 makes up to three bytes of one */
	expect(page->content_bytes == size);
	expect(page->text_len <= TEXT_BYTES_MAX && utf8_valid(page->text, page->text_len));
	for (i = 0; i < page->text_len; i++)
		expect((unsigned char)page->text[i] >= ' ' || page->text[i] == '\n');
	for (i = 0; i < page->segment_count; i++) {
		expect(page->segments[i].start <= page->text_len);
		expect(i == 0 || page->text[page->segments[i].start - 1] == '\n');
	}
	expect(utf8_valid(page->title, strlen(page->title)) && utf8_valid(page->snippet, strlen(page->snippet)));
}

static void check_same(const struct page_signals *a, const struct page_signals *b)
{
	expect(a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0);
	expect(a->segment_count == b->segment_count);
	expect(a->segment_count == 0 ||
	       memcmp(a->segments, b->segments, a->segment_count * sizeof(a->segments[0])) == 0);
	expect(strcmp(a->title, b->title) == 0 && strcmp(a->visible, b->visible) == 0);
	expect(strcmp(a->content_hash, b->content_hash) == 0 && a->charset == b->charset);
	expect(a->h1_count == b->h1_count && a->link_internal == b->link_internal &&
	       a->link_external == b->link_external);
	expect(a->is_text == b->is_text && a->is_html == b->is_html && a->is_text_cut == b->is_text_cut);
}

static const char *vector_of(struct tools *tools, const struct page_signals *page, struct arena *arena)
{
	const struct features_config config = features_config_default();
	struct rules_found found;
	const struct features_input input = { .page = page, .found = &found, .status_code = 200 };
	struct features features;

	expect(status_ok(rules_scan(tools->rules, tools->scratch, page, arena, &found)));
	expect(status_ok(features_build(&config, &input, arena, &features)));
	expect(utf8_valid(features.feature_vector, strlen(features.feature_vector)));
	return features.feature_vector;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tools *tools = tools_get();
	struct page_signals whole, split;
	struct arena *arena;
	const char *type;

	if (size < 2)
		return 0;
	type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	read_page(tools->whole, type, data + 2, size - 2, 0, &whole);
	read_page(tools->split, type, data + 2, size - 2, data[1] | 1, &split);
	check(&whole, size - 2);
	check_same(&whole, &split);
	arena = arena_create(0);
	expect(arena != NULL);
	expect(strcmp(vector_of(tools, &whole, arena), vector_of(tools, &split, arena)) == 0);
	arena_destroy(arena);
	return 0;
}
