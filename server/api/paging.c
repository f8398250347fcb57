#include "api/paging.h"

#include "api/convert.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000 };

struct status api_page_request(struct arena *arena, const struct api_paging *in, struct page_request *out)
{
	struct page_request page = { .token = in->page_token };

	if (!in->has_limit && !in->has_offset) {
		TRY(api_page_size(arena, in->page_size, &page.size));
		*out = page;
		return STATUS_OK_VALUE;
	}
	if (in->page_size != 0 || *in->page_token)
		return api_bad_field(arena, in->has_offset ? "offset" : "limit",
				     "can't be combined with paging by cursor");
	if (in->has_limit && (in->limit < 1 || in->limit > LIMIT_MAX))
		return api_bad_field(arena, "limit", "must be between 1 and 1000");
	if (in->offset < 0)
		return api_bad_field(arena, "offset", "must not be negative");
	page.size = in->has_limit ? in->limit : LIMIT_DEFAULT;
	page.skip = in->offset;
	*out = page;
	return STATUS_OK_VALUE;
}

struct status api_direction(struct arena *arena, const char *field, Domainflow__V2__SortDirection value,
			    bool by_default, bool *out_descending)
{
	switch (value) {
	case DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_UNSPECIFIED:
		*out_descending = by_default;
		return STATUS_OK_VALUE;
	case DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_ASC:
	case DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_DESC:
		*out_descending = value == DOMAINFLOW__V2__SORT_DIRECTION__SORT_DIRECTION_DESC;
		return STATUS_OK_VALUE;
	default:
		return api_bad_field(arena, field, "is not a value of its enum");
	}
}

struct status api_enabled_filter(struct arena *arena, bool only_enabled, bool is_given, bool is_enabled,
				 enum enabled_filter *out)
{
	if (only_enabled && is_given && !is_enabled)
		return api_bad_field(arena, "isEnabled", "contradicts onlyEnabled");
	*out = only_enabled ? ONLY_ENABLED : !is_given ? ENABLED_OR_NOT : is_enabled ? ONLY_ENABLED : ONLY_DISABLED;
	return STATUS_OK_VALUE;
}
