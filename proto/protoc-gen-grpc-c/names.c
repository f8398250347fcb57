#include "names.h"

#include "base/arena.h"
#include "base/compiler.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* C17 plus the words C23 and the usual headers take away. */
static const char *const keywords[] = {
	"alignas",       "alignof",  "asm",       "auto",         "bool",    "break",    "case",
	"char",          "const",    "constexpr", "continue",     "default", "do",       "double",
	"else",          "enum",     "errno",     "extern",       "false",   "float",    "for",
	"goto",          "if",       "inline",    "int",          "linux",   "long",     "nullptr",
	"register",      "restrict", "return",    "short",        "signed",  "sizeof",   "static",
	"static_assert", "struct",   "switch",    "thread_local", "true",    "typedef",  "typeof",
	"typeof_unqual", "union",    "unix",      "unsigned",     "void",    "volatile", "while",
};

static char *scratch(struct arena *arena, size_t bytes)
{
	char *memory = arena_alloc(arena, bytes);

	if (!memory)
		abort();
	return memory;
}

bool name_is_keyword(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		if (strcmp(keywords[i], word) == 0)
			return true;
	return false;
}

/* Doubles every dot into "__", upper-cases the first letter of each part, drops underscores inside a part. */
const char *name_pb_type(struct arena *arena, const char *full_name)
{
	char *out = scratch(arena, 2 * strlen(full_name) + 1), *o = out;
	bool upper = true;

	for (const char *p = full_name; *p; p++) {
		if (*p == '.') {
			*o++ = '_';
			*o++ = '_';
			upper = true;
		} else if (*p == '_') {
			upper = true;
		} else {
			*o++ = (char)(upper ? toupper((unsigned char)*p) : *p);
			upper = false;
		}
	}
	return out;
}

/* Splits only where a capital follows something that is not one. */
const char *name_pb_stem(struct arena *arena, const char *full_name)
{
	char *out = scratch(arena, 2 * strlen(full_name) + 1), *o = out;
	bool was_upper = true;

	for (const char *p = full_name; *p; p++) {
		bool is_upper = isupper((unsigned char)*p);

		if (*p == '.') {
			*o++ = '_';
			*o++ = '_';
			was_upper = true;
			continue;
		}
		if (is_upper && !was_upper)
			*o++ = '_';
		*o++ = (char)tolower((unsigned char)*p);
		was_upper = is_upper;
	}
	return out;
}

static size_t snake(const char *camel, size_t n, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)camel[i];
		bool after_lower =
			i > 0 && (islower((unsigned char)camel[i - 1]) || isdigit((unsigned char)camel[i - 1]));
		bool ends_acronym = i > 0 && isupper((unsigned char)camel[i - 1]) && i + 1 < n &&
				    islower((unsigned char)camel[i + 1]);

		if (isupper(c) && (after_lower || ends_acronym))
			out[len++] = '_';
		out[len++] = (char)tolower(c);
	}
	out[len] = '\0';
	return len;
}

const char *name_member(struct arena *arena, const char *camel)
{
	char *out = scratch(arena, 2 * strlen(camel) + 2);
	size_t len = snake(camel, strlen(camel), out);

	if (name_is_keyword(out)) {
		out[len++] = '_';
		out[len] = '\0';
	}
	return out;
}

const char *name_service(struct arena *arena, const char *package, const char *service)
{
	static const char tail[] = "Service";
	size_t n = strlen(service), package_len = strlen(package);
	char *out = scratch(arena, package_len + 2 * n + 2), *o = out;

	for (const char *p = package; *p; p++)
		*o++ = (char)(*p == '.' ? '_' : tolower((unsigned char)*p));
	if (package_len)
		*o++ = '_';
	if (n > strlen(tail) && strcmp(service + n - strlen(tail), tail) == 0)
		n -= strlen(tail);
	snake(service, n, o);
	return out;
}

const char *name_guard(struct arena *arena, const char *path, const char *suffix)
{
	const char *stem = name_stem(arena, path);
	char *out = scratch(arena, strlen(stem) + strlen(suffix) + 1), *o = out;

	for (const char *p = stem; *p; p++)
		*o++ = (char)(isalnum((unsigned char)*p) ? toupper((unsigned char)*p) : '_');
	memcpy(o, suffix, strlen(suffix) + 1);
	return out;
}

const char *name_stem(struct arena *arena, const char *path)
{
	size_t n = strlen(path);
	char *out;

	if (n > 6 && strcmp(path + n - 6, ".proto") == 0)
		n -= 6;
	out = scratch(arena, n + 1);
	memcpy(out, path, n);
	return out;
}
