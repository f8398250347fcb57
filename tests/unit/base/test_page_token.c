#include "base/page_token.h"

#include "base/arena.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static struct arena *arena;

static void a_position_survives_the_round_trip(void **state)
{
	struct page_position at = { .number = -1234567890123, .text = "schöne Domains", .id = { { 1, 2, 3, 255 } } };
	struct page_position extremes = { .number = INT64_MIN, .text = "" };
	struct page_position back;
	char *token;

	(void)state;
	token = page_token_make(arena, "campaigns draft", &at);
	assert_non_null(token);
	assert_true(status_ok(page_token_read(arena, "campaigns draft", token, &back)));
	assert_true(back.number == at.number);
	assert_string_equal(back.text, at.text);
	assert_true(uuid_equal(&back.id, &at.id));
	token = page_token_make(arena, "", &extremes);
	assert_true(status_ok(page_token_read(arena, "", token, &back)));
	assert_true(back.number == INT64_MIN);
	assert_string_equal(back.text, "");
}

static void a_token_of_another_filter_is_refused(void **state)
{
	struct page_position at = { .number = 7, .text = "x" }, back;
	char *token = page_token_make(arena, "campaigns draft", &at);

	(void)state;
	struct status st = page_token_read(arena, "campaigns running", token, &back);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_string_equal(st.reason, "PAGE_TOKEN_INVALID");
}

static void no_altered_token_is_accepted(void **state)
{
	static const char alphabet[] = "ABCXYZabcxyz019-_=+/ \x80.";
	struct page_position at = { .number = 42, .text = "name" }, back;
	char *token = page_token_make(arena, "f", &at);
	char altered[256];
	struct rng rng;

	(void)state;
	rng_init(&rng, 4);
	for (int round = 0; round < 20000; round++) {
		size_t n = strlen(token);
		strcpy(altered, token);
		switch (rng_below(&rng, 3)) {
		case 0:
			altered[rng_below(&rng, n)] = alphabet[rng_below(&rng, sizeof alphabet - 1)];
			break;
		case 1:
			altered[rng_below(&rng, n)] = '\0';
			break;
		default:
			altered[n] = alphabet[rng_below(&rng, sizeof alphabet - 1)];
			altered[n + 1] = '\0';
			break;
		}
		if (strcmp(altered, token) != 0)
			assert_false(status_ok(page_token_read(arena, "f", altered, &back)));
	}
}

static void noise_is_refused(void **state)
{
	char noise[1200];
	struct page_position back;
	struct rng rng;

	(void)state;
	rng_init(&rng, 5);
	for (int round = 0; round < 5000; round++) {
		size_t n = rng_below(&rng, sizeof noise - 1);
		for (size_t i = 0; i < n; i++)
			noise[i] = (char)(1 + rng_below(&rng, 255));
		noise[n] = '\0';
		assert_false(status_ok(page_token_read(arena, "f", noise, &back)));
	}
	memset(noise, 'A', sizeof noise - 1);
	noise[sizeof noise - 1] = '\0';
	assert_false(status_ok(page_token_read(arena, "f", noise, &back)));
	assert_false(status_ok(page_token_read(arena, "f", "", &back)));
}

static void a_text_that_is_too_long_makes_no_token(void **state)
{
	static char text[PAGE_TOKEN_KEY_MAX + 2];
	struct page_position at = { .text = text }, back;

	(void)state;
	memset(text, 'x', PAGE_TOKEN_KEY_MAX + 1);
	assert_null(page_token_make(arena, "f", &at));
	text[PAGE_TOKEN_KEY_MAX] = '\0';
	assert_true(status_ok(page_token_read(arena, "f", page_token_make(arena, "f", &at), &back)));
	assert_string_equal(back.text, text);
}

static int arena_up(void **state)
{
	(void)state;
	arena = arena_create(0);
	return arena ? 0 : -1;
}

static int arena_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_position_survives_the_round_trip),
		cmocka_unit_test(a_token_of_another_filter_is_refused),
		cmocka_unit_test(no_altered_token_is_accepted),
		cmocka_unit_test(noise_is_refused),
		cmocka_unit_test(a_text_that_is_too_long_makes_no_token),
	};

	return cmocka_run_group_tests(tests, arena_up, arena_down);
}
