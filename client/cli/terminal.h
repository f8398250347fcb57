/* cli/terminal.h: what a terminal shows: widths, colours, and text that can't do anything to it. Any thread. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buffer;

/* Control characters (C0, DEL, C1), line separators and the marks that turn the direction of text around. */
bool terminal_is_harmful(uint32_t code_point);
/* Appends text on one line: white space becomes a space, what is harmful or no UTF-8 becomes U+FFFD. */
bool terminal_text(struct buffer *out, const char *text);
/* The same, cut to `columns` columns (the last one an ellipsis) or, when pad is set, filled up to them with spaces. */
bool terminal_cell(struct buffer *out, const char *text, unsigned columns, bool pad);
/* Columns that text takes once terminal_text has cleaned it. */
unsigned terminal_width(const char *text);

/* Columns of the terminal behind a stream; 0 when it is none (or TERM=dumb). */
unsigned terminal_columns(FILE *stream);
/* Reads the locale and makes character widths known whatever it is. Once, before threads. True when the locale shows
 * more than ASCII. */
bool terminal_start(void);

#endif
