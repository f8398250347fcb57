#include "catalog/persona.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/json.h"
#include "catalog/details.h"
#include "store/persona_store.h"

#include <string.h>

static const char DETAILS_FIELD[] = "configDetails";

/* Checks the settings of one type; *out is their normalised text. */
static struct status normalise(const char *text, enum persona_type type, struct violations *violations,
			       const char **out)
{
	AUTO(json) json_t *object = NULL;
	struct arena *arena = violations->arena;
	unsigned before = violations->count;

	if (!*text)
		text = "{}";
	TRY(status_wrap(json_read(text, strlen(text), DETAILS_BYTES_MAX, &object), DETAILS_FIELD));
	if (type == PERSONA_TYPE_DNS) {
		struct dns_persona dns;
		TRY(dns_persona_read(object, DETAILS_FIELD, arena, violations, &dns));
		*out = violations->count == before ? dns_persona_write(&dns, arena) : "{}";
	} else {
		struct http_persona http;
		TRY(http_persona_read(object, DETAILS_FIELD, arena, violations, &http));
		*out = violations->count == before ? http_persona_write(&http, arena) : "{}";
	}
	return *out ? STATUS_OK_VALUE : status_out_of_memory();
}

struct status persona_create(struct store_tx *tx, const char *workspace, const struct persona_create *request,
			     struct arena *arena, struct persona *out)
{
	struct persona persona = { .id = uuid_make(), .type = request->type, .is_enabled = !request->is_disabled };
	struct violations violations;

	violations_init(&violations, arena);
	TRY(check_name(&violations, "name", request->name, &persona.name));
	TRY(check_prose(&violations, "description", request->description, CHECK_DESCRIPTION_CHARS,
			&persona.description));
	if (request->has_type)
		TRY(normalise(request->config_details, request->type, &violations, &persona.config_details));
	else
		violations_add(&violations, "personaType", "REQUIRED_FIELD", "must be dns or http");
	TRY(violations_status(&violations));
	TRY(store_persona_insert(tx, workspace, &persona));
	*out = persona;
	return STATUS_OK_VALUE;
}

struct status persona_get(struct store_tx *tx, const char *workspace, const struct uuid *id, struct arena *arena,
			  struct persona *out)
{
	return store_persona_get(tx, id, workspace, arena, out);
}

struct status persona_list(struct store_tx *tx, const char *workspace, const struct persona_query *query,
			   struct arena *arena, struct persona_page *out)
{
	const char *type = query->has_type ? persona_type_to_text(query->type) : "any";
	const char *scope = arena_printf(arena, "personas %s %s %d", workspace, type, (int)query->enabled);
	struct persona_filter filter = { .has_type = query->has_type,
					 .type = query->type,
					 .enabled = query->enabled,
					 .limit =
						 query->page.size + 1, /* one more tells whether there is a next page */
					 .skip = query->page.skip };
	struct page_position at = { 0 };
	struct persona_page page;
	bool has_after;

	TRY(page_list_begin(arena, scope, &query->page, &has_after, &at));
	filter.after_name = has_after ? at.text : NULL;
	filter.after_id = at.id;
	TRY(store_persona_list(tx, workspace, &filter, arena, &page.personas, &page.count));
	TRY(store_persona_count(tx, workspace, &filter, &page.total));
	if (page.count > (size_t)query->page.size) {
		const struct persona *last = &page.personas[query->page.size - 1];
		at = (struct page_position){ .text = last->name, .id = last->id };
	}
	TRY(page_list_end(arena, scope, &query->page, &page.count, &at, &page.next_page_token));
	*out = page;
	return STATUS_OK_VALUE;
}

struct status persona_update(struct store_tx *tx, const char *workspace, const struct uuid *id,
			     const struct persona_update *request, struct arena *arena, struct persona *out)
{
	struct violations violations;
	struct persona persona;

	violations_init(&violations, arena);
	TRY(store_persona_lock(tx, id, workspace, arena, &persona));
	if (request->name)
		TRY(check_name(&violations, "name", request->name, &persona.name));
	if (request->description)
		TRY(check_prose(&violations, "description", request->description, CHECK_DESCRIPTION_CHARS,
				&persona.description));
	if (request->config_details)
		TRY(normalise(request->config_details, persona.type, &violations, &persona.config_details));
	if (request->is_enabled)
		persona.is_enabled = *request->is_enabled;
	TRY(violations_status(&violations));
	TRY(store_persona_save(tx, &persona));
	*out = persona;
	return STATUS_OK_VALUE;
}

struct status persona_delete(struct store_tx *tx, const char *workspace, const struct uuid *id, struct arena *arena)
{
	struct persona persona;
	bool in_use;

	TRY(store_persona_lock(tx, id, workspace, arena, &persona));
	TRY(store_persona_in_use(tx, id, workspace, &in_use));
	if (in_use)
		return status_make(STATUS_FAILED_PRECONDITION, "PERSONA_IN_USE",
				   "a configured, running or paused phase uses this persona");
	return store_persona_delete(tx, id);
}

/* --- for the phases ------------------------------------------------------------------------------------------- */

static struct status load(struct store_tx *tx, const struct uuid *id, enum persona_type type, struct arena *arena,
			  struct persona *out)
{
	struct status st = store_persona_get(tx, id, NULL, arena, out);
	char text[UUID_TEXT_SIZE];

	uuid_to_text(id, text);
	if (st.code == STATUS_NOT_FOUND)
		return status_make(STATUS_FAILED_PRECONDITION, "PERSONA_UNUSABLE", "persona %s does not exist any more",
				   text);
	TRY(st);
	if (!out->is_enabled)
		return status_make(STATUS_FAILED_PRECONDITION, "PERSONA_UNUSABLE", "persona '%.80s' is disabled",
				   out->name);
	if (out->type != type)
		return status_make(STATUS_FAILED_PRECONDITION, "PERSONA_UNUSABLE", "persona '%.80s' is no %s persona",
				   out->name, persona_type_to_text(type));
	return STATUS_OK_VALUE;
}

struct status persona_load_dns(struct store_tx *tx, const struct uuid *id, struct arena *arena, struct dns_persona *out)
{
	struct persona persona;

	TRY(load(tx, id, PERSONA_TYPE_DNS, arena, &persona));
	return dns_persona_parse(persona.config_details, arena, out);
}

struct status persona_load_http(struct store_tx *tx, const struct uuid *id, struct arena *arena,
				struct http_persona *out)
{
	struct persona persona;

	TRY(load(tx, id, PERSONA_TYPE_HTTP, arena, &persona));
	return http_persona_parse(persona.config_details, arena, out);
}
