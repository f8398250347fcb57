#include "base/text.h"

#include "base/arena.h"

#include <openssl/sha.h>
#include <string.h>

unsigned utf8_read(const unsigned char *p, const unsigned char *end, uint32_t *out)
{
	size_t left = (size_t)(end - p);
	unsigned char c;

	if (left == 0)
		return 0;
	c = p[0];
	if (c < 0x80) {
		*out = c;
		return 1;
	}
	if (c < 0xC2)
		return 0;
	if (c < 0xE0) {
		if (left < 2 || (p[1] & 0xC0) != 0x80)
			return 0;
		*out = (uint32_t)(c & 0x1F) << 6 | (p[1] & 0x3F);
		return 2;
	}
	if (c < 0xF0) {
		if (left < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80)
			return 0;
		*out = (uint32_t)(c & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
		return *out < 0x800 || (*out >= 0xD800 && *out <= 0xDFFF) ? 0 : 3;
	}
	if (c < 0xF5) {
		if (left < 4 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80 || (p[3] & 0xC0) != 0x80)
			return 0;
		*out = (uint32_t)(c & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 |
		       (p[3] & 0x3F);
		return *out < 0x10000 || *out > 0x10FFFF ? 0 : 4;
	}
	return 0;
}

unsigned utf8_write(uint32_t cp, char out[4])
{
	if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		cp = 0xFFFD;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

bool utf8_valid(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + n;
	uint32_t cp;

	while (p < end) {
		unsigned len = utf8_read(p, end, &cp);
		if (len == 0)
			return false;
		p += len;
	}
	return true;
}

size_t utf8_cut(const char *text, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80)
		max--;
	return max;
}

char *text_clean(struct arena *arena, const char *text, size_t n, size_t max_bytes)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + n;
	size_t len = 0, bound = n > max_bytes / 3 ? max_bytes : n * 3; /* a bad byte grows to three */
	char *copy = arena_alloc(arena, bound + 1);

	if (!copy)
		return NULL;
	for (;;) {
		char piece[4];
		uint32_t cp = 0xFFFD;
		unsigned took, wrote;

		while (p < end && len < bound && *p >= 0x20 && *p < 0x7F)
			copy[len++] = (char)*p++;
		if (p == end)
			break;
		took = utf8_read(p, end, &cp);
		p += took ? took : 1;
		if (took && ((cp < 0x20 && cp != '\t' && cp != '\n') || (cp >= 0x7F && cp < 0xA0)))
			continue;
		wrote = utf8_write(took ? cp : 0xFFFD, piece);
		if (len + wrote > bound)
			break;
		memcpy(copy + len, piece, wrote);
		len += wrote;
	}
	copy[len] = '\0';
	return copy;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *text_trim(struct arena *arena, const char *text)
{
	size_t n = strlen(text);

	while (n && is_space(text[n - 1]))
		n--;
	while (n && is_space(*text)) {
		text++;
		n--;
	}
	return arena_strndup(arena, text, n);
}

void text_lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

bool text_equal_fold(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char x = *a, y = *b;
		if (x >= 'A' && x <= 'Z')
			x = (char)(x - 'A' + 'a');
		if (y >= 'A' && y <= 'Z')
			y = (char)(y - 'A' + 'a');
		if (x != y)
			return false;
	}
	return *a == *b;
}

void text_hex(const void *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

void text_sha256_hex(const void *bytes, size_t n, char out[65])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(bytes, n, digest);
	text_hex(digest, sizeof digest, out);
}
