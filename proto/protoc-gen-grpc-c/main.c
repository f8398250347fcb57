/* protoc-gen-grpc-c: protoc plugin that writes typed server tables and client stubs in C.
 *
 * Reads a CodeGeneratorRequest on stdin, writes a CodeGeneratorResponse on stdout. What it can't turn into C is
 * reported in the response's `error`, which protoc shows and fails with. */
#include "emit.h"
#include "plugin_io.h"
#include "schema.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef Google__Protobuf__Compiler__CodeGeneratorResponse response_proto;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File response_file;

#define OUTPUTS_PER_FILE 6

typedef void (*emit_fn)(const struct schema *s, const struct schema_file *f, struct buffer *h, struct buffer *c);

static const struct {
	const char *header, *source;
	emit_fn emit;
} outputs[] = {
	{ ".grpc-c.h", ".grpc-c.c", emit_tables },
	{ ".grpc-c.server.h", ".grpc-c.server.c", emit_server },
	{ ".grpc-c.client.h", ".grpc-c.client.c", emit_client },
};

static struct emit_file *file_add(struct emit_file *files, size_t *count, struct arena *arena, const char *stem,
				  const char *suffix)
{
	struct emit_file *file = &files[(*count)++];

	file->name = arena_printf(arena, "%s%s", stem, suffix);
	buffer_init(&file->text, 0);
	return file;
}

static size_t emit_all(const struct schema *s, struct emit_file *files)
{
	size_t count = 0;

	for (size_t i = 0; i < s->file_count; i++) {
		for (size_t j = 0; j < ARRAY_LEN(outputs); j++) {
			struct emit_file *h = file_add(files, &count, s->arena, s->files[i].stem, outputs[j].header);
			struct emit_file *c = file_add(files, &count, s->arena, s->files[i].stem, outputs[j].source);

			outputs[j].emit(s, &s->files[i], &h->text, &c->text);
		}
	}
	if (s->table_stem) {
		struct emit_file *h = file_add(files, &count, s->arena, s->table_stem, ".h");
		struct emit_file *c = file_add(files, &count, s->arena, s->table_stem, ".c");

		emit_method_table(s, &h->text, &c->text);
	}
	return count;
}

static bool answer(struct arena *arena, const struct emit_file *files, size_t count, char *error)
{
	response_proto response = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
	response_file *rows = arena_array(arena, count + 1, sizeof *rows);
	response_file **pointers = arena_array(arena, count + 1, sizeof *pointers);

	if (!rows || !pointers)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!files[i].name || files[i].text.failed)
			return false;
		google__protobuf__compiler__code_generator_response__file__init(&rows[i]);
		rows[i].name = (char *)(uintptr_t)files[i].name;
		rows[i].content = files[i].text.data;
		pointers[i] = &rows[i];
	}
	response.file = pointers;
	response.n_file = count;
	response.error = error;
	response.has_supported_features = 1;
	response.supported_features =
		GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
	return plugin_write_message(STDOUT_FILENO, &response.base);
}

static bool generate(struct arena *arena, const struct buffer *input)
{
	const Google__Protobuf__Compiler__CodeGeneratorRequest *request;
	struct emit_file *files;
	struct schema schema;
	struct status st;
	size_t count;
	bool ok;

	request = (const void *)plugin_unpack(arena, &google__protobuf__compiler__code_generator_request__descriptor,
					      input);
	if (!request)
		return false;
	st = schema_read(request, arena, &schema);
	if (!status_ok(st))
		return answer(arena, NULL, 0, st.detail);
	files = arena_array(arena, schema.file_count * OUTPUTS_PER_FILE + 2, sizeof *files);
	if (!files)
		return false;
	count = emit_all(&schema, files);
	ok = answer(arena, files, count, NULL);
	for (size_t i = 0; i < count; i++)
		buffer_done(&files[i].text);
	return ok;
}

int main(void)
{
	struct arena *arena = arena_create(0);
	struct buffer input;
	bool ok;

	buffer_init(&input, 0);
	ok = arena && plugin_read_all(STDIN_FILENO, &input) && generate(arena, &input);
	if (!ok)
		fprintf(stderr, "protoc-gen-grpc-c: the request could not be read, or the answer not written\n");
	buffer_done(&input);
	arena_destroy(arena);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
