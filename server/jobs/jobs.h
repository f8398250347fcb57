/* jobs/jobs.h: the jobs, for the scheduler's table. */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include "base/status.h"

struct job_context;

/* jobs/instance.c: says that this instance lives; removes it at the end. */
struct status job_instance_beat(const struct job_context *context) MUST_CHECK;
struct status job_instance_farewell(const struct job_context *context) MUST_CHECK;
/* jobs/idempotency_expiry.c: removes answers kept for longer than five minutes. */
struct status job_idempotency_expiry(const struct job_context *context) MUST_CHECK;
/* jobs/event_expiry.c: forgets stored events that no stream will resume from. */
struct status job_event_expiry(const struct job_context *context) MUST_CHECK;

#endif
