/* phase/tally.h: waiting for many callbacks of an engine, taking what came back in the order in which it did.
 * Threads: everything but tally_back is the worker's, tally_back is the callbacks'. */
#ifndef PHASE_TALLY_H
#define PHASE_TALLY_H

#include <pthread.h>
#include <stdbool.h>

/* Embedded in what is asked for. */
struct tally_item {
	struct tally_item *next;
};

struct tally {
	pthread_mutex_t lock;
	pthread_cond_t news;
	unsigned out; /* submitted and not called back */
	bool waits_for_all;
	struct tally_item *first, *last; /* called back and not taken */
};

void tally_init(struct tally *tally);
/* Before the item is submitted. */
void tally_add(struct tally *tally);
/* The callback's last act: what it wrote before is seen by whoever takes the item. */
void tally_back(struct tally *tally, struct tally_item *item);
/* Takes an item that is back, waiting for one; NULL when every one was taken. An engine calls back soon after its
 * cancel was set, so this ends. */
struct tally_item *tally_next(struct tally *tally);
/* The same without waiting: NULL also when none is back yet. */
struct tally_item *tally_poll(struct tally *tally);
/* Waits until every item is back, woken once, and takes none of them. */
void tally_wait_all(struct tally *tally);
/* Every item is back. */
void tally_done(struct tally *tally);

#endif
