#include "extract/parked.h"

#include "base/compiler.h"
#include "extract/fold.h"
#include "extract/page.h"

#include <string.h>

#define IN_TITLE   1u
#define IN_SNIPPET 2u

static const struct {
	const char *text;
	unsigned where;
	int points;
} signs[] = {
	{ "parked", IN_TITLE, 3 },      { "buy this domain", IN_TITLE, 4 }, { "sedo", IN_SNIPPET, 2 },
	{ "namecheap", IN_SNIPPET, 1 }, { "godaddy", IN_SNIPPET, 1 },       { "coming soon", IN_TITLE | IN_SNIPPET, 2 },
};

static const double threshold = 0.30;

/* Folded copy of the part that counts; folding never makes text longer. */
static void fold_copy(const char *text, char *out, size_t capacity)
{
	size_t n = 0;

	(void)fold_text(text, strnlen(text, capacity - 1), out, &n, NULL); /* fails only with a map */
	out[n] = '\0';
}

struct parked parked_judge(const char *title, const char *visible)
{
	char folded_title[PAGE_TITLE_CHARS_MAX * 4 + 1], folded_visible[PAGE_VISIBLE_BYTES + 1];
	struct parked result = { 0 };
	int points = 0;
	size_t i;

	fold_copy(title, folded_title, sizeof(folded_title));
	fold_copy(visible, folded_visible, sizeof(folded_visible));
	for (i = 0; i < ARRAY_LEN(signs); i++)
		if (((signs[i].where & IN_TITLE) && strstr(folded_title, signs[i].text)) ||
		    ((signs[i].where & IN_SNIPPET) && strstr(folded_visible, signs[i].text)))
			points += signs[i].points;
	result.confidence = (double)points / PARKED_POINTS_MAX;
	result.is_parked = result.confidence >= threshold;
	return result;
}
