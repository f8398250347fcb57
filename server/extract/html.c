/* How it works: html_feed runs a state machine whose states are WHATWG's, merged where they differ only in parse
 * errors. Each state either eats a run of bytes with a tight loop or one byte; `html->held` keeps the few bytes whose
 * meaning is open (a reference, a possible end tag) so that a chunk may end anywhere. */
#include "extract/html.h"

#include "base/text.h"
#include "extract/entity.h"
#include "extract/scan.h"

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

#define C_SPACE    1u  /* tab, LF, FF, CR, space */
#define C_LETTER   2u
#define C_DIGIT    4u
#define C_HEX      8u
#define C_NAME_END 16u /* ends a tag name:       space / >   */
#define C_ATTR_END 32u /* ends an attribute name: space / > = */

static const uint8_t classes[256] = {
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

static bool is(char c, unsigned mask)
{
	return (classes[(unsigned char)c] & mask) != 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

void html_init(struct html *h, const struct html_sink *sink, void *ctx)
{
	/* the big value buffer needs no clearing */
	memset(h, 0, offsetof(struct html, value));
	h->sink = sink;
	h->ctx = ctx;
}

static void text(struct html *h, const char *bytes, size_t n)
{
	if (n > 0)
		h->sink->text(h->ctx, bytes, n);
}

/* --- attributes and tags ------------------------------------------------------------------------------------- */

static void value_append(struct html *h, const char *bytes, size_t n)
{
	size_t space = sizeof(h->value) - h->value_len;

	if (!h->wants_value || h->is_value_full)
		return;
	if (n > space) {
		n = utf8_cut(bytes, n, space);
		h->is_value_full = true;
	}
	memcpy(h->value + h->value_len, bytes, n);
	h->value_len += n;
}

static void name_begin(struct html *h)
{
	h->name_len = 0;
	memset(h->name, 0, sizeof(h->name));
}

static void name_add(struct html *h, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n && h->name_len + i < sizeof(h->name); i++)
		h->name[h->name_len + i] = lower(bytes[i]);
	h->name_len += n;
}

static void attr_begin(struct html *h)
{
	name_begin(h);
	h->value_len = 0;
	h->is_value_full = false;
	h->wants_value = false;
}

static void attr_named(struct html *h)
{
	static const struct {
		const char *name;
		size_t len;
		enum html_attr attr;
	} known[] = {
		{ "href", 4, HTML_ATTR_HREF },
		{ "content", 7, HTML_ATTR_CONTENT },
		{ "name", 4, HTML_ATTR_NAME },
		{ "property", 8, HTML_ATTR_PROPERTY },
	};
	size_t i;

	if (!h->wants_attrs)
		return;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (h->name_len != known[i].len || memcmp(h->name, known[i].name, known[i].len) != 0)
			continue;
		h->attr = known[i].attr;
		h->wants_value = !(h->attrs_seen & 1u << h->attr);
		h->attrs_seen |= (uint8_t)(1u << h->attr);
	}
}

static void attr_done(struct html *h)
{
	if (h->wants_value)
		h->sink->attr(h->ctx, h->tag, h->attr, h->value, h->value_len);
	h->wants_value = false;
}

static void tag_named(struct html *h)
{
	h->tag = html_tag_find(h->name, h->name_len);
	h->wants_attrs = !h->is_end_tag && (h->tag->flags & HTML_ATTRS) != 0;
	h->attrs_seen = 0;
	h->wants_value = false;
}

/* Emits the tag and chooses the state its content is read in. */
static enum state tag_done(struct html *h, bool is_self_closing)
{
	const struct html_tag_info *tag = h->tag;
	bool is_foreign = h->foreign_depth > 0;

	h->raw = NULL;
	if (h->is_end_tag) {
		if (tag->tag == HTML_SVG && h->foreign_depth > 0)
			h->foreign_depth--;
		h->sink->end(h->ctx, tag, is_foreign);
		return DATA;
	}
	if (is_foreign && (tag->flags & HTML_BLOCK) && tag->tag != HTML_TITLE) {
		h->foreign_depth = 0; /* HTML's block elements break out of svg */
		is_foreign = false;
	}
	h->sink->start(h->ctx, tag, is_foreign, is_self_closing);
	if (tag->tag == HTML_SVG && !is_self_closing)
		h->foreign_depth++;
	if ((tag->flags & (HTML_RAW | HTML_RCDATA)) == 0 || (is_foreign && (is_self_closing || tag->tag == HTML_TITLE)))
		return DATA;
	h->raw = tag;
	h->script_escape = 0;
	h->script_dashes = 0;
	return tag->flags & HTML_RCDATA ? RCDATA : RAW;
}

/* --- character references ------------------------------------------------------------------------------------ */

static void reference_out(struct html *h, const char *bytes, size_t n)
{
	if (h->return_state == DATA || h->return_state == RCDATA)
		text(h, bytes, n);
	else
		value_append(h, bytes, n);
}

/* held = '&' and letters and digits, perhaps ';'. next: the byte that follows, 0 at the end of input. */
static void reference_named(struct html *h, char next)
{
	bool in_attr = h->return_state != DATA && h->return_state != RCDATA;
	const char *value = NULL;
	size_t used = entity_find(h->held + 1, h->held_len - 1, &value);

	if (used > 0 && in_attr && h->held[used] != ';') {
		char after = used + 1 < h->held_len ? h->held[used + 1] : next;

		if (after == '=' || is(after, C_LETTER | C_DIGIT))
			used = 0; /* ?a=1&copy=2 is a query, not a copyright sign */
	}
	if (used > 0) {
		reference_out(h, value, strlen(value));
		reference_out(h, h->held + 1 + used, h->held_len - 1 - used);
	} else {
		reference_out(h, h->held, h->held_len);
	}
	h->held_len = 0;
}

static void reference_number(struct html *h)
{
	char out[4];

	reference_out(h, out, utf8_write(entity_code_point(h->number), out));
	h->held_len = 0;
}

static void number_add(struct html *h, uint32_t base, char c)
{
	uint32_t digit = is(c, C_DIGIT) ? (uint32_t)(c - '0') : (uint32_t)(lower(c) - 'a' + 10);

	h->number = h->number > 0x10FFFF ? h->number : h->number * base + digit;
}

static void reference_flush(struct html *h)
{
	reference_out(h, h->held, h->held_len);
	h->held_len = 0;
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
		text(h, h->held, h->held_len);
	h->held_len = 0;
	return is_text ? RCDATA : RAW;
}

static enum state reference_begin(struct html *h, enum state from)
{
	h->return_state = (uint8_t)from;
	h->held[0] = '&';
	h->held_len = 1;
	return REFERENCE;
}

static const char *find(const char *p, const char *end, char c)
{
	const char *at = memchr(p, c, (size_t)(end - p));

	return at ? at : end;
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

/* --- whole tags at once -------------------------------------------------------------------------------------- */

/* The common case: a tag that lies whole in the chunk and whose wanted values hold no reference. The functions below
 * do what the machine would do; when they meet anything else they stop at a place where the machine can take over,
 * with nothing said to the sink about what they have not eaten. */

/* One attribute, its name at p. Returns the end of it, or NULL when the machine must read it. */
static const char *attr_at_once(struct html *h, const char *p, const char *end)
{
	const char *name = p, *name_end, *value, *value_end;

	for (p++; p < end && !is(*p, C_ATTR_END);)
		p++;
	name_end = p;
	while (p < end && is(*p, C_SPACE))
		p++;
	if (p == end)
		return NULL;
	value = value_end = p;
	if (*p == '=') {
		for (p++; p < end && is(*p, C_SPACE);)
			p++;
		if (p == end)
			return NULL;
		if (*p == '"' || *p == '\'') {
			value = p + 1;
			value_end = find(value, end, *p);
			p = value_end + 1;
		} else {
			value = p;
			while (p < end && *p != '>' && !is(*p, C_SPACE))
				p++;
			value_end = p;
		}
		if (value_end == end)
			return NULL;
	}
	if (!h->wants_attrs)
		return p;
	attr_begin(h);
	name_add(h, name, (size_t)(name_end - name));
	if (memchr(value, '&', (size_t)(value_end - value)))
		return NULL;
	attr_named(h);
	value_append(h, value, (size_t)(value_end - value));
	attr_done(h);
	return p;
}

/* Attributes and the end of a tag. Returns the new position; *next tells the state there. */
static const char *attrs_at_once(struct html *h, const char *p, const char *end, enum state *next)
{
	*next = BEFORE_ATTR_NAME;
	while (p < end) {
		const char *after;

		if (*p == '>') {
			*next = tag_done(h, false);
			return p + 1;
		}
		if (is(*p, C_SPACE)) {
			p++;
			continue;
		}
		if (*p == '/') {
			if (p + 1 == end)
				return p;
			if (p[1] == '>') {
				*next = tag_done(h, true);
				return p + 2;
			}
			p++;
			continue;
		}
		after = attr_at_once(h, p, end);
		if (!after)
			return p;
		p = after;
	}
	return p;
}

/* A tag with its '<' at p. Returns the new position, or p itself when it is no tag or its name is cut. */
static const char *tag_at_once(struct html *h, const char *p, const char *end, enum state *next)
{
	const char *name = p + 1, *name_end;
	bool is_end_tag = name < end && *name == '/';

	name += is_end_tag;
	if (name >= end || !is(*name, C_LETTER))
		return p;
	for (name_end = name + 1; name_end < end && !is(*name_end, C_NAME_END);)
		name_end++;
	if (name_end == end)
		return p;
	h->is_end_tag = is_end_tag;
	name_begin(h);
	name_add(h, name, (size_t)(name_end - name));
	tag_named(h);
	return attrs_at_once(h, name_end, end, next);
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
		text(h, from, (size_t)(p - from));
		if (p == end)
			return p;
		if (*p == '&') {
			next = reference_begin(h, next);
		} else if (h->state == DATA) {
			from = p;
			p = tag_at_once(h, p, end, &next);
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
			name_begin(h);
			next = TAG_NAME;
		} else if (c == '/') {
			eaten = true;
			next = END_TAG_OPEN;
		} else if (c == '!') {
			eaten = true;
			name_begin(h);
			next = MARKUP;
		} else if (c == '?') {
			next = BOGUS_COMMENT;
		} else {
			text(h, "<", 1);
			next = DATA;
		}
		break;
	case END_TAG_OPEN:
		eaten = c == '>';
		h->is_end_tag = true;
		name_begin(h);
		next = is(c, C_LETTER) ? TAG_NAME : eaten ? DATA : BOGUS_COMMENT;
		break;
	case TAG_NAME:
		while (p < end && !is(*p, C_NAME_END))
			p++;
		name_add(h, from, (size_t)(p - from));
		if (p == end)
			return p;
		tag_named(h);
		eaten = false;
		next = BEFORE_ATTR_NAME;
		break;
	case BEFORE_ATTR_NAME:
		if (c == '>') {
			next = tag_done(h, false);
		} else if (c == '/') {
			next = SELF_CLOSING;
		} else if (!is(c, C_SPACE)) {
			attr_begin(h);
			name_add(h, p, 1); /* even '=' starts a name here */
			next = ATTR_NAME;
		}
		break;
	case ATTR_NAME:
		while (p < end && !is(*p, C_ATTR_END))
			p++;
		name_add(h, from, (size_t)(p - from));
		if (p == end)
			return p;
		attr_named(h);
		eaten = false;
		next = AFTER_ATTR_NAME;
		break;
	case AFTER_ATTR_NAME:
		if (c == '=') {
			next = BEFORE_ATTR_VALUE;
		} else if (!is(c, C_SPACE)) {
			attr_done(h);
			eaten = false;
			next = BEFORE_ATTR_NAME;
		}
		break;
	case BEFORE_ATTR_VALUE:
		if (c == '"' || c == '\'') {
			h->quote = c;
			next = ATTR_VALUE_QUOTED;
		} else if (c == '>') {
			attr_done(h);
			next = tag_done(h, false);
		} else if (!is(c, C_SPACE)) {
			eaten = false;
			next = ATTR_VALUE_UNQUOTED;
		}
		break;
	case ATTR_VALUE_QUOTED:
		if (h->wants_value) {
			while (p < end && *p != h->quote && *p != '&')
				p++;
			value_append(h, from, (size_t)(p - from));
		} else {
			p = find(p, end, h->quote);
		}
		if (p == end)
			return p;
		if (*p == '&') {
			next = reference_begin(h, ATTR_VALUE_QUOTED);
		} else {
			attr_done(h);
			next = AFTER_ATTR_VALUE;
		}
		break;
	case ATTR_VALUE_UNQUOTED:
		while (p < end && *p != '>' && *p != '&' && !is(*p, C_SPACE))
			p++;
		value_append(h, from, (size_t)(p - from));
		if (p == end)
			return p;
		if (*p == '&') {
			next = reference_begin(h, ATTR_VALUE_UNQUOTED);
		} else {
			attr_done(h);
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
		next = eaten ? tag_done(h, true) : BEFORE_ATTR_NAME;
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
		text(h, from, (size_t)(p - from));
		if (p == end)
			return p;
		next = CDATA_BRACKET;
		break;
	case CDATA_BRACKET:
		eaten = c == ']';
		if (!eaten)
			text(h, "]", 1);
		next = eaten ? CDATA_END : CDATA;
		break;
	case CDATA_END:
		if (c == ']') {
			text(h, "]", 1);
		} else if (c == '>') {
			next = DATA;
		} else {
			text(h, "]]", 2);
			eaten = false;
			next = CDATA;
		}
		break;
	case RAW_LT:
		h->held[0] = '<';
		h->held_len = 1;
		name_begin(h);
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
			name_add(h, p, 1);
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
			tag_named(h);
			next = BEFORE_ATTR_NAME;
		}
		break;
	case RAW_START_NAME:
		if (is(c, C_LETTER) && h->name_len < h->raw->name_len) {
			name_add(h, p, 1);
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
			reference_flush(h);
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
		reference_named(h, c);
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
			reference_flush(h);
			next = (enum state)h->return_state;
		}
		break;
	case REFERENCE_HEX_START:
		eaten = false;
		if (is(c, C_HEX)) {
			next = REFERENCE_HEX;
		} else {
			reference_flush(h);
			next = (enum state)h->return_state;
		}
		break;
	case REFERENCE_DECIMAL:
	case REFERENCE_HEX:
		if (is(c, h->state == REFERENCE_HEX ? C_HEX : C_DIGIT)) {
			number_add(h, h->state == REFERENCE_HEX ? 16 : 10, c);
			break;
		}
		eaten = c == ';';
		reference_number(h);
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
		text(h, "<", 1);
		break;
	case END_TAG_OPEN:
		text(h, "</", 2);
		break;
	case RAW_LT:
		if (h->raw->flags & HTML_RCDATA)
			text(h, "<", 1);
		break;
	case RAW_END_NAME:
		if (h->raw->flags & HTML_RCDATA)
			text(h, h->held, h->held_len);
		break;
	case CDATA_BRACKET:
		text(h, "]", 1);
		break;
	case CDATA_END:
		text(h, "]]", 2);
		break;
	case REFERENCE:
	case REFERENCE_NUMBER:
	case REFERENCE_HEX_START:
		if (in_text)
			reference_flush(h);
		break;
	case REFERENCE_NAME:
		if (in_text)
			reference_named(h, '\0');
		break;
	case REFERENCE_DECIMAL:
	case REFERENCE_HEX:
		if (in_text)
			reference_number(h);
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
