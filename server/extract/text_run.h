/* extract/text_run.h: text with white space collapsed, into a bounded buffer.
 *
 * White space (U+00A0 included) becomes one space between words; controls and soft hyphens vanish, so that what is kept
 * is text PostgreSQL takes and people would read. The result does not depend on how the input was cut.
 * Threads: one at a time. */
#ifndef EXTRACT_TEXT_RUN_H
#define EXTRACT_TEXT_RUN_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_RUN_SLACK 18

struct text_run {
	char *data; /* borrowed; room for `capacity` bytes */
	size_t len, capacity;
	bool is_after_space; /* a further space would be one too many: at the start, or after one */
	bool is_full;        /* a character did not fit; nothing is added any more */
};

struct text_run text_run_make(char *data, size_t capacity);
/* What follows is a new piece: leading white space is dropped. */
void text_run_begin(struct text_run *run);
/* Adds n bytes, whole characters of well-formed UTF-8. `readable` (≥ n) bytes from utf8 on may be read. With
 * TEXT_RUN_SLACK bytes of room beyond n it is quickest; the result is the same. */
void text_run_add(struct text_run *run, const char *utf8, size_t n, size_t readable);
/* Words end here, as if white space had come. */
void text_run_break(struct text_run *run);
/* Takes back a space at the end of the piece that began at `start`. */
void text_run_trim(struct text_run *run, size_t start);

#endif
