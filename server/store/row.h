/* store/row.h: reading the rows of a store_query.
 *
 * One row, a value or two:            TRY(row_int64(rows, 0, "version", &version));
 *
 * Many columns or many rows: a reader. Mistakes stick to it, so one check at the end is enough; asking for columns in
 * the order in which the statement lists them finds each at the first look.
 *
 *   struct row row;
 *   for (row_begin(&row, rows, arena); row_next(&row);) {
 *           item = …;
 *           item->id = take_uuid(&row, "id");
 *           item->name = take_text(&row, "name");                  // in the arena; NULL when the column is NULL
 *           item->score = take_double_or(&row, "score", -1);       // -1 when NULL
 *   }
 *   TRY(row_status(&row));
 *
 * Integers read smallint, integer and bigint; doubles also real and any integer; text reads text, enums, json, jsonb
 * and the like. numeric is not read: cast in the SQL (sum(bigint) is numeric!). A missing column, a wrong type or an
 * unexpected NULL is our own mistake: INTERNAL / DATABASE_ROW, naming the column.
 * Threads: a result and its readers belong to one thread. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "base/status.h"
#include "base/uuid.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* --- one value ---------------------------------------------------------------------------------------------- */

struct status row_int64(const PGresult *rows, int row, const char *column, int64_t *out) MUST_CHECK;
struct status row_int32(const PGresult *rows, int row, const char *column, int32_t *out) MUST_CHECK;
struct status row_double(const PGresult *rows, int row, const char *column, double *out) MUST_CHECK;
struct status row_bool(const PGresult *rows, int row, const char *column, bool *out) MUST_CHECK;
struct status row_uuid(const PGresult *rows, int row, const char *column, struct uuid *out) MUST_CHECK;
/* A copy in the arena; NULL when the column is NULL. */
struct status row_text(const PGresult *rows, int row, const char *column, struct arena *arena, char **out) MUST_CHECK;
/* Unix milliseconds of a timestamptz. */
struct status row_timestamp_ms(const PGresult *rows, int row, const char *column, int64_t *out) MUST_CHECK;
/* The column `count` of the only row, a bigint, at most INT32_MAX. */
struct status row_count(const PGresult *rows, int32_t *out) MUST_CHECK;
struct status row_is_null(const PGresult *rows, int row, const char *column, bool *out) MUST_CHECK;

/* --- a reader ----------------------------------------------------------------------------------------------- */

struct row {
	const PGresult *rows;
	struct arena *arena;              /* for texts; may be NULL when none are taken */
	int index;                        /* of the current row; -1 before the first row_next */
	int column;                       /* where the next look starts */
	const char *bad_column, *problem; /* the first mistake */
};

void row_begin(struct row *row, const PGresult *rows, struct arena *arena);
/* Moves on; false after the last row or after a mistake. */
bool row_next(struct row *row);
struct status row_status(const struct row *row) MUST_CHECK;

bool take_is_null(struct row *row, const char *column);
int64_t take_int64(struct row *row, const char *column);
int64_t take_int64_or(struct row *row, const char *column, int64_t if_null);
int32_t take_int32(struct row *row, const char *column);
int32_t take_int32_or(struct row *row, const char *column, int32_t if_null);
double take_double(struct row *row, const char *column);
double take_double_or(struct row *row, const char *column, double if_null);
bool take_bool(struct row *row, const char *column);
bool take_bool_or(struct row *row, const char *column, bool if_null);
struct uuid take_uuid(struct row *row, const char *column);
/* Zero when NULL. */
struct uuid take_uuid_or_zero(struct row *row, const char *column);
char *take_text(struct row *row, const char *column);
int64_t take_timestamp_ms(struct row *row, const char *column);
int64_t take_timestamp_ms_or(struct row *row, const char *column, int64_t if_null);
/* bytea: borrowed from the result. NULL when NULL. */
const void *take_bytes(struct row *row, const char *column, size_t *out_length);
/* text[] (one dimension): a NULL-terminated array in the arena; elements that are NULL read as "". NULL when NULL. */
char **take_texts(struct row *row, const char *column, size_t *out_count);

/* Whether the readers above know the type: the statement test asks for every column of every statement. */
bool row_type_is_known(Oid type);

#endif
