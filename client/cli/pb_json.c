#include "pb_json.h"

#include "pb_value.h"
#include "terminal.h"

#include "proto/runtime/method.h"
#include "proto_methods.h"

#include "base/buffer.h"
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 128
#define EXACT_MAX      (INT64_C(1) << 53) /* beyond it a JSON number loses digits in most readers */
#define JSON_BYTES_MAX (16 * 1024 * 1024)
#define REAL_DIGITS    15

bool pb_json_is_json(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
	for (size_t i = 0; i < proto_methods_rules_count; i++) {
		const struct message_rules *rules = proto_methods_rules[i];

		for (size_t j = 0; rules->descriptor == type && j < rules->field_count; j++)
			if (rules->fields[j].number == field->id)
				return rules->fields[j].is_json;
	}
	return false;
}

static void camel_case(const char *name, char out[NAME_MAX_BYTES])
{
	size_t n = 0;

	for (; *name && n + 1 < NAME_MAX_BYTES; name++) {
		if (*name == '_' && name[1])
			out[n++] = (char)toupper((unsigned char)*++name);
		else
			out[n++] = *name;
	}
	out[n] = '\0';
}

static json_t *integer(int64_t value)
{
	char text[24];

	if (value <= EXACT_MAX && value >= -EXACT_MAX)
		return json_integer(value);
	snprintf(text, sizeof text, "%lld", (long long)value);
	return json_string(text);
}

static json_t *unsigned_integer(uint64_t value)
{
	char text[24];

	if (value <= (uint64_t)EXACT_MAX)
		return json_integer((json_int_t)value);
	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	return json_string(text);
}

/* Text from a server that is not UTF-8 (ours never sends such) still becomes a string. */
static json_t *text(const char *value)
{
	json_t *string = json_string(value);
	size_t n = 0;
	char *copy;

	if (string)
		return string;
	copy = malloc(strlen(value) + 1);
	for (; copy && *value; value++)
		copy[n++] = (unsigned char)*value < 0x80 ? *value : '?';
	string = copy ? json_stringn(copy, n) : NULL;
	free(copy);
	return string;
}

static json_t *nested(const char *value)
{
	json_t *tree = NULL;

	if (!*value)
		return json_null();
	return status_ok(json_read(value, strlen(value), JSON_BYTES_MAX, &tree)) ? tree : text(value);
}

static json_t *real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *word(const ProtobufCEnumDescriptor *type, int value)
{
	char name[PB_ENUM_TEXT_SIZE];

	pb_enum_text(type, value, name);
	return *name ? json_string(name) : json_null();
}

static json_t *message(const ProtobufCMessage *value)
{
	char time[PB_TIME_TEXT_SIZE];

	if (!pb_is_timestamp(value->descriptor))
		return pb_json(value);
	pb_time_text(value, time);
	return json_string(time);
}

static json_t *value_json(struct pb_slot slot, bool is_json)
{
	switch (slot.field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return integer(*(const int32_t *)slot.at);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return integer(*(const uint32_t *)slot.at);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return integer(*(const int64_t *)slot.at);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return unsigned_integer(*(const uint64_t *)slot.at);
	case PROTOBUF_C_TYPE_FLOAT:
		return real((double)*(const float *)slot.at);
	case PROTOBUF_C_TYPE_DOUBLE:
		return real(*(const double *)slot.at);
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)slot.at);
	case PROTOBUF_C_TYPE_ENUM:
		return word(slot.field->descriptor, *(const int *)slot.at);
	case PROTOBUF_C_TYPE_STRING:
		return is_json ? nested(*(const char *const *)slot.at) : text(*(const char *const *)slot.at);
	case PROTOBUF_C_TYPE_MESSAGE:
		return message(*(ProtobufCMessage *const *)slot.at);
	case PROTOBUF_C_TYPE_BYTES: {
		const ProtobufCBinaryData *bytes = slot.at;
		char *hex = malloc(2 * bytes->len + 1);
		json_t *string;

		if (!hex)
			return NULL;
		text_hex(bytes->data, bytes->len, hex);
		string = json_string(hex);
		free(hex);
		return string;
	}
	}
	return json_null();
}

static json_t *list_json(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *field, bool is_json)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < pb_count(m, field); i++) {
		if (json_array_append_new(list, value_json(pb_slot(m, field, i), is_json)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* Whether the field is the only member of its oneof: that is how proto3 without `optional` says nullable. */
static bool is_alone_in_oneof(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
	unsigned members = 0;

	for (unsigned i = 0; i < type->n_fields; i++)
		members += (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
			   type->fields[i].quantifier_offset == field->quantifier_offset;
	return members == 1;
}

json_t *pb_json(const ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *type = m->descriptor;
	json_t *object = json_object(), *value;
	char name[NAME_MAX_BYTES];

	for (unsigned i = 0; object && i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		bool is_json = pb_json_is_json(type, field);

		if (pb_is_set(m, field))
			value = field->label == PROTOBUF_C_LABEL_REPEATED ? list_json(m, field, is_json)
									  : value_json(pb_slot(m, field, 0), is_json);
		else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && is_alone_in_oneof(type, field))
			value = json_null();
		else
			continue;
		camel_case(field->name, name);
		if (json_object_set_new(object, name, value) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/* Only inside strings can such characters stand, so \uXXXX is always in place. All of them are below U+10000. */
bool json_print(const json_t *value, unsigned indent, struct buffer *out)
{
	size_t flags =
		JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS) | (indent ? JSON_INDENT(indent) : JSON_COMPACT);
	char *dumped = json_dumps(value, flags);
	const unsigned char *p = (const unsigned char *)dumped, *end = p ? p + strlen(dumped) : NULL;

	if (!dumped)
		return false;
	while (p < end) {
		uint32_t c = 0;
		unsigned n = utf8_read(p, end, &c);

		if (n && *p != '\n' && terminal_is_harmful(c))
			buffer_printf(out, "\\u%04X", (unsigned)c);
		else
			buffer_append(out, p, n ? n : 1);
		p += n ? n : 1;
	}
	free(dumped);
	return !out->failed;
}
