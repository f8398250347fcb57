/* Arenas: what is handed out is zeroed and apart, forgetting makes room again. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define LIMIT 1000000

/* Fills the arena with pieces of 1000 bytes; returns how many it had. */
static int fill(struct arena *arena)
{
	static const char zeros[1000];
	int count = 0;

	for (;; count++) {
		char *piece = arena_alloc(arena, sizeof zeros);

		if (!piece)
			return count;
		assert_memory_equal(piece, zeros, sizeof zeros);
		memset(piece, 0xAA, sizeof zeros);
	}
}

static void an_arena_forgets_and_serves_again(void **state)
{
	struct arena *arena = arena_create(LIMIT);
	int count = fill(arena);

	(void)state;
	assert_true(count > 900);
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	assert_int_equal(fill(arena), count);
	arena_clear(arena);
	assert_int_equal(arena_used(arena), 0);
	assert_int_equal(fill(arena), count);
	arena_clear(arena);
	arena_clear(arena);
	arena_destroy(arena);
}

static void one_piece_may_be_larger_than_any_block(void **state)
{
	struct arena *arena = arena_create(0);
	char *large = arena_array(arena, 1000, 1000);

	(void)state;
	assert_non_null(large);
	assert_int_equal(large[999999], 0);
	assert_null(arena_array(arena, SIZE_MAX, 2));
	assert_string_equal(arena_strdup(arena, "still there"), "still there");
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arena_forgets_and_serves_again),
		cmocka_unit_test(one_piece_may_be_larger_than_any_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
