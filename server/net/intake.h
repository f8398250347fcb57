/* net/intake.h: the life of a job in an engine, the same for lookups and fetches: submitted by any thread, which waits
 * while the engine or the job's policy is full; taken by the engine's thread; started when its policy's rate and limit
 * let it; cancelled or ended; drained.
 *
 * Threads: submit, drain and stop from any; the rest on the engine's thread. Owner: the client. */
#ifndef NET_INTAKE_H
#define NET_INTAKE_H

#include "base/compiler.h"
#include "base/status.h"
#include "net/rate_limit.h"
#include "net/timer_heap.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct cancel;
struct intake;

/* What one policy may have of an engine. Embedded in policies; used with one engine. */
struct intake_share {
	struct rate_bucket bucket;
	struct gate gate;
	struct timer timer; /* when the gate has to be asked again */
	struct intake *intake;
	unsigned pending_max, pending; /* submitted and not called back; under the intake's lock */
};

/* Jobs started per second come from `shared` when its take is set, else from a bucket of that rate (0: unlimited); so
 * many are started and not ended at once (0: no limit). A few more may be submitted, so that a free place is filled at
 * once; a submit beyond those waits. */
void intake_share_init(struct intake_share *share, struct rate_source shared, double rate_per_s, double burst,
		       unsigned at_once);

/* Embedded in a job. The submitter fills the first block. */
struct intake_job {
	struct intake_share *share;
	struct cancel *cancel; /* may be NULL */

	bool is_started;
	int64_t started_ms;
	struct gate_waiter waiter;
	struct intake_job *next, *prev; /* submitted, then active */
};

/* What an engine does with its jobs. All but wake on its thread. */
struct intake_ops {
	const char *noun;                       /* "lookup": for the words of refusals */
	void (*wake)(struct intake *in);        /* ends the engine's sleep; from any thread, with the lock held */
	bool (*begin)(struct intake_job *job);  /* taken; false when that has ended it */
	void (*start)(struct intake_job *job);  /* its policy lets it; ends no job */
	void (*cancel)(struct intake_job *job); /* ends it, and no other */
};

struct intake_list {
	struct intake_job *head, *tail;
};

struct intake {
	const struct intake_ops *ops;
	unsigned most;
	struct timer_heap *timers; /* the engine's, like the next two */
	const int64_t *now_ms;
	struct intake_list active;

	pthread_mutex_t lock; /* everything below */
	pthread_cond_t changed;
	unsigned waiters, pending;
	struct intake_list submitted;
	bool is_sleeping, is_stopping;
};

/* timers and now_ms are the engine's; there is room for a timer per policy. */
void intake_init(struct intake *in, const struct intake_ops *ops, unsigned most, struct timer_heap *timers,
		 const int64_t *now_ms);
/* The engine's thread is gone. */
void intake_done(struct intake *in);

/* Waits for room when may_wait; the caller keeps the job when this fails. UNAVAILABLE when stopping, CANCELLED when its
 * cancel was set meanwhile, RESOURCE_EXHAUSTED when full and not to wait. */
struct status intake_submit(struct intake *in, struct intake_job *job, bool may_wait) MUST_CHECK;
/* True when nothing is pending within timeout_ms. */
bool intake_drain(struct intake *in, int64_t timeout_ms);
/* Refuses from now on, and ends the engine's sleep. */
void intake_stop(struct intake *in);

/* --- the engine's thread ------------------------------------------------------------------------------------- */

/* Makes active what was submitted, in order. *sleep_ms becomes 0 when there was any, else the engine may sleep so long.
 * False when it is time to stop. */
bool intake_take(struct intake *in, int64_t *sleep_ms);
/* Cancels every active job whose cancel is set, or all. */
void intake_cancel(struct intake *in, bool all);
/* A job ends: it is no longer active, and the next one of its policy may start. Before the callback, after which the
 * policy may be gone. */
void intake_leave(struct intake *in, struct intake_job *job);
/* After the callback. */
void intake_left(struct intake *in);

#endif
