#include "base/uuid.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

#include <string.h>

struct uuid uuid_make(void)
{
	struct uuid id;
	uint64_t ms = (uint64_t)clock_wall_ms();

	random_bytes(id.bytes, sizeof id.bytes);
	for (int i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0F) | 0x70);
	id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3F) | 0x80);
	return id;
}

struct uuid uuid_from_bytes(const uint8_t bytes[16])
{
	struct uuid id;

	memcpy(id.bytes, bytes, sizeof id.bytes);
	id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0F) | 0x80);
	id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3F) | 0x80);
	return id;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool uuid_parse(const char *text, struct uuid *out)
{
	struct uuid id;
	int at = 0;

	for (int i = 0; i < 16; i++) {
		int high, low;
		if (i == 4 || i == 6 || i == 8 || i == 10)
			if (text[at++] != '-')
				return false;
		high = hex_digit(text[at]);
		if (high < 0)
			return false;
		low = hex_digit(text[at + 1]);
		if (low < 0)
			return false;
		id.bytes[i] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	if (text[at] != '\0')
		return false;
	*out = id;
	return true;
}

void uuid_to_text(const struct uuid *id, char out[UUID_TEXT_SIZE])
{
	static const int group_bytes[] = { 4, 2, 2, 2, 6 };
	const uint8_t *p = id->bytes;
	char *to = out;

	for (int g = 0; g < 5; g++) {
		text_hex(p, (size_t)group_bytes[g], to);
		p += group_bytes[g];
		to += 2 * group_bytes[g];
		*to++ = g < 4 ? '-' : '\0';
	}
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool uuid_is_zero(const struct uuid *id)
{
	static const struct uuid zero;
	return uuid_equal(id, &zero);
}
