#include "domainflow/memory.h"

#include "base/arena.h"

struct arena *df_arena_create(size_t limit_bytes)
{
	return arena_create(limit_bytes);
}

void df_arena_reset(struct arena *arena)
{
	arena_reset(arena);
}

void df_arena_destroy(struct arena *arena)
{
	arena_destroy(arena);
}
