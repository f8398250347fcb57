/* Unpacking into an arena: its limit holds, map keys are settled, refused bytes never reach protobuf-c. */
#include "awkward/v1/awkward.grpc-c.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "proto/runtime/descriptor_set.h"
#include "proto/runtime/unpack.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THING       (&awkward_v1_default_default__method)
#define BYTES(text) (text), sizeof(text) - 1

static void request_arrives_whole(void **state)
{
	struct arena *arena = arena_create(0);
	ProtobufCMessage *out = NULL;
	const Awkward__V1__HTTPThing *thing;

	(void)state;
	assert_true(status_ok(message_read(THING,
					   BYTES("\x0a\x02hi\x10\x07\x22\x06\x0a\x04"
						 "deep"),
					   arena, &out)));
	thing = (const Awkward__V1__HTTPThing *)out;
	assert_string_equal(thing->default_, "hi");
	assert_int_equal(thing->int_, 7);
	assert_int_equal(thing->n_inner_list, 1);
	assert_string_equal(thing->inner_list[0]->deep_name, "deep");
	arena_destroy(arena);
}

static void memory_limit_is_a_status(void **state)
{
	Awkward__V1__Part part = AWKWARD__V1__PART__INIT;
	char label[] = "label";
	uint8_t bytes[64];
	ProtobufCMessage *out = NULL;
	size_t n, fits = 0;

	(void)state;
	part.label = label;
	n = protobuf_c_message_pack(&part.base, bytes);
	/* Whatever the limit: a message or RESOURCE_EXHAUSTED, and from some limit on always a message. */
	for (size_t limit = 16; limit < 2048; limit += 16) {
		struct arena *arena = arena_create(limit);
		struct status st = message_read(&awkward_v1_default_getaway_method, bytes, n, arena, &out);

		if (status_ok(st)) {
			assert_string_equal(((const Awkward__V1__Part *)out)->label, "label");
			fits = fits ? fits : limit;
		} else {
			assert_int_equal(st.code, STATUS_RESOURCE_EXHAUSTED);
			assert_int_equal(fits, 0);
		}
		arena_destroy(arena);
	}
	assert_true(fits > 16);
}

static void last_of_equal_keys_counts(void **state)
{
	/* labels: a→1, b→2, a→3, (no key)→4, ""→5;  inners_by_id: 7→"x", 7→"y";  colors: true→RED, true→0 */
	static const char bytes[] = "\x42\x06\x0a\x01"
				    "a\x12\x01"
				    "1"
				    "\x42\x06\x0a\x01"
				    "b\x12\x01"
				    "2"
				    "\x42\x06\x0a\x01"
				    "a\x12\x01"
				    "3"
				    "\x42\x03\x12\x01"
				    "4"
				    "\x42\x05\x0a\x00\x12\x01"
				    "5"
				    "\x4a\x07\x08\x07\x12\x03\x0a\x01x"
				    "\x4a\x07\x08\x07\x12\x03\x0a\x01y"
				    "\x52\x04\x08\x01\x10\x01"
				    "\x52\x02\x08\x01";
	struct arena *arena = arena_create(0);
	ProtobufCMessage *out = NULL;
	const Awkward__V1__HTTPThing *thing;

	(void)state;
	assert_true(status_ok(message_read(THING, BYTES(bytes), arena, &out)));
	thing = (const Awkward__V1__HTTPThing *)out;
	assert_int_equal(thing->n_labels, 3);
	assert_string_equal(thing->labels[0]->value, "2");
	assert_string_equal(thing->labels[1]->value, "3");
	assert_string_equal(thing->labels[2]->value, "5");
	assert_int_equal(thing->n_inners_by_id, 1);
	assert_string_equal(thing->inners_by_id[0]->value->deep_name, "y");
	assert_int_equal(thing->n_colors, 1);
	assert_int_equal(thing->colors[0]->value, AWKWARD__V1__COLOR__COLOR_UNSPECIFIED);
	arena_destroy(arena);
}

static void oneof_keeps_its_last_member(void **state)
{
	struct arena *arena = arena_create(0);
	ProtobufCMessage *out = NULL;
	const Awkward__V1__HTTPThing *thing;

	(void)state;
	assert_true(status_ok(message_read(THING, BYTES("\x32\x02\x0a\x00\x2a\x02hi"), arena, &out)));
	thing = (const Awkward__V1__HTTPThing *)out;
	assert_int_equal(thing->choice_case, AWKWARD__V1__HTTPTHING__CHOICE_CHOICE_TEXT);
	assert_string_equal(thing->choice_text, "hi");
	arena_destroy(arena);
}

static void refused_bytes_give_no_message(void **state)
{
	struct arena *arena = arena_create(0);
	ProtobufCMessage *out = NULL;

	(void)state;
	assert_string_equal(message_read(THING, BYTES("\x0a\x01\xff"), arena, &out).reason, "VALIDATION_ERROR");
	assert_string_equal(message_unpack(&awkward__v1__part__descriptor, BYTES("\x0a\x05x"), arena, &out).reason,
			    "BAD_REQUEST");
	assert_null(out);
	arena_destroy(arena);
}

static void descriptor_set_holds_contract_and_imports(void **state)
{
	static const char *const wanted[] = { "google/protobuf/any.proto",
					      "google/rpc/error_details.proto",
					      "grpc/health/v1/health.proto",
					      "grpc/reflection/v1/reflection.proto",
					      "grpc/reflection/v1alpha/reflection.proto",
					      "domainflow/v2/campaign_service.proto",
					      "google/protobuf/descriptor.proto" };
	const Google__Protobuf__FileDescriptorSet *set;
	struct arena *arena = arena_create(0);
	ProtobufCMessage *out = NULL;

	(void)state;
	assert_true(status_ok(message_unpack(&google__protobuf__file_descriptor_set__descriptor, proto_descriptor_set,
					     proto_descriptor_set_size, arena, &out)));
	set = (const Google__Protobuf__FileDescriptorSet *)out;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		size_t at = 0;

		while (at < set->n_file && strcmp(set->file[at]->name, wanted[i]) != 0)
			at++;
		assert_true(at < set->n_file);
	}
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_arrives_whole),
		cmocka_unit_test(memory_limit_is_a_status),
		cmocka_unit_test(last_of_equal_keys_counts),
		cmocka_unit_test(oneof_keeps_its_last_member),
		cmocka_unit_test(refused_bytes_give_no_message),
		cmocka_unit_test(descriptor_set_holds_contract_and_imports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
