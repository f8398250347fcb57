/* Which region a run of text belongs to: title, h1, link, meta or body. The element callbacks keep the little state
 * that decides it; there is no tree. */
#include "extract/page_parts.h"

#include "base/compiler.h"
#include "extract/links.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEGMENTS_FIRST   256
#define TEXT_FIRST_BYTES 16384

/* --- text ---------------------------------------------------------------------------------------------------- */

bool page_text_reserve(struct page *page, size_t more)
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

void page_segment_close(struct page *page)
{
	if (page->at.segment_count > 0)
		text_run_trim(&page->text, page->segments[page->at.segment_count - 1].start);
}

static bool segment_open(struct page *page, enum signal signal)
{
	struct page_segment *last = page->at.segment_count > 0 ? &page->segments[page->at.segment_count - 1] : NULL;

	page_segment_close(page);
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
		if (!page_text_reserve(page, n + TEXT_RUN_SLACK))
			return;
		if (page->text.len + 2 > page->text.capacity) {
			page->text.is_full = true;
			return;
		}
		if (!segment_open(page, signal))
			return;
	} else if (!page_text_reserve(page, n + TEXT_RUN_SLACK)) {
		return;
	}
	text_run_add(&page->text, utf8, n, readable);
}

void page_text(void *ctx, const char *utf8, size_t n, size_t readable)
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
	if (!page->at.is_segment_due && !page->text.is_after_space && page_text_reserve(page, TEXT_RUN_SLACK))
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
		page->asides[page->at.aside_count++] = (struct page_aside){ tag, page->at.div_depth };
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

static enum page_meta meta_kind_of(const char *name, size_t n)
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

const struct html_sink page_sink = { .text = page_text, .attr = on_attr, .start = on_start, .end = on_end };
