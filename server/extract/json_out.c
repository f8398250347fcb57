#include "extract/json_out.h"

#include "base/buffer.h"

#include <inttypes.h>
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
	begin(b, key);
	buffer_printf(b, "%" PRId64, value);
}

void json_out_double(struct buffer *b, const char *key, double value)
{
	begin(b, key);
	buffer_printf(b, "%.15g", isfinite(value) ? value : 0.0);
}

void json_out_bool(struct buffer *b, const char *key, bool value)
{
	begin(b, key);
	buffer_append(b, value ? "true" : "false", value ? 4 : 5);
}
