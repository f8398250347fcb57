/* base/page_token.h: where a list goes on. Opaque to clients: a position in the list's order, bound to the list and its
 * filters by a checksum, so that a token of another list, another filter or somebody's keyboard is refused instead of
 * quietly giving other rows. It is no secret and no proof: whoever can list may go on from anywhere.
 * Pure; any thread. */
#ifndef BASE_PAGE_TOKEN_H
#define BASE_PAGE_TOKEN_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define PAGE_TOKEN_KEY_MAX 1024 /* bytes of a position's text: a name of 255 characters fits */

/* Which page of a list is wanted. */
struct page_request {
	int32_t size;      /* more than 0 */
	const char *token; /* where the page before ended; "" for the first page */
	int32_t skip;      /* rows to leave out first; 0 with a token */
};

/* The last row of the page before. What a list does not sort by stays zero, or "". */
struct page_position {
	int64_t number;
	const char *text;
	struct uuid id;
};

/* filter: the list's name and everything that selects or orders its rows, in one text ("campaigns draft shop").
 * NULL when the arena is full or the text too long. */
char *page_token_make(struct arena *arena, const char *filter, const struct page_position *at) MUST_CHECK;

/* INVALID_ARGUMENT / PAGE_TOKEN_INVALID, naming pageToken, for anything that page_token_make did not make with this
 * filter. */
struct status page_token_read(struct arena *arena, const char *filter, const char *token,
			      struct page_position *out) MUST_CHECK;

/* --- what every list does ------------------------------------------------------------------------------------- */

/* The position a page begins after: *has_after is false when it begins at the start. PAGE_TOKEN_INVALID. */
struct status page_list_begin(struct arena *arena, const char *filter, const struct page_request *page, bool *has_after,
			      struct page_position *out) MUST_CHECK;

/* Lists read one row more than a page has. Cuts *count to the page and gives the token of the next one, "" when there
 * is none. `last` is the position of row number page->size - 1, and is only read when there are more. */
struct status page_list_end(struct arena *arena, const char *filter, const struct page_request *page, size_t *count,
			    const struct page_position *last, const char **out_token) MUST_CHECK;

#endif
