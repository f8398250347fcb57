#include "base/page_token.h"

#include "base/arena.h"

#include <openssl/sha.h>
#include <string.h>

/* check (8) version (1) number (8, big endian) id (16) text (rest), in base64url without padding (RFC 4648 §5). */
enum {
	CHECK_BYTES = 8,
	VERSION = 1,
	FIXED_BYTES = CHECK_BYTES + 1 + 8 + 16,
	BYTES_MAX = FIXED_BYTES + PAGE_TOKEN_KEY_MAX
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void checksum(const char *filter, const uint8_t *bytes, size_t n, uint8_t out[CHECK_BYTES])
{
	uint8_t filter_hash[SHA256_DIGEST_LENGTH], all[SHA256_DIGEST_LENGTH + BYTES_MAX], hash[SHA256_DIGEST_LENGTH];

	SHA256((const uint8_t *)filter, strlen(filter), filter_hash);
	memcpy(all, filter_hash, sizeof filter_hash);
	memcpy(all + sizeof filter_hash, bytes, n);
	SHA256(all, sizeof filter_hash + n, hash);
	memcpy(out, hash, CHECK_BYTES);
}

static char *encode(struct arena *arena, const uint8_t *bytes, size_t n)
{
	char *text = arena_alloc(arena, (n * 4 + 2) / 3 + 1);
	size_t length = 0;

	for (size_t bit = 0; text && bit < n * 8; bit += 6) {
		unsigned pair = (unsigned)bytes[bit / 8] << 8 | (bit / 8 + 1 < n ? bytes[bit / 8 + 1] : 0u);
		text[length++] = digits[pair >> (10 - bit % 8) & 63];
	}
	return text;
}

/* Number of bytes, or 0 when the text is not one that encode makes. */
static size_t decode(const char *text, uint8_t out[BYTES_MAX])
{
	size_t length = strlen(text), n = length * 6 / 8;
	unsigned held = 0, bits = 0;
	size_t at = 0;

	if (n > BYTES_MAX || (n * 8 + 5) / 6 != length)
		return 0;
	for (size_t i = 0; i < length; i++) {
		const char *digit = strchr(digits, text[i]);
		if (!digit)
			return 0;
		held = (held << 6 | (unsigned)(digit - digits)) & 0xfff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[at++] = (uint8_t)(held >> bits);
		}
	}
	return (held & ((1u << bits) - 1)) == 0 ? at : 0;
}

char *page_token_make(struct arena *arena, const char *filter, const struct page_position *at)
{
	uint8_t bytes[BYTES_MAX];
	const char *text = at->text ? at->text : "";
	size_t text_length = strlen(text);

	if (text_length > PAGE_TOKEN_KEY_MAX)
		return NULL;
	bytes[CHECK_BYTES] = VERSION;
	for (unsigned i = 0; i < 8; i++)
		bytes[CHECK_BYTES + 1 + i] = (uint8_t)((uint64_t)at->number >> (56 - 8 * i));
	memcpy(bytes + CHECK_BYTES + 9, at->id.bytes, 16);
	memcpy(bytes + FIXED_BYTES, text, text_length);
	checksum(filter, bytes + CHECK_BYTES, FIXED_BYTES - CHECK_BYTES + text_length, bytes);
	return encode(arena, bytes, FIXED_BYTES + text_length);
}

static struct status invalid(struct arena *arena)
{
	struct violations violations;
	struct status st;

	violations_init(&violations, arena);
	violations_add(&violations, "pageToken", "PAGE_TOKEN_INVALID", "does not belong to this list and filter");
	st = violations_status(&violations);
	st.reason = "PAGE_TOKEN_INVALID";
	return st;
}

struct status page_token_read(struct arena *arena, const char *filter, const char *token, struct page_position *out)
{
	uint8_t bytes[BYTES_MAX], check[CHECK_BYTES];
	struct page_position at = { 0 };
	uint64_t number = 0;
	size_t n = decode(token, bytes);

	if (n >= FIXED_BYTES)
		checksum(filter, bytes + CHECK_BYTES, n - CHECK_BYTES, check);
	if (n < FIXED_BYTES || bytes[CHECK_BYTES] != VERSION || memcmp(check, bytes, CHECK_BYTES) != 0)
		return invalid(arena);
	for (unsigned i = 0; i < 8; i++)
		number = number << 8 | bytes[CHECK_BYTES + 1 + i];
	at.number = (int64_t)number;
	memcpy(at.id.bytes, bytes + CHECK_BYTES + 9, 16);
	at.text = arena_strndup(arena, (const char *)bytes + FIXED_BYTES, n - FIXED_BYTES);
	if (!at.text)
		return status_out_of_memory();
	*out = at;
	return STATUS_OK_VALUE;
}

struct status page_list_begin(struct arena *arena, const char *filter, const struct page_request *page, bool *has_after,
			      struct page_position *out)
{
	if (!filter)
		return status_out_of_memory();
	*has_after = *page->token != '\0';
	return *has_after ? page_token_read(arena, filter, page->token, out) : STATUS_OK_VALUE;
}

struct status page_list_end(struct arena *arena, const char *filter, const struct page_request *page, size_t *count,
			    const struct page_position *last, const char **out_token)
{
	char *token;

	*out_token = "";
	if (*count <= (size_t)page->size)
		return STATUS_OK_VALUE;
	*count = (size_t)page->size;
	token = page_token_make(arena, filter, last);
	if (!token)
		return status_out_of_memory();
	*out_token = token;
	return STATUS_OK_VALUE;
}
