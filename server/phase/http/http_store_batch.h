/* phase/http/http_store_batch.h: the results of a batch as feature rows, keyword rows and domain columns, in the
 * caller's transaction. A domain whose values the database refuses is left out of the bulk and ends in error, with the
 * refusal as last_error; the rest of the batch is stored. Internal to phase/http/. */
#ifndef PHASE_HTTP_STORE_BATCH_H
#define PHASE_HTTP_STORE_BATCH_H

#include "base/status.h"
#include "store/domain_store.h"

#include <stddef.h>

struct phase_job;
struct site_result;
struct store_tx;

/* *out: what really changed. */
struct status http_store_batch(struct phase_job *job, struct store_tx *tx, const struct site_result *results,
			       size_t count, struct domain_http_change *out) MUST_CHECK;

#endif
