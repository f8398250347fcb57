/* store/insight_store.h: questions about a campaign that count. Threads: any; each call uses the transaction it is
 * given. */
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

/* How many domains got how far. high_potential is counted from the index by richness, the rest are counters. */
struct funnel {
	int32_t generated, dns_valid, http_valid, keyword_hits, analyzed, high_potential, leads;
};

/* One statement, so all of one moment. NOT_FOUND / CAMPAIGN_UNKNOWN in that workspace. */
struct status store_funnel_get(struct store_tx *tx, const struct uuid *campaign_id, const char *workspace,
			       double richness_above, struct funnel *out) MUST_CHECK;

#endif
