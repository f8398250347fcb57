#include "net/rate_limit.h"

#include <math.h>

void rate_bucket_init(struct rate_bucket *b, double rate_per_s, double burst, int64_t now_ms)
{
	if (burst < 1)
		burst = 1;
	*b = (struct rate_bucket){ .rate_per_s = rate_per_s, .burst = burst, .tokens = burst, .last_ms = now_ms };
}

int64_t rate_bucket_take(struct rate_bucket *b, unsigned n, int64_t now_ms)
{
	double need, most = b->burst + b->rate_per_s / 1000.0; /* what a 1 ms clock rounds away is kept */

	if (b->rate_per_s <= 0 || n == 0)
		return 0;
	if (now_ms > b->last_ms) {
		b->tokens += (double)(now_ms - b->last_ms) * b->rate_per_s / 1000.0;
		if (b->tokens > most)
			b->tokens = most;
		b->last_ms = now_ms;
	}
	need = n < b->burst ? n : b->burst;
	/* The tolerance absorbs rounding, so that a waiter who waited exactly as told is let in. */
	if (b->tokens + 1e-6 >= need) {
		b->tokens -= n;
		return 0;
	}
	double wait_ms = ceil((need - b->tokens) * 1000.0 / b->rate_per_s - 1e-6);

	return wait_ms < 1 ? 1 : wait_ms > 3600000.0 ? 3600000 : (int64_t)wait_ms;
}

static int64_t take_from_bucket(void *ctx, unsigned n, int64_t now_ms)
{
	return rate_bucket_take(ctx, n, now_ms);
}

struct rate_source rate_source_of(struct rate_bucket *bucket)
{
	return (struct rate_source){ .take = take_from_bucket, .ctx = bucket };
}

void gate_init(struct gate *g, struct rate_source source, unsigned active_max)
{
	*g = (struct gate){ .source = source, .active_max = active_max };
}

void gate_enter(struct gate *g, struct gate_waiter *w)
{
	*w = (struct gate_waiter){ .prev = g->tail, .waiting = true };
	if (g->tail)
		g->tail->next = w;
	else
		g->head = w;
	g->tail = w;
	g->waiting++;
}

void gate_forget(struct gate *g, struct gate_waiter *w)
{
	if (!w->waiting)
		return;
	if (w->prev)
		w->prev->next = w->next;
	else
		g->head = w->next;
	if (w->next)
		w->next->prev = w->prev;
	else
		g->tail = w->prev;
	*w = (struct gate_waiter){ 0 };
	g->waiting--;
}

struct gate_waiter *gate_next(struct gate *g, int64_t now_ms, int64_t *out_wait_ms)
{
	struct gate_waiter *w = g->head;

	*out_wait_ms = 0;
	if (!w || (g->active_max > 0 && g->active >= g->active_max))
		return NULL;
	if (g->source.take) {
		*out_wait_ms = g->source.take(g->source.ctx, 1, now_ms);
		if (*out_wait_ms > 0)
			return NULL;
	}
	gate_forget(g, w);
	g->active++;
	return w;
}

void gate_leave(struct gate *g)
{
	if (g->active > 0)
		g->active--;
}
