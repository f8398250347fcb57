#include "extract/entity.h"

#include "base/compiler.h"

#include <string.h>

struct entity {
	const char *name;
	const char *value;
};

static const struct entity entities[] = {
#define ENTITY(entity_name, utf8) { entity_name, utf8 },
#include "extract/entities.inc"
#undef ENTITY
};

static const uint16_t c1_code_points[32] = {
	0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
	0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
};

static const struct entity *find_exact(const char *name, size_t n)
{
	size_t low = 0, high = ARRAY_LEN(entities);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strncmp(name, entities[mid].name, n);

		if (order == 0 && entities[mid].name[n] != '\0')
			order = -1; /* the table's name is longer, so it sorts later */
		if (order == 0)
			return &entities[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

size_t entity_find(const char *name, size_t n, const char **out)
{
	if (n > ENTITY_NAME_MAX)
		n = ENTITY_NAME_MAX;
	for (; n >= 2; n--) {
		const struct entity *found = find_exact(name, n);

		if (found) {
			*out = found->value;
			return n;
		}
	}
	return 0;
}

uint32_t entity_code_point(uint32_t number)
{
	if (number == 0 || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF))
		return 0xFFFD;
	if (number >= 0x80 && number < 0xA0)
		return c1_code_points[number - 0x80];
	return number;
}
