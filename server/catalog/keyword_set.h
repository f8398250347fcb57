/* catalog/keyword_set.h: keyword sets of a workspace and their rules: create, read, change, remove.
 *
 * Each function runs inside the caller's transaction and does not commit it. Strings of results live in the arena.
 * Whatever changes which rules match raises the installation's keyword dictionary version.
 * Threads: any. Another workspace's set is NOT_FOUND / KEYWORD_SET_UNKNOWN. */
#ifndef CATALOG_KEYWORD_SET_H
#define CATALOG_KEYWORD_SET_H

#include "base/page_token.h"
#include "base/status.h"
#include "base/uuid.h"
#include "model/catalog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

#define KEYWORD_SET_RULES_MAX         10000
#define KEYWORD_PATTERN_BYTES_MAX     500
#define KEYWORD_CATEGORY_CHARS_MAX    100
#define KEYWORD_CONTEXT_CHARS_MAX     500
#define KEYWORD_CONTEXT_CHARS_DEFAULT 40
#define KEYWORD_WEIGHT_MAX            100

struct keyword_set_create {
	const char *name, *description;
	bool is_disabled;
	const struct keyword_rule *rules; /* ids are ignored */
	size_t rule_count;
};

/* NULL members stay as they are. */
struct keyword_set_update {
	const char *name, *description;
	const bool *is_enabled;
	const struct keyword_rule
		*rules; /* replace all; ids are ignored: a rule whose pattern and type stay keeps its */
	size_t rule_count;
	bool has_rules;
};

struct keyword_set_query {
	enum enabled_filter enabled;
	bool with_rules;
	struct page_request page;
};

struct keyword_set_page {
	struct keyword_set *sets; /* rules NULL unless asked for */
	size_t count;
	const char *next_page_token; /* "" on the last page */
	int32_t total;               /* all pages together */
};

struct keyword_rule_query {
	const struct uuid *keyword_set_id; /* NULL: all sets */
	bool has_type;
	enum rule_type type;
	const char *category, *pattern; /* "" for any */
	const bool *is_case_sensitive;  /* NULL: both */
	struct page_request page;
};

struct keyword_rule_page {
	struct keyword_rule *rules;
	size_t count;
	const char *next_page_token; /* "" on the last page */
	int32_t total;               /* all pages together */
};

/* INVALID_ARGUMENT / VALIDATION_ERROR with every wrong field (regex rules are refused), ALREADY_EXISTS /
 * KEYWORD_SET_NAME_TAKEN. */
struct status keyword_set_create(struct store_tx *tx, const char *workspace, const struct keyword_set_create *request,
				 struct arena *arena, struct keyword_set *out) MUST_CHECK;
/* With its rules. */
struct status keyword_set_get(struct store_tx *tx, const char *workspace, const struct uuid *id, struct arena *arena,
			      struct keyword_set *out) MUST_CHECK;
/* By name. INVALID_ARGUMENT / PAGE_TOKEN_INVALID; INVALID_ARGUMENT / BAD_REQUEST naming includeRules when several sets
 * have more than KEYWORD_SET_RULES_MAX rules together. */
struct status keyword_set_list(struct store_tx *tx, const char *workspace, const struct keyword_set_query *query,
			       struct arena *arena, struct keyword_set_page *out) MUST_CHECK;
/* Set by set, in their order. NOT_FOUND / KEYWORD_SET_UNKNOWN, INVALID_ARGUMENT / PAGE_TOKEN_INVALID. */
struct status keyword_rule_list(struct store_tx *tx, const char *workspace, const struct keyword_rule_query *query,
				struct arena *arena, struct keyword_rule_page *out) MUST_CHECK;
/* As keyword_set_create; answers with the rules. */
struct status keyword_set_update(struct store_tx *tx, const char *workspace, const struct uuid *id,
				 const struct keyword_set_update *request, struct arena *arena,
				 struct keyword_set *out) MUST_CHECK;
/* FAILED_PRECONDITION / KEYWORD_SET_IN_USE while a configured, running or paused phase names it. */
struct status keyword_set_delete(struct store_tx *tx, const char *workspace, const struct uuid *id) MUST_CHECK;

/* --- for the phases ------------------------------------------------------------------------------------------ */

/* The rules of those of the sets that are enabled, set by set in their order, and the dictionary version they are of.
 */
struct status keyword_rules_load(struct store_tx *tx, const struct uuid *set_ids, size_t set_count, struct arena *arena,
				 struct keyword_rule **out, size_t *out_count, int64_t *out_version) MUST_CHECK;

#endif
