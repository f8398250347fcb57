/* net/rate_limit.h: how fast and how many at once. Pure: time is passed in.
 *
 * A rate_bucket is a token bucket. A rate_source is where an engine takes tokens from: the bucket of this process,
 * or one shared by the installation behind the same function. A gate is a queue in front of work that must wait for
 * a token and for a free place; an engine asks it who may start now and when to ask again, and never sleeps in it.
 * Threads: one at a time per object. */
#ifndef NET_RATE_LIMIT_H
#define NET_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rate_bucket {
	double rate_per_s; /* 0 = unlimited */
	double burst;
	double tokens;
	int64_t last_ms;
};

/* Starts full. A burst below 1 counts as 1. */
void rate_bucket_init(struct rate_bucket *b, double rate_per_s, double burst, int64_t now_ms);
/* Takes n tokens and returns 0, or takes none and returns after how many ms it is worth asking again (≥ 1).
 * n above the burst is granted when the bucket is full and leaves it in debt. */
int64_t rate_bucket_take(struct rate_bucket *b, unsigned n, int64_t now_ms);

/* take must not block: a shared source keeps a small stock that it refills elsewhere. */
struct rate_source {
	int64_t (*take)(void *ctx, unsigned n, int64_t now_ms); /* same contract as rate_bucket_take; NULL = no limit */
	void *ctx;
};

struct rate_source rate_source_of(struct rate_bucket *bucket);

/* Embedded in whatever waits. */
struct gate_waiter {
	struct gate_waiter *next, *prev;
	bool waiting;
};

struct gate {
	struct rate_source source;
	unsigned active, active_max; /* started and not yet left; active_max 0 = no limit */
	unsigned waiting;
	struct gate_waiter *head, *tail;
};

void gate_init(struct gate *g, struct rate_source source, unsigned active_max);
void gate_enter(struct gate *g, struct gate_waiter *w);
/* The waiter that may start now (it then counts as active), or NULL. With NULL, *out_wait_ms is when to ask again:
 * 0 when only a gate_leave or gate_enter can change the answer. */
struct gate_waiter *gate_next(struct gate *g, int64_t now_ms, int64_t *out_wait_ms);
/* Takes a waiter out of the queue, if it is in it. */
void gate_forget(struct gate *g, struct gate_waiter *w);
/* One that had started is done. */
void gate_leave(struct gate *g);

#endif
