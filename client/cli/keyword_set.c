/* keyword_set.c: keyword sets and their rules. */
#include "cli.h"
#include "command.h"
#include "existing.h"
#include "form.h"
#include "output.h"
#include "pb.h"
#include "views.h"

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

static struct status set_show(struct cli *cli, const ProtobufCMessage *answer, const PbKeywordSet *set)
{
	TRY(record_print(cli, answer, "keyword_set", record_columns, ARRAY_LEN(record_columns)));
	if (cli->format == OUTPUT_JSON || !set || set->n_rules == 0)
		return STATUS_OK_VALUE;
	fputc('\n', cli->out);
	return table_print(cli, rule_columns, ARRAY_LEN(rule_columns), (const ProtobufCMessage *const *)set->rules,
			   set->n_rules, NULL);
}

static struct status set_read(struct cli *cli, const char *id, Domainflow__V2__GetKeywordSetResponse **out)
{
	PB(GetKeywordSetRequest, GET_KEYWORD_SET_REQUEST, request);

	request.keyword_set_id = pb_borrow(id);
	TRY(CLI_CALL(cli, domainflow_v2_keyword_set_get_keyword_set, &request, out));
	if (!(*out)->keyword_set)
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "%s", "the server's answer has no keyword set");
	return STATUS_OK_VALUE;
}

struct status keyword_set_list(struct cli *cli)
{
	PB(ListKeywordSetsRequest, LIST_KEYWORD_SETS_REQUEST, request);

	request.only_enabled = cli->options->is_given[OPTION_ENABLED];
	return list_print(cli, &domainflow_v2_keyword_set_list_keyword_sets_method, &request.base, "keyword_sets",
			  list_columns, ARRAY_LEN(list_columns));
}

struct status keyword_set_get(struct cli *cli)
{
	Domainflow__V2__GetKeywordSetResponse *answer;

	TRY(set_read(cli, cli_arg(cli, 0), &answer));
	return set_show(cli, &answer->base, answer->keyword_set);
}

/* --- rules --------------------------------------------------------------------------------------------------- */

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

/* --- create and update ---------------------------------------------------------------------------------------- */

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

static struct status existing_show(struct cli *cli, json_t *wanted, const char *name, bool *out_is_shown)
{
	PB(ListKeywordSetsRequest, LIST_KEYWORD_SETS_REQUEST, list);
	Domainflow__V2__GetKeywordSetResponse *answer;
	const char *id;

	TRY(existing_find(cli, &domainflow_v2_keyword_set_list_keyword_sets_method, &list.base, "keyword_sets", name,
			  &id));
	*out_is_shown = id != NULL;
	if (!id)
		return STATUS_OK_VALUE;
	TRY(set_read(cli, id, &answer));
	TRY(rules_unfold(wanted));
	TRY(existing_same(wanted, &answer->keyword_set->base));
	return set_show(cli, &answer->base, answer->keyword_set);
}

static struct status create(struct cli *cli, struct form *f)
{
	PB(CreateKeywordSetRequest, CREATE_KEYWORD_SET_REQUEST, request);
	Domainflow__V2__CreateKeywordSetResponse *answer;
	bool is_enabled = true, is_shown = false;

	request.name = pb_borrow(form_required_text(f, OPTION_NAME, "name"));
	request.description = pb_borrow(form_text(f, OPTION_DESCRIPTION, "description"));
	json_get_bool(&f->fields, "isEnabled", &is_enabled);
	request.is_disabled = !is_enabled;
	rules_read(f, &request.rules, &request.n_rules);
	TRY(form_check(f));
	if (cli->options->is_given[OPTION_IF_MISSING]) {
		if (json_object_set_new(f->document, "name", json_string(request.name)) != 0)
			return status_out_of_memory();
		TRY(existing_show(cli, f->document, request.name, &is_shown));
		if (is_shown)
			return STATUS_OK_VALUE;
	}
	TRY(CLI_CALL(cli, domainflow_v2_keyword_set_create_keyword_set, &request, &answer));
	return set_show(cli, &answer->base, answer->keyword_set);
}

struct status keyword_set_create(struct cli *cli)
{
	struct form f;
	struct status st = form_open(&f, cli, false);

	if (status_ok(st))
		st = create(cli, &f);
	form_done(&f);
	return st;
}

static struct status update(struct cli *cli, struct form *f)
{
	PB(UpdateKeywordSetRequest, UPDATE_KEYWORD_SET_REQUEST, request);
	PB(KeywordRuleList, KEYWORD_RULE_LIST, rules);
	Domainflow__V2__UpdateKeywordSetResponse *answer;
	const char *name = form_text(f, OPTION_NAME, "name");
	const char *description = form_text(f, OPTION_DESCRIPTION, "description");
	bool is_enabled = cli->options->is_given[OPTION_ENABLE], has_enabled;

	has_enabled = json_get_bool(&f->fields, "isEnabled", &is_enabled) || is_enabled ||
		      cli->options->is_given[OPTION_DISABLE];
	rules_read(f, &rules.rules, &rules.n_rules);
	TRY(form_check(f));
	request.keyword_set_id = pb_borrow(cli_arg(cli, 0));
	if (name) {
		request.name_change_case = DOMAINFLOW__V2__UPDATE_KEYWORD_SET_REQUEST__NAME_CHANGE_NAME;
		request.name = pb_borrow(name);
	}
	if (description) {
		request.description_change_case =
			DOMAINFLOW__V2__UPDATE_KEYWORD_SET_REQUEST__DESCRIPTION_CHANGE_DESCRIPTION;
		request.description = pb_borrow(description);
	}
	if (has_enabled) {
		request.enabled_change_case = DOMAINFLOW__V2__UPDATE_KEYWORD_SET_REQUEST__ENABLED_CHANGE_IS_ENABLED;
		request.is_enabled = is_enabled && !cli->options->is_given[OPTION_DISABLE];
	}
	if (rules.rules)
		request.rules = &rules;
	TRY(CLI_CALL(cli, domainflow_v2_keyword_set_update_keyword_set, &request, &answer));
	return set_show(cli, &answer->base, answer->keyword_set);
}

struct status keyword_set_update(struct cli *cli)
{
	struct form f;
	struct status st = form_open(&f, cli, true);

	if (status_ok(st))
		st = update(cli, &f);
	form_done(&f);
	return st;
}

struct status keyword_set_delete(struct cli *cli)
{
	PB(DeleteKeywordSetRequest, DELETE_KEYWORD_SET_REQUEST, request);
	Domainflow__V2__DeleteKeywordSetResponse *answer;

	if (!cli_confirm(cli, "Delete the keyword set?"))
		return status_make(STATUS_CANCELLED, "NOT_CONFIRMED", "%s", "nothing was deleted");
	request.keyword_set_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_keyword_set_delete_keyword_set, &request, &answer));
	return view_done(cli, &answer->base, "deleted");
}
