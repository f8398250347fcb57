#include "emit.h"

static void emit_unary(const struct schema_method *m, struct buffer *h, struct buffer *c)
{
	buffer_printf(h,
		      "struct status %s(struct df_connection *connection, const struct df_call *call,\n\t\t const %s "
		      "*in, %s **out);\n\n",
		      m->symbol, m->input->type, m->output->type);
	buffer_printf(c,
		      "struct status %s(struct df_connection *connection, const struct df_call *call,\n\t\t const %s "
		      "*in, %s **out)\n"
		      "{\n"
		      "\tProtobufCMessage *reply = NULL;\n"
		      "\tstruct status st = df_call_unary(connection, call, &%s_method, &in->base, &reply);\n\n"
		      "\tif (status_ok(st))\n"
		      "\t\t*out = (%s *)reply;\n"
		      "\treturn st;\n"
		      "}\n\n",
		      m->symbol, m->input->type, m->output->type, m->symbol, m->output->type);
}

static void emit_stream(const struct schema_method *m, struct buffer *h, struct buffer *c)
{
	buffer_printf(h,
		      "struct status %s_open(struct df_connection *connection, const struct df_call *call,\n"
		      "\t\t const %s *in, struct df_stream **out);\n"
		      "/* As df_stream_next: OK with *out = NULL is the regular end. Close with df_stream_close. */\n"
		      "struct status %s_next(struct df_stream *stream, int64_t timeout_ms, struct arena *arena,\n"
		      "\t\t %s **out);\n\n",
		      m->symbol, m->input->type, m->symbol, m->output->type);
	buffer_printf(c,
		      "struct status %s_open(struct df_connection *connection, const struct df_call *call,\n"
		      "\t\t const %s *in, struct df_stream **out)\n"
		      "{\n"
		      "\treturn df_stream_open(connection, call, &%s_method, &in->base, out);\n"
		      "}\n\n"
		      "struct status %s_next(struct df_stream *stream, int64_t timeout_ms, struct arena *arena,\n"
		      "\t\t %s **out)\n"
		      "{\n"
		      "\tProtobufCMessage *message = NULL;\n"
		      "\tstruct status st = df_stream_next(stream, timeout_ms, arena, &message);\n\n"
		      "\tif (status_ok(st))\n"
		      "\t\t*out = (%s *)message;\n"
		      "\treturn st;\n"
		      "}\n\n",
		      m->symbol, m->input->type, m->symbol, m->symbol, m->output->type, m->output->type);
}

void emit_client(const struct schema *s, const struct schema_file *f, struct buffer *h, struct buffer *c)
{
	emit_banner(h, f->path);
	emit_guard_open(s, h, f->path, "_GRPC_C_CLIENT_H");
	buffer_printf(
		h, "#include \"%s.grpc-c.h\"\n\n#include \"domainflow/call.h\"\n#include \"domainflow/stream.h\"\n\n",
		f->stem);
	emit_banner(c, f->path);
	buffer_printf(c, "#include \"%s.grpc-c.client.h\"\n\n", f->stem);
	for (size_t i = 0; i < f->service_count; i++) {
		emit_comment(h, "", f->services[i].comment);
		for (size_t j = 0; j < f->services[i].method_count; j++) {
			const struct schema_method *m = &f->services[i].methods[j];

			if (m->is_bidi) {
				buffer_printf(h,
					      "/* %s is bidirectional; the client library reads streams but does not "
					      "write them. */\n\n",
					      m->name);
				continue;
			}
			emit_comment(h, "", m->comment);
			if (m->is_stream)
				emit_stream(m, h, c);
			else
				emit_unary(m, h, c);
		}
	}
	buffer_text(h, "#endif\n");
}
