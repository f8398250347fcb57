/* store/insight_store.h: the counting questions that the counters don't answer. */
#ifndef STORE_INSIGHT_STORE_H
#define STORE_INSIGHT_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/states.h"

#include <stdint.h>

struct store_tx;

/* Rows counted anew, independently of the counters. */
struct rejection_count {
	int64_t domains[REJECTION_COUNT];
	int64_t leads; /* rows with lead_status match, whatever their reason */
};

struct status store_rejections_count(struct store_tx *tx, const struct uuid *campaign_id,
				     struct rejection_count *out) MUST_CHECK;
struct status store_high_potential_count(struct store_tx *tx, const struct uuid *campaign_id, double richness_above,
					 int64_t *out) MUST_CHECK;

#endif
