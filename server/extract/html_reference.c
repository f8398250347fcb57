#include "extract/html_parts.h"

#include "base/text.h"
#include "extract/entity.h"

static void reference_out(struct html *h, const char *bytes, size_t n)
{
	if (h->return_state == DATA || h->return_state == RCDATA)
		html_text(h, bytes, n);
	else
		html_value_append(h, bytes, n);
}

void html_reference_named(struct html *h, char next)
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

void html_reference_number(struct html *h)
{
	char out[4];

	reference_out(h, out, utf8_write(entity_code_point(h->number), out));
	h->held_len = 0;
}

void html_reference_digit(struct html *h, uint32_t base, char c)
{
	uint32_t digit = is(c, C_DIGIT) ? (uint32_t)(c - '0') : (uint32_t)(lower(c) - 'a' + 10);

	h->number = h->number > 0x10FFFF ? h->number : h->number * base + digit;
}

void html_reference_flush(struct html *h)
{
	reference_out(h, h->held, h->held_len);
	h->held_len = 0;
}

enum state html_reference_begin(struct html *h, enum state from)
{
	h->return_state = (uint8_t)from;
	h->held[0] = '&';
	h->held_len = 1;
	return REFERENCE;
}
