/* extract/text_run.h: text with white space collapsed, into a bounded buffer.
 *
 * White space (U+00A0 included) becomes one space between words; controls and soft hyphens vanish, so that what is kept
 * is text PostgreSQL takes and people would read. The result does not depend on how the input was cut.
 * Threads: one at a time. */
#ifndef EXTRACT_TEXT_RUN_H
#define EXTRACT_TEXT_RUN_H

#include <stdbool.h>
#include <stddef.h>

struct text_run {
	char *data; /* borrowed; room for `capacity` bytes */
	size_t len, capacity;
	bool is_space_due; /* white space was seen since the last character */
	bool is_full;      /* a character did not fit; nothing is added any more */
	bool is_fresh;     /* nothing was added yet: a space due is dropped */
};

/* Adds whole characters of well-formed UTF-8. */
void text_run_add(struct text_run *run, const char *utf8, size_t n);

#endif
