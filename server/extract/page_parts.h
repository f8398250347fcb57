/* extract/page_parts.h: what page.c (bytes in, answer out) and page_regions.c (which text belongs where) share. */
#ifndef EXTRACT_PAGE_PARTS_H
#define EXTRACT_PAGE_PARTS_H

#include "extract/charset.h"
#include "extract/html.h"
#include "extract/page.h"
#include "extract/text_run.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_BYTES      1024
#define ASIDE_DEPTH_MAX 32

enum page_meta { META_OTHER, META_SEARCHED };

/* An open nav, footer or aside, and how many divs were open when it began. */
struct page_aside {
	enum html_tag tag;
	unsigned div_depth;
};

/* What a page begins without; cleared by page_begin. */
struct page_reading {
	size_t head_len;
	bool is_started; /* charset known, decoder running */
	bool is_text, is_html, is_out_of_memory;
	bool has_content_type;
	uint64_t content_bytes;
	/* where we are */
	unsigned template_depth, div_depth, h1_div_depth, aside_count;
	bool in_title, had_title, in_ignored_title;
	bool in_h1, in_link, has_href;
	bool is_segment_due; /* the next text begins a new segment */
	enum page_meta meta;
	size_t meta_len;
	/* what we found */
	uint32_t h1_count, link_internal, link_external;
	size_t segment_count;
};

struct page {
	size_t text_bytes_max;
	EVP_MD *sha256; /* fetched once: looking it up costs as much as hashing 2 KB */
	EVP_MD_CTX *sha;
	struct charset_decoder decoder;
	struct html html;
	struct page_reading at;
	struct text_run text; /* grows up to text_bytes_max */
	struct page_segment *segments;
	size_t segment_capacity;
	struct text_run visible;
	struct page_aside asides[ASIDE_DEPTH_MAX];
	unsigned char head[HEAD_BYTES];
	char host[PAGE_HOST_BYTES_MAX + 1];
	char content_type[256];
	char meta_content[HTML_ATTR_VALUE_MAX];
	char visible_data[PAGE_VISIBLE_BYTES + 1];
	char title[PAGE_TITLE_CHARS_MAX * 4 + 1];
	char snippet[PAGE_SNIPPET_BYTES + 4];
};

/* What the tokenizer tells about tags and text; the context is the page. */
extern const struct html_sink page_sink;
/* Text of a page that is not HTML comes here directly. Bytes up to `readable` may be read. */
void page_text(void *page, const char *utf8, size_t n, size_t readable);
/* Makes room for more text, up to the page's limit; false when memory is short. */
bool page_text_reserve(struct page *page, size_t more);
/* Ends the last segment: a space at its end goes. */
void page_segment_close(struct page *page);

#endif
