#include "schema.h"

#include "names.h"
#include "options.h"

#include "base/arena.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef Google__Protobuf__FileDescriptorProto file_proto;
typedef Google__Protobuf__DescriptorProto message_proto;
typedef Google__Protobuf__FieldDescriptorProto field_proto;
typedef Google__Protobuf__ServiceDescriptorProto service_proto;
typedef Google__Protobuf__MethodDescriptorProto method_proto;

#define TYPE_MESSAGE GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE
#define TYPE_GROUP   GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP
#define REPEATED     GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED

static void *take(struct schema *s, size_t count, size_t size)
{
	void *memory = arena_array(s->arena, count, size);

	if (!memory)
		abort();
	return memory;
}

static struct status refuse(const char *file, const char *place, const char *why)
{
	return status_make(STATUS_INVALID_ARGUMENT, "UNSUPPORTED", "%s: %s: %s", file, place, why);
}

static const char *join(struct schema *s, const char *a, const char *between, const char *b)
{
	char *text = *a ? arena_printf(s->arena, "%s%s%s", a, between, b) : arena_strdup(s->arena, b);

	if (!text)
		abort();
	return text;
}

/* --- names that must be unique ------------------------------------------------------------------------------- */

static struct status claim(struct schema *s, const char *file, const char *name, const char *origin)
{
	for (size_t i = 0; i < s->symbol_count; i++)
		if (strcmp(s->symbols[i].name, name) == 0)
			return status_make(STATUS_INVALID_ARGUMENT, "NAME_COLLISION",
					   "%s: %s and %s would both be called %s in C", file, s->symbols[i].origin,
					   origin, name);
	if (s->symbol_count == s->symbol_capacity) {
		size_t capacity = s->symbol_capacity ? 2 * s->symbol_capacity : 256;
		struct schema_symbol *grown = take(s, capacity, sizeof *grown);

		if (s->symbol_count)
			memcpy(grown, s->symbols, s->symbol_count * sizeof *grown);
		s->symbols = grown;
		s->symbol_capacity = capacity;
	}
	s->symbols[s->symbol_count++] = (struct schema_symbol){ name, origin };
	return STATUS_OK_VALUE;
}

/* --- messages ------------------------------------------------------------------------------------------------ */

static size_t messages_count(message_proto *const *messages, size_t n)
{
	size_t count = n;

	for (size_t i = 0; i < n; i++)
		count += messages_count(messages[i]->nested_type, messages[i]->n_nested_type);
	return count;
}

static void messages_add(struct schema *s, const char *file, const char *scope, message_proto *const *messages,
			 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct schema_message *m = &s->messages[s->message_count++];

		m->proto = messages[i];
		m->file = file;
		m->full_name = join(s, scope, ".", messages[i]->name);
		m->type = name_pb_type(s->arena, m->full_name);
		m->stem = name_pb_stem(s->arena, m->full_name);
		m->is_map_entry = messages[i]->options && messages[i]->options->map_entry;
		messages_add(s, file, m->full_name, messages[i]->nested_type, messages[i]->n_nested_type);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct schema_message *)a)->full_name, ((const struct schema_message *)b)->full_name);
}

static int by_number(const void *a, const void *b)
{
	const struct schema_rule *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* `name` as descriptors write it, with a leading dot. NULL when unknown. */
static struct schema_message *message_find(const struct schema *s, const char *name)
{
	struct schema_message key = { .full_name = name[0] == '.' ? name + 1 : name };

	return bsearch(&key, s->messages, s->message_count, sizeof key, by_name);
}

static struct schema_message *field_message(const struct schema *s, const field_proto *field)
{
	return field->has_type && field->type == TYPE_MESSAGE ? message_find(s, field->type_name) : NULL;
}

static void rules_read(struct schema *s, struct schema_message *m)
{
	m->rules = take(s, m->proto->n_field + 1, sizeof *m->rules);
	for (size_t i = 0; i < m->proto->n_field; i++) {
		const field_proto *field = m->proto->field[i];
		const ProtobufCMessage *options = field->options ? &field->options->base : NULL;
		const struct schema_message *target = field_message(s, field);
		struct schema_rule rule = { .number = (uint32_t)field->number,
					    .max_bytes = (uint32_t)option_varint(options, OPTION_MAX_BYTES, 0),
					    .max_items = (uint32_t)option_varint(options, OPTION_MAX_ITEMS, 0),
					    .is_json = option_varint(options, OPTION_IS_JSON, 0) != 0,
					    .is_map = target && target->is_map_entry && field->label == REPEATED };

		if (rule.max_bytes || rule.max_items || rule.is_json || rule.is_map)
			m->rules[m->rule_count++] = rule;
	}
	qsort(m->rules, m->rule_count, sizeof *m->rules, by_number);
}

/* The request validator makes JSON names from field names at run time, by protobuf's rule and no other. */
static bool json_name_is_own(const field_proto *field)
{
	const char *json = field->json_name;
	bool upper = false;

	if (!json)
		return false;
	for (const char *p = field->name; *p; p++) {
		if (*p == '_') {
			upper = true;
			continue;
		}
		if (*json++ != (upper ? toupper((unsigned char)*p) : *p))
			return true;
		upper = false;
	}
	return *json != '\0';
}

/* protobuf-c writes field names in lower case: two that differ only in case become one. */
static struct status fields_check(const struct schema_message *m)
{
	const message_proto *proto = m->proto;

	if (proto->n_field > SCHEMA_FIELDS_MAX)
		return refuse(m->file, m->full_name, "more fields than the request validator counts (128)");
	if (proto->n_extension)
		return refuse(m->file, m->full_name, "nested extensions are not supported");
	for (size_t i = 0; i < proto->n_field; i++) {
		const field_proto *field = proto->field[i];

		if (field->proto3_optional)
			return status_make(
				STATUS_INVALID_ARGUMENT, "UNSUPPORTED",
				"%s: %s.%s: proto3 optional is not supported by protobuf-c; use a message, a oneof or "
				"an unspecified value",
				m->file, m->full_name, field->name);
		if (json_name_is_own(field))
			return status_make(STATUS_INVALID_ARGUMENT, "UNSUPPORTED",
					   "%s: %s.%s: json_name is not supported; errors would name another path",
					   m->file, m->full_name, field->name);
		if (field->type == TYPE_GROUP)
			return refuse(m->file, m->full_name, "groups are not supported");
		for (size_t j = 0; j < i; j++)
			if (strcasecmp(field->name, proto->field[j]->name) == 0)
				return status_make(STATUS_INVALID_ARGUMENT, "NAME_COLLISION",
						   "%s: %s: fields %s and %s would have the same name in C", m->file,
						   m->full_name, proto->field[j]->name, field->name);
	}
	return STATUS_OK_VALUE;
}

static struct status messages_read(struct schema *s, const Google__Protobuf__Compiler__CodeGeneratorRequest *request)
{
	size_t count = 0;

	for (size_t i = 0; i < request->n_proto_file; i++)
		count += messages_count(request->proto_file[i]->message_type, request->proto_file[i]->n_message_type);
	s->messages = take(s, count + 1, sizeof *s->messages);
	for (size_t i = 0; i < request->n_proto_file; i++) {
		const file_proto *f = request->proto_file[i];

		messages_add(s, f->name, f->package ? f->package : "", f->message_type, f->n_message_type);
	}
	qsort(s->messages, s->message_count, sizeof *s->messages, by_name);
	for (size_t i = 0; i < s->message_count; i++) {
		TRY(claim(s, s->messages[i].file, s->messages[i].type, s->messages[i].full_name));
		rules_read(s, &s->messages[i]);
	}
	return STATUS_OK_VALUE;
}

/* --- services ------------------------------------------------------------------------------------------------ */

static const char *comment_at(const file_proto *f, const int32_t *path, size_t depth)
{
	const Google__Protobuf__SourceCodeInfo *info = f->source_code_info;

	for (size_t i = 0; info && i < info->n_location; i++) {
		const Google__Protobuf__SourceCodeInfo__Location *at = info->location[i];

		if (at->n_path == depth && memcmp(at->path, path, depth * sizeof *path) == 0 && at->leading_comments)
			return at->leading_comments;
	}
	return "";
}

static void ruled_walk(struct schema *s, struct schema_message *m, struct schema_method *method)
{
	if (m->mark == s->walk)
		return;
	m->mark = s->walk;
	if (m->rule_count)
		method->ruled[method->ruled_count++] = m;
	for (size_t i = 0; i < m->proto->n_field; i++) {
		struct schema_message *next = field_message(s, m->proto->field[i]);

		if (next)
			ruled_walk(s, next, method);
	}
}

static bool starts_with_verb(const char *name, const char *verb)
{
	size_t n = strlen(verb);

	return strncmp(name, verb, n) == 0 && (name[n] == '\0' || isupper((unsigned char)name[n]));
}

static bool method_is_read(const method_proto *proto)
{
	if (proto->options && proto->options->has_idempotency_level)
		return proto->options->idempotency_level ==
		       GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__NO_SIDE_EFFECTS;
	return starts_with_verb(proto->name, "Get") || starts_with_verb(proto->name, "List");
}

static const char *method_role(const struct schema *s, const char *service, const method_proto *proto)
{
	static const char *const roles[] = { "ROLE_ADMIN", "ROLE_PUBLIC", "ROLE_VIEWER", "ROLE_OPERATOR",
					     "ROLE_ADMIN" };
	uint64_t role = option_varint(proto->options ? &proto->options->base : NULL, OPTION_ROLE, 0);

	for (size_t i = 0; role == 0 && i < s->public_count; i++)
		if (strcmp(s->public_services[i], service) == 0)
			return "ROLE_PUBLIC";
	return role < ARRAY_LEN(roles) ? roles[role] : "ROLE_ADMIN";
}

static struct status method_read(struct schema *s, const file_proto *f, const struct schema_service *service,
				 const method_proto *proto, struct schema_method *m)
{
	const char *origin = join(s, service->full_name, ".", proto->name);

	m->name = proto->name;
	m->member = name_member(s->arena, proto->name);
	m->symbol = join(s, service->symbol, "_", m->member);
	m->input = message_find(s, proto->input_type);
	m->output = message_find(s, proto->output_type);
	if (!m->input || !m->output)
		return refuse(f->name, origin, "its request or response message is not in the files given");
	if (proto->client_streaming && !proto->server_streaming)
		return refuse(f->name, origin,
			      "client streaming is not supported; use unary, server streaming or "
			      "bidirectional streaming");
	m->is_stream = proto->server_streaming;
	m->is_bidi = proto->client_streaming;
	m->kind = m->is_bidi ? "METHOD_BIDI" : m->is_stream ? "METHOD_SERVER_STREAM" : "METHOD_UNARY";
	m->role = method_role(s, service->full_name, proto);
	m->is_read = method_is_read(proto);
	m->ruled = take(s, s->message_count, sizeof(struct schema_message *));
	s->walk++;
	ruled_walk(s, m->input, m);
	TRY(claim(s, f->name, m->symbol, origin));
	TRY(claim(s, f->name, join(s, m->symbol, "_", "method"), origin));
	if (m->is_stream) {
		TRY(claim(s, f->name, join(s, m->symbol, "_", "open"), origin));
		TRY(claim(s, f->name, join(s, m->symbol, "_", "next"), origin));
	}
	return STATUS_OK_VALUE;
}

static struct status service_read(struct schema *s, const file_proto *f, size_t index, struct schema_service *out)
{
	const service_proto *proto = f->service[index];
	int32_t path[] = { 6, (int32_t)index, 2, 0 };

	out->full_name = join(s, f->package ? f->package : "", ".", proto->name);
	out->symbol = name_service(s->arena, f->package ? f->package : "", proto->name);
	out->comment = comment_at(f, path, 2);
	out->methods = take(s, proto->n_method + 1, sizeof *out->methods);
	TRY(claim(s, f->name, join(s, out->symbol, "_", "service"), out->full_name));
	TRY(claim(s, f->name, join(s, out->symbol, "_", "handlers"), out->full_name));
	for (size_t i = 0; i < proto->n_method; i++) {
		struct schema_method *m = &out->methods[out->method_count++];

		path[3] = (int32_t)i;
		m->comment = comment_at(f, path, 4);
		TRY(method_read(s, f, out, proto->method[i], m));
	}
	return STATUS_OK_VALUE;
}

static struct status file_read(struct schema *s, const file_proto *f)
{
	struct schema_file *out = &s->files[s->file_count++];

	out->path = f->name;
	out->stem = name_stem(s->arena, f->name);
	if (f->options && option_present(&f->options->base, OPTION_PB_C))
		return refuse(f->name, "option (pb_c_file)", "protobuf-c's own options are not supported");
	out->messages = take(s, s->message_count + 1, sizeof *out->messages);
	for (size_t i = 0; i < s->message_count; i++) {
		struct schema_message *m = &s->messages[i];

		if (strcmp(m->file, f->name) != 0)
			continue;
		TRY(fields_check(m));
		if (!m->is_map_entry)
			out->messages[out->message_count++] = m;
	}
	out->services = take(s, f->n_service + 1, sizeof *out->services);
	for (size_t i = 0; i < f->n_service; i++)
		TRY(service_read(s, f, i, &out->services[out->service_count++]));
	return STATUS_OK_VALUE;
}

static struct status parameter_read(struct schema *s, const char *parameter)
{
	char *rest = arena_strdup(s->arena, parameter ? parameter : ""), *word;

	if (!rest)
		abort();
	s->public_services = take(s, strlen(rest) + 1, sizeof *s->public_services);
	while ((word = strsep(&rest, ",")) != NULL) {
		if (*word == '\0')
			continue;
		if (strncmp(word, "public=", 7) == 0)
			s->public_services[s->public_count++] = word + 7;
		else if (strncmp(word, "table=", 6) == 0)
			s->table_stem = word + 6;
		else
			return status_make(STATUS_INVALID_ARGUMENT, "UNSUPPORTED",
					   "parameter %s is unknown; known are public=<service> and table=<file stem>",
					   word);
	}
	return STATUS_OK_VALUE;
}

struct status schema_read(const Google__Protobuf__Compiler__CodeGeneratorRequest *request, struct arena *arena,
			  struct schema *out)
{
	*out = (struct schema){ .arena = arena };
	TRY(parameter_read(out, request->parameter));
	TRY(messages_read(out, request));
	out->files = take(out, request->n_file_to_generate + 1, sizeof *out->files);
	for (size_t i = 0; i < request->n_file_to_generate; i++)
		for (size_t j = 0; j < request->n_proto_file; j++)
			if (strcmp(request->proto_file[j]->name, request->file_to_generate[i]) == 0)
				TRY(file_read(out, request->proto_file[j]));
	return STATUS_OK_VALUE;
}
