/* store/copy.h: binary COPY into a table: the fastest way for rows that are certain to be good.
 *
 *   AUTO(store_copy) struct store_copy copy;
 *   TRY(store_copy_begin(&copy, tx, sql_domains_copy, 3));   // COPY t (a, b, c) FROM STDIN (FORMAT binary)
 *   for (…) {
 *           copy_row(&copy);
 *           copy_uuid(&copy, &id); copy_int32(&copy, n); copy_text(&copy, name);
 *   }
 *   TRY(store_copy_end(&copy, &rows));
 *
 * Each value must have exactly its column's type: bigint, integer, smallint, text, uuid … (text also fits enums,
 * varchar and name). Mistakes and failures stick: store_copy_end tells. Leaving the scope without it gives the COPY up,
 * which fails the transaction. Sends every COPY_CHUNK_BYTES, waiting no longer than the transaction's deadline.
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
void copy_null(struct store_copy *copy);
void copy_int64(struct store_copy *copy, int64_t value);
void copy_int32(struct store_copy *copy, int32_t value);
void copy_int16(struct store_copy *copy, int16_t value);
void copy_double(struct store_copy *copy, double value);
void copy_bool(struct store_copy *copy, bool value);
void copy_text(struct store_copy *copy, const char *text); /* NULL is SQL NULL */
void copy_uuid(struct store_copy *copy, const struct uuid *id);
void copy_json(struct store_copy *copy, const char *text); /* jsonb; NULL is SQL NULL */
void copy_timestamp(struct store_copy *copy, int64_t ms);  /* timestamptz from Unix milliseconds */
/* *out_rows (may be NULL) is the number of rows that arrived. */
struct status store_copy_end(struct store_copy *copy, int64_t *out_rows) MUST_CHECK;
void store_copy_abandon(struct store_copy *copy);

static inline void auto_store_copy(struct store_copy *copy)
{
	store_copy_abandon(copy);
}

#endif
