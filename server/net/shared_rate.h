/* net/shared_rate.h: a rate that all instances keep together, as a rate_source for an engine.
 *
 * The bucket is in Redis (cache_take). An engine must not wait for Redis, so each rate holds a small stock, at most
 * SHARED_RATE_STOCK_MS of the rate, which one thread of the hub refills. Without Redis this process has a bucket of its
 * own, with the rate divided by the live workers. Within a process a name is one rate, whoever asks: two campaigns with
 * one persona share it, with Redis and without. Threads: create and destroy from any, the source's take from any.
 * Owner: the hub outlives its rates, a rate outlives the engine's use of its source. */
#ifndef NET_SHARED_RATE_H
#define NET_SHARED_RATE_H

#include "base/status.h"
#include "net/rate_limit.h"

struct cache;
struct shared_rate;
struct shared_rates;

#define SHARED_RATE_STOCK_MS 50

/* How many workers live, this one included; < 1: unknown, the last number counts. On the hub's thread, every few
 * seconds while Redis is away; it may wait a little. */
typedef int64_t (*shared_rate_count_fn)(void *ctx);

/* cache may be NULL. count may be NULL: this worker is the only one. */
struct status shared_rates_open(struct cache *cache, shared_rate_count_fn count, void *ctx,
				struct shared_rates **out) MUST_CHECK;
void shared_rates_close(struct shared_rates *hub); /* accepts NULL; every rate was destroyed before */

/* name: which rates are one and the same, see CACHE_RATE_* in cache/keys.h; copied. Of two that differ in numbers the
 * newer counts for both. rate_per_s 0: unlimited, and *out is NULL. A burst below 1 counts as 1. */
struct status shared_rate_create(struct shared_rates *hub, const char *name, double rate_per_s, double burst,
				 struct shared_rate **out) MUST_CHECK;
void shared_rate_destroy(struct shared_rate *rate);              /* accepts NULL */
struct rate_source shared_rate_source(struct shared_rate *rate); /* without a limit for NULL */

#endif
