/* The connections, the circuit breaker and the keeper thread.
 *
 * Callers only use connections that are open; opening is the keeper's. The first failure opens the breaker (healthy =
 * false): from then on callers go on without Redis at once. The keeper asks again after a pause that doubles from
 * PAUSE_LEAST_MS to PAUSE_MOST_MS while failures go on, does what was left undone, reopens every connection, and closes
 * the breaker. While all is well it asks once a second, so that cache_healthy is fresh even when nobody calls. */
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "cache/internal.h"
#include "config/settings.h"
#include "telemetry/metrics.h"
#include "work/thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAUSE_LEAST_MS  50
#define PAUSE_MOST_MS   5000
#define PAUSE_FORGET_MS 30000 /* without failures for this long the pause starts small again */
#define PROBE_PERIOD_MS 1000

/* --- words -------------------------------------------------------------------------------------------------- */

struct word word_text(const char *text)
{
	return (struct word){ .bytes = text, .length = strlen(text) };
}

struct word word_number(int64_t value, char out[32])
{
	snprintf(out, 32, "%" PRId64, value);
	return word_text(out);
}

struct word cache_name(const struct cache *cache, const char *name, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "%.60s:v1:%s", cache->settings->redis_prefix, name);
	return word_text(out);
}

struct word cache_channel(const struct cache *cache, const char *channel, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "%.60s:%s", cache->settings->redis_prefix, channel);
	return word_text(out);
}

/* --- lending ------------------------------------------------------------------------------------------------ */

bool cache_healthy(const struct cache *cache)
{
	return cache && cache->is_enabled && atomic_load(&cache->healthy);
}

static void wait_until(struct cache *cache, int64_t point_ms)
{
	struct timespec until = { .tv_sec = (time_t)(point_ms / 1000), .tv_nsec = (long)(point_ms % 1000) * 1000000 };

	pthread_cond_timedwait(&cache->freed, &cache->lock, &until);
}

/* NULL: go on without. */
static struct slot *borrow(struct cache *cache, int64_t deadline_ms)
{
	struct slot *found = NULL;

	pthread_mutex_lock(&cache->lock);
	while (atomic_load(&cache->healthy)) {
		for (size_t i = 0; i < cache->slot_count && !found; i++)
			if (!cache->slots[i].is_busy && cache->slots[i].link.redis)
				found = &cache->slots[i];
		if (found || clock_monotonic_ms() >= deadline_ms)
			break;
		wait_until(cache, deadline_ms);
	}
	if (found)
		found->is_busy = true;
	pthread_mutex_unlock(&cache->lock);
	return found;
}

/* Opens the breaker. The lock is held. */
static void trip(struct cache *cache, struct status why)
{
	int64_t now = clock_monotonic_ms();
	uint32_t r;

	if (now - cache->last_trip_ms > PAUSE_FORGET_MS)
		cache->pause_ms = PAUSE_LEAST_MS;
	else if (cache->pause_ms < PAUSE_MOST_MS)
		cache->pause_ms = cache->pause_ms * 2 < PAUSE_MOST_MS ? cache->pause_ms * 2 : PAUSE_MOST_MS;
	random_bytes(&r, sizeof r);
	cache->last_trip_ms = now;
	cache->retry_at_ms = now + cache->pause_ms + (int64_t)(r % (uint32_t)(cache->pause_ms / 2 + 1));
	metric_add(cache->trips, 1);
	if (atomic_exchange(&cache->healthy, false))
		LOG_FAILURE("redis_lost", why, LOG_INT("retry_ms", cache->pause_ms));
	pthread_cond_broadcast(&cache->freed);
}

static void give_back(struct cache *cache, struct slot *slot, struct status st)
{
	pthread_mutex_lock(&cache->lock);
	slot->is_busy = false;
	/* Several callers may fail at once: the first one's failure is the news. */
	if (!slot->link.redis && atomic_load(&cache->healthy))
		trip(cache, st);
	else
		pthread_cond_broadcast(&cache->freed);
	pthread_mutex_unlock(&cache->lock);
}

bool cache_command(struct cache *cache, const struct word *words, size_t count, redisReply **out)
{
	int64_t deadline_ms;
	struct slot *slot;
	struct status st;

	if (!cache_healthy(cache))
		return false;
	deadline_ms = clock_monotonic_ms() + cache->settings->redis_command_ms;
	slot = borrow(cache, deadline_ms);
	if (!slot)
		return false;
	st = link_call(&slot->link, words, count, deadline_ms, out);
	if (st.code == STATUS_INTERNAL)
		LOG_FAILURE("redis_refused", st, LOG_STR("command", words[0].bytes));
	give_back(cache, slot, st);
	return status_ok(st);
}

/* --- the keeper --------------------------------------------------------------------------------------------- */

static struct status ping(struct cache *cache)
{
	AUTO(reply) redisReply *reply = NULL;
	const struct word words[] = { word_text("PING") };

	if (!cache->probe.redis)
		TRY(link_open(&cache->probe, cache->settings->redis_url,
			      clock_monotonic_ms() + cache->settings->redis_connect_ms));
	return link_call(&cache->probe, words, 1, clock_monotonic_ms() + cache->settings->redis_command_ms, &reply);
}

static struct status set_scope(struct cache *cache, struct link *link, const char *scope, int64_t deadline_ms)
{
	AUTO(reply) redisReply *reply = NULL;
	char name[NAME_SIZE], value[64], ttl[32];
	uint64_t random;

	/* Unlike any word this scope had before, also after Redis lost the key. */
	random_bytes(&random, sizeof random);
	snprintf(value, sizeof value, "%" PRId64 "-%016" PRIx64, clock_wall_ms(), random);
	{
		const struct word words[] = { word_text("SET"), cache_name(cache, scope, name), word_text(value),
					      word_text("PX"), word_number(CACHE_SCOPE_TTL_MS, ttl) };

		if (link)
			return link_call(link, words, ARRAY_LEN(words), deadline_ms, &reply);
		return cache_command(cache, words, ARRAY_LEN(words), &reply)
			       ? STATUS_OK_VALUE
			       : status_make(STATUS_UNAVAILABLE, "CACHE_UNAVAILABLE", "Redis is absent");
	}
}

void cache_forget_scope(struct cache *cache, const char *scope)
{
	if (status_ok(set_scope(cache, NULL, scope, 0)))
		return;
	pthread_mutex_lock(&cache->lock);
	for (size_t i = 0; i < cache->pending_count; i++)
		if (strcmp(cache->pending[i], scope) == 0) {
			pthread_mutex_unlock(&cache->lock);
			return;
		}
	/* What does not fit is bounded by the answers' own TTLs. */
	if (cache->pending_count < FORGET_PENDING_MAX)
		snprintf(cache->pending[cache->pending_count++], CACHE_KEY_SIZE, "%s", scope);
	pthread_mutex_unlock(&cache->lock);
}

static struct status forget_pending(struct cache *cache)
{
	char scope[CACHE_KEY_SIZE];

	for (;;) {
		pthread_mutex_lock(&cache->lock);
		if (cache->pending_count == 0) {
			pthread_mutex_unlock(&cache->lock);
			return STATUS_OK_VALUE;
		}
		memcpy(scope, cache->pending[cache->pending_count - 1], sizeof scope);
		pthread_mutex_unlock(&cache->lock);
		TRY(set_scope(cache, &cache->probe, scope, clock_monotonic_ms() + cache->settings->redis_command_ms));
		pthread_mutex_lock(&cache->lock);
		/* More may have been added, behind it. */
		for (size_t i = 0; i < cache->pending_count; i++)
			if (strcmp(cache->pending[i], scope) == 0) {
				memmove(cache->pending[i], cache->pending[--cache->pending_count], CACHE_KEY_SIZE);
				break;
			}
		pthread_mutex_unlock(&cache->lock);
	}
}

/* Busy slots are somebody's: those that come back closed are opened on the next round. */
static struct status reopen_slots(struct cache *cache, bool closed_only)
{
	for (size_t i = 0; i < cache->slot_count; i++) {
		struct slot *slot = &cache->slots[i];
		struct status st;
		bool is_ours;

		pthread_mutex_lock(&cache->lock);
		is_ours = !slot->is_busy && !(closed_only && slot->link.redis);
		if (is_ours)
			slot->is_busy = true;
		pthread_mutex_unlock(&cache->lock);
		if (!is_ours)
			continue;
		st = link_open(&slot->link, cache->settings->redis_url,
			       clock_monotonic_ms() + cache->settings->redis_connect_ms);
		pthread_mutex_lock(&cache->lock);
		slot->is_busy = false;
		pthread_mutex_unlock(&cache->lock);
		if (!status_ok(st))
			return st;
	}
	return STATUS_OK_VALUE;
}

static struct status recover(struct cache *cache)
{
	TRY(ping(cache));
	TRY(forget_pending(cache));
	return reopen_slots(cache, false);
}

static struct status look_after(struct cache *cache)
{
	TRY(ping(cache));
	TRY(forget_pending(cache)); /* a single command may have been refused */
	return reopen_slots(cache, true);
}

static void keep_once(struct cache *cache)
{
	bool was_healthy = atomic_load(&cache->healthy);
	struct status st = was_healthy ? look_after(cache) : recover(cache);

	pthread_mutex_lock(&cache->lock);
	if (!status_ok(st)) {
		link_close(&cache->probe);
		trip(cache, st);
	} else if (!was_healthy) {
		atomic_store(&cache->healthy, true);
		LOG_INFO("redis_ready", LOG_INT("connections", cache->slot_count));
		pthread_cond_broadcast(&cache->freed);
	}
	pthread_mutex_unlock(&cache->lock);
}

static void *keeper(void *arg)
{
	struct cache *cache = arg;
	int64_t next_ms = clock_monotonic_ms();

	while (!cancel_is_set(&cache->closing)) {
		int64_t now = clock_monotonic_ms();

		pthread_mutex_lock(&cache->lock);
		if (!atomic_load(&cache->healthy))
			next_ms = cache->retry_at_ms;
		if (now < next_ms) {
			int64_t tick = now + CANCEL_TICK_MS;

			wait_until(cache, next_ms < tick ? next_ms : tick);
			pthread_mutex_unlock(&cache->lock);
			continue;
		}
		pthread_mutex_unlock(&cache->lock);
		keep_once(cache);
		next_ms = clock_monotonic_ms() + PROBE_PERIOD_MS;
	}
	return NULL;
}

struct status cache_pool_start(struct cache *cache)
{
	cache->slot_count = (size_t)cache->settings->redis_connections_max;
	cache->pause_ms = PAUSE_LEAST_MS;
	TRY(thread_start("redis-keeper", keeper, cache, &cache->keeper));
	cache->keeper_runs = true;
	return STATUS_OK_VALUE;
}

void cache_pool_stop(struct cache *cache)
{
	if (cache->keeper_runs)
		pthread_join(cache->keeper, NULL);
	for (size_t i = 0; i < cache->slot_count; i++)
		link_close(&cache->slots[i].link);
	link_close(&cache->probe);
}
