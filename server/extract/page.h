/* extract/page.h: one fetched page, read as it arrives: text regions, title, links, hash.
 *
 * Life: page_create, then per fetch page_begin, page_feed…, page_finish, and page_destroy at the end. A page object is
 * reused between fetches and keeps its buffers. What page_finish hands out points into the page and holds until its
 * next page_begin. Same bytes, same signals, however they were cut into chunks.
 * Threads: one page, one thread at a time. Memory: the text buffer grows up to its limit, the rest is constant. */
#ifndef EXTRACT_PAGE_H
#define EXTRACT_PAGE_H

#include "base/status.h"
#include "extract/signal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_TITLE_CHARS_MAX 500
#define PAGE_SNIPPET_BYTES   256  /* stored with the domain                */
#define PAGE_VISIBLE_BYTES   2048 /* what the parked heuristic looks at    */
#define PAGE_TEXT_BYTES_MAX  4194304
#define PAGE_HOST_BYTES_MAX  255

struct page;

/* A run of text of one region: from `start` to the next segment's start - 1 (a newline stands between). */
struct page_segment {
	uint32_t start;
	enum signal signal; /* TITLE, H1, META, ANCHOR or BODY */
};

struct page_signals {
	/* All region text in document order: UTF-8, references decoded, white space collapsed, one '\n' between
	 * segments. Positions of hits are offsets into it. */
	const char *text;
	size_t text_len;
	const struct page_segment *segments;
	size_t segment_count;
	const char *title;     /* first <title>, at most 500 characters; "" when none */
	const char *snippet;   /* first 256 bytes of visible text, "..." added when cut */
	const char *visible;   /* first 2048 bytes of visible text */
	const char *charset;   /* static: what the page was decoded as */
	char content_hash[65]; /* SHA-256 of the body (content-encoding undone), hex */
	uint64_t content_bytes;
	uint32_t h1_count, link_internal, link_external;
	bool is_text;      /* HTML or other text; false: CONTENT_MISMATCH, nothing was parsed */
	bool is_html;      /* false for text/plain */
	bool is_truncated; /* the fetcher stopped reading before the end */
	bool is_text_cut;  /* text beyond the limit was dropped */
	uint64_t work;     /* of the tokenizer: grows linearly with content_bytes */
};

/* NULL when out of memory. */
struct page *page_create(size_t text_bytes_max) MUST_CHECK;
void page_destroy(struct page *page); /* accepts NULL */

/* Forgets the previous page. final_host: after redirects, no port. content_type: the header's value or NULL. */
void page_begin(struct page *page, const char *final_host, const char *content_type);
/* Body bytes with content-encoding undone. RESOURCE_EXHAUSTED when memory is short; the page is then lost. */
struct status page_feed(struct page *page, const void *bytes, size_t n) MUST_CHECK;
struct status page_finish(struct page *page, bool is_truncated, struct page_signals *out) MUST_CHECK;

#endif
