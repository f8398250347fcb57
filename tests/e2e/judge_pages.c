/* judge_pages.c: what extraction, scoring and the leads table say about pages in files.
 *
 * Reads {"rules": [{"pattern", "isCaseSensitive", "weight"}], "pages": [{"file", "host", "contentType"}]} on stdin and
 * writes one JSON object a page. Pages were fetched just now, without microcrawl, with default weights and thresholds:
 * the frame in which tests/lab/labkit/oracle.py answers the same questions. */
#include "base/arena.h"
#include "base/auto.h"
#include "base/json.h"
#include "extract/features.h"
#include "extract/page.h"
#include "extract/rules.h"
#include "model/states.h"
#include "scoring/leads.h"
#include "scoring/score.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE_BYTES_MAX 5242880
#define CHUNK_BYTES    16384
#define ARENA_BYTES    (64u << 20)

struct judge {
	struct arena *arena;
	struct page *page;
	struct rules *rules;
	struct rules_scratch *scratch;
	const char **patterns;
};

static _Noreturn void die(const char *what, struct status st)
{
	fprintf(stderr, "judge_pages: %s: %s %s\n", what, st.reason ? st.reason : "", st.detail);
	exit(1);
}

static void must(const char *what, struct status st)
{
	if (!status_ok(st))
		die(what, st);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The id of rule i is i in its last two bytes, so that a tally leads back to its pattern. */
static void rules_load(struct judge *judge, const json_t *rules)
{
	size_t count = json_array_size(rules);
	struct rule_spec *specs = calloc(count + 1, sizeof(*specs));

	judge->patterns = calloc(count + 1, sizeof(*judge->patterns));
	if (!specs || !judge->patterns)
		die("rules", status_make(STATUS_RESOURCE_EXHAUSTED, "MEMORY", "no memory"));
	for (size_t i = 0; i < count; i++) {
		const json_t *rule = json_array_get(rules, i);

		judge->patterns[i] = text_of(rule, "pattern");
		specs[i].pattern = judge->patterns[i];
		specs[i].is_case_sensitive = json_is_true(json_object_get(rule, "isCaseSensitive"));
		specs[i].weight = json_number_value(json_object_get(rule, "weight"));
		specs[i].keyword_id.bytes[14] = (uint8_t)(i >> 8);
		specs[i].keyword_id.bytes[15] = (uint8_t)i;
	}
	must("rules", rules_compile(specs, count, &judge->rules));
	free(specs);
}

/* Reads at most what the fetcher would; true when the file was longer. */
static bool page_load(struct judge *judge, const char *name)
{
	char chunk[CHUNK_BYTES];
	FILE *file = fopen(name, "rb");
	size_t left = PAGE_BYTES_MAX;
	size_t n;
	bool is_longer;

	if (!file) {
		perror(name);
		exit(1);
	}
	while (left > 0 && (n = fread(chunk, 1, left < sizeof(chunk) ? left : sizeof(chunk), file)) > 0) {
		must(name, page_feed(judge->page, chunk, n));
		left -= n;
	}
	is_longer = left == 0 && fgetc(file) != EOF;
	fclose(file);
	return is_longer;
}

static json_t *hits_by_pattern(const struct judge *judge, const struct rules_found *found)
{
	json_t *object = json_object();

	for (size_t i = 0; i < found->count; i++) {
		const struct keyword_tally *tally = &found->tallies[i];
		size_t rule = (size_t)tally->id.bytes[14] << 8 | tally->id.bytes[15];

		json_object_set_new(object, judge->patterns[rule], json_integer(tally->occurrences));
	}
	return object;
}

static json_t *hits_by_signal(const struct rules_found *found)
{
	json_t *object = json_object();
	struct keyword_summary summary;

	keyword_summarize(found->tallies, found->count, &summary);
	for (enum signal signal = 0; signal < SIGNAL_COUNT; signal++)
		if (summary.by_signal[signal] > 0)
			json_object_set_new(object, signal_text(signal), json_integer(summary.by_signal[signal]));
	return object;
}

static struct leads_verdict decide(const struct features *features, double *out_score)
{
	struct score_weights weights = score_weights_default();
	struct score_config config = { .effective = score_weights_effective(&weights),
				       .parked_penalty_factor = SCORE_PENALTY_FACTOR_DEFAULT };
	struct score_input input = { .unique = features->kw_unique_count,
				     .hits = features->kw_total_occurrences,
				     .content_bytes = (double)features->content_bytes,
				     .title_has_keyword = features->title_has_keyword,
				     .is_parked = features->is_parked,
				     .has_parked_confidence = true,
				     .parked_confidence = features->parked_confidence,
				     .has_fetch_time = true };
	struct leads_thresholds thresholds = { 0.27, 0.24, 1024, 0.45, true };
	struct leads_input lead = { .dns_status = DNS_STATUS_OK,
				    .http_status = HTTP_STATUS_OK,
				    .is_parked = features->is_parked,
				    .parked_confidence = features->parked_confidence,
				    .has_structural_signals = features->has_structural_signals,
				    .kw_unique = features->kw_unique_count,
				    .kw_hits_total = features->kw_total_occurrences,
				    .has_score = true,
				    .content_bytes = (int64_t)features->content_bytes };
	struct score score;

	score_compute(&config, &input, &score);
	lead.score = *out_score = score.value;
	return leads_decide(&thresholds, &lead);
}

static void judge_page(struct judge *judge, const json_t *wanted)
{
	const char *name = text_of(wanted, "file");
	struct features_config config = features_config_default();
	struct features_input input = { .status_code = 200 };
	struct page_signals page;
	struct rules_found found;
	struct features features;
	struct leads_verdict verdict;
	json_t *answer;
	double score;

	arena_reset(judge->arena);
	page_begin(judge->page, text_of(wanted, "host"), text_of(wanted, "contentType"));
	must(name, page_finish(judge->page, page_load(judge, name), &page));
	must(name, rules_scan(judge->rules, judge->scratch, &page, judge->arena, &found));
	input.page = &page;
	input.found = &found;
	must(name, features_build(&config, &input, judge->arena, &features));
	verdict = decide(&features, &score);
	answer = json_pack("{s:s, s:I, s:i, s:i, s:i, s:b, s:f, s:f, s:f, s:f, s:s, s:s}", "title", features.title,
			   "content_bytes", (json_int_t)features.content_bytes, "h1_count", (int)features.h1_count,
			   "links_internal", (int)features.link_internal_count, "links_external",
			   (int)features.link_external_count, "parked", features.is_parked, "parked_confidence",
			   features.parked_confidence, "weight_sum", features.kw_weight_sum, "richness",
			   features.content_richness_score, "score", score, "lead_status",
			   lead_status_to_text(verdict.status), "rejection", rejection_to_text(verdict.rejection));
	json_object_set_new(answer, "keywords", hits_by_pattern(judge, &found));
	json_object_set_new(answer, "signals", hits_by_signal(&found));
	json_dumpf(answer, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(answer);
}

int main(void)
{
	AUTO(json) json_t *input = NULL;
	struct judge judge = { .arena = arena_create(ARENA_BYTES),
			       .page = page_create(PAGE_TEXT_BYTES_MAX),
			       .scratch = rules_scratch_create() };
	json_error_t error;
	const json_t *page;
	size_t i;

	if (!judge.arena || !judge.page || !judge.scratch)
		die("start", status_make(STATUS_RESOURCE_EXHAUSTED, "MEMORY", "no memory"));
	input = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
	if (!input) {
		fprintf(stderr, "judge_pages: stdin: %s\n", error.text);
		return 1;
	}
	rules_load(&judge, json_object_get(input, "rules"));
	json_array_foreach (json_object_get(input, "pages"), i, page)
		judge_page(&judge, page);
	rules_release(judge.rules);
	rules_scratch_destroy(judge.scratch);
	page_destroy(judge.page);
	arena_destroy(judge.arena);
	free(judge.patterns);
	return 0;
}
