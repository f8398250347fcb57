/* campaign/worker.h: the threads that do the pipeline's work on this instance.
 *
 * Each batch being worked on has a thread: claim, work, commit, in plain sequence. A batch of which only stragglers are
 * missing is stored without them and parked, until any thread goes on with it. One more thread, the scout, looks four
 * times a second for runs that began or ended, cancels batches whose phase was paused or stopped, and renews leases.
 * Before the first claim it does what campaign/recovery.h says. Owner: main.c. Threads: start and stop from one;
 * worker_wake from any. */
#ifndef CAMPAIGN_WORKER_H
#define CAMPAIGN_WORKER_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdbool.h>

struct phase_env;
struct worker;

/* Called after a commit: of a transition, or only of progress; readers want to look. From worker threads. */
typedef void (*worker_moved_fn)(void *ctx, const struct uuid *campaign_id, bool transition);

/* env and instance id are borrowed and outlive the worker. */
struct status worker_start(const struct phase_env *env, const struct uuid *instance, worker_moved_fn moved, void *ctx,
			   struct worker **out) MUST_CHECK;
/* The scout looks at once: a phase may have started. Accepts NULL. */
void worker_wake(struct worker *worker);
/* Stops claiming, cancels what is in flight, commits what is finished, gives the rest back. Returns when all threads
 * are gone; worker_wake may still be called, until worker_free. Both accept NULL. */
void worker_stop(struct worker *worker);
void worker_free(struct worker *worker);

#endif
