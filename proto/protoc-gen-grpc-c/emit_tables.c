#include "emit.h"

#include "names.h"

#include <string.h>

static void emit_rules(const struct schema_message *m, struct buffer *c)
{
	buffer_printf(c, "static const struct field_rule %s__fields[] = {\n", m->stem);
	for (size_t i = 0; i < m->rule_count; i++) {
		const struct schema_rule *r = &m->rules[i];

		buffer_printf(c, "\t{ .number = %u, .max_bytes = %u, .max_items = %u, .is_json = %s, .is_map = %s },\n",
			      r->number, r->max_bytes, r->max_items, r->is_json ? "true" : "false",
			      r->is_map ? "true" : "false");
	}
	buffer_printf(c,
		      "};\n\nconst struct message_rules %s__rules = {\n\t.descriptor = &%s__descriptor,\n"
		      "\t.fields = %s__fields,\n\t.field_count = %zu,\n};\n\n",
		      m->stem, m->stem, m->stem, m->rule_count);
}

static void emit_method(const struct schema_service *service, const struct schema_method *m, struct buffer *c)
{
	if (m->ruled_count) {
		buffer_printf(c, "static const struct message_rules *const %s_rules[] = {\n", m->symbol);
		for (size_t i = 0; i < m->ruled_count; i++)
			buffer_printf(c, "\t&%s__rules,\n", m->ruled[i]->stem);
		buffer_text(c, "};\n\n");
	}
	buffer_printf(c,
		      "const struct method %s_method = {\n"
		      "\t.path = \"/%s/%s\",\n\t.service = \"%s\",\n\t.name = \"%s\",\n"
		      "\t.kind = %s,\n\t.role = %s,\n\t.is_read = %s,\n"
		      "\t.input = &%s__descriptor,\n\t.output = &%s__descriptor,\n",
		      m->symbol, service->full_name, m->name, service->full_name, m->name, m->kind, m->role,
		      m->is_read ? "true" : "false", m->input->stem, m->output->stem);
	if (m->ruled_count)
		buffer_printf(c, "\t.rules = %s_rules,\n\t.rule_count = %zu,\n", m->symbol, m->ruled_count);
	buffer_text(c, "};\n\n");
}

/* The rules a method needs may be defined in other files: their headers, each once. */
static void emit_rule_includes(const struct schema *s, const struct schema_file *f, struct buffer *c)
{
	const char *seen[256];
	size_t seen_count = 0;

	for (size_t i = 0; i < f->service_count; i++) {
		for (size_t j = 0; j < f->services[i].method_count; j++) {
			const struct schema_method *m = &f->services[i].methods[j];

			for (size_t k = 0; k < m->ruled_count; k++) {
				const char *file = m->ruled[k]->file;
				size_t at = 0;

				while (at < seen_count && strcmp(seen[at], file) != 0)
					at++;
				if (at < seen_count || seen_count == ARRAY_LEN(seen) || strcmp(file, f->path) == 0)
					continue;
				seen[seen_count++] = file;
				buffer_printf(c, "#include \"%s.grpc-c.h\"\n", name_stem(s->arena, file));
			}
		}
	}
}

void emit_tables(const struct schema *s, const struct schema_file *f, struct buffer *h, struct buffer *c)
{
	emit_banner(h, f->path);
	emit_guard_open(s, h, f->path, "_GRPC_C_H");
	buffer_printf(h, "#include \"proto/runtime/method.h\"\n\n#include \"%s.pb-c.h\"\n\n", f->stem);
	emit_banner(c, f->path);
	buffer_printf(c, "#include \"%s.grpc-c.h\"\n", f->stem);
	emit_rule_includes(s, f, c);
	buffer_char(c, '\n');

	for (size_t i = 0; i < f->message_count; i++) {
		if (f->messages[i]->rule_count == 0)
			continue;
		buffer_printf(h, "extern const struct message_rules %s__rules;\n", f->messages[i]->stem);
		emit_rules(f->messages[i], c);
	}
	for (size_t i = 0; i < f->service_count; i++) {
		buffer_printf(h, "\n/* %s */\n", f->services[i].full_name);
		for (size_t j = 0; j < f->services[i].method_count; j++) {
			buffer_printf(h, "extern const struct method %s_method;\n", f->services[i].methods[j].symbol);
			emit_method(&f->services[i], &f->services[i].methods[j], c);
		}
	}
	buffer_text(h, "\n#endif\n");
}

static size_t ruled_messages(const struct schema_file *f)
{
	size_t count = 0;

	for (size_t i = 0; i < f->message_count; i++)
		count += f->messages[i]->rule_count > 0;
	return count;
}

void emit_method_table(const struct schema *s, struct buffer *h, struct buffer *c)
{
	const char *name = strrchr(s->table_stem, '/') ? strrchr(s->table_stem, '/') + 1 : s->table_stem;
	size_t count = 0;

	emit_banner(h, "every file");
	emit_guard_open(s, h, s->table_stem, "_H");
	buffer_printf(
		h,
		"#include \"proto/runtime/method.h\"\n\n/* Every method of every service, in no particular order. */\n"
		"extern const struct method *const %s[];\nextern const size_t %s_count;\n\n"
		"/* The rules of every message that has some. */\n"
		"extern const struct message_rules *const %s_rules[];\nextern const size_t %s_rules_count;\n\n#endif\n",
		name, name, name, name);
	emit_banner(c, "every file");
	buffer_printf(c, "#include \"%s.h\"\n\n", s->table_stem);
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].service_count || ruled_messages(&s->files[i]))
			buffer_printf(c, "#include \"%s.grpc-c.h\"\n", s->files[i].stem);
	buffer_printf(c, "\nconst struct method *const %s[] = {\n", name);
	for (size_t i = 0; i < s->file_count; i++)
		for (size_t j = 0; j < s->files[i].service_count; j++)
			for (size_t k = 0; k < s->files[i].services[j].method_count; k++, count++)
				buffer_printf(c, "\t&%s_method,\n", s->files[i].services[j].methods[k].symbol);
	buffer_printf(c, "\tNULL,\n};\n\nconst size_t %s_count = %zu;\n", name, count);
	count = 0;
	buffer_printf(c, "\nconst struct message_rules *const %s_rules[] = {\n", name);
	for (size_t i = 0; i < s->file_count; i++) {
		const struct schema_file *f = &s->files[i];

		for (size_t j = 0; j < f->message_count; j++)
			if (f->messages[j]->rule_count)
				buffer_printf(c, "\t&%s__rules,\n", f->messages[j]->stem);
		count += ruled_messages(f);
	}
	buffer_printf(c, "\tNULL,\n};\n\nconst size_t %s_rules_count = %zu;\n", name, count);
}
