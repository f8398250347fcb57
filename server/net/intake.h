/* net/intake.h: how jobs get into an engine and out of it: what the DNS and the HTTP client have in common.
 *
 * A job is submitted by any thread, which waits while the engine or the job's share of it is full; the engine's thread
 * takes it, has it active, and lets it go. Each job knows a cancel, which the engine looks at while the job is active.
 * Threads: submit, drain and stop from any; the rest on the engine's thread. Owner: the client. */
#ifndef NET_INTAKE_H
#define NET_INTAKE_H

#include "base/compiler.h"
#include "base/status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct cancel;

/* How much of an engine one policy may have: submitted and not called back. A submit beyond it waits. */
struct intake_share {
	unsigned most;
	unsigned pending; /* under the intake's lock */
};

/* Embedded in a job. The submitter fills the first block. */
struct intake_job {
	struct intake_share *share;
	struct cancel *cancel; /* may be NULL */

	struct intake_job *next, *prev; /* submitted, then active */
};

struct intake_list {
	struct intake_job *head, *tail;
};

struct intake {
	const char *noun; /* "lookup": for the words of refusals */
	void (*wake)(void *ctx);
	void *ctx;
	unsigned most;
	struct intake_list active; /* the engine's */

	pthread_mutex_t lock; /* everything below */
	pthread_cond_t changed;
	unsigned waiters, pending;
	struct intake_list submitted;
	bool is_sleeping, is_stopping;
};

/* noun: static. wake: ends the engine's sleep, from any thread, with the lock held. */
void intake_init(struct intake *in, const char *noun, unsigned most, void (*wake)(void *ctx), void *ctx);
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

/* Makes active what was submitted, in order: `begin` for each, which may end it. *sleep_ms becomes 0 when there was
 * any, else the engine may sleep so long. False when it is time to stop. */
bool intake_take(struct intake *in, void (*begin)(struct intake_job *job), int64_t *sleep_ms);
/* Calls `end` for every active job whose cancel is set, or for all; `end` ends that job and no other. */
void intake_cancel(struct intake *in, bool all, void (*end)(struct intake_job *job));
/* A job ends: no longer active, its share given back: call it before the callback, after which the share may be gone.
 */
void intake_leave(struct intake *in, struct intake_job *job);
/* After the callback. */
void intake_left(struct intake *in);

#endif
