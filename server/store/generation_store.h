/* store/generation_store.h: handing out offsets of a pattern and inserting the names behind them.
 *
 * The offset state is shared by every campaign whose pattern has the same hash. Whoever hands out offsets holds its
 * lock (generation_state_lock) until the transaction that inserts the names ends, so no offset is given twice. Threads:
 * any; each call uses the transaction it is given. */
#ifndef STORE_GENERATION_STORE_H
#define STORE_GENERATION_STORE_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_tx;

/* Makes sure the state of a pattern exists. details: the JSON that was hashed. */
struct status store_generation_state_open(struct store_tx *tx, const char *config_hash, const char *details) MUST_CHECK;
/* Highest offset handed out, -1 when none was. Without lock it is a hint. NOT_FOUND when the state was never opened. */
struct status store_generation_state_get(struct store_tx *tx, const char *config_hash, bool lock,
					 int64_t *out_last_offset) MUST_CHECK;
/* Moves the state forward to last_offset; never back. */
struct status store_generation_state_raise(struct store_tx *tx, const char *config_hash,
					   int64_t last_offset) MUST_CHECK;

/* Inserts names; what the campaign already has is left alone. *out_inserted counts the new ones. */
struct status store_domains_insert(struct store_tx *tx, const struct uuid *campaign_id, const int64_t *offsets,
				   const char *const *names, size_t count, int32_t *out_inserted) MUST_CHECK;

/* What a campaign has so far; offsets are -1 when it has nothing. */
struct generation_span {
	int32_t domain_count;
	int64_t first_offset, last_offset;
};

struct status store_generation_span_get(struct store_tx *tx, const struct uuid *campaign_id,
					struct generation_span *out) MUST_CHECK;
/* Writes the discovery columns of a locked campaign. */
struct status store_generation_lineage_set(struct store_tx *tx, const struct uuid *campaign_id, const char *config_hash,
					   const struct generation_span *span) MUST_CHECK;

/* How many domains the current run has to make, and how many it has made. */
struct generation_target {
	int32_t total, processed;
};

struct status store_generation_target_get(struct store_tx *tx, const struct uuid *campaign_id,
					  struct generation_target *out) MUST_CHECK;

#endif
