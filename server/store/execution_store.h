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
};

/* Newest first; phase PHASE_COUNT: all; before: the last id of the page before, NULL for the first page. */
struct status store_executions_list(struct store_tx *tx, const struct uuid *campaign_id, enum phase phase,
				    const struct uuid *before, int32_t limit, struct arena *arena,
				    struct execution **out, size_t *out_count) MUST_CHECK;

#endif
