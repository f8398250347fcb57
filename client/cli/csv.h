/* cli/csv.h: rows of comma separated values: RFC 4180, lines end with CR LF. Pure; any thread.
 *
 * What web sites put into titles must not act: a cell that a spreadsheet would take for a formula (it begins with
 * = + - @ TAB or CR) gets a ' in front, control characters and marks that turn text around become U+FFFD. */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

/* Appends one cell, with a comma in front unless it is the first of its row. */
bool csv_cell(struct buffer *out, const char *text, bool is_first);
bool csv_row_end(struct buffer *out);

#endif
