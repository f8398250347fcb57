#include "store/idempotency_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

#include <string.h>

#define P_KEY(k) \
	P_UUID(&(k)->campaign_id), P_TEXT((k)->workspace), P_TEXT((k)->action), P_TEXT((k)->phase), P_TEXT((k)->key)

struct status store_idempotency_begin(struct store_tx *tx, const struct idempotency_key *key, struct arena *arena,
				      bool *is_first, struct idempotency_answer *stored)
{
	AUTO(pgresult) PGresult *rows = NULL;
	const void *bytes;
	struct row row;
	int64_t inserted;
	void *copy;

	TRY(store_execute(tx, sql_idempotency_forget, NULL, P_KEY(key), P_INT64(IDEMPOTENCY_KEEP_MS)));
	TRY(store_execute(tx, sql_idempotency_take, &inserted, P_KEY(key), P_TEXT(key->request_hash)));
	*is_first = inserted == 1;
	if (*is_first)
		return STATUS_OK_VALUE;
	TRY(store_query(tx, sql_idempotency_get, &rows, P_KEY(key)));
	row_begin(&row, rows, arena);
	if (!row_next(&row))
		return status_make(STATUS_ABORTED, "IDEMPOTENCY_RACE", "the first request with this key just ended");
	stored->request_hash = take_text(&row, "request_hash");
	stored->code = take_int32(&row, "status_code");
	stored->reason = take_text(&row, "reason");
	stored->detail = take_text(&row, "detail");
	stored->extra = take_text(&row, "metadata");
	bytes = take_bytes(&row, "response", &stored->response_bytes);
	TRY(row_status(&row));
	if (!bytes)
		stored->response_bytes = 0;
	copy = arena_alloc(arena, stored->response_bytes);
	if (!copy)
		return status_out_of_memory();
	if (bytes)
		memcpy(copy, bytes, stored->response_bytes);
	stored->response = copy;
	return STATUS_OK_VALUE;
}

struct status store_idempotency_answer(struct store_tx *tx, const struct idempotency_key *key,
				       const struct idempotency_answer *answer)
{
	return store_execute(tx, sql_idempotency_answer, NULL, P_KEY(key), P_INT(answer->code), P_TEXT(answer->reason),
			     P_TEXT(answer->detail), P_JSON(answer->extra),
			     P_IF(answer->response != NULL, P_BYTES(answer->response, answer->response_bytes)));
}

struct status store_idempotency_expire(struct store_tx *tx, int64_t *removed)
{
	return store_execute(tx, sql_idempotency_expire, removed, P_INT64(IDEMPOTENCY_KEEP_MS));
}
