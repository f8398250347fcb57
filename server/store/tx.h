/* store/tx.h: borrowing a connection: for one transaction, or for single statements.
 *
 *   AUTO(store_tx) struct store_tx *tx = NULL;         // rolled back and returned on every way out
 *   TRY(store_begin(pool, deadline_ms, &tx));
 *   TRY(store_query(tx, sql_campaign_move, &rows, P_UUID(id), …));
 *   return store_commit(&tx);
 *
 * Deadlines are points on clock_monotonic_ms(); 0 means DB_STATEMENT_TIMEOUT from now. No call on the transaction lasts
 * longer than its deadline (plus CONNECTION_GRACE_MS): the server gets a statement_timeout to match, and if it stays
 * silent the connection is dropped. Never hold one across a network call to elsewhere.
 * Threads: a store_tx belongs to one thread at a time. */
#ifndef STORE_TX_H
#define STORE_TX_H

#include "base/auto.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct store_pool;
struct store_tx;

/* READ COMMITTED. UNAVAILABLE / DATABASE_UNAVAILABLE when the server is away, UNAVAILABLE / DATABASE_BUSY when no
 * connection came free within DB_WAIT, DEADLINE_EXCEEDED when the deadline was sooner. */
struct status store_begin(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out) MUST_CHECK;
/* REPEATABLE READ READ ONLY: several reads that agree with each other. */
struct status store_begin_snapshot(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out) MUST_CHECK;
/* No transaction: each statement commits by itself. For single reads and single guarded writes. */
struct status store_single(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out) MUST_CHECK;

/* Commits and returns the connection; *tx is NULL afterwards whatever the result. UNAVAILABLE / COMMIT_UNKNOWN when
 * the connection broke before the answer: the transaction may or may not have happened. With store_single it only
 * returns the connection. */
struct status store_commit(struct store_tx **tx) MUST_CHECK;
/* Undoes everything and returns the connection; *tx is NULL afterwards. Accepts NULL inside. */
void store_rollback(struct store_tx **tx);

static inline void auto_store_tx(struct store_tx **tx)
{
	store_rollback(tx);
}

/* Name of the constraint that made the last statement fail, or "". Valid until the next statement. */
const char *store_tx_constraint(const struct store_tx *tx);
/* Five characters of the last statement that failed, or "". */
const char *store_tx_sqlstate(const struct store_tx *tx);
/* The last failure was about the values of one row (store/bulk.h asks). */
bool store_tx_data_failed(const struct store_tx *tx);
int64_t store_tx_deadline_ms(const struct store_tx *tx);

/* --- doing it again ----------------------------------------------------------------------------------------- */

/* The body of a transaction. It must leave no traces outside `tx` when it fails, since it may run again. */
typedef struct status (*store_work_fn)(struct store_tx *tx, void *arg);

enum store_repeat {
	STORE_ONCE,        /* never run it twice */
	STORE_UNLESS_DONE, /* again after serialization, deadlock and lost connections, but not after COMMIT_UNKNOWN */
	STORE_IDEMPOTENT,  /* doing it twice does no harm: again after COMMIT_UNKNOWN, too */
};

#define STORE_ATTEMPTS_MAX 4

/* Begins, runs work, commits; up to STORE_ATTEMPTS_MAX times before the deadline, with short jittered pauses. Failures
 * that work itself made up (NOT_FOUND, CAMPAIGN_MOVED) are not repeated. */
struct status store_run(struct store_pool *pool, int64_t deadline_ms, enum store_repeat repeat, store_work_fn work,
			void *arg) MUST_CHECK;

#endif
