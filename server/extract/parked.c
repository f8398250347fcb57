#include "extract/parked.h"

#include "base/compiler.h"
#include "base/text.h"
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

/* Lower-case copy of the part that counts. */
static void lower_copy(const char *text, char *out, size_t capacity)
{
	size_t n = strnlen(text, capacity - 1);

	memcpy(out, text, n);
	out[n] = '\0';
	text_lower(out);
}

struct parked parked_judge(const char *title, const char *visible)
{
	char lower_title[PAGE_TITLE_CHARS_MAX * 4 + 1], lower_visible[PAGE_VISIBLE_BYTES + 1];
	struct parked result = { 0 };
	int points = 0;
	size_t i;

	lower_copy(title, lower_title, sizeof(lower_title));
	lower_copy(visible, lower_visible, sizeof(lower_visible));
	for (i = 0; i < ARRAY_LEN(signs); i++)
		if (((signs[i].where & IN_TITLE) && strstr(lower_title, signs[i].text)) ||
		    ((signs[i].where & IN_SNIPPET) && strstr(lower_visible, signs[i].text)))
			points += signs[i].points;
	result.confidence = (double)points / PARKED_POINTS_MAX;
	result.is_parked = result.confidence >= threshold;
	return result;
}
