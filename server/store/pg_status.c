#include "store/pg_status.h"

#include "base/arena.h"

#include <string.h>

enum blame {
	BLAME_NONE,
	BLAME_MOMENT, /* try again */
	BLAME_ROW,    /* one row's values */
};

struct sqlstate {
	const char *prefix; /* a whole code or a class; the first match counts */
	enum status_code code;
	const char *reason;
	enum blame blame;
};

/* https://www.postgresql.org/docs/15/errcodes-appendix.html */
static const struct sqlstate table[] = {
	{ "23505", STATUS_ALREADY_EXISTS, "DUPLICATE", BLAME_NONE },              /* unique_violation */
	{ "23P01", STATUS_ALREADY_EXISTS, "DUPLICATE", BLAME_NONE },              /* exclusion_violation */
	{ "23503", STATUS_FAILED_PRECONDITION, "REFERENCE_MISSING", BLAME_NONE }, /* foreign_key_violation */
	{ "23514", STATUS_INVALID_ARGUMENT, "CHECK_FAILED", BLAME_ROW },          /* check_violation */
	{ "23502", STATUS_INVALID_ARGUMENT, "VALUE_MISSING", BLAME_ROW },         /* not_null_violation */
	{ "22", STATUS_INVALID_ARGUMENT, "DATA_REFUSED", BLAME_ROW },             /* data exceptions */
	{ "54000", STATUS_INVALID_ARGUMENT, "DATA_REFUSED", BLAME_ROW },          /* index row too large */
	{ "54001", STATUS_INVALID_ARGUMENT, "DATA_REFUSED", BLAME_ROW }, /* JSON nested too deep for the stack */
	{ "40001", STATUS_ABORTED, "SERIALIZATION", BLAME_MOMENT },
	{ "40P01", STATUS_ABORTED, "DEADLOCK", BLAME_MOMENT },
	{ "40003", STATUS_UNAVAILABLE, "COMMIT_UNKNOWN", BLAME_NONE }, /* statement_completion_unknown */
	{ "55P03", STATUS_ABORTED, "LOCK_TIMEOUT", BLAME_MOMENT },
	{ "57014", STATUS_DEADLINE_EXCEEDED, "STATEMENT_TIMEOUT", BLAME_NONE },
	{ "57P01", STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE", BLAME_MOMENT }, /* admin_shutdown */
	{ "57P02", STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE", BLAME_MOMENT }, /* crash_shutdown */
	{ "57P03", STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE", BLAME_MOMENT }, /* cannot_connect_now */
	{ "57P05", STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE", BLAME_MOMENT }, /* idle_session_timeout */
	{ "25P03", STATUS_UNAVAILABLE, "TRANSACTION_IDLE", BLAME_MOMENT },     /* idle_in_transaction_session_timeout */
	{ "25006", STATUS_UNAVAILABLE, "DATABASE_READ_ONLY", BLAME_MOMENT },   /* a standby answered */
	{ "25P02", STATUS_ABORTED, "TRANSACTION_FAILED", BLAME_NONE },
	{ "08", STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE", BLAME_MOMENT },
	{ "28", STATUS_UNAVAILABLE, "DATABASE_LOGIN", BLAME_NONE }, /* our password or role is wrong */
	{ "3D000", STATUS_FAILED_PRECONDITION, "DATABASE_MISSING", BLAME_NONE },
	{ "53300", STATUS_UNAVAILABLE, "DATABASE_BUSY", BLAME_MOMENT }, /* too_many_connections */
	{ "53", STATUS_RESOURCE_EXHAUSTED, "DATABASE_FULL", BLAME_NONE },
	{ "58030", STATUS_RESOURCE_EXHAUSTED, "DATABASE_FULL", BLAME_NONE }, /* io_error */
};

static const struct sqlstate *look_up(const char *sqlstate)
{
	if (!sqlstate)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strncmp(table[i].prefix, sqlstate, strlen(table[i].prefix)) == 0)
			return &table[i];
	return NULL;
}

/* Without the trailing newline and the lines after the first. */
static int first_line(const char *text)
{
	return (int)strcspn(text, "\n");
}

struct status pg_status_make(const char *sqlstate, const char *message)
{
	const struct sqlstate *row = look_up(sqlstate);

	if (!message)
		message = "no message";
	if (!row)
		return status_make(STATUS_INTERNAL, "DATABASE_ERROR", "%s: %.*s", sqlstate ? sqlstate : "?????",
				   first_line(message), message);
	return status_make(row->code, row->reason, "%.*s", first_line(message), message);
}

struct status pg_status_of_result(const PGresult *result)
{
	const char *sqlstate;

	switch ((int)PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
		return STATUS_OK_VALUE;
	case PGRES_EMPTY_QUERY:
		return status_make(STATUS_INTERNAL, "DATABASE_ERROR", "the statement is empty");
	default:
		break;
	}
	if (!result)
		return status_out_of_memory();
	sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	/* libpq makes results of its own, without a code, when the connection breaks. */
	return pg_status_make(sqlstate ? sqlstate : "08006",
			      PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
				      ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
				      : PQresultErrorMessage(result));
}

struct status pg_status_of_connection(const PGconn *pg)
{
	return pg_status_make("08006", pg ? PQerrorMessage(pg) : "out of memory");
}

bool pg_sqlstate_is_transient(const char *sqlstate)
{
	const struct sqlstate *row = look_up(sqlstate);

	return row && row->blame == BLAME_MOMENT;
}

bool pg_sqlstate_is_data(const char *sqlstate)
{
	const struct sqlstate *row = look_up(sqlstate);

	return row && row->blame == BLAME_ROW;
}
