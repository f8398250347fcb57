#include "store/connection.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/settings.h"
#include "store/pg_status.h"
#include "store/statement.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_KEEP_BYTES (1u << 20)
#define SCRATCH_BYTES_MAX  (256u << 20)
#define CLOCK_SKEW_MS_MAX  5000
#define SERVER_VERSION_MIN 150000

void connection_init(struct connection *c)
{
	memset(c, 0, sizeof *c);
	buffer_init(&c->scratch, SCRATCH_BYTES_MAX);
}

void connection_close(struct connection *c)
{
	PQfinish(c->pg);
	c->pg = NULL;
	c->timeout_ms = 0;
	if (c->prepared)
		memset(c->prepared, 0, sql_statement_count * sizeof *c->prepared);
}

void connection_done(struct connection *c)
{
	connection_close(c);
	free(c->prepared);
	c->prepared = NULL;
	buffer_done(&c->scratch);
}

/* --- waiting ------------------------------------------------------------------------------------------------ */

/* The server's own timeout should have come first; that it did not means that the network or the server is gone. */
static struct status give_up(struct connection *c)
{
	connection_close(c);
	return status_make(STATUS_DEADLINE_EXCEEDED, "STATEMENT_TIMEOUT", "the database did not answer in time");
}

static struct status lost(struct connection *c)
{
	struct status st = pg_status_of_connection(c->pg);

	memcpy(c->sqlstate, "08006", 6);
	connection_close(c);
	return st;
}

/* Waits for `events` on the socket. False when the deadline passed. */
static bool wait_socket(PGconn *pg, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd fd = { .fd = PQsocket(pg), .events = events };
		int64_t left = deadline_ms - clock_monotonic_ms();
		int n;

		if (left <= 0)
			return false;
		n = poll(&fd, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (n > 0 || (n < 0 && errno != EINTR))
			return true;
	}
}

/* What the server says between statements is only ever a farewell; a changed setting is announced silently. */
static void take_notice(void *arg, const char *message)
{
	struct connection *c = arg;

	c->was_warned = true;
	LOG_DEBUG("database_notice", LOG_STR("text", message));
}

bool connection_is_stale(struct connection *c)
{
	struct pollfd fd = { .fd = c->pg ? PQsocket(c->pg) : -1, .events = POLLIN };

	if (!c->pg || poll(&fd, 1, 0) <= 0)
		return false;
	c->was_warned = false;
	if (!PQconsumeInput(c->pg) || PQisBusy(c->pg))
		return true;
	return c->was_warned || PQstatus(c->pg) != CONNECTION_OK;
}

struct status connection_flush(struct connection *c, int64_t deadline_ms)
{
	int left;

	while ((left = PQflush(c->pg)) == 1) {
		if (!wait_socket(c->pg, POLLIN | POLLOUT, deadline_ms))
			return give_up(c);
		/* The server may be stuck writing to us; reading lets both sides move. */
		if (!PQconsumeInput(c->pg))
			return lost(c);
	}
	return left == 0 ? STATUS_OK_VALUE : lost(c);
}

static void remember_error(struct connection *c, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

	snprintf(c->sqlstate, sizeof c->sqlstate, "%s", sqlstate ? sqlstate : "08006");
	snprintf(c->constraint, sizeof c->constraint, "%s", constraint ? constraint : "");
}

/* Reads every result of what was sent. The first error wins, else the last result counts. */
struct status connection_collect(struct connection *c, int64_t deadline_ms, PGresult **out)
{
	AUTO(pgresult) PGresult *kept = NULL;
	struct status st = STATUS_OK_VALUE;

	TRY(connection_flush(c, deadline_ms));
	for (;;) {
		PGresult *result;

		while (PQisBusy(c->pg)) {
			if (!wait_socket(c->pg, POLLIN, deadline_ms))
				return give_up(c);
			if (!PQconsumeInput(c->pg))
				return status_ok(st) ? lost(c) : (connection_close(c), st);
		}
		result = PQgetResult(c->pg);
		if (!result)
			break;
		if (!status_ok(st)) {
			PQclear(result);
			continue;
		}
		PQclear(kept);
		kept = result;
		st = pg_status_of_result(result);
		if (!status_ok(st))
			remember_error(c, result);
		if (PQresultStatus(result) == PGRES_COPY_IN || PQresultStatus(result) == PGRES_COPY_OUT)
			break;
	}
	if (PQstatus(c->pg) == CONNECTION_BAD) {
		if (status_ok(st))
			return lost(c);
		connection_close(c);
	}
	if (status_ok(st) && !kept)
		return status_out_of_memory();
	c->last_used_ms = clock_monotonic_ms();
	if (status_ok(st) && out) {
		*out = kept;
		kept = NULL;
	}
	return st;
}

static struct status begin_call(struct connection *c, int64_t deadline_ms)
{
	c->sqlstate[0] = c->constraint[0] = '\0';
	if (!c->pg) {
		memcpy(c->sqlstate, "08003", 6);
		return status_make(STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE", "the database connection is closed");
	}
	if (clock_monotonic_ms() >= deadline_ms)
		return status_make(STATUS_DEADLINE_EXCEEDED, "STATEMENT_TIMEOUT", "no time was left for the statement");
	return STATUS_OK_VALUE;
}

/* --- statements --------------------------------------------------------------------------------------------- */

struct status connection_script(struct connection *c, const char *sql, int64_t deadline_ms, PGresult **out)
{
	TRY(begin_call(c, deadline_ms));
	if (!PQsendQuery(c->pg, sql))
		return lost(c);
	return connection_collect(c, deadline_ms + CONNECTION_GRACE_MS, out);
}

static struct status prepare(struct connection *c, const struct sql_statement *sql,
			     const struct connection_params *params, int64_t deadline_ms)
{
	if (c->prepared[sql->number])
		return STATUS_OK_VALUE;
	if (!PQsendPrepare(c->pg, sql->name, sql->text, params ? params->count : 0, params ? params->types : NULL))
		return lost(c);
	TRY(connection_collect(c, deadline_ms + CONNECTION_GRACE_MS, NULL));
	c->prepared[sql->number] = true;
	return STATUS_OK_VALUE;
}

static struct status send_and_collect(struct connection *c, const struct sql_statement *sql,
				      const struct connection_params *p, int64_t deadline_ms, PGresult **out)
{
	const bool inline_text = sql->number == SQL_NEVER_PREPARED;
	int sent;

	if (!inline_text)
		TRY(prepare(c, sql, p, deadline_ms));
	sent = inline_text
		       ? PQsendQueryParams(c->pg, sql->text, p->count, p->types, p->values, p->lengths, p->formats, 1)
		       : PQsendQueryPrepared(c->pg, sql->name, p->count, p->values, p->lengths, p->formats, 1);
	return sent ? connection_collect(c, deadline_ms + CONNECTION_GRACE_MS, out) : lost(c);
}

/* A migration changed a table under a prepared statement: a new connection knows the new shape. */
static bool plan_is_outdated(const struct connection *c)
{
	return strcmp(c->sqlstate, "0A000") == 0 || strcmp(c->sqlstate, "26000") == 0;
}

struct status connection_query(struct connection *c, const struct sql_statement *sql,
			       const struct connection_params *params, int64_t deadline_ms, PGresult **out)
{
	struct status st;

	TRY(begin_call(c, deadline_ms));
	st = send_and_collect(c, sql, params, deadline_ms, out);
	if (c->scratch.capacity > SCRATCH_KEEP_BYTES) {
		buffer_done(&c->scratch);
		buffer_init(&c->scratch, SCRATCH_BYTES_MAX);
	}
	if (!status_ok(st) && sql->number != SQL_NEVER_PREPARED && c->prepared[sql->number] && plan_is_outdated(c)) {
		connection_close(c);
		memcpy(c->sqlstate, "08006", 6);
		return status_make(STATUS_UNAVAILABLE, "SCHEMA_CHANGED",
				   "the schema changed under a prepared statement");
	}
	return st;
}

struct status connection_describe(struct connection *c, const struct sql_statement *sql, int64_t deadline_ms,
				  PGresult **out)
{
	TRY(begin_call(c, deadline_ms));
	TRY(prepare(c, sql, NULL, deadline_ms));
	if (!PQsendDescribePrepared(c->pg, sql->name))
		return lost(c);
	return connection_collect(c, deadline_ms + CONNECTION_GRACE_MS, out);
}

int64_t connection_timeout_grid(int64_t ms)
{
	int64_t grid = 100;

	if (ms < grid)
		return ms;
	while (grid + grid / 4 <= ms)
		grid += grid / 4;
	return grid;
}

struct status connection_limit(struct connection *c, int64_t ms, int64_t deadline_ms)
{
	char sql[64];

	ms = connection_timeout_grid(ms);
	if (ms == c->timeout_ms)
		return STATUS_OK_VALUE;
	snprintf(sql, sizeof sql, "SET statement_timeout = %" PRId64, ms);
	TRY(connection_script(c, sql, deadline_ms, NULL));
	c->timeout_ms = ms;
	return STATUS_OK_VALUE;
}

/* --- opening ------------------------------------------------------------------------------------------------ */

static PGconn *start(const struct settings *s, const char *application)
{
	char options[512];

	snprintf(options, sizeof options,
		 "-c statement_timeout=%" PRId64 " -c lock_timeout=%" PRId64
		 " -c idle_in_transaction_session_timeout=%" PRId64 " -c timezone=UTC -c search_path=public"
		 " -c client_connection_check_interval=1000 -c client_min_messages=warning -c datestyle=ISO"
		 " -c jit=off", /* compiling takes longer than any of our statements gains */
		 s->db_statement_ms, s->db_lock_ms, s->db_idle_transaction_ms);
	{
		/* Later ones win over what the connection string says. */
		const char *const keys[] = { "dbname",
					     "client_encoding",
					     "application_name",
					     "options",
					     "keepalives_idle",
					     "keepalives_interval",
					     "keepalives_count",
					     "tcp_user_timeout",
					     "target_session_attrs",
					     NULL };
		const char *const values[] = { s->database_url, "UTF8",       application, options, "5", "3", "2",
					       "8000",          "read-write", NULL };

		return PQconnectStartParams(keys, values, 1);
	}
}

static struct status finish_connecting(struct connection *c, int64_t deadline_ms)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	while (next != PGRES_POLLING_OK) {
		if (next == PGRES_POLLING_FAILED)
			return lost(c);
		if (!wait_socket(c->pg, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms)) {
			connection_close(c);
			return status_make(STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE",
					   "the database did not accept a connection in time");
		}
		next = PQconnectPoll(c->pg);
	}
	return PQsetnonblocking(c->pg, 1) == 0 ? STATUS_OK_VALUE : lost(c);
}

static struct status unfit(const char *what)
{
	return status_make(STATUS_FAILED_PRECONDITION, "DATABASE_UNFIT", "%s", what);
}

static struct status check_server(struct connection *c, bool allow_unsafe, int64_t deadline_ms)
{
	AUTO(pgresult) PGresult *rows = NULL;
	const char *encoding = PQparameterStatus(c->pg, "server_encoding");
	int64_t skew;

	if (PQserverVersion(c->pg) < SERVER_VERSION_MIN)
		return unfit("PostgreSQL 15 or newer is needed");
	if (!encoding || strcmp(encoding, "UTF8") != 0)
		return unfit("the database's encoding must be UTF8");
	TRY(connection_script(c,
			      "SELECT current_setting('fsync'), current_setting('full_page_writes'),"
			      " current_setting('synchronous_commit'),"
			      " (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
			      deadline_ms, &rows));
	if (!allow_unsafe)
		for (int i = 0; i < 3; i++)
			if (strcmp(PQgetvalue(rows, 0, i), "off") == 0)
				return unfit("fsync, full_page_writes and synchronous_commit must be on"
					     " (DB_ALLOW_UNSAFE=true accepts them off)");
	skew = strtoll(PQgetvalue(rows, 0, 3), NULL, 10) - clock_wall_ms();
	if (skew > CLOCK_SKEW_MS_MAX || skew < -CLOCK_SKEW_MS_MAX)
		return unfit("the database's clock and ours differ by more than five seconds");
	return STATUS_OK_VALUE;
}

struct status connection_open(struct connection *c, const struct settings *settings, const char *application,
			      int64_t deadline_ms)
{
	int64_t latest = clock_monotonic_ms() + settings->db_connect_ms;
	struct status st;

	if (latest < deadline_ms)
		deadline_ms = latest;
	connection_close(c);
	if (!c->prepared)
		c->prepared = calloc(sql_statement_count + 1, sizeof *c->prepared);
	if (!c->prepared)
		return status_out_of_memory();
	c->pg = start(settings, application);
	if (!c->pg)
		return status_out_of_memory();
	if (PQstatus(c->pg) == CONNECTION_BAD)
		return lost(c);
	PQsetNoticeProcessor(c->pg, take_notice, c);
	TRY(finish_connecting(c, deadline_ms));
	c->timeout_ms = settings->db_statement_ms;
	st = check_server(c, settings->db_allow_unsafe, deadline_ms);
	if (!status_ok(st))
		connection_close(c);
	return st;
}
