#include "phase/generation/pattern.h"

#include "base/arena.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *const type_words[] = {
#define X(name, text) text,
	PATTERN_TYPES(X)
#undef X
};

const char *pattern_type_to_text(enum pattern_type type)
{
	return (unsigned)type < PATTERN_TYPE_COUNT ? type_words[type] : "?";
}

bool pattern_type_from_text(const char *text, enum pattern_type *out)
{
	for (unsigned i = 0; i < PATTERN_TYPE_COUNT; i++) {
		if (strcmp(text, type_words[i]) == 0) {
			*out = (enum pattern_type)i;
			return true;
		}
	}
	return false;
}

/* --- making --------------------------------------------------------------------------------------------------- */

#define WRONG(...) status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR", __VA_ARGS__)

static bool is_host_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static struct status make_charset(const char *text, struct pattern *p)
{
	for (; *text; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + 'a' - 'A') : *text;
		if (!is_host_character(c))
			return WRONG("the charset may only have a-z, 0-9 and -");
		if (!memchr(p->charset, c, p->charset_size))
			p->charset[p->charset_size++] = c;
	}
	if (p->charset_size == 0 && p->prefix_length + p->suffix_length > 0)
		return WRONG("a pattern with a variable part needs a charset");
	return STATUS_OK_VALUE;
}

static struct status make_constant(struct arena *arena, const char *text, struct pattern *p)
{
	char *constant = text_trim(arena, text);

	if (!constant)
		return status_out_of_memory();
	text_lower(constant);
	for (const char *c = constant; *c; c++)
		if (!is_host_character(*c))
			return WRONG("the constant may only have a-z, 0-9 and -");
	p->constant = constant;
	return STATUS_OK_VALUE;
}

static struct status make_tld(struct arena *arena, const char *text, struct pattern *p)
{
	char *tld;

	if (!*text)
		return WRONG("a TLD is empty");
	if (text[0] != '.')
		return WRONG("TLD '%.60s' has no leading dot", text);
	if (strlen(text) < 2)
		return WRONG("TLD '%.60s' is too short", text);
	tld = arena_strdup(arena, text);
	if (!tld)
		return status_out_of_memory();
	text_lower(tld);
	for (const char *c = tld; *c; c++)
		if (*c != '.' && !is_host_character(*c))
			return WRONG("TLD '%.60s' has a character that no name has", text);
	for (unsigned i = 0; i < p->tld_count; i++)
		if (strcmp(p->tlds[i], tld) == 0)
			return STATUS_OK_VALUE;
	if (p->tld_count == PATTERN_TLDS_MAX)
		return WRONG("a pattern may have at most 20 TLDs");
	p->tlds[p->tld_count++] = tld;
	return STATUS_OK_VALUE;
}

static struct status check_lengths(const struct pattern *p)
{
	size_t label = p->prefix_length + p->suffix_length + strlen(p->constant);

	if (label > PATTERN_LABEL_MAX)
		return WRONG("variable and constant part have more than 63 characters together");
	if (label == 0)
		return WRONG("the pattern has neither a variable nor a constant part");
	for (unsigned i = 0; i < p->tld_count; i++)
		if (label + strlen(p->tlds[i]) > PATTERN_NAME_MAX)
			return WRONG("with TLD '%.60s' names have more than 253 characters", p->tlds[i]);
	return STATUS_OK_VALUE;
}

struct status pattern_make(struct arena *arena, const struct pattern_parts *parts, struct pattern *out)
{
	struct pattern p = { .type = parts->type };
	bool has_prefix = parts->type == PATTERN_PREFIX || parts->type == PATTERN_BOTH;
	bool has_suffix = parts->type == PATTERN_SUFFIX || parts->type == PATTERN_BOTH;

	if ((unsigned)parts->type >= PATTERN_TYPE_COUNT)
		return WRONG("unknown pattern type");
	if (parts->prefix_length < 0 || parts->suffix_length < 0)
		return WRONG("a variable length is negative");
	if (parts->prefix_length > PATTERN_LABEL_MAX || parts->suffix_length > PATTERN_LABEL_MAX)
		return WRONG("a variable length is more than 63");
	p.prefix_length = has_prefix ? (unsigned)parts->prefix_length : 0;
	p.suffix_length = has_suffix ? (unsigned)parts->suffix_length : 0;
	if (parts->type != PATTERN_CONSTANT)
		TRY(make_charset(parts->charset, &p));
	TRY(make_constant(arena, parts->constant, &p));
	if (parts->tld_count == 0)
		return WRONG("a pattern needs a TLD");
	for (size_t i = 0; i < parts->tld_count; i++)
		TRY(make_tld(arena, parts->tlds[i], &p));
	TRY(check_lengths(&p));
	*out = p;
	return STATUS_OK_VALUE;
}

/* --- offsets and names ---------------------------------------------------------------------------------------- */

/* a × b for non-negative numbers, at most INT64_MAX. */
static int64_t times(int64_t a, int64_t b)
{
	int64_t product;

	return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static unsigned digit_count(const struct pattern *pattern)
{
	return pattern->prefix_length + pattern->suffix_length;
}

/* Offsets that share their first `n` digits. */
static int64_t block_size(const struct pattern *pattern, unsigned n)
{
	int64_t size = pattern->tld_count;

	for (unsigned i = n; i < digit_count(pattern); i++)
		size = times(size, pattern->charset_size);
	return size;
}

int64_t pattern_total(const struct pattern *pattern)
{
	return block_size(pattern, 0);
}

static struct status check_offset(const struct pattern *pattern, int64_t offset)
{
	if (offset < 0 || offset >= pattern_total(pattern))
		return status_make(STATUS_OUT_OF_RANGE, "OFFSET_OUT_OF_RANGE",
				   "offset %lld is out of range: the pattern has %lld names", (long long)offset,
				   (long long)pattern_total(pattern));
	return STATUS_OK_VALUE;
}

/* Where the i-th variable character stands in the name. */
static size_t digit_position(const struct pattern *pattern, size_t constant_length, unsigned i)
{
	return i < pattern->prefix_length ? i : i + constant_length;
}

struct status pattern_name(const struct pattern *pattern, int64_t offset, char out[PATTERN_NAME_SIZE])
{
	size_t constant_length = strlen(pattern->constant);
	size_t label_length = digit_count(pattern) + constant_length;
	const char *tld;
	int64_t number;

	TRY(check_offset(pattern, offset));
	number = offset / pattern->tld_count;
	tld = pattern->tlds[offset % pattern->tld_count];
	for (unsigned i = digit_count(pattern); i-- > 0; number /= pattern->charset_size)
		out[digit_position(pattern, constant_length, i)] = pattern->charset[number % pattern->charset_size];
	memcpy(out + pattern->prefix_length, pattern->constant, constant_length);
	memcpy(out + label_length, tld, strlen(tld) + 1);
	return STATUS_OK_VALUE;
}

struct status pattern_range(const struct pattern *pattern, int64_t start, int64_t size, int64_t *out_count,
			    int64_t *out_next)
{
	int64_t left;

	if (size <= 0) {
		*out_count = 0;
		*out_next = start;
		return STATUS_OK_VALUE;
	}
	TRY(check_offset(pattern, start));
	left = pattern_total(pattern) - start;
	*out_count = size < left ? size : left;
	*out_next = start + *out_count;
	return STATUS_OK_VALUE;
}

bool pattern_name_is_valid(const char *name)
{
	size_t label_length = strcspn(name, ".");

	return label_length > 0 && name[0] != '-' && name[label_length - 1] != '-';
}

char *pattern_hash_json(const struct pattern *pattern, struct arena *arena)
{
	char tlds[PATTERN_TLDS_MAX * (PATTERN_NAME_SIZE + 1)];
	size_t n = 0;

	for (unsigned i = 0; i < pattern->tld_count; i++) {
		size_t length = strlen(pattern->tlds[i]);
		if (i > 0)
			tlds[n++] = ',';
		memcpy(tlds + n, pattern->tlds[i], length);
		n += length;
	}
	tlds[n] = '\0';
	/* Nothing needs escaping: pattern_make lets only a-z, 0-9, - and . through. */
	return arena_printf(arena,
			    "{\"patternType\":\"%s\",\"prefixVariableLength\":%u,\"suffixVariableLength\":%u,"
			    "\"characterSet\":\"%s\",\"constantString\":\"%s\",\"tld\":\"%s\"}",
			    pattern_type_to_text(pattern->type), pattern->prefix_length, pattern->suffix_length,
			    pattern->charset, pattern->constant, tlds);
}

struct status pattern_hash(const struct pattern *pattern, struct arena *arena, char out[65])
{
	const char *json = pattern_hash_json(pattern, arena);

	if (!json)
		return status_out_of_memory();
	text_sha256_hex(json, strlen(json), out);
	return STATUS_OK_VALUE;
}

/* --- walking -------------------------------------------------------------------------------------------------- */

static void show_digit(struct pattern_walk *walk, unsigned i)
{
	const struct pattern *pattern = walk->pattern;
	size_t constant_length = walk->label_length - walk->digit_count;

	walk->name[digit_position(pattern, constant_length, i)] = pattern->charset[walk->digits[i]];
}

/* Sets digits and TLD to those of `offset`; at the end there are none. */
static void walk_seek(struct pattern_walk *walk, int64_t offset)
{
	const struct pattern *pattern = walk->pattern;
	int64_t number = offset / pattern->tld_count;

	walk->next = offset;
	walk->is_behind = false;
	if (offset >= walk->total)
		return;
	walk->tld = (unsigned)(offset % pattern->tld_count);
	for (unsigned i = walk->digit_count; i-- > 0; number /= pattern->charset_size) {
		walk->digits[i] = (uint8_t)(number % pattern->charset_size);
		show_digit(walk, i);
	}
}

struct status pattern_walk_init(struct pattern_walk *walk, const struct pattern *pattern, int64_t start)
{
	size_t constant_length = strlen(pattern->constant);

	TRY(check_offset(pattern, start));
	*walk = (struct pattern_walk){ .pattern = pattern,
				       .total = pattern_total(pattern),
				       .digit_count = digit_count(pattern),
				       .label_length = digit_count(pattern) + (unsigned)constant_length };
	for (unsigned i = 0; i < pattern->tld_count; i++)
		walk->tld_lengths[i] = (uint8_t)strlen(pattern->tlds[i]);
	memcpy(walk->name + pattern->prefix_length, pattern->constant, constant_length);
	walk_seek(walk, start);
	return STATUS_OK_VALUE;
}

/* Moves digits and TLD on to walk->next. */
static void walk_step(struct pattern_walk *walk)
{
	walk->is_behind = false;
	if (++walk->tld < walk->pattern->tld_count)
		return;
	walk->tld = 0;
	for (unsigned i = walk->digit_count; i-- > 0;) {
		if (++walk->digits[i] < walk->pattern->charset_size) {
			show_digit(walk, i);
			return;
		}
		walk->digits[i] = 0;
		show_digit(walk, i);
	}
}

/* First offset after `offset` that does not share its first n digits. */
static int64_t after_block(const struct pattern_walk *walk, unsigned n)
{
	int64_t size = block_size(walk->pattern, n);
	int64_t next;

	if (__builtin_mul_overflow(walk->next / size + 1, size, &next) || next > walk->total)
		return walk->total;
	return next;
}

/* Where to look when the name at walk->next begins or ends with '-': after everything that does so for the same
 * reason. walk->next itself when the name is valid. */
static int64_t after_invalid(const struct pattern_walk *walk)
{
	const struct pattern *pattern = walk->pattern;

	if (walk->name[0] == '-')
		return pattern->prefix_length > 0 || !*pattern->constant ? after_block(walk, 1) : walk->total;
	if (walk->name[walk->label_length - 1] == '-')
		return pattern->suffix_length > 0 || !*pattern->constant ? after_block(walk, walk->digit_count)
									 : walk->total;
	return walk->next;
}

bool pattern_walk_next(struct pattern_walk *walk, int64_t end, int64_t *out_offset, size_t *out_length)
{
	if (end > walk->total)
		end = walk->total;
	if (walk->is_behind && walk->next < end)
		walk_step(walk);
	while (walk->next < end) {
		int64_t valid_from = after_invalid(walk);
		unsigned tld = walk->tld;
		if (valid_from != walk->next) {
			walk_seek(walk, valid_from < end ? valid_from : end);
			continue;
		}
		*out_offset = walk->next;
		*out_length = walk->label_length + walk->tld_lengths[tld];
		memcpy(walk->name + walk->label_length, walk->pattern->tlds[tld], walk->tld_lengths[tld] + 1u);
		walk->next++;
		walk->is_behind = true; /* the caller still reads walk->name */
		return true;
	}
	return false;
}
