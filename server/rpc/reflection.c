/* grpc.reflection v1 and v1alpha from a packed FileDescriptorSet: every file as it stands in the set, and an index of
 * every name in it. Both versions are the same on the wire, so v1alpha is v1 under another path. */
#include "google/protobuf/descriptor.pb-c.h"
#include "grpc/reflection/v1/reflection.grpc-c.server.h"
#include "grpc/reflection/v1alpha/reflection.grpc-c.server.h"
#include "proto/runtime/unpack.h"
#include "rpc/internal.h"

#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 32

struct file {
	const char *name;
	ProtobufCBinaryData bytes; /* packed FileDescriptorProto, inside the set */
};

struct symbol {
	const char *name; /* without a leading dot */
	const struct file *file;
};

struct rpc_reflection {
	struct arena *arena;
	struct file *files;
	size_t file_count;
	struct symbol *symbols; /* sorted by name */
	size_t symbol_count, symbol_capacity;
	bool is_full; /* memory ran out while indexing */
	struct method alpha_method;
	struct method_binding alpha_binding;
	struct service alpha_service;
};

/* --- the index ------------------------------------------------------------------------------------------------ */

static const char *join(struct rpc_reflection *r, const char *scope, const char *name)
{
	const char *text = *scope ? arena_printf(r->arena, "%s.%s", scope, name) : name;

	if (!text)
		r->is_full = true;
	return text ? text : "";
}

static const char *add(struct rpc_reflection *r, const struct file *file, const char *scope, const char *name)
{
	const char *full = join(r, scope, name);

	if (r->symbol_count == r->symbol_capacity) {
		size_t capacity = r->symbol_capacity ? r->symbol_capacity * 2 : 256;
		struct symbol *more = arena_array(r->arena, capacity, sizeof *more);

		if (!more) {
			r->is_full = true;
			return full;
		}
		if (r->symbol_count)
			memcpy(more, r->symbols, r->symbol_count * sizeof *more);
		r->symbols = more;
		r->symbol_capacity = capacity;
	}
	r->symbols[r->symbol_count++] = (struct symbol){ .name = full, .file = file };
	return full;
}

static void add_enum(struct rpc_reflection *r, const struct file *file, const char *scope,
		     const Google__Protobuf__EnumDescriptorProto *e)
{
	add(r, file, scope, e->name);
	for (size_t i = 0; i < e->n_value; i++)
		add(r, file, scope, e->value[i]->name); /* enum values live beside their enum */
}

static void add_message(struct rpc_reflection *r, const struct file *file, const char *scope,
			const Google__Protobuf__DescriptorProto *m, int depth)
{
	const char *full = add(r, file, scope, m->name);

	for (size_t i = 0; i < m->n_field; i++)
		add(r, file, full, m->field[i]->name);
	for (size_t i = 0; i < m->n_oneof_decl; i++)
		add(r, file, full, m->oneof_decl[i]->name);
	for (size_t i = 0; i < m->n_enum_type; i++)
		add_enum(r, file, full, m->enum_type[i]);
	for (size_t i = 0; i < m->n_extension; i++)
		add(r, file, full, m->extension[i]->name);
	for (size_t i = 0; i < m->n_nested_type && depth < NESTING_MAX; i++)
		add_message(r, file, full, m->nested_type[i], depth + 1);
}

static void add_file(struct rpc_reflection *r, const struct file *file, const Google__Protobuf__FileDescriptorProto *f)
{
	const char *package = f->package ? f->package : "";

	for (size_t i = 0; i < f->n_message_type; i++)
		add_message(r, file, package, f->message_type[i], 0);
	for (size_t i = 0; i < f->n_enum_type; i++)
		add_enum(r, file, package, f->enum_type[i]);
	for (size_t i = 0; i < f->n_extension; i++)
		add(r, file, package, f->extension[i]->name);
	for (size_t i = 0; i < f->n_service; i++) {
		const char *service = add(r, file, package, f->service[i]->name);

		for (size_t k = 0; k < f->service[i]->n_method; k++)
			add(r, file, service, f->service[i]->method[k]->name);
	}
}

static int compare_symbols(const void *a, const void *b)
{
	return strcmp(((const struct symbol *)a)->name, ((const struct symbol *)b)->name);
}

/* Every file is field 1 of the set: tag 0x0A, length, bytes. Returns the next one's bytes, NULL at the end. */
static const uint8_t *next_file(const uint8_t *p, const uint8_t *end, size_t *out_n)
{
	size_t n = 0;

	if (p >= end || *p++ != 0x0A)
		return NULL;
	for (unsigned shift = 0; p < end && shift < 35; shift += 7) {
		n |= (size_t)(*p & 0x7F) << shift;
		if (!(*p++ & 0x80))
			break;
	}
	if (n > (size_t)(end - p))
		return NULL;
	*out_n = n;
	return p;
}

static struct status index_set(struct rpc_reflection *r, const uint8_t *set, size_t bytes)
{
	const uint8_t *end = set + bytes, *p = set;
	ProtobufCMessage *unpacked;
	size_t n = 0, i = 0;

	TRY(message_unpack(&google__protobuf__file_descriptor_set__descriptor, set, bytes, r->arena, &unpacked));
	const Google__Protobuf__FileDescriptorSet *files = (const void *)unpacked;
	r->files = arena_array(r->arena, files->n_file, sizeof *r->files);
	if (!r->files)
		return status_out_of_memory();
	for (; i < files->n_file && (p = next_file(p, end, &n)) != NULL; i++, p += n) {
		r->files[i] = (struct file){ .name = files->file[i]->name,
					     .bytes = { .len = n, .data = (uint8_t *)(uintptr_t)p } };
		r->file_count++;
		add_file(r, &r->files[i], files->file[i]);
	}
	if (r->is_full)
		return status_out_of_memory();
	if (r->symbol_count)
		qsort(r->symbols, r->symbol_count, sizeof *r->symbols, compare_symbols);
	return STATUS_OK_VALUE;
}

static const struct file *file_by_name(const struct rpc_reflection *r, const char *name)
{
	for (size_t i = 0; i < r->file_count; i++)
		if (strcmp(r->files[i].name, name) == 0)
			return &r->files[i];
	return NULL;
}

static const struct file *file_by_symbol(const struct rpc_reflection *r, const char *name)
{
	struct symbol key = { .name = *name == '.' ? name + 1 : name };
	const struct symbol *found =
		r->symbol_count ? bsearch(&key, r->symbols, r->symbol_count, sizeof key, compare_symbols) : NULL;

	return found ? found->file : NULL;
}

/* --- the service ---------------------------------------------------------------------------------------------- */

typedef Grpc__Reflection__V1__ServerReflectionRequest request_t;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_t;
#define REQUEST(name)  GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define RESPONSE(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

static void answer_error(struct arena *arena, response_t *out, enum status_code code, const char *text)
{
	Grpc__Reflection__V1__ErrorResponse *error = arena_alloc(arena, sizeof *error);

	if (!error)
		return;
	grpc__reflection__v1__error_response__init(error);
	error->error_code = (int32_t)code;
	error->error_message = (char *)(uintptr_t)text;
	out->message_response_case = RESPONSE(ERROR_RESPONSE);
	out->error_response = error;
}

static void answer_file(struct arena *arena, response_t *out, const struct file *file)
{
	Grpc__Reflection__V1__FileDescriptorResponse *files = arena_alloc(arena, sizeof *files);
	ProtobufCBinaryData *one = arena_alloc(arena, sizeof *one);

	if (!file) {
		answer_error(arena, out, STATUS_NOT_FOUND, "not in the descriptor set of this server");
		return;
	}
	if (!files || !one)
		return;
	grpc__reflection__v1__file_descriptor_response__init(files);
	*one = file->bytes;
	files->n_file_descriptor_proto = 1;
	files->file_descriptor_proto = one;
	out->message_response_case = RESPONSE(FILE_DESCRIPTOR_RESPONSE);
	out->file_descriptor_response = files;
}

static bool is_listed(Grpc__Reflection__V1__ServiceResponse *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i]->name, name) == 0)
			return true;
	return false;
}

/* The services really added to this server, each once. */
static void answer_services(struct rpc_call *call, response_t *out)
{
	Grpc__Reflection__V1__ListServiceResponse *list = arena_alloc(call->arena, sizeof *list);
	size_t most = 0;

	for (const struct rpc_slot *slot = call->server->slots; slot; slot = slot->next)
		most++;
	Grpc__Reflection__V1__ServiceResponse **rows = arena_array(call->arena, most, sizeof(void *));
	if (!list || !rows)
		return;
	grpc__reflection__v1__list_service_response__init(list);
	list->service = rows;
	for (const struct rpc_slot *slot = call->server->slots; slot; slot = slot->next) {
		const char *name = slot->binding->method->service;

		if (is_listed(rows, list->n_service, name))
			continue;
		Grpc__Reflection__V1__ServiceResponse *row = arena_alloc(call->arena, sizeof *row);
		if (!row)
			return;
		grpc__reflection__v1__service_response__init(row);
		row->name = (char *)(uintptr_t)name;
		rows[list->n_service++] = row;
	}
	out->message_response_case = RESPONSE(LIST_SERVICES_RESPONSE);
	out->list_services_response = list;
}

static struct status info(struct rpc_call *call, const request_t *in, struct rpc_stream *stream)
{
	const struct rpc_reflection *r = call->server->reflection;
	response_t out;

	if (!in) {
		rpc_stream_close(stream, STATUS_OK_VALUE);
		return STATUS_OK_VALUE;
	}
	grpc__reflection__v1__server_reflection_response__init(&out);
	out.valid_host = in->host;
	out.original_request = (request_t *)(uintptr_t)in;
	switch ((int)in->message_request_case) { /* int: the generated enum has a member that is no case */
	case REQUEST(LIST_SERVICES):
		answer_services(call, &out);
		break;
	case REQUEST(FILE_BY_FILENAME):
		answer_file(call->arena, &out, file_by_name(r, in->file_by_filename));
		break;
	case REQUEST(FILE_CONTAINING_SYMBOL):
		answer_file(call->arena, &out, file_by_symbol(r, in->file_containing_symbol));
		break;
	case REQUEST(FILE_CONTAINING_EXTENSION):
	case REQUEST(ALL_EXTENSION_NUMBERS_OF_TYPE):
		answer_error(call->arena, &out, STATUS_NOT_FOUND, "extensions are not served; ask for the file");
		break;
	default:
		answer_error(call->arena, &out, STATUS_INVALID_ARGUMENT, "the request asks for nothing");
		break;
	}
	if (out.message_response_case == RESPONSE(_NOT_SET))
		return status_out_of_memory();
	rpc_stream_send_message(stream, &out.base, 0);
	return STATUS_OK_VALUE;
}

static const struct grpc_reflection_v1_server_reflection_handlers handlers = { .server_reflection_info = info };

/* v1alpha's path with v1's types. */
static void make_alpha(struct rpc_reflection *r)
{
	const struct service *v1 = &grpc_reflection_v1_server_reflection_service;
	const struct service *alpha = &grpc_reflection_v1alpha_server_reflection_service;

	r->alpha_method = *v1->methods[0].method;
	r->alpha_method.path = alpha->methods[0].method->path;
	r->alpha_method.service = alpha->name;
	r->alpha_binding = v1->methods[0];
	r->alpha_binding.method = &r->alpha_method;
	r->alpha_service = (struct service){ .name = alpha->name, .methods = &r->alpha_binding, .method_count = 1 };
}

struct status rpc_reflection_create(struct rpc_server *server, const uint8_t *set, size_t bytes,
				    struct rpc_reflection **out)
{
	struct rpc_reflection *r = calloc(1, sizeof *r);

	if (!r)
		return status_out_of_memory();
	*out = r;
	r->arena = arena_create(0);
	if (!r->arena)
		return status_out_of_memory();
	TRY(index_set(r, set, bytes));
	make_alpha(r);
	TRY(rpc_server_add(server, &grpc_reflection_v1_server_reflection_service, &handlers));
	return rpc_server_add(server, &r->alpha_service, &handlers);
}

void rpc_reflection_destroy(struct rpc_reflection *r)
{
	if (!r)
		return;
	arena_destroy(r->arena);
	free(r);
}
