#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 256

void buffer_init(struct buffer *b, size_t limit)
{
	*b = (struct buffer){ .limit = limit };
}

void buffer_done(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ .limit = b->limit };
}

void buffer_clear(struct buffer *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

bool buffer_reserve(struct buffer *b, size_t n)
{
	size_t need, capacity;
	char *data;

	if (__builtin_add_overflow(b->len, n, &need) || need == SIZE_MAX || (b->limit && need > b->limit)) {
		b->failed = true;
		return false;
	}
	if (need + 1 <= b->capacity)
		return true;
	capacity = b->capacity ? b->capacity : CAPACITY_MIN;
	while (capacity < need + 1)
		capacity = capacity > SIZE_MAX / 2 ? need + 1 : capacity * 2;
	data = realloc(b->data, capacity);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->capacity = capacity;
	return true;
}

bool buffer_append(struct buffer *b, const void *bytes, size_t n)
{
	if (!buffer_reserve(b, n))
		return false;
	if (n)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
	return true;
}

bool buffer_text(struct buffer *b, const char *text)
{
	return buffer_append(b, text, strlen(text));
}

bool buffer_char(struct buffer *b, char c)
{
	return buffer_append(b, &c, 1);
}

bool buffer_printf(struct buffer *b, const char *format, ...)
{
	va_list args, again;
	int n;
	bool ok = false;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n >= 0 && buffer_reserve(b, (size_t)n)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
		ok = true;
	}
	va_end(again);
	va_end(args);
	return ok;
}
