#include "existing.h"

#include "cli.h"
#include "input.h"
#include "output.h"
#include "pb_json.h"
#include "pb_value.h"

#include "base/arena.h"

#include <string.h>

struct search {
	struct cli *cli;
	const char *name, *found;
};

static bool page_search(void *context, const struct page *page, struct status *st)
{
	struct search *s = context;

	for (size_t i = 0; i < page->count && !s->found; i++) {
		if (strcmp(pb_text(s->cli->pages, page->items[i], "name"), s->name) != 0)
			continue;
		s->found = arena_strdup(s->cli->arena, pb_text(s->cli->pages, page->items[i], "id"));
		if (!s->found)
			*st = status_out_of_memory();
	}
	return status_ok(*st) && !s->found;
}

struct status existing_find(struct cli *cli, const struct method *method, ProtobufCMessage *request, const char *items,
			    const char *name, const char **out)
{
	struct search s = { .cli = cli, .name = name };

	TRY(list_pages(cli, cli->pages, method, request, items, -1, page_search, &s));
	*out = s.found;
	return STATUS_OK_VALUE;
}

struct status existing_same(const json_t *wanted, const ProtobufCMessage *existing)
{
	AUTO(json) json_t *have = pb_json(existing);
	char path[128];

	if (!have)
		return status_out_of_memory();
	if (json_is_part(wanted, have, path, sizeof path))
		return STATUS_OK_VALUE;
	return status_make(STATUS_ALREADY_EXISTS, "NAME_TAKEN", "the one of that name has another %s", path);
}
