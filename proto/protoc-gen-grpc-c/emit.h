/* emit.h: writes the generated files into a CodeGeneratorResponse.
 *
 * Per .proto file, always all six, so that a build knows its outputs:
 *   .grpc-c.h/.c          message rules and method constants; both sides use them
 *   .grpc-c.server.h/.c   handler structs, thunks, struct service
 *   .grpc-c.client.h/.c   typed calls on the client library
 * and, when the parameter table=<stem> is given, <stem>.h/.c with a table of all methods. */
#ifndef PROTOC_GEN_GRPC_C_EMIT_H
#define PROTOC_GEN_GRPC_C_EMIT_H

#include "schema.h"

#include "base/buffer.h"

/* One output file: its name and its text. Appends that fail set text.failed, checked once at the end. */
struct emit_file {
	const char *name;
	struct buffer text;
};

void emit_tables(const struct schema *s, const struct schema_file *f, struct buffer *h, struct buffer *c);
void emit_server(const struct schema *s, const struct schema_file *f, struct buffer *h, struct buffer *c);
void emit_client(const struct schema *s, const struct schema_file *f, struct buffer *h, struct buffer *c);
void emit_method_table(const struct schema *s, struct buffer *h, struct buffer *c);

/* The pieces the emitters share. */
void emit_banner(struct buffer *b, const char *source);
void emit_guard_open(const struct schema *s, struct buffer *b, const char *path, const char *suffix);
/* A comment of the .proto file as a C comment, indented with `indent`; nothing when it is empty. */
void emit_comment(struct buffer *b, const char *indent, const char *comment);

#endif
