/* store/slot.h: a pool's place for one connection, which is also the transaction that borrows it. Internal to store/.
 */
#ifndef STORE_SLOT_H
#define STORE_SLOT_H

#include "store/connection.h"

#include <stdbool.h>
#include <stdint.h>

struct metric;
struct store_pool;

struct store_tx {
	struct store_pool *pool;
	struct store_tx *next_free;
	struct connection connection;
	int64_t retry_after_ms; /* not reconnected before this point */
	uint64_t outage;        /* the pool's count of outages when it was opened */
	/* while borrowed */
	int64_t deadline_ms;
	bool is_single; /* no BEGIN was sent */
};

/* Lends a slot with an open connection. */
struct status pool_borrow(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out) MUST_CHECK;
/* Takes it back; a connection that is not idle and sound is closed. */
void pool_return(struct store_tx *tx);
/* The latest point a caller without a deadline may wait for. */
int64_t pool_deadline(const struct store_pool *pool, int64_t deadline_ms);
/* The duration histogram of a statement; NULL without metrics. */
struct metric *pool_statement_metric(struct store_pool *pool, unsigned number);

#endif
