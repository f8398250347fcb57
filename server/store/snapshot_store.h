/* store/snapshot_store.h: what a campaign's scores were made with. Exactly one snapshot of a campaign is active once it
 * was scored. Threads: any; each call uses the transaction it is given, with the campaign locked. */
#ifndef STORE_SNAPSHOT_STORE_H
#define STORE_SNAPSHOT_STORE_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct store_tx;

struct scoring_snapshot {
	bool has_profile; /* false: the built-in defaults */
	struct uuid profile_id;
	int32_t profile_version;
	const char *configuration; /* JSON: tf_lite, penalty factor, useKeywordWeights */
	const char *weights;       /* JSON: effective weights */
	const char *algorithm_version;
};

/* Keeps the active snapshot when it equals `wanted`; else activates an identical earlier one or a new one, retires the
 * old one and marks scores from other snapshots stale. */
struct status store_snapshot_ensure(struct store_tx *tx, const struct uuid *campaign_id,
				    const struct scoring_snapshot *wanted, struct uuid *out_id) MUST_CHECK;

#endif
