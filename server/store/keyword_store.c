#include "store/keyword_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

#include <string.h>

static struct status unknown_set(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_to_text(id, text);
	return status_make(STATUS_NOT_FOUND, "KEYWORD_SET_UNKNOWN", "there is no keyword set %s", text);
}

static struct status name_taken(struct store_tx *tx, struct status st, const char *name)
{
	if (st.code == STATUS_ALREADY_EXISTS && strcmp(store_tx_constraint(tx), "keyword_sets_name") == 0)
		return status_make(STATUS_ALREADY_EXISTS, "KEYWORD_SET_NAME_TAKEN",
				   "there is a keyword set named '%.100s'", name);
	return st;
}

static void take_set(struct row *row, struct keyword_set *set)
{
	set->id = take_uuid(row, "id");
	set->name = take_text(row, "name");
	set->description = take_text(row, "description");
	set->is_enabled = take_bool(row, "is_enabled");
	set->rule_count = (int32_t)take_int64(row, "rule_count");
	set->created_at_ms = take_timestamp_ms(row, "created_at");
	set->updated_at_ms = take_timestamp_ms(row, "updated_at");
}

struct status store_keyword_set_insert(struct store_tx *tx, const char *workspace, struct keyword_set *set)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct status st;

	st = store_query(tx, sql_keyword_set_insert, &rows, P_UUID(&set->id), P_TEXT(workspace), P_TEXT(set->name),
			 P_TEXT(set->description), P_BOOL(set->is_enabled));
	if (!status_ok(st))
		return name_taken(tx, st, set->name);
	TRY(row_timestamp_ms(rows, 0, "created_at", &set->created_at_ms));
	return row_timestamp_ms(rows, 0, "updated_at", &set->updated_at_ms);
}

struct status store_keyword_set_get(struct store_tx *tx, const struct uuid *id, const char *workspace,
				    struct arena *arena, struct keyword_set *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct keyword_set set = { 0 };
	struct row row;

	TRY(store_query(tx, sql_keyword_set_get, &rows, P_UUID(id), P_TEXT(workspace)));
	row_begin(&row, rows, arena);
	if (!row_next(&row))
		return unknown_set(id);
	take_set(&row, &set);
	TRY(row_status(&row));
	*out = set;
	return STATUS_OK_VALUE;
}

struct status store_keyword_set_lock(struct store_tx *tx, const struct uuid *id, const char *workspace)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_keyword_set_lock, &rows, P_UUID(id), P_TEXT(workspace)));
	return PQntuples(rows) > 0 ? STATUS_OK_VALUE : unknown_set(id);
}

struct status store_keyword_set_save(struct store_tx *tx, const struct keyword_set *set)
{
	return name_taken(tx,
			  store_execute(tx, sql_keyword_set_save, NULL, P_UUID(&set->id), P_TEXT(set->name),
					P_TEXT(set->description), P_BOOL(set->is_enabled)),
			  set->name);
}

struct status store_keyword_set_in_use(struct store_tx *tx, const struct uuid *id, const char *workspace, bool *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_keyword_set_in_use, &rows, P_UUID(id), P_TEXT(workspace)));
	return row_bool(rows, 0, "any", out);
}

struct status store_keyword_set_delete(struct store_tx *tx, const struct uuid *id)
{
	return store_execute(tx, sql_keyword_set_delete, NULL, P_UUID(id));
}

static struct keyword_set *sets_for(struct arena *arena, const PGresult *rows)
{
	return arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof(struct keyword_set));
}

struct status store_keyword_set_list(struct store_tx *tx, const char *workspace,
				     const struct keyword_set_filter *filter, struct arena *arena,
				     struct keyword_set **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct keyword_set *sets;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_keyword_set_list, &rows, P_TEXT(workspace),
			P_IF(filter->enabled, P_BOOL(filter->enabled == ONLY_ENABLED)), P_TEXT(filter->after_name),
			P_UUID(&filter->after_id), P_INT(filter->limit), P_INT(filter->skip)));
	sets = sets_for(arena, rows);
	if (!sets)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row);)
		take_set(&row, &sets[n++]);
	TRY(row_status(&row));
	*out = sets;
	*out_count = n;
	return STATUS_OK_VALUE;
}

struct status store_keyword_set_count(struct store_tx *tx, const char *workspace,
				      const struct keyword_set_filter *filter, int32_t *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_keyword_set_count, &rows, P_TEXT(workspace),
			P_IF(filter->enabled, P_BOOL(filter->enabled == ONLY_ENABLED))));
	return row_count(rows, out);
}

struct status store_keyword_set_reference(struct store_tx *tx, const struct uuid *ids, size_t count,
					  const char *workspace, struct arena *arena, struct keyword_set **out,
					  size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct keyword_set *sets;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_keyword_set_reference, &rows, P_UUID_ARRAY(ids, count), P_TEXT(workspace)));
	sets = sets_for(arena, rows);
	if (!sets)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		sets[n].id = take_uuid(&row, "id");
		sets[n].is_enabled = take_bool(&row, "is_enabled");
		sets[n].rule_count = (int32_t)take_int64(&row, "rule_count");
	}
	TRY(row_status(&row));
	*out = sets;
	*out_count = n;
	return STATUS_OK_VALUE;
}

/* --- rules ---------------------------------------------------------------------------------------------------- */

static void take_rule(struct row *row, struct keyword_rule *rule)
{
	const char *type;

	rule->id = take_uuid(row, "id");
	rule->keyword_set_id = take_uuid(row, "keyword_set_id");
	rule->pattern = take_text(row, "pattern");
	type = take_text(row, "rule_type");
	rule->is_case_sensitive = take_bool(row, "is_case_sensitive");
	rule->category = take_text(row, "category");
	rule->context_chars = take_int32(row, "context_chars");
	rule->weight = take_double(row, "weight");
	rule->position = take_int32(row, "position");
	rule->created_at_ms = take_timestamp_ms(row, "created_at");
	rule->updated_at_ms = take_timestamp_ms(row, "updated_at");
	if (type)
		rule_type_from_text(type, &rule->type);
}

static struct status take_rules(const PGresult *rows, struct arena *arena, struct keyword_rule **out, size_t *out_count)
{
	struct keyword_rule *rules = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *rules);
	struct row row;
	size_t n = 0;

	if (!rules)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row);)
		take_rule(&row, &rules[n++]);
	TRY(row_status(&row));
	*out = rules;
	*out_count = n;
	return STATUS_OK_VALUE;
}

struct status store_keyword_rules_of(struct store_tx *tx, const struct uuid *set_ids, size_t set_count,
				     bool only_enabled_sets, struct arena *arena, struct keyword_rule **out,
				     size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_keyword_rules_of, &rows, P_UUID_ARRAY(set_ids, set_count), P_BOOL(only_enabled_sets)));
	return take_rules(rows, arena, out, out_count);
}

struct status store_keyword_rule_list(struct store_tx *tx, const char *workspace,
				      const struct keyword_rule_filter *filter, struct arena *arena,
				      struct keyword_rule **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_keyword_rule_list, &rows, P_TEXT(workspace), P_UUID(filter->keyword_set_id),
			P_TEXT(filter->has_type ? rule_type_to_text(filter->type) : NULL), P_TEXT(filter->category),
			P_IF(filter->is_case_sensitive, P_BOOL(*filter->is_case_sensitive)), P_TEXT(filter->pattern),
			P_UUID(filter->after_set), P_INT(filter->after_position), P_UUID(&filter->after_id),
			P_INT(filter->limit), P_INT(filter->skip)));
	return take_rules(rows, arena, out, out_count);
}

struct status store_keyword_rule_count(struct store_tx *tx, const char *workspace,
				       const struct keyword_rule_filter *filter, int32_t *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_keyword_rule_count, &rows, P_TEXT(workspace), P_UUID(filter->keyword_set_id),
			P_TEXT(filter->has_type ? rule_type_to_text(filter->type) : NULL), P_TEXT(filter->category),
			P_IF(filter->is_case_sensitive, P_BOOL(*filter->is_case_sensitive)), P_TEXT(filter->pattern)));
	return row_count(rows, out);
}

/* The rules turned sideways: one array a column. */
struct rule_columns {
	struct uuid *ids;
	const char **patterns, **types, **categories;
	bool *case_sensitive;
	int32_t *context_chars;
	double *weights;
};

static bool columns_of(const struct keyword_rule *rules, size_t count, struct arena *arena, struct rule_columns *out)
{
	out->ids = arena_array(arena, count + 1, sizeof *out->ids);
	out->patterns = arena_array(arena, count + 1, sizeof *out->patterns);
	out->types = arena_array(arena, count + 1, sizeof *out->types);
	out->categories = arena_array(arena, count + 1, sizeof *out->categories);
	out->case_sensitive = arena_array(arena, count + 1, sizeof *out->case_sensitive);
	out->context_chars = arena_array(arena, count + 1, sizeof *out->context_chars);
	out->weights = arena_array(arena, count + 1, sizeof *out->weights);
	if (!out->ids || !out->patterns || !out->types || !out->categories || !out->case_sensitive ||
	    !out->context_chars || !out->weights)
		return false;
	for (size_t i = 0; i < count; i++) {
		out->ids[i] = rules[i].id;
		out->patterns[i] = rules[i].pattern;
		out->types[i] = rule_type_to_text(rules[i].type);
		out->categories[i] = rules[i].category;
		out->case_sensitive[i] = rules[i].is_case_sensitive;
		out->context_chars[i] = rules[i].context_chars;
		out->weights[i] = rules[i].weight;
	}
	return true;
}

struct status store_keyword_rules_replace(struct store_tx *tx, const struct uuid *set_id,
					  const struct keyword_rule *rules, size_t count, struct arena *arena)
{
	struct rule_columns c;

	if (!columns_of(rules, count, arena, &c))
		return status_out_of_memory();
	TRY(store_execute(tx, sql_keyword_rules_remove, NULL, P_UUID(set_id), P_UUID_ARRAY(c.ids, count)));
	return store_execute(tx, sql_keyword_rules_put, NULL, P_UUID(set_id), P_UUID_ARRAY(c.ids, count),
			     P_TEXT_ARRAY(c.patterns, count), P_TEXT_ARRAY(c.types, count),
			     P_BOOL_ARRAY(c.case_sensitive, count), P_TEXT_ARRAY(c.categories, count),
			     P_INT32_ARRAY(c.context_chars, count), P_DOUBLE_ARRAY(c.weights, NULL, count));
}

static struct status dictionary(struct store_tx *tx, const struct sql_statement *sql, int64_t *out_version)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql, &rows));
	if (PQntuples(rows) == 0)
		return status_make(STATUS_INTERNAL, "DATABASE_ROW", "the keyword dictionary version is missing");
	return row_int64(rows, 0, "value", out_version);
}

struct status store_keyword_dictionary_raise(struct store_tx *tx, int64_t *out_version)
{
	return dictionary(tx, sql_keyword_dictionary_raise, out_version);
}

struct status store_keyword_dictionary_version(struct store_tx *tx, int64_t *out_version)
{
	return dictionary(tx, sql_keyword_dictionary_version, out_version);
}
