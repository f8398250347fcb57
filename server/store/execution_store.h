/* store/execution_store.h: reading the records of runs. They are written by store_execution_save (store/state_store.h).
 */
#ifndef STORE_EXECUTION_STORE_H
#define STORE_EXECUTION_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/campaign.h"

#include <stddef.h>

struct arena;
struct store_tx;

struct execution {
	struct uuid id; /* version 7: grows with time */
	struct phase_state state;
	const char *metrics; /* JSON object: the results of a completed run */
	int64_t updated_at_ms;
};

struct execution_filter {
	enum phase phase;          /* PHASE_COUNT: all */
	const struct uuid *before; /* the last one of the page before; NULL: from the newest */
	int32_t limit, skip;
};

/* Newest first. */
struct status store_executions_list(struct store_tx *tx, const struct uuid *campaign_id,
				    const struct execution_filter *filter, struct arena *arena, struct execution **out,
				    size_t *out_count) MUST_CHECK;
/* How many match, whatever the page. */
struct status store_executions_count(struct store_tx *tx, const struct uuid *campaign_id, enum phase phase,
				     int32_t *out) MUST_CHECK;

#endif
