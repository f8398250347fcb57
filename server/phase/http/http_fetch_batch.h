/* phase/http/http_fetch_batch.h: the pages of a batch: fetched, read, and made into features. No storage.
 *
 * The engine's thread feeds each body into the domain's page as it arrives; the batch's thread matches keywords and
 * builds features when a page is complete, and gives its memory back. Internal to phase/http/. */
#ifndef PHASE_HTTP_FETCH_BATCH_H
#define PHASE_HTTP_FETCH_BATCH_H

#include "base/status.h"
#include "extract/features.h"
#include "store/domain_store.h"

#include <stddef.h>
#include <stdint.h>

struct phase_job;

enum site_state {
	SITE_READY,  /* a page with features */
	SITE_FAILED, /* reason says why      */
	SITE_TIMEOUT,
};

/* What one domain gave. Texts in the job's arena, or static. */
struct site_result {
	int64_t offset;
	enum site_state state;
	const char *reason; /* of the domain row; NULL when ready */
	const char *error;  /* a sentence for last_error; NULL when ready */
	int32_t code;       /* last HTTP status, 0 when nobody answered */
	bool is_redirected;
	int32_t took_ms;
	int64_t fetched_at_ms;
	struct features features; /* when ready */
};

/* What one call gave. */
struct fetched {
	struct site_result *sites; /* in the job's arena, as they came back */
	size_t count;
	int32_t unfinished;
	int64_t took_ms; /* from the batch's beginning when there is no rest, else -1 */
};

/* Begins the batch (`work`) or goes on with it (job->rest, work NULL): what is back within its patience. The rest, when
 * there is one, is left in job->rest. Returns within 500 ms after job->cancel is set. */
struct status http_fetch_batch(struct phase_job *job, const struct domain_work *work, size_t count,
			       struct fetched *out) MUST_CHECK;

#endif
