#include "phase/keyword_probe.h"

#include "base/arena.h"
#include "extract/rules.h"
#include "net/http_reason.h"
#include "phase/keyword_specs.h"
#include "store/keyword_store.h"
#include "store/persona_store.h"
#include "store/tx.h"

#include <string.h>

/* One keyword set of the request. */
struct set {
	struct uuid id;
	struct keyword_rule *rules;
	size_t rule_count;
	struct rules *compiled; /* NULL: `fault` says why not */
	const char *fault;
};

/* One persona of the request. */
struct named_persona {
	struct uuid id;
	struct persona persona;
	const char *fault;
};

struct run {
	struct arena *arena;
	struct arena *page_arena; /* emptied after each page */
	struct rules_scratch *scratch;
	const struct keyword_probe *items;
	struct keyword_probe_result *results;
	size_t count;
	struct set *sets;
	struct named_persona *personas;
	size_t set_count, persona_count;
	struct persona *usual[PERSONA_TYPE_COUNT]; /* NULL: there is no enabled one */
	struct probe_page *pages;
	struct set **page_sets;
	struct keyword_probe_result **page_results;
	size_t page_count;
	size_t text_bytes;
};

/* --- what the request names ------------------------------------------------------------------------------------- */

static bool is_zero(const struct uuid *id)
{
	static const struct uuid zero;

	return uuid_equal(id, &zero);
}

static struct status compile(struct run *run, struct set *set)
{
	struct rule_spec *specs = arena_array(run->arena, set->rule_count + 1, sizeof *specs);

	if (!specs)
		return status_out_of_memory();
	return rules_compile(specs, keyword_specs_of(set->rules, set->rule_count, specs), &set->compiled);
}

static struct status read_set(struct run *run, struct store_tx *tx, const char *workspace, const struct uuid *id,
			      struct set **out)
{
	struct set *set = run->sets;
	struct keyword_set stored;
	struct status st;

	for (; set < run->sets + run->set_count; set++) {
		if (uuid_equal(&set->id, id)) {
			*out = set;
			return STATUS_OK_VALUE;
		}
	}
	run->set_count++;
	set->id = *id;
	*out = set;
	st = store_keyword_set_get(tx, id, workspace, run->arena, &stored);
	if (st.code == STATUS_NOT_FOUND) {
		set->fault = "KEYWORD_SET_UNKNOWN: there is no such keyword set";
		return STATUS_OK_VALUE;
	}
	TRY(st);
	if (!stored.is_enabled) {
		set->fault = "KEYWORD_SET_DISABLED: the keyword set is disabled";
		return STATUS_OK_VALUE;
	}
	TRY(store_keyword_rules_of(tx, id, 1, true, run->arena, &set->rules, &set->rule_count));
	return compile(run, set);
}

static struct status read_persona(struct run *run, struct store_tx *tx, const char *workspace, const struct uuid *id,
				  enum persona_type type, const struct persona **out, const char **out_fault)
{
	struct named_persona *named = run->personas;
	struct status st;

	if (is_zero(id)) {
		*out = run->usual[type];
		if (!*out && type == PERSONA_TYPE_HTTP)
			*out_fault = "PERSONA_UNUSABLE: there is no enabled http persona";
		return STATUS_OK_VALUE;
	}
	while (named < run->personas + run->persona_count && !uuid_equal(&named->id, id))
		named++;
	if (named == run->personas + run->persona_count) {
		run->persona_count++;
		named->id = *id;
		st = store_persona_get(tx, id, workspace, run->arena, &named->persona);
		if (st.code == STATUS_NOT_FOUND)
			named->fault = "PERSONA_UNKNOWN: there is no such persona";
		else
			TRY(st);
		if (!named->fault && !named->persona.is_enabled)
			named->fault = "PERSONA_UNUSABLE: the persona is disabled";
	}
	if (named->fault)
		*out_fault = named->fault;
	else if (named->persona.type != type)
		*out_fault = type == PERSONA_TYPE_DNS ? "PERSONA_UNUSABLE: this is no dns persona"
						      : "PERSONA_UNUSABLE: this is no http persona";
	else
		*out = &named->persona;
	return STATUS_OK_VALUE;
}

/* A page to be fetched, or the result's error. */
static struct status prepare(struct run *run, struct store_tx *tx, const char *workspace, size_t i)
{
	const struct keyword_probe *item = &run->items[i];
	struct keyword_probe_result *result = &run->results[i];
	struct probe_page *page = &run->pages[run->page_count];
	const char *fault = NULL, *why = NULL;
	struct http_url *url = arena_alloc(run->arena, sizeof *url);
	struct set *set = NULL;

	if (!url)
		return status_out_of_memory();
	*result = (struct keyword_probe_result){ .final_url = "" };
	TRY(read_set(run, tx, workspace, &item->keyword_set_id, &set));
	fault = set->fault;
	TRY(read_persona(run, tx, workspace, &item->dns_persona_id, PERSONA_TYPE_DNS, &page->dns, &fault));
	TRY(read_persona(run, tx, workspace, &item->http_persona_id, PERSONA_TYPE_HTTP, &page->http, &fault));
	if (!fault && !http_url_parse(item->url, url, &why))
		fault = arena_printf(run->arena, "BAD_URL: %s", why);
	result->error = fault;
	if (fault)
		return STATUS_OK_VALUE;
	result->http = page->http;
	page->url = item->url;
	page->host = url->host;
	run->page_sets[run->page_count] = set;
	run->page_results[run->page_count] = result;
	run->page_count++;
	return STATUS_OK_VALUE;
}

static struct status read_usual(struct run *run, struct store_tx *tx, const char *workspace)
{
	for (int type = 0; type < PERSONA_TYPE_COUNT; type++) {
		const struct persona_filter first = {
			.has_type = true, .type = (enum persona_type)type, .enabled = ONLY_ENABLED, .limit = 1
		};
		struct persona *personas;
		size_t count;

		TRY(store_persona_list(tx, workspace, &first, run->arena, &personas, &count));
		run->usual[type] = count ? personas : NULL;
	}
	return STATUS_OK_VALUE;
}

static struct status read_all(struct run *run, struct store_pool *pool, const char *workspace, int64_t until_ms)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(store_begin_snapshot(pool, until_ms, &tx));
	TRY(read_usual(run, tx, workspace));
	for (size_t i = 0; i < run->count; i++)
		TRY(prepare(run, tx, workspace, i));
	return store_commit(&tx);
}

/* --- what the pages say ------------------------------------------------------------------------------------------- */

static const char *keep_text(struct run *run, struct text_span span)
{
	run->text_bytes += span.len;
	return arena_strndup(run->arena, span.text ? span.text : "", span.text ? span.len : 0);
}

static struct status keep_match(struct run *run, const struct keyword_rule *rule, const struct keyword_tally *tally,
				struct keyword_probe_match *out)
{
	struct keyword_probe_match match = { .pattern = rule->pattern,
					     .category = rule->category,
					     .text = keep_text(run, tally->surface) };

	if (!match.text)
		return status_out_of_memory();
	for (; match.context_count < tally->context_count; match.context_count++) {
		match.contexts[match.context_count] = keep_text(run, tally->contexts[match.context_count]);
		if (!match.contexts[match.context_count])
			return status_out_of_memory();
	}
	*out = match;
	return STATUS_OK_VALUE;
}

/* Tallies come in the order of the rules. */
static struct status keep_matches(struct run *run, const struct set *set, const struct rules_found *found,
				  struct keyword_probe_result *result)
{
	size_t most = found->count < KEYWORD_PROBE_MATCHES_MAX ? found->count : KEYWORD_PROBE_MATCHES_MAX;
	const struct keyword_rule *rule = set->rules;

	result->matches = arena_array(run->arena, most + 1, sizeof *result->matches);
	if (!result->matches)
		return status_out_of_memory();
	for (size_t i = 0; i < found->count; i++) {
		while (rule < set->rules + set->rule_count && !uuid_equal(&rule->id, &found->tallies[i].id))
			rule++;
		if (i == most || run->text_bytes > KEYWORD_PROBE_TEXT_BYTES || rule == set->rules + set->rule_count) {
			result->is_cut = true;
			break;
		}
		TRY(keep_match(run, rule, &found->tallies[i], &result->matches[result->match_count++]));
	}
	result->is_cut = result->is_cut || found->is_cut;
	return STATUS_OK_VALUE;
}

static const char *error_of(struct run *run, const struct probe_page *page)
{
	if (!status_ok(page->failure))
		return arena_printf(run->arena, "%s: %s", page->failure.reason, page->failure.detail);
	if (page->outcome != HTTP_OK)
		return arena_printf(run->arena, "%s: %s", http_reason_text[page->reason], page->detail);
	return "CONTENT_MISMATCH: the body is neither HTML nor text";
}

static struct status page_done(void *ctx, struct probe_page *page)
{
	struct run *run = ctx;
	size_t i = (size_t)(page - run->pages);
	struct keyword_probe_result *result = run->page_results[i];
	struct rules_found found;
	struct status st;

	if (status_ok(page->failure)) {
		result->code = page->code;
		result->final_url = arena_strdup(run->arena, page->final_url);
		if (!result->final_url)
			return status_out_of_memory();
	}
	if (!page->is_read) {
		result->error = error_of(run, page);
		return result->error ? STATUS_OK_VALUE : status_out_of_memory();
	}
	st = rules_scan(run->page_sets[i]->compiled, run->scratch, &page->signals, run->page_arena, &found);
	if (status_ok(st))
		st = keep_matches(run, run->page_sets[i], &found, result);
	arena_reset(run->page_arena);
	return st;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static struct status run_all(struct run *run, struct probes *probes, struct store_pool *pool, const char *workspace,
			     const struct probe_limits *limits)
{
	run->sets = arena_array(run->arena, run->count + 1, sizeof *run->sets);
	run->personas = arena_array(run->arena, 2 * run->count + 1, sizeof *run->personas);
	run->pages = arena_array(run->arena, run->count + 1, sizeof *run->pages);
	run->page_sets = arena_array(run->arena, run->count + 1, sizeof(struct set *));
	run->page_results = arena_array(run->arena, run->count + 1, sizeof(struct keyword_probe_result *));
	if (!run->page_arena || !run->scratch || !run->sets || !run->personas || !run->pages || !run->page_sets ||
	    !run->page_results)
		return status_out_of_memory();
	TRY(read_all(run, pool, workspace, limits->until_ms));
	return probe_fetch(probes, run->pages, run->page_count, limits, page_done, run);
}

struct status keyword_probe_run(struct probes *probes, struct store_pool *pool, const char *workspace,
				const struct keyword_probe *items, size_t count, const struct probe_limits *limits,
				struct arena *arena, struct keyword_probe_result *out)
{
	struct run run = { .arena = arena,
			   .page_arena = arena_create(0),
			   .scratch = rules_scratch_create(),
			   .items = items,
			   .results = out,
			   .count = count };
	struct status st = run_all(&run, probes, pool, workspace, limits);

	for (size_t i = 0; i < run.set_count; i++)
		rules_release(run.sets[i].compiled);
	rules_scratch_destroy(run.scratch);
	arena_destroy(run.page_arena);
	return st;
}
