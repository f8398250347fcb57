/* phase/tally.h: waiting for many callbacks of an engine, taking what came back in the order in which it did, or being
 * told later when enough of it is back. Threads: everything but tally_back is the worker's, one at a time; tally_back
 * is the callbacks'. Times are clock_monotonic_ms, TALLY_FOR_EVER waits as long as it takes: an engine calls back soon
 * after its cancel was set, so that ends. */
#ifndef PHASE_TALLY_H
#define PHASE_TALLY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct phase_job;

#define TALLY_FOR_EVER INT64_MAX

/* Embedded in what is asked for. */
struct tally_item {
	struct tally_item *next;
};

struct tally {
	pthread_mutex_t lock;
	pthread_cond_t news;
	unsigned out, back, wanted;      /* not called back; called back and not taken; so many back are news */
	struct phase_job *parked;        /* who is told the news; NULL: whoever waits */
	struct tally_item *first, *last; /* those that are back */
};

void tally_init(struct tally *tally);
/* Before the item is submitted. */
void tally_add(struct tally *tally);
/* What was added was not submitted after all. While nothing waits. */
void tally_forget(struct tally *tally);
/* The callback's last act: what it wrote before is seen by whoever takes the item. */
void tally_back(struct tally *tally, struct tally_item *item);
/* Takes an item that is back, waiting for one; NULL when every one was taken, or time is up. */
struct tally_item *tally_next(struct tally *tally, int64_t until_ms);
/* Waits until every item is back, woken once, or time is up; takes none. */
void tally_wait_all(struct tally *tally, int64_t until_ms);
/* Something is not back, or not taken. */
bool tally_is_out(struct tally *tally);
/* Nobody waits any more: job->rest_is_back is called once, when `wanted` items (or all) are back, maybe at once. */
void tally_park(struct tally *tally, struct phase_job *job, unsigned wanted);
/* Every item is back. */
void tally_done(struct tally *tally);

/* How long a call of work waits for what it asked for: patience_ms after everything was asked for, no longer than it
 * takes where the batch cannot be parked or is to end. */
int64_t tally_patience(const struct phase_job *job, int64_t patience_ms);

#endif
