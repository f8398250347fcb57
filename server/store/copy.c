#include "store/copy.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "store/pg_status.h"
#include "store/slot.h"
#include "store/statement.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* https://www.postgresql.org/docs/15/sql-copy.html: signature, flags, length of the header extension. */
static const char header[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";

static struct connection *connection_of(struct store_copy *copy)
{
	return &copy->tx->connection;
}

struct status store_copy_begin(struct store_copy *copy, struct store_tx *tx, const struct sql_statement *sql,
			       int16_t columns)
{
	AUTO(pgresult) PGresult *result = NULL;

	*copy = (struct store_copy){ .st = STATUS_OK_VALUE, .columns = columns };
	buffer_init(&copy->chunk, 0);
	TRY(connection_script(&tx->connection, sql->text, tx->deadline_ms, &result));
	if (PQresultStatus(result) != PGRES_COPY_IN)
		return status_make(STATUS_INTERNAL, "DATABASE_ERROR", "%s is not a COPY FROM STDIN", sql->name);
	copy->tx = tx;
	buffer_append(&copy->chunk, header, sizeof header);
	return STATUS_OK_VALUE;
}

static void note(struct store_copy *copy, struct status st)
{
	if (status_ok(copy->st))
		copy->st = st;
}

/* libpq queues what the socket does not take; flushing bounds the queue. */
static void send_chunk(struct store_copy *copy)
{
	struct connection *c = connection_of(copy);

	if (!status_ok(copy->st) || copy->chunk.len == 0)
		return;
	if (copy->chunk.failed)
		note(copy, status_out_of_memory());
	else if (!c->pg)
		note(copy, status_make(STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE", "the connection is closed"));
	else if (PQputCopyData(c->pg, copy->chunk.data, (int)copy->chunk.len) < 0)
		note(copy, pg_status_of_connection(c->pg));
	else
		note(copy, connection_flush(c, copy->tx->deadline_ms + CONNECTION_GRACE_MS));
	buffer_clear(&copy->chunk);
}

static void put16(struct store_copy *copy, int16_t value)
{
	uint16_t wire = htobe16((uint16_t)value);

	buffer_append(&copy->chunk, &wire, sizeof wire);
}

static void put32(struct store_copy *copy, int32_t value)
{
	uint32_t wire = htobe32((uint32_t)value);

	buffer_append(&copy->chunk, &wire, sizeof wire);
}

static void put64(struct store_copy *copy, uint64_t value)
{
	uint64_t wire = htobe64(value);

	buffer_append(&copy->chunk, &wire, sizeof wire);
}

static void count_column(struct store_copy *copy)
{
	if (copy->left-- <= 0)
		note(copy,
		     status_make(STATUS_INTERNAL, "DATABASE_ERROR", "a row has more than %d columns", copy->columns));
}

void copy_row(struct store_copy *copy)
{
	if (copy->left != 0)
		note(copy,
		     status_make(STATUS_INTERNAL, "DATABASE_ERROR", "a row has fewer than %d columns", copy->columns));
	if (copy->chunk.len >= COPY_CHUNK_BYTES)
		send_chunk(copy);
	put16(copy, copy->columns);
	copy->left = copy->columns;
}

void copy_int64(struct store_copy *copy, int64_t value)
{
	count_column(copy);
	put32(copy, 8);
	put64(copy, (uint64_t)value);
}

void copy_text(struct store_copy *copy, const char *text)
{
	size_t n = strlen(text);

	count_column(copy);
	put32(copy, (int32_t)n);
	buffer_append(&copy->chunk, text, n);
}

void copy_uuid(struct store_copy *copy, const struct uuid *id)
{
	count_column(copy);
	put32(copy, 16);
	buffer_append(&copy->chunk, id->bytes, 16);
}

/* Tells the server that no more comes (problem NULL: that all is well) and hears its verdict. */
static struct status finish(struct store_copy *copy, const char *problem, PGresult **out)
{
	struct connection *c = connection_of(copy);
	int64_t deadline_ms = copy->tx->deadline_ms + CONNECTION_GRACE_MS;

	copy->tx = NULL;
	if (!c->pg)
		return status_make(STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE", "the connection is closed");
	if (PQputCopyEnd(c->pg, problem) < 0)
		return pg_status_of_connection(c->pg);
	return connection_collect(c, deadline_ms, out);
}

struct status store_copy_end(struct store_copy *copy, int64_t *out_rows)
{
	AUTO(pgresult) PGresult *result = NULL;

	if (copy->left != 0)
		note(copy,
		     status_make(STATUS_INTERNAL, "DATABASE_ERROR", "a row has fewer than %d columns", copy->columns));
	put16(copy, -1);
	send_chunk(copy);
	if (!status_ok(copy->st)) {
		store_copy_abandon(copy);
		return copy->st;
	}
	TRY(finish(copy, NULL, &result));
	if (out_rows)
		*out_rows = strtoll(PQcmdTuples(result), NULL, 10);
	return STATUS_OK_VALUE;
}

void store_copy_abandon(struct store_copy *copy)
{
	/* The transaction fails, as it should; its own failure is what the caller reports. */
	if (copy->tx)
		status_ignore(finish(copy, "given up", NULL));
	buffer_done(&copy->chunk);
}
