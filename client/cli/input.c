#include "input.h"

#include "cli.h"
#include "command.h"
#include "output.h"
#include "pb_value.h"
#include "resource.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/uuid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 65536

static struct status read_all(FILE *file, struct buffer *out)
{
	while (buffer_reserve(out, CHUNK)) {
		size_t n = fread(out->data + out->len, 1, CHUNK, file);

		out->len += n;
		if (n < CHUNK && ferror(file))
			return status_make(STATUS_INVALID_ARGUMENT, "BAD_INPUT", "%s", strerror(errno));
		if (n < CHUNK)
			return STATUS_OK_VALUE;
	}
	return status_make(STATUS_INVALID_ARGUMENT, "BAD_INPUT", "is larger than %d bytes", INPUT_BYTES_MAX);
}

struct status input_read(const struct cli *cli, json_t **out)
{
	const char *name = cli->options->value[OPTION_FILE], *shown;
	struct buffer text;
	json_t *tree = NULL;
	struct status st;
	FILE *file;

	if (!name)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s needs -f FILE", cli->options->command->name);
	shown = strcmp(name, "-") == 0 ? "standard input" : name;
	file = shown == name ? fopen(name, "re") : stdin;
	if (!file)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_INPUT", "%s: %s", name, strerror(errno));
	buffer_init(&text, INPUT_BYTES_MAX + CHUNK);
	st = read_all(file, &text);
	if (file != stdin)
		fclose(file);
	if (status_ok(st))
		st = json_read(text.data, text.len, INPUT_BYTES_MAX, &tree);
	buffer_done(&text);
	if (!status_ok(st))
		return status_wrap(st, shown);
	if (!json_is_object(tree)) {
		json_decref(tree);
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_INPUT", "%s does not hold a JSON object", shown);
	}
	*out = tree;
	return STATUS_OK_VALUE;
}

/* --- names --------------------------------------------------------------------------------------------------- */

struct search {
	const char *const *names;
	size_t count;
	bool *is_found; /* per name */
	json_t *ids;
};

static struct status id_add(json_t *ids, const char *id)
{
	size_t i;
	json_t *there;

	json_array_foreach (ids, i, there)
		if (json_is_string(there) && strcasecmp(json_string_value(there), id) == 0)
			return STATUS_OK_VALUE;
	return json_array_append_new(ids, json_string(id)) == 0 ? STATUS_OK_VALUE : status_out_of_memory();
}

static bool page_search(void *context, const struct page *page, struct status *st)
{
	struct search *s = context;

	for (size_t i = 0; i < page->count; i++) {
		const char *name = pb_text(NULL, page->items[i], "name");

		for (size_t n = 0; n < s->count; n++) {
			if (strcmp(name, s->names[n]) != 0)
				continue;
			s->is_found[n] = true;
			*st = id_add(s->ids, pb_text(NULL, page->items[i], "id"));
		}
	}
	return status_ok(*st);
}

struct status reference_resolve(struct cli *cli, const struct resource *resource, const char *const *names,
				size_t count, json_t *ids)
{
	ProtobufCMessage *list = pb_make(cli->arena, resource->list->input);
	bool *is_found = arena_array(cli->arena, count + 1, sizeof *is_found), has_names = false;
	struct search search = { .names = names, .count = count, .is_found = is_found, .ids = ids };
	struct uuid id;

	if (!is_found || !list)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++) {
		is_found[i] = uuid_parse(names[i], &id);
		if (is_found[i])
			TRY(id_add(ids, names[i]));
		has_names = has_names || !is_found[i];
	}
	if (has_names)
		TRY(list_pages(cli, cli->pages, resource->list, list, resource->items, -1, page_search, &search));
	for (size_t i = 0; i < count; i++)
		if (!is_found[i])
			return status_make(STATUS_NOT_FOUND, resource->unknown, "there is no %s named %s",
					   resource->noun, names[i]);
	return STATUS_OK_VALUE;
}

/* --- comparing ----------------------------------------------------------------------------------------------- */

static bool object_is_part(const json_t *part, const json_t *whole, char *path, size_t size)
{
	const char *name;
	json_t *member;

	json_object_foreach ((json_t *)(uintptr_t)part, name, member) {
		char inner[128] = "";

		if (json_is_part(member, json_object_get(whole, name), inner, sizeof inner))
			continue;
		snprintf(path, size, "%s%s%s", name, *inner ? "." : "", inner);
		return false;
	}
	return true;
}

bool json_is_part(const json_t *part, const json_t *whole, char *path, size_t size)
{
	if (size)
		path[0] = '\0';
	if (!part || !whole)
		return !part || json_is_null(part);
	if (json_is_object(part) && json_is_object(whole))
		return object_is_part(part, whole, path, size);
	if (json_is_number(part) && json_is_number(whole))
		return json_number_value(part) == json_number_value(whole);
	if (json_is_array(part) && json_is_array(whole)) {
		if (json_array_size(part) != json_array_size(whole))
			return false;
		for (size_t i = 0; i < json_array_size(part); i++) {
			if (!json_is_part(json_array_get(part, i), json_array_get(whole, i), path, size)) {
				snprintf(path, size, "[%zu]", i);
				return false;
			}
		}
		return true;
	}
	return json_equal(part, whole) != 0;
}
