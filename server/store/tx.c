#include "store/tx.h"

#include "base/clock.h"
#include "base/random.h"
#include "store/pg_status.h"
#include "store/slot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROLLBACK_MS     1000
#define REPEAT_PAUSE_MS 15 /* doubles with each attempt, plus as much jitter */

static struct status borrow(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out)
{
	deadline_ms = pool_deadline(pool, deadline_ms);
	if (clock_monotonic_ms() >= deadline_ms)
		return status_make(STATUS_DEADLINE_EXCEEDED, "STATEMENT_TIMEOUT", "no time was left for the database");
	return pool_borrow(pool, deadline_ms, out);
}

/* The timeout travels with BEGIN, so that it costs no round trip of its own. */
static struct status begin(struct store_pool *pool, int64_t deadline_ms, const char *mode, struct store_tx **out)
{
	struct store_tx *tx = NULL;
	struct status st;
	char sql[128];
	int64_t left;

	TRY(borrow(pool, deadline_ms, &tx));
	left = connection_timeout_grid(tx->deadline_ms - clock_monotonic_ms());
	if (left == tx->connection.timeout_ms)
		snprintf(sql, sizeof sql, "BEGIN %s", mode);
	else
		snprintf(sql, sizeof sql, "BEGIN %s; SET LOCAL statement_timeout = %" PRId64, mode,
			 left > 0 ? left : 1);
	st = connection_script(&tx->connection, sql, tx->deadline_ms, NULL);
	if (!status_ok(st)) {
		pool_return(tx);
		return st;
	}
	tx->is_single = false;
	*out = tx;
	return STATUS_OK_VALUE;
}

struct status store_begin(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out)
{
	return begin(pool, deadline_ms, "ISOLATION LEVEL READ COMMITTED", out);
}

struct status store_begin_snapshot(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out)
{
	return begin(pool, deadline_ms, "ISOLATION LEVEL REPEATABLE READ READ ONLY", out);
}

struct status store_single(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out)
{
	struct store_tx *tx = NULL;
	struct status st;
	int64_t left;

	TRY(borrow(pool, deadline_ms, &tx));
	left = tx->deadline_ms - clock_monotonic_ms();
	st = connection_limit(&tx->connection, left > 0 ? left : 1, tx->deadline_ms);
	if (!status_ok(st)) {
		pool_return(tx);
		return st;
	}
	tx->is_single = true;
	*out = tx;
	return STATUS_OK_VALUE;
}

static struct status commit(struct store_tx *tx)
{
	AUTO(pgresult) PGresult *result = NULL;
	struct connection *c = &tx->connection;
	struct status st;

	if (!c->pg || PQtransactionStatus(c->pg) != PQTRANS_INTRANS)
		return status_make(STATUS_ABORTED, "TRANSACTION_FAILED",
				   "the transaction had already failed and was rolled back");
	st = connection_script(c, "COMMIT", tx->deadline_ms, &result);
	if (status_ok(st) && strcmp(PQcmdStatus(result), "COMMIT") != 0)
		return status_make(STATUS_ABORTED, "TRANSACTION_FAILED", "the transaction was rolled back");
	if (!status_ok(st) && !c->pg) {
		memcpy(c->sqlstate, "40003", 6);
		return status_make(STATUS_UNAVAILABLE, "COMMIT_UNKNOWN",
				   "the connection broke while committing; it may or may not have happened");
	}
	return st;
}

struct status store_commit(struct store_tx **handle)
{
	struct store_tx *tx = *handle;
	struct status st = tx->is_single ? STATUS_OK_VALUE : commit(tx);

	store_rollback(handle);
	return st;
}

void store_rollback(struct store_tx **handle)
{
	struct store_tx *tx = *handle;

	if (!tx)
		return;
	*handle = NULL;
	if (tx->connection.pg && PQtransactionStatus(tx->connection.pg) != PQTRANS_IDLE)
		/* On failure pool_return closes the connection, which rolls back as well. */
		status_ignore(connection_script(&tx->connection, "ROLLBACK", clock_monotonic_ms() + ROLLBACK_MS, NULL));
	pool_return(tx);
}

const char *store_tx_constraint(const struct store_tx *tx)
{
	return tx->connection.constraint;
}

const char *store_tx_sqlstate(const struct store_tx *tx)
{
	return tx->connection.sqlstate;
}

bool store_tx_data_failed(const struct store_tx *tx)
{
	return pg_sqlstate_is_data(tx->connection.sqlstate);
}

int64_t store_tx_deadline_ms(const struct store_tx *tx)
{
	return tx->deadline_ms;
}

/* --- doing it again ----------------------------------------------------------------------------------------- */

/* One attempt. *is_transient: the database, not `work`, says that another attempt may succeed. */
static struct status attempt(struct store_pool *pool, int64_t deadline_ms, store_work_fn work, void *arg,
			     bool *is_transient)
{
	struct store_tx *tx = NULL;
	struct status st;

	*is_transient = false;
	st = store_begin(pool, deadline_ms, &tx);
	if (!status_ok(st)) {
		*is_transient = st.code == STATUS_UNAVAILABLE;
		return st;
	}
	st = work(tx, arg);
	if (status_ok(st))
		st = commit(tx);
	/* Only a failure that came from the database counts: work may have handled one and then failed by itself. */
	if (!status_ok(st) && (st.code == STATUS_ABORTED || st.code == STATUS_UNAVAILABLE))
		*is_transient = pg_sqlstate_is_transient(tx->connection.sqlstate);
	store_rollback(&tx);
	return st;
}

static void pause_before(unsigned attempt_number, int64_t deadline_ms)
{
	int64_t ms = (int64_t)REPEAT_PAUSE_MS << attempt_number, left = deadline_ms - clock_monotonic_ms();
	struct timespec ts;
	uint32_t r;

	random_bytes(&r, sizeof r);
	ms += (int64_t)(r % (uint32_t)ms);
	if (ms > left)
		ms = left > 0 ? left : 0;
	ts = (struct timespec){ .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };
	nanosleep(&ts, NULL);
}

struct status store_run(struct store_pool *pool, int64_t deadline_ms, enum store_repeat repeat, store_work_fn work,
			void *arg)
{
	struct status st;

	deadline_ms = pool_deadline(pool, deadline_ms);
	for (unsigned n = 0;; n++) {
		bool is_transient, is_unknown;

		st = attempt(pool, deadline_ms, work, arg, &is_transient);
		if (status_ok(st))
			return st;
		is_unknown = st.code == STATUS_UNAVAILABLE && strcmp(st.reason, "COMMIT_UNKNOWN") == 0;
		if (repeat == STORE_ONCE || n + 1 == STORE_ATTEMPTS_MAX || clock_monotonic_ms() >= deadline_ms)
			return st;
		if (is_unknown ? repeat != STORE_IDEMPOTENT : !is_transient)
			return st;
		pause_before(n, deadline_ms);
	}
}
