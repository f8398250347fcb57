/* api/paging.h: which page of a list a request asks for: by page token, or by limit and offset. Pure. */
#ifndef API_PAGING_H
#define API_PAGING_H

#include "api/pb.h"
#include "base/page_token.h"
#include "base/status.h"
#include "model/catalog.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* As it was sent. */
struct api_paging {
	int32_t page_size;
	const char *page_token; /* "" for none */
	bool has_limit, has_offset;
	int32_t limit, offset;
};

/* Of any request with the fields page_size, page_token, and limit and offset as oneofs of one. */
#define API_PAGING(in) \
	((struct api_paging){ .page_size = (in)->page_size, \
			      .page_token = (in)->page_token, \
			      .has_limit = (in)->limit_value_case != 0, \
			      .has_offset = (in)->offset_value_case != 0, \
			      .limit = (in)->limit_value_case ? (in)->limit : 0, \
			      .offset = (in)->offset_value_case ? (in)->offset : 0 })

/* page_size: 0 → 100, more than 1000 → 1000. limit: 1..1000, 100 when only an offset is given. INVALID_ARGUMENT /
 * BAD_REQUEST naming the field for a negative page_size or offset, a limit out of range, and for both ways at once. */
struct status api_page_request(struct arena *arena, const struct api_paging *in, struct page_request *out) MUST_CHECK;

/* Unspecified: `by_default`. BAD_REQUEST naming the field for a value that is none. */
struct status api_direction(struct arena *arena, const char *field, Domainflow__V2__SortDirection value,
			    bool by_default, bool *out_descending) MUST_CHECK;

/* Of a filter that may be absent: is_given says whether it is there. only_enabled is an older way to say true. */
struct status api_enabled_filter(struct arena *arena, bool only_enabled, bool is_given, bool is_enabled,
				 enum enabled_filter *out) MUST_CHECK;

#endif
