#include "store/instance_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

struct status store_instances_list(struct store_tx *tx, int32_t limit, struct arena *arena, struct instance **out,
				   size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct instance *list;
	struct row row;
	size_t n = 0;

	TRY(store_query(tx, sql_instances_list, &rows, P_INT(INSTANCE_DEAD_MS), P_INT(limit)));
	list = arena_array(arena, (size_t)PQntuples(rows) + 1, sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); n++) {
		list[n].id = take_uuid(&row, "id");
		list[n].roles = take_texts(&row, "roles", &list[n].role_count);
		list[n].address = take_text(&row, "address");
		list[n].version = take_text(&row, "version");
		list[n].started_at_ms = take_timestamp_ms(&row, "started_at");
		list[n].heartbeat_at_ms = take_timestamp_ms(&row, "heartbeat_at");
		list[n].is_alive = take_bool(&row, "is_alive");
	}
	TRY(row_status(&row));
	*out = list;
	*out_count = n;
	return STATUS_OK_VALUE;
}
