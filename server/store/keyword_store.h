/* store/keyword_store.h: keyword sets and their rules in PostgreSQL. Which changes are allowed is
 * catalog/keyword_set.c's question. Threads: any; each call uses the transaction it is given. Strings live in the arena
 * the caller passes. */
#ifndef STORE_KEYWORD_STORE_H
#define STORE_KEYWORD_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/catalog.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct store_tx;

/* The set without its rules. ALREADY_EXISTS / KEYWORD_SET_NAME_TAKEN. */
struct status store_keyword_set_insert(struct store_tx *tx, const char *workspace, struct keyword_set *set) MUST_CHECK;
/* rules NULL, rule_count set; workspace NULL: any. NOT_FOUND / KEYWORD_SET_UNKNOWN. */
struct status store_keyword_set_get(struct store_tx *tx, const struct uuid *id, const char *workspace,
				    struct arena *arena, struct keyword_set *out) MUST_CHECK;
/* Until the transaction ends. NOT_FOUND / KEYWORD_SET_UNKNOWN. */
struct status store_keyword_set_lock(struct store_tx *tx, const struct uuid *id, const char *workspace) MUST_CHECK;
/* Writes name, description and is_enabled of a locked set. ALREADY_EXISTS / KEYWORD_SET_NAME_TAKEN. */
struct status store_keyword_set_save(struct store_tx *tx, const struct keyword_set *set) MUST_CHECK;
struct status store_keyword_set_in_use(struct store_tx *tx, const struct uuid *id, const char *workspace,
				       bool *out) MUST_CHECK;
struct status store_keyword_set_delete(struct store_tx *tx, const struct uuid *id) MUST_CHECK;

struct keyword_set_filter {
	enum enabled_filter enabled;
	const char *after_name; /* NULL: from the start */
	struct uuid after_id;
	int32_t limit, skip;
};

/* By name, without rules. */
struct status store_keyword_set_list(struct store_tx *tx, const char *workspace,
				     const struct keyword_set_filter *filter, struct arena *arena,
				     struct keyword_set **out, size_t *out_count) MUST_CHECK;
/* How many match, whatever the page. */
struct status store_keyword_set_count(struct store_tx *tx, const char *workspace,
				      const struct keyword_set_filter *filter, int32_t *out) MUST_CHECK;

/* Id, is_enabled and rule_count of those sets that exist; they can't be deleted until the transaction ends. */
struct status store_keyword_set_reference(struct store_tx *tx, const struct uuid *ids, size_t count,
					  const char *workspace, struct arena *arena, struct keyword_set **out,
					  size_t *out_count) MUST_CHECK;

/* The rules of the sets, set by set, in their order. */
struct status store_keyword_rules_of(struct store_tx *tx, const struct uuid *set_ids, size_t set_count,
				     bool only_enabled_sets, struct arena *arena, struct keyword_rule **out,
				     size_t *out_count) MUST_CHECK;

struct keyword_rule_filter {
	const struct uuid *keyword_set_id; /* NULL: all sets */
	bool has_type;
	enum rule_type type;
	const char *category, *pattern; /* case ignored; NULL: any */
	const bool *is_case_sensitive;  /* NULL: both */
	const struct uuid *after_set;   /* the last rule of the page before; NULL: from the start */
	int32_t after_position;
	struct uuid after_id;
	int32_t limit, skip;
};

/* Set by set, in their order. */
struct status store_keyword_rule_list(struct store_tx *tx, const char *workspace,
				      const struct keyword_rule_filter *filter, struct arena *arena,
				      struct keyword_rule **out, size_t *out_count) MUST_CHECK;
/* How many match, whatever the page. */
struct status store_keyword_rule_count(struct store_tx *tx, const char *workspace,
				       const struct keyword_rule_filter *filter, int32_t *out) MUST_CHECK;
/* Makes `rules` the rules of a locked set; a rule with an id the set already has keeps its row. */
struct status store_keyword_rules_replace(struct store_tx *tx, const struct uuid *set_id,
					  const struct keyword_rule *rules, size_t count,
					  struct arena *arena) MUST_CHECK;

/* Counts changes of any rule in the installation. */
struct status store_keyword_dictionary_raise(struct store_tx *tx, int64_t *out_version) MUST_CHECK;
struct status store_keyword_dictionary_version(struct store_tx *tx, int64_t *out_version) MUST_CHECK;

#endif
