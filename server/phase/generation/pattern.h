/* phase/generation/pattern.h: which names a pattern denotes, and in which order.
 *
 * A pattern is a numbered list of names: offset o has TLD number o mod T and label number o div T; the label number,
 * written with exactly prefix + suffix digits to the base of the charset's size, most significant first, gives the
 * variable characters. Order of charset and TLDs matters: another order is another pattern with another hash.
 *
 *   prefix 3, a–z, "shop", .com:  0 aaashop.com   1 aabshop.com   26 abashop.com
 *
 * Pure values: a pattern borrows its texts from the arena it was made in and may be read by any thread. */
#ifndef PHASE_GENERATION_PATTERN_H
#define PHASE_GENERATION_PATTERN_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define PATTERN_TYPES(X) \
	X(PREFIX, "prefix")     /* VARIABLE constant tld           */ \
	X(SUFFIX, "suffix")     /* constant VARIABLE tld           */ \
	X(BOTH, "both")         /* VARIABLE constant VARIABLE tld  */ \
	X(CONSTANT, "constant") /* constant tld: one name per TLD  */

enum pattern_type {
#define X(name, text) PATTERN_##name,
	PATTERN_TYPES(X)
#undef X
		PATTERN_TYPE_COUNT
};

const char *pattern_type_to_text(enum pattern_type type);
bool pattern_type_from_text(const char *text, enum pattern_type *out);

#define PATTERN_LABEL_MAX   63
#define PATTERN_NAME_MAX    253
#define PATTERN_NAME_SIZE   (PATTERN_NAME_MAX + 1)
#define PATTERN_CHARSET_MAX 37 /* a–z, 0–9 and - */
#define PATTERN_TLDS_MAX    20

struct pattern {
	enum pattern_type type;
	unsigned prefix_length, suffix_length; /* 0 where the type does not use it */
	unsigned charset_size, tld_count;
	char charset[PATTERN_CHARSET_MAX + 1]; /* "" for constant */
	const char *constant;
	const char *tlds[PATTERN_TLDS_MAX]; /* with leading dot */
};

/* What a pattern is made from, as somebody wrote it. */
struct pattern_parts {
	enum pattern_type type;
	const char *constant, *charset;
	int64_t prefix_length, suffix_length;
	const char *const *tlds;
	size_t tld_count;
};

/* Normalises (lower case, first occurrence of each character and TLD kept, what the type does not use dropped) and
 * checks. INVALID_ARGUMENT / VALIDATION_ERROR for: unknown type, negative length, empty charset with a variable
 * length, no TLD, a TLD that is empty, shorter than two or without leading dot, characters no host name has, a label
 * over 63 or a name over 253 characters. */
struct status pattern_make(struct arena *arena, const struct pattern_parts *parts, struct pattern *out) MUST_CHECK;

/* Number of names: charset size ^ (prefix + suffix) × TLDs, at most INT64_MAX. */
int64_t pattern_total(const struct pattern *pattern);

/* The name at an offset. OUT_OF_RANGE / OFFSET_OUT_OF_RANGE when offset is negative or ≥ pattern_total. */
struct status pattern_name(const struct pattern *pattern, int64_t offset, char out[PATTERN_NAME_SIZE]) MUST_CHECK;

/* How many offsets a batch of `size` from `start` has, and where the next one starts: size ≤ 0 gives 0 and start.
 * OUT_OF_RANGE when start is negative or ≥ pattern_total. */
struct status pattern_range(const struct pattern *pattern, int64_t start, int64_t size, int64_t *out_count,
			    int64_t *out_next) MUST_CHECK;

/* A label must not begin or end with '-'. Such names keep their offset but are never generated. */
bool pattern_name_is_valid(const char *name);

/* The JSON that is hashed, and its SHA-256 as 64 lower-case hex digits. NULL when the arena is full. */
char *pattern_hash_json(const struct pattern *pattern, struct arena *arena) MUST_CHECK;
struct status pattern_hash(const struct pattern *pattern, struct arena *arena, char out[65]) MUST_CHECK;

/* --- one name after the other, without divisions ------------------------------------------------------------ */

struct pattern_walk {
	const struct pattern *pattern;
	int64_t next; /* offset the next call looks at first; everything below it is used up */
	int64_t total;
	unsigned digit_count, label_length, tld;
	bool is_behind; /* digits, tld and name still show the name before `next` */
	uint8_t digits[PATTERN_LABEL_MAX];
	uint8_t tld_lengths[PATTERN_TLDS_MAX];
	char name[PATTERN_NAME_SIZE];
};

/* Starts at `start`; OUT_OF_RANGE as pattern_name. The pattern is borrowed for the life of the walk. */
struct status pattern_walk_init(struct pattern_walk *walk, const struct pattern *pattern, int64_t start) MUST_CHECK;

/* The next valid name: its offset, and in walk->name the text with its length. Invalid ones are passed over (whole
 * blocks at a time), so that walk->next may move far. False when there is none left below `end` (exclusive); then
 * walk->next is min(end, total), or stays where it was when that is further. */
bool pattern_walk_next(struct pattern_walk *walk, int64_t end, int64_t *out_offset, size_t *out_length);

#endif
