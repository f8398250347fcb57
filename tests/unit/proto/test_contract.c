/* What holds for the whole contract: every method says who may call it, no request can contain itself, and every text
 * a client sends is declared short, or long on purpose. */
#include "google/protobuf/descriptor.pb-c.h"
#include "proto/runtime/descriptor_set.h"
#include "proto/runtime/wire.h"
#include "proto_methods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PACKAGE          "domainflow.v2"
#define ROLE_OPTION      50011 /* options.proto */
#define ROLE_LAST        4
#define MESSAGES_DEEP    16
#define METHODS_AT_LEAST 30

/* The role a method's options state, 0 when they state none. protobuf-c keeps extensions as unknown fields. */
static uint64_t stated_role(const Google__Protobuf__MethodOptions *options)
{
	for (size_t i = 0; options && i < options->base.n_unknown_fields; i++) {
		const ProtobufCMessageUnknownField *field = &options->base.unknown_fields[i];
		struct wire w = { field->data, field->data + field->len };
		uint64_t role = 0;

		if (field->tag == ROLE_OPTION && wire_varint(&w, &role))
			return role;
	}
	return 0;
}

static void every_method_states_a_role(void **state)
{
	Google__Protobuf__FileDescriptorSet *set =
		google__protobuf__file_descriptor_set__unpack(NULL, proto_descriptor_set_size, proto_descriptor_set);
	size_t count = 0;

	(void)state;
	assert_non_null(set);
	for (size_t f = 0; f < set->n_file; f++) {
		const Google__Protobuf__FileDescriptorProto *file = set->file[f];

		if (!file->package || strcmp(file->package, PACKAGE) != 0)
			continue;
		for (size_t s = 0; s < file->n_service; s++)
			for (size_t m = 0; m < file->service[s]->n_method; m++, count++) {
				const Google__Protobuf__MethodDescriptorProto *method = file->service[s]->method[m];
				uint64_t role = stated_role(method->options);

				if (role == 0 || role > ROLE_LAST)
					fail_msg("%s.%s states no role", file->service[s]->name, method->name);
			}
	}
	assert_in_range(count, METHODS_AT_LEAST, 1000);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
}

/* `above` are the types around `type`, outermost first. */
static void refuse_recursion(const ProtobufCMessageDescriptor *type, const ProtobufCMessageDescriptor **above,
			     size_t depth, const char *path)
{
	assert_in_range(depth, 0, MESSAGES_DEEP - 1);
	for (size_t i = 0; i < depth; i++)
		if (above[i] == type)
			fail_msg("%s: %s contains itself", path, type->name);
	above[depth] = type;
	for (unsigned i = 0; i < type->n_fields; i++)
		if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			refuse_recursion(type->fields[i].descriptor, above, depth + 1, path);
}

static void no_request_contains_itself(void **state)
{
	const ProtobufCMessageDescriptor *above[MESSAGES_DEEP];

	(void)state;
	for (size_t i = 0; i < proto_methods_count; i++)
		refuse_recursion(proto_methods[i]->input, above, 0, proto_methods[i]->path);
}

static const struct field_rule *rule_of(const struct method *method, const ProtobufCMessageDescriptor *type,
					uint32_t number)
{
	for (size_t i = 0; i < method->rule_count; i++)
		for (size_t j = 0; method->rules[i]->descriptor == type && j < method->rules[i]->field_count; j++)
			if (method->rules[i]->fields[j].number == number)
				return &method->rules[i]->fields[j];
	return NULL;
}

static void bounds_are_stated(const struct method *method, const ProtobufCMessageDescriptor *type)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		const struct field_rule *rule = rule_of(method, type, field->id);

		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			bounds_are_stated(method, field->descriptor);
		if (field->type == PROTOBUF_C_TYPE_STRING && (!rule || rule->max_bytes == 0))
			fail_msg("%s: %s.%s states no max_bytes", method->path, type->name, field->name);
		if (field->label == PROTOBUF_C_LABEL_REPEATED && (!rule || rule->max_items == 0))
			fail_msg("%s: %s.%s states no max_items", method->path, type->name, field->name);
	}
}

static void every_text_and_list_of_a_request_states_its_bound(void **state)
{
	(void)state;
	for (size_t i = 0; i < proto_methods_count; i++)
		if (strncmp(proto_methods[i]->service, PACKAGE ".", sizeof PACKAGE) == 0)
			bounds_are_stated(proto_methods[i], proto_methods[i]->input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_states_a_role),
		cmocka_unit_test(no_request_contains_itself),
		cmocka_unit_test(every_text_and_list_of_a_request_states_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
