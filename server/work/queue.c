#include "work/queue.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t not_full, not_empty;
	size_t capacity, head, count;
	bool closed;
	void *items[];
};

struct queue *queue_create(size_t capacity)
{
	struct queue *q;
	size_t bytes;
	pthread_condattr_t attr;

	if (capacity == 0 || __builtin_mul_overflow(capacity, sizeof(void *), &bytes) ||
	    __builtin_add_overflow(bytes, sizeof *q, &bytes))
		return NULL;
	q = calloc(1, bytes);
	if (!q)
		return NULL;
	q->capacity = capacity;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->not_full, &attr);
	pthread_cond_init(&q->not_empty, &attr);
	pthread_condattr_destroy(&attr);
	return q;
}

void queue_destroy(struct queue *q)
{
	if (!q)
		return;
	pthread_cond_destroy(&q->not_empty);
	pthread_cond_destroy(&q->not_full);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* False when `until` has passed. */
static bool wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms)
{
	struct timespec ts = { .tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000 };

	if (clock_monotonic_ms() >= until_ms)
		return false;
	pthread_cond_timedwait(cond, lock, &ts);
	return true;
}

bool queue_push(struct queue *q, void *item, int64_t timeout_ms)
{
	int64_t until = clock_monotonic_ms() + timeout_ms;
	bool pushed = false;

	pthread_mutex_lock(&q->lock);
	while (q->count == q->capacity && !q->closed)
		if (!wait_until(&q->not_full, &q->lock, until))
			break;
	if (q->count < q->capacity && !q->closed) {
		q->items[(q->head + q->count) % q->capacity] = item;
		q->count++;
		pushed = true;
		pthread_cond_signal(&q->not_empty);
	}
	pthread_mutex_unlock(&q->lock);
	return pushed;
}

void *queue_pop(struct queue *q, int64_t timeout_ms)
{
	int64_t until = clock_monotonic_ms() + timeout_ms;
	void *item = NULL;

	pthread_mutex_lock(&q->lock);
	while (q->count == 0 && !q->closed)
		if (!wait_until(&q->not_empty, &q->lock, until))
			break;
	if (q->count > 0) {
		item = q->items[q->head];
		q->head = (q->head + 1) % q->capacity;
		q->count--;
		pthread_cond_signal(&q->not_full);
	}
	pthread_mutex_unlock(&q->lock);
	return item;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->not_empty);
	pthread_cond_broadcast(&q->not_full);
	pthread_mutex_unlock(&q->lock);
}

size_t queue_length(struct queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->count;
	pthread_mutex_unlock(&q->lock);
	return n;
}
