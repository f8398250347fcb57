/* keyword_set.c: keyword sets and their rules. */
#include "resource.h"

#include "cli.h"
#include "pb.h"
#include "pb_value.h"

#include "base/arena.h"

#include <string.h>

#define RULES_MAX         10000
#define CONTEXT_CHARS_MAX 500
#define WEIGHT_MAX        100.0
#define RULE_TEXT_MAX     2000

static const struct column list_columns[] = {
	{ "ID", "id", COLUMN_TEXT, 0 },
	{ "NAME", "name", COLUMN_TEXT, 40 },
	{ "RULES", "rule_count", COLUMN_NUMBER, 0 },
	{ "ENABLED", "is_enabled", COLUMN_TEXT, 0 },
	{ "UPDATED", "updated_at", COLUMN_TIME, 0 },
};

static const struct column record_columns[] = {
	{ "id", "id", COLUMN_TEXT, 0 },
	{ "name", "name", COLUMN_TEXT, 0 },
	{ "description", "description", COLUMN_TEXT, 0 },
	{ "enabled", "is_enabled", COLUMN_TEXT, 0 },
	{ "rules", "rule_count", COLUMN_TEXT, 0 },
	{ "created", "created_at", COLUMN_TIME, 0 },
	{ "updated", "updated_at", COLUMN_TIME, 0 },
};

static const struct column rule_columns[] = {
	{ "PATTERN", "pattern", COLUMN_TEXT, 60 },        { "TYPE", "rule_type", COLUMN_TEXT, 0 },
	{ "WEIGHT", "weight", COLUMN_NUMBER, 0 },         { "CASE", "is_case_sensitive", COLUMN_TEXT, 0 },
	{ "CONTEXT", "context_chars", COLUMN_NUMBER, 0 }, { "CATEGORY", "category", COLUMN_TEXT, 40 },
};

static void rule_read(struct form *f, const json_t *value, const char *path, PbKeywordRule *rule)
{
	const char *type = NULL, *text = NULL;
	bool is_case_sensitive = false;
	struct json_fields fields;
	int64_t context;
	int number = 0;

	domainflow__v2__keyword_rule__init(rule);
	if (json_is_string(value)) {
		rule->pattern = pb_borrow(json_string_value(value));
		return;
	}
	json_fields_open(&fields, &f->input, value, path);
	if (json_get_text(&fields, "pattern", RULE_TEXT_MAX, &text))
		rule->pattern = pb_borrow(text);
	else if (!json_has(&fields, "pattern"))
		json_required(&fields, "pattern");
	if (json_get_text(&fields, "ruleType", RULE_TEXT_MAX, &type)) {
		if (strcmp(type, "string") == 0)
			number = DOMAINFLOW__V2__RULE_TYPE__RULE_TYPE_STRING;
		else if (strcmp(type, "regex") == 0)
			number = DOMAINFLOW__V2__RULE_TYPE__RULE_TYPE_REGEX;
		else
			json_violation(&fields, "ruleType", "is string or regex");
		rule->rule_type = (Domainflow__V2__RuleType)number;
	}
	json_get_bool(&fields, "isCaseSensitive", &is_case_sensitive);
	rule->is_case_sensitive = is_case_sensitive;
	if (json_get_text(&fields, "category", RULE_TEXT_MAX, &text))
		rule->category = pb_borrow(text);
	if (json_get_int(&fields, "contextChars", 0, CONTEXT_CHARS_MAX, &context)) {
		rule->context_case = DOMAINFLOW__V2__KEYWORD_RULE__CONTEXT_CONTEXT_CHARS;
		rule->context_chars = (int32_t)context;
	}
	if (json_get_number(&fields, "weight", 0, WEIGHT_MAX, &rule->weight))
		rule->rule_weight_case = DOMAINFLOW__V2__KEYWORD_RULE__RULE_WEIGHT_WEIGHT;
	json_fields_close(&fields);
}

/* *out_rules stays NULL when the document has no rules. */
static void rules_read(struct form *f, PbKeywordRule ***out_rules, size_t *out_count)
{
	const json_t *list = NULL;
	PbKeywordRule **rules;
	size_t n;

	*out_rules = NULL;
	*out_count = 0;
	if (!json_get_array(&f->fields, "rules", RULES_MAX, &list))
		return;
	n = json_array_size(list);
	rules = arena_array(f->cli->arena, n + 1, sizeof *rules);
	for (size_t i = 0; rules && i < n; i++) {
		rules[i] = arena_alloc(f->cli->arena, sizeof **rules);
		if (!rules[i])
			rules = NULL;
		else
			rule_read(f, json_array_get(list, i), json_element_path(&f->fields, "rules", i), rules[i]);
	}
	if (!rules)
		f->input.failure = status_out_of_memory();
	*out_rules = rules;
	*out_count = n;
}

static void fill(struct form *f, ProtobufCMessage *request, bool is_update)
{
	PbKeywordRule **rules;
	size_t count;

	rules_read(f, &rules, &count);
	if (!rules)
		return;
	if (is_update) {
		Domainflow__V2__KeywordRuleList *list = arena_alloc(f->cli->arena, sizeof *list);

		if (!list) {
			f->input.failure = status_out_of_memory();
			return;
		}
		domainflow__v2__keyword_rule_list__init(list);
		list->rules = rules;
		list->n_rules = count;
		((Domainflow__V2__UpdateKeywordSetRequest *)request)->rules = list;
	} else {
		((Domainflow__V2__CreateKeywordSetRequest *)request)->rules = rules;
		((Domainflow__V2__CreateKeywordSetRequest *)request)->n_rules = count;
	}
}

/* For comparing: rules as objects in the form the server gives them back, texts as objects with a pattern. */
static struct status rules_unfold(json_t *document)
{
	json_t *rules = json_object_get(document, "rules"), *rule;
	size_t i;

	json_array_foreach (rules, i, rule)
		if (json_is_string(rule) && json_array_set_new(rules, i, json_pack("{s:O}", "pattern", rule)) != 0)
			return status_out_of_memory();
	return STATUS_OK_VALUE;
}

static struct status rules_print(struct cli *cli, const ProtobufCMessage *resource)
{
	const PbKeywordSet *set = (const void *)resource;

	if (set->n_rules == 0)
		return STATUS_OK_VALUE;
	fputc('\n', cli->out);
	return table_print(cli, rule_columns, ARRAY_LEN(rule_columns), (const ProtobufCMessage *const *)set->rules,
			   set->n_rules, NULL);
}

const struct resource resource_keyword_set = {
	.noun = "keyword set",
	.member = "keyword_set",
	.items = "keyword_sets",
	.unknown = "KEYWORD_SET_UNKNOWN",
	.list = &domainflow_v2_keyword_set_list_keyword_sets_method,
	.get = &domainflow_v2_keyword_set_get_keyword_set_method,
	.create = &domainflow_v2_keyword_set_create_keyword_set_method,
	.update = &domainflow_v2_keyword_set_update_keyword_set_method,
	.remove = &domainflow_v2_keyword_set_delete_keyword_set_method,
	.list_columns = list_columns,
	.list_column_count = ARRAY_LEN(list_columns),
	.record_columns = record_columns,
	.record_column_count = ARRAY_LEN(record_columns),
	.fill = fill,
	.unfold = rules_unfold,
	.print_rest = rules_print,
};
