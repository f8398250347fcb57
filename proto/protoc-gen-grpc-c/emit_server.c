#include "emit.h"

static void emit_handlers(const struct schema_service *service, struct buffer *h)
{
	emit_comment(h, "", service->comment);
	buffer_printf(h,
		      "struct %s_handlers {\n"
		      "\t/* A member left NULL answers UNIMPLEMENTED. Unary: *out lives in the call's arena and is "
		      "left alone\n"
		      "\t * on failure. Streams: see proto/runtime/method.h. */\n",
		      service->symbol);
	for (size_t i = 0; i < service->method_count; i++) {
		const struct schema_method *m = &service->methods[i];

		buffer_char(h, '\n');
		emit_comment(h, "\t", m->comment);
		if (m->is_stream)
			buffer_printf(h,
				      "\tstruct status (*%s)(struct rpc_call *call, const %s *in,\n"
				      "\t\t\t     struct rpc_stream *stream);\n",
				      m->member, m->input->type);
		else
			buffer_printf(
				h,
				"\tstruct status (*%s)(struct rpc_call *call, const %s *in,\n\t\t\t     %s **out);\n",
				m->member, m->input->type, m->output->type);
	}
	buffer_printf(
		h, "};\n\n/* %s, to be bound to a struct %s_handlers. */\nextern const struct service %s_service;\n\n",
		service->full_name, service->symbol, service->symbol);
}

static void emit_unary_thunk(const struct schema_service *service, const struct schema_method *m, struct buffer *c)
{
	buffer_printf(c,
		      "static struct status %s_thunk(const void *handlers, struct rpc_call *call, const "
		      "ProtobufCMessage *in,\n"
		      "\t\t\t\tProtobufCMessage **out)\n"
		      "{\n"
		      "\tconst struct %s_handlers *h = handlers;\n"
		      "\t%s *reply = NULL;\n"
		      "\tstruct status st;\n\n"
		      "\tif (!h->%s)\n"
		      "\t\treturn status_make(STATUS_UNIMPLEMENTED, \"NOT_IMPLEMENTED\", \"%s is not offered here\");\n"
		      "\tst = h->%s(call, (const %s *)in, &reply);\n"
		      "\tif (status_ok(st) && !reply)\n"
		      "\t\treturn status_make(STATUS_INTERNAL, \"INTERNAL\", \"%s succeeded without a response\");\n"
		      "\tif (status_ok(st))\n"
		      "\t\t*out = &reply->base;\n"
		      "\treturn st;\n"
		      "}\n\n",
		      m->symbol, service->symbol, m->output->type, m->member, m->name, m->member, m->input->type,
		      m->name);
}

static void emit_stream_thunk(const struct schema_service *service, const struct schema_method *m, struct buffer *c)
{
	buffer_printf(c,
		      "static struct status %s_thunk(const void *handlers, struct rpc_call *call, const "
		      "ProtobufCMessage *in,\n"
		      "\t\t\t\tstruct rpc_stream *stream)\n"
		      "{\n"
		      "\tconst struct %s_handlers *h = handlers;\n\n"
		      "\tif (!h->%s)\n"
		      "\t\treturn status_make(STATUS_UNIMPLEMENTED, \"NOT_IMPLEMENTED\", \"%s is not offered here\");\n"
		      "\treturn h->%s(call, (const %s *)in, stream);\n"
		      "}\n\n",
		      m->symbol, service->symbol, m->member, m->name, m->member, m->input->type);
}

static void emit_service(const struct schema_service *service, struct buffer *c)
{
	for (size_t i = 0; i < service->method_count; i++) {
		if (service->methods[i].is_stream)
			emit_stream_thunk(service, &service->methods[i], c);
		else
			emit_unary_thunk(service, &service->methods[i], c);
	}
	if (service->method_count) {
		buffer_printf(c, "static const struct method_binding %s_bindings[] = {\n", service->symbol);
		for (size_t i = 0; i < service->method_count; i++)
			buffer_printf(c, "\t{ .method = &%s_method, .%s = %s_thunk },\n", service->methods[i].symbol,
				      service->methods[i].is_stream ? "stream" : "unary", service->methods[i].symbol);
		buffer_text(c, "};\n\n");
	}
	buffer_printf(c, "const struct service %s_service = {\n\t.name = \"%s\",\n", service->symbol,
		      service->full_name);
	if (service->method_count)
		buffer_printf(c, "\t.methods = %s_bindings,\n\t.method_count = %zu,\n", service->symbol,
			      service->method_count);
	buffer_text(c, "};\n\n");
}

void emit_server(const struct schema *s, const struct schema_file *f, struct buffer *h, struct buffer *c)
{
	emit_banner(h, f->path);
	emit_guard_open(s, h, f->path, "_GRPC_C_SERVER_H");
	buffer_printf(h, "#include \"%s.grpc-c.h\"\n\n", f->stem);
	emit_banner(c, f->path);
	buffer_printf(c, "#include \"%s.grpc-c.server.h\"\n\n", f->stem);
	for (size_t i = 0; i < f->service_count; i++) {
		emit_handlers(&f->services[i], h);
		emit_service(&f->services[i], c);
	}
	buffer_text(h, "#endif\n");
}
