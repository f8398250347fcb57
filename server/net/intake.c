#include "net/intake.h"

#include "base/clock.h"
#include "work/cancel.h"

#include <stddef.h>
#include <time.h>

enum {
	STEP_MOST = 64,
	PENDING_SPARE = 64,
	PENDING_UNLIMITED = 1000000,
};

static void list_push(struct intake_list *list, struct intake_job *job)
{
	job->next = NULL;
	job->prev = list->tail;
	if (list->tail)
		list->tail->next = job;
	else
		list->head = job;
	list->tail = job;
}

static void list_remove(struct intake_list *list, struct intake_job *job)
{
	if (job->prev)
		job->prev->next = job->next;
	else
		list->head = job->next;
	if (job->next)
		job->next->prev = job->prev;
	else
		list->tail = job->prev;
}

void intake_share_init(struct intake_share *share, struct rate_source shared, double rate_per_s, double burst,
		       unsigned at_once)
{
	*share = (struct intake_share){ .pending_max = at_once > 0 ? at_once + PENDING_SPARE : PENDING_UNLIMITED };
	if (!shared.take && rate_per_s > 0) {
		rate_bucket_init(&share->bucket, rate_per_s, burst, clock_monotonic_ms());
		shared = rate_source_of(&share->bucket);
	}
	gate_init(&share->gate, shared, at_once);
}

void intake_init(struct intake *in, const struct intake_ops *ops, unsigned most, struct timer_heap *timers,
		 const int64_t *now_ms)
{
	pthread_condattr_t attr;

	*in = (struct intake){ .ops = ops, .most = most, .timers = timers, .now_ms = now_ms };
	pthread_mutex_init(&in->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&in->changed, &attr);
	pthread_condattr_destroy(&attr);
}

void intake_done(struct intake *in)
{
	pthread_cond_destroy(&in->changed);
	pthread_mutex_destroy(&in->lock);
}

/* The lock is held. */
static void wake(struct intake *in)
{
	if (in->is_sleeping)
		in->ops->wake(in);
	in->is_sleeping = false;
}

/* Waits a little for a change; the lock is held. */
static void wait_changed(struct intake *in)
{
	int64_t until = clock_monotonic_ms() + CANCEL_TICK_MS;
	struct timespec ts = { .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };

	in->waiters++;
	pthread_cond_timedwait(&in->changed, &in->lock, &ts);
	in->waiters--;
}

static struct status refuse(const struct intake *in, const struct intake_job *job, bool may_wait)
{
	if (in->is_stopping)
		return status_make(STATUS_UNAVAILABLE, "SHUTTING_DOWN", "the engine of this %s is stopping",
				   in->ops->noun);
	if (job->cancel && cancel_is_set(job->cancel))
		return status_make(STATUS_CANCELLED, "CANCELED", "cancelled before the %s began", in->ops->noun);
	if (!may_wait)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "ENGINE_BUSY", "no place for another %s", in->ops->noun);
	return STATUS_OK_VALUE;
}

struct status intake_submit(struct intake *in, struct intake_job *job, bool may_wait)
{
	struct status st = STATUS_OK_VALUE;

	pthread_mutex_lock(&in->lock);
	for (;;) {
		bool is_full = in->pending >= in->most || job->share->pending >= job->share->pending_max;

		st = refuse(in, job, may_wait || !is_full);
		if (!status_ok(st))
			break;
		if (!is_full) {
			in->pending++;
			job->share->pending++;
			list_push(&in->submitted, job);
			wake(in);
			break;
		}
		wait_changed(in);
	}
	pthread_mutex_unlock(&in->lock);
	return st;
}

bool intake_drain(struct intake *in, int64_t timeout_ms)
{
	int64_t until = clock_monotonic_ms() + timeout_ms;
	bool is_empty;

	pthread_mutex_lock(&in->lock);
	while (in->pending > 0 && clock_monotonic_ms() < until)
		wait_changed(in);
	is_empty = in->pending == 0;
	pthread_mutex_unlock(&in->lock);
	return is_empty;
}

void intake_stop(struct intake *in)
{
	pthread_mutex_lock(&in->lock);
	in->is_stopping = true;
	pthread_cond_broadcast(&in->changed);
	wake(in);
	pthread_mutex_unlock(&in->lock);
}

/* --- the engine's thread ------------------------------------------------------------------------------------- */

static void share_run(struct intake *in, struct intake_share *share);

static void on_share_timer(struct timer *t)
{
	struct intake_share *share = (struct intake_share *)(void *)((char *)t - offsetof(struct intake_share, timer));

	share_run(share->intake, share);
}

/* Starts whatever the share lets. */
static void share_run(struct intake *in, struct intake_share *share)
{
	struct gate_waiter *w;
	int64_t wait_ms;

	while ((w = gate_next(&share->gate, *in->now_ms, &wait_ms))) {
		struct intake_job *job = (struct intake_job *)(void *)((char *)w - offsetof(struct intake_job, waiter));

		job->is_started = true;
		job->started_ms = *in->now_ms;
		in->ops->start(job);
	}
	timer_heap_clear(in->timers, &share->timer);
	if (wait_ms > 0) {
		share->intake = in;
		share->timer.fire = on_share_timer;
		timer_heap_set(in->timers, &share->timer, *in->now_ms + wait_ms);
	}
}

bool intake_take(struct intake *in, int64_t *sleep_ms)
{
	struct intake_job *job;
	bool go_on;

	pthread_mutex_lock(&in->lock);
	job = in->submitted.head;
	in->submitted = (struct intake_list){ 0 };
	go_on = !in->is_stopping;
	in->is_sleeping = !job && go_on && *sleep_ms > 0;
	pthread_mutex_unlock(&in->lock);
	if (job || !go_on)
		*sleep_ms = 0;
	while (job) {
		struct intake_job *next = job->next;

		list_push(&in->active, job);
		if (in->ops->begin(job)) {
			gate_enter(&job->share->gate, &job->waiter);
			share_run(in, job->share);
		}
		job = next;
	}
	return go_on;
}

void intake_cancel(struct intake *in, bool all)
{
	struct intake_job *job = in->active.head;

	while (job) {
		struct intake_job *next = job->next;

		if (all || (job->cancel && cancel_is_set(job->cancel)))
			in->ops->cancel(job);
		job = next;
	}
}

/* A place came free; the lock is held. Those who wait are woken when some are free, not one by one: with many of them
 * every end of a job would wake them all for nothing. */
static void tell_place(struct intake *in, unsigned pending, unsigned most)
{
	unsigned step = most / 4 < STEP_MOST ? most / 4 : STEP_MOST;

	if (in->waiters > 0 && (pending == 0 || pending == most - (step > 0 ? step : 1)))
		pthread_cond_broadcast(&in->changed);
}

void intake_leave(struct intake *in, struct intake_job *job)
{
	struct intake_share *share = job->share;

	gate_forget(&share->gate, &job->waiter);
	if (job->is_started)
		gate_leave(&share->gate);
	share_run(in, share);
	list_remove(&in->active, job);
	pthread_mutex_lock(&in->lock);
	share->pending--;
	tell_place(in, share->pending, share->pending_max);
	pthread_mutex_unlock(&in->lock);
}

void intake_left(struct intake *in)
{
	pthread_mutex_lock(&in->lock);
	in->pending--;
	tell_place(in, in->pending, in->most);
	pthread_mutex_unlock(&in->lock);
}
