/* store/migrate.h: the schema's version, and moving it.
 *
 * Migrations are migrations/NNNNNN_name.up.sql and .down.sql, embedded at build time. The bookkeeping is
 * golang-migrate's (table schema_migrations, one row; its advisory locks), so that either tool may be used and never
 * both at once. One difference: here each migration is one transaction, so that a failed one leaves nothing of itself
 * behind. As there, the version is marked dirty before and clean after, and a dirty database is refused until `force`
 * says what it is. Not for CREATE INDEX CONCURRENTLY, which can't run in a transaction. Threads: any, but each call
 * opens a connection of its own: call before the pool is opened. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct settings;

struct migration {
	int64_t version; /* from 1, without gaps */
	const char *name, *up, *down;
};

struct migration_set {
	const struct migration *items; /* in order */
	size_t count;
};

extern const struct migration_set migrations_embedded;

struct migrate_state {
	int64_t version; /* 0: nothing was applied */
	bool is_dirty;
};

#define MIGRATE_ALL SIZE_MAX

/* Applies at most `steps` of what is missing. FAILED_PRECONDITION / SCHEMA_DIRTY, ABORTED / MIGRATOR_BUSY when another
 * one holds the lock for longer than DB_MIGRATE_TIMEOUT, else what the failed migration said, its name in front. */
struct status migrate_up(const struct settings *settings, const struct migration_set *set, size_t steps) MUST_CHECK;
/* Undoes at most `steps`, newest first. */
struct status migrate_down(const struct settings *settings, const struct migration_set *set, size_t steps) MUST_CHECK;
/* Records `version` as clean, running nothing. */
struct status migrate_force(const struct settings *settings, const struct migration_set *set,
			    int64_t version) MUST_CHECK;
struct status migrate_status(const struct settings *settings, struct migrate_state *out) MUST_CHECK;
/* OK when the schema is the one this program was built with; else FAILED_PRECONDITION / SCHEMA_OUTDATED, SCHEMA_NEWER
 * or SCHEMA_DIRTY, with the command to run in the detail. */
struct status migrate_check(const struct settings *settings, const struct migration_set *set) MUST_CHECK;

/* `domainflowd migrate up [N] | down N | force V | status | check`: args are the words after `migrate`. Returns the
 * exit code: 0 done; 1 failed; 2 not understood; `check` gives 3 when the schema is not ours. */
int migrate_command(const struct settings *settings, int arg_count, char **args, FILE *out);

/* The advisory lock golang-migrate v4 takes: CRC-32 (IEEE) of schema, table and database joined by NUL, times
 * 1486364155, modulo 2^32. Its command line takes the database from the URL's path, with the slash, its library
 * without; we hold both locks. */
uint32_t migrate_lock_id(const char *schema, const char *table, const char *database);

#endif
