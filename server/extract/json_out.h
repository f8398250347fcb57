/* extract/json_out.h: writing compact JSON into a buffer. Pure, one thread at a time.
 *
 * Commas are put where they belong; an append that does not fit sets buffer->failed (see base/buffer.h). Text must be
 * well-formed UTF-8; control characters are dropped, so that PostgreSQL takes the result. */
#ifndef EXTRACT_JSON_OUT_H
#define EXTRACT_JSON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

/* Keys are plain words of at most 80 bytes, written as they are.
 * Opens with '{' or '['; key NULL inside an array or at the top. */
void json_out_open(struct buffer *b, const char *key, char bracket);
void json_out_close(struct buffer *b, char bracket);
void json_out_text(struct buffer *b, const char *key, const char *text, size_t n);
void json_out_int(struct buffer *b, const char *key, int64_t value);
/* Fifteen significant digits; not-a-number and infinity become 0. */
void json_out_double(struct buffer *b, const char *key, double value);
void json_out_bool(struct buffer *b, const char *key, bool value);

#endif
