/* domainflow/memory.h: where responses and the details of failures live, for programs outside this repository
 * (inside it, base/arena.h is the same thing). Threads: one at a time per arena. */
#ifndef DOMAINFLOW_MEMORY_H
#define DOMAINFLOW_MEMORY_H

#include "base/compiler.h"

#include <stddef.h>

struct arena;

/* limit_bytes: the most it may hold, 0 for no limit; beyond it calls fail with RESOURCE_EXHAUSTED / OUT_OF_MEMORY.
 * NULL when memory is short. */
struct arena *df_arena_create(size_t limit_bytes) MUST_CHECK;
/* Forgets everything that was put in; what it pointed to is gone. */
void df_arena_reset(struct arena *arena);
void df_arena_destroy(struct arena *arena); /* accepts NULL */

#endif
