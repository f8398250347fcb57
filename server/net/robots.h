/* net/robots.h: robots.txt by RFC 9309. Pure: text in, verdict out; safe on any bytes; any thread.
 *
 * Groups for our product token are merged and count; without one those for `*` do. The longest matching pattern wins,
 * Allow on a tie. `*` matches any run, `$` at the end anchors. Escapes are normalised on both sides. */
#ifndef NET_ROBOTS_H
#define NET_ROBOTS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#define ROBOTS_BYTES_MAX   512000 /* RFC 9309 §2.5 asks for at least 500 KiB; the rest is not read */
#define ROBOTS_RULES_MAX   5000
#define ROBOTS_PATTERN_MAX 2048 /* longer patterns are ignored */

struct robots;

/* user_agent: as sent; its product token is the first word, or the one after "compatible;". NULL: out of memory. */
struct robots *robots_parse(const char *text, size_t n, const char *user_agent) MUST_CHECK;
void robots_destroy(struct robots *robots); /* accepts NULL */

/* path: with query, as requested. `robots` NULL allows everything; /robots.txt itself is always allowed. */
bool robots_allows(const struct robots *robots, const char *path);

#endif
