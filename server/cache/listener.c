/* The thread that hears what other instances publish. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "cache/internal.h"
#include "config/settings.h"
#include "work/thread.h"

#include <string.h>

#define PING_AFTER_MS  5000  /* of silence */
#define DEAD_AFTER_MS  10000 /* of silence */
#define PAUSE_LEAST_MS 100
#define PAUSE_MOST_MS  5000

struct ear {
	struct cache *cache;
	struct link link;
	size_t subscribed; /* the first so many of cache->subscriptions */
	int64_t heard_ms, pinged_ms;
};

/* Rows before the count are never changed, so only the count needs the lock. */
static size_t subscription_count(struct cache *cache)
{
	size_t n;

	pthread_mutex_lock(&cache->subscriptions_lock);
	n = cache->subscription_count;
	pthread_mutex_unlock(&cache->subscriptions_lock);
	return n;
}

static void tell(struct cache *cache, size_t i, const void *bytes, size_t length)
{
	const struct subscription *s = &cache->subscriptions[i];

	s->on_message(s->arg, s->channel, bytes, length);
}

static bool text_is(const redisReply *reply, const char *text)
{
	return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, text) == 0;
}

static void hear(struct ear *ear, const redisReply *reply)
{
	struct cache *cache = ear->cache;
	bool is_message, is_start;
	char name[NAME_SIZE];

	ear->heard_ms = clock_monotonic_ms();
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return;
	is_message = text_is(reply->element[0], "message");
	is_start = text_is(reply->element[0], "subscribe");
	for (size_t i = 0; (is_message || is_start) && i < ear->subscribed; i++) {
		if (!text_is(reply->element[1], cache_channel(cache, cache->subscriptions[i].channel, name).bytes))
			continue;
		if (is_start)
			tell(cache, i, NULL, 0);
		else
			tell(cache, i, reply->element[2]->str, (size_t)reply->element[2]->len);
	}
}

static struct status subscribe_new(struct ear *ear, size_t count)
{
	char name[NAME_SIZE];

	for (; ear->subscribed < count; ear->subscribed++) {
		const struct word words[] = { word_text("SUBSCRIBE"),
					      cache_channel(ear->cache,
							    ear->cache->subscriptions[ear->subscribed].channel, name) };

		TRY(link_send(&ear->link, words, 2, clock_monotonic_ms() + ear->cache->settings->redis_command_ms));
	}
	return STATUS_OK_VALUE;
}

static struct status check_alive(struct ear *ear)
{
	int64_t now = clock_monotonic_ms();
	const struct word words[] = { word_text("PING") };

	if (now - ear->heard_ms > DEAD_AFTER_MS)
		return status_make(STATUS_UNAVAILABLE, "CACHE_TIMEOUT", "Redis has gone silent");
	if (now - ear->heard_ms < PING_AFTER_MS || now - ear->pinged_ms < PING_AFTER_MS)
		return STATUS_OK_VALUE;
	ear->pinged_ms = now;
	return link_send(&ear->link, words, 1, now + ear->cache->settings->redis_command_ms);
}

/* Listens until the connection fails or the cache closes. */
static struct status listen_once(struct ear *ear)
{
	TRY(link_open(&ear->link, ear->cache->settings->redis_url,
		      clock_monotonic_ms() + ear->cache->settings->redis_connect_ms));
	ear->heard_ms = ear->pinged_ms = clock_monotonic_ms();
	while (!cancel_is_set(&ear->cache->closing)) {
		AUTO(reply) redisReply *reply = NULL;
		struct status st;

		TRY(subscribe_new(ear, subscription_count(ear->cache)));
		TRY(check_alive(ear));
		st = link_receive(&ear->link, clock_monotonic_ms() + CANCEL_TICK_MS, &reply);
		if (status_ok(st))
			hear(ear, reply);
		else if (!ear->link.redis)
			return st;
	}
	return STATUS_OK_VALUE;
}

static void *listener(void *arg)
{
	struct ear ear = { .cache = arg };
	int64_t pause_ms = PAUSE_LEAST_MS;

	do {
		struct status st = listen_once(&ear);
		uint32_t r;

		/* Only those who were listening have missed something. */
		for (size_t i = 0; !status_ok(st) && i < ear.subscribed; i++)
			tell(ear.cache, i, NULL, 0);
		if (ear.subscribed > 0) {
			pause_ms = PAUSE_LEAST_MS;
			if (!status_ok(st))
				LOG_FAILURE("redis_listener_lost", st, LOG_INT("channels", ear.subscribed));
		} else if (pause_ms < PAUSE_MOST_MS) {
			pause_ms = pause_ms * 2 < PAUSE_MOST_MS ? pause_ms * 2 : PAUSE_MOST_MS;
		}
		link_close(&ear.link);
		ear.subscribed = 0;
		random_bytes(&r, sizeof r);
		cancel_sleep(&ear.cache->closing, pause_ms + (int64_t)(r % (uint32_t)(pause_ms / 2)));
	} while (!cancel_is_set(&ear.cache->closing));
	return NULL;
}

/* The lock is held. */
static struct status add(struct cache *cache, const char *channel, cache_message_fn on_message, void *arg)
{
	if (cache->subscription_count == CACHE_SUBSCRIPTIONS_MAX)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_SUBSCRIPTIONS", "no room for another channel");
	if (cache->is_enabled && !cache->listener_runs) {
		TRY(thread_start("redis-listener", listener, cache, &cache->listener));
		cache->listener_runs = true;
	}
	cache->subscriptions[cache->subscription_count++] =
		(struct subscription){ .channel = channel, .on_message = on_message, .arg = arg };
	return STATUS_OK_VALUE;
}

struct status cache_subscribe(struct cache *cache, const char *channel, cache_message_fn on_message, void *arg)
{
	struct status st;

	if (!cache)
		return STATUS_OK_VALUE;
	pthread_mutex_lock(&cache->subscriptions_lock);
	st = add(cache, channel, on_message, arg);
	pthread_mutex_unlock(&cache->subscriptions_lock);
	return st;
}

void cache_listener_stop(struct cache *cache)
{
	if (cache->listener_runs)
		pthread_join(cache->listener, NULL);
}
