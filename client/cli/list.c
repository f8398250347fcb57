/* list.c: every List… method, page by page, by descriptor: they all have page_size, page_token, next_page_token. */
#include "cli.h"
#include "output.h"
#include "pb_json.h"
#include "pb_value.h"

#include "base/arena.h"
#include "base/buffer.h"

#include <inttypes.h>
#include <string.h>

#define PAGE_ITEMS_MAX   1000
#define LIMIT_DEFAULT    100
#define LIMIT_MAX        1000000
#define LIST_COLUMNS_MAX 16

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

static struct status page_call(struct cli *cli, struct arena *arena, const struct method *method,
			       const ProtobufCMessage *request, ProtobufCMessage **out)
{
	struct attempt a;

	TRY(cli_connect(cli));
	attempt_begin(&a, cli, method);
	a.call.arena = arena;
	return df_call_unary(cli->connection, &a.call, method, request, out);
}

struct status list_pages(struct cli *cli, struct arena *arena, const struct method *method, ProtobufCMessage *request,
			 const char *items, int64_t limit, page_fn visit, void *context)
{
	const ProtobufCFieldDescriptor *size = field_of(request, "page_size"), *token = field_of(request, "page_token");
	AUTO(buffer) struct buffer next = { 0 };
	struct status st = STATUS_OK_VALUE;
	ProtobufCMessage *page;
	bool goes_on = true;

	while (goes_on) {
		struct page seen = { .total = -1 };
		const ProtobufCFieldDescriptor *field;

		*(int32_t *)(uintptr_t)pb_slot(request, size, 0).at =
			limit >= 0 && limit < PAGE_ITEMS_MAX ? (int32_t)limit : PAGE_ITEMS_MAX;
		if (next.len)
			*(char **)(uintptr_t)pb_slot(request, token, 0).at = next.data;
		if (arena != cli->arena)
			arena_reset(arena);
		TRY(page_call(cli, arena, method, request, &page));
		field = field_of(page, items);
		seen.items = *(const ProtobufCMessage *const *const *)((const char *)page + field->offset);
		seen.count = pb_count(page, field);
		if (limit >= 0 && (int64_t)seen.count > limit)
			seen.count = (size_t)limit;
		limit -= limit >= 0 ? (int64_t)seen.count : 0;
		if (field_of(page, "total"))
			seen.total = (int64_t)pb_number(page, "total");
		else if (field_of(page, "total_size"))
			seen.total = (int64_t)pb_number(page, "total_size");
		buffer_clear(&next);
		if (!buffer_text(&next, pb_text(arena, page, "next_page_token")))
			return status_out_of_memory();
		seen.is_last = next.len == 0;
		goes_on = next.len && limit != 0 && seen.count > 0;
		if (!visit(context, &seen, &st))
			goes_on = false;
	}
	return st;
}

struct listing {
	struct cli *cli;
	const struct column *columns;
	size_t column_count;
	unsigned widths[LIST_COLUMNS_MAX];
	size_t shown;
	const char *items;
	bool has_begun, has_more; /* than were shown */
	int64_t total;            /* < 0: not counted */
};

/* The document begins when its first page is there: a refusal leaves standard output empty. */
static void json_begin(const struct listing *l)
{
	fputs("{\"", l->cli->out);
	for (const char *c = l->items; *c; c++)
		fputc(*c == '_' ? *++c - 'a' + 'A' : *c, l->cli->out);
	fputs("\": [", l->cli->out);
}

static struct status json_items(struct listing *l, const ProtobufCMessage *const *items, size_t count)
{
	AUTO(buffer) struct buffer b = { 0 };

	bool is_lines = l->cli->format == OUTPUT_JSONL;

	if (!l->has_begun && !is_lines)
		json_begin(l);
	for (size_t i = 0; i < count; i++) {
		AUTO(json) json_t *tree = pb_json(items[i]);

		buffer_text(&b, is_lines ? "" : l->shown + i ? ",\n" : "\n");
		if (!tree || !json_print(tree, is_lines ? JSON_COMPACT_TEXT : 2, &b))
			return status_out_of_memory();
		buffer_text(&b, is_lines ? "\n" : "");
	}
	if (fwrite(b.data ? b.data : "", 1, b.len, l->cli->out) != b.len)
		return status_make(STATUS_INTERNAL, "OUTPUT", "the answer could not be written");
	return STATUS_OK_VALUE;
}

static bool page_show(void *context, const struct page *page, struct status *st)
{
	struct listing *l = context;
	struct cli cells = *l->cli;

	cells.arena = l->cli->pages; /* cells live as long as their page */
	if (cli_is_json(l->cli))
		*st = json_items(l, page->items, page->count);
	else if (l->cli->format == OUTPUT_CSV)
		*st = csv_print(&cells, l->columns, l->column_count, page->items, page->count, !l->has_begun);
	else
		*st = table_print(&cells, l->columns, l->column_count, page->items, page->count, l->widths);
	l->has_begun = true;
	l->shown += page->count;
	l->has_more = !page->is_last;
	l->total = page->total;
	return status_ok(*st);
}

static struct status limit_read(const struct cli *cli, int64_t *out)
{
	const char *text = cli->options->value[OPTION_LIMIT];

	*out = LIMIT_DEFAULT;
	if (text && strcmp(text, "all") == 0)
		*out = -1;
	else if (text)
		return cli_number(text, "--limit", 1, LIMIT_MAX, out);
	return STATUS_OK_VALUE;
}

struct status list_print(struct cli *cli, const struct method *method, ProtobufCMessage *request, const char *items,
			 const struct column *columns, size_t column_count)
{
	struct listing l = { .cli = cli, .columns = columns, .column_count = column_count, .items = items };
	int64_t limit;

	if (column_count > LIST_COLUMNS_MAX)
		return status_make(STATUS_INTERNAL, "BAD_TABLE", "more than %d columns", LIST_COLUMNS_MAX);
	TRY(limit_read(cli, &limit));
	TRY(list_pages(cli, cli->pages, method, request, items, limit, page_show, &l));
	if (cli->format == OUTPUT_JSON) {
		fprintf(cli->out, "%s], \"hasMore\": %s", l.shown ? "\n" : "", l.has_more ? "true" : "false");
		if (l.total >= 0)
			fprintf(cli->out, ", \"total\": %" PRId64, l.total);
		fputs("}\n", cli->out);
	} else if (l.has_more && l.total >= 0) {
		cli_note(cli, "%zu of %" PRId64 "; --limit N or --limit all shows more", l.shown, l.total);
	} else if (l.has_more) {
		cli_note(cli, "there are more than these %zu; --limit N or --limit all shows them", l.shown);
	}
	return STATUS_OK_VALUE;
}
