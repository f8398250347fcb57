/* extract/html_parts.h: what the files of the tokenizer share; nobody else includes it. */
#ifndef EXTRACT_HTML_PARTS_H
#define EXTRACT_HTML_PARTS_H

#include "extract/html.h"

#include <string.h>

enum state {
	DATA,
	RCDATA,
	RAW,
	TAG_OPEN,
	END_TAG_OPEN,
	TAG_NAME,
	BEFORE_ATTR_NAME,
	ATTR_NAME,
	AFTER_ATTR_NAME,
	BEFORE_ATTR_VALUE,
	ATTR_VALUE_QUOTED,
	ATTR_VALUE_UNQUOTED,
	AFTER_ATTR_VALUE,
	SELF_CLOSING,
	MARKUP,
	BOGUS_COMMENT,
	COMMENT_START,
	COMMENT_START_DASH,
	COMMENT,
	COMMENT_END_DASH,
	COMMENT_END,
	COMMENT_END_BANG,
	CDATA,
	CDATA_BRACKET,
	CDATA_END,
	RAW_LT,
	RAW_END_NAME,
	RAW_START_NAME, /* "<script" inside an escaped script */
	RAW_BANG,
	RAW_BANG_DASH,
	REFERENCE,
	REFERENCE_NAME,
	REFERENCE_NUMBER,
	REFERENCE_HEX_START,
	REFERENCE_DECIMAL,
	REFERENCE_HEX,
};

#define C_SPACE    1u /* tab, LF, FF, CR, space */
#define C_LETTER   2u
#define C_DIGIT    4u
#define C_HEX      8u
#define C_NAME_END 16u /* ends a tag name:       space / >   */
#define C_ATTR_END 32u /* ends an attribute name: space / > = */

extern const uint8_t html_classes[256];

static inline bool is(char c, unsigned mask)
{
	return (html_classes[(unsigned char)c] & mask) != 0;
}

static inline char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline void html_text(struct html *h, const char *bytes, size_t n)
{
	if (n > 0)
		h->sink->text(h->ctx, bytes, n, n);
}

static inline const char *find(const char *p, const char *end, char c)
{
	const char *at = memchr(p, c, (size_t)(end - p));

	return at ? at : end;
}

/* --- html_tag.c: names, attributes, the end of a tag --- */

void html_name_begin(struct html *h);
void html_name_add(struct html *h, const char *bytes, size_t n);
void html_value_append(struct html *h, const char *bytes, size_t n);
void html_attr_begin(struct html *h);
void html_attr_named(struct html *h); /* the name is complete */
void html_attr_done(struct html *h);  /* the value is */
void html_tag_named(struct html *h);
/* Emits the tag and chooses the state its content is read in. */
enum state html_tag_done(struct html *h, bool is_self_closing);
/* A tag with its '<' at p. Returns the new position, or p itself when it is no tag or its name is cut. */
const char *html_tag_at_once(struct html *h, const char *p, const char *end, enum state *next);

/* --- html_reference.c: character references; html->held begins with '&' --- */

enum state html_reference_begin(struct html *h, enum state from);
/* held = '&' and letters and digits, perhaps ';'. next: the byte that follows, 0 at the end of input. */
void html_reference_named(struct html *h, char next);
void html_reference_digit(struct html *h, uint32_t base, char c);
void html_reference_number(struct html *h);
/* It was none: what is held is text. */
void html_reference_flush(struct html *h);

#endif
