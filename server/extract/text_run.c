#include "extract/text_run.h"

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { PLAIN = 0, SPACE = 1, DROP, LEAD_C2 };

static const uint8_t kinds[256] = {
	[0x00 ... 0x08] = DROP, ['\t'] = SPACE,         ['\n'] = SPACE, [0x0B] = DROP, ['\f'] = SPACE,
	['\r'] = SPACE,         [0x0E ... 0x1F] = DROP, [' '] = SPACE,  [0x7F] = DROP, [0xC2] = LEAD_C2,
};

struct text_run text_run_make(char *data, size_t capacity)
{
	return (struct text_run){ .data = data, .capacity = capacity, .is_after_space = true };
}

void text_run_begin(struct text_run *run)
{
	run->is_after_space = true;
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

void text_run_break(struct text_run *run)
{
	if (!run->is_after_space && put(run, " ", 1))
		run->is_after_space = true;
}

void text_run_trim(struct text_run *run, size_t start)
{
	if (run->len > start && run->data[run->len - 1] == ' ')
		run->len--;
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

/* Where reading and writing stand. */
struct cursor {
	const char *in;
	char *out;
	unsigned after_space;
};

/* Copies up to `limit`, or to the first byte that is neither plain nor white space. No branch but the loop's: a space
 * is written over by the next byte when it comes after another. */
static bool copy_bytes(struct cursor *at, const char *limit)
{
	const char *in = at->in;
	char *out = at->out;
	unsigned after_space = at->after_space, kind;

	for (; in < limit; in++) {
		kind = kinds[(unsigned char)*in];
		if (kind > SPACE)
			break;
		*out = kind ? ' ' : *in;
		out += 1 - (kind & after_space);
		after_space = kind;
	}
	*at = (struct cursor){ in, out, after_space };
	return in == limit;
}

#ifdef __SSE2__
/* Copies blocks of sixteen bytes that are words with single white space between them, as most text is. The last block
 * may reach beyond `end`: it is read and written whole and counted in part. Bytes up to read_end may be read, up to
 * write_end written. */
static void copy_blocks(struct cursor *at, const char *end, const char *read_end, const char *write_end)
{
	const __m128i space = _mm_set1_epi8(' '), tab = _mm_set1_epi8('\t'), lf = _mm_set1_epi8('\n'),
		      ff = _mm_set1_epi8('\f'), cr = _mm_set1_epi8('\r'), del = _mm_set1_epi8(0x7F),
		      c2 = _mm_set1_epi8((char)0xC2);

	while (at->in < end && read_end - at->in >= 16 && write_end - at->out >= 16) {
		unsigned n = end - at->in < 16 ? (unsigned)(end - at->in) : 16, counted = (1u << n) - 1;
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at->in);
		__m128i white =
			_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, space), _mm_cmpeq_epi8(bytes, tab)),
				     _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, ff)),
						  _mm_cmpeq_epi8(bytes, cr)));
		__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes);
		__m128i other = _mm_or_si128(_mm_andnot_si128(white, low),
					     _mm_or_si128(_mm_cmpeq_epi8(bytes, del), _mm_cmpeq_epi8(bytes, c2)));
		unsigned spaces = (unsigned)_mm_movemask_epi8(white) & counted;

		if (((unsigned)_mm_movemask_epi8(other) & counted) || (spaces & (spaces << 1 | at->after_space)))
			return;
		bytes = _mm_or_si128(_mm_andnot_si128(white, bytes), _mm_and_si128(white, space));
		_mm_storeu_si128((__m128i *)(void *)at->out, bytes);
		at->after_space = spaces >> (n - 1);
		at->in += n;
		at->out += n;
	}
}
#else
static void copy_blocks(struct cursor *at, const char *end, const char *read_end, const char *write_end)
{
	(void)at;
	(void)end;
	(void)read_end;
	(void)write_end;
}
#endif

void text_run_add(struct text_run *run, const char *utf8, size_t n, size_t readable)
{
	const char *end = utf8 + n, *read_end = utf8 + readable;

	while (utf8 < end && !run->is_full) {
		struct cursor at = { utf8, run->data + run->len, run->is_after_space };
		bool whole = true;

		if (run->capacity - run->len < (size_t)(end - utf8)) {
			utf8 += add_one(run, utf8);
			continue;
		}
		while (whole && at.in < end) {
			copy_blocks(&at, end, read_end, run->data + run->capacity);
			whole = copy_bytes(&at, end - at.in < 16 ? end : at.in + 16);
		}
		utf8 = at.in;
		run->len = (size_t)(at.out - run->data);
		run->is_after_space = at.after_space != 0;
		if (!whole)
			utf8 += add_one(run, utf8);
	}
}
