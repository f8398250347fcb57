#include "extract/links.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of "scheme" before its colon; 0 when there is none. */
static size_t scheme_len(const char *href, size_t n)
{
	size_t i;

	if (n == 0 || !is_letter(href[0]))
		return 0;
	for (i = 1; i < n; i++) {
		if (href[i] == ':')
			return i;
		if (!is_letter(href[i]) && !(href[i] >= '0' && href[i] <= '9') && !strchr("+-.", href[i]))
			return 0;
	}
	return 0;
}

static void skip_www(const char **host, size_t *n)
{
	if (*n > 4 && strncasecmp(*host, "www.", 4) == 0) {
		*host += 4;
		*n -= 4;
	}
	if (*n > 0 && (*host)[*n - 1] == '.')
		(*n)--;
}

/* authority: what follows "//", up to the path. */
static bool same_host(const char *host, const char *authority, size_t n)
{
	const char *at = memrchr(authority, '@', n);
	const char *colon;
	size_t host_len = strlen(host);

	if (at) {
		n -= (size_t)(at + 1 - authority);
		authority = at + 1;
	}
	colon = n > 0 && authority[0] == '[' ? memchr(authority, ']', n) : memchr(authority, ':', n);
	if (colon)
		n = (size_t)(colon - authority) + (*colon == ']' ? 1 : 0);
	skip_www(&authority, &n);
	skip_www(&host, &host_len);
	return n == host_len && strncasecmp(authority, host, n) == 0;
}

enum link_kind link_classify(const char *host, const char *href, size_t n)
{
	size_t scheme, start, end;

	for (; n > 0 && (unsigned char)*href <= ' '; href++)
		n--;
	for (; n > 0 && (unsigned char)href[n - 1] <= ' ';)
		n--;
	if (n == 0 || href[0] == '#')
		return LINK_IGNORED;
	scheme = scheme_len(href, n);
	if (scheme > 0) {
		bool is_http = (scheme == 4 && strncasecmp(href, "http", 4) == 0) ||
			       (scheme == 5 && strncasecmp(href, "https", 5) == 0);

		if (!is_http)
			return LINK_IGNORED;
		start = scheme + 1;
	} else if (n >= 2 && href[0] == '/' && href[1] == '/') {
		start = 0;
	} else {
		return LINK_INTERNAL;
	}
	while (start < n && (href[start] == '/' || href[start] == '\\'))
		start++;
	for (end = start; end < n && !strchr("/\\?#", href[end]); end++)
		;
	return same_host(host, href + start, end - start) ? LINK_INTERNAL : LINK_EXTERNAL;
}
