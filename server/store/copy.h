/* store/copy.h: binary COPY into a table: the fastest way for rows that are probably good.
 *
 *   AUTO(store_copy) struct store_copy copy;
 *   TRY(store_copy_begin(&copy, tx, SQL_TEXT("COPY t (a, b, c) FROM STDIN (FORMAT binary)"), 3));
 *   for (…) {
 *           copy_row(&copy);
 *           copy_uuid(&copy, &id); copy_int64(&copy, n); copy_text(&copy, name);
 *   }
 *   TRY(store_copy_end(&copy, &rows));
 *
 * Each value must have exactly its column's type (another type: one more put function). Statements before the COPY may
 * stand in the same text, a SAVEPOINT for one. Mistakes and failures stick: store_copy_end tells. Leaving the scope
 * without it gives the COPY up, which fails the transaction. Sends every COPY_CHUNK_BYTES, waiting no longer than the
 * transaction's deadline.
 * Threads: that of the transaction, which can do nothing else meanwhile. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "base/auto.h"
#include "base/buffer.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql_statement;
struct store_tx;
struct uuid;

#define COPY_CHUNK_BYTES (64u << 10)

struct store_copy {
	struct store_tx *tx; /* NULL: ended */
	struct buffer chunk;
	struct status st; /* the first failure */
	int16_t columns;
	int16_t left; /* columns of the current row that are still to come */
};

struct status store_copy_begin(struct store_copy *copy, struct store_tx *tx, const struct sql_statement *sql,
			       int16_t columns) MUST_CHECK;
void copy_row(struct store_copy *copy);
void copy_int64(struct store_copy *copy, int64_t value);
void copy_text(struct store_copy *copy, const char *text);
void copy_uuid(struct store_copy *copy, const struct uuid *id);
/* *out_rows (may be NULL) is the number of rows that arrived. */
struct status store_copy_end(struct store_copy *copy, int64_t *out_rows) MUST_CHECK;
void store_copy_abandon(struct store_copy *copy);

static inline void auto_store_copy(struct store_copy *copy)
{
	store_copy_abandon(copy);
}

#endif
