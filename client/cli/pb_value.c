#include "pb_value.h"

#include "base/arena.h"
#include "base/clock.h"

#include "google/protobuf/timestamp.pb-c.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_WORD_MAX     64
#define REAL_DECIMALS_MAX 20
#define REAL_TEXT_SIZE    352 /* the longest whole number has 309 digits */

static const void *at(const ProtobufCMessage *message, unsigned offset)
{
	return (const char *)message + offset;
}

bool pb_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)at(message, field->quantifier_offset) == field->id;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return true;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(ProtobufCMessage *const *)at(message, field->offset) != NULL;
	return true;
}

size_t pb_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)at(message, field->quantifier_offset);
	return pb_is_set(message, field) ? 1 : 0;
}

static size_t element_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		break;
	}
	return sizeof(void *);
}

struct pb_slot pb_slot(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t i)
{
	const void *first = at(message, field->offset);

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		first = *(const void *const *)first;
	return (struct pb_slot){ field, (const char *)first + i * element_size(field->type) };
}

ProtobufCMessage *pb_make(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);

	if (message)
		protobuf_c_message_init(type, message);
	return message;
}

void *pb_place(ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

	assert(field && field->label != PROTOBUF_C_LABEL_REPEATED);
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		*(uint32_t *)(uintptr_t)at(message, field->quantifier_offset) = field->id;
	return (char *)message + field->offset;
}

/* --- enums --------------------------------------------------------------------------------------------------- */

/* How many characters of "PHASE_STATUS_PAUSED" are the prefix made from "PhaseStatus". */
static size_t prefix_length(const ProtobufCEnumDescriptor *type, const char *name)
{
	const char *n = name;

	for (const char *c = type->short_name; *c; c++) {
		if (c > type->short_name && isupper((unsigned char)*c) && *n++ != '_')
			return 0;
		if (*n++ != toupper((unsigned char)*c))
			return 0;
	}
	return *n == '_' ? (size_t)(n + 1 - name) : 0;
}

void pb_enum_text(const ProtobufCEnumDescriptor *type, int value, char out[PB_ENUM_TEXT_SIZE])
{
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
	const char *word;

	if (!found) {
		snprintf(out, PB_ENUM_TEXT_SIZE, "%d", value);
		return;
	}
	word = found->name + prefix_length(type, found->name);
	if (value == 0 && strcmp(word, "UNSPECIFIED") == 0)
		word = "";
	snprintf(out, PB_ENUM_TEXT_SIZE, "%s", word);
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

/* Whether two words differ in nothing but case, _ and -: REST's highPotential is our high_potential. */
static bool word_equal(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "_-");
		b += strspn(b, "_-");
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

bool pb_enum_parse(const ProtobufCEnumDescriptor *type, const char *word, int *out)
{
	char text[PB_ENUM_TEXT_SIZE];

	for (unsigned i = 0; i < type->n_values; i++) {
		pb_enum_text(type, type->values[i].value, text);
		if (*text && word_equal(text, word)) {
			*out = type->values[i].value;
			return true;
		}
	}
	return false;
}

/* --- times --------------------------------------------------------------------------------------------------- */

bool pb_is_timestamp(const ProtobufCMessageDescriptor *type)
{
	return type == &google__protobuf__timestamp__descriptor;
}

void pb_time_text(const ProtobufCMessage *timestamp, char out[PB_TIME_TEXT_SIZE])
{
	const Google__Protobuf__Timestamp *t = (const void *)timestamp;
	char text[CLOCK_TEXT_SIZE];

	clock_to_text(t->seconds * 1000 + t->nanos / 1000000, text);
	if (t->nanos / 1000 % 1000 == 0)
		snprintf(out, PB_TIME_TEXT_SIZE, "%s", text);
	else
		snprintf(out, PB_TIME_TEXT_SIZE, "%.*s%03dZ", (int)strcspn(text, "Z"), text, t->nanos / 1000 % 1000);
}

/* --- paths --------------------------------------------------------------------------------------------------- */

/* Walks a path; `out` is left alone when something on it is absent. */
static bool slot_find(const ProtobufCMessage *message, const char *path, struct pb_slot *out)
{
	char word[PATH_WORD_MAX];

	while (message) {
		size_t n = strcspn(path, ".");
		const ProtobufCFieldDescriptor *field;
		struct pb_slot slot;

		snprintf(word, sizeof word, "%.*s", (int)n, path);
		field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, word);
		if (!field || pb_count(message, field) == 0)
			return false;
		slot = pb_slot(message, field, 0);
		if (!path[n]) {
			*out = slot;
			return true;
		}
		if (field->type != PROTOBUF_C_TYPE_MESSAGE)
			return false;
		message = *(ProtobufCMessage *const *)slot.at;
		path += n + 1;
	}
	return false;
}

const ProtobufCMessage *pb_message(const ProtobufCMessage *message, const char *path)
{
	struct pb_slot slot;

	if (!slot_find(message, path, &slot) || slot.field->type != PROTOBUF_C_TYPE_MESSAGE)
		return NULL;
	return *(ProtobufCMessage *const *)slot.at;
}

double pb_number(const ProtobufCMessage *message, const char *path)
{
	struct pb_slot slot;

	if (!slot_find(message, path, &slot))
		return 0;
	if (slot.field->type == PROTOBUF_C_TYPE_DOUBLE)
		return *(const double *)slot.at;
	if (slot.field->type == PROTOBUF_C_TYPE_INT64)
		return (double)*(const int64_t *)slot.at;
	return slot.field->type == PROTOBUF_C_TYPE_INT32 ? *(const int32_t *)slot.at : 0;
}

/* The fewest decimals that read back as the same number. */
static const char *real_text(struct arena *arena, double value)
{
	char text[REAL_TEXT_SIZE];

	for (int decimals = 0; decimals <= REAL_DECIMALS_MAX; decimals++) {
		snprintf(text, sizeof text, "%.*f", decimals, value);
		if (strtod(text, NULL) == value)
			return arena_strdup(arena, text);
	}
	return arena_printf(arena, "%.17g", value);
}

static const char *slot_text(struct arena *arena, struct pb_slot slot, bool is_exact)
{
	char word[PB_ENUM_TEXT_SIZE];
	const ProtobufCMessage *message;

	if (slot.field->type == PROTOBUF_C_TYPE_INT32)
		return arena_printf(arena, "%" PRId32, *(const int32_t *)slot.at);
	if (slot.field->type == PROTOBUF_C_TYPE_INT64)
		return arena_printf(arena, "%" PRId64, *(const int64_t *)slot.at);
	if (slot.field->type == PROTOBUF_C_TYPE_DOUBLE && is_exact)
		return real_text(arena, *(const double *)slot.at);
	if (slot.field->type == PROTOBUF_C_TYPE_DOUBLE)
		return arena_printf(arena, "%.6g", *(const double *)slot.at);
	if (slot.field->type == PROTOBUF_C_TYPE_BOOL)
		return *(const protobuf_c_boolean *)slot.at ? "yes" : "no";
	if (slot.field->type == PROTOBUF_C_TYPE_STRING)
		return *(const char *const *)slot.at;
	if (slot.field->type == PROTOBUF_C_TYPE_ENUM) {
		pb_enum_text(slot.field->descriptor, *(const int *)slot.at, word);
		return arena_strdup(arena, word);
	}
	if (slot.field->type != PROTOBUF_C_TYPE_MESSAGE)
		return "";
	message = *(ProtobufCMessage *const *)slot.at;
	if (!pb_is_timestamp(message->descriptor))
		return "";
	pb_time_text(message, word);
	return arena_strdup(arena, word);
}

static const char *path_text(struct arena *arena, const ProtobufCMessage *message, const char *path, bool is_exact)
{
	struct pb_slot slot;
	const char *dot = strrchr(path, '.'), *text;
	const ProtobufCFieldDescriptor *field;

	if (!slot_find(message, path, &slot))
		return "";
	text = slot_text(arena, slot, is_exact);
	field = slot.field;
	if (field->label == PROTOBUF_C_LABEL_REPEATED && !dot)
		for (size_t i = 1; text && i < pb_count(message, field); i++)
			text = arena_printf(arena, "%s%s%s", text, is_exact ? "; " : ", ",
					    slot_text(arena, pb_slot(message, field, i), is_exact));
	return text ? text : "";
}

const char *pb_text(struct arena *arena, const ProtobufCMessage *message, const char *path)
{
	return path_text(arena, message, path, false);
}

const char *pb_text_exact(struct arena *arena, const ProtobufCMessage *message, const char *path)
{
	return path_text(arena, message, path, true);
}
