/* store/bulk.h: writing many rows of which a few may be refused.
 *
 * The web is full of bytes that PostgreSQL does not take. One such row must neither spoil its batch nor make it be
 * retried for ever: the batch is tried under a savepoint, and when the database blames a value it is halved until the
 * rows that are to blame stand alone. Threads: that of the transaction. */
#ifndef STORE_BULK_H
#define STORE_BULK_H

#include "base/status.h"

#include <stddef.h>

struct store_tx;

/* Writes rows [from, from + count) of the caller's batch. It must do the same again when asked for a part of them. */
typedef struct status (*store_write_fn)(struct store_tx *tx, size_t from, size_t count, void *arg);

/* Hears of a row that was left out, and why. It may write something else for it, in the same transaction: a row with
 * the offending text removed, a failure mark; when that fails, so does the whole. */
typedef struct status (*store_poison_fn)(struct store_tx *tx, size_t row, struct status why, void *arg);

/* Tries all `count` rows, halves on failures that the values of a row cause (class 22, check, not null, key too long),
 * and calls on_poison for each row that fails alone. Other failures end it and fail the transaction as usual. More than
 * poison_max refused rows look like a fault of ours: the last refusal is returned, and nothing should be committed.
 * Costs two round trips when nothing is wrong, and about 2 log2(count) attempts for each poisoned row. */
struct status store_bulk_write(struct store_tx *tx, size_t count, size_t poison_max, store_write_fn write,
			       store_poison_fn on_poison, void *arg) MUST_CHECK;

#endif
