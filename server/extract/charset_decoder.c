#include "base/text.h"
#include "extract/charset.h"

#include <errno.h>
#include <string.h>

static const uint16_t windows_1252_high[32] = {
	0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
	0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
};

void charset_decoder_init(struct charset_decoder *d, struct charset charset, charset_emit_fn emit, void *ctx)
{
	*d = (struct charset_decoder){ .charset = charset, .emit = emit, .ctx = ctx };
	if (charset.kind != CHARSET_ICONV)
		return;
	d->iconv = iconv_open("UTF-8", charset.name);
	if (d->iconv == (iconv_t)-1)
		d->charset = (struct charset){ CHARSET_UNKNOWN, "unknown" };
}

void charset_decoder_done(struct charset_decoder *d)
{
	if (d->charset.kind == CHARSET_ICONV)
		iconv_close(d->iconv);
	d->charset.kind = CHARSET_UNKNOWN;
}

static size_t ascii_run(const unsigned char *p, size_t n)
{
	size_t i = 0;
	uint64_t word;

	for (; i + 8 <= n; i += 8) {
		memcpy(&word, p + i, 8);
		if (word & 0x8080808080808080u)
			break;
	}
	while (i < n && p[i] < 0x80)
		i++;
	return i;
}

enum step { STEP_WHOLE, STEP_BROKEN, STEP_CUT };

/* Reads one character; *len is its length, or how many bytes one U+FFFD replaces (the maximal subpart, as
 * browsers do it), or for STEP_CUT how many bytes wait for more. */
static enum step utf8_step(const unsigned char *p, size_t n, size_t *len)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t need, i;

	if (p[0] < 0x80) {
		*len = 1;
		return STEP_WHOLE;
	}
	if (p[0] >= 0xC2 && p[0] <= 0xDF) {
		need = 2;
	} else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
		need = 3;
		low = p[0] == 0xE0 ? 0xA0 : 0x80;
		high = p[0] == 0xED ? 0x9F : 0xBF;
	} else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
		need = 4;
		low = p[0] == 0xF0 ? 0x90 : 0x80;
		high = p[0] == 0xF4 ? 0x8F : 0xBF;
	} else {
		*len = 1;
		return STEP_BROKEN;
	}
	for (i = 1; i < need && i < n; i++) {
		if (p[i] < low || p[i] > high) {
			*len = i;
			return STEP_BROKEN;
		}
		low = 0x80;
		high = 0xBF;
	}
	*len = i;
	return i == need ? STEP_WHOLE : STEP_CUT;
}

static void emit_utf8(struct charset_decoder *d, const unsigned char *p, size_t n)
{
	if (n > 0)
		d->emit(d->ctx, (const char *)p, n);
}

static void feed_1252(struct charset_decoder *d, const unsigned char *p, size_t n)
{
	char out[512];
	size_t used = 0;

	while (n > 0) {
		size_t run = ascii_run(p, n);

		if (run >= 64) {
			emit_utf8(d, (const unsigned char *)out, used);
			emit_utf8(d, p, run);
			used = 0;
		} else {
			if (used + run > sizeof(out)) {
				emit_utf8(d, (const unsigned char *)out, used);
				used = 0;
			}
			memcpy(out + used, p, run);
			used += run;
		}
		p += run;
		n -= run;
		if (n == 0)
			break;
		if (used + 4 > sizeof(out)) {
			emit_utf8(d, (const unsigned char *)out, used);
			used = 0;
		}
		used += utf8_write(*p < 0xA0 ? windows_1252_high[*p - 0x80] : *p, out + used);
		p++;
		n--;
	}
	emit_utf8(d, (const unsigned char *)out, used);
}

/* Length of the front that is plainly whole characters of two or three bytes, white space between them included. */
static size_t wide_run(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i + 2 < n) {
		if (p[i] >= 0xC2 && p[i] <= 0xDF && (p[i + 1] & 0xC0) == 0x80)
			i += 2;
		else if (p[i] > 0xE0 && p[i] < 0xF0 && p[i] != 0xED && (p[i + 1] & 0xC0) == 0x80 &&
			 (p[i + 2] & 0xC0) == 0x80)
			i += 3;
		else if (p[i] == ' ')
			i++;
		else
			break;
	}
	return i;
}

/* UTF8 and UNKNOWN. Returns how many bytes were taken; fewer than n only when the kind changed to 1252, or when
 * a character is cut by the end. */
static size_t feed_utf8(struct charset_decoder *d, const unsigned char *p, size_t n)
{
	size_t from = 0, i = 0, len;

	while (i < n) {
		i += ascii_run(p + i, n - i);
		if (i == n)
			break;
		switch (utf8_step(p + i, n - i, &len)) {
		case STEP_WHOLE:
			if (d->charset.kind == CHARSET_UNKNOWN)
				d->charset = (struct charset){ CHARSET_UTF8, "UTF-8" };
			i += len;
			i += wide_run(p + i, n - i);
			continue;
		case STEP_CUT:
			emit_utf8(d, p + from, i - from);
			return i;
		case STEP_BROKEN:
			emit_utf8(d, p + from, i - from);
			if (d->charset.kind == CHARSET_UNKNOWN) {
				d->charset = (struct charset){ CHARSET_WINDOWS_1252, "windows-1252" };
				return i;
			}
			emit_utf8(d, (const unsigned char *)"\xEF\xBF\xBD", 3);
			i += len;
			from = i;
			continue;
		}
	}
	emit_utf8(d, p + from, n - from);
	return n;
}

/* Returns how many bytes were taken; the rest (fewer than 8) is a character cut by the end. */
static size_t feed_iconv(struct charset_decoder *d, const unsigned char *bytes, size_t n)
{
	char in[4096], out[4 * sizeof(in)];
	size_t taken = 0;

	while (taken < n) {
		size_t piece = n - taken < sizeof(in) ? n - taken : sizeof(in);
		size_t in_left = piece, out_left = sizeof(out), rc;
		char *from = in, *to = out;

		memcpy(in, bytes + taken, piece);
		rc = iconv(d->iconv, &from, &in_left, &to, &out_left);
		emit_utf8(d, (const unsigned char *)out, sizeof(out) - out_left);
		taken += piece - in_left;
		if (rc != (size_t)-1)
			continue;
		if (errno == EILSEQ) {
			emit_utf8(d, (const unsigned char *)"\xEF\xBF\xBD", 3);
			taken++;
		} else if (errno == EINVAL && n - taken < sizeof(d->pending)) {
			return taken; /* cut by the end of what we have */
		} else if (in_left == piece) {
			taken++; /* no progress on a full window: not a character */
		}
	}
	return n;
}

static size_t feed_once(struct charset_decoder *d, const unsigned char *p, size_t n)
{
	size_t taken = 0;

	if (d->charset.kind == CHARSET_ICONV)
		return feed_iconv(d, p, n);
	if (d->charset.kind != CHARSET_WINDOWS_1252)
		taken = feed_utf8(d, p, n);
	if (d->charset.kind == CHARSET_WINDOWS_1252) {
		feed_1252(d, p + taken, n - taken);
		taken = n;
	}
	return taken;
}

void charset_decoder_feed(struct charset_decoder *d, const unsigned char *bytes, size_t n)
{
	size_t taken;

	/* finish the cut character byte by byte: at most seven rounds */
	while (d->pending_len > 0 && n > 0) {
		d->pending[d->pending_len++] = *bytes++;
		n--;
		taken = feed_once(d, d->pending, d->pending_len);
		if (taken == 0 && d->pending_len == sizeof(d->pending)) {
			emit_utf8(d, (const unsigned char *)"\xEF\xBF\xBD", 3);
			taken = 1;
		}
		memmove(d->pending, d->pending + taken, d->pending_len - taken);
		d->pending_len -= taken;
	}
	if (n == 0)
		return;
	taken = feed_once(d, bytes, n);
	memcpy(d->pending, bytes + taken, n - taken);
	d->pending_len = n - taken;
}

void charset_decoder_finish(struct charset_decoder *d)
{
	if (d->charset.kind == CHARSET_ICONV) {
		/* some converters hold a base character back until they have seen what follows */
		char out[64], *to = out;
		size_t out_left = sizeof(out);

		if (iconv(d->iconv, NULL, NULL, &to, &out_left) != (size_t)-1)
			emit_utf8(d, (const unsigned char *)out, sizeof(out) - out_left);
	}
	if (d->pending_len == 0)
		return;
	if (d->charset.kind == CHARSET_UNKNOWN) {
		d->charset = (struct charset){ CHARSET_WINDOWS_1252, "windows-1252" };
		feed_1252(d, d->pending, d->pending_len);
	} else {
		emit_utf8(d, (const unsigned char *)"\xEF\xBF\xBD", 3);
	}
	d->pending_len = 0;
}
