#include "proto/runtime/validate.h"

#include "proto/runtime/wire.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES     256
#define REASON_REFUSED "VALIDATION_ERROR"

/* One message being read. The chain of places up to the request is the path of a violation. */
struct place {
	const struct place *outer;             /* NULL for the request itself */
	const ProtobufCFieldDescriptor *field; /* the field being read */
	uint32_t index;                        /* which element, when repeated */
	unsigned depth;                        /* 1 for the request */
	const ProtobufCMessageDescriptor *type;
	const struct message_rules *rules;   /* NULL: defaults only */
	uint32_t counts[MESSAGE_FIELDS_MAX]; /* per field of `type`: elements so far */
};

struct reader {
	const struct method *method;
	struct violations violations;
	const char *broken; /* why the bytes are not such a message; reading has stopped */
	char broken_path[PATH_BYTES];
};

/* --- paths --------------------------------------------------------------------------------------------------- */

/* protobuf's JSON name: underscores go, the letter behind one becomes a capital. */
static size_t json_name(const char *name, char *out, size_t room)
{
	size_t len = 0;
	bool upper = false;

	for (; *name && len + 1 < room; name++) {
		if (*name == '_') {
			upper = true;
			continue;
		}
		out[len++] = (char)(upper && *name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name);
		upper = false;
	}
	out[len] = '\0';
	return len;
}

/* What a path says before this place. A message that is there only so that its list can be absent (rules of
 * KeywordRuleList, in a field of that name) is no part of it: people write rules[0], not rules.rules[0]. */
static const struct place *path_outer(const struct place *p)
{
	const struct place *outer = p->outer;

	if (outer && outer->field && p->field && p->type->n_fields == 1 &&
	    p->field->label == PROTOBUF_C_LABEL_REPEATED && strcmp(p->field->name, outer->field->name) == 0)
		return outer->outer;
	return outer;
}

/* Returns the length written; a path that is too long is cut. */
static size_t path_write(const struct place *p, char *out, size_t room)
{
	const struct place *outer = path_outer(p);
	size_t len = outer ? path_write(outer, out, room) : 0;

	if (!p->field || len + 2 >= room)
		return len;
	if (len)
		out[len++] = '.';
	len += json_name(p->field->name, out + len, room - len);
	if (p->field->label == PROTOBUF_C_LABEL_REPEATED) {
		int n = snprintf(out + len, room - len, "[%u]", p->index);

		if (n > 0 && (size_t)n < room - len)
			len += (size_t)n;
		out[len] = '\0';
	}
	return len;
}

static bool stop(struct reader *r, const struct place *p, const char *why)
{
	r->broken = why;
	r->broken_path[0] = '\0';
	path_write(p, r->broken_path, sizeof r->broken_path);
	return false;
}

#define REFUSE(r, p, ...) \
	do { \
		char refuse_path_[PATH_BYTES] = ""; \
		path_write(p, refuse_path_, sizeof refuse_path_); \
		violations_add(&(r)->violations, refuse_path_, REASON_REFUSED, __VA_ARGS__); \
	} while (0)

/* --- rules --------------------------------------------------------------------------------------------------- */

const struct message_rules *method_rules_find(const struct method *method, const ProtobufCMessageDescriptor *type)
{
	for (size_t i = 0; i < method->rule_count; i++)
		if (method->rules[i]->descriptor == type)
			return method->rules[i];
	return NULL;
}

static const struct field_rule *rule_find(const struct place *p)
{
	for (size_t i = 0; p->rules && i < p->rules->field_count; i++)
		if (p->rules->fields[i].number == p->field->id)
			return &p->rules->fields[i];
	return NULL;
}

/* Counts one more element. At the first one too many the field is refused once; the rest is still read for form. */
static bool count_fits(struct reader *r, struct place *p, size_t which)
{
	const struct field_rule *rule = rule_find(p);
	uint32_t most = rule && rule->max_items ? rule->max_items : MESSAGE_ITEMS_MAX;

	p->index = p->counts[which]++;
	if (p->index == most) {
		struct place whole = { .outer = path_outer(p) };
		char path[PATH_BYTES] = "";
		size_t len = path_write(&whole, path, sizeof path);

		if (len && len + 1 < sizeof path)
			path[len++] = '.';
		json_name(p->field->name, path + len, sizeof path - len);
		violations_add(&r->violations, path, REASON_REFUSED, "has more than %u elements", most);
	}
	return p->index < most;
}

/* --- values -------------------------------------------------------------------------------------------------- */

static void text_check(struct reader *r, const struct place *p, const struct wire *value)
{
	const struct field_rule *rule = rule_find(p);
	const char *text = (const char *)value->at;
	size_t n = wire_left(value), most = rule && rule->max_bytes ? rule->max_bytes : MESSAGE_STRING_BYTES_MAX;
	json_t *json = NULL;
	struct status st;

	if (n > most) {
		REFUSE(r, p, "has %zu bytes, at most %zu are allowed", n, most);
		return;
	}
	if (p->field->type != PROTOBUF_C_TYPE_STRING || n == 0)
		return;
	if (!utf8_valid(text, n)) {
		REFUSE(r, p, "is not UTF-8");
	} else if (memchr(text, '\0', n)) {
		REFUSE(r, p, "contains a NUL character");
	} else if (rule && rule->is_json) {
		st = json_read(text, n, most, &json);
		if (!status_ok(st))
			REFUSE(r, p, "%s", st.detail);
		json_decref(json);
	}
}

static bool enum_check(struct reader *r, const struct place *p, uint64_t value)
{
	const ProtobufCEnumDescriptor *type = p->field->descriptor;

	/* Negative enumerators travel as ten bytes; protobuf-c keeps the low 32 bits. */
	if (!protobuf_c_enum_descriptor_get_value(type, (int)(uint32_t)value))
		REFUSE(r, p, "%d is not a value of %s", (int)(uint32_t)value, type->short_name);
	return true;
}

static bool message_check(struct reader *r, struct wire *w, const ProtobufCMessageDescriptor *type,
			  const struct place *outer);

static enum wire_type wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_32BIT;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_64BIT;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_BYTES;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		break;
	}
	return WIRE_VARINT;
}

/* One number, wherever it stands. `is_counted_out`: an element past the limit, read only for form. */
static bool number_check(struct reader *r, struct place *p, struct wire *w, enum wire_type type, bool is_counted_out)
{
	uint64_t value = 0;

	if (type == WIRE_32BIT || type == WIRE_64BIT)
		return wire_skip(w, type == WIRE_32BIT ? 4 : 8) || stop(r, p, "the number is cut short");
	if (!wire_varint(w, &value))
		return stop(r, p, "the number is cut short or too long");
	if (p->field->type == PROTOBUF_C_TYPE_ENUM && !is_counted_out)
		return enum_check(r, p, value);
	return true;
}

static bool packed_check(struct reader *r, struct place *p, struct wire *w, size_t which)
{
	struct wire all;

	if (!wire_bytes(w, &all))
		return stop(r, p, "the list is cut short");
	while (wire_left(&all)) {
		bool fits = count_fits(r, p, which);

		if (!number_check(r, p, &all, wire_type_of(p->field->type), !fits))
			return false;
	}
	return true;
}

static bool delimited_check(struct reader *r, struct place *p, struct wire *w, bool is_counted_out)
{
	struct wire value;

	if (!wire_bytes(w, &value))
		return stop(r, p, "the value is cut short");
	if (p->field->type == PROTOBUF_C_TYPE_MESSAGE)
		return message_check(r, &value, p->field->descriptor, p);
	if (!is_counted_out)
		text_check(r, p, &value);
	return true;
}

static bool field_check(struct reader *r, struct place *p, struct wire *w, enum wire_type type, size_t which)
{
	const bool is_repeated = p->field->label == PROTOBUF_C_LABEL_REPEATED;
	enum wire_type expected = wire_type_of(p->field->type);
	bool is_counted_out = false;

	p->index = p->counts[which];
	if (is_repeated && type == WIRE_BYTES && expected != WIRE_BYTES)
		return packed_check(r, p, w, which);
	if (type != expected)
		return stop(r, p, "the value has the wrong wire type");
	if (is_repeated)
		is_counted_out = !count_fits(r, p, which);
	else if (p->field->type == PROTOBUF_C_TYPE_MESSAGE && p->counts[which]++ > 0)
		/* protobuf-c would merge them, and lists inside would grow past their limits. */
		return stop(r, p, "the message is given more than once");
	if (expected == WIRE_BYTES)
		return delimited_check(r, p, w, is_counted_out);
	return number_check(r, p, w, expected, is_counted_out);
}

static bool unknown_skip(struct reader *r, const struct place *p, struct wire *w, enum wire_type type)
{
	struct wire ignored;
	uint64_t number;
	bool ok = type == WIRE_VARINT  ? wire_varint(w, &number)
		  : type == WIRE_BYTES ? wire_bytes(w, &ignored)
				       : wire_skip(w, type == WIRE_32BIT ? 4 : 8);

	return ok || stop(r, p, "an unknown field is cut short");
}

static bool message_check(struct reader *r, struct wire *w, const ProtobufCMessageDescriptor *type,
			  const struct place *outer)
{
	struct place p = { .outer = outer, .depth = outer ? outer->depth + 1 : 1, .type = type };

	if (p.depth > MESSAGE_DEPTH_MAX)
		return stop(r, &p, "messages are nested too deep");
	if (type->n_fields > MESSAGE_FIELDS_MAX)
		return stop(r, &p, "the message type has more fields than are checked");
	p.rules = method_rules_find(r->method, type);
	while (wire_left(w)) {
		enum wire_type wire_type;
		uint32_t number;

		p.field = NULL;
		if (!wire_tag(w, &number, &wire_type))
			return stop(r, &p, "a field's tag is cut short or out of range");
		p.field = protobuf_c_message_descriptor_get_field(type, number);
		if (wire_type == WIRE_GROUP_START || wire_type == WIRE_GROUP_END)
			return stop(r, &p, "groups are not supported");
		if (!(p.field ? field_check(r, &p, w, wire_type, (size_t)(p.field - type->fields))
			      : unknown_skip(r, &p, w, wire_type)))
			return false;
	}
	return true;
}

struct status message_validate(const struct method *method, const void *bytes, size_t n, struct arena *arena)
{
	struct reader r = { .method = method };
	struct wire w = { bytes, n ? (const uint8_t *)bytes + n : bytes };
	struct violations broken;
	struct status st;

	violations_init(&r.violations, arena);
	if (message_check(&r, &w, method->input, NULL))
		return violations_status(&r.violations);
	violations_init(&broken, arena);
	violations_add(&broken, r.broken_path, "BAD_REQUEST", "%s", r.broken);
	st = violations_status(&broken);
	st.reason = "BAD_REQUEST";
	return st;
}
