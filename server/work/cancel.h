/* work/cancel.h: a one-way flag that threads can look at or sleep on.
 *
 * Threads: any. Owner: whoever created it; it must outlive everyone who holds it. Chained: a cancel with a
 * parent is also set when the parent is (seen on the next look or within CANCEL_TICK_MS of sleep). */
#ifndef WORK_CANCEL_H
#define WORK_CANCEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CANCEL_TICK_MS 100

struct cancel {
	atomic_bool set;
	const struct cancel *parent;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

void cancel_init(struct cancel *c, const struct cancel *parent);
void cancel_done(struct cancel *c);
void cancel_set(struct cancel *c);
bool cancel_is_set(const struct cancel *c);
/* Sleeps up to ms, less when cancelled. Returns true when cancelled. */
bool cancel_sleep(struct cancel *c, int64_t ms);

#endif
