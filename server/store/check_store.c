#include "store/check_store.h"

#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"
#include "store/tx.h"

struct status store_check(struct store_pool *pool, int64_t deadline_ms, struct arena *arena, struct store_check *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct store_check check;
	struct row row;

	TRY(store_single(pool, deadline_ms, &tx));
	TRY(store_query(tx, sql_server_check, &rows));
	row_begin(&row, rows, arena);
	row_next(&row);
	check.version = take_text(&row, "version");
	check.now_ms = take_timestamp_ms(&row, "now");
	check.schema_version = take_int64_or(&row, "schema_version", 0);
	check.is_dirty = take_bool_or(&row, "is_dirty", false);
	TRY(row_status(&row));
	*out = check;
	return STATUS_OK_VALUE;
}
