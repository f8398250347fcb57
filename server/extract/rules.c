/* How it works: all patterns become one Vectorscan literal database (two when there are case-sensitive rules, which
 * are looked for in the text as written; the others in folded text). It reports the end of every occurrence of a
 * pattern in rising order; since a literal has one length, taking an occurrence when it begins at or after the end of
 * the last one taken gives the leftmost non-overlapping ones. Segments are separated by '\n', which no pattern holds,
 * so no occurrence spans two regions. */
#include "extract/rules.h"

#include "base/arena.h"
#include "extract/fold.h"
#include "extract/page.h"
#include "extract/text_run.h"

#include <hs.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Of the engine's callback on one page, overlapping occurrences included: "aaaa…" under rules "a", "aa", "aaa"… */
#define CALLS_MAX (8 * RULES_HITS_MAX)

struct rule {
	char *pattern; /* as matched: collapsed, folded unless case-sensitive */
	char *key;     /* folded: equal keys are duplicates */
	size_t pattern_len;
	bool is_case_sensitive, is_duplicate;
	double weight;
	unsigned context_chars;
	uint32_t keyword; /* index */
};

struct rules_keyword {
	struct uuid id;
	enum keyword_source source;
};

struct rules {
	atomic_uint references;
	uint64_t number; /* no other set of this process has it */
	struct rule *rules;
	size_t rule_count;
	struct rules_keyword *keywords;
	size_t keyword_count;
	hs_database_t *folded, *exact; /* NULL when no rule of that kind */
};

struct rules_scratch {
	hs_scratch_t *hs;
	uint64_t fits; /* the set hs was last made to fit: asking the engine takes as long as scanning a page */
	char *folded_text;
	size_t folded_capacity;
	struct fold_map map;
	uint64_t *last_ends; /* by rule; a stamp in the high half spares clearing */
	size_t last_ends_capacity;
	uint32_t stamp;
	uint32_t *tally_at; /* by keyword: index into tallies, valid when tallies[index] names it */
	size_t tally_at_capacity;
	struct keyword_tally *tallies;
	uint32_t *tally_keywords; /* by tally: its keyword */
	size_t tally_count, tally_capacity;
};

/* --- compiling ----------------------------------------------------------------------------------------------- */

static struct status pattern_set(struct rule *rule, const struct rule_spec *spec, size_t index)
{
	size_t n = strlen(spec->pattern);
	struct text_run run;

	if (n > RULES_PATTERN_BYTES)
		return status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR",
				   "rule %zu: the pattern is longer than %d bytes", index, RULES_PATTERN_BYTES);
	rule->pattern = malloc(n + 1);
	rule->key = malloc(n + 1);
	if (!rule->pattern || !rule->key)
		return status_out_of_memory();
	run = text_run_make(rule->pattern, n);
	text_run_add(&run, spec->pattern, n, n);
	text_run_trim(&run, 0);
	if (run.len == 0)
		return status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR", "rule %zu: the pattern is empty",
				   index);
	rule->pattern[run.len] = '\0';
	rule->pattern_len = run.len;
	if (!fold_text(rule->pattern, run.len, rule->key, &n, NULL))
		return status_out_of_memory();
	rule->key[n] = '\0';
	if (!rule->is_case_sensitive) {
		memcpy(rule->pattern, rule->key, n + 1);
		rule->pattern_len = n;
	}
	return STATUS_OK_VALUE;
}

static int by_key(const void *left, const void *right)
{
	const struct rule *const *a = left, *const *b = right;
	int order = strcmp((*a)->key, (*b)->key);

	return order != 0 ? order : *a < *b ? -1 : 1; /* the earlier rule first */
}

static struct status duplicates_mark(struct rules *set)
{
	struct rule **sorted = malloc((set->rule_count + 1) * sizeof(struct rule *));
	size_t i;

	if (!sorted)
		return status_out_of_memory();
	for (i = 0; i < set->rule_count; i++)
		sorted[i] = &set->rules[i];
	qsort(sorted, set->rule_count, sizeof(struct rule *), by_key);
	for (i = 1; i < set->rule_count; i++)
		sorted[i]->is_duplicate = strcmp(sorted[i]->key, sorted[i - 1]->key) == 0;
	free(sorted);
	return STATUS_OK_VALUE;
}

struct id_at {
	struct uuid id;
	size_t rule;
};

static int by_id_then_rule(const void *left, const void *right)
{
	const struct id_at *a = left, *b = right;
	int order = memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes));

	return order != 0 ? order : a->rule < b->rule ? -1 : 1;
}

/* Gives every rule the index of its keyword; keywords are numbered by the first rule that names them. */
static struct status keywords_number(struct rules *set, const struct rule_spec *specs)
{
	struct id_at *sorted = malloc((set->rule_count + 1) * sizeof(*sorted));
	size_t i;

	set->keywords = calloc(set->rule_count + 1, sizeof(*set->keywords));
	if (!sorted || !set->keywords) {
		free(sorted);
		return status_out_of_memory();
	}
	for (i = 0; i < set->rule_count; i++)
		sorted[i] = (struct id_at){ specs[i].keyword_id, i };
	qsort(sorted, set->rule_count, sizeof(*sorted), by_id_then_rule);
	/* for now: the first rule with that id */
	for (i = 0; i < set->rule_count; i++)
		set->rules[sorted[i].rule].keyword = i > 0 && uuid_equal(&sorted[i].id, &sorted[i - 1].id)
							     ? set->rules[sorted[i - 1].rule].keyword
							     : (uint32_t)sorted[i].rule;
	free(sorted);
	for (i = 0; i < set->rule_count; i++) {
		struct rule *rule = &set->rules[i];

		if (rule->keyword == i) {
			set->keywords[set->keyword_count] =
				(struct rules_keyword){ specs[i].keyword_id, specs[i].source };
			rule->keyword = (uint32_t)set->keyword_count++;
		} else {
			rule->keyword = set->rules[rule->keyword].keyword;
		}
	}
	return STATUS_OK_VALUE;
}

static struct status database_build(const struct rules *set, bool is_case_sensitive, hs_database_t **out)
{
	const char **patterns = malloc((set->rule_count + 1) * sizeof(char *));
	size_t *lens = malloc((set->rule_count + 1) * sizeof(*lens));
	unsigned *ids = malloc((set->rule_count + 1) * sizeof(*ids));
	unsigned *flags = calloc(set->rule_count + 1, sizeof(*flags));
	struct status st = STATUS_OK_VALUE;
	hs_compile_error_t *error = NULL;
	unsigned count = 0;
	size_t i;

	if (!patterns || !lens || !ids || !flags) {
		st = status_out_of_memory();
		goto done;
	}
	for (i = 0; i < set->rule_count; i++) {
		const struct rule *rule = &set->rules[i];

		if (rule->is_duplicate || rule->is_case_sensitive != is_case_sensitive)
			continue;
		patterns[count] = rule->pattern;
		lens[count] = rule->pattern_len;
		ids[count] = (unsigned)i;
		count++;
	}
	if (count > 0 &&
	    hs_compile_lit_multi(patterns, flags, ids, lens, count, HS_MODE_BLOCK, NULL, out, &error) != HS_SUCCESS) {
		st = status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR", "the rules cannot be compiled: %s",
				 error->message);
		hs_free_compile_error(error);
	}
done:
	free(patterns);
	free(lens);
	free(ids);
	free(flags);
	return st;
}

static struct status set_fill(struct rules *set, const struct rule_spec *specs, size_t count)
{
	size_t i;

	set->rules = calloc(count + 1, sizeof(*set->rules));
	if (!set->rules)
		return status_out_of_memory();
	for (i = 0; i < count; i++) {
		struct rule *rule = &set->rules[i];

		set->rule_count = i + 1;
		rule->is_case_sensitive = specs[i].is_case_sensitive;
		rule->weight = specs[i].weight;
		rule->context_chars =
			specs[i].context_chars < RULES_CONTEXT_CHARS ? specs[i].context_chars : RULES_CONTEXT_CHARS;
		if (!isfinite(specs[i].weight))
			return status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR", "rule %zu: bad weight", i);
		TRY(pattern_set(rule, &specs[i], i));
	}
	TRY(duplicates_mark(set));
	TRY(keywords_number(set, specs));
	TRY(database_build(set, false, &set->folded));
	return database_build(set, true, &set->exact);
}

struct status rules_compile(const struct rule_spec *specs, size_t count, struct rules **out)
{
	static _Atomic uint64_t numbers;
	struct rules *set;
	struct status st;

	if (count > RULES_COUNT_MAX)
		return status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR", "more than %d rules", RULES_COUNT_MAX);
	set = calloc(1, sizeof(*set));
	if (!set)
		return status_out_of_memory();
	atomic_init(&set->references, 1);
	set->number = atomic_fetch_add_explicit(&numbers, 1, memory_order_relaxed) + 1;
	st = set_fill(set, specs, count);
	if (!status_ok(st)) {
		rules_release(set);
		return st;
	}
	*out = set;
	return STATUS_OK_VALUE;
}

struct rules *rules_retain(struct rules *rules)
{
	atomic_fetch_add_explicit(&rules->references, 1, memory_order_relaxed);
	return rules;
}

void rules_release(struct rules *rules)
{
	size_t i;

	if (!rules || atomic_fetch_sub_explicit(&rules->references, 1, memory_order_acq_rel) != 1)
		return;
	for (i = 0; i < rules->rule_count; i++) {
		free(rules->rules[i].pattern);
		free(rules->rules[i].key);
	}
	free(rules->rules);
	free(rules->keywords);
	hs_free_database(rules->folded);
	hs_free_database(rules->exact);
	free(rules);
}

size_t rules_keyword_count(const struct rules *rules)
{
	return rules->keyword_count;
}

/* --- scratch ------------------------------------------------------------------------------------------------- */

struct rules_scratch *rules_scratch_create(void)
{
	return calloc(1, sizeof(struct rules_scratch));
}

void rules_scratch_destroy(struct rules_scratch *scratch)
{
	if (!scratch)
		return;
	hs_free_scratch(scratch->hs);
	fold_map_done(&scratch->map);
	free(scratch->folded_text);
	free(scratch->last_ends);
	free(scratch->tally_at);
	free(scratch->tallies);
	free(scratch->tally_keywords);
	free(scratch);
}

/* Makes *array hold at least `want` zeroed-or-old elements. */
static bool array_fit(void *array_pointer, size_t *capacity, size_t want, size_t size)
{
	void *old, *grown;

	memcpy(&old, array_pointer, sizeof(old));
	if (want <= *capacity)
		return true;
	grown = realloc(old, want * size);
	if (!grown)
		return false;
	memset((char *)grown + *capacity * size, 0, (want - *capacity) * size);
	memcpy(array_pointer, &grown, sizeof(grown));
	*capacity = want;
	return true;
}

static bool engine_fit(struct rules_scratch *scratch, const struct rules *rules)
{
	if (scratch->fits == rules->number)
		return true;
	if (rules->folded && hs_alloc_scratch(rules->folded, &scratch->hs) != HS_SUCCESS)
		return false;
	if (rules->exact && hs_alloc_scratch(rules->exact, &scratch->hs) != HS_SUCCESS)
		return false;
	scratch->fits = rules->number;
	return true;
}

static bool scratch_fit(struct rules_scratch *scratch, const struct rules *rules)
{
	if (++scratch->stamp == 0) { /* wrapped: old stamps could be taken for new */
		memset(scratch->last_ends, 0, scratch->last_ends_capacity * sizeof(*scratch->last_ends));
		scratch->stamp = 1;
	}
	scratch->tally_count = 0;
	return engine_fit(scratch, rules) &&
	       array_fit(&scratch->last_ends, &scratch->last_ends_capacity, rules->rule_count, sizeof(uint64_t)) &&
	       array_fit(&scratch->tally_at, &scratch->tally_at_capacity, rules->keyword_count, sizeof(uint32_t));
}

/* --- scanning ------------------------------------------------------------------------------------------------ */

struct scan {
	const struct rules *rules;
	struct rules_scratch *scratch;
	const struct page_signals *page;
	const struct fold_map *map; /* NULL: offsets are those of the text */
	size_t segment;             /* of the last hit */
	uint64_t hits, calls;
	bool is_cut, is_out_of_memory;
};

static size_t segment_of(struct scan *scan, size_t position)
{
	const struct page_segment *segments = scan->page->segments;
	size_t low = scan->segment, high = scan->page->segment_count;

	/* hits come in rising order: usually this segment or the next */
	if (segments[low].start > position)
		low = 0;
	else if (low + 1 == high || segments[low + 1].start > position)
		return low;
	else if (low + 2 == high || segments[low + 2].start > position)
		return scan->segment = low + 1;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (segments[mid].start <= position)
			low = mid;
		else
			high = mid;
	}
	scan->segment = low;
	return low;
}

/* Body, links and h1 read on into each other; title and metas stand alone. */
static bool flows(enum signal signal)
{
	return signal == SIGNAL_BODY || signal == SIGNAL_ANCHOR || signal == SIGNAL_H1;
}

static struct text_span context_of(const struct scan *scan, size_t segment, size_t start, size_t end, size_t chars)
{
	const struct page_signals *page = scan->page;
	size_t low = start > chars ? start - chars : 0;
	size_t high = page->text_len - end > chars ? end + chars : page->text_len;
	size_t first = segment, last = segment;

	while (page->segments[first].start > low && first > 0 && flows(page->segments[first].signal) &&
	       flows(page->segments[first - 1].signal))
		first--;
	while (last + 1 < page->segment_count && page->segments[last + 1].start <= high &&
	       flows(page->segments[last].signal) && flows(page->segments[last + 1].signal))
		last++;
	if (low < page->segments[first].start)
		low = page->segments[first].start;
	if (last + 1 < page->segment_count && high > page->segments[last + 1].start - 1)
		high = page->segments[last + 1].start - 1;
	while (low < start && ((unsigned char)page->text[low] & 0xC0) == 0x80)
		low++;
	while (high > end && high < page->text_len && ((unsigned char)page->text[high] & 0xC0) == 0x80)
		high--;
	return (struct text_span){ page->text + low, high - low };
}

static struct keyword_tally *tally_for(struct scan *scan, uint32_t keyword)
{
	struct rules_scratch *s = scan->scratch;
	uint32_t at = s->tally_at[keyword];

	if (at < s->tally_count && s->tally_keywords[at] == keyword)
		return &s->tallies[at];
	if (s->tally_count == s->tally_capacity) {
		size_t capacity = s->tally_capacity > 0 ? s->tally_capacity * 2 : 64, old = s->tally_capacity;

		if (!array_fit(&s->tallies, &old, capacity, sizeof(*s->tallies)) ||
		    !array_fit(&s->tally_keywords, &s->tally_capacity, capacity, sizeof(uint32_t)))
			return NULL;
	}
	at = (uint32_t)s->tally_count++;
	s->tally_at[keyword] = at;
	s->tally_keywords[at] = keyword;
	s->tallies[at] = keyword_tally_make(&scan->rules->keywords[keyword].id, scan->rules->keywords[keyword].source);
	return &s->tallies[at];
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct scan *scan = ctx;
	const struct rule *rule = &scan->rules->rules[id];
	uint64_t *last_end = &scan->scratch->last_ends[id];
	size_t start = (size_t)to - rule->pattern_len, end = (size_t)to, segment;
	struct keyword_tally *tally;
	struct keyword_hit hit;

	(void)from; /* only known to engines asked for it */
	(void)flags;
	if (scan->hits == RULES_HITS_MAX || scan->calls++ == CALLS_MAX) {
		scan->is_cut = true;
		return 1;
	}
	if (*last_end >> 32 == scan->scratch->stamp && start < (uint32_t)*last_end)
		return 0;
	*last_end = (uint64_t)scan->scratch->stamp << 32 | end;
	scan->hits++;
	if (scan->map && scan->map->count > 0) {
		start = fold_original(scan->map, start);
		end = fold_original(scan->map, end);
	}
	tally = tally_for(scan, rule->keyword);
	if (!tally) {
		scan->is_out_of_memory = true;
		return 1;
	}
	segment = segment_of(scan, start);
	hit = (struct keyword_hit){ .signal = scan->page->segments[segment].signal,
				    .position = (int64_t)start,
				    .base_weight = rule->weight,
				    .surface = { scan->page->text + start, end - start } };
	if (tally->context_count < KEYWORD_CONTEXTS_MAX && rule->context_chars > 0)
		hit.context = context_of(scan, segment, start, end, rule->context_chars);
	keyword_tally_add(tally, &hit);
	return 0;
}

static struct status scan_text(struct scan *scan, const hs_database_t *database, const char *text, size_t n)
{
	hs_error_t error;

	scan->segment = 0;
	error = hs_scan(database, text, (unsigned)n, 0, scan->scratch->hs, on_match, scan);
	if (scan->is_out_of_memory)
		return status_out_of_memory();
	if (error != HS_SUCCESS && error != HS_SCAN_TERMINATED)
		return status_make(STATUS_INTERNAL, "INTERNAL", "keyword engine error %d", error);
	return STATUS_OK_VALUE;
}

static struct status scan_folded(struct scan *scan)
{
	struct rules_scratch *s = scan->scratch;
	size_t n = 0;

	if (!array_fit(&s->folded_text, &s->folded_capacity, scan->page->text_len + 8, 1) ||
	    !fold_text(scan->page->text, scan->page->text_len, s->folded_text, &n, &s->map))
		return status_out_of_memory();
	scan->map = &s->map;
	return scan_text(scan, scan->rules->folded, s->folded_text, n);
}

static int by_keyword(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* Copies the tallies out in the order of the set's keywords. */
static struct status found_fill(const struct scan *scan, struct arena *arena, struct rules_found *out)
{
	const struct rules_scratch *s = scan->scratch;
	struct keyword_tally *tallies = arena_array(arena, s->tally_count + 1, sizeof(*tallies));
	uint64_t *order = arena_array(arena, s->tally_count + 1, sizeof(*order));
	size_t i;

	if (!tallies || !order)
		return status_out_of_memory();
	for (i = 0; i < s->tally_count; i++)
		order[i] = (uint64_t)s->tally_keywords[i] << 32 | i;
	qsort(order, s->tally_count, sizeof(*order), by_keyword);
	for (i = 0; i < s->tally_count; i++)
		tallies[i] = s->tallies[(uint32_t)order[i]];
	*out = (struct rules_found){ tallies, s->tally_count, scan->hits, scan->is_cut };
	return STATUS_OK_VALUE;
}

struct status rules_scan(const struct rules *rules, struct rules_scratch *scratch, const struct page_signals *page,
			 struct arena *arena, struct rules_found *out)
{
	struct scan scan = { .rules = rules, .scratch = scratch, .page = page };

	if (!scratch_fit(scratch, rules))
		return status_out_of_memory();
	if (rules->exact && page->segment_count > 0)
		TRY(scan_text(&scan, rules->exact, page->text, page->text_len));
	if (rules->folded && page->segment_count > 0 && !scan.is_cut)
		TRY(scan_folded(&scan));
	return found_fill(&scan, arena, out);
}
