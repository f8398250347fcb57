/* store/pool.h: the process's connections to PostgreSQL.
 *
 * At most db_connections_max connections for callers plus one of its own: a thread asks the server once a second, so
 * that a dead, silent or restarted server is noticed within two seconds even when nobody works, and callers fail at
 * once instead of waiting for it. While the server is away only that thread tries to connect, once a second with
 * jitter; callers' connections are reopened on demand afterwards, at most one attempt a second for each.
 *
 * Threads: any. Owner: main.c; it outlives everybody who uses it. Transactions are opened with store/tx.h. */
#ifndef STORE_POOL_H
#define STORE_POOL_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct settings;
struct metrics;
struct store_pool;

/* Connects once, to know that the server is there and fit. UNAVAILABLE / DATABASE_UNAVAILABLE when it is not there (the
 * caller may try again), FAILED_PRECONDITION / DATABASE_UNFIT when it can't be used. settings is borrowed and outlives
 * the pool; metrics may be NULL. */
struct status store_pool_open(const struct settings *settings, struct metrics *metrics,
			      struct store_pool **out) MUST_CHECK;

/* Every transaction must be closed before. Accepts NULL. */
void store_pool_close(struct store_pool *pool);

/* What the last look at the server found; at most two seconds old. */
bool store_pool_healthy(const struct store_pool *pool);

#endif
