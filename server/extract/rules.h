/* extract/rules.h: a compiled set of string rules and one linear pass of it over a page.
 *
 * A set is immutable after rules_compile and may be shared by any number of threads; it is counted, the last release
 * frees it. A scratch belongs to one thread at a time and works with any set. Case-insensitive rules compare under
 * simple Unicode folding (fold.h). Occurrences of one rule do not overlap and are taken from left to right; there is
 * no word boundary. Regex rules are not taken here. */
#ifndef EXTRACT_RULES_H
#define EXTRACT_RULES_H

#include "base/status.h"
#include "base/uuid.h"
#include "extract/keywords.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct page_signals;

#define RULES_COUNT_MAX     100000
#define RULES_PATTERN_BYTES 1024    /* of one pattern                                                    */
#define RULES_HITS_MAX      1000000 /* on one page; more are not counted and is_cut is set               */
#define RULES_CONTEXT_CHARS 1000    /* most context on either side                                       */

struct rule_spec {
	struct uuid keyword_id; /* several rules may share one */
	const char *pattern;    /* borrowed for the call */
	bool is_case_sensitive;
	double weight;
	unsigned context_chars; /* bytes of context before and after, cut at characters */
	enum keyword_source source;
};

struct rules;
struct rules_scratch;

/* White space in patterns is trimmed and collapsed, as in page text. Of rules whose lower-cased patterns are equal the
 * first counts. Errors: INVALID_ARGUMENT / VALIDATION_ERROR naming the rule (empty or too long pattern, bad weight),
 * RESOURCE_EXHAUSTED. No rules is a valid set that finds nothing. */
struct status rules_compile(const struct rule_spec *specs, size_t count, struct rules **out) MUST_CHECK;
struct rules *rules_retain(struct rules *rules);
void rules_release(struct rules *rules);               /* accepts NULL */
size_t rules_keyword_count(const struct rules *rules); /* distinct keyword ids */

struct rules_scratch *rules_scratch_create(void) MUST_CHECK; /* NULL when out of memory */
void rules_scratch_destroy(struct rules_scratch *scratch);   /* accepts NULL */

struct rules_found {
	struct keyword_tally
		*tallies; /* keywords that occur, in the order of the set; arena. Spans point into the page */
	size_t count;
	uint64_t hits;
	bool is_cut; /* RULES_HITS_MAX was reached */
};

/* Finds every rule in every region of the page. The page must outlive the use of *out. */
struct status rules_scan(const struct rules *rules, struct rules_scratch *scratch, const struct page_signals *page,
			 struct arena *arena, struct rules_found *out) MUST_CHECK;

#endif
