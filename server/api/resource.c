#include "api/resource.h"

#include "base/arena.h"

struct status api_about(struct arena *arena, struct status st, const char *type, const char *name)
{
	if (st.code == STATUS_NOT_FOUND || st.code == STATUS_ALREADY_EXISTS) {
		struct status_extra *extra = status_extra_of(&st, arena);
		extra->resource_type = type;
		extra->resource_name = arena_strdup(arena, name);
	}
	return st;
}
