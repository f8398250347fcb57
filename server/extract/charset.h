/* extract/charset.h: which encoding a page is in, and a streaming way from it to UTF-8.
 *
 * The answer never depends on how the bytes were cut into chunks, and every emitted run holds whole, well-formed
 * characters. Threads: one decoder, one thread. Only encodings on our list are handed to iconv. */
#ifndef EXTRACT_CHARSET_H
#define EXTRACT_CHARSET_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum charset_kind {
	CHARSET_UTF8,
	CHARSET_WINDOWS_1252,
	CHARSET_UNKNOWN, /* UTF-8 or windows-1252, whichever the first byte above 0x7F fits */
	CHARSET_ICONV,
};

struct charset {
	enum charset_kind kind;
	const char *name; /* static; what iconv calls it */
};

/* By label ("latin1", "utf-8"; ASCII case and outer white space ignored). CHARSET_UNKNOWN when not on the list. */
struct charset charset_from_label(const char *label, size_t n);

/* Precedence: byte order mark, the charset of `content_type` (may be NULL), <meta charset> or an XML declaration in
 * `head` (the first 1024 bytes of the body at most). */
struct charset charset_detect(const char *content_type, const unsigned char *head, size_t n);

typedef void (*charset_emit_fn)(void *ctx, const char *utf8, size_t n);

struct charset_decoder {
	struct charset charset; /* settles to UTF8 or WINDOWS_1252 when it began UNKNOWN */
	iconv_t iconv;
	unsigned char pending[8]; /* a character cut by the end of a chunk */
	size_t pending_len;
	charset_emit_fn emit;
	void *ctx;
};

/* An encoding this libc cannot convert becomes CHARSET_UNKNOWN. */
void charset_decoder_init(struct charset_decoder *d, struct charset charset, charset_emit_fn emit, void *ctx);
void charset_decoder_feed(struct charset_decoder *d, const unsigned char *bytes, size_t n);
/* Emits what is pending. */
void charset_decoder_finish(struct charset_decoder *d);
void charset_decoder_done(struct charset_decoder *d);

#endif
