/* net/shared_rate.h: a rate that all instances keep together, as a rate_source for an engine.
 *
 * The bucket is in Redis (cache_take). An engine must not wait for Redis, so each shared_rate holds a small stock, at
 * most SHARED_RATE_STOCK_MS of the rate, which one thread of the hub refills. Without Redis the rate of this process is
 * the whole rate divided by the instances that were last known to live. Threads: shared_rate_create/destroy from any;
 * the source's take from any. Owner: the hub outlives its rates, a rate outlives the engine's use of its source. */
#ifndef NET_SHARED_RATE_H
#define NET_SHARED_RATE_H

#include "base/status.h"
#include "net/rate_limit.h"

struct cache;
struct shared_rate;
struct shared_rates;

#define SHARED_RATE_STOCK_MS 50

/* instance: this process's name among the live ones, for the count; copied. cache may be NULL. */
struct status shared_rates_open(struct cache *cache, const char *instance, struct shared_rates **out) MUST_CHECK;
void shared_rates_close(struct shared_rates *hub); /* accepts NULL; every rate was destroyed before */

/* name: which rates are one and the same, see CACHE_RATE_* in cache/keys.h; copied. rate_per_s > 0; a burst below 1
 * counts as
 * 1. NULL when out of memory. */
struct shared_rate *shared_rate_create(struct shared_rates *hub, const char *name, double rate_per_s,
				       double burst) MUST_CHECK;
void shared_rate_destroy(struct shared_rate *rate); /* accepts NULL */
struct rate_source shared_rate_source(struct shared_rate *rate);

#endif
