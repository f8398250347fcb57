#include "catalog/keyword_set.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/text.h"
#include "store/keyword_store.h"

#include <stdlib.h>
#include <string.h>

/* --- rules ---------------------------------------------------------------------------------------------------- */

static struct status check_rule(struct violations *v, const struct keyword_rule *rule, size_t i,
				struct keyword_rule *out)
{
	const char *at = arena_printf(v->arena, "rules[%zu]", i);
	const char *pattern = at ? arena_printf(v->arena, "%s.pattern", at) : NULL;
	const char *category = at ? arena_printf(v->arena, "%s.category", at) : NULL;
	const char *context = at ? arena_printf(v->arena, "%s.contextChars", at) : NULL;
	const char *weight = at ? arena_printf(v->arena, "%s.weight", at) : NULL;
	const char *type = at ? arena_printf(v->arena, "%s.ruleType", at) : NULL;
	char *trimmed = text_trim(v->arena, rule->pattern);

	if (!pattern || !category || !context || !weight || !type || !trimmed)
		return status_out_of_memory();
	*out = *rule;
	if (!*trimmed)
		violations_add(v, pattern, "REQUIRED_FIELD", "is required");
	else if (strlen(rule->pattern) > KEYWORD_PATTERN_BYTES_MAX)
		violations_add(v, pattern, "VALIDATION_ERROR", "must have at most %d bytes", KEYWORD_PATTERN_BYTES_MAX);
	TRY(check_prose(v, pattern, rule->pattern, SIZE_MAX, &out->pattern)); /* its bytes were counted above */
	TRY(check_prose(v, category, rule->category, KEYWORD_CATEGORY_CHARS_MAX, &out->category));
	if (rule->type != RULE_TYPE_STRING)
		violations_add(v, type, "VALIDATION_ERROR", "regular expressions are not available");
	if (rule->context_chars < 0 || rule->context_chars > KEYWORD_CONTEXT_CHARS_MAX)
		violations_add(v, context, "VALIDATION_ERROR", "must be between 0 and %d", KEYWORD_CONTEXT_CHARS_MAX);
	if (!(rule->weight >= 0 && rule->weight <= KEYWORD_WEIGHT_MAX))
		violations_add(v, weight, "VALIDATION_ERROR", "must be between 0 and %d", KEYWORD_WEIGHT_MAX);
	return STATUS_OK_VALUE;
}

static struct status check_rules(struct violations *v, const struct keyword_rule *rules, size_t count,
				 struct keyword_rule **out)
{
	struct keyword_rule *checked;

	if (count > KEYWORD_SET_RULES_MAX) {
		violations_add(v, "rules", "VALIDATION_ERROR", "must have at most %d elements", KEYWORD_SET_RULES_MAX);
		return STATUS_OK_VALUE;
	}
	checked = arena_array(v->arena, count + 1, sizeof *checked);
	if (!checked)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++)
		TRY(check_rule(v, &rules[i], i, &checked[i]));
	*out = checked;
	return STATUS_OK_VALUE;
}

static int compare_rules(const void *a, const void *b)
{
	const struct keyword_rule *const *x = a, *const *y = b;

	if ((*x)->type != (*y)->type)
		return (*x)->type < (*y)->type ? -1 : 1;
	return strcmp((*x)->pattern, (*y)->pattern);
}

/* Pointers to the rules, ordered by type and pattern. */
static struct keyword_rule **sorted(struct keyword_rule *rules, size_t count, struct arena *arena)
{
	struct keyword_rule **order = arena_array(arena, count + 1, sizeof(struct keyword_rule *));

	for (size_t i = 0; order && i < count; i++)
		order[i] = &rules[i];
	if (order && count > 1)
		qsort(order, count, sizeof *order, compare_rules);
	return order;
}

/* New rules take the id of an old one with the same type and pattern, each id once; the others get new ids. */
static struct status give_ids(const struct uuid *set_id, struct keyword_rule *old, size_t old_count,
			      struct keyword_rule *rules, size_t count, struct arena *arena)
{
	struct keyword_rule **before = sorted(old, old_count, arena), **after = sorted(rules, count, arena);
	size_t at = 0;

	if (!before || !after)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++) {
		int order = -1;
		after[i]->keyword_set_id = *set_id;
		while (at < old_count && (order = compare_rules(&before[at], &after[i])) < 0)
			at++;
		if (at < old_count && order == 0)
			after[i]->id = before[at++]->id;
		else
			after[i]->id = uuid_make();
	}
	return STATUS_OK_VALUE;
}

static bool same_rules(const struct keyword_rule *a, size_t a_count, const struct keyword_rule *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (!uuid_equal(&a[i].id, &b[i].id) || a[i].is_case_sensitive != b[i].is_case_sensitive ||
		    a[i].context_chars != b[i].context_chars || strcmp(a[i].category, b[i].category) != 0 ||
		    a[i].weight < b[i].weight || a[i].weight > b[i].weight)
			return false;
	return true;
}

static struct status raise_dictionary(struct store_tx *tx)
{
	int64_t version;

	return store_keyword_dictionary_raise(tx, &version);
}

/* --- sets ----------------------------------------------------------------------------------------------------- */

static struct status with_rules(struct store_tx *tx, struct keyword_set *set, struct arena *arena)
{
	size_t count;

	TRY(store_keyword_rules_of(tx, &set->id, 1, false, arena, &set->rules, &count));
	set->rule_count = (int32_t)count;
	return STATUS_OK_VALUE;
}

struct status keyword_set_create(struct store_tx *tx, const char *workspace, const struct keyword_set_create *request,
				 struct arena *arena, struct keyword_set *out)
{
	struct keyword_set set = { .id = uuid_make(), .is_enabled = !request->is_disabled };
	struct violations violations;

	violations_init(&violations, arena);
	TRY(check_name(&violations, "name", request->name, &set.name));
	TRY(check_prose(&violations, "description", request->description, CHECK_DESCRIPTION_CHARS, &set.description));
	TRY(check_rules(&violations, request->rules, request->rule_count, &set.rules));
	TRY(violations_status(&violations));
	TRY(give_ids(&set.id, NULL, 0, set.rules, request->rule_count, arena));
	TRY(store_keyword_set_insert(tx, workspace, &set));
	if (request->rule_count > 0) {
		TRY(store_keyword_rules_replace(tx, &set.id, set.rules, request->rule_count, arena));
		TRY(raise_dictionary(tx));
	}
	TRY(with_rules(tx, &set, arena));
	*out = set;
	return STATUS_OK_VALUE;
}

struct status keyword_set_get(struct store_tx *tx, const char *workspace, const struct uuid *id, struct arena *arena,
			      struct keyword_set *out)
{
	struct keyword_set set;

	TRY(store_keyword_set_get(tx, id, workspace, arena, &set));
	TRY(with_rules(tx, &set, arena));
	*out = set;
	return STATUS_OK_VALUE;
}

/* The rules of a page's sets come from one statement, set by set in the order of ids. */
static struct status rules_of_page(struct store_tx *tx, struct keyword_set *sets, size_t count, struct arena *arena)
{
	struct uuid *ids = arena_array(arena, count + 1, sizeof *ids);
	struct keyword_rule *rules;
	int64_t expected = 0;
	size_t rule_count;

	if (!ids)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++) {
		ids[i] = sets[i].id;
		expected += sets[i].rule_count;
	}
	if (count > 1 && expected > KEYWORD_SET_RULES_MAX) {
		struct violations violations;
		struct status st;

		violations_init(&violations, arena);
		violations_add(&violations, "includeRules", "BAD_REQUEST",
			       "these sets have more than %d rules; ask for fewer sets", KEYWORD_SET_RULES_MAX);
		st = violations_status(&violations);
		st.reason = "BAD_REQUEST";
		return st;
	}
	TRY(store_keyword_rules_of(tx, ids, count, false, arena, &rules, &rule_count));
	for (size_t i = 0; i < count; i++) {
		size_t first = 0, end;

		while (first < rule_count && !uuid_equal(&rules[first].keyword_set_id, &sets[i].id))
			first++;
		for (end = first; end < rule_count && uuid_equal(&rules[end].keyword_set_id, &sets[i].id);)
			end++;
		sets[i].rules = rules + first;
		sets[i].rule_count = (int32_t)(end - first);
	}
	return STATUS_OK_VALUE;
}

struct status keyword_set_list(struct store_tx *tx, const char *workspace, const struct keyword_set_query *query,
			       struct arena *arena, struct keyword_set_page *out)
{
	const char *scope = arena_printf(arena, "keyword_sets %s %d", workspace, (int)query->enabled);
	struct keyword_set_filter filter = { .enabled = query->enabled,
					     .limit = query->page.size +
						      1, /* one more tells whether there is a next page */
					     .skip = query->page.skip };
	struct page_position at = { 0 };
	struct keyword_set_page page;
	bool has_after;

	TRY(page_list_begin(arena, scope, &query->page, &has_after, &at));
	filter.after_name = has_after ? at.text : NULL;
	filter.after_id = at.id;
	TRY(store_keyword_set_list(tx, workspace, &filter, arena, &page.sets, &page.count));
	TRY(store_keyword_set_count(tx, workspace, &filter, &page.total));
	if (page.count > (size_t)query->page.size) {
		const struct keyword_set *last = &page.sets[query->page.size - 1];
		at = (struct page_position){ .text = last->name, .id = last->id };
	}
	TRY(page_list_end(arena, scope, &query->page, &page.count, &at, &page.next_page_token));
	if (query->with_rules)
		TRY(rules_of_page(tx, page.sets, page.count, arena));
	*out = page;
	return STATUS_OK_VALUE;
}

/* Everything that selects rules, in one text. */
static const char *rules_scope(const char *workspace, const struct keyword_rule_query *query, struct arena *arena)
{
	char set[UUID_TEXT_SIZE] = "all";
	int sensitive = !query->is_case_sensitive ? 0 : *query->is_case_sensitive ? 1 : 2;

	if (query->keyword_set_id)
		uuid_to_text(query->keyword_set_id, set);
	return arena_printf(arena, "keyword_rules %s %s %s %d %zu %s %s", workspace, set,
			    query->has_type ? rule_type_to_text(query->type) : "any", sensitive,
			    strlen(query->category), query->category, query->pattern);
}

struct status keyword_rule_list(struct store_tx *tx, const char *workspace, const struct keyword_rule_query *query,
				struct arena *arena, struct keyword_rule_page *out)
{
	const char *scope = rules_scope(workspace, query, arena);
	struct keyword_rule_filter filter = { .keyword_set_id = query->keyword_set_id,
					      .has_type = query->has_type,
					      .type = query->type,
					      .category = *query->category ? query->category : NULL,
					      .pattern = *query->pattern ? query->pattern : NULL,
					      .is_case_sensitive = query->is_case_sensitive,
					      .limit = query->page.size + 1,
					      .skip = query->page.skip };
	struct page_position at = { 0 };
	struct keyword_rule_page page;
	char last_set[UUID_TEXT_SIZE];
	struct keyword_set set;
	struct uuid after_set;
	bool has_after;

	TRY(page_list_begin(arena, scope, &query->page, &has_after, &at));
	if (has_after && uuid_parse(at.text, &after_set))
		filter.after_set = &after_set;
	filter.after_position = (int32_t)at.number;
	filter.after_id = at.id;
	if (query->keyword_set_id)
		TRY(store_keyword_set_get(tx, query->keyword_set_id, workspace, arena, &set));
	TRY(store_keyword_rule_list(tx, workspace, &filter, arena, &page.rules, &page.count));
	TRY(store_keyword_rule_count(tx, workspace, &filter, &page.total));
	if (page.count > (size_t)query->page.size) {
		const struct keyword_rule *last = &page.rules[query->page.size - 1];
		uuid_to_text(&last->keyword_set_id, last_set);
		at = (struct page_position){ last->position, last_set, last->id };
	}
	TRY(page_list_end(arena, scope, &query->page, &page.count, &at, &page.next_page_token));
	*out = page;
	return STATUS_OK_VALUE;
}

struct status keyword_set_update(struct store_tx *tx, const char *workspace, const struct uuid *id,
				 const struct keyword_set_update *request, struct arena *arena, struct keyword_set *out)
{
	struct keyword_rule *rules = NULL;
	struct violations violations;
	struct keyword_set set;
	bool matches_otherwise = false;

	violations_init(&violations, arena);
	TRY(store_keyword_set_lock(tx, id, workspace));
	TRY(keyword_set_get(tx, workspace, id, arena, &set));
	if (request->name)
		TRY(check_name(&violations, "name", request->name, &set.name));
	if (request->description)
		TRY(check_prose(&violations, "description", request->description, CHECK_DESCRIPTION_CHARS,
				&set.description));
	if (request->has_rules)
		TRY(check_rules(&violations, request->rules, request->rule_count, &rules));
	TRY(violations_status(&violations));
	if (request->is_enabled) {
		matches_otherwise = set.rule_count > 0 && set.is_enabled != *request->is_enabled;
		set.is_enabled = *request->is_enabled;
	}
	if (rules) {
		size_t old_count = (size_t)set.rule_count;
		TRY(give_ids(id, set.rules, old_count, rules, request->rule_count, arena));
		if (!same_rules(set.rules, old_count, rules, request->rule_count)) {
			TRY(store_keyword_rules_replace(tx, id, rules, request->rule_count, arena));
			matches_otherwise = true;
		}
	}
	TRY(store_keyword_set_save(tx, &set));
	if (matches_otherwise)
		TRY(raise_dictionary(tx));
	return keyword_set_get(tx, workspace, id, arena, out);
}

struct status keyword_set_delete(struct store_tx *tx, const char *workspace, const struct uuid *id)
{
	bool in_use;

	TRY(store_keyword_set_lock(tx, id, workspace));
	TRY(store_keyword_set_in_use(tx, id, workspace, &in_use));
	if (in_use)
		return status_make(STATUS_FAILED_PRECONDITION, "KEYWORD_SET_IN_USE",
				   "a configured, running or paused phase uses this keyword set");
	TRY(store_keyword_set_delete(tx, id));
	return raise_dictionary(tx);
}

struct status keyword_rules_load(struct store_tx *tx, const struct uuid *set_ids, size_t set_count, struct arena *arena,
				 struct keyword_rule **out, size_t *out_count, int64_t *out_version)
{
	TRY(store_keyword_dictionary_version(tx, out_version));
	return store_keyword_rules_of(tx, set_ids, set_count, true, arena, out, out_count);
}
