/* work/queue.h: a bounded queue of pointers between threads. Any number of producers and consumers. */
#ifndef WORK_QUEUE_H
#define WORK_QUEUE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

/* NULL when out of memory. */
struct queue *queue_create(size_t capacity) MUST_CHECK;
void queue_destroy(struct queue *q); /* accepts NULL; items left inside are the owner's to drain first */
/* Waits up to timeout_ms for room (0: does not wait). False when still full, or closed. */
bool queue_push(struct queue *q, void *item, int64_t timeout_ms);
/* Waits up to timeout_ms for an item. NULL on timeout, or when closed and empty. */
void *queue_pop(struct queue *q, int64_t timeout_ms);
/* No more pushes; waiting consumers drain what is left and then get NULL. */
void queue_close(struct queue *q);
size_t queue_length(struct queue *q);

#endif
