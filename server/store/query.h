/* store/query.h: running one statement of store/sql.h, with parameters.
 *
 *   AUTO(pgresult) PGresult *rows = NULL;
 *   TRY(store_query(tx, sql_campaign_move, &rows, P_UUID(id), P_TEXT(from), P_TEXT(to)));
 *
 * A statement is prepared on each connection when it is first used there. Scalars go as text and take whatever type the
 * statement gives its parameter (so P_TEXT also fits an enum, P_INT a smallint); where PostgreSQL can't tell, write the
 * cast in the SQL ($1::bigint). Arrays go in binary with a fixed type: bigint[], integer[], double precision[],
 * boolean[], text[], uuid[], timestamptz[], jsonb[]. For an array of an enum write unnest($2::text[]) and cast the
 * element. Answers come in binary: read them through store/row.h.
 *
 * Parameters are borrowed for the call. Bounds: STORE_PARAMS_MAX parameters, 256 MiB of arrays. */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "base/status.h"
#include "base/uuid.h"
#include "store/pg_status.h"
#include "store/statement.h"
#include "store/tx.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_PARAMS_MAX 64

enum param_kind {
	PARAM_TEXT,
	PARAM_INT,
	PARAM_DOUBLE,
	PARAM_BOOL,
	PARAM_UUID,
	PARAM_TIMESTAMP,
	PARAM_BYTES,
	/* arrays */
	PARAM_INT64S,
	PARAM_INT32S,
	PARAM_DOUBLES,
	PARAM_BOOLS,
	PARAM_TEXTS,
	PARAM_UUIDS,
	PARAM_TIMESTAMPS,
	PARAM_JSONS,
};

struct store_param {
	enum param_kind kind;
	union {
		int64_t integer;
		double number;
		const void *data;
	};
	const bool *nulls; /* arrays: true where the element is NULL; NULL when none is */
	size_t count;      /* arrays: elements; bytes: length */
};

static inline struct store_param param_integer(enum param_kind kind, int64_t value)
{
	return (struct store_param){ .kind = kind, .integer = value };
}

static inline struct store_param param_double(double value)
{
	return (struct store_param){ .kind = PARAM_DOUBLE, .number = value };
}

static inline struct store_param param_data(enum param_kind kind, const void *data, const bool *nulls, size_t count)
{
	return (struct store_param){ .kind = kind, .data = data, .nulls = nulls, .count = count };
}

/* The inline functions are there for their parameter types. */
static inline struct store_param param_text(const char *text)
{
	return param_data(PARAM_TEXT, text, NULL, 0);
}

static inline struct store_param param_uuid(const struct uuid *id)
{
	return param_data(PARAM_UUID, id, NULL, 0);
}

/* Scalars. A NULL pointer is SQL NULL. */
#define P_NULL           (param_text(NULL))
#define P_TEXT(text)     (param_text(text))
#define P_JSON(text)     (param_text(text)) /* compact JSON text */
#define P_UUID(id)       (param_uuid(id))
#define P_INT(n)         (param_integer(PARAM_INT, (int32_t)(n)))
#define P_INT64(n)       (param_integer(PARAM_INT, (n)))
#define P_DOUBLE(x)      (param_double(x))
#define P_BOOL(b)        (param_integer(PARAM_BOOL, (b)))
#define P_TIMESTAMP(ms)  (param_integer(PARAM_TIMESTAMP, (ms))) /* Unix milliseconds */
#define P_BYTES(data, n) (param_data(PARAM_BYTES, (data), NULL, (n)))
#define P_IF(present, p) ((present) ? (p) : P_NULL)

/* Arrays, straight from C arrays; `nulls` may be NULL. In text arrays a NULL pointer is SQL NULL. */
static inline struct store_param param_int64s(const int64_t *v, const bool *nulls, size_t n)
{
	return param_data(PARAM_INT64S, v, nulls, n);
}

static inline struct store_param param_int32s(const int32_t *v, const bool *nulls, size_t n)
{
	return param_data(PARAM_INT32S, v, nulls, n);
}

static inline struct store_param param_doubles(const double *v, const bool *nulls, size_t n)
{
	return param_data(PARAM_DOUBLES, v, nulls, n);
}

static inline struct store_param param_bools(const bool *v, const bool *nulls, size_t n)
{
	return param_data(PARAM_BOOLS, v, nulls, n);
}

static inline struct store_param param_texts(enum param_kind kind, const char *const *v, size_t n)
{
	return param_data(kind, v, NULL, n);
}

static inline struct store_param param_uuids(const struct uuid *v, const bool *nulls, size_t n)
{
	return param_data(PARAM_UUIDS, v, nulls, n);
}

static inline struct store_param param_timestamps(const int64_t *v, const bool *nulls, size_t n)
{
	return param_data(PARAM_TIMESTAMPS, v, nulls, n);
}

#define P_INT64_ARRAY(v, n)              (param_int64s((v), NULL, (n)))
#define P_INT32_ARRAY(v, n)              (param_int32s((v), NULL, (n)))
#define P_DOUBLE_ARRAY(v, nulls, n)      (param_doubles((v), (nulls), (n)))
#define P_BOOL_ARRAY(v, n)               (param_bools((v), NULL, (n)))
#define P_TEXT_ARRAY(v, n)               (param_texts(PARAM_TEXTS, (v), (n)))
#define P_JSON_ARRAY(v, n)               (param_texts(PARAM_JSONS, (v), (n)))
#define P_UUID_ARRAY(v, n)               (param_uuids((v), NULL, (n)))
#define P_TIMESTAMP_ARRAY(v, nulls, n)   (param_timestamps((v), (nulls), (n)))
#define P_INT64_ARRAY_NULLS(v, nulls, n) (param_int64s((v), (nulls), (n)))
#define P_INT32_ARRAY_NULLS(v, nulls, n) (param_int32s((v), (nulls), (n)))
#define P_BOOL_ARRAY_NULLS(v, nulls, n)  (param_bools((v), (nulls), (n)))
#define P_UUID_ARRAY_NULLS(v, nulls, n)  (param_uuids((v), (nulls), (n)))

/* Runs sql; *out is the caller's to clear (AUTO(pgresult)) and is left alone on failure. The failure of a statement
 * inside a transaction fails the transaction, except under a savepoint. */
struct status store_query_params(struct store_tx *tx, const struct sql_statement *sql, PGresult **out,
				 const struct store_param *params, size_t count) MUST_CHECK;
#define STORE_PARAMS_(...) \
	((const struct store_param[]){ P_NULL, ##__VA_ARGS__ }) + 1, \
		sizeof((const struct store_param[]){ P_NULL, ##__VA_ARGS__ }) / sizeof(struct store_param) - 1
#define store_query(tx, sql, out, ...) store_query_params((tx), (sql), (out), STORE_PARAMS_(__VA_ARGS__))

/* The same for statements whose rows don't matter; *out_affected (may be NULL) is the number of rows touched. */
struct status store_execute_params(struct store_tx *tx, const struct sql_statement *sql, int64_t *out_affected,
				   const struct store_param *params, size_t count) MUST_CHECK;
#define store_execute(tx, sql, out_affected, ...) \
	store_execute_params((tx), (sql), (out_affected), STORE_PARAMS_(__VA_ARGS__))

/* A few statements without parameters or prepared plans: savepoints, test fixtures. */
struct status store_script(struct store_tx *tx, const char *sql) MUST_CHECK;

#endif
