#include "extract/parked.h"

#include "base/compiler.h"

#include <string.h>

#define IN_TITLE   1u
#define IN_SNIPPET 2u

static const struct {
	const char *text;
	unsigned where;
	int points;
} signs[] = {
	{ "parked", IN_TITLE, 3 },     { "buy this domain", IN_TITLE, 4 }, { "sedo", IN_SNIPPET, 2 },
	{ "namecheap", IN_SNIPPET, 1 }, { "godaddy", IN_SNIPPET, 1 },       { "coming soon", IN_TITLE | IN_SNIPPET, 2 },
};

static const double threshold = 0.30;

struct parked parked_judge(const char *title, const char *visible)
{
	struct parked result = { 0 };
	int points = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(signs); i++)
		if (((signs[i].where & IN_TITLE) && strcasestr(title, signs[i].text)) ||
		    ((signs[i].where & IN_SNIPPET) && strcasestr(visible, signs[i].text)))
			points += signs[i].points;
	result.confidence = (double)points / PARKED_POINTS_MAX;
	result.is_parked = result.confidence >= threshold;
	return result;
}
