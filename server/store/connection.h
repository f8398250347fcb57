/* store/connection.h: one libpq connection that never blocks past a deadline. Internal to store/.
 *
 * Threads: one at a time. Everything is sent and received without blocking; when a deadline passes the connection is
 * closed at once (the server notices within a second and stops the statement: client_connection_check_interval) and
 * the call returns DEADLINE_EXCEEDED. A closed connection stays usable as a value: `pg` is NULL.
 * Deadlines are points on clock_monotonic_ms(). */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include "base/buffer.h"
#include "base/status.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

struct settings;
struct sql_statement;

/* How long past a statement's own timeout its answer is waited for. */
#define CONNECTION_GRACE_MS 250

struct connection {
	PGconn *pg;            /* NULL when closed */
	bool *prepared;        /* by statement number */
	struct buffer scratch; /* encoded array parameters of the statement being sent */
	int64_t timeout_ms;    /* the session's statement_timeout */
	int64_t last_used_ms;
	bool was_warned; /* a notice came in */
	/* about the last statement that failed */
	char sqlstate[6];
	char constraint[64];
};

/* Ready to use values for PQsendQueryParams and friends. */
struct connection_params {
	int count;
	const char *const *values;
	const int *lengths, *formats;
	const Oid *types;
};

void connection_init(struct connection *c);
/* Connects, sets the session up and checks the server: 15 or newer, UTF8, durable, clock within five seconds of ours.
 * UNAVAILABLE, or FAILED_PRECONDITION / DATABASE_UNFIT with what is wrong. */
struct status connection_open(struct connection *c, const struct settings *settings, const char *application,
			      int64_t deadline_ms) MUST_CHECK;
/* An idle connection on which the server has said something unasked: it was closed or is about to be. */
bool connection_is_stale(struct connection *c);
void connection_close(struct connection *c); /* keeps the memory for the next open */
void connection_done(struct connection *c);

/* One or more statements without parameters; *out (may be NULL) is the last result, text format. */
struct status connection_script(struct connection *c, const char *sql, int64_t deadline_ms, PGresult **out) MUST_CHECK;

/* A statement with parameters, prepared on first use unless SQL_NEVER_PREPARED; results in binary format. */
struct status connection_query(struct connection *c, const struct sql_statement *sql,
			       const struct connection_params *params, int64_t deadline_ms, PGresult **out) MUST_CHECK;

/* Prepares only, and describes: *out has parameter types and columns. For tests and checks. */
struct status connection_describe(struct connection *c, const struct sql_statement *sql, int64_t deadline_ms,
				  PGresult **out) MUST_CHECK;

/* Makes statement_timeout at most ms, and not much less: values move on a coarse grid so that neighbouring
 * calls seldom pay for a SET. */
struct status connection_limit(struct connection *c, int64_t ms, int64_t deadline_ms) MUST_CHECK;
/* The grid: the largest 100 × 1.25^k that is not above ms (and ms itself below 100). */
int64_t connection_timeout_grid(int64_t ms);

/* For COPY: waits until everything queued has been sent / collects the results of what was sent. */
struct status connection_flush(struct connection *c, int64_t deadline_ms) MUST_CHECK;
struct status connection_collect(struct connection *c, int64_t deadline_ms, PGresult **out) MUST_CHECK;

#endif
