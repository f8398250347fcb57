#include "store/migrate.h"

#include "base/clock.h"
#include "base/log.h"
#include "config/settings.h"
#include "store/connection.h"
#include "store/pg_status.h"
#include "work/cancel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA       "public"
#define TABLE        "schema_migrations"
#define LOCK_SALT    1486364155u
#define LOCK_POLL_MS 200
#define SHORT_MS     10000 /* for the bookkeeping statements */

static uint32_t crc32_ieee(uint32_t crc, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	crc = ~crc;
	while (n--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
	}
	return ~crc;
}

uint32_t migrate_lock_id(const char *schema, const char *table, const char *database)
{
	/* The NUL that ends schema and table is the separator. */
	uint32_t crc = crc32_ieee(0, schema, strlen(schema) + 1);

	crc = crc32_ieee(crc, table, strlen(table) + 1);
	return crc32_ieee(crc, database, strlen(database)) * LOCK_SALT;
}

/* --- bookkeeping -------------------------------------------------------------------------------------------- */

struct session {
	struct connection connection;
	const struct settings *settings;
};

static void auto_session(struct session *s)
{
	connection_done(&s->connection); /* gives the advisory locks back, too */
}

static struct status session_open(struct session *s, const struct settings *settings)
{
	s->settings = settings;
	TRY(connection_open(&s->connection, settings, "domainflowd migrate",
			    clock_monotonic_ms() + settings->db_connect_ms));
	/* DDL takes its time, and waits for locks as long as it may take. */
	return connection_script(&s->connection, "SET statement_timeout = 0; SET lock_timeout = 0",
				 clock_monotonic_ms() + SHORT_MS, NULL);
}

static struct status run(struct session *s, const char *sql, PGresult **out)
{
	return connection_script(&s->connection, sql, clock_monotonic_ms() + SHORT_MS, out);
}

static struct status lock_one(struct session *s, const char *database)
{
	int64_t deadline_ms = clock_monotonic_ms() + s->settings->db_migrate_ms;
	struct cancel never;
	struct status st;
	char sql[96];

	cancel_init(&never, NULL);
	snprintf(sql, sizeof sql, "SELECT pg_try_advisory_lock(%" PRIu32 ")", migrate_lock_id(SCHEMA, TABLE, database));
	for (;;) {
		AUTO(pgresult) PGresult *rows = NULL;

		st = run(s, sql, &rows);
		if (!status_ok(st) || PQgetvalue(rows, 0, 0)[0] == 't')
			break;
		if (clock_monotonic_ms() >= deadline_ms) {
			st = status_make(STATUS_ABORTED, "MIGRATOR_BUSY", "another migrator is at work");
			break;
		}
		cancel_sleep(&never, LOCK_POLL_MS);
	}
	cancel_done(&never);
	return st;
}

static struct status lock(struct session *s)
{
	char with_slash[256];

	snprintf(with_slash, sizeof with_slash, "/%s", PQdb(s->connection.pg));
	TRY(lock_one(s, with_slash));
	return lock_one(s, with_slash + 1);
}

/* Other tools have a table of the same name. */
static struct status check_table(struct session *s, bool *exists)
{
	AUTO(pgresult) PGresult *rows = NULL;

	TRY(run(s,
		"SELECT count(*) FILTER (WHERE a.attname = 'version' AND a.atttypid = 'int8'::regtype),"
		"       count(*) FILTER (WHERE a.attname = 'dirty' AND a.atttypid = 'bool'::regtype), count(*)"
		"  FROM pg_attribute a WHERE a.attrelid = to_regclass('public.schema_migrations')"
		"   AND a.attnum > 0 AND NOT a.attisdropped",
		&rows));
	*exists = strcmp(PQgetvalue(rows, 0, 2), "0") != 0;
	if (*exists && (strcmp(PQgetvalue(rows, 0, 0), "1") != 0 || strcmp(PQgetvalue(rows, 0, 1), "1") != 0))
		return status_make(STATUS_FAILED_PRECONDITION, "SCHEMA_FOREIGN",
				   "schema_migrations belongs to another tool; use a database of its own");
	return STATUS_OK_VALUE;
}

static struct status read_state(struct session *s, struct migrate_state *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	bool exists;

	*out = (struct migrate_state){ 0 };
	TRY(check_table(s, &exists));
	if (!exists)
		return STATUS_OK_VALUE;
	TRY(run(s, "SELECT version, dirty FROM public.schema_migrations LIMIT 1", &rows));
	if (PQntuples(rows) == 0)
		return STATUS_OK_VALUE;
	out->version = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
	out->is_dirty = PQgetvalue(rows, 0, 1)[0] == 't';
	/* golang-migrate writes -1 while it undoes the first one. */
	if (out->version < 0)
		out->version = 0;
	return STATUS_OK_VALUE;
}

static struct status ensure_table(struct session *s)
{
	bool exists;

	TRY(check_table(s, &exists));
	if (exists)
		return STATUS_OK_VALUE;
	return run(s,
		   "CREATE TABLE IF NOT EXISTS public.schema_migrations"
		   " (version bigint not null primary key, dirty boolean not null)",
		   NULL);
}

/* One row, replaced as golang-migrate does; no row at all when nothing is applied and nothing is under way. */
static void version_sql(char *sql, size_t size, int64_t version, bool is_dirty)
{
	int n = snprintf(sql, size, "TRUNCATE public.schema_migrations;");

	if (version == 0 && is_dirty)
		version = -1;
	if (version != 0)
		snprintf(sql + n, size - (size_t)n,
			 " INSERT INTO public.schema_migrations (version, dirty) VALUES (%" PRId64 ", %s);", version,
			 is_dirty ? "true" : "false");
}

static struct status set_version(struct session *s, int64_t version, bool is_dirty)
{
	char sql[256];

	version_sql(sql, sizeof sql, version, is_dirty);
	return run(s, sql, NULL); /* several statements in one message are one transaction */
}

/* --- moving ------------------------------------------------------------------------------------------------- */

static struct status dirty_status(const struct migrate_state *state)
{
	return status_make(STATUS_FAILED_PRECONDITION, "SCHEMA_DIRTY",
			   "migration %" PRId64 " was left unfinished; look at it, then run 'domainflowd migrate force "
			   "VERSION' with the version the schema really has",
			   state->version);
}

/* Runs `sql` and records `after`, all in one transaction. */
static struct status run_migration(struct session *s, const char *sql, int64_t after)
{
	int64_t deadline_ms = clock_monotonic_ms() + s->settings->db_migrate_ms;
	char record[256];

	version_sql(record, sizeof record, after, false);
	TRY(run(s, "BEGIN", NULL));
	TRY(connection_script(&s->connection, sql, deadline_ms, NULL));
	if (PQtransactionStatus(s->connection.pg) != PQTRANS_INTRANS)
		return status_make(STATUS_FAILED_PRECONDITION, "MIGRATION_TRANSACTION",
				   "a migration must not commit or roll back by itself");
	/* The migration may have changed it for its session. */
	TRY(run(s, "SET LOCAL search_path = public", NULL));
	TRY(run(s, record, NULL));
	return run(s, "COMMIT", NULL);
}

static struct status step(struct session *s, const struct migration *m, bool is_up)
{
	int64_t start_ms = clock_monotonic_ms(), after = is_up ? m->version : m->version - 1;
	char context[96];
	struct status st;

	/* golang-migrate marks the version it is heading for. */
	TRY(set_version(s, after, true));
	st = run_migration(s, is_up ? m->up : m->down, after);
	if (status_ok(st)) {
		LOG_INFO(is_up ? "migration_up" : "migration_down", LOG_INT("version", m->version),
			 LOG_STR("name", m->name), LOG_INT("took_ms", clock_monotonic_ms() - start_ms));
		return st;
	}
	if (s->connection.pg)
		status_ignore(run(s, "ROLLBACK", NULL)); /* closing does it otherwise */
	snprintf(context, sizeof context, "%06" PRId64 "_%.60s.%s.sql", m->version, m->name, is_up ? "up" : "down");
	return status_wrap(st, context);
}

/* Opens, locks and reads where we are. */
static struct status start(struct session *s, const struct settings *settings, struct migrate_state *state)
{
	connection_init(&s->connection);
	TRY(session_open(s, settings));
	TRY(lock(s));
	TRY(ensure_table(s));
	return read_state(s, state);
}

static struct status check_known(const struct migration_set *set, int64_t version)
{
	if (version <= (int64_t)set->count)
		return STATUS_OK_VALUE;
	return status_make(STATUS_FAILED_PRECONDITION, "SCHEMA_NEWER",
			   "the schema has version %" PRId64
			   ", this program knows up to %zu: install the newer program",
			   version, set->count);
}

static struct status move(const struct settings *settings, const struct migration_set *set, size_t steps, bool is_up)
{
	AUTO(session) struct session s;
	struct migrate_state state;

	TRY(start(&s, settings, &state));
	if (state.is_dirty)
		return dirty_status(&state);
	TRY(check_known(set, state.version));
	for (; steps > 0; steps--) {
		if (is_up ? state.version == (int64_t)set->count : state.version == 0)
			break;
		TRY(step(&s, &set->items[is_up ? state.version : state.version - 1], is_up));
		state.version += is_up ? 1 : -1;
	}
	return STATUS_OK_VALUE;
}

struct status migrate_up(const struct settings *settings, const struct migration_set *set, size_t steps)
{
	return move(settings, set, steps, true);
}

struct status migrate_down(const struct settings *settings, const struct migration_set *set, size_t steps)
{
	return move(settings, set, steps, false);
}

struct status migrate_force(const struct settings *settings, const struct migration_set *set, int64_t version)
{
	AUTO(session) struct session s;
	struct migrate_state state;

	if (version < 0 || version > (int64_t)set->count)
		return status_make(STATUS_INVALID_ARGUMENT, "VERSION_UNKNOWN", "version must be 0 to %zu", set->count);
	TRY(start(&s, settings, &state));
	return set_version(&s, version, false);
}

struct status migrate_status(const struct settings *settings, struct migrate_state *out)
{
	AUTO(session) struct session s;

	connection_init(&s.connection);
	TRY(session_open(&s, settings));
	return read_state(&s, out);
}

struct status migrate_check(const struct settings *settings, const struct migration_set *set)
{
	struct migrate_state state;

	TRY(migrate_status(settings, &state));
	if (state.is_dirty)
		return dirty_status(&state);
	TRY(check_known(set, state.version));
	if (state.version < (int64_t)set->count)
		return status_make(STATUS_FAILED_PRECONDITION, "SCHEMA_OUTDATED",
				   "the schema has version %" PRId64
				   ", this program needs %zu: run 'domainflowd migrate up'",
				   state.version, set->count);
	return STATUS_OK_VALUE;
}
