/* The tables generated from data/awkward: kinds, roles, rules and names are what the .proto files say. */
#include "awkward/v1/awkward.grpc-c.client.h"
#include "awkward/v1/awkward.grpc-c.server.h"
#include "awkward_methods.h"
#include "domainflow/v2/campaign_service.grpc-c.server.h"
#include "domainflow/v2/persona_service.grpc-c.server.h"
#include "grpc/health/v1/health.grpc-c.server.h"
#include "grpc/reflection/v1/reflection.grpc-c.server.h"
#include "grpc/reflection/v1alpha/reflection.grpc-c.server.h"
#include "proto/runtime/validate.h"
#include "proto_methods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const struct method *method;
	const char *path;
	enum method_kind kind;
	enum method_role role;
	bool is_read;
};

static void methods_are_what_the_proto_says(void **state)
{
	const struct row rows[] = {
		{ &awkward_v1_default_default__method, "/awkward.v1.DefaultService/Default", METHOD_UNARY, ROLE_VIEWER,
		  false },
		{ &awkward_v1_default_switch__method, "/awkward.v1.DefaultService/Switch", METHOD_UNARY, ROLE_OPERATOR,
		  false },
		{ &awkward_v1_default_get_url_by_id_method, "/awkward.v1.DefaultService/GetURLByID", METHOD_UNARY,
		  ROLE_PUBLIC, true },
		{ &awkward_v1_default_examine_method, "/awkward.v1.DefaultService/Examine", METHOD_UNARY, ROLE_ADMIN,
		  true },
		{ &awkward_v1_default_getaway_method, "/awkward.v1.DefaultService/Getaway", METHOD_UNARY, ROLE_ADMIN,
		  false },
		{ &awkward_v1_default_watch_method, "/awkward.v1.DefaultService/Watch", METHOD_SERVER_STREAM,
		  ROLE_VIEWER, false },
		{ &awkward_v1_default_talk_method, "/awkward.v1.DefaultService/Talk", METHOD_BIDI, ROLE_VIEWER, false },
		{ &awkward_v1_other_default__method, "/awkward.v1.Other/Default", METHOD_UNARY, ROLE_PUBLIC, false },
	};

	(void)state;
	assert_int_equal(awkward_methods_count, ARRAY_LEN(rows));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_string_equal(rows[i].method->path, rows[i].path);
		assert_int_equal(rows[i].method->kind, rows[i].kind);
		assert_int_equal(rows[i].method->role, rows[i].role);
		assert_int_equal(rows[i].method->is_read, rows[i].is_read);
		assert_ptr_equal(awkward_methods[i], rows[i].method);
	}
	assert_null(awkward_methods[awkward_methods_count]);
	assert_ptr_equal(awkward_v1_default_switch__method.input, &awkward__v1__httpthing__inner__descriptor);
	assert_ptr_equal(awkward_v1_default_switch__method.output, &awkward__v1__part__descriptor);
}

static const struct field_rule *rule_of(const struct method *method, const ProtobufCMessageDescriptor *type,
					uint32_t number)
{
	const struct message_rules *rules = method_rules_find(method, type);

	for (size_t i = 0; rules && i < rules->field_count; i++)
		if (rules->fields[i].number == number)
			return &rules->fields[i];
	return NULL;
}

static void rules_follow_messages_into_other_files(void **state)
{
	const struct method *m = &awkward_v1_default_default__method;

	(void)state;
	assert_int_equal(m->rule_count, 3); /* HTTPThing, its Inner, Part; Plain and Timestamp have nothing to say */
	assert_int_equal(rule_of(m, &awkward__v1__part__descriptor, 1)->max_bytes, 8);
	assert_int_equal(rule_of(m, &awkward__v1__part__descriptor, 2)->max_items, 3);
	assert_true(rule_of(m, &awkward__v1__part__descriptor, 3)->is_json);
	assert_int_equal(rule_of(m, &awkward__v1__part__descriptor, 3)->max_bytes, 100);
	assert_int_equal(rule_of(m, &awkward__v1__httpthing__inner__descriptor, 1)->max_bytes, 4);
	assert_true(rule_of(m, &awkward__v1__httpthing__descriptor, 8)->is_map);
	assert_false(rule_of(m, &awkward__v1__httpthing__descriptor, 4)->is_map);
	assert_null(rule_of(m, &awkward__v1__httpthing__descriptor, 20)); /* nullable concerns the gateway */
	assert_null(method_rules_find(m, &awkward__v1__plain__descriptor));
	assert_int_equal(awkward_v1_default_talk_method.rule_count, 0);
	assert_int_equal(awkward_v1_default_watch_method.rule_count, 1);
}

/* Thunks: typed handlers are reached through the untyped table. */
static struct status say_default(struct rpc_call *call, const Awkward__V1__HTTPThing *in,
				 Awkward__V1__HTTPThingResponse **out)
{
	static Awkward__V1__HTTPThingResponse reply = AWKWARD__V1__HTTPTHING_RESPONSE__INIT;

	(void)call;
	if (in->int_ == 7)
		return status_make(STATUS_NOT_FOUND, "SEVEN", "there is no seven");
	reply.thing = (Awkward__V1__HTTPThing *)(uintptr_t)in;
	*out = &reply;
	return STATUS_OK_VALUE;
}

static struct status say_nothing(struct rpc_call *call, const Awkward__V1__Part *in, Awkward__V1__Plain **out)
{
	(void)call;
	(void)in;
	(void)out;
	return STATUS_OK_VALUE;
}

static struct status watch(struct rpc_call *call, const Awkward__V1__Part *in, struct rpc_stream *stream)
{
	(void)call;
	assert_string_equal(in->label, "here");
	assert_ptr_equal(stream, (struct rpc_stream *)0x10);
	return status_make(STATUS_UNAVAILABLE, "BUSY", "come back later");
}

static void thunks_reach_typed_handlers(void **state)
{
	const struct awkward_v1_default_handlers handlers = { .default_ = say_default,
							      .getaway = say_nothing,
							      .watch = watch };
	const struct method_binding *b = awkward_v1_default_service.methods;
	Awkward__V1__HTTPThing thing = AWKWARD__V1__HTTPTHING__INIT;
	Awkward__V1__Part part = AWKWARD__V1__PART__INIT;
	ProtobufCMessage *out = NULL;

	(void)state;
	assert_string_equal(awkward_v1_default_service.name, "awkward.v1.DefaultService");
	assert_int_equal(awkward_v1_default_service.method_count, 7);
	thing.int_ = 6;
	assert_true(status_ok(b[0].unary(&handlers, NULL, &thing.base, &out)));
	assert_ptr_equal(((Awkward__V1__HTTPThingResponse *)out)->thing, &thing);
	out = NULL;
	thing.int_ = 7;
	assert_int_equal(b[0].unary(&handlers, NULL, &thing.base, &out).code, STATUS_NOT_FOUND);
	assert_null(out);
	assert_int_equal(b[1].unary(&handlers, NULL, &part.base, &out).code, STATUS_UNIMPLEMENTED);
	assert_int_equal(b[4].unary(&handlers, NULL, &part.base, &out).code, STATUS_INTERNAL);
	assert_null(b[5].unary);
	part.label = (char *)(uintptr_t) "here";
	assert_string_equal(b[5].stream(&handlers, NULL, &part.base, (struct rpc_stream *)0x10).reason, "BUSY");
	assert_int_equal(b[6].stream(&handlers, NULL, NULL, NULL).code, STATUS_UNIMPLEMENTED);
	assert_int_equal(awkward_v1_empty_service.method_count, 0);
}

static void client_functions_have_types(void **state)
{
	struct status (*unary)(struct df_connection *, const struct df_call *, const Awkward__V1__HTTPThing *,
			       Awkward__V1__HTTPThingResponse **) = awkward_v1_default_default_;
	struct status (*open)(struct df_connection *, const struct df_call *, const Awkward__V1__Part *,
			      struct df_stream **) = awkward_v1_default_watch_open;
	struct status (*next)(struct df_stream *, int64_t, struct arena *, Awkward__V1__HTTPThing **) =
		awkward_v1_default_watch_next;

	(void)state;
	assert_non_null(unary);
	assert_non_null(open);
	assert_non_null(next);
}

static void health_and_reflection_are_public_services(void **state)
{
	(void)state;
	assert_string_equal(grpc_health_v1_health_service.name, "grpc.health.v1.Health");
	assert_int_equal(grpc_health_v1_health_check_method.role, ROLE_PUBLIC);
	assert_int_equal(grpc_health_v1_health_watch_method.kind, METHOD_SERVER_STREAM);
	assert_int_equal(grpc_reflection_v1_server_reflection_server_reflection_info_method.kind, METHOD_BIDI);
	assert_string_equal(grpc_reflection_v1alpha_server_reflection_server_reflection_info_method.path,
			    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
	assert_int_equal(grpc_reflection_v1alpha_server_reflection_server_reflection_info_method.role, ROLE_PUBLIC);
}

/* A program that shows answers asks for the rules of any message, not only of those it sends. */
static void rules_of_every_message_are_listed(void **state)
{
	bool has_answer = false, has_request = false;

	(void)state;
	for (size_t i = 0; i < proto_methods_rules_count; i++) {
		assert_true(proto_methods_rules[i]->field_count > 0);
		has_answer = has_answer || proto_methods_rules[i]->descriptor == &domainflow__v2__persona__descriptor;
		has_request = has_request ||
			      proto_methods_rules[i]->descriptor == &domainflow__v2__create_persona_request__descriptor;
	}
	assert_true(has_answer && has_request);
}

static void roles_of_the_contract_arrive(void **state)
{
	(void)state;
	assert_true(proto_methods_count > 30);
	for (size_t i = 0; i < proto_methods_count; i++)
		if (strncmp(proto_methods[i]->service, "grpc.", 5) == 0)
			assert_int_equal(proto_methods[i]->role, ROLE_PUBLIC);
	assert_int_equal(domainflow_v2_campaign_get_campaign_method.role, ROLE_VIEWER);
	assert_true(domainflow_v2_campaign_get_campaign_method.is_read);
	assert_int_equal(domainflow_v2_campaign_create_campaign_method.role, ROLE_OPERATOR);
	assert_false(domainflow_v2_campaign_create_campaign_method.is_read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_are_what_the_proto_says),
		cmocka_unit_test(rules_follow_messages_into_other_files),
		cmocka_unit_test(thunks_reach_typed_handlers),
		cmocka_unit_test(client_functions_have_types),
		cmocka_unit_test(health_and_reflection_are_public_services),
		cmocka_unit_test(rules_of_every_message_are_listed),
		cmocka_unit_test(roles_of_the_contract_arrive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
