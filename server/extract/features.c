#include "extract/features.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"
#include "extract/json_out.h"
#include "extract/page.h"
#include "extract/registry.h"
#include "extract/rules.h"

#include <string.h>

#define SNIPPETS_BYTES_MAX 8192 /* of keyword_snippets in the vector; what is left is plenty for the other keys */
#define JSON_BYTES_MAX     65536
#define VECTOR_BYTES_USUAL 4000 /* reserved at once */

/* Everything the vector is written from. */
struct work {
	const struct features_config *config;
	const struct features_input *input;
	struct keyword_summary summary;
	struct arena *arena;
	struct features *out;
};

struct features_config features_config_default(void)
{
	return (struct features_config){ .richness = richness_config_default(),
					 .is_richness_v2 = true,
					 .wants_keyword_rows = true,
					 .keyword_rows_max = 500 };
}

double link_internal_ratio(uint32_t internal, uint32_t external)
{
	return internal + external > 0 ? (double)internal / ((double)internal + (double)external) : 0;
}

/* --- small JSON columns -------------------------------------------------------------------------------------- */

static struct status json_take(struct buffer *b, struct arena *arena, const char **out)
{
	const char *copy = b->failed ? NULL : arena_strndup(arena, b->data, b->len);

	buffer_done(b);
	if (!copy)
		return status_out_of_memory();
	*out = copy;
	return STATUS_OK_VALUE;
}

static void top3_write(struct buffer *b, const char *key, const struct keyword_summary *summary, bool with_surface)
{
	char id[UUID_TEXT_SIZE];
	unsigned i;

	json_out_open(b, key, '[');
	for (i = 0; i < summary->top_count; i++) {
		const struct keyword_tally *tally = summary->top[i].tally;

		uuid_to_text(&tally->id, id);
		json_out_open(b, NULL, '{');
		json_out_text(b, "keyword_id", id, UUID_TEXT_SIZE - 1);
		if (with_surface)
			json_out_text(b, "surface_form", tally->surface.text,
				      utf8_cut(tally->surface.text, tally->surface.len, KEYWORD_SURFACE_BYTES));
		json_out_double(b, "weight", summary->top[i].weight);
		json_out_close(b, '}');
	}
	json_out_close(b, ']');
}

static void distribution_write(struct buffer *b, const char *key, const uint32_t by_signal[SIGNAL_COUNT])
{
	int s;

	json_out_open(b, key, '{');
	for (s = 0; s < SIGNAL_COUNT; s++)
		if (by_signal[s] > 0)
			json_out_int(b, signal_text((enum signal)s), by_signal[s]);
	json_out_close(b, '}');
}

static struct status columns_write(struct work *w)
{
	struct buffer b;

	buffer_init(&b, JSON_BYTES_MAX);
	top3_write(&b, NULL, &w->summary, false);
	TRY(json_take(&b, w->arena, &w->out->kw_top3));
	buffer_init(&b, JSON_BYTES_MAX);
	top3_write(&b, NULL, &w->summary, true);
	TRY(json_take(&b, w->arena, &w->out->http_keywords));
	buffer_init(&b, JSON_BYTES_MAX);
	distribution_write(&b, NULL, w->summary.by_signal);
	return json_take(&b, w->arena, &w->out->kw_signal_distribution);
}

/* --- the feature vector -------------------------------------------------------------------------------------- */

static void text_limited(struct buffer *b, const char *key, const char *text)
{
	json_out_text(b, key, text, utf8_cut(text, strlen(text), FEATURE_STRING_BYTES));
}

static void richness_write(struct buffer *b, const struct work *w)
{
	const struct richness *r = &w->out->richness;
	const struct richness_config *c = &w->config->richness;

	json_out_double(b, "richness", w->out->content_richness_score);
	if (w->config->wants_canary)
		json_out_double(b, "richness_legacy_canary", w->out->richness_legacy);
	if (!w->config->is_richness_v2)
		return;
	json_out_int(b, "richness_weights_version", RICHNESS_WEIGHTS_VERSION);
	if (!r->has_components)
		return;
	json_out_open(b, "richness_weight_profile", '{');
	json_out_double(b, "V", c->diversity);
	json_out_double(b, "P", c->prominence);
	json_out_double(b, "D", c->density);
	json_out_double(b, "S", c->entropy);
	json_out_double(b, "L", c->length);
	json_out_double(b, "bonus_max", c->bonus_max);
	json_out_close(b, '}');
	json_out_double(b, "diversity_effective_unique", r->effective_unique);
	json_out_double(b, "diversity_target", c->diversity_target);
	json_out_double(b, "diversity_norm", r->diversity);
	json_out_double(b, "prominence_norm", r->prominence);
	json_out_double(b, "density_norm", r->density);
	json_out_double(b, "signal_entropy_norm", r->entropy);
	json_out_double(b, "length_quality_norm", r->length);
	json_out_double(b, "enrichment_norm", r->enrichment);
	json_out_double(b, "stuffing_penalty", r->stuffing_penalty);
	json_out_double(b, "repetition_index", r->repetition_index);
	json_out_double(b, "anchor_share", r->anchor_share);
	json_out_double(b, "applied_bonus", r->bonus);
	json_out_double(b, "applied_deductions_total", r->deductions);
}

static void contexts_write(struct buffer *b, const struct keyword_tally *tally)
{
	char id[UUID_TEXT_SIZE];
	unsigned i;

	uuid_to_text(&tally->id, id);
	json_out_open(b, id, '[');
	for (i = 0; i < tally->context_count; i++)
		json_out_text(b, NULL, tally->contexts[i].text,
			      utf8_cut(tally->contexts[i].text, tally->contexts[i].len, FEATURE_STRING_BYTES));
	json_out_close(b, ']');
}

/* {"<keyword id>":["…"]}: the top three first, then the others, as far as there is room. */
static void snippets_write(struct buffer *b, const struct work *w)
{
	const struct rules_found *found = w->input->found;
	size_t limit = b->limit, i;
	unsigned t;

	json_out_open(b, "keyword_snippets", '{');
	b->limit = b->len + SNIPPETS_BYTES_MAX;
	for (i = 0; i < w->summary.top_count + found->count; i++) {
		const struct keyword_tally *tally =
			i < w->summary.top_count ? w->summary.top[i].tally : &found->tallies[i - w->summary.top_count];
		size_t before = b->len;

		for (t = 0; i >= w->summary.top_count && t < w->summary.top_count; t++)
			if (w->summary.top[t].tally == tally)
				break;
		if (tally->context_count == 0 || (i >= w->summary.top_count && t < w->summary.top_count))
			continue;
		contexts_write(b, tally);
		if (b->failed) { /* the last one did not fit: take it back and stop */
			b->failed = false;
			b->len = before;
			b->data[before] = '\0';
			break;
		}
	}
	b->limit = limit;
	json_out_close(b, '}');
}

static void vector_write(struct buffer *b, const struct work *w)
{
	const struct keyword_summary *s = &w->summary;
	const struct features *f = w->out;

	json_out_open(b, NULL, '{');
	json_out_int(b, "kw_unique", s->unique_count);
	json_out_int(b, "kw_hits_total", s->total_occurrences);
	json_out_double(b, "kw_weight_sum", s->weight_sum);
	top3_write(b, "kw_top3", s, false);
	distribution_write(b, "kw_signal_distribution", s->by_signal);
	json_out_int(b, "kw_unique_root", s->unique_count);
	json_out_int(b, "keyword_set_hits", s->from_sets);
	json_out_int(b, "ad_hoc_hits", s->ad_hoc);
	json_out_bool(b, "title_has_keyword", s->title_has_keyword);
	json_out_int(b, "content_bytes", (int64_t)f->content_bytes);
	json_out_double(b, "content_richness_score", f->content_richness_score);
	text_limited(b, "content_snippet", f->snippet);
	text_limited(b, "page_title", f->title);
	json_out_int(b, "status_code", w->input->status_code);
	if (w->input->fetched_at)
		text_limited(b, "fetched_at", w->input->fetched_at);
	json_out_int(b, "h1_count", f->h1_count);
	json_out_int(b, "link_internal_count", f->link_internal_count);
	json_out_int(b, "link_external_count", f->link_external_count);
	json_out_double(b, "link_internal_ratio", f->link_internal_ratio);
	json_out_bool(b, "has_structural_signals", f->has_structural_signals);
	text_limited(b, "primary_lang", f->page_lang);
	json_out_double(b, "parked_confidence", f->parked_confidence);
	json_out_bool(b, "is_parked", f->is_parked);
	text_limited(b, "page_archetype", f->page_archetype);
	richness_write(b, w);
	snippets_write(b, w);
	json_out_close(b, '}');
}

/* --- all of it ----------------------------------------------------------------------------------------------- */

static struct status page_fill(struct work *w)
{
	const struct page_signals *page = w->input->page;
	struct features *f = w->out;
	struct parked parked = parked_judge(page->title, page->visible);

	f->title = text_clean(w->arena, page->title, strlen(page->title), (size_t)PAGE_TITLE_CHARS_MAX * 4);
	f->snippet = text_clean(w->arena, page->snippet, strlen(page->snippet), PAGE_SNIPPET_BYTES + 4);
	f->content_hash = arena_strdup(w->arena, page->content_hash);
	if (!f->title || !f->snippet || !f->content_hash)
		return status_out_of_memory();
	f->content_bytes = page->content_bytes;
	f->page_lang = "und";
	f->page_archetype = parked.is_parked ? "parked" : "unknown";
	f->crawl_strategy = "single_fetch";
	f->is_parked = parked.is_parked;
	f->parked_confidence = parked.confidence;
	f->h1_count = page->h1_count;
	f->link_internal_count = page->link_internal;
	f->link_external_count = page->link_external;
	f->link_internal_ratio = link_internal_ratio(page->link_internal, page->link_external);
	f->has_structural_signals = page->h1_count > 0 || page->link_internal + page->link_external > 0;
	f->extraction_version = EXTRACTION_VERSION;
	return STATUS_OK_VALUE;
}

static void richness_fill(struct work *w)
{
	const struct rules_found *found = w->input->found;
	struct features *f = w->out;
	unsigned types = 0;
	int s;

	for (s = 0; s < SIGNAL_COUNT; s++)
		types += w->summary.by_signal[s] > 0;
	if (!w->config->is_richness_v2 || w->config->wants_canary)
		f->richness_legacy = richness_legacy(f->content_bytes, w->summary.total_occurrences, types);
	if (w->config->is_richness_v2)
		richness_compute(&w->config->richness, found->tallies, found->count, f->content_bytes, NULL,
				 &f->richness);
	f->content_richness_score = w->config->is_richness_v2 ? f->richness.value : f->richness_legacy;
}

struct status features_build(const struct features_config *config, const struct features_input *input,
			     struct arena *arena, struct features *out)
{
	struct features built = { 0 };
	struct work w = { .config = config, .input = input, .arena = arena, .out = &built };
	struct buffer b;

	keyword_summarize(input->found->tallies, input->found->count, &w.summary);
	TRY(page_fill(&w));
	built.kw_unique_count = w.summary.unique_count;
	built.kw_total_occurrences = w.summary.total_occurrences;
	built.kw_weight_sum = w.summary.weight_sum;
	built.title_has_keyword = w.summary.title_has_keyword;
	richness_fill(&w);
	TRY(columns_write(&w));
	buffer_init(&b, FEATURE_VECTOR_BYTES);
	if (!buffer_reserve(&b, VECTOR_BYTES_USUAL))
		return status_out_of_memory();
	vector_write(&b, &w);
	TRY(json_take(&b, arena, &built.feature_vector));
	if (config->wants_keyword_rows)
		TRY(keyword_rows(input->found->tallies, input->found->count, &w.summary,
				 config->richness.signal_weights, config->keyword_rows_max, arena, &built.rows,
				 &built.row_count));
	*out = built;
	return STATUS_OK_VALUE;
}
