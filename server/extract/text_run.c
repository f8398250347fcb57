#include "extract/text_run.h"

#include <stdint.h>
#include <string.h>

enum { PLAIN, SPACE, DROP, LEAD_C2 };

static const uint8_t kinds[256] = {
	[0x00 ... 0x08] = DROP, ['\t'] = SPACE, ['\n'] = SPACE, [0x0B] = DROP,  ['\f'] = SPACE,
	['\r'] = SPACE, [0x0E ... 0x1F] = DROP, [' '] = SPACE, [0x7F] = DROP, [0xC2] = LEAD_C2,
};

static void add_word(struct text_run *run, const char *word, size_t n)
{
	size_t space = run->is_space_due && !run->is_fresh ? 1 : 0;
	size_t left = run->capacity - run->len;

	if (n + space > left) {
		run->is_full = true;
		if (space >= left)
			return;
		for (n = left - space; n > 0 && ((unsigned char)word[n] & 0xC0) == 0x80;)
			n--;
		if (n == 0)
			return;
	}
	if (space)
		run->data[run->len++] = ' ';
	memcpy(run->data + run->len, word, n);
	run->len += n;
	run->is_space_due = false;
	run->is_fresh = false;
}

void text_run_add(struct text_run *run, const char *utf8, size_t n)
{
	const char *end = utf8 + n;

	while (utf8 < end && !run->is_full) {
		const char *word = utf8;
		uint8_t kind = PLAIN;
		unsigned char second;

		while (utf8 < end && (kind = kinds[(unsigned char)*utf8]) == PLAIN)
			utf8++;
		if (utf8 > word)
			add_word(run, word, (size_t)(utf8 - word));
		if (utf8 == end)
			return;
		if (kind != LEAD_C2) {
			run->is_space_due |= kind == SPACE;
			utf8++;
			continue;
		}
		second = (unsigned char)utf8[1];
		if (second == 0xA0)
			run->is_space_due = true; /* no-break space */
		else if (second > 0xA0 && second != 0xAD && !run->is_full)
			add_word(run, utf8, 2);
		utf8 += 2; /* C1 controls and the soft hyphen vanish */
	}
}
