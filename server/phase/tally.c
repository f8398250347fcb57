#include "phase/tally.h"

#include "base/clock.h"
#include "phase/phase.h"
#include "work/cancel.h"

#include <limits.h>
#include <stddef.h>
#include <time.h>

void tally_init(struct tally *tally)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&tally->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&tally->news, &attr);
	pthread_condattr_destroy(&attr);
	tally->out = tally->back = 0;
	tally->wanted = UINT_MAX;
	tally->parked = NULL;
	tally->first = tally->last = NULL;
}

void tally_add(struct tally *tally)
{
	pthread_mutex_lock(&tally->lock);
	tally->out++;
	pthread_mutex_unlock(&tally->lock);
}

void tally_forget(struct tally *tally)
{
	pthread_mutex_lock(&tally->lock);
	tally->out--;
	pthread_mutex_unlock(&tally->lock);
}

/* The lock is held, also while the job's worker is told: going on with the job begins with this lock, so the tally
 * lives until we let go of it. */
static void tell(struct tally *tally)
{
	struct phase_job *parked = tally->parked;

	if (tally->out > 0 && tally->back < tally->wanted)
		return;
	tally->parked = NULL;
	if (parked)
		parked->rest_is_back(parked);
	else
		pthread_cond_signal(&tally->news);
}

void tally_back(struct tally *tally, struct tally_item *item)
{
	item->next = NULL;
	pthread_mutex_lock(&tally->lock);
	tally->out--;
	tally->back++;
	if (tally->last)
		tally->last->next = item;
	else
		tally->first = item;
	tally->last = item;
	tell(tally);
	pthread_mutex_unlock(&tally->lock);
}

/* The lock is held. */
static void wait_wanted(struct tally *tally, unsigned wanted, int64_t until_ms)
{
	struct timespec ts = { .tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000 };

	tally->parked = NULL;
	tally->wanted = wanted;
	while (tally->out > 0 && tally->back < wanted) {
		if (until_ms == TALLY_FOR_EVER)
			pthread_cond_wait(&tally->news, &tally->lock);
		else if (clock_monotonic_ms() >= until_ms)
			return;
		else
			pthread_cond_timedwait(&tally->news, &tally->lock, &ts);
	}
}

struct tally_item *tally_next(struct tally *tally, int64_t until_ms)
{
	struct tally_item *item;

	pthread_mutex_lock(&tally->lock);
	wait_wanted(tally, 1, until_ms);
	item = tally->first;
	if (item) {
		tally->first = item->next;
		tally->back--;
		if (!tally->first)
			tally->last = NULL;
	}
	pthread_mutex_unlock(&tally->lock);
	return item;
}

void tally_wait_all(struct tally *tally, int64_t until_ms)
{
	pthread_mutex_lock(&tally->lock);
	wait_wanted(tally, UINT_MAX, until_ms);
	pthread_mutex_unlock(&tally->lock);
}

bool tally_is_out(struct tally *tally)
{
	bool is_out;

	pthread_mutex_lock(&tally->lock);
	is_out = tally->out > 0 || tally->back > 0;
	pthread_mutex_unlock(&tally->lock);
	return is_out;
}

void tally_park(struct tally *tally, struct phase_job *job, unsigned wanted)
{
	pthread_mutex_lock(&tally->lock);
	tally->parked = job;
	tally->wanted = wanted;
	tell(tally);
	pthread_mutex_unlock(&tally->lock);
}

void tally_done(struct tally *tally)
{
	pthread_cond_destroy(&tally->news);
	pthread_mutex_destroy(&tally->lock);
}

int64_t tally_patience(const struct phase_job *job, int64_t patience_ms)
{
	return !job->rest_is_back || cancel_is_set(job->cancel) ? TALLY_FOR_EVER : clock_monotonic_ms() + patience_ms;
}
