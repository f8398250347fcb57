#include "extract/html_parts.h"

#include "base/text.h"
#include "extract/scan.h"

/* --- attributes and tags ------------------------------------------------------------------------------------- */

void html_value_append(struct html *h, const char *bytes, size_t n)
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

void html_name_begin(struct html *h)
{
	h->name_len = 0;
	memset(h->name, 0, sizeof(h->name));
}

void html_name_add(struct html *h, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n && h->name_len + i < sizeof(h->name); i++)
		h->name[h->name_len + i] = lower(bytes[i]);
	h->name_len += n;
}

void html_attr_begin(struct html *h)
{
	html_name_begin(h);
	h->value_len = 0;
	h->is_value_full = false;
	h->wants_value = false;
}

void html_attr_named(struct html *h)
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

void html_attr_done(struct html *h)
{
	if (h->wants_value)
		h->sink->attr(h->ctx, h->tag, h->attr, h->value, h->value_len);
	h->wants_value = false;
}

void html_tag_named(struct html *h)
{
	h->tag = html_tag_find(h->name, h->name_len);
	h->wants_attrs = !h->is_end_tag && (h->tag->flags & HTML_ATTRS) != 0;
	h->attrs_seen = 0;
	h->wants_value = false;
}

enum state html_tag_done(struct html *h, bool is_self_closing)
{
	const struct html_tag_info *tag = h->tag;
	bool is_foreign = h->foreign_depth > 0;

	h->raw = NULL;
	if (tag->tag == HTML_OTHER && tag->flags == 0)
		return DATA;
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

/* --- whole tags at once -------------------------------------------------------------------------------------- */

/* The common case: a tag that lies whole in the chunk and whose wanted values hold no reference. The functions below
 * do what the machine would do; when they meet anything else they stop at a place where the machine can take over,
 * with nothing said to the sink about what they have not eaten. */

static uint64_t lower_eight(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t low = w & ones * 0x7F;
	uint64_t at_least_a = low + ones * (0x80 - 'A'), above_z = low + ones * (0x80 - 'Z' - 1);

	return w | (at_least_a & ~above_z & ~w & ones * 0x80) >> 2;
}

/* The name is name[0..n), and end is where reading must stop. Written in two words, since it is read in two. */
static void name_set(struct html *h, const char *name, size_t n, const char *end)
{
	uint64_t w[2];

	if (end - name < (ptrdiff_t)sizeof(w) || n >= sizeof(w) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
		html_name_begin(h);
		html_name_add(h, name, n);
		return;
	}
	memcpy(w, name, sizeof(w));
	w[0] = lower_eight(w[0]);
	w[1] = n > 8 ? lower_eight(w[1]) & ((1ull << 8 * (n - 8)) - 1) : 0;
	if (n < 8)
		w[0] &= (1ull << 8 * n) - 1;
	memcpy(h->name, w, sizeof(w));
	h->name_len = n;
}

/* Bytes that were looked at and will be looked at again. */
static const char *give_back(struct html *h, const char *from, const char *to)
{
	h->steps += (uint64_t)(to - from);
	return NULL;
}

/* One attribute, its name at p. Returns the end of it, or NULL when the machine must read it. */
static const char *attr_at_once(struct html *h, const char *p, const char *end)
{
	const char *name = p, *name_end, *value, *value_end;

	p = name_end = scan_for_name_end(p + 1, end, true);
	while (p < end && is(*p, C_SPACE))
		p++;
	if (p == end)
		return give_back(h, name, end);
	value = value_end = p;
	if (*p == '=') {
		for (p++; p < end && is(*p, C_SPACE);)
			p++;
		if (p == end)
			return give_back(h, name, end);
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
			return give_back(h, name, end);
	}
	if (!h->wants_attrs)
		return p;
	html_attr_begin(h);
	name_set(h, name, (size_t)(name_end - name), end);
	if (memchr(value, '&', (size_t)(value_end - value)))
		return give_back(h, name, value_end);
	html_attr_named(h);
	html_value_append(h, value, (size_t)(value_end - value));
	html_attr_done(h);
	return p;
}

/* Attributes and the end of a tag. Returns the new position; *next tells the state there. */
static const char *attrs_at_once(struct html *h, const char *p, const char *end, enum state *next)
{
	*next = BEFORE_ATTR_NAME;
	while (p < end) {
		const char *after;

		if (*p == '>') {
			*next = html_tag_done(h, false);
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
				*next = html_tag_done(h, true);
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

const char *html_tag_at_once(struct html *h, const char *p, const char *end, enum state *next)
{
	const char *name = p + 1, *name_end;
	bool is_end_tag = name < end && *name == '/';

	name += is_end_tag;
	if (name >= end || !is(*name, C_LETTER))
		return p;
	name_end = scan_for_name_end(name + 1, end, false);
	if (name_end == end) {
		h->steps += (uint64_t)(end - p);
		return p;
	}
	h->is_end_tag = is_end_tag;
	name_set(h, name, (size_t)(name_end - name), end);
	html_tag_named(h);
	return attrs_at_once(h, name_end, end, next);
}
