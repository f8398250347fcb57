#include "extract/text_run.h"

#include <stdint.h>
#include <string.h>

enum { PLAIN = 0, SPACE = 1, DROP, LEAD_C2 };

static const uint8_t kinds[256] = {
	[0x00 ... 0x08] = DROP, ['\t'] = SPACE, ['\n'] = SPACE, [0x0B] = DROP,  ['\f'] = SPACE,
	['\r'] = SPACE, [0x0E ... 0x1F] = DROP, [' '] = SPACE, [0x7F] = DROP, [0xC2] = LEAD_C2,
};

struct text_run text_run_make(char *data, size_t capacity)
{
	return (struct text_run){ .data = data, .capacity = capacity, .is_after_space = true };
}

void text_run_begin(struct text_run *run)
{
	run->is_after_space = true;
}

void text_run_break(struct text_run *run)
{
	text_run_add(run, " ", 1);
}

void text_run_trim(struct text_run *run, size_t start)
{
	if (run->len > start && run->data[run->len - 1] == ' ')
		run->len--;
}

static bool put(struct text_run *run, const char *bytes, size_t n)
{
	if (run->capacity - run->len < n) {
		run->is_full = true;
		return false;
	}
	memcpy(run->data + run->len, bytes, n);
	run->len += n;
	return true;
}

static size_t char_len(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* One character of any kind, with the bound checked. Returns its length in the input. */
static size_t add_one(struct text_run *run, const char *p)
{
	unsigned char second;

	switch (kinds[(unsigned char)*p]) {
	case PLAIN: {
		size_t n = char_len((unsigned char)*p);

		if (put(run, p, n))
			run->is_after_space = false;
		return n;
	}
	case LEAD_C2:
		second = (unsigned char)p[1];
		if (second == 0xA0) /* no-break space */
			break;
		if (second > 0xA0 && second != 0xAD && put(run, p, 2)) /* C1 controls and soft hyphens vanish */
			run->is_after_space = false;
		return 2;
	case SPACE:
		break;
	default:
		return 1;
	}
	if (!run->is_after_space && put(run, " ", 1))
		run->is_after_space = true;
	return kinds[(unsigned char)*p] == LEAD_C2 ? 2 : 1;
}

void text_run_add(struct text_run *run, const char *utf8, size_t n)
{
	const char *end = utf8 + n;

	while (utf8 < end && !run->is_full) {
		char *out = run->data + run->len;
		unsigned after_space = run->is_after_space, kind = PLAIN;

		if (run->capacity - run->len < (size_t)(end - utf8)) {
			utf8 += add_one(run, utf8);
			continue;
		}
		/* It all fits. No branch but the loop's: a space is written over by the next byte when it comes
		 * after another. */
		for (; utf8 < end; utf8++) {
			kind = kinds[(unsigned char)*utf8];
			if (kind > SPACE)
				break;
			*out = kind ? ' ' : *utf8;
			out += 1 - (kind & after_space);
			after_space = kind;
		}
		run->len = (size_t)(out - run->data);
		run->is_after_space = after_space != 0;
		if (utf8 < end)
			utf8 += add_one(run, utf8);
	}
}
