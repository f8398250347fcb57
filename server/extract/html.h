/* extract/html.h: a streaming HTML tokenizer with constant state (WHATWG 13.2.5, the part that decides what is text).
 *
 * Input is whole UTF-8 characters in chunks of any size; the calls to the sink add up to the same whatever the chunks
 * (a text run may arrive in several pieces). No tree is built, nothing is allocated, work is linear in the input.
 * Threads: one tokenizer, one thread. */
#ifndef EXTRACT_HTML_H
#define EXTRACT_HTML_H

#include "extract/html_tags.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum html_attr { HTML_ATTR_HREF, HTML_ATTR_CONTENT, HTML_ATTR_NAME, HTML_ATTR_PROPERTY, HTML_ATTR_NONE };

#define HTML_ATTR_VALUE_MAX 4096 /* bytes kept of one attribute value */

struct html_sink {
	/* Text with references decoded; whole characters, white space as written. Content of script, style and the
	 * like never arrives. `readable` (≥ n) bytes from utf8 on may be read, so that the reader can work in blocks.
	 */
	void (*text)(void *ctx, const char *utf8, size_t n, size_t readable);
	/* One attribute of a tag with HTML_ATTRS, before its `start`. The first of two with one name counts. */
	void (*attr)(void *ctx, const struct html_tag_info *tag, enum html_attr attr, const char *value, size_t n);
	/* Tags that mean nothing (HTML_OTHER without flags) are not reported. is_foreign: inside svg or math, where
	 * <title> is not the page's title. */
	void (*start)(void *ctx, const struct html_tag_info *tag, bool is_foreign, bool is_self_closing);
	void (*end)(void *ctx, const struct html_tag_info *tag, bool is_foreign);
};

struct html {
	const struct html_sink *sink;
	void *ctx;
	uint64_t steps; /* rounds of the machine and bytes looked at twice, for tests of linearity */
	uint8_t state;
	uint8_t return_state;  /* where a character reference goes back to              */
	uint8_t script_escape; /* 0 none, 1 in <!--, 2 in <!-- <script                   */
	uint8_t script_dashes;
	bool is_end_tag;
	bool wants_attrs; /* of the tag being read */
	bool wants_value; /* of the attribute being read */
	bool is_value_full;
	char quote;
	uint8_t attrs_seen; /* bits of enum html_attr */
	enum html_attr attr;
	unsigned foreign_depth;
	const struct html_tag_info *tag; /* being read, or open raw element */
	const struct html_tag_info *raw; /* open raw or RCDATA element, else NULL */
	uint32_t number;                 /* numeric reference */
	size_t name_len;                 /* may exceed sizeof(name): then it is no name we know */
	char name[HTML_TAG_NAME_BYTES];  /* zeroes after name_len */
	size_t held_len;                 /* bytes that may still turn out to be text */
	char held[40];
	size_t value_len;
	char value[HTML_ATTR_VALUE_MAX];
};

void html_init(struct html *h, const struct html_sink *sink, void *ctx);
void html_feed(struct html *h, const char *utf8, size_t n);
/* End of input: what is held becomes text, an unfinished tag is dropped. */
void html_finish(struct html *h);

#endif
