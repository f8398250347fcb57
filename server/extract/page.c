/* Body bytes go: hash → (first 1024 bytes held back to find the charset) → charset decoder → tokenizer →
 * page_regions.c. */
#include "extract/page.h"

#include "base/arena.h"
#include "base/text.h"
#include "extract/page_parts.h"
#include "extract/sniff.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_KEPT_BYTES 262144 /* a larger buffer is given back before the next page; there are many page objects */

static void on_decoded(void *ctx, const char *utf8, size_t n)
{
	struct page *page = ctx;

	if (page->at.is_html)
		html_feed(&page->html, utf8, n);
	else
		page_text(page, utf8, n, n);
}

/* The head is complete: decide what this is and read the head itself. */
static void page_start(struct page *page)
{
	struct charset charset =
		charset_detect(page->at.has_content_type ? page->content_type : NULL, page->head, page->at.head_len);
	bool is_wide = charset.kind == CHARSET_ICONV && strncmp(charset.name, "UTF-16", 6) == 0;

	page->at.is_started = true;
	page->at.is_text = sniff_is_text(page->at.has_content_type ? page->content_type : NULL, page->head,
					 page->at.head_len, is_wide, &page->at.is_html);
	if (!page->at.is_text)
		return;
	charset_decoder_init(&page->decoder, charset, on_decoded, page);
	charset_decoder_feed(&page->decoder, page->head, page->at.head_len);
}

struct page *page_create(size_t text_bytes_max)
{
	struct page *page = calloc(1, sizeof(*page));

	if (!page)
		return NULL;
	page->text_bytes_max = text_bytes_max;
	page->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	page->sha = EVP_MD_CTX_new();
	if (!page->sha256 || !page->sha) {
		page_destroy(page);
		return NULL;
	}
	page->decoder.charset.kind = CHARSET_UNKNOWN;
	page_begin(page, "", NULL);
	return page;
}

void page_destroy(struct page *page)
{
	if (!page)
		return;
	charset_decoder_done(&page->decoder);
	EVP_MD_CTX_free(page->sha);
	EVP_MD_free(page->sha256);
	free(page->text.data);
	free(page->segments);
	free(page);
}

/* Gives back what one unusually large page needed. */
static void buffers_shrink(struct page *page)
{
	if (page->text.capacity <= TEXT_KEPT_BYTES)
		return;
	free(page->text.data);
	free(page->segments);
	page->text = text_run_make(NULL, 0);
	page->segments = NULL;
	page->segment_capacity = 0;
}

void page_begin(struct page *page, const char *final_host, const char *content_type)
{
	size_t n = strnlen(final_host, PAGE_HOST_BYTES_MAX);

	charset_decoder_done(&page->decoder);
	buffers_shrink(page);
	page->at = (struct page_reading){ .is_segment_due = true };
	memcpy(page->host, final_host, n);
	page->host[n] = '\0';
	page->content_type[0] = '\0';
	if (content_type) {
		content_type += strspn(content_type, " \t");
		n = strnlen(content_type, sizeof(page->content_type) - 1);
		memcpy(page->content_type, content_type, n);
		page->content_type[n] = '\0';
		page->at.has_content_type = n > 0;
	}
	page->text = text_run_make(page->text.data, page->text.capacity);
	page->visible = text_run_make(page->visible_data, PAGE_VISIBLE_BYTES);
	html_init(&page->html, &page_sink, page);
	if (EVP_DigestInit_ex(page->sha, page->sha256, NULL) != 1)
		page->at.is_out_of_memory = true;
}

struct status page_feed(struct page *page, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	size_t head;

	page->at.content_bytes += n;
	if (EVP_DigestUpdate(page->sha, p, n) != 1)
		page->at.is_out_of_memory = true;
	if (!page->at.is_started) {
		head = HEAD_BYTES - page->at.head_len;
		head = head < n ? head : n;
		memcpy(page->head + page->at.head_len, p, head);
		page->at.head_len += head;
		p += head;
		n -= head;
		if (page->at.head_len == HEAD_BYTES)
			page_start(page);
	}
	if (page->at.is_text && n > 0)
		charset_decoder_feed(&page->decoder, p, n);
	return page->at.is_out_of_memory ? status_out_of_memory() : STATUS_OK_VALUE;
}

/* --- the answer ---------------------------------------------------------------------------------------------- */

/* Length of the first `chars` characters. */
static size_t chars_len(const char *utf8, size_t n, size_t chars)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (((unsigned char)utf8[i] & 0xC0) != 0x80 && chars-- == 0)
			break;
	return i;
}

static size_t segment_end(const struct page *page, size_t index)
{
	return index + 1 < page->at.segment_count ? page->segments[index + 1].start - 1 : page->text.len;
}

static void title_fill(struct page *page)
{
	size_t i, n;

	page->title[0] = '\0';
	for (i = 0; i < page->at.segment_count; i++) {
		const char *text = page->text.data + page->segments[i].start;

		if (page->segments[i].signal != SIGNAL_TITLE)
			continue;
		n = chars_len(text, segment_end(page, i) - page->segments[i].start, PAGE_TITLE_CHARS_MAX);
		memcpy(page->title, text, n);
		page->title[n] = '\0';
		return;
	}
}

static void snippet_fill(struct page *page)
{
	size_t n = page->visible.len;

	page->visible_data[n] = '\0';
	if (n > PAGE_SNIPPET_BYTES)
		n = utf8_cut(page->visible_data, n, PAGE_SNIPPET_BYTES);
	memcpy(page->snippet, page->visible_data, n);
	memcpy(page->snippet + n, n < page->visible.len ? "..." : "", n < page->visible.len ? 4 : 1);
}

struct status page_finish(struct page *page, bool is_truncated, struct page_signals *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	const char *charset = "unknown";

	if (!page->at.is_started)
		page_start(page);
	if (page->at.is_text) {
		charset_decoder_finish(&page->decoder);
		if (page->at.is_html)
			html_finish(&page->html);
		/* nothing above ASCII came: UTF-8 as good as any */
		charset = page->decoder.charset.kind == CHARSET_UNKNOWN ? "UTF-8" : page->decoder.charset.name;
	}
	if (page->at.is_out_of_memory || EVP_DigestFinal_ex(page->sha, digest, &digest_len) != 1 ||
	    !page_text_reserve(page, 1))
		return status_out_of_memory();
	page_segment_close(page);
	text_run_trim(&page->visible, 0);
	page->text.data[page->text.len] = '\0';
	title_fill(page);
	snippet_fill(page);
	*out = (struct page_signals){
		.text = page->text.data,
		.text_len = page->text.len,
		.segments = page->segments,
		.segment_count = page->at.segment_count,
		.title = page->title,
		.snippet = page->snippet,
		.visible = page->visible_data,
		.charset = charset,
		.content_bytes = page->at.content_bytes,
		.h1_count = page->at.h1_count,
		.link_internal = page->at.link_internal,
		.link_external = page->at.link_external,
		.is_text = page->at.is_text,
		.is_html = page->at.is_html,
		.is_truncated = is_truncated,
		.is_text_cut = page->text.is_full,
		.work = page->html.steps,
	};
	text_hex(digest, digest_len, out->content_hash);
	return STATUS_OK_VALUE;
}
