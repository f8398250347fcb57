#include "cache/cache.h"

#include "base/arena.h"
#include "base/log.h"
#include "cache/internal.h"
#include "config/settings.h"
#include "telemetry/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct metric_spec answers_spec = { .kind = METRIC_COUNTER,
						 .name = "campaign_aggregation_cache_hits_total",
						 .help = "Aggregations asked for, by whether a kept answer served.",
						 .labels = { "endpoint", "result" } };
static const struct metric_spec up_spec = { .kind = METRIC_GAUGE,
					    .name = "domainflow_redis_up",
					    .help = "1 while Redis answers." };
static const struct metric_spec trips_spec = { .kind = METRIC_COUNTER,
					       .name = "domainflow_redis_failures_total",
					       .help = "Times Redis was given up for a while." };

static double read_up(void *arg)
{
	return cache_healthy(arg) ? 1 : 0;
}

static void register_metrics(struct cache *cache)
{
	struct metric_family *answers = metrics_family(cache->metrics, &answers_spec);

	for (int kind = 0; kind < CACHE_KIND_COUNT; kind++) {
		const char *text = cache_kind_text((enum cache_kind)kind);

		cache->hits[kind] = METRIC_OF(answers, text, "hit");
		cache->misses[kind] = METRIC_OF(answers, text, "miss");
	}
	cache->trips = metric_plain(metrics_family(cache->metrics, &trips_spec));
	metrics_gauge_read(cache->metrics, &up_spec, read_up, cache);
}

static void init_locks(struct cache *cache)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->freed, &monotonic);
	pthread_mutex_init(&cache->flights_lock, NULL);
	pthread_cond_init(&cache->landed, &monotonic);
	pthread_mutex_init(&cache->subscriptions_lock, NULL);
	pthread_condattr_destroy(&monotonic);
	cancel_init(&cache->closing, NULL);
}

struct status cache_open(const struct settings *settings, struct metrics *metrics, struct cache **out)
{
	struct cache *cache;
	struct status st;

	if (*settings->redis_url)
		TRY(link_check_url(settings->redis_url));
	cache = calloc(1, sizeof *cache);
	if (!cache)
		return status_out_of_memory();
	cache->settings = settings;
	cache->metrics = metrics;
	cache->is_enabled = *settings->redis_url != '\0';
	init_locks(cache);
	register_metrics(cache);
	if (cache->is_enabled) {
		st = cache_pool_start(cache);
		if (!status_ok(st)) {
			cache_close(cache);
			return st;
		}
	}
	*out = cache;
	return STATUS_OK_VALUE;
}

void cache_close(struct cache *cache)
{
	if (!cache)
		return;
	cancel_set(&cache->closing);
	if (cache->metrics)
		metrics_gauge_read(cache->metrics, &up_spec, NULL, NULL);
	cache_listener_stop(cache);
	cache_pool_stop(cache);
	cancel_done(&cache->closing);
	pthread_mutex_destroy(&cache->subscriptions_lock);
	pthread_cond_destroy(&cache->landed);
	pthread_mutex_destroy(&cache->flights_lock);
	pthread_cond_destroy(&cache->freed);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/* An answer of INFO is text with lines "name:value". */
bool cache_ask(struct cache *cache, char out_version[CACHE_VERSION_SIZE])
{
	static const char name[] = "redis_version:";
	const struct word words[] = { word_text("INFO"), word_text("server") };
	AUTO(reply) redisReply *reply = NULL;
	const char *at;

	out_version[0] = '\0';
	if (!cache_healthy(cache))
		return false;
	if (!cache_command(cache, words, ARRAY_LEN(words), &reply))
		return cache_healthy(cache); /* it answered, and refused to tell */
	at = reply->type == REDIS_REPLY_STRING ? strstr(reply->str, name) : NULL;
	if (at)
		snprintf(out_version, CACHE_VERSION_SIZE, "%.*s", (int)strcspn(at + sizeof name - 1, "\r\n"),
			 at + sizeof name - 1);
	return true;
}

/* --- plain values ------------------------------------------------------------------------------------------- */

bool cache_get(struct cache *cache, const char *name, struct arena *arena, char **out, size_t *out_length)
{
	AUTO(reply) redisReply *reply = NULL;
	char key[NAME_SIZE], *copy;

	if (!cache_healthy(cache))
		return false;
	{
		const struct word words[] = { word_text("GET"), cache_name(cache, name, key) };

		if (!cache_command(cache, words, ARRAY_LEN(words), &reply) || reply->type != REDIS_REPLY_STRING)
			return false;
	}
	copy = arena_strndup(arena, reply->str, (size_t)reply->len);
	if (!copy)
		return false;
	*out = copy;
	*out_length = (size_t)reply->len;
	return true;
}

bool cache_set(struct cache *cache, const char *name, const void *bytes, size_t length, int64_t ttl_ms)
{
	AUTO(reply) redisReply *reply = NULL;
	char key[NAME_SIZE], ttl[32];

	if (!cache_healthy(cache) || length > CACHE_VALUE_BYTES_MAX)
		return false;
	{
		const struct word words[] = { word_text("SET"),
					      cache_name(cache, name, key),
					      { bytes, length },
					      word_text("PX"),
					      word_number(ttl_ms, ttl) };

		return cache_command(cache, words, ARRAY_LEN(words), &reply);
	}
}

bool cache_delete(struct cache *cache, const char *name)
{
	AUTO(reply) redisReply *reply = NULL;
	char key[NAME_SIZE];

	if (!cache_healthy(cache))
		return false;
	{
		const struct word words[] = { word_text("DEL"), cache_name(cache, name, key) };

		return cache_command(cache, words, ARRAY_LEN(words), &reply);
	}
}

bool cache_publish(struct cache *cache, const char *channel, const void *bytes, size_t length)
{
	AUTO(reply) redisReply *reply = NULL;
	char name[NAME_SIZE];

	if (!cache_healthy(cache))
		return false;
	{
		const struct word words[] = { word_text("PUBLISH"),
					      cache_channel(cache, channel, name),
					      { bytes, length } };

		return cache_command(cache, words, ARRAY_LEN(words), &reply);
	}
}

/* --- shared rates ------------------------------------------------------------------------------------------- */

/* Runs a script with one key; true when it answered with a number. */
static bool run_script(struct cache *cache, const char *script, const char *name, const struct word *args, size_t count,
		       int64_t *out)
{
	AUTO(reply) redisReply *reply = NULL;
	struct word words[WORDS_MAX];
	char key[NAME_SIZE];

	if (!cache_healthy(cache))
		return false;
	words[0] = word_text("EVAL");
	words[1] = word_text(script);
	words[2] = word_text("1");
	words[3] = cache_name(cache, name, key);
	memcpy(&words[4], args, count * sizeof *args);
	if (!cache_command(cache, words, 4 + count, &reply) || reply->type != REDIS_REPLY_INTEGER)
		return false;
	*out = reply->integer;
	return true;
}

/* The generic cell rate algorithm: one number, the time at which the bucket will be full again, in microseconds of
 * Redis's clock. */
static const char take_script[] = "local t = redis.call('TIME')\n"
				  "local now = t[1] * 1000000 + t[2]\n"
				  "local each, burst, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])\n"
				  "local full = tonumber(redis.call('GET', KEYS[1]) or '0')\n"
				  "if full < now then full = now end\n"
				  "local wait = full + (math.min(n, burst) - burst) * each - now\n"
				  "if wait > 0 then return math.ceil(wait / 1000) end\n"
				  "full = full + n * each\n"
				  "redis.call('SET', KEYS[1], string.format('%.0f', full),"
				  " 'PX', math.ceil((full - now) / 1000) + 1000)\n"
				  "return 0\n";

int64_t cache_take(struct cache *cache, const char *name, double rate_per_s, double burst, unsigned n)
{
	char bucket[CACHE_KEY_SIZE], each_text[40], burst_text[40], n_text[32];
	int64_t wait_ms;

	snprintf(bucket, sizeof bucket, "rate:%s", name);
	snprintf(each_text, sizeof each_text, "%.6f", 1e6 / rate_per_s);
	snprintf(burst_text, sizeof burst_text, "%.6f", fmax(burst, 1));
	{
		const struct word args[] = { word_text(each_text), word_text(burst_text), word_number(n, n_text) };

		return run_script(cache, take_script, bucket, args, ARRAY_LEN(args), &wait_ms) ? wait_ms
											       : CACHE_TAKE_ABSENT;
	}
}
