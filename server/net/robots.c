#include "net/robots.h"

#include "base/buffer.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 64, PATH_MAX_BYTES = 3 * 4096 + 1 };

struct rule {
	size_t pattern; /* offset in text */
	size_t length;
	bool allow;
	bool for_us; /* from a group that names our token, else from one for `*` */
};

struct robots {
	struct rule *rules;
	size_t count, capacity;
	struct buffer text;
	bool names_us;
};

/* What the lines read so far belong to. */
struct group {
	bool us, everyone;
	bool has_rules; /* the next User-agent line starts a new group */
};

static bool token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static void product_token(const char *user_agent, char out[TOKEN_MAX])
{
	const char *compatible = strstr(user_agent, "compatible;");
	size_t n = 0;

	if (compatible)
		user_agent = compatible + strlen("compatible;");
	while (*user_agent == ' ')
		user_agent++;
	while (n < TOKEN_MAX - 1 && token_char(user_agent[n]))
		n++;
	memcpy(out, user_agent, n);
	out[n] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

static size_t put_escaped(char *out, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";

	out[0] = '%';
	out[1] = digits[c >> 4];
	out[2] = digits[c & 15];
	return 3;
}

/* One spelling for equal URLs: escapes of unreserved characters are undone, other escapes upper case, raw bytes beyond
 * ASCII escaped. Writes at most 3n bytes. */
static size_t normalise(const char *in, size_t n, char *out)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)in[i];

		if (c == '%' && i + 2 < n && hex_value(in[i + 1]) >= 0 && hex_value(in[i + 2]) >= 0) {
			c = (unsigned char)(hex_value(in[i + 1]) * 16 + hex_value(in[i + 2]));
			i += 2;
			if (unreserved(c))
				out[length++] = (char)c;
			else
				length += put_escaped(out + length, c);
		} else if (c >= 128) {
			length += put_escaped(out + length, c);
		} else {
			out[length++] = (char)c;
		}
	}
	return length;
}

static bool add_rule(struct robots *r, const char *pattern, size_t n, bool allow, bool for_us)
{
	char normal[3 * ROBOTS_PATTERN_MAX];
	size_t length;

	if (n == 0 || n > ROBOTS_PATTERN_MAX || r->count == ROBOTS_RULES_MAX)
		return true;
	if (r->count == r->capacity) {
		size_t capacity = r->capacity ? r->capacity * 2 : 16;
		struct rule *rules = realloc(r->rules, capacity * sizeof *rules);

		if (!rules)
			return false;
		r->rules = rules;
		r->capacity = capacity;
	}
	length = normalise(pattern, n, normal);
	r->rules[r->count++] =
		(struct rule){ .pattern = r->text.len, .length = length, .allow = allow, .for_us = for_us };
	return buffer_append(&r->text, normal, length);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool key_is(const char *key, size_t n, const char *word)
{
	if (n != strlen(word))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((key[i] | 32) != word[i] && key[i] != word[i])
			return false;
	return true;
}

static void read_agent(struct robots *r, struct group *g, const char *value, size_t n, const char *token)
{
	char name[TOKEN_MAX];
	size_t length = 0;

	if (g->has_rules)
		*g = (struct group){ 0 };
	if (n == 1 && value[0] == '*') {
		g->everyone = true;
		return;
	}
	while (length < n && length < TOKEN_MAX - 1 && token_char(value[length]))
		length++;
	memcpy(name, value, length);
	name[length] = '\0';
	if (length > 0 && text_equal_fold(name, token)) {
		g->us = true;
		r->names_us = true;
	}
}

static bool read_line(struct robots *r, struct group *g, const char *line, size_t n, const char *token)
{
	const char *hash = memchr(line, '#', n), *colon, *value;
	size_t key, length;
	bool allow;

	if (hash)
		n = (size_t)(hash - line);
	while (n > 0 && is_space(*line)) {
		line++;
		n--;
	}
	colon = memchr(line, ':', n);
	if (!colon)
		return true;
	key = (size_t)(colon - line);
	while (key > 0 && is_space(line[key - 1]))
		key--;
	value = colon + 1;
	length = n - (size_t)(value - line);
	while (length > 0 && is_space(*value)) {
		value++;
		length--;
	}
	while (length > 0 && is_space(value[length - 1]))
		length--;
	if (key_is(line, key, "user-agent")) {
		read_agent(r, g, value, length, token);
		return true;
	}
	allow = key_is(line, key, "allow");
	if (!allow && !key_is(line, key, "disallow"))
		return true;
	g->has_rules = true;
	if (g->us && !add_rule(r, value, length, allow, true))
		return false;
	return !g->everyone || add_rule(r, value, length, allow, false);
}

struct robots *robots_parse(const char *text, size_t n, const char *user_agent)
{
	struct robots *r = calloc(1, sizeof *r);
	struct group g = { 0 };
	char token[TOKEN_MAX];
	size_t at = 0;

	if (!r)
		return NULL;
	buffer_init(&r->text, 3 * (size_t)ROBOTS_BYTES_MAX);
	product_token(user_agent, token);
	if (n > ROBOTS_BYTES_MAX)
		n = ROBOTS_BYTES_MAX;
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	while (at < n) {
		size_t end = at;

		while (end < n && text[end] != '\n' && text[end] != '\r')
			end++;
		if (!read_line(r, &g, text + at, end - at, token)) {
			robots_destroy(r);
			return NULL;
		}
		at = end + 1;
	}
	return r;
}

void robots_destroy(struct robots *r)
{
	if (!r)
		return;
	buffer_done(&r->text);
	free(r->rules);
	free(r);
}

/* Greedy: each piece between stars is taken at its first place, so the work is linear in path and pattern. */
static bool pattern_matches(const char *pattern, size_t n, const char *path, size_t path_n)
{
	bool anchored = n > 0 && pattern[n - 1] == '$';
	size_t at = 0;
	bool first = true;

	if (anchored)
		n--;
	for (;;) {
		const char *star = memchr(pattern, '*', n);
		size_t piece = star ? (size_t)(star - pattern) : n;

		if (!star && anchored) {
			if (first)
				return piece == path_n && memcmp(pattern, path, piece) == 0;
			return path_n - at >= piece && memcmp(path + path_n - piece, pattern, piece) == 0;
		}
		if (first) {
			if (piece > path_n || memcmp(path, pattern, piece) != 0)
				return false;
			at = piece;
		} else if (piece > 0) {
			const char *hit = memmem(path + at, path_n - at, pattern, piece);

			if (!hit)
				return false;
			at = (size_t)(hit - path) + piece;
		}
		if (!star)
			return true;
		first = false;
		pattern = star + 1;
		n -= piece + 1;
	}
}

bool robots_allows(const struct robots *r, const char *path)
{
	char normal[PATH_MAX_BYTES];
	size_t n = strlen(path), longest = 0;
	bool allowed = true;

	if (!r || strcmp(path, "/robots.txt") == 0)
		return true;
	if (n > sizeof normal / 3)
		n = sizeof normal / 3;
	n = normalise(path, n, normal);
	for (size_t i = 0; i < r->count; i++) {
		const struct rule *rule = &r->rules[i];

		if (rule->for_us != r->names_us || rule->length < longest)
			continue;
		if (!pattern_matches(r->text.data + rule->pattern, rule->length, normal, n))
			continue;
		allowed = rule->length > longest ? rule->allow : allowed || rule->allow;
		longest = rule->length;
	}
	return allowed;
}
