/* jobs/scheduler.h: what is done periodically: one thread, one table row per job (jobs/scheduler.c), one file per job.
 * Jobs are short, bounded, and harmless when several instances do them at once. Owner: main.c. */
#ifndef JOBS_SCHEDULER_H
#define JOBS_SCHEDULER_H

#include "base/status.h"
#include "base/uuid.h"

struct scheduler;
struct settings;
struct store_pool;

struct job_context {
	const struct settings *settings;
	struct store_pool *pool;
	struct uuid instance;
	const char *version;
};

/* context is copied; what it points at is borrowed. The instance's first heartbeat is done before this returns. */
struct status scheduler_start(const struct job_context *context, struct scheduler **out) MUST_CHECK;
/* Says farewell. Accepts NULL. */
void scheduler_stop(struct scheduler *scheduler);

#endif
