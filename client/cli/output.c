#include "output.h"

#include "cli.h"
#include "csv.h"
#include "pb_json.h"
#include "pb_value.h"
#include "terminal.h"

#include "base/arena.h"
#include "base/buffer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2 /* spaces between columns */

const char *column_text(struct arena *arena, const struct column *column, const ProtobufCMessage *message)
{
	const char *text = pb_text(arena, message, column->path);
	size_t n;

	if (column->kind == COLUMN_PERCENT && *text)
		text = arena_printf(arena, "%.2f%%", pb_number(message, column->path));
	n = text ? strcspn(text, ".") : 0;
	if (column->kind == COLUMN_TIME && text && text[n])
		text = arena_printf(arena, "%.*sZ", (int)n, text);
	return text ? text : "";
}

static bool is_to_the_right(const struct column *column)
{
	return column->kind == COLUMN_NUMBER || column->kind == COLUMN_PERCENT;
}

static unsigned cell_width(const struct column *column, const char *text)
{
	unsigned width = terminal_width(text);

	return column->width_max && width > column->width_max ? column->width_max : width;
}

/* The last column is not padded, so that lines have no white space behind them. */
static void cell_print(struct buffer *line, const struct column *column, const char *text, unsigned width, bool is_last)
{
	unsigned own = cell_width(column, text);

	if (is_to_the_right(column))
		for (unsigned i = own; i < width; i++)
			buffer_char(line, ' ');
	terminal_cell(line, text, is_to_the_right(column) || is_last ? own : width,
		      !is_last && !is_to_the_right(column));
	for (unsigned i = 0; !is_last && i < GAP; i++)
		buffer_char(line, ' ');
}

static bool flush(struct cli *cli, struct buffer *b)
{
	bool ok = !b->failed && fwrite(b->data, 1, b->len, cli->out) == b->len;

	buffer_clear(b);
	return ok;
}

struct status table_print(struct cli *cli, const struct column *columns, size_t column_count,
			  const ProtobufCMessage *const *rows, size_t row_count, unsigned *widths)
{
	const char **cells = arena_array(cli->arena, row_count * column_count + 1, sizeof *cells);
	bool is_first = !widths || widths[0] == 0, ok = cells != NULL;
	unsigned *w = widths ? widths : arena_array(cli->arena, column_count, sizeof *w);
	struct buffer line;

	if (!ok || !w)
		return status_out_of_memory();
	for (size_t c = 0; c < column_count; c++) {
		unsigned title = terminal_width(columns[c].title);

		w[c] = w[c] > title ? w[c] : title;
		for (size_t r = 0; r < row_count; r++) {
			const char *text = column_text(cli->arena, &columns[c], rows[r]);
			unsigned width = cell_width(&columns[c], text);

			cells[r * column_count + c] = text;
			w[c] = w[c] > width ? w[c] : width;
		}
	}
	buffer_init(&line, 0);
	for (size_t r = 0; ok && r < row_count + (is_first ? 1 : 0); r++) {
		bool is_title = is_first && r == 0;
		const char *const *row = is_title ? NULL : cells + (r - (is_first ? 1 : 0)) * column_count;

		if (is_title && cli->has_color)
			buffer_text(&line, "\033[1m");
		for (size_t c = 0; c < column_count; c++)
			cell_print(&line, &columns[c], is_title ? columns[c].title : row[c], w[c],
				   c + 1 == column_count);
		while (line.len && line.data[line.len - 1] == ' ')
			line.len--;
		buffer_text(&line, is_title && cli->has_color ? "\033[0m\n" : "\n");
		ok = flush(cli, &line);
	}
	buffer_done(&line);
	return ok ? STATUS_OK_VALUE : status_make(STATUS_INTERNAL, "OUTPUT", "the answer could not be written");
}

void column_name(const char *path, char out[COLUMN_NAME_SIZE])
{
	size_t n = 0;

	for (; *path && n + 1 < COLUMN_NAME_SIZE; path++)
		out[n++] = *path == '_' && path[1] ? (char)toupper((unsigned char)*++path) : *path;
	out[n] = '\0';
}

struct status csv_print(struct cli *cli, const struct column *columns, size_t column_count,
			const ProtobufCMessage *const *rows, size_t row_count, bool has_head)
{
	AUTO(buffer) struct buffer b = { 0 };
	char name[COLUMN_NAME_SIZE];

	for (size_t c = 0; has_head && c < column_count; c++) {
		column_name(columns[c].path, name);
		csv_cell(&b, name, c == 0);
	}
	if (has_head)
		csv_row_end(&b);
	for (size_t r = 0; r < row_count; r++) {
		for (size_t c = 0; c < column_count; c++)
			csv_cell(&b, pb_text(cli->arena, rows[r], columns[c].path), c == 0);
		csv_row_end(&b);
	}
	if (b.len && !flush(cli, &b))
		return status_make(STATUS_INTERNAL, "OUTPUT", "the answer could not be written");
	return STATUS_OK_VALUE;
}

struct status json_answer(struct cli *cli, const ProtobufCMessage *message)
{
	AUTO(json) json_t *tree = pb_json(message);
	struct buffer b;
	bool ok;

	buffer_init(&b, 0);
	ok = tree && json_print(tree, cli->format == OUTPUT_JSONL ? JSON_COMPACT_TEXT : 2, &b) &&
	     buffer_char(&b, '\n') && flush(cli, &b);
	buffer_done(&b);
	return ok ? STATUS_OK_VALUE : status_make(STATUS_INTERNAL, "OUTPUT", "the answer could not be written");
}

struct status rows_print(struct cli *cli, const ProtobufCMessage *answer, const char *items,
			 const struct column *columns, size_t column_count)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(answer->descriptor, items);
	size_t count = pb_count(answer, field);
	const ProtobufCMessage *const *rows =
		*(const ProtobufCMessage *const *const *)((const char *)answer + field->offset);

	if (cli->format == OUTPUT_JSON)
		return json_answer(cli, answer);
	for (size_t i = 0; cli->format == OUTPUT_JSONL && i < count; i++)
		TRY(json_answer(cli, rows[i]));
	if (cli->format == OUTPUT_JSONL)
		return STATUS_OK_VALUE;
	if (cli->format == OUTPUT_CSV)
		return csv_print(cli, columns, column_count, rows, count, true);
	return table_print(cli, columns, column_count, rows, count, NULL);
}

struct status record_print(struct cli *cli, const ProtobufCMessage *message, const char *path,
			   const struct column *columns, size_t column_count)
{
	const ProtobufCMessage *record = *path ? pb_message(message, path) : message;
	unsigned width = 0;
	struct buffer b;
	bool ok;

	if (cli_is_json(cli))
		return json_answer(cli, message);
	if (!record)
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "the server's answer has no %s", path);
	if (cli->format == OUTPUT_CSV)
		return csv_print(cli, columns, column_count, &record, 1, true);
	for (size_t i = 0; i < column_count; i++) {
		unsigned own = terminal_width(columns[i].title);

		width = width > own ? width : own;
	}
	buffer_init(&b, 0);
	for (size_t i = 0; i < column_count; i++) {
		const char *text = column_text(cli->arena, &columns[i], record);

		if (!*text)
			continue;
		terminal_cell(&b, columns[i].title, width + GAP, true);
		terminal_text(&b, text);
		buffer_char(&b, '\n');
	}
	ok = flush(cli, &b);
	buffer_done(&b);
	return ok ? STATUS_OK_VALUE : status_make(STATUS_INTERNAL, "OUTPUT", "the answer could not be written");
}
