#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES_MIN 4096
#define BLOCK_BYTES_MAX (256 * 1024)

struct block {
	struct block *next; /* older */
	size_t size, used;  /* bytes of data[] */
	alignas(max_align_t) char data[];
};

struct arena {
	struct block *block; /* the one being filled */
	size_t used, limit;  /* limit 0 = none */
};

struct arena *arena_create(size_t limit_bytes)
{
	struct arena *arena = calloc(1, sizeof *arena);

	if (arena)
		arena->limit = limit_bytes;
	return arena;
}

static void blocks_free(struct block *block)
{
	while (block) {
		struct block *next = block->next;
		free(block);
		block = next;
	}
}

void arena_destroy(struct arena *arena)
{
	if (!arena)
		return;
	blocks_free(arena->block);
	free(arena);
}

void arena_clear(struct arena *arena)
{
	blocks_free(arena->block);
	arena->block = NULL;
	arena->used = 0;
}

void arena_reset(struct arena *arena)
{
	if (arena->block && arena->block->size > BLOCK_BYTES_MAX) {
		arena_clear(arena); /* made for one large thing: not worth keeping */
	} else if (arena->block) {
		blocks_free(arena->block->next);
		arena->block->next = NULL;
		arena->block->used = 0;
	}
	arena->used = 0;
}

static bool block_add(struct arena *arena, size_t bytes)
{
	size_t size = arena->block ? arena->block->size * 2 : BLOCK_BYTES_MIN;
	struct block *block;

	if (size > BLOCK_BYTES_MAX)
		size = BLOCK_BYTES_MAX;
	if (size < bytes)
		size = bytes;
	if (size > SIZE_MAX - sizeof *block)
		return false;
	block = malloc(sizeof *block + size);
	if (!block)
		return false;
	block->size = size;
	block->used = 0;
	block->next = arena->block;
	arena->block = block;
	return true;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	const size_t align = alignof(max_align_t);
	size_t need;
	void *memory;

	if (bytes > SIZE_MAX - align)
		return NULL;
	need = bytes == 0 ? align : (bytes + align - 1) & ~(align - 1);
	if (arena->limit && (need > arena->limit || arena->used > arena->limit - need))
		return NULL;
	if (!arena->block || arena->block->size - arena->block->used < need)
		if (!block_add(arena, need))
			return NULL;
	memory = arena->block->data + arena->block->used;
	arena->block->used += need;
	arena->used += need;
	return memset(memory, 0, need);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return arena_alloc(arena, bytes);
}

char *arena_strndup(struct arena *arena, const char *text, size_t n)
{
	char *copy;

	if (n == SIZE_MAX)
		return NULL;
	copy = arena_alloc(arena, n + 1);
	if (copy && n)
		memcpy(copy, text, n);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text = NULL;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n >= 0)
		text = arena_alloc(arena, (size_t)n + 1);
	if (text)
		vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

#undef status_out_of_memory /* see status.h */
struct status status_out_of_memory(void)
{
	return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "the memory limit of this work is used up");
}
