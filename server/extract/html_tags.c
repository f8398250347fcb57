#include "extract/html_tags.h"

#include <string.h>

/* Defines TAG_HASH; TAG expands to nothing the first time. */
#define TAG(slot, text, kind, tag_flags)
#include "extract/tags.inc"
#undef TAG

static const struct html_tag_info tag_slots[512] = {
#define TAG(slot, text, kind, tag_flags) [slot] = { text, sizeof(text) - 1, HTML_##kind, tag_flags },
#include "extract/tags.inc"
#undef TAG
};

static const struct html_tag_info unknown_tag = { .name = "" };

const struct html_tag_info *html_tag_find(const char name[HTML_TAG_NAME_BYTES], size_t n)
{
	const unsigned char *c = (const unsigned char *)name;
	const struct html_tag_info *info;
	uint64_t given[2], known[2];

	if (n == 0 || n >= HTML_TAG_NAME_BYTES)
		return &unknown_tag;
	info = &tag_slots[TAG_HASH((unsigned)n, c[0], n > 1 ? c[1] : 0u, c[n - 1])];
	memcpy(given, name, sizeof(given));
	memcpy(known, info->name, sizeof(known));
	return given[0] == known[0] && given[1] == known[1] ? info : &unknown_tag;
}
