/* cache/internal.h: what the files of this room share. */
#ifndef CACHE_INTERNAL_H
#define CACHE_INTERNAL_H

#include "cache/cache.h"
#include "cache/link.h"
#include "work/cancel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flight;
struct metric;

#define LINKS_MAX          64
#define FORGET_PENDING_MAX 64

struct slot {
	struct link link;
	bool is_busy;
};

struct subscription {
	const char *channel;
	cache_message_fn on_message;
	void *arg;
};

struct cache {
	const struct settings *settings; /* NULL fields below are unused without Redis */
	struct metrics *metrics;
	bool is_enabled;
	struct cancel closing;

	/* connections: pool.c */
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct slot slots[LINKS_MAX];
	size_t slot_count;
	atomic_bool healthy;
	int64_t retry_at_ms, last_trip_ms, pause_ms; /* under lock: when the keeper may try again */
	struct link probe;                           /* the keeper's */
	pthread_t keeper;
	bool keeper_runs;
	char pending[FORGET_PENDING_MAX][CACHE_KEY_SIZE]; /* scopes to forget once Redis is back; under lock */
	size_t pending_count;
	struct metric *trips;

	/* computations under way: answers.c */
	pthread_mutex_t flights_lock;
	pthread_cond_t landed;
	struct flight *flights;
	struct metric *hits[CACHE_KIND_COUNT], *misses[CACHE_KIND_COUNT];

	/* listener.c */
	pthread_mutex_t subscriptions_lock;
	struct subscription subscriptions[CACHE_SUBSCRIPTIONS_MAX];
	size_t subscription_count;
	pthread_t listener;
	bool listener_runs;
};

/* One command on any free connection within REDIS_COMMAND_TIMEOUT. False when Redis is absent or refused; the caller
 * frees *out otherwise. */
bool cache_command(struct cache *cache, const struct word *words, size_t count, redisReply **out);

struct status cache_pool_start(struct cache *cache) MUST_CHECK;
void cache_pool_stop(struct cache *cache);
void cache_listener_stop(struct cache *cache);

/* Forgets a scope now, or as soon as Redis is back. */
void cache_forget_scope(struct cache *cache, const char *scope);

/* <prefix>:v1:<name> */
#define NAME_SIZE (CACHE_KEY_SIZE + 80)
struct word cache_name(const struct cache *cache, const char *name, char out[NAME_SIZE]);
/* <prefix>:<channel>, at most NAME_SIZE */
struct word cache_channel(const struct cache *cache, const char *channel, char out[NAME_SIZE]);
struct word word_text(const char *text);
struct word word_number(int64_t value, char out[32]);

#endif
