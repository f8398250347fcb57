/* base/text.h: UTF-8 and plain text at the edges. Pure functions, any thread. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Reads one code point at p (p < end). Returns its length 1..4 and sets *out, or 0 when the bytes are not
 * well-formed UTF-8 (overlong, surrogate, > U+10FFFF, cut short). */
unsigned utf8_read(const unsigned char *p, const unsigned char *end, uint32_t *out);
/* Writes a code point as UTF-8; returns the length 1..4. Invalid code points become U+FFFD. */
unsigned utf8_write(uint32_t code_point, char out[4]);
bool utf8_valid(const char *text, size_t n);
/* Largest length ≤ max at which `text` (n bytes, valid UTF-8) may be cut without splitting a character. */
size_t utf8_cut(const char *text, size_t n, size_t max);

/* A copy that PostgreSQL takes: ill-formed bytes become U+FFFD, NUL and control characters other than tab and
 * newline are dropped, cut at max_bytes. NULL when the arena is full. */
char *text_clean(struct arena *arena, const char *text, size_t n, size_t max_bytes) MUST_CHECK;

/* Trimmed of ASCII white space, in the arena. */
char *text_trim(struct arena *arena, const char *text) MUST_CHECK;
/* ASCII lower case, in place. */
void text_lower(char *text);
bool text_equal_fold(const char *a, const char *b); /* ASCII case ignored */

/* Lower-case hex; out has 2n+1 bytes. */
void text_hex(const void *bytes, size_t n, char *out);
/* SHA-256 as 64 lower-case hex digits. */
void text_sha256_hex(const void *bytes, size_t n, char out[65]);

#endif
