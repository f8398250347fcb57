#include "extract/json_out.h"

#include "base/buffer.h"

#include <math.h>
#include <string.h>

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

/* The comma before a member and its key. */
static void begin(struct buffer *b, const char *key)
{
	char last = b->len > 0 ? b->data[b->len - 1] : '[';

	if (last != '{' && last != '[' && last != ':')
		buffer_char(b, ',');
	if (key) {
		string(b, key, strlen(key));
		buffer_char(b, ':');
	}
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

void json_out_int(struct buffer *b, const char *key, int64_t value)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	begin(b, key);
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		*--at = '-';
	buffer_append(b, at, (size_t)(digits + sizeof(digits) - at));
}

void json_out_double(struct buffer *b, const char *key, double value)
{
	if (!isfinite(value))
		value = 0;
	if (fabs(value) < 1e15 && value == floor(value)) {
		json_out_int(b, key, (int64_t)value); /* what %.15g writes, sooner */
		return;
	}
	begin(b, key);
	buffer_printf(b, "%.15g", value);
}

void json_out_bool(struct buffer *b, const char *key, bool value)
{
	begin(b, key);
	buffer_append(b, value ? "true" : "false", value ? 4 : 5);
}
