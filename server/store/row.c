#include "store/row.h"

#include "base/arena.h"

#include <endian.h>
#include <limits.h>
#include <string.h>

#define PG_EPOCH_MS 946684800000 /* PostgreSQL counts microseconds from 2000-01-01 */

/* src/include/catalog/pg_type.dat */
enum type {
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_NAME = 19,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_JSON = 114,
	TYPE_FLOAT4 = 700,
	TYPE_FLOAT8 = 701,
	TYPE_UNKNOWN = 705,
	TYPE_TEXTS = 1009,
	TYPE_BPCHAR = 1042,
	TYPE_VARCHAR = 1043,
	TYPE_TIMESTAMPTZ = 1184,
	TYPE_UUID = 2950,
	TYPE_JSONB = 3802,
	TYPE_VOID = 2278,
	FIRST_OF_USERS = 16384, /* types made with CREATE TYPE; ours are all enums, sent as text */
};

static bool is_text(Oid type)
{
	return type == TYPE_TEXT || type == TYPE_VARCHAR || type == TYPE_NAME || type == TYPE_BPCHAR ||
	       type == TYPE_JSON || type == TYPE_JSONB || type == TYPE_UNKNOWN || type >= FIRST_OF_USERS;
}

bool row_type_is_known(Oid type)
{
	static const Oid others[] = { TYPE_BOOL,   TYPE_BYTEA, TYPE_INT8,        TYPE_INT2, TYPE_INT4, TYPE_FLOAT4,
				      TYPE_FLOAT8, TYPE_TEXTS, TYPE_TIMESTAMPTZ, TYPE_UUID, TYPE_VOID };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (others[i] == type)
			return true;
	return is_text(type);
}

static int64_t signed_of(const char *bytes, int length)
{
	uint64_t value = 0;

	for (int i = 0; i < length; i++)
		value = value << 8 | (unsigned char)bytes[i];
	return length == 2 ? (int16_t)value : length == 4 ? (int32_t)value : (int64_t)value;
}

static double double_of(const char *bytes, int length)
{
	union {
		uint64_t u64;
		double f64;
	} wide = { .u64 = (uint64_t)signed_of(bytes, length) };
	union {
		uint32_t u32;
		float f32;
	} narrow = { .u32 = (uint32_t)wide.u64 };

	return length == 4 ? (double)narrow.f32 : wide.f64;
}

/* --- a reader ----------------------------------------------------------------------------------------------- */

void row_begin(struct row *row, const PGresult *rows, struct arena *arena)
{
	*row = (struct row){ .rows = rows, .arena = arena, .index = -1 };
}

bool row_next(struct row *row)
{
	if (row->problem || row->index + 1 >= PQntuples(row->rows))
		return false;
	row->index++;
	row->column = 0;
	return true;
}

struct status row_status(const struct row *row)
{
	if (!row->problem)
		return STATUS_OK_VALUE;
	if (row->problem[0] == 'm')
		return status_out_of_memory();
	return status_make(STATUS_INTERNAL, "DATABASE_ROW", "column %s: %s", row->bad_column, row->problem);
}

static void mistake(struct row *row, const char *column, const char *problem)
{
	if (row->problem)
		return;
	row->bad_column = column;
	row->problem = problem;
}

/* -1 when there is none, which is noted. */
static int find_column(struct row *row, const char *name)
{
	int count = PQnfields(row->rows);

	if (row->index < 0 || row->index >= PQntuples(row->rows)) {
		mistake(row, name, "there is no such row");
		return -1;
	}
	for (int step = 0; step < count; step++) {
		int i = row->column + step < count ? row->column + step : row->column + step - count;

		if (strcmp(PQfname(row->rows, i), name) == 0) {
			row->column = i + 1 < count ? i + 1 : 0;
			return i;
		}
	}
	mistake(row, name, "the statement does not return it");
	return -1;
}

struct cell {
	const char *bytes; /* NULL: the column is NULL, or there was a mistake */
	int length;
	Oid type;
};

static struct cell find_cell(struct row *row, const char *name)
{
	int i = find_column(row, name);

	if (i < 0 || PQgetisnull(row->rows, row->index, i))
		return (struct cell){ 0 };
	return (struct cell){ .bytes = PQgetvalue(row->rows, row->index, i),
			      .length = PQgetlength(row->rows, row->index, i),
			      .type = PQftype(row->rows, i) };
}

static struct cell need_cell(struct row *row, const char *name)
{
	struct cell cell = find_cell(row, name);

	if (!cell.bytes)
		mistake(row, name, "it is NULL");
	return cell;
}

bool take_is_null(struct row *row, const char *column)
{
	int i = find_column(row, column);

	/* The value itself is usually asked for next. */
	if (i >= 0)
		row->column = i;
	return i >= 0 && PQgetisnull(row->rows, row->index, i);
}

static int64_t to_int64(struct row *row, const char *column, struct cell cell)
{
	if (cell.type == TYPE_INT8 || cell.type == TYPE_INT4 || cell.type == TYPE_INT2)
		return signed_of(cell.bytes, cell.length);
	mistake(row, column, "it is not an integer");
	return 0;
}

int64_t take_int64(struct row *row, const char *column)
{
	struct cell cell = need_cell(row, column);

	return cell.bytes ? to_int64(row, column, cell) : 0;
}

int64_t take_int64_or(struct row *row, const char *column, int64_t if_null)
{
	struct cell cell = find_cell(row, column);

	return cell.bytes ? to_int64(row, column, cell) : if_null;
}

static int32_t to_int32(struct row *row, const char *column, int64_t value)
{
	if (value >= INT32_MIN && value <= INT32_MAX)
		return (int32_t)value;
	mistake(row, column, "it does not fit 32 bits");
	return 0;
}

int32_t take_int32(struct row *row, const char *column)
{
	return to_int32(row, column, take_int64(row, column));
}

int32_t take_int32_or(struct row *row, const char *column, int32_t if_null)
{
	return to_int32(row, column, take_int64_or(row, column, if_null));
}

static double to_double(struct row *row, const char *column, struct cell cell)
{
	if (cell.type == TYPE_FLOAT8 || cell.type == TYPE_FLOAT4)
		return double_of(cell.bytes, cell.length);
	return (double)to_int64(row, column, cell);
}

double take_double(struct row *row, const char *column)
{
	struct cell cell = need_cell(row, column);

	return cell.bytes ? to_double(row, column, cell) : 0;
}

double take_double_or(struct row *row, const char *column, double if_null)
{
	struct cell cell = find_cell(row, column);

	return cell.bytes ? to_double(row, column, cell) : if_null;
}

static bool to_bool(struct row *row, const char *column, struct cell cell)
{
	if (cell.type == TYPE_BOOL)
		return cell.bytes[0] != 0;
	mistake(row, column, "it is not boolean");
	return false;
}

bool take_bool(struct row *row, const char *column)
{
	struct cell cell = need_cell(row, column);

	return cell.bytes && to_bool(row, column, cell);
}

bool take_bool_or(struct row *row, const char *column, bool if_null)
{
	struct cell cell = find_cell(row, column);

	return cell.bytes ? to_bool(row, column, cell) : if_null;
}

static struct uuid to_uuid(struct row *row, const char *column, struct cell cell)
{
	struct uuid id = { 0 };

	if (cell.bytes && (cell.type != TYPE_UUID || cell.length != sizeof id.bytes))
		mistake(row, column, "it is not a uuid");
	else if (cell.bytes)
		memcpy(id.bytes, cell.bytes, sizeof id.bytes);
	return id;
}

struct uuid take_uuid(struct row *row, const char *column)
{
	return to_uuid(row, column, need_cell(row, column));
}

struct uuid take_uuid_or_zero(struct row *row, const char *column)
{
	return to_uuid(row, column, find_cell(row, column));
}

char *take_text(struct row *row, const char *column)
{
	struct cell cell = find_cell(row, column);
	char *copy;

	if (!cell.bytes)
		return NULL;
	if (!is_text(cell.type)) {
		mistake(row, column, "it is not text");
		return NULL;
	}
	if (cell.type == TYPE_JSONB && cell.length > 0) { /* a version byte comes first */
		cell.bytes++;
		cell.length--;
	}
	copy = arena_strndup(row->arena, cell.bytes, (size_t)cell.length);
	if (!copy)
		mistake(row, column, "memory is short");
	return copy;
}

static int64_t to_timestamp_ms(struct row *row, const char *column, struct cell cell)
{
	int64_t us;

	if (cell.type != TYPE_TIMESTAMPTZ) {
		mistake(row, column, "it is not a timestamptz");
		return 0;
	}
	us = signed_of(cell.bytes, cell.length);
	/* Rounded down, before 2000 too; infinity stays as far away as it fits. */
	return us / 1000 - (us % 1000 < 0) + PG_EPOCH_MS;
}

int64_t take_timestamp_ms(struct row *row, const char *column)
{
	struct cell cell = need_cell(row, column);

	return cell.bytes ? to_timestamp_ms(row, column, cell) : 0;
}

int64_t take_timestamp_ms_or(struct row *row, const char *column, int64_t if_null)
{
	struct cell cell = find_cell(row, column);

	return cell.bytes ? to_timestamp_ms(row, column, cell) : if_null;
}

const void *take_bytes(struct row *row, const char *column, size_t *out_length)
{
	struct cell cell = find_cell(row, column);

	if (cell.bytes && cell.type != TYPE_BYTEA) {
		mistake(row, column, "it is not bytea");
		return NULL;
	}
	*out_length = (size_t)cell.length;
	return cell.bytes;
}

/* The layout is described at put_array in query.c. The server wrote it, so only our own assumptions are checked. */
char **take_texts(struct row *row, const char *column, size_t *out_count)
{
	struct cell cell = find_cell(row, column);
	const char *at = cell.bytes;
	size_t count;
	char **list;

	*out_count = 0;
	if (!at)
		return NULL;
	if (cell.type != TYPE_TEXTS || cell.length < 12 || signed_of(at, 4) > 1) {
		mistake(row, column, "it is not a plain text[]");
		return NULL;
	}
	count = signed_of(at, 4) == 0 ? 0 : (size_t)signed_of(at + 12, 4);
	list = arena_array(row->arena, count + 1, sizeof *list);
	at += 20;
	for (size_t i = 0; list && i < count; i++) {
		int64_t length = signed_of(at, 4);

		at += 4;
		list[i] = arena_strndup(row->arena, at, length < 0 ? 0 : (size_t)length);
		if (!list[i])
			list = NULL;
		at += length < 0 ? 0 : length;
	}
	if (!list)
		mistake(row, column, "memory is short");
	else
		*out_count = count;
	return list;
}

/* --- one value ---------------------------------------------------------------------------------------------- */

#define READ_ONE(assignment) \
	struct row reader; \
	row_begin(&reader, rows, NULL); \
	reader.index = row; \
	assignment; \
	if (!reader.problem) \
		*out = value; \
	return row_status(&reader)

struct status row_int64(const PGresult *rows, int row, const char *column, int64_t *out)
{
	READ_ONE(int64_t value = take_int64(&reader, column));
}

struct status row_int32(const PGresult *rows, int row, const char *column, int32_t *out)
{
	READ_ONE(int32_t value = take_int32(&reader, column));
}

struct status row_double(const PGresult *rows, int row, const char *column, double *out)
{
	READ_ONE(double value = take_double(&reader, column));
}

struct status row_bool(const PGresult *rows, int row, const char *column, bool *out)
{
	READ_ONE(bool value = take_bool(&reader, column));
}

struct status row_uuid(const PGresult *rows, int row, const char *column, struct uuid *out)
{
	READ_ONE(struct uuid value = take_uuid(&reader, column));
}

struct status row_text(const PGresult *rows, int row, const char *column, struct arena *arena, char **out)
{
	READ_ONE(reader.arena = arena; char *value = take_text(&reader, column));
}

struct status row_timestamp_ms(const PGresult *rows, int row, const char *column, int64_t *out)
{
	READ_ONE(int64_t value = take_timestamp_ms(&reader, column));
}

struct status row_count(const PGresult *rows, int32_t *out)
{
	int64_t count;

	TRY(row_int64(rows, 0, "count", &count));
	*out = count > INT32_MAX ? INT32_MAX : (int32_t)count;
	return STATUS_OK_VALUE;
}

struct status row_is_null(const PGresult *rows, int row, const char *column, bool *out)
{
	READ_ONE(bool value = take_is_null(&reader, column));
}
