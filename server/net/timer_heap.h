/* net/timer_heap.h: many deadlines of one engine thread. One thread at a time. */
#ifndef NET_TIMER_HEAP_H
#define NET_TIMER_HEAP_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in its owner. All zero is "not set". */
struct timer {
	void (*fire)(struct timer *t);
	int64_t at_ms;
	size_t place; /* 1 + index in the heap; 0 when not set */
};

struct timer_heap {
	struct timer **items;
	size_t count, capacity;
};

void timer_heap_init(struct timer_heap *h);
void timer_heap_done(struct timer_heap *h); /* timers still set are forgotten */
/* Makes sure `count` timers can be set at once; false when out of memory. */
bool timer_heap_reserve(struct timer_heap *h, size_t count) MUST_CHECK;
/* Sets or moves; needs a reserved place. */
void timer_heap_set(struct timer_heap *h, struct timer *t, int64_t at_ms);
void timer_heap_clear(struct timer_heap *h, struct timer *t);
/* Fires everything due at now_ms. A fire function may set and clear timers, its own included. */
void timer_heap_run(struct timer_heap *h, int64_t now_ms);
/* Milliseconds until the next one, at most `most`. */
int64_t timer_heap_wait(const struct timer_heap *h, int64_t now_ms, int64_t most);

#endif
