#include "work/cancel.h"

#include "base/clock.h"

#include <time.h>

void cancel_init(struct cancel *c, const struct cancel *parent)
{
	pthread_condattr_t attr;

	atomic_init(&c->set, false);
	c->parent = parent;
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &attr);
	pthread_condattr_destroy(&attr);
}

void cancel_done(struct cancel *c)
{
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
}

void cancel_set(struct cancel *c)
{
	pthread_mutex_lock(&c->lock);
	atomic_store(&c->set, true);
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

bool cancel_is_set(const struct cancel *c)
{
	for (; c; c = c->parent)
		if (atomic_load(&c->set))
			return true;
	return false;
}

bool cancel_sleep(struct cancel *c, int64_t ms)
{
	int64_t until = clock_monotonic_ms() + ms;

	pthread_mutex_lock(&c->lock);
	while (!cancel_is_set(c)) {
		int64_t now = clock_monotonic_ms(), wake = until;
		struct timespec ts;

		if (now >= until)
			break;
		if (c->parent && wake > now + CANCEL_TICK_MS)
			wake = now + CANCEL_TICK_MS;
		ts.tv_sec = (time_t)(wake / 1000);
		ts.tv_nsec = (long)(wake % 1000) * 1000000;
		pthread_cond_timedwait(&c->changed, &c->lock, &ts);
	}
	pthread_mutex_unlock(&c->lock);
	return cancel_is_set(c);
}
