/* How it works: html_feed runs a state machine whose states are WHATWG's, merged where they differ only in parse
 * errors. Each state either eats a run of bytes with a tight loop or one byte; `html->held` keeps the few bytes whose
 * meaning is open (a reference, a possible end tag) so that a chunk may end anywhere. */
#include "extract/html.h"

#include "extract/entity.h"
#include "extract/html_parts.h"
#include "extract/scan.h"

#include <string.h>

const uint8_t html_classes[256] = {
	['\t'] = C_SPACE | C_NAME_END | C_ATTR_END,
	['\n'] = C_SPACE | C_NAME_END | C_ATTR_END,
	['\f'] = C_SPACE | C_NAME_END | C_ATTR_END,
	['\r'] = C_SPACE | C_NAME_END | C_ATTR_END,
	[' '] = C_SPACE | C_NAME_END | C_ATTR_END,
	['/'] = C_NAME_END | C_ATTR_END,
	['>'] = C_NAME_END | C_ATTR_END,
	['='] = C_ATTR_END,
	['0' ... '9'] = C_DIGIT | C_HEX,
	['a' ... 'f'] = C_LETTER | C_HEX,
	['A' ... 'F'] = C_LETTER | C_HEX,
	['g' ... 'z'] = C_LETTER,
	['G' ... 'Z'] = C_LETTER,
};

void html_init(struct html *h, const struct html_sink *sink, void *ctx)
{
	/* the big value buffer needs no clearing */
	memset(h, 0, offsetof(struct html, value));
	h->sink = sink;
	h->ctx = ctx;
}

/* --- the machine --------------------------------------------------------------------------------------------- */

static void hold(struct html *h, char c)
{
	if (h->held_len < sizeof(h->held))
		h->held[h->held_len++] = c;
}

/* What looked like the end tag of a raw element was content. */
static enum state raw_resume(struct html *h)
{
	bool is_text = (h->raw->flags & HTML_RCDATA) != 0;

	if (is_text)
		html_text(h, h->held, h->held_len);
	h->held_len = 0;
	return is_text ? RCDATA : RAW;
}

/* Script content up to '<', watching for the "-->" that ends an escape. */
static const char *script_run(struct html *h, const char *p, const char *end)
{
	if (h->script_escape == 0)
		return find(p, end, '<');
	for (; p < end && *p != '<'; p++) {
		if (*p == '-') {
			h->script_dashes = h->script_dashes < 2 ? h->script_dashes + 1 : 2;
			continue;
		}
		if (*p == '>' && h->script_dashes == 2) {
			h->script_escape = 0;
			return find(p, end, '<');
		}
		h->script_dashes = 0;
	}
	if (p < end)
		h->script_dashes = 0;
	return p;
}

static enum state markup_step(struct html *h, char c, bool *eaten)
{
	static const char doctype[] = "doctype", cdata[] = "[CDATA[";
	size_t n = h->name_len;

	*eaten = true;
	if (n < sizeof(h->name))
		h->name[n] = c;
	h->name_len = n + 1;
	if (n == 0 && (c == '-' || lower(c) == 'd' || (c == '[' && h->foreign_depth > 0)))
		return MARKUP;
	if (n == 1 && h->name[0] == '-' && c == '-')
		return COMMENT_START;
	if (n > 0 && n < sizeof(doctype) - 1 && h->name[0] != '-') {
		if (h->name[0] == '[' && c == cdata[n])
			return n == sizeof(cdata) - 2 ? CDATA : MARKUP;
		if (h->name[0] != '[' && lower(c) == doctype[n])
			return n == sizeof(doctype) - 2 ? BOGUS_COMMENT : MARKUP;
	}
	*eaten = false;
	return BOGUS_COMMENT;
}

static bool name_is(const struct html *h, const char *name, size_t n)
{
	return h->name_len == n && memcmp(h->name, name, n) == 0;
}

/* One round: eats at least one byte or changes the state without eating. Returns the new position. */
static const char *step(struct html *h, const char *p, const char *end)
{
	enum state next = (enum state)h->state;
	const char *from = p;
	char c = *p;
	bool eaten = true;

	switch ((enum state)h->state) {
	case DATA:
	case RCDATA:
		p = scan_for_two(p, end, '<', '&');
		if (p > from)
			h->sink->text(h->ctx, from, (size_t)(p - from), (size_t)(end - from));
		if (p == end)
			return p;
		if (*p == '&') {
			next = html_reference_begin(h, next);
		} else if (h->state == DATA) {
			from = p;
			p = html_tag_at_once(h, p, end, &next);
			eaten = p == from;
			if (eaten)
				next = TAG_OPEN;
		} else {
			next = RAW_LT;
		}
		break;
	case RAW:
		p = h->raw->tag == HTML_SCRIPT ? script_run(h, p, end) : find(p, end, '<');
		if (p == end)
			return p;
		next = RAW_LT;
		break;
	case TAG_OPEN:
		eaten = false;
		if (is(c, C_LETTER)) {
			h->is_end_tag = false;
			html_name_begin(h);
			next = TAG_NAME;
		} else if (c == '/') {
			eaten = true;
			next = END_TAG_OPEN;
		} else if (c == '!') {
			eaten = true;
			html_name_begin(h);
			next = MARKUP;
		} else if (c == '?') {
			next = BOGUS_COMMENT;
		} else {
			html_text(h, "<", 1);
			next = DATA;
		}
		break;
	case END_TAG_OPEN:
		eaten = c == '>';
		h->is_end_tag = true;
		html_name_begin(h);
		next = is(c, C_LETTER) ? TAG_NAME : eaten ? DATA : BOGUS_COMMENT;
		break;
	case TAG_NAME:
		while (p < end && !is(*p, C_NAME_END))
			p++;
		html_name_add(h, from, (size_t)(p - from));
		if (p == end)
			return p;
		html_tag_named(h);
		eaten = false;
		next = BEFORE_ATTR_NAME;
		break;
	case BEFORE_ATTR_NAME:
		if (c == '>') {
			next = html_tag_done(h, false);
		} else if (c == '/') {
			next = SELF_CLOSING;
		} else if (!is(c, C_SPACE)) {
			html_attr_begin(h);
			html_name_add(h, p, 1); /* even '=' starts a name here */
			next = ATTR_NAME;
		}
		break;
	case ATTR_NAME:
		while (p < end && !is(*p, C_ATTR_END))
			p++;
		html_name_add(h, from, (size_t)(p - from));
		if (p == end)
			return p;
		html_attr_named(h);
		eaten = false;
		next = AFTER_ATTR_NAME;
		break;
	case AFTER_ATTR_NAME:
		if (c == '=') {
			next = BEFORE_ATTR_VALUE;
		} else if (!is(c, C_SPACE)) {
			html_attr_done(h);
			eaten = false;
			next = BEFORE_ATTR_NAME;
		}
		break;
	case BEFORE_ATTR_VALUE:
		if (c == '"' || c == '\'') {
			h->quote = c;
			next = ATTR_VALUE_QUOTED;
		} else if (c == '>') {
			html_attr_done(h);
			next = html_tag_done(h, false);
		} else if (!is(c, C_SPACE)) {
			eaten = false;
			next = ATTR_VALUE_UNQUOTED;
		}
		break;
	case ATTR_VALUE_QUOTED:
		if (h->wants_value) {
			while (p < end && *p != h->quote && *p != '&')
				p++;
			html_value_append(h, from, (size_t)(p - from));
		} else {
			p = find(p, end, h->quote);
		}
		if (p == end)
			return p;
		if (*p == '&') {
			next = html_reference_begin(h, ATTR_VALUE_QUOTED);
		} else {
			html_attr_done(h);
			next = AFTER_ATTR_VALUE;
		}
		break;
	case ATTR_VALUE_UNQUOTED:
		while (p < end && *p != '>' && *p != '&' && !is(*p, C_SPACE))
			p++;
		html_value_append(h, from, (size_t)(p - from));
		if (p == end)
			return p;
		if (*p == '&') {
			next = html_reference_begin(h, ATTR_VALUE_UNQUOTED);
		} else {
			html_attr_done(h);
			eaten = false;
			next = BEFORE_ATTR_NAME;
			/* a '/' before '>' belonged to the value, so '>' is plain here */
		}
		break;
	case AFTER_ATTR_VALUE:
		eaten = is(c, C_SPACE);
		next = BEFORE_ATTR_NAME;
		break;
	case SELF_CLOSING:
		eaten = c == '>';
		next = eaten ? html_tag_done(h, true) : BEFORE_ATTR_NAME;
		break;
	case MARKUP:
		next = markup_step(h, c, &eaten);
		break;
	case BOGUS_COMMENT:
		p = find(p, end, '>');
		if (p == end)
			return p;
		next = DATA;
		break;
	case COMMENT_START:
		next = c == '>' ? DATA : c == '-' ? COMMENT_START_DASH : COMMENT;
		break;
	case COMMENT_START_DASH:
		next = c == '>' ? DATA : c == '-' ? COMMENT_END : COMMENT;
		break;
	case COMMENT:
		p = find(p, end, '-');
		if (p == end)
			return p;
		next = COMMENT_END_DASH;
		break;
	case COMMENT_END_DASH:
		next = c == '-' ? COMMENT_END : COMMENT;
		break;
	case COMMENT_END:
		next = c == '>' ? DATA : c == '!' ? COMMENT_END_BANG : c == '-' ? COMMENT_END : COMMENT;
		break;
	case COMMENT_END_BANG:
		next = c == '>' ? DATA : c == '-' ? COMMENT_END_DASH : COMMENT;
		break;
	case CDATA:
		p = find(p, end, ']');
		html_text(h, from, (size_t)(p - from));
		if (p == end)
			return p;
		next = CDATA_BRACKET;
		break;
	case CDATA_BRACKET:
		eaten = c == ']';
		if (!eaten)
			html_text(h, "]", 1);
		next = eaten ? CDATA_END : CDATA;
		break;
	case CDATA_END:
		if (c == ']') {
			html_text(h, "]", 1);
		} else if (c == '>') {
			next = DATA;
		} else {
			html_text(h, "]]", 2);
			eaten = false;
			next = CDATA;
		}
		break;
	case RAW_LT:
		h->held[0] = '<';
		h->held_len = 1;
		html_name_begin(h);
		if (c == '/') {
			hold(h, c);
			next = RAW_END_NAME;
		} else if (h->raw->tag == HTML_SCRIPT && c == '!' && h->script_escape == 0) {
			next = RAW_BANG;
		} else if (h->raw->tag == HTML_SCRIPT && is(c, C_LETTER) && h->script_escape == 1) {
			eaten = false;
			next = RAW_START_NAME;
		} else {
			eaten = false;
			next = raw_resume(h);
		}
		break;
	case RAW_END_NAME:
		if (is(c, C_LETTER) && h->name_len < h->raw->name_len) {
			html_name_add(h, p, 1);
			hold(h, c);
			break;
		}
		eaten = false;
		if (!is(c, C_NAME_END) || !name_is(h, h->raw->name, h->raw->name_len)) {
			next = raw_resume(h);
		} else if (h->script_escape == 2) {
			h->script_escape = 1;
			next = raw_resume(h);
		} else {
			h->held_len = 0;
			h->is_end_tag = true;
			html_tag_named(h);
			next = BEFORE_ATTR_NAME;
		}
		break;
	case RAW_START_NAME:
		if (is(c, C_LETTER) && h->name_len < h->raw->name_len) {
			html_name_add(h, p, 1);
			break;
		}
		eaten = false;
		if (is(c, C_NAME_END) && name_is(h, "script", 6))
			h->script_escape = 2;
		next = RAW;
		break;
	case RAW_BANG:
		eaten = c == '-';
		next = eaten ? RAW_BANG_DASH : RAW;
		break;
	case RAW_BANG_DASH:
		eaten = c == '-';
		if (eaten) {
			h->script_escape = 1;
			h->script_dashes = 2; /* "<!-->" is over at once */
		}
		next = RAW;
		break;
	case REFERENCE:
		if (c == '#') {
			hold(h, c);
			h->number = 0;
			next = REFERENCE_NUMBER;
			break;
		}
		eaten = false;
		if (is(c, C_LETTER | C_DIGIT)) {
			next = REFERENCE_NAME;
		} else {
			html_reference_flush(h);
			next = (enum state)h->return_state;
		}
		break;
	case REFERENCE_NAME:
		if (is(c, C_LETTER | C_DIGIT) && h->held_len <= ENTITY_NAME_MAX) {
			hold(h, c);
			break;
		}
		eaten = c == ';';
		if (eaten)
			hold(h, c);
		html_reference_named(h, c);
		next = (enum state)h->return_state;
		break;
	case REFERENCE_NUMBER:
		if (c == 'x' || c == 'X') {
			hold(h, c);
			next = REFERENCE_HEX_START;
			break;
		}
		eaten = false;
		if (is(c, C_DIGIT)) {
			next = REFERENCE_DECIMAL;
		} else {
			html_reference_flush(h);
			next = (enum state)h->return_state;
		}
		break;
	case REFERENCE_HEX_START:
		eaten = false;
		if (is(c, C_HEX)) {
			next = REFERENCE_HEX;
		} else {
			html_reference_flush(h);
			next = (enum state)h->return_state;
		}
		break;
	case REFERENCE_DECIMAL:
	case REFERENCE_HEX:
		if (is(c, h->state == REFERENCE_HEX ? C_HEX : C_DIGIT)) {
			html_reference_digit(h, h->state == REFERENCE_HEX ? 16 : 10, c);
			break;
		}
		eaten = c == ';';
		html_reference_number(h);
		next = (enum state)h->return_state;
		break;
	}
	h->state = (uint8_t)next;
	return eaten ? p + 1 : p;
}

void html_feed(struct html *h, const char *utf8, size_t n)
{
	const char *end = utf8 + n;

	while (utf8 < end) {
		utf8 = step(h, utf8, end);
		h->steps++;
	}
}

void html_finish(struct html *h)
{
	bool in_text = h->return_state == DATA || h->return_state == RCDATA;

	switch ((enum state)h->state) {
	case TAG_OPEN:
		html_text(h, "<", 1);
		break;
	case END_TAG_OPEN:
		html_text(h, "</", 2);
		break;
	case RAW_LT:
		if (h->raw->flags & HTML_RCDATA)
			html_text(h, "<", 1);
		break;
	case RAW_END_NAME:
		if (h->raw->flags & HTML_RCDATA)
			html_text(h, h->held, h->held_len);
		break;
	case CDATA_BRACKET:
		html_text(h, "]", 1);
		break;
	case CDATA_END:
		html_text(h, "]]", 2);
		break;
	case REFERENCE:
	case REFERENCE_NUMBER:
	case REFERENCE_HEX_START:
		if (in_text)
			html_reference_flush(h);
		break;
	case REFERENCE_NAME:
		if (in_text)
			html_reference_named(h, '\0');
		break;
	case REFERENCE_DECIMAL:
	case REFERENCE_HEX:
		if (in_text)
			html_reference_number(h);
		break;
	case DATA:
	case RCDATA:
	case RAW:
	case TAG_NAME:
	case BEFORE_ATTR_NAME:
	case ATTR_NAME:
	case AFTER_ATTR_NAME:
	case BEFORE_ATTR_VALUE:
	case ATTR_VALUE_QUOTED:
	case ATTR_VALUE_UNQUOTED:
	case AFTER_ATTR_VALUE:
	case SELF_CLOSING:
	case MARKUP:
	case BOGUS_COMMENT:
	case COMMENT_START:
	case COMMENT_START_DASH:
	case COMMENT:
	case COMMENT_END_DASH:
	case COMMENT_END:
	case COMMENT_END_BANG:
	case CDATA:
	case RAW_START_NAME:
	case RAW_BANG:
	case RAW_BANG_DASH:
		break; /* an unfinished tag or comment is no text */
	}
	h->state = DATA;
}
