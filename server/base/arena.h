/* base/arena.h: memory with one lifetime, released in one stroke.
 *
 * Threads: one at a time. Memory is zeroed and aligned for any type. With a limit, an arena that is full
 * returns NULL and stays usable; STATUS_RESOURCE_EXHAUSTED is the caller's answer. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/auto.h"
#include "base/compiler.h"
#include "base/status.h"

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* limit_bytes: total that may be handed out; 0 means no limit. NULL when out of memory. */
struct arena *arena_create(size_t limit_bytes) MUST_CHECK;
void arena_destroy(struct arena *arena); /* accepts NULL */
/* Forgets everything handed out, keeps the first block for reuse. */
void arena_reset(struct arena *arena);
/* The same, but keeps nothing: for an arena that will be idle. */
void arena_clear(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t bytes) MUST_CHECK;
/* count × size with an overflow check. */
void *arena_array(struct arena *arena, size_t count, size_t size) MUST_CHECK;
char *arena_strdup(struct arena *arena, const char *text) MUST_CHECK;
/* Copies n bytes and adds a NUL. */
char *arena_strndup(struct arena *arena, const char *text, size_t n) MUST_CHECK;
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
char *arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0) MUST_CHECK;
/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

/* What to return when an arena call gave NULL. */
struct status status_out_of_memory(void) MUST_CHECK;
#ifdef __clang_analyzer__ /* see status.h */
#define status_out_of_memory() ((struct status){ .code = STATUS_RESOURCE_EXHAUSTED, .reason = "" })
#endif

static inline void auto_arena(struct arena **arena)
{
	arena_destroy(*arena);
}

#endif
