#include "store/query.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "store/slot.h"
#include "telemetry/metrics.h"

#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCALAR_TEXT_SIZE 40
#define FIRST_ARRAY      PARAM_INT64S
/* PostgreSQL counts microseconds from 2000-01-01. */
#define PG_EPOCH_MS 946684800000

/* Type numbers are part of the protocol: src/include/catalog/pg_type.dat. */
static const struct {
	Oid array, element;
	unsigned bytes; /* of an element; 0: depends */
} array_types[] = {
	[PARAM_INT64S] = { 1016, 20, 8 },       [PARAM_INT32S] = { 1007, 23, 4 },  [PARAM_DOUBLES] = { 1022, 701, 8 },
	[PARAM_BOOLS] = { 1000, 16, 1 },        [PARAM_TEXTS] = { 1009, 25, 0 },   [PARAM_UUIDS] = { 2951, 2950, 16 },
	[PARAM_TIMESTAMPS] = { 1185, 1184, 8 }, [PARAM_JSONS] = { 3807, 3802, 0 },
};

/* --- encoding ----------------------------------------------------------------------------------------------- */

static void put_double_text(double value, char out[SCALAR_TEXT_SIZE])
{
	if (isnan(value))
		snprintf(out, SCALAR_TEXT_SIZE, "NaN");
	else if (isinf(value))
		snprintf(out, SCALAR_TEXT_SIZE, value > 0 ? "Infinity" : "-Infinity");
	else
		snprintf(out, SCALAR_TEXT_SIZE, "%.17g", value);
}

/* Returns the text, which is `out` or the parameter's own. */
static const char *scalar_text(const struct store_param *p, char out[SCALAR_TEXT_SIZE])
{
	switch (p->kind) {
	case PARAM_TEXT:
		return p->data;
	case PARAM_INT:
		snprintf(out, SCALAR_TEXT_SIZE, "%" PRId64, p->integer);
		return out;
	case PARAM_BOOL:
		return p->integer ? "t" : "f";
	case PARAM_TIMESTAMP:
		clock_to_text(p->integer, out);
		return out;
	case PARAM_DOUBLE:
		put_double_text(p->number, out);
		return out;
	case PARAM_UUID:
		if (!p->data)
			return NULL;
		uuid_to_text(p->data, out);
		return out;
	case PARAM_BYTES:
	case PARAM_INT64S:
	case PARAM_INT32S:
	case PARAM_DOUBLES:
	case PARAM_BOOLS:
	case PARAM_TEXTS:
	case PARAM_UUIDS:
	case PARAM_TIMESTAMPS:
	case PARAM_JSONS:
		break;
	}
	return NULL;
}

static char *put32(char *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, 4);
	return at + 4;
}

static char *put64(char *at, uint64_t value)
{
	value = htobe64(value);
	memcpy(at, &value, 8);
	return at + 8;
}

static bool element_is_null(const struct store_param *p, size_t i)
{
	if (p->kind == PARAM_TEXTS || p->kind == PARAM_JSONS)
		return !((const char *const *)p->data)[i];
	return p->nulls && p->nulls[i];
}

static char *put_text(char *at, const char *text, bool is_json)
{
	size_t n = strlen(text);

	at = put32(at, (uint32_t)(n + is_json));
	if (is_json)
		*at++ = 1; /* the version of jsonb's wire format */
	memcpy(at, text, n);
	return at + n;
}

static char *put_element(char *at, const struct store_param *p, size_t i)
{
	uint64_t bits;

	if (p->kind == PARAM_TEXTS || p->kind == PARAM_JSONS)
		return put_text(at, ((const char *const *)p->data)[i], p->kind == PARAM_JSONS);
	at = put32(at, array_types[p->kind].bytes);
	switch ((int)p->kind) {
	case PARAM_INT64S:
		return put64(at, (uint64_t)((const int64_t *)p->data)[i]);
	case PARAM_INT32S:
		return put32(at, (uint32_t)((const int32_t *)p->data)[i]);
	case PARAM_TIMESTAMPS:
		return put64(at, (uint64_t)((((const int64_t *)p->data)[i] - PG_EPOCH_MS) * 1000));
	case PARAM_DOUBLES:
		memcpy(&bits, &((const double *)p->data)[i], sizeof bits);
		return put64(at, bits);
	case PARAM_BOOLS:
		*at++ = (char)((const bool *)p->data)[i];
		return at;
	default: /* PARAM_UUIDS */
		memcpy(at, &((const struct uuid *)p->data)[i], 16);
		return at + 16;
	}
}

/* Room for the header and every element. */
static size_t array_size(const struct store_param *p)
{
	size_t total = 20 + p->count * (4u + array_types[p->kind].bytes);

	if (p->kind == PARAM_TEXTS || p->kind == PARAM_JSONS)
		for (size_t i = 0; i < p->count; i++) {
			const char *text = ((const char *const *)p->data)[i];

			total += text ? strlen(text) + 1 : 0;
		}
	return total;
}

/* src/backend/utils/adt/arrayfuncs.c, array_recv: dimensions, has-nulls flag, element type, then per dimension its
 * length and lower bound, then length-prefixed elements (-1 is NULL). An empty array has no dimensions. */
static char *put_array(char *at, const struct store_param *p)
{
	bool has_nulls = false;

	for (size_t i = 0; i < p->count && !has_nulls; i++)
		has_nulls = element_is_null(p, i);
	at = put32(at, p->count > 0);
	at = put32(at, has_nulls);
	at = put32(at, array_types[p->kind].element);
	if (p->count == 0)
		return at;
	at = put32(at, (uint32_t)p->count);
	at = put32(at, 1);
	for (size_t i = 0; i < p->count; i++)
		at = element_is_null(p, i) ? put32(at, UINT32_MAX) : put_element(at, p, i);
	return at;
}

struct wire_params {
	const char *values[STORE_PARAMS_MAX];
	int lengths[STORE_PARAMS_MAX], formats[STORE_PARAMS_MAX];
	Oid types[STORE_PARAMS_MAX];
	char texts[STORE_PARAMS_MAX][SCALAR_TEXT_SIZE];
};

static void encode_scalar(const struct store_param *p, size_t i, struct wire_params *wire)
{
	bool is_bytes = p->kind == PARAM_BYTES;

	wire->values[i] = is_bytes ? p->data : scalar_text(p, wire->texts[i]);
	wire->lengths[i] = is_bytes ? (int)p->count : 0;
	wire->formats[i] = is_bytes;
	wire->types[i] = is_bytes ? 17 : 0;
}

/* Arrays share the connection's scratch buffer, whose place is known only once all the room is there. */
static struct status encode(struct buffer *scratch, const struct store_param *params, size_t count,
			    struct wire_params *wire)
{
	size_t total = 0;

	if (count > STORE_PARAMS_MAX)
		return status_make(STATUS_INTERNAL, "DATABASE_ERROR", "%zu parameters are too many", count);
	for (size_t i = 0; i < count; i++)
		if (params[i].kind >= FIRST_ARRAY)
			total += array_size(&params[i]);
	buffer_clear(scratch);
	if (!buffer_reserve(scratch, total))
		return status_make(STATUS_RESOURCE_EXHAUSTED, "BATCH_TOO_LARGE", "%zu bytes of parameters are too many",
				   total);
	for (size_t i = 0; i < count; i++) {
		char *at;

		if (params[i].kind < FIRST_ARRAY) {
			encode_scalar(&params[i], i, wire);
			continue;
		}
		at = scratch->data + scratch->len;
		wire->values[i] = at;
		wire->lengths[i] = (int)(put_array(at, &params[i]) - at);
		wire->formats[i] = 1;
		wire->types[i] = array_types[params[i].kind].array;
		scratch->len += (size_t)wire->lengths[i];
	}
	return STATUS_OK_VALUE;
}

/* --- running ------------------------------------------------------------------------------------------------ */

struct status store_query_params(struct store_tx *tx, const struct sql_statement *sql, PGresult **out,
				 const struct store_param *params, size_t count)
{
	struct wire_params wire;
	int64_t start_us = clock_monotonic_us();
	struct status st;

	TRY(encode(&tx->connection.scratch, params, count, &wire));
	st = connection_query(&tx->connection, sql,
			      &(const struct connection_params){ .count = (int)count,
								 .values = wire.values,
								 .lengths = wire.lengths,
								 .formats = wire.formats,
								 .types = wire.types },
			      tx->deadline_ms, out);
	metric_observe(pool_statement_metric(tx->pool, sql->number), (double)(clock_monotonic_us() - start_us) / 1e6);
	return st;
}

struct status store_execute_params(struct store_tx *tx, const struct sql_statement *sql, int64_t *out_affected,
				   const struct store_param *params, size_t count)
{
	AUTO(pgresult) PGresult *result = NULL;

	TRY(store_query_params(tx, sql, &result, params, count));
	if (out_affected)
		*out_affected = strtoll(PQcmdTuples(result), NULL, 10);
	return STATUS_OK_VALUE;
}

struct status store_script(struct store_tx *tx, const char *sql)
{
	return connection_script(&tx->connection, sql, tx->deadline_ms, NULL);
}
