#include "jobs/scheduler.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/recovery.h"
#include "config/settings.h"
#include "jobs/jobs.h"
#include "work/cancel.h"
#include "work/thread.h"

#include <stdlib.h>

static const struct job {
	const char *name;
	int64_t every_ms;
	bool needs_jobs_role; /* else every instance does it */
	struct status (*run)(const struct job_context *context);
} jobs[] = {
	{ "instance_beat", INSTANCE_BEAT_MS, false, job_instance_beat },
	{ "idempotency_expiry", 20000, true, job_idempotency_expiry },
	{ "event_expiry", 60000, true, job_event_expiry },
};

struct scheduler {
	struct job_context context;
	struct cancel stop;
	pthread_t thread;
	int64_t due_ms[ARRAY_LEN(jobs)];
	bool was_ok[ARRAY_LEN(jobs)];
};

static bool is_ours(const struct scheduler *s, const struct job *job)
{
	return !job->needs_jobs_role || settings_has_role(s->context.settings, "jobs");
}

/* One line when a job begins to fail and one when it works again, not one each time. */
static void run_job(struct scheduler *s, size_t i)
{
	struct status st = jobs[i].run(&s->context);

	if (!status_ok(st) && s->was_ok[i])
		LOG_FAILURE("job_failed", st, LOG_STR("job", jobs[i].name));
	if (status_ok(st) && !s->was_ok[i])
		LOG_INFO("job_recovered", LOG_STR("job", jobs[i].name));
	s->was_ok[i] = status_ok(st);
}

static void *scheduler_main(void *arg)
{
	struct scheduler *s = arg;
	int64_t wait_ms = 0;

	while (!cancel_sleep(&s->stop, wait_ms)) {
		int64_t now = clock_monotonic_ms();

		wait_ms = INSTANCE_BEAT_MS;
		for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
			if (!is_ours(s, &jobs[i]))
				continue;
			if (s->due_ms[i] <= now) {
				run_job(s, i);
				s->due_ms[i] = now + jobs[i].every_ms;
			}
			if (s->due_ms[i] - now < wait_ms)
				wait_ms = s->due_ms[i] - now;
		}
	}
	return NULL;
}

struct status scheduler_start(const struct job_context *context, struct scheduler **out)
{
	struct scheduler *s = calloc(1, sizeof *s);
	struct status st;

	if (!s)
		return status_out_of_memory();
	s->context = *context;
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		s->was_ok[i] = true;
	cancel_init(&s->stop, NULL);
	st = job_instance_beat(&s->context);
	if (status_ok(st))
		st = thread_start("jobs", scheduler_main, s, &s->thread);
	if (!status_ok(st)) {
		cancel_done(&s->stop);
		free(s);
		return st;
	}
	*out = s;
	return STATUS_OK_VALUE;
}

void scheduler_stop(struct scheduler *s)
{
	if (!s)
		return;
	cancel_set(&s->stop);
	pthread_join(s->thread, NULL);
	status_ignore(job_instance_farewell(&s->context)); /* without it the row ages out */
	cancel_done(&s->stop);
	free(s);
}
