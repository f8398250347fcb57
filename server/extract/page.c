/* Body bytes go: hash → (first 1024 bytes held back to find the charset) → charset decoder → tokenizer → here, where
 * the element callbacks below keep the little state that decides which region a run of text belongs to. */
#include "extract/page.h"

#include "base/arena.h"
#include "base/text.h"
#include "extract/charset.h"
#include "extract/html.h"
#include "extract/links.h"
#include "extract/sniff.h"
#include "extract/text_run.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_BYTES       1024
#define ASIDE_DEPTH_MAX  32
#define SEGMENTS_FIRST   256
#define TEXT_KEPT_BYTES  262144 /* a larger buffer is given back before the next page; there are many page objects */
#define TEXT_FIRST_BYTES 16384

enum meta_kind { META_OTHER, META_SEARCHED };

/* An open nav, footer or aside, and how many divs were open when it began. */
struct aside {
	enum html_tag tag;
	unsigned div_depth;
};

/* What a page begins without; cleared by page_begin. */
struct reading {
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
	enum meta_kind meta;
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
	struct reading at;
	struct text_run text; /* grows up to text_bytes_max */
	struct page_segment *segments;
	size_t segment_capacity;
	struct text_run visible;
	struct aside asides[ASIDE_DEPTH_MAX];
	unsigned char head[HEAD_BYTES];
	char host[PAGE_HOST_BYTES_MAX + 1];
	char content_type[256];
	char meta_content[HTML_ATTR_VALUE_MAX];
	char visible_data[PAGE_VISIBLE_BYTES + 1];
	char title[PAGE_TITLE_CHARS_MAX * 4 + 1];
	char snippet[PAGE_SNIPPET_BYTES + 4];
};

/* --- text ---------------------------------------------------------------------------------------------------- */

static bool text_reserve(struct page *page, size_t more)
{
	size_t want = page->text.len + more;
	size_t capacity = page->text.capacity > 0 ? page->text.capacity : TEXT_FIRST_BYTES;
	char *data;

	if (want > page->text_bytes_max)
		want = page->text_bytes_max;
	if (want <= page->text.capacity)
		return true;
	while (capacity < want)
		capacity *= 2;
	if (capacity > page->text_bytes_max)
		capacity = page->text_bytes_max;
	data = realloc(page->text.data, capacity + 1);
	if (!data) {
		page->at.is_out_of_memory = true;
		return false;
	}
	page->text.data = data;
	page->text.capacity = capacity;
	return true;
}

/* Ends the last segment: a space at its end goes. */
static void segment_close(struct page *page)
{
	if (page->at.segment_count > 0)
		text_run_trim(&page->text, page->segments[page->at.segment_count - 1].start);
}

static bool segment_open(struct page *page, enum signal signal)
{
	struct page_segment *last = page->at.segment_count > 0 ? &page->segments[page->at.segment_count - 1] : NULL;

	segment_close(page);
	page->at.is_segment_due = false;
	text_run_begin(&page->text);
	if (last && last->start == page->text.len) { /* nothing visible came: use it again */
		last->signal = signal;
		return true;
	}
	if (page->at.segment_count == page->segment_capacity) {
		size_t capacity = page->segment_capacity > 0 ? page->segment_capacity * 2 : SEGMENTS_FIRST;
		struct page_segment *grown = realloc(page->segments, capacity * sizeof(*grown));

		if (!grown) {
			page->at.is_out_of_memory = true;
			return false;
		}
		page->segments = grown;
		page->segment_capacity = capacity;
	}
	if (page->text.len > 0)
		page->text.data[page->text.len++] = '\n';
	page->segments[page->at.segment_count++] =
		(struct page_segment){ .start = (uint32_t)page->text.len, .signal = signal };
	return true;
}

static bool is_blank(const char *bytes, size_t n)
{
	while (n > 0 && (unsigned char)bytes[n - 1] <= ' ')
		n--;
	return n == 0;
}

/* Adds text of one region. A segment begins with its first visible character. */
static void text_add(struct page *page, enum signal signal, const char *utf8, size_t n, size_t readable)
{
	if (page->text.is_full || page->at.is_out_of_memory)
		return;
	if (page->at.is_segment_due || page->at.segment_count == 0 ||
	    page->segments[page->at.segment_count - 1].signal != signal) {
		if (is_blank(utf8, n))
			return;
		if (!text_reserve(page, n + TEXT_RUN_SLACK))
			return;
		if (page->text.len + 2 > page->text.capacity) {
			page->text.is_full = true;
			return;
		}
		if (!segment_open(page, signal))
			return;
	} else if (!text_reserve(page, n + TEXT_RUN_SLACK)) {
		return;
	}
	text_run_add(&page->text, utf8, n, readable);
}

static void on_text(void *ctx, const char *utf8, size_t n, size_t readable)
{
	struct page *page = ctx;

	if (page->at.template_depth > 0 || page->at.in_ignored_title)
		return;
	if (page->at.in_title) {
		text_add(page, SIGNAL_TITLE, utf8, n, readable);
		return;
	}
	if (!page->visible.is_full)
		text_run_add(&page->visible, utf8, n, readable);
	if (page->at.in_h1)
		text_add(page, SIGNAL_H1, utf8, n, readable);
	else if (page->at.in_link)
		text_add(page, SIGNAL_ANCHOR, utf8, n, readable);
	else if (page->at.aside_count == 0)
		text_add(page, SIGNAL_BODY, utf8, n, readable);
}

static void word_break(struct page *page)
{
	/* a segment that is due begins without white space anyway */
	if (!page->at.is_segment_due && !page->text.is_after_space && text_reserve(page, TEXT_RUN_SLACK))
		text_run_break(&page->text);
	if (!page->visible.is_full)
		text_run_break(&page->visible);
}

/* --- elements ------------------------------------------------------------------------------------------------ */

static void h1_close(struct page *page)
{
	if (page->at.in_h1)
		page->at.is_segment_due = true;
	page->at.in_h1 = false;
}

static void aside_open(struct page *page, enum html_tag tag)
{
	page->at.is_segment_due = true;
	if (page->at.aside_count < ASIDE_DEPTH_MAX)
		page->asides[page->at.aside_count++] = (struct aside){ tag, page->at.div_depth };
}

/* Closes down to the innermost open element of that name, if there is one. */
static void aside_close(struct page *page, enum html_tag tag)
{
	unsigned i;

	for (i = page->at.aside_count; i > 0; i--)
		if (page->asides[i - 1].tag == tag)
			break;
	if (i == 0)
		return;
	page->at.aside_count = i - 1;
	page->at.is_segment_due = true;
}

/* A closing div also closes what was opened inside it and never closed. */
static void div_close(struct page *page)
{
	if (page->at.div_depth == 0)
		return;
	page->at.div_depth--;
	if (page->at.in_h1 && page->at.div_depth < page->at.h1_div_depth)
		h1_close(page);
	while (page->at.aside_count > 0 && page->at.div_depth < page->asides[page->at.aside_count - 1].div_depth) {
		page->at.aside_count--;
		page->at.is_segment_due = true;
	}
}

static void link_open(struct page *page)
{
	page->at.is_segment_due |= !page->at.in_h1 && (page->at.in_link || page->at.has_href);
	page->at.in_link = page->at.has_href;
	page->at.has_href = false;
}

static void meta_done(struct page *page)
{
	if (page->at.meta == META_SEARCHED && page->at.meta_len > 0) {
		page->at.is_segment_due = true;
		text_add(page, SIGNAL_META, page->meta_content, page->at.meta_len, sizeof(page->meta_content));
		page->at.is_segment_due = true;
	}
	page->at.meta = META_OTHER;
	page->at.meta_len = 0;
}

static void on_start(void *ctx, const struct html_tag_info *tag, bool is_foreign, bool is_self_closing)
{
	struct page *page = ctx;

	if (tag->tag == HTML_TEMPLATE)
		page->at.template_depth++;
	if (page->at.template_depth > 0) {
		page->at.has_href = false;
		page->at.meta = META_OTHER;
		page->at.meta_len = 0;
		return;
	}
	if (tag->flags & HTML_BLOCK)
		word_break(page);
	switch ((enum html_tag)tag->tag) {
	case HTML_A:
		link_open(page);
		break;
	case HTML_META:
		meta_done(page);
		break;
	case HTML_TITLE:
		page->at.in_ignored_title = (is_foreign && !is_self_closing) || (!is_foreign && page->at.had_title);
		page->at.in_title = !is_foreign && !page->at.had_title;
		page->at.had_title |= page->at.in_title;
		page->at.is_segment_due = true;
		break;
	case HTML_DIV:
		page->at.div_depth++;
		break;
	case HTML_NAV:
	case HTML_FOOTER:
	case HTML_ASIDE:
		aside_open(page, (enum html_tag)tag->tag);
		break;
	case HTML_H1:
		h1_close(page);
		page->at.h1_count++;
		page->at.in_h1 = true;
		page->at.h1_div_depth = page->at.div_depth;
		page->at.is_segment_due = true;
		break;
	case HTML_HEADING:
		h1_close(page);
		break;
	case HTML_OTHER:
	case HTML_SCRIPT:
	case HTML_TEMPLATE:
	case HTML_SVG:
		break;
	}
}

static void on_end(void *ctx, const struct html_tag_info *tag, bool is_foreign)
{
	struct page *page = ctx;

	(void)is_foreign;
	if (page->at.template_depth > 0) {
		page->at.template_depth -= tag->tag == HTML_TEMPLATE;
		return;
	}
	if (tag->flags & HTML_BLOCK)
		word_break(page);
	switch ((enum html_tag)tag->tag) {
	case HTML_A:
		page->at.is_segment_due |= page->at.in_link && !page->at.in_h1;
		page->at.in_link = false;
		break;
	case HTML_TITLE:
		page->at.is_segment_due |= page->at.in_title;
		page->at.in_title = false;
		page->at.in_ignored_title = false;
		break;
	case HTML_DIV:
		div_close(page);
		break;
	case HTML_NAV:
	case HTML_FOOTER:
	case HTML_ASIDE:
		aside_close(page, (enum html_tag)tag->tag);
		break;
	case HTML_H1:
	case HTML_HEADING:
		h1_close(page);
		break;
	case HTML_SVG:
		page->at.in_ignored_title = false;
		break;
	case HTML_OTHER:
	case HTML_META:
	case HTML_SCRIPT:
	case HTML_TEMPLATE:
		break;
	}
}

static enum meta_kind meta_kind_of(const char *name, size_t n)
{
	static const char *const searched[] = { "description", "keywords", "og:title", "og:description" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(searched); i++)
		if (strlen(searched[i]) == n && strncasecmp(searched[i], name, n) == 0)
			return META_SEARCHED;
	return META_OTHER;
}

static void on_attr(void *ctx, const struct html_tag_info *tag, enum html_attr attr, const char *value, size_t n)
{
	struct page *page = ctx;

	if (tag->tag == HTML_A) {
		if (attr != HTML_ATTR_HREF || page->at.template_depth > 0)
			return;
		page->at.has_href = true;
		switch (link_classify(page->host, value, n)) {
		case LINK_INTERNAL:
			page->at.link_internal++;
			break;
		case LINK_EXTERNAL:
			page->at.link_external++;
			break;
		case LINK_IGNORED:
			break;
		}
		return;
	}
	if (attr == HTML_ATTR_CONTENT) {
		memcpy(page->meta_content, value, n);
		page->at.meta_len = n;
	} else if (attr == HTML_ATTR_NAME || attr == HTML_ATTR_PROPERTY) {
		if (meta_kind_of(value, n) == META_SEARCHED)
			page->at.meta = META_SEARCHED;
	}
}

static const struct html_sink sink = { .text = on_text, .attr = on_attr, .start = on_start, .end = on_end };

/* --- the bytes ----------------------------------------------------------------------------------------------- */

static void on_decoded(void *ctx, const char *utf8, size_t n)
{
	struct page *page = ctx;

	if (page->at.is_html)
		html_feed(&page->html, utf8, n);
	else
		on_text(page, utf8, n, n);
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
	page->at = (struct reading){ .is_segment_due = true };
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
	html_init(&page->html, &sink, page);
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
	    !text_reserve(page, 1))
		return status_out_of_memory();
	segment_close(page);
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
