#include "extract/html_tags.h"

#include <string.h>

/* Entry 0 is the name nobody has. */
static const struct html_tag_info tags[] = {
	[0] = { .name = "" },
#define TAG(number, slot, text, kind, tag_flags) [number] = { text, sizeof(text) - 1, HTML_##kind, tag_flags },
#include "extract/tags.inc"
#undef TAG
};

/* Small, to stay in the cache: which entry a slot holds. */
static const uint8_t slots[512] = {
#define TAG(number, slot, text, kind, tag_flags) [slot] = number,
#include "extract/tags.inc"
#undef TAG
};

const struct html_tag_info *html_tag_find(const char name[HTML_TAG_NAME_BYTES], size_t n)
{
	const unsigned char *c = (const unsigned char *)name;
	const struct html_tag_info *info;
	uint64_t given[2], known[2];

	if (n == 0 || n >= HTML_TAG_NAME_BYTES)
		return &tags[0];
	info = &tags[slots[TAG_HASH((unsigned)n, c[0], n > 1 ? c[1] : 0u, c[n - 1])]];
	memcpy(given, name, sizeof(given));
	memcpy(known, info->name, sizeof(known));
	return given[0] == known[0] && given[1] == known[1] ? info : &tags[0];
}
