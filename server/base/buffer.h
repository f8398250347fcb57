/* base/buffer.h: a growing run of bytes with an upper bound.
 *
 * Threads: one at a time. After a failed append the buffer is unchanged and `failed` is set, so that a chain of
 * appends needs one check at the end. The bytes are always followed by a NUL. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/auto.h"
#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data; /* NULL until the first append; heap, freed by buffer_done */
	size_t len, capacity;
	size_t limit; /* most bytes it may hold; 0 = no limit */
	bool failed;  /* an append did not fit, or memory ran out */
};

void buffer_init(struct buffer *b, size_t limit);
void buffer_done(struct buffer *b);
/* Empties it, keeps the memory, clears `failed`. */
void buffer_clear(struct buffer *b);
bool buffer_append(struct buffer *b, const void *bytes, size_t n);
bool buffer_text(struct buffer *b, const char *text);
bool buffer_char(struct buffer *b, char c);
bool buffer_printf(struct buffer *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Room for n more bytes at b->data + b->len; the caller then adds what it wrote to b->len (and n is ≥ that). */
bool buffer_reserve(struct buffer *b, size_t n);

static inline void auto_buffer(struct buffer *b)
{
	buffer_done(b);
}

#endif
