#include "extract/json_out.h"

#include "base/buffer.h"

#include <math.h>
#include <string.h>

#define KEY_BYTES_MAX 80

static void string(struct buffer *b, const char *text, size_t n)
{
	size_t from = 0, i;

	buffer_char(b, '"');
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
			continue;
		buffer_append(b, text + from, i - from);
		if (c == '"' || c == '\\') {
			buffer_char(b, '\\');
			buffer_char(b, (char)c);
		} else if (c == '\n' || c == '\t') {
			buffer_char(b, ' ');
		}
		from = i + 1;
	}
	buffer_append(b, text + from, n - from);
	buffer_char(b, '"');
}

/* The comma before a member and its key, in one append: there are many. Keys are our own plain words or ids. */
static void begin(struct buffer *b, const char *key)
{
	char last = b->len > 0 ? b->data[b->len - 1] : '[';
	char text[KEY_BYTES_MAX + 4];
	size_t n = 0, len = key ? strnlen(key, KEY_BYTES_MAX) : 0;

	if (last != '{' && last != '[' && last != ':')
		text[n++] = ',';
	if (key) {
		text[n++] = '"';
		memcpy(text + n, key, len);
		n += len;
		text[n++] = '"';
		text[n++] = ':';
	}
	if (n > 0)
		buffer_append(b, text, n);
}

void json_out_open(struct buffer *b, const char *key, char bracket)
{
	begin(b, key);
	buffer_char(b, bracket);
}

void json_out_close(struct buffer *b, char bracket)
{
	buffer_char(b, bracket);
}

void json_out_text(struct buffer *b, const char *key, const char *text, size_t n)
{
	begin(b, key);
	string(b, text, n);
}

/* Decimal digits of `value` before *end, at least `least` of them. Returns the first. */
static char *digits_before(char *end, uint64_t value, int least)
{
	for (; value > 0 || least > 0; value /= 10, least--)
		*--end = (char)('0' + value % 10);
	return end;
}

void json_out_int(struct buffer *b, const char *key, int64_t value)
{
	char digits[24], *end = digits + sizeof(digits);
	char *at = digits_before(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);

	begin(b, key);
	if (value < 0)
		*--at = '-';
	buffer_append(b, at, (size_t)(end - at));
}

/* Values of up to nine decimals, as most are; printf takes longer for the same text. False when it is none. */
static bool short_decimal(struct buffer *b, double value)
{
	const double scale = 1e9;
	char digits[24], *end = digits + sizeof(digits), *at;
	double scaled = value * scale;
	uint64_t whole;

	if (!(value >= 0) || value >= 1e5 || (double)(uint64_t)(scaled + 0.5) / scale != value)
		return false;
	whole = (uint64_t)(scaled + 0.5);
	if (whole > 0 && value < 1e-4)
		return false; /* written with an exponent */
	at = digits_before(end, whole % (uint64_t)scale, 9);
	while (end > at && end[-1] == '0')
		end--;
	if (end > at)
		*--at = '.';
	at = digits_before(at, whole / (uint64_t)scale, 1);
	buffer_append(b, at, (size_t)(end - at)); /* no room: b->failed tells */
	return true;
}

void json_out_double(struct buffer *b, const char *key, double value)
{
	if (!isfinite(value))
		value = 0;
	begin(b, key);
	if (!short_decimal(b, value))
		buffer_printf(b, "%.15g", value);
}

void json_out_bool(struct buffer *b, const char *key, bool value)
{
	begin(b, key);
	buffer_append(b, value ? "true" : "false", value ? 4 : 5);
}
