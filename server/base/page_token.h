/* base/page_token.h: where a list goes on. Opaque to clients: a position in the list's order, bound to the list and its
 * filters by a checksum, so that a token of another list, another filter or somebody's keyboard is refused instead of
 * quietly giving other rows. It is no secret and no proof: whoever can list may go on from anywhere.
 * Pure; any thread. */
#ifndef BASE_PAGE_TOKEN_H
#define BASE_PAGE_TOKEN_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdint.h>

struct arena;

#define PAGE_TOKEN_KEY_MAX 600 /* bytes of a position's text */

/* The last row of the page before. What a list does not sort by stays zero, or "". */
struct page_position {
	int64_t number;
	const char *text;
	struct uuid id;
};

/* filter: the list's name and everything that selects or orders its rows, in one text ("campaigns draft shop").
 * NULL when the arena is full or the text too long. */
char *page_token_make(struct arena *arena, const char *filter, const struct page_position *at) MUST_CHECK;

/* INVALID_ARGUMENT / PAGE_TOKEN_INVALID for anything that page_token_make did not make with this filter. */
struct status page_token_read(struct arena *arena, const char *filter, const char *token,
			      struct page_position *out) MUST_CHECK;

#endif
