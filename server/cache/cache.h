/* cache/cache.h: what Redis does for us: kept answers, hints to other instances, shared rates. Never the truth.
 *
 * Everything works as if nothing were kept when Redis is down, slow or not configured: no call fails for that reason,
 * none waits longer than REDIS_COMMAND_TIMEOUT, and after a timeout or a lost connection nobody waits at all until the
 * keeper thread has seen Redis answer again (it asks once a second, with growing pauses up to five while Redis is
 * away). A NULL cache is a cache without Redis.
 * Threads: any. Owner: main.c; it outlives everyone who uses it. Keys and TTLs: cache/keys.h. */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include "base/status.h"
#include "cache/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct cache;
struct metrics;
struct settings;

#define CACHE_VALUE_BYTES_MAX   (4u << 20) /* larger answers are not kept */
#define CACHE_FLIGHT_WAIT_MS    30000      /* longest wait for another caller's computation of the same answer */
#define CACHE_SUBSCRIPTIONS_MAX 16

/* With an empty REDIS_URL there are no threads and no connections. INVALID_ARGUMENT for a URL that can't be read; that
 * Redis doesn't answer is no failure. settings is borrowed. */
struct status cache_open(const struct settings *settings, struct metrics *metrics, struct cache **out) MUST_CHECK;
void cache_close(struct cache *cache); /* accepts NULL */

/* Redis answered when last asked, at most about a second ago. False without Redis: readiness says "degraded" then. */
bool cache_healthy(const struct cache *cache);

#define CACHE_VERSION_SIZE 32

/* Asks Redis now, for at most REDIS_COMMAND_TIMEOUT. False when it does not answer or there is none; its version, ""
 * when it does not say. */
bool cache_ask(struct cache *cache, char out_version[CACHE_VERSION_SIZE]);

/* --- kept answers ------------------------------------------------------------------------------------------- */

/* Computes the answer: bytes in the arena. */
typedef struct status (*cache_compute_fn)(void *arg, struct arena *arena, const void **out_bytes, size_t *out_length);

struct cache_answer {
	const void *bytes; /* in the caller's arena */
	size_t length;
	bool is_hit;    /* kept, or computed by another caller meanwhile */
	int64_t age_ms; /* since it was computed */
};

/* The kept answer, or a computed one, which is then kept. Callers of one process that miss at the same time compute
 * once: the others wait for it (until deadline_ms on clock_monotonic_ms(); 0: CACHE_FLIGHT_WAIT_MS). Failures are not
 * kept; those that wait get the same failure, unless it was the deadline or cancellation of the one who computed. */
struct status cache_get_or_compute(struct cache *cache, const struct cache_key *key, int64_t deadline_ms,
				   struct arena *arena, cache_compute_fn compute, void *arg,
				   struct cache_answer *out) MUST_CHECK;

/* Makes every answer of the key's scope unusable, also those being computed right now, here and elsewhere. */
void cache_forget(struct cache *cache, const struct cache_key *key);

/* --- plain values ------------------------------------------------------------------------------------------- */

/* Names are without the prefix. False when absent (or Redis is); *out is in the arena and NUL-terminated. */
bool cache_get(struct cache *cache, const char *name, struct arena *arena, char **out, size_t *out_length);
/* True when Redis has it. ttl_ms > 0. */
bool cache_set(struct cache *cache, const char *name, const void *bytes, size_t length, int64_t ttl_ms);
bool cache_delete(struct cache *cache, const char *name);

/* --- hints -------------------------------------------------------------------------------------------------- */

/* True when Redis took it. Who listens is unknown; the message is a hint, see keys.h. */
bool cache_publish(struct cache *cache, const char *channel, const void *bytes, size_t length);

/* Runs on the listener thread and must not block. bytes is NULL (length 0) after every (re)connection and after a lost
 * one: messages may have been missed, look for yourself. */
typedef void (*cache_message_fn)(void *arg, const char *channel, const void *bytes, size_t length);

/* For the life of the cache; channel is static text. RESOURCE_EXHAUSTED past CACHE_SUBSCRIPTIONS_MAX. Without Redis
 * the callback never comes. */
struct status cache_subscribe(struct cache *cache, const char *channel, cache_message_fn on_message,
			      void *arg) MUST_CHECK;

/* --- shared rates ------------------------------------------------------------------------------------------- */

#define CACHE_TAKE_ABSENT (-1)

/* A token bucket that all instances share. Takes n tokens and returns 0, or takes none and returns the milliseconds
 * after which it is worth asking again (≥ 1). n above the burst is granted when the bucket is full and leaves it in
 * debt. CACHE_TAKE_ABSENT without Redis: use a bucket of your own, with the rate divided by the live workers.
 * rate_per_s > 0; a burst below 1 counts as 1. */
int64_t cache_take(struct cache *cache, const char *name, double rate_per_s, double burst, unsigned n);

#endif
