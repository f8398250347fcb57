/* Every rule of the request validator, against bytes written by hand or packed and bent. */
#include "awkward/v1/awkward.grpc-c.h"
#include "proto/runtime/validate.h"

#include "base/arena.h"
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THING       (&awkward_v1_default_default__method)
#define NODE        (&awkward_v1_other_default__method)
#define BYTES(text) (text), sizeof(text) - 1

struct fixture {
	struct arena *arena;
	struct buffer bytes;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->arena = arena_create(0);
	buffer_init(&f->bytes, 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_destroy(f->arena);
	buffer_done(&f->bytes);
	free(f);
	return 0;
}

/* Fields up to number 2047, values up to 127 or 2^14 bytes: enough for a test's bytes. */
static void put_varint(struct buffer *b, uint64_t value)
{
	for (; value > 0x7F; value >>= 7)
		buffer_char(b, (char)(value | 0x80));
	buffer_char(b, (char)value);
}

static void put_bytes(struct buffer *b, uint32_t number, const void *bytes, size_t n)
{
	put_varint(b, number << 3 | 2);
	put_varint(b, n);
	buffer_append(b, bytes, n);
}

static void put_number(struct buffer *b, uint32_t number, uint64_t value)
{
	put_varint(b, number << 3);
	put_varint(b, value);
}

static struct status check(struct fixture *f, const struct method *method)
{
	return message_validate(method, f->bytes.data, f->bytes.len, f->arena);
}

#define assert_refused(st, path, reason_word, words) \
	do { \
		struct status st_ = (st); \
		assert_int_equal(st_.code, STATUS_INVALID_ARGUMENT); \
		assert_string_equal(st_.reason, reason_word); \
		assert_non_null(st_.extra); \
		assert_non_null(st_.extra->fields); \
		assert_string_equal(st_.extra->fields->field, path); \
		assert_string_equal(st_.extra->fields->reason, reason_word); \
		assert_non_null(strstr(st_.extra->fields->message, words)); \
	} while (0)

#define assert_value_refused(st, path, words) assert_refused(st, path, "VALIDATION_ERROR", words)
#define assert_bytes_refused(st, path, words) assert_refused(st, path, "BAD_REQUEST", words)

static void good_messages_pass(void **state)
{
	struct fixture *f = *state;
	char word[] = "word", deep[] = "deep", json[] = "{\"a\":[1,2]}";
	Awkward__V1__HTTPThing thing = AWKWARD__V1__HTTPTHING__INIT;
	Awkward__V1__HTTPThing__Inner inner = AWKWARD__V1__HTTPTHING__INNER__INIT, *inners[] = { &inner, &inner };
	Awkward__V1__Part part = AWKWARD__V1__PART__INIT;
	Awkward__V1__Color palette[] = { AWKWARD__V1__COLOR__COLOR_NEGATIVE, AWKWARD__V1__COLOR__COLOR_RED };
	double numbers[] = { 1.5, -2.5 };
	uint32_t words[] = { 1, UINT32_MAX };
	uint8_t bytes[512];
	size_t n;

	assert_true(status_ok(message_validate(THING, NULL, 0, f->arena)));
	inner.deep_name = deep;
	part.label = word;
	part.settings_json = json;
	thing.default_ = word;
	thing.int_ = -1;
	thing.register_ = 1;
	thing.inner_list = inners;
	thing.n_inner_list = 2;
	thing.part = &part;
	thing.palette = palette;
	thing.n_palette = 2;
	thing.numbers = numbers;
	thing.n_numbers = 2;
	thing.words = words;
	thing.n_words = 2;
	thing.zigzag = INT64_MIN;
	thing.color = AWKWARD__V1__COLOR__COLOR_NEGATIVE;
	thing.choice_case = AWKWARD__V1__HTTPTHING__CHOICE_CHOICE_INNER;
	thing.choice_inner = &inner;
	assert_true(protobuf_c_message_get_packed_size(&thing.base) <= sizeof bytes);
	n = protobuf_c_message_pack(&thing.base, bytes);
	assert_true(status_ok(message_validate(THING, bytes, n, f->arena)));
	/* Every shorter piece either stops cleanly or is itself a message; never more than that. */
	for (size_t cut = 0; cut < n; cut++)
		status_ignore(message_validate(THING, bytes, cut, f->arena));
}

static void text_must_be_utf8_without_nul(void **state)
{
	struct fixture *f = *state;

	put_bytes(&f->bytes, 1, BYTES("caf\xe9"));
	assert_value_refused(check(f, THING), "default", "UTF-8");
	buffer_clear(&f->bytes);
	put_bytes(&f->bytes, 1, BYTES("a\0b"));
	assert_value_refused(check(f, THING), "default", "NUL");
	buffer_clear(&f->bytes);
	put_bytes(&f->bytes, 1, BYTES("caf\xc3\xa9"));
	assert_true(status_ok(check(f, THING)));
}

static void bytes_fields_take_any_bytes(void **state)
{
	struct fixture *f = *state;

	put_bytes(&f->bytes, 21, BYTES("\xff\0"));
	assert_true(status_ok(check(f, THING)));
	put_bytes(&f->bytes, 21, BYTES("abc"));
	assert_value_refused(check(f, THING), "blobs[1]", "at most 2");
}

static void lengths_are_limited(void **state)
{
	struct fixture *f = *state;
	char *long_text = malloc(MESSAGE_STRING_BYTES_MAX + 1);

	memset(long_text, 'x', MESSAGE_STRING_BYTES_MAX + 1);
	put_bytes(&f->bytes, 1, long_text, MESSAGE_STRING_BYTES_MAX);
	assert_true(status_ok(check(f, THING)));
	buffer_clear(&f->bytes);
	put_bytes(&f->bytes, 1, long_text, MESSAGE_STRING_BYTES_MAX + 1);
	assert_value_refused(check(f, THING), "default", "at most 65536");
	buffer_clear(&f->bytes);
	put_bytes(&f->bytes, 5, BYTES("12345"));
	assert_true(status_ok(check(f, THING)));
	put_bytes(&f->bytes, 5, BYTES("123456"));
	assert_value_refused(check(f, THING), "choiceText", "at most 5");
	free(long_text);
}

static void paths_name_the_place_in_json_words(void **state)
{
	struct fixture *f = *state;

	put_bytes(&f->bytes, 4,
		  BYTES("\x0a\x04"
			"good"));
	put_bytes(&f->bytes, 4,
		  BYTES("\x0a\x05"
			"toodo"));
	assert_value_refused(check(f, THING), "innerList[1].deepName", "at most 4");
}

static void items_are_counted(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		put_bytes(&f->bytes, 14, BYTES("name"));
	assert_true(status_ok(check(f, THING)));
	put_bytes(&f->bytes, 14, BYTES("name"));
	put_bytes(&f->bytes, 14, BYTES("name"));
	assert_value_refused(check(f, THING), "names", "more than 3");
	assert_null(check(f, THING).extra->fields->next); /* said once */
	buffer_clear(&f->bytes);
	/* Packed and unpacked elements of one field count together. */
	put_bytes(&f->bytes, 13, BYTES("\x12\x02\x01\x02\x10\x03"));
	assert_true(status_ok(check(f, THING)));
	buffer_clear(&f->bytes);
	put_bytes(&f->bytes, 13, BYTES("\x12\x02\x01\x02\x10\x03\x12\x01\x04"));
	assert_value_refused(check(f, THING), "part.sizes", "more than 3");
	buffer_clear(&f->bytes);
	for (int i = 0; i <= MESSAGE_ITEMS_MAX; i++)
		put_number(&f->bytes, 11, 1);
	assert_value_refused(check(f, THING), "palette", "more than 1000");
}

static void map_entries_are_counted_and_checked(void **state)
{
	struct fixture *f = *state;

	put_bytes(&f->bytes, 8,
		  BYTES("\x0a\x01"
			"k\x12\x01\xff"));
	assert_value_refused(check(f, THING), "labels[0].value", "UTF-8");
	buffer_clear(&f->bytes);
	for (int i = 0; i <= MESSAGE_ITEMS_MAX; i++)
		put_bytes(&f->bytes, 8, BYTES(""));
	assert_value_refused(check(f, THING), "labels", "more than 1000");
}

static void every_violation_is_listed(void **state)
{
	struct fixture *f = *state;
	struct status st;

	put_bytes(&f->bytes, 1, BYTES("\xff"));
	put_bytes(&f->bytes, 13,
		  BYTES("\x0a\x09"
			"too long!\x1a\x01{"));
	put_number(&f->bytes, 15, 99);
	st = check(f, THING);
	assert_value_refused(st, "default", "UTF-8");
	assert_string_equal(st.extra->fields->next->field, "part.label");
	assert_string_equal(st.extra->fields->next->next->field, "part.settingsJson");
	assert_string_equal(st.extra->fields->next->next->next->field, "color");
}

static void json_fields_must_hold_json(void **state)
{
	struct fixture *f = *state;
	char deep[80], part[100];

	put_bytes(&f->bytes, 13, BYTES("\x1a\x02{}"));
	assert_true(status_ok(check(f, THING)));
	buffer_clear(&f->bytes);
	put_bytes(&f->bytes, 13, BYTES("\x1a\x00")); /* empty is absent */
	assert_true(status_ok(check(f, THING)));
	buffer_clear(&f->bytes);
	put_bytes(&f->bytes, 13, BYTES("\x1a\x05{} {}"));
	assert_value_refused(check(f, THING), "part.settingsJson", "JSON");
	buffer_clear(&f->bytes);
	memset(deep, '[', 40);
	memset(deep + 40, ']', 40);
	part[0] = 0x1a;
	part[1] = 80;
	memcpy(part + 2, deep, 80);
	put_bytes(&f->bytes, 13, part, 82);
	assert_value_refused(check(f, THING), "part.settingsJson", "deeper");
}

static void unknown_enum_values_are_refused(void **state)
{
	struct fixture *f = *state;

	put_number(&f->bytes, 15, (uint64_t)-1);
	assert_true(status_ok(check(f, THING)));
	buffer_clear(&f->bytes);
	put_bytes(&f->bytes, 11, BYTES("\x01\x07"));
	assert_value_refused(check(f, THING), "palette[1]", "7 is not a value of Color");
}

static void broken_bytes_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *path, *words;
	} cases[] = {
		{ BYTES("\x0a"), "default", "cut short" }, /* no length */
		{ BYTES("\x0a\x05"
			"abc"),
		  "default", "cut short" },                                        /* length past the end */
		{ BYTES("\x0a\x80\x80\x80\x80\x80\x00"), "default", "cut short" }, /* length of six bytes */
		{ BYTES("\x10"), "int", "cut short" },                             /* no value */
		{ BYTES("\x10\x80"), "int", "cut short" },                         /* open varint */
		{ BYTES("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), "int", "too long" }, /* eleven bytes */
		{ BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "int", "too long" },     /* over 64 bits */
		{ BYTES("\x15\x01\x02\x03\x04"), "int", "wire type" },            /* 32 bits where a varint belongs */
		{ BYTES("\x08\x01"), "default", "wire type" },                    /* a varint where a string belongs */
		{ BYTES("\xb5\x01\x01\x02"), "single", "cut short" },             /* half a float */
		{ BYTES("\x92\x01\x03\x01\x02\x03"), "numbers[0]", "cut short" }, /* a part of a packed double */
		{ BYTES("\x5a\x02\x01\x80"), "palette[1]", "cut short" },         /* an open varint in a packed list */
		{ BYTES("\x00"), "", "tag" },                                     /* field number 0 */
		{ BYTES("\x0e"), "", "tag" },                                     /* wire type 6 */
		{ BYTES("\xff\xff\xff\xff\x7f"), "", "tag" },                     /* field number too large */
		{ BYTES("\x80\x80\x80\x80\x80\x01"), "", "tag" },                 /* a tag of six bytes */
		{ BYTES("\x0b\x0c"), "default", "groups" },                       /* a known field as group */
		{ BYTES("\xa3\x06\xa4\x06"), "", "groups" },                      /* an unknown group */
		{ BYTES("\xa5\x06\x01"), "", "unknown field" },                   /* an unknown field cut short */
		{ BYTES("\x6a\x00\x6a\x00"), "part", "more than once" },          /* one message field twice */
		{ BYTES("\x6a\x02\x0a\x05"), "part.label", "cut short" },         /* broken inside */
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_bytes_refused(message_validate(THING, cases[i].bytes, cases[i].n, f->arena), cases[i].path,
				     cases[i].words);
}

static void unknown_fields_are_passed_over(void **state)
{
	struct fixture *f = *state;

	put_number(&f->bytes, 100, UINT64_MAX);
	put_bytes(&f->bytes, 101, BYTES("\xff\xff"));
	put_varint(&f->bytes, 102 << 3 | 1);
	buffer_append(&f->bytes, "12345678", 8);
	assert_true(status_ok(check(f, THING)));
}

/* levels messages inside each other, the request itself included; built from the inside out. */
static void nest(struct buffer *b, unsigned levels)
{
	struct buffer outer;

	buffer_clear(b);
	for (unsigned i = 1; i < levels; i++) {
		buffer_init(&outer, 0);
		put_bytes(&outer, 1, b->data, b->len);
		buffer_done(b);
		*b = outer;
	}
}

static void depth_is_limited(void **state)
{
	struct fixture *f = *state;
	struct status st;

	nest(&f->bytes, MESSAGE_DEPTH_MAX);
	assert_true(status_ok(check(f, NODE)));
	nest(&f->bytes, MESSAGE_DEPTH_MAX + 1);
	st = check(f, NODE);
	assert_string_equal(st.reason, "BAD_REQUEST");
	assert_non_null(strstr(st.extra->fields->message, "too deep"));
	assert_memory_equal(st.extra->fields->field, "child.child.", 12);
	nest(&f->bytes, 5000);
	assert_string_equal(check(f, NODE).reason, "BAD_REQUEST");
}

static void a_full_arena_loses_details_not_the_error(void **state)
{
	struct fixture *f = *state;

	put_bytes(&f->bytes, 1, BYTES("\xff"));
	put_bytes(&f->bytes, 13, BYTES("\x0a\x09too long!"));
	for (size_t limit = 16; limit < 1024; limit += 16) {
		struct arena *arena = arena_create(limit);

		assert_string_equal(message_validate(THING, f->bytes.data, f->bytes.len, arena).reason,
				    "VALIDATION_ERROR");
		assert_string_equal(message_validate(THING, "\x0e", 1, arena).reason, "BAD_REQUEST");
		arena_destroy(arena);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(good_messages_pass),
		CASE(text_must_be_utf8_without_nul),
		CASE(bytes_fields_take_any_bytes),
		CASE(lengths_are_limited),
		CASE(paths_name_the_place_in_json_words),
		CASE(items_are_counted),
		CASE(map_entries_are_counted_and_checked),
		CASE(every_violation_is_listed),
		CASE(json_fields_must_hold_json),
		CASE(unknown_enum_values_are_refused),
		CASE(broken_bytes_are_refused),
		CASE(unknown_fields_are_passed_over),
		CASE(depth_is_limited),
		CASE(a_full_arena_loses_details_not_the_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
