#include "bad_input.h"

#include "proto/runtime/validate.h"
#include "proto/runtime/wire.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 256
#define NOT_A_UUID "0190f3a0-0000-7000-8000-00000000000g"
#define JSON_DEEP  40 /* levels; 32 are allowed */

/* Where a wrong value goes: the field, in a message that is field `outer` of another, and so on outwards. */
struct site {
	const struct site *outer;
	const ProtobufCMessageDescriptor *type;
	const ProtobufCFieldDescriptor *field;
};

struct making {
	const struct bad_input_known *known;
	struct bad_input bad;
	void (*take)(void *ctx, const struct bad_input *bad);
	void *ctx;
};

/* --- wire ---------------------------------------------------------------------------------------------------- */

static void put_varint(struct buffer *b, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		buffer_char(b, (char)(0x80 | (value & 0x7F)));
	buffer_char(b, (char)value);
}

static void put_tag(struct buffer *b, const ProtobufCFieldDescriptor *field, enum wire_type type)
{
	put_varint(b, (uint64_t)field->id << 3 | type);
}

static void put_bytes(struct buffer *b, const ProtobufCFieldDescriptor *field, const void *bytes, size_t n)
{
	put_tag(b, field, WIRE_BYTES);
	put_varint(b, n);
	if (n)
		buffer_append(b, bytes, n);
}

static void put_number(struct buffer *b, const ProtobufCFieldDescriptor *field, uint64_t value)
{
	put_tag(b, field, WIRE_VARINT);
	put_varint(b, value);
}

/* --- right values -------------------------------------------------------------------------------------------- */

static const char *known_id(const struct bad_input_known *known, const char *name)
{
	if (strcmp(name, "campaign_id") == 0)
		return known->campaign_id;
	if (strcmp(name, "persona_id") == 0 || strcmp(name, "dns_persona_id") == 0)
		return known->persona_id;
	if (strcmp(name, "keyword_set_id") == 0 || strcmp(name, "keyword_set_ids") == 0)
		return known->keyword_set_id;
	return NULL;
}

/* Every field that has a right value but `but`. */
static void put_right(const struct making *m, const ProtobufCMessageDescriptor *type,
		      const ProtobufCFieldDescriptor *but, struct buffer *b)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		const char *id = known_id(m->known, field->name);

		if (field == but)
			continue;
		if (id)
			put_bytes(b, field, id, strlen(id));
		else if (strcmp(field->name, "phase") == 0)
			put_number(b, field, 2);
	}
}

/* --- where ---------------------------------------------------------------------------------------------------- */

/* A message that only holds a list of its own name (rules.rules[0]) is left out, as it is left out of the JSON. */
static const struct site *path_outer(const struct site *site)
{
	const struct site *outer = site->outer;

	return outer && site->type->n_fields == 1 && strcmp(site->field->name, outer->field->name) == 0 ? outer->outer
													: outer;
}

static size_t path_write(const struct site *site, char *out, size_t room)
{
	const struct site *outer = path_outer(site);
	size_t len = outer ? path_write(outer, out, room) : 0;
	bool upper = false;

	if (len)
		out[len++] = '.';
	for (const char *p = site->field->name; *p && len + 4 < room; p++) {
		if (*p != '_')
			out[len++] = (char)(upper && *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
		upper = *p == '_';
	}
	out[len] = '\0';
	if (site->field->label == PROTOBUF_C_LABEL_REPEATED)
		len += (size_t)snprintf(out + len, room - len, "[0]");
	return len;
}

/* Puts `value`, the wrong field's tag and bytes, into a request that is right elsewhere, and gives it to the caller. */
static void try_value(struct making *m, const struct site *site, enum bad_input_verdict verdict, const char *what,
		      const struct buffer *value)
{
	struct buffer inner, whole;
	char path[PATH_BYTES] = "";

	buffer_init(&inner, 0);
	buffer_append(&inner, value->data, value->len);
	path_write(site, path, sizeof path);
	for (const struct site *at = site; at; at = at->outer) {
		buffer_init(&whole, 0);
		put_right(m, at->type, at->field, &whole);
		if (at == site)
			buffer_append(&whole, inner.data, inner.len);
		else
			put_bytes(&whole, at->field, inner.data, inner.len);
		buffer_done(&inner);
		inner = whole;
	}
	m->bad.path = path;
	m->bad.what = what;
	m->bad.verdict = verdict;
	m->bad.bytes = inner;
	m->take(m->ctx, &m->bad);
	buffer_done(&inner);
}

static void try_text(struct making *m, const struct site *site, enum bad_input_verdict verdict, const char *what,
		     const void *text, size_t n)
{
	struct buffer value;

	buffer_init(&value, 0);
	put_bytes(&value, site->field, text, n);
	try_value(m, site, verdict, what, &value);
	buffer_done(&value);
}

static void try_number(struct making *m, const struct site *site, enum bad_input_verdict verdict, const char *what,
		       uint64_t number)
{
	struct buffer value;

	buffer_init(&value, 0);
	put_number(&value, site->field, number);
	try_value(m, site, verdict, what, &value);
	buffer_done(&value);
}

/* --- what ----------------------------------------------------------------------------------------------------- */

static const struct field_rule *rule_of(const struct method *method, const struct site *site)
{
	const struct message_rules *rules = method_rules_find(method, site->type);

	for (size_t i = 0; rules && i < rules->field_count; i++)
		if (rules->fields[i].number == site->field->id)
			return &rules->fields[i];
	return NULL;
}

static void try_long(struct making *m, const struct site *site, size_t n, const char *what)
{
	char *text = malloc(n);

	if (!text)
		abort();
	memset(text, 'a', n);
	try_text(m, site, BAD_INPUT_NAMED, what, text, n);
	free(text);
}

static void try_json(struct making *m, const struct site *site)
{
	static const char *const malformed[] = { "{", "{]", "nul", "{\"a\":1,}", "{\"a\":1}x", "'a'", "{\"a\":1e999}" };
	static const char *const misplaced[] = { "[]", "7", "\"text\"", "true" };
	char deep[2 * JSON_DEEP + 1];

	for (size_t i = 0; i < ARRAY_LEN(malformed); i++)
		try_text(m, site, BAD_INPUT_NAMED, malformed[i], malformed[i], strlen(malformed[i]));
	for (size_t i = 0; i < ARRAY_LEN(misplaced); i++)
		try_text(m, site, BAD_INPUT_REFUSED, misplaced[i], misplaced[i], strlen(misplaced[i]));
	memset(deep, '[', JSON_DEEP);
	memset(deep + JSON_DEEP, ']', JSON_DEEP);
	try_text(m, site, BAD_INPUT_NAMED, "deep JSON", deep, (size_t)2 * JSON_DEEP);
	try_text(m, site, BAD_INPUT_NAMED, "a bomb of brackets", deep, JSON_DEEP);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), end_n = strlen(end);

	return n >= end_n && strcmp(text + n - end_n, end) == 0;
}

static void try_texts(struct making *m, const struct site *site)
{
	const struct field_rule *rule = rule_of(m->bad.method, site);
	const char *name = site->field->name;

	try_long(m, site, (rule && rule->max_bytes ? rule->max_bytes : MESSAGE_STRING_BYTES_MAX) + 1, "too long");
	try_text(m, site, BAD_INPUT_NAMED, "not UTF-8", "\xC3\x28", 2);
	try_text(m, site, BAD_INPUT_NAMED, "a surrogate", "\xED\xA0\x80", 3);
	try_text(m, site, BAD_INPUT_NAMED, "overlong", "\xC0\xAF", 2);
	try_text(m, site, BAD_INPUT_NAMED, "a NUL", "a\0b", 3);
	if (rule && rule->is_json)
		try_json(m, site);
	else
		try_text(m, site, BAD_INPUT_SURVIVED, "control characters", "\x01\x1B[31m\x7F\n", 8);
	if (ends_with(name, "_id") || ends_with(name, "_ids")) {
		try_text(m, site, BAD_INPUT_NAMED, "no UUID", "not-an-id", strlen("not-an-id"));
		try_text(m, site, BAD_INPUT_NAMED, "almost a UUID", NOT_A_UUID, strlen(NOT_A_UUID));
		try_text(m, site, BAD_INPUT_NAMED, "a quote", "' OR ''='", strlen("' OR ''='"));
	}
	if (strcmp(name, "page_token") == 0) {
		try_text(m, site, BAD_INPUT_NAMED, "no token", "nonsense", strlen("nonsense"));
		try_text(m, site, BAD_INPUT_NAMED, "no base64", "%%%%", strlen("%%%%"));
		try_text(m, site, BAD_INPUT_NAMED, "a forged token", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
			 44);
	}
}

static void try_numbers(struct making *m, const struct site *site)
{
	static const struct {
		const char *what;
		uint64_t number;
	} numbers[] = { { "-1", UINT64_MAX },
			{ "the least int32", (uint64_t)INT32_MIN },
			{ "the greatest int32", INT32_MAX },
			{ "the least int64", (uint64_t)INT64_MIN },
			{ "the greatest int64", INT64_MAX } };
	bool is_size = strcmp(site->field->name, "page_size") == 0;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		try_number(m, site, is_size && i < 2 ? BAD_INPUT_NAMED : BAD_INPUT_SURVIVED, numbers[i].what,
			   numbers[i].number);
}

static void try_fractions(struct making *m, const struct site *site)
{
	static const double numbers[] = { NAN, INFINITY, -INFINITY, -1.0, DBL_MAX, -DBL_MAX, DBL_TRUE_MIN };
	static const char *const names[] = { "NaN", "infinity", "-infinity", "-1", "huge", "-huge", "tiny" };
	struct buffer value;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		buffer_init(&value, 0);
		put_tag(&value, site->field, WIRE_64BIT);
		buffer_append(&value, &numbers[i], sizeof numbers[i]);
		/* What is not finite has no meaning anywhere. */
		try_value(m, site, i < 3 ? BAD_INPUT_NAMED : BAD_INPUT_SURVIVED, names[i], &value);
		buffer_done(&value);
	}
}

static void try_wrong_type(struct making *m, const struct site *site)
{
	static const char eight[8];
	struct buffer value;
	bool is_long = site->field->type == PROTOBUF_C_TYPE_DOUBLE || site->field->type == PROTOBUF_C_TYPE_FIXED64;

	buffer_init(&value, 0);
	put_tag(&value, site->field, is_long ? WIRE_32BIT : WIRE_64BIT);
	buffer_append(&value, eight, is_long ? 4 : 8);
	try_value(m, site, BAD_INPUT_NAMED, "the wrong wire type", &value);
	buffer_done(&value);
}

static void try_fields(struct making *m, const ProtobufCMessageDescriptor *type, const struct site *outer);

static void try_field(struct making *m, const struct site *site)
{
	try_wrong_type(m, site);
	switch (site->field->type) {
	case PROTOBUF_C_TYPE_STRING:
		try_texts(m, site);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		try_number(m, site, BAD_INPUT_NAMED, "an unknown enum number", 9999);
		try_number(m, site, BAD_INPUT_NAMED, "a negative enum number", (uint64_t)-7);
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
		try_numbers(m, site);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		try_fractions(m, site);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		try_text(m, site, BAD_INPUT_SURVIVED, "an empty message", NULL, 0);
		try_fields(m, site->field->descriptor, site);
		break;
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_BYTES:
		break; /* any value is one of these */
	}
}

static void try_fields(struct making *m, const ProtobufCMessageDescriptor *type, const struct site *outer)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		struct site site = { .outer = outer, .type = type, .field = &type->fields[i] };

		try_field(m, &site);
	}
}

void bad_input_each(const struct method *method, const struct bad_input_known *known,
		    void (*take)(void *ctx, const struct bad_input *bad), void *ctx)
{
	struct making m = { .known = known, .bad.method = method, .take = take, .ctx = ctx };

	try_fields(&m, method->input, NULL);
}
