/* KeywordSetService. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/mutation.h"
#include "api/paging.h"
#include "api/probe_api.h"
#include "api/resource.h"
#include "base/clock.h"
#include "catalog/keyword_set.h"
#include "rpc/call.h"
#include "store/tx.h"

#include "domainflow/v2/keyword_set_service.grpc-c.server.h"

typedef Domainflow__V2__KeywordRule PbRule;
typedef Domainflow__V2__KeywordSet PbSet;
typedef Domainflow__V2__CreateKeywordSetRequest PbCreateRequest;
typedef Domainflow__V2__CreateKeywordSetResponse PbCreateResponse;
typedef Domainflow__V2__GetKeywordSetRequest PbGetRequest;
typedef Domainflow__V2__GetKeywordSetResponse PbGetResponse;
typedef Domainflow__V2__ListKeywordSetsRequest PbListRequest;
typedef Domainflow__V2__ListKeywordSetsResponse PbListResponse;
typedef Domainflow__V2__ListKeywordRulesRequest PbListRulesRequest;
typedef Domainflow__V2__ListKeywordRulesResponse PbListRulesResponse;
typedef Domainflow__V2__UpdateKeywordSetRequest PbUpdateRequest;
typedef Domainflow__V2__UpdateKeywordSetResponse PbUpdateResponse;
typedef Domainflow__V2__DeleteKeywordSetRequest PbDeleteRequest;
typedef Domainflow__V2__DeleteKeywordSetResponse PbDeleteResponse;

/* --- messages -------------------------------------------------------------------------------------------------------
 */

static PbRule *rule_pb(struct arena *arena, const struct keyword_rule *rule)
{
	PbRule *pb = PB_NEW(arena, PbRule, domainflow__v2__keyword_rule);

	if (!pb)
		return NULL;
	pb->id = pb_uuid(arena, &rule->id);
	pb->pattern = pb_text(rule->pattern);
	pb->rule_type = (Domainflow__V2__RuleType)((int)rule->type + 1); /* convert.c asserts the order */
	pb->is_case_sensitive = rule->is_case_sensitive;
	pb->category = pb_text(rule->category);
	pb->context_case = DOMAINFLOW__V2__KEYWORD_RULE__CONTEXT_CONTEXT_CHARS;
	pb->context_chars = rule->context_chars;
	pb->rule_weight_case = DOMAINFLOW__V2__KEYWORD_RULE__RULE_WEIGHT_WEIGHT;
	pb->weight = rule->weight;
	pb->keyword_set_id = pb_uuid(arena, &rule->keyword_set_id);
	pb->created_at = pb_time(arena, rule->created_at_ms);
	pb->updated_at = pb_time(arena, rule->updated_at_ms);
	return pb;
}

static PbRule **rules_pb(struct arena *arena, const struct keyword_rule *rules, size_t count)
{
	PbRule **list = arena_array(arena, count + 1, sizeof *list);

	for (size_t i = 0; list && i < count; i++) {
		list[i] = rule_pb(arena, &rules[i]);
		if (!list[i])
			return NULL;
	}
	return list;
}

/* With its rules when the set has them at hand. */
static PbSet *set_pb(struct arena *arena, const struct keyword_set *set)
{
	PbSet *pb = PB_NEW(arena, PbSet, domainflow__v2__keyword_set);

	if (!pb)
		return NULL;
	pb->id = pb_uuid(arena, &set->id);
	pb->name = pb_text(set->name);
	pb->description = pb_text(set->description);
	pb->is_enabled = set->is_enabled;
	pb->rule_count = set->rule_count;
	pb->created_at = pb_time(arena, set->created_at_ms);
	pb->updated_at = pb_time(arena, set->updated_at_ms);
	if (!set->rules)
		return pb;
	pb->n_rules = (size_t)set->rule_count;
	pb->rules = rules_pb(arena, set->rules, pb->n_rules);
	return pb->rules ? pb : NULL;
}

static struct status rule_from_pb(struct arena *arena, const PbRule *pb, size_t i, struct keyword_rule *out)
{
	const char *type_field = arena_printf(arena, "rules[%zu].ruleType", i);
	const char *set_field = arena_printf(arena, "rules[%zu].keywordSetId", i);
	int type = RULE_TYPE_STRING;
	struct uuid ignored;
	bool given;

	if (!type_field || !set_field)
		return status_out_of_memory();
	TRY(api_optional_state(arena, type_field, (int)pb->rule_type, RULE_TYPE_COUNT, &given, &type));
	if (*pb->keyword_set_id)
		TRY(api_uuid(arena, set_field, pb->keyword_set_id, &ignored));
	*out = (struct keyword_rule){
		.pattern = pb->pattern,
		.type = (enum rule_type)type,
		.is_case_sensitive = pb->is_case_sensitive,
		.category = pb->category,
		.context_chars = pb->context_case ? pb->context_chars : KEYWORD_CONTEXT_CHARS_DEFAULT,
		.weight = pb->rule_weight_case ? pb->weight : 1,
	};
	return STATUS_OK_VALUE;
}

static struct status rules_from_pb(struct arena *arena, PbRule *const *list, size_t count, struct keyword_rule **out)
{
	struct keyword_rule *rules = arena_array(arena, count + 1, sizeof *rules);

	if (!rules)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++)
		TRY(rule_from_pb(arena, list[i], i, &rules[i]));
	*out = rules;
	return STATUS_OK_VALUE;
}

/* --- calls ----------------------------------------------------------------------------------------------------------
 */

static struct status create_body(struct mutation *m, ProtobufCMessage **out)
{
	PbCreateResponse *answer = PB_NEW(m->arena, PbCreateResponse, domainflow__v2__create_keyword_set_response);
	const PbCreateRequest *in = (const PbCreateRequest *)m->request;
	struct keyword_rule *rules;
	struct keyword_set set;

	TRY(rules_from_pb(m->arena, in->rules, in->n_rules, &rules));
	const struct keyword_set_create request = { .name = in->name,
						    .description = in->description,
						    .is_disabled =
							    in->enabled_choice_case ? !in->is_enabled : in->is_disabled,
						    .rules = rules,
						    .rule_count = in->n_rules };
	TRY(keyword_set_create(m->tx, m->workspace, &request, m->arena, &set));
	mutation_tells(m, SAMPLE_SET_CREATED, &set.id, set.name);
	if (!answer)
		return status_out_of_memory();
	answer->keyword_set = set_pb(m->arena, &set);
	*out = &answer->base;
	return answer->keyword_set ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status create_keyword_set(struct rpc_call *call, const PbCreateRequest *in, PbCreateResponse **out)
{
	struct mutation m = { .call = call, .request = &in->base, .action = "create_keyword_set", .phase = "" };
	ProtobufCMessage *answer = NULL;

	TRY(api_about(rpc_call_arena(call), api_mutate(&m, create_body, &answer), "keyword_set", in->name));
	*out = (PbCreateResponse *)answer;
	return STATUS_OK_VALUE;
}

static struct status get_keyword_set(struct rpc_call *call, const PbGetRequest *in, PbGetResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	PbGetResponse *answer = PB_NEW(arena, PbGetResponse, domainflow__v2__get_keyword_set_response);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct keyword_set set;
	struct uuid id;

	TRY(api_uuid(arena, "keywordSetId", in->keyword_set_id, &id));
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(api_about(arena, keyword_set_get(tx, rpc_call_principal(call)->workspace, &id, arena, &set), "keyword_set",
		      in->keyword_set_id));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->keyword_set = set_pb(arena, &set);
	*out = answer;
	return answer->keyword_set ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status list_keyword_sets(struct rpc_call *call, const PbListRequest *in, PbListResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	PbListResponse *answer = PB_NEW(arena, PbListResponse, domainflow__v2__list_keyword_sets_response);
	const struct api_paging paging = API_PAGING(in);
	struct keyword_set_query query = { .with_rules = in->include_rules };
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct keyword_set_page page;

	TRY(api_page_request(arena, &paging, &query.page));
	TRY(api_enabled_filter(arena, in->only_enabled, in->enabled_filter_case != 0, in->is_enabled, &query.enabled));
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(keyword_set_list(tx, rpc_call_principal(call)->workspace, &query, arena, &page));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->keyword_sets = arena_array(arena, page.count + 1, sizeof *answer->keyword_sets);
	if (!answer->keyword_sets)
		return status_out_of_memory();
	for (size_t i = 0; i < page.count; i++) {
		answer->keyword_sets[i] = set_pb(arena, &page.sets[i]);
		if (!answer->keyword_sets[i])
			return status_out_of_memory();
	}
	answer->n_keyword_sets = page.count;
	answer->next_page_token = pb_text(page.next_page_token);
	answer->total_size = page.total;
	*out = answer;
	return STATUS_OK_VALUE;
}

static struct status list_keyword_rules(struct rpc_call *call, const PbListRulesRequest *in, PbListRulesResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	PbListRulesResponse *answer = PB_NEW(arena, PbListRulesResponse, domainflow__v2__list_keyword_rules_response);
	const struct api_paging paging = API_PAGING(in);
	const bool is_case_sensitive = in->case_filter_case && in->is_case_sensitive;
	struct keyword_rule_query query = { .category = in->category,
					    .pattern = in->pattern,
					    .is_case_sensitive = in->case_filter_case ? &is_case_sensitive : NULL };
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct keyword_rule_page page;
	int type = RULE_TYPE_STRING;
	struct uuid id;

	TRY(api_page_request(arena, &paging, &query.page));
	TRY(api_optional_state(arena, "ruleType", (int)in->rule_type, RULE_TYPE_COUNT, &query.has_type, &type));
	query.type = (enum rule_type)type;
	if (*in->keyword_set_id) {
		TRY(api_uuid(arena, "keywordSetId", in->keyword_set_id, &id));
		query.keyword_set_id = &id;
	}
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(api_about(arena, keyword_rule_list(tx, rpc_call_principal(call)->workspace, &query, arena, &page),
		      "keyword_set", in->keyword_set_id));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->rules = rules_pb(arena, page.rules, page.count);
	answer->n_rules = page.count;
	answer->next_page_token = pb_text(page.next_page_token);
	answer->total_size = page.total;
	*out = answer;
	return answer->rules ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status update_body(struct mutation *m, ProtobufCMessage **out)
{
	PbUpdateResponse *answer = PB_NEW(m->arena, PbUpdateResponse, domainflow__v2__update_keyword_set_response);
	const PbUpdateRequest *in = (const PbUpdateRequest *)m->request;
	const bool is_enabled = in->enabled_change_case && in->is_enabled;
	struct keyword_rule *rules = NULL;
	struct keyword_set set;

	if (in->rules)
		TRY(rules_from_pb(m->arena, in->rules->rules, in->rules->n_rules, &rules));
	const struct keyword_set_update update = {
		.name = in->name_change_case ? in->name : NULL,
		.description = in->description_change_case ? in->description : NULL,
		.is_enabled = in->enabled_change_case ? &is_enabled : NULL,
		.rules = rules,
		.rule_count = in->rules ? in->rules->n_rules : 0,
		.has_rules = in->rules != NULL,
	};
	TRY(keyword_set_update(m->tx, m->workspace, &m->resource_id, &update, m->arena, &set));
	mutation_tells(m, SAMPLE_SET_UPDATED, &set.id, set.name);
	if (!answer)
		return status_out_of_memory();
	answer->keyword_set = set_pb(m->arena, &set);
	*out = &answer->base;
	return answer->keyword_set ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status update_keyword_set(struct rpc_call *call, const PbUpdateRequest *in, PbUpdateResponse **out)
{
	static const struct resource_change change = { "update_keyword_set", "keywordSetId", "keyword_set",
						       update_body };
	ProtobufCMessage *answer = NULL;

	TRY(api_change_resource(call, &in->base, &change, in->keyword_set_id, &answer));
	*out = (PbUpdateResponse *)answer;
	return STATUS_OK_VALUE;
}

static struct status delete_body(struct mutation *m, ProtobufCMessage **out)
{
	PbDeleteResponse *answer = PB_NEW(m->arena, PbDeleteResponse, domainflow__v2__delete_keyword_set_response);
	struct keyword_set set;

	TRY(keyword_set_get(m->tx, m->workspace, &m->resource_id, m->arena, &set));
	TRY(keyword_set_delete(m->tx, m->workspace, &m->resource_id));
	mutation_tells(m, SAMPLE_SET_DELETED, &m->resource_id, set.name);
	if (!answer)
		return status_out_of_memory();
	*out = &answer->base;
	return STATUS_OK_VALUE;
}

static struct status delete_keyword_set(struct rpc_call *call, const PbDeleteRequest *in, PbDeleteResponse **out)
{
	static const struct resource_change change = { "delete_keyword_set", "keywordSetId", "keyword_set",
						       delete_body };
	ProtobufCMessage *answer = NULL;

	TRY(api_change_resource(call, &in->base, &change, in->keyword_set_id, &answer));
	*out = (PbDeleteResponse *)answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_keyword_set_handlers api_keyword_set_handlers = {
	.create_keyword_set = create_keyword_set,
	.get_keyword_set = get_keyword_set,
	.list_keyword_sets = list_keyword_sets,
	.extract_keywords = api_extract_keywords,
	.list_keyword_rules = list_keyword_rules,
	.update_keyword_set = update_keyword_set,
	.delete_keyword_set = delete_keyword_set,
};
