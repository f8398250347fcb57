/* phase/tally.h: waiting for many callbacks of an engine. Lives in the batch's arena.
 * Threads: tally_add from the worker before it submits, tally_back from the callbacks, tally_wait from the worker. */
#ifndef PHASE_TALLY_H
#define PHASE_TALLY_H

#include <pthread.h>

struct tally {
	pthread_mutex_t lock;
	pthread_cond_t all_back;
	unsigned out; /* submitted and not called back */
};

void tally_init(struct tally *tally);
void tally_add(struct tally *tally);
/* The callback's last act: what it wrote before is seen after tally_wait. */
void tally_back(struct tally *tally);
/* Waits until everything is back. Whoever submitted set a cancel, so this ends soon after it. */
void tally_wait(struct tally *tally);
void tally_done(struct tally *tally);

#endif
