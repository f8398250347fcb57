/* cli/output.h: answers as tables, records, JSON and CSV on standard output.
 *
 * Everything in a table comes from a message by path and goes through terminal_text. CSV has the table's columns under
 * the names JSON has for them (`progress.percentComplete`), values as in JSON. One thread. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/status.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cli;
struct method;

enum column_kind {
	COLUMN_TEXT,
	COLUMN_NUMBER,  /* to the right */
	COLUMN_PERCENT, /* to the right, two decimals and a sign */
	COLUMN_TIME,    /* without the fraction of a second */
};

/* One column of a table, one line of a record. */
struct column {
	const char *title;
	const char *path; /* pb_text's */
	enum column_kind kind;
	unsigned width_max; /* columns on a terminal; 0: no limit */
};

#define COLUMN_NAME_SIZE 64
/* How JSON and CSV name what is at a path: "progress.percentComplete". */
void column_name(const char *path, char out[COLUMN_NAME_SIZE]);

/* The cell of a message; in the arena or borrowed from the message. */
const char *column_text(struct arena *arena, const struct column *column, const ProtobufCMessage *message);

/* A table of `count` messages below its titles. With `widths` (one per column, zeroed at first) several calls make one
 * table: titles only the first time, columns never narrower than before. */
struct status table_print(struct cli *cli, const struct column *columns, size_t column_count,
			  const ProtobufCMessage *const *rows, size_t row_count, unsigned *widths) MUST_CHECK;

/* The rows as CSV; the names of the columns first when `has_head`. */
struct status csv_print(struct cli *cli, const struct column *columns, size_t column_count,
			const ProtobufCMessage *const *rows, size_t row_count, bool has_head) MUST_CHECK;

/* The answer of a command: as JSON all of `message`, as a record or a row of CSV the message at `path` ("" is itself).
 */
struct status record_print(struct cli *cli, const ProtobufCMessage *message, const char *path,
			   const struct column *columns, size_t column_count) MUST_CHECK;
/* One JSON document, with jsonl on one line. */
struct status json_answer(struct cli *cli, const ProtobufCMessage *message) MUST_CHECK;

/* Calls a List… method page by page and shows its repeated field `items` as a table, as one document {"items": […]}, as
 * an object a line, or as CSV; --limit says how many. */
struct status list_print(struct cli *cli, const struct method *method, ProtobufCMessage *request, const char *items,
			 const struct column *columns, size_t column_count) MUST_CHECK;

/* An answer whose repeated field `items` is what is shown: as JSON all of it, else a row or line per element. */
struct status rows_print(struct cli *cli, const ProtobufCMessage *answer, const char *items,
			 const struct column *columns, size_t column_count) MUST_CHECK;

/* Calls a List… method until `visit` returns false or the pages end; limit < 0: all. The messages live in `arena`,
 * which is reset between pages when it is not the cli's own. */
struct page {
	const ProtobufCMessage *const *items;
	size_t count;
	bool is_last;
	int64_t total; /* in all pages; < 0 where the list does not count */
};
typedef bool (*page_fn)(void *context, const struct page *page, struct status *st);
struct status list_pages(struct cli *cli, struct arena *arena, const struct method *method, ProtobufCMessage *request,
			 const char *items, int64_t limit, page_fn visit, void *context) MUST_CHECK;

#endif
