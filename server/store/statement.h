/* store/statement.h: one SQL statement, as embedded from server/store/sql. Static data. */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include <limits.h>
#include <stddef.h>

struct sql_statement {
	const char *name; /* the file's name without .sql; also the name it is prepared under */
	const char *text;
	unsigned number; /* index into sql_statements, or SQL_NEVER_PREPARED */
};

#define SQL_NEVER_PREPARED UINT_MAX

/* A statement written in C, parsed anew each time: savepoints, tests. */
#define SQL_TEXT(sql) (&(const struct sql_statement){ .name = "inline", .text = (sql), .number = SQL_NEVER_PREPARED })

extern const struct sql_statement *const sql_statements[];
extern const size_t sql_statement_count;

#endif
