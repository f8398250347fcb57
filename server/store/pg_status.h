/* store/pg_status.h: what PostgreSQL says, as a status. The one place that knows SQLSTATEs. Any thread. */
#ifndef STORE_PG_STATUS_H
#define STORE_PG_STATUS_H

#include "base/auto.h"
#include "base/status.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* sqlstate: five characters (NULL or empty: INTERNAL). message: the server's primary message; it carries no row
 * contents, those are in its DETAIL, which we don't pass on. */
struct status pg_status_make(const char *sqlstate, const char *message) MUST_CHECK;

/* OK for a result that is not an error. */
struct status pg_status_of_result(const PGresult *result) MUST_CHECK;

/* The connection itself failed. Its message may name hosts, not passwords. */
struct status pg_status_of_connection(const PGconn *pg) MUST_CHECK;

/* Serialization failure, deadlock, lock timeout, lost connection: doing the transaction again may succeed. */
bool pg_sqlstate_is_transient(const char *sqlstate);

/* The values of one row are to blame (class 22, check, not-null, key too long): other rows may be fine. */
bool pg_sqlstate_is_data(const char *sqlstate);

static inline void auto_pgresult(PGresult **result)
{
	PQclear(*result);
}

#endif
