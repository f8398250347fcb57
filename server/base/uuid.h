/* base/uuid.h: RFC 9562 identifiers as sixteen bytes. Values; any thread. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

struct uuid {
	uint8_t bytes[16];
};

#define UUID_TEXT_SIZE 37 /* 36 characters and the NUL */

/* A version 7 id: 48 bits of milliseconds, the rest random, so that keys arrive in order. */
struct uuid uuid_make(void);
/* Version 8 (RFC 9562 §5.8) from sixteen bytes of our own choosing; version and variant bits are overwritten. */
struct uuid uuid_from_bytes(const uint8_t bytes[16]);
/* Accepts 8-4-4-4-12 hex digits in either case, nothing else. */
bool uuid_parse(const char *text, struct uuid *out);
/* Lower case. */
void uuid_to_text(const struct uuid *id, char out[UUID_TEXT_SIZE]);
bool uuid_equal(const struct uuid *a, const struct uuid *b);
bool uuid_is_zero(const struct uuid *id);

#endif
