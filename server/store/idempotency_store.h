/* store/idempotency_store.h: the first answer to a request with an idempotency key, in the request's own transaction.
 * Threads: any; each call uses the transaction it is given. */
#ifndef STORE_IDEMPOTENCY_STORE_H
#define STORE_IDEMPOTENCY_STORE_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

#define IDEMPOTENCY_KEEP_MS 300000 /* five minutes, by the database's clock */

struct idempotency_key {
	struct uuid campaign_id; /* zero when the request names none */
	const char *workspace, *action, *phase, *key;
	const char *request_hash;
};

struct idempotency_answer {
	int32_t code; /* enum status_code */
	const char *reason, *detail;
	const char *extra; /* JSON */
	const void *response;
	size_t response_bytes;
	const char *request_hash; /* set when read */
};

/* Takes the key for this transaction. Waits while another transaction with the same key runs. *is_first false: *stored
 * is its answer, in the arena. */
struct status store_idempotency_begin(struct store_tx *tx, const struct idempotency_key *key, struct arena *arena,
				      bool *is_first, struct idempotency_answer *stored) MUST_CHECK;
struct status store_idempotency_answer(struct store_tx *tx, const struct idempotency_key *key,
				       const struct idempotency_answer *answer) MUST_CHECK;
/* Removes expired records; *removed of them. */
struct status store_idempotency_expire(struct store_tx *tx, int64_t *removed) MUST_CHECK;

#endif
