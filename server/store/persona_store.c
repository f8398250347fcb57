#include "store/persona_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

#include <string.h>

static struct status unknown_persona(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_to_text(id, text);
	return status_make(STATUS_NOT_FOUND, "PERSONA_UNKNOWN", "there is no persona %s", text);
}

static struct status name_taken(struct store_tx *tx, struct status st, const char *name)
{
	if (st.code == STATUS_ALREADY_EXISTS && strcmp(store_tx_constraint(tx), "personas_name") == 0)
		return status_make(STATUS_ALREADY_EXISTS, "PERSONA_NAME_TAKEN",
				   "there is a persona of this type named '%.100s'", name);
	return st;
}

static void take_type(struct row *row, enum persona_type *out)
{
	const char *word = take_text(row, "persona_type");

	if (word)
		persona_type_from_text(word, out);
}

static void take_persona(struct row *row, struct persona *p)
{
	p->id = take_uuid(row, "id");
	p->name = take_text(row, "name");
	take_type(row, &p->type);
	p->description = take_text(row, "description");
	p->is_enabled = take_bool(row, "is_enabled");
	p->config_details = take_text(row, "config_details");
	p->created_at_ms = take_timestamp_ms(row, "created_at");
	p->updated_at_ms = take_timestamp_ms(row, "updated_at");
}

struct status store_persona_insert(struct store_tx *tx, const char *workspace, struct persona *persona)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct status st;

	st = store_query(tx, sql_persona_insert, &rows, P_UUID(&persona->id), P_TEXT(workspace), P_TEXT(persona->name),
			 P_TEXT(persona_type_to_text(persona->type)), P_TEXT(persona->description),
			 P_BOOL(persona->is_enabled), P_JSON(persona->config_details));
	if (!status_ok(st))
		return name_taken(tx, st, persona->name);
	TRY(row_timestamp_ms(rows, 0, "created_at", &persona->created_at_ms));
	return row_timestamp_ms(rows, 0, "updated_at", &persona->updated_at_ms);
}

static struct status get_by(struct store_tx *tx, const struct sql_statement *sql, const struct uuid *id,
			    const char *workspace, struct arena *arena, struct persona *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct persona persona = { 0 };
	struct row row;

	TRY(store_query(tx, sql, &rows, P_UUID(id), P_TEXT(workspace)));
	row_begin(&row, rows, arena);
	if (!row_next(&row))
		return unknown_persona(id);
	take_persona(&row, &persona);
	TRY(row_status(&row));
	*out = persona;
	return STATUS_OK_VALUE;
}

struct status store_persona_get(struct store_tx *tx, const struct uuid *id, const char *workspace, struct arena *arena,
				struct persona *out)
{
	return get_by(tx, sql_persona_get, id, workspace, arena, out);
}

struct status store_persona_lock(struct store_tx *tx, const struct uuid *id, const char *workspace, struct arena *arena,
				 struct persona *out)
{
	return get_by(tx, sql_persona_lock, id, workspace, arena, out);
}

struct status store_persona_save(struct store_tx *tx, struct persona *persona)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct status st;

	st = store_query(tx, sql_persona_save, &rows, P_UUID(&persona->id), P_TEXT(persona->name),
			 P_TEXT(persona->description), P_BOOL(persona->is_enabled), P_JSON(persona->config_details));
	if (!status_ok(st))
		return name_taken(tx, st, persona->name);
	return row_timestamp_ms(rows, 0, "updated_at", &persona->updated_at_ms);
}

struct status store_persona_in_use(struct store_tx *tx, const struct uuid *id, const char *workspace, bool *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_persona_in_use, &rows, P_UUID(id), P_TEXT(workspace)));
	return row_bool(rows, 0, "any", out);
}

struct status store_persona_delete(struct store_tx *tx, const struct uuid *id)
{
	return store_execute(tx, sql_persona_delete, NULL, P_UUID(id));
}

static struct persona *array_for(struct arena *arena, const PGresult *rows)
{
	return arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof(struct persona));
}

struct status store_persona_list(struct store_tx *tx, const char *workspace, const struct persona_filter *filter,
				 struct arena *arena, struct persona **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct persona *personas;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_persona_list, &rows, P_TEXT(workspace),
			P_TEXT(filter->has_type ? persona_type_to_text(filter->type) : NULL),
			P_IF(filter->enabled, P_BOOL(filter->enabled == ONLY_ENABLED)), P_TEXT(filter->after_name),
			P_UUID(&filter->after_id), P_INT(filter->limit), P_INT(filter->skip)));
	personas = array_for(arena, rows);
	if (!personas)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row);)
		take_persona(&row, &personas[n++]);
	TRY(row_status(&row));
	*out = personas;
	*out_count = n;
	return STATUS_OK_VALUE;
}

struct status store_persona_count(struct store_tx *tx, const char *workspace, const struct persona_filter *filter,
				  int32_t *out)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(store_query(tx, sql_persona_count, &rows, P_TEXT(workspace),
			P_TEXT(filter->has_type ? persona_type_to_text(filter->type) : NULL),
			P_IF(filter->enabled, P_BOOL(filter->enabled == ONLY_ENABLED))));
	return row_count(rows, out);
}

struct status store_persona_reference(struct store_tx *tx, const struct uuid *ids, size_t count, const char *workspace,
				      struct arena *arena, struct persona **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct persona *personas;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_persona_reference, &rows, P_UUID_ARRAY(ids, count), P_TEXT(workspace)));
	personas = array_for(arena, rows);
	if (!personas)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		personas[n].id = take_uuid(&row, "id");
		take_type(&row, &personas[n].type);
		personas[n].is_enabled = take_bool(&row, "is_enabled");
	}
	TRY(row_status(&row));
	*out = personas;
	*out_count = n;
	return STATUS_OK_VALUE;
}
