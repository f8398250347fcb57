#include "net/timer_heap.h"

#include <assert.h>
#include <stdlib.h>

void timer_heap_init(struct timer_heap *h)
{
	*h = (struct timer_heap){ 0 };
}

void timer_heap_done(struct timer_heap *h)
{
	free(h->items);
	*h = (struct timer_heap){ 0 };
}

bool timer_heap_reserve(struct timer_heap *h, size_t count)
{
	struct timer **items;
	size_t capacity = h->capacity ? h->capacity : 64;

	if (count <= h->capacity)
		return true;
	while (capacity < count)
		capacity *= 2;
	items = realloc(h->items, capacity * sizeof *items);
	if (!items)
		return false;
	h->items = items;
	h->capacity = capacity;
	return true;
}

static void put(struct timer_heap *h, size_t i, struct timer *t)
{
	h->items[i] = t;
	t->place = i + 1;
}

static void sift_up(struct timer_heap *h, size_t i, struct timer *t)
{
	while (i > 0 && h->items[(i - 1) / 2]->at_ms > t->at_ms) {
		put(h, i, h->items[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(h, i, t);
}

static void sift_down(struct timer_heap *h, size_t i, struct timer *t)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->count)
			break;
		if (child + 1 < h->count && h->items[child + 1]->at_ms < h->items[child]->at_ms)
			child++;
		if (h->items[child]->at_ms >= t->at_ms)
			break;
		put(h, i, h->items[child]);
		i = child;
	}
	put(h, i, t);
}

void timer_heap_clear(struct timer_heap *h, struct timer *t)
{
	struct timer *last;
	size_t i;

	if (t->place == 0)
		return;
	i = t->place - 1;
	t->place = 0;
	last = h->items[--h->count];
	if (last == t)
		return;
	if (last->at_ms < t->at_ms)
		sift_up(h, i, last);
	else
		sift_down(h, i, last);
}

void timer_heap_set(struct timer_heap *h, struct timer *t, int64_t at_ms)
{
	timer_heap_clear(h, t);
	assert(h->count < h->capacity);
	t->at_ms = at_ms;
	sift_up(h, h->count++, t);
}

void timer_heap_run(struct timer_heap *h, int64_t now_ms)
{
	while (h->count > 0 && h->items[0]->at_ms <= now_ms) {
		struct timer *t = h->items[0];

		timer_heap_clear(h, t);
		t->fire(t);
	}
}

int64_t timer_heap_wait(const struct timer_heap *h, int64_t now_ms, int64_t most)
{
	int64_t wait;

	if (h->count == 0)
		return most;
	wait = h->items[0]->at_ms - now_ms;
	return wait < 0 ? 0 : wait > most ? most : wait;
}
