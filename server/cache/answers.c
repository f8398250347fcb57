/* Kept answers, and computing each only once at a time.
 *
 * Kept bytes: "<scope word> <wall ms>\n" and the answer. The scope word is what <scope> held before the computation
 * began; an answer counts only while it still does, so whatever was forgotten meanwhile, by anybody, is not served. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "cache/internal.h"
#include "telemetry/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEADER_SIZE 128

/* One computation under way. Freed by whoever leaves last. */
struct flight {
	struct flight *next;
	char entry[CACHE_KEY_SIZE], scope[CACHE_KEY_SIZE];
	unsigned users;
	bool is_done, is_forgotten; /* forgotten: newcomers must not join */
	struct status st;
	char *bytes;
	size_t length;
};

/* --- reading and keeping ------------------------------------------------------------------------------------ */

/* What the first look found. */
struct look {
	bool is_known; /* Redis answered: `word` is the scope's */
	char word[64]; /* "0" when the scope has none */
};

/* The header's length, or 0 when it is not of this scope word. */
static size_t read_header(const char *bytes, size_t length, const char *word, int64_t *kept_ms)
{
	const char *end = memchr(bytes, '\n', length < HEADER_SIZE ? length : HEADER_SIZE);
	size_t n = strlen(word);

	if (!end || (size_t)(end - bytes) <= n || memcmp(bytes, word, n) != 0 || bytes[n] != ' ')
		return 0;
	*kept_ms = strtoll(bytes + n + 1, NULL, 10);
	return (size_t)(end - bytes) + 1;
}

/* True on a hit. */
static bool look_up(struct cache *cache, const struct cache_key *key, struct arena *arena, struct look *look,
		    struct cache_answer *out)
{
	AUTO(reply) redisReply *reply = NULL;
	char entry[NAME_SIZE], scope[NAME_SIZE];
	const redisReply *word, *value;
	int64_t kept_ms, age_ms;
	size_t header;
	char *copy;

	look->is_known = false;
	if (!cache_healthy(cache))
		return false;
	{
		const struct word words[] = { word_text("MGET"), cache_name(cache, key->scope, scope),
					      cache_name(cache, key->entry, entry) };

		if (!cache_command(cache, words, ARRAY_LEN(words), &reply))
			return false;
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return false;
	word = reply->element[0];
	value = reply->element[1];
	look->is_known = true;
	snprintf(look->word, sizeof look->word, "%s", word->type == REDIS_REPLY_STRING ? word->str : "0");
	if (value->type != REDIS_REPLY_STRING)
		return false;
	header = read_header(value->str, (size_t)value->len, look->word, &kept_ms);
	if (header == 0)
		return false;
	copy = arena_strndup(arena, value->str + header, (size_t)value->len - header);
	if (!copy)
		return false;
	age_ms = clock_wall_ms() - kept_ms;
	*out = (struct cache_answer){
		.bytes = copy, .length = (size_t)value->len - header, .is_hit = true, .age_ms = age_ms > 0 ? age_ms : 0
	};
	return true;
}

static void keep(struct cache *cache, const struct cache_key *key, const struct look *look,
		 const struct cache_answer *answer)
{
	AUTO(reply) redisReply *reply = NULL;
	char entry[NAME_SIZE], ttl[32];
	struct buffer value;

	if (!look->is_known || answer->length > CACHE_VALUE_BYTES_MAX)
		return;
	buffer_init(&value, CACHE_VALUE_BYTES_MAX + HEADER_SIZE);
	buffer_printf(&value, "%s %" PRId64 "\n", look->word, clock_wall_ms());
	buffer_append(&value, answer->bytes, answer->length);
	if (!value.failed) {
		const struct word words[] = { word_text("SET"),
					      cache_name(cache, key->entry, entry),
					      { value.data, value.len },
					      word_text("PX"),
					      word_number(key->ttl_ms, ttl) };

		cache_command(cache, words, ARRAY_LEN(words), &reply); /* absent: it is computed again next time */
	}
	buffer_done(&value);
}

/* --- single flight ------------------------------------------------------------------------------------------ */

/* The lock is held. */
static void leave(struct cache *cache, struct flight *flight)
{
	if (--flight->users > 0)
		return;
	for (struct flight **at = &cache->flights; *at; at = &(*at)->next)
		if (*at == flight) {
			*at = flight->next;
			break;
		}
	free(flight->bytes);
	free(flight);
}

/* Joins the computation of this key, or starts one; *is_leader tells which. NULL when out of memory. */
static struct flight *board(struct cache *cache, const struct cache_key *key, bool *is_leader)
{
	struct flight *flight;

	*is_leader = false;
	for (flight = cache->flights; flight; flight = flight->next)
		if (!flight->is_done && !flight->is_forgotten && strcmp(flight->entry, key->entry) == 0) {
			flight->users++;
			return flight;
		}
	flight = calloc(1, sizeof *flight);
	if (!flight)
		return NULL;
	*is_leader = true;
	flight->users = 1;
	memcpy(flight->entry, key->entry, sizeof flight->entry);
	memcpy(flight->scope, key->scope, sizeof flight->scope);
	flight->next = cache->flights;
	cache->flights = flight;
	return flight;
}

/* Tells the others. */
static void land(struct cache *cache, struct flight *flight, struct status st, const struct cache_answer *answer)
{
	pthread_mutex_lock(&cache->flights_lock);
	flight->st = st;
	flight->st.extra = NULL; /* it lives in the leader's arena */
	if (status_ok(st) && flight->users > 1) {
		flight->bytes = malloc(answer->length + 1);
		if (flight->bytes) {
			memcpy(flight->bytes, answer->bytes, answer->length);
			flight->length = answer->length;
		} else {
			flight->st = status_out_of_memory();
		}
	}
	flight->is_done = true;
	pthread_cond_broadcast(&cache->landed);
	leave(cache, flight);
	pthread_mutex_unlock(&cache->flights_lock);
}

/* The lock is held, and released. *is_ours: the leader ran out of its own time; compute yourself. */
static struct status ride(struct cache *cache, struct flight *flight, int64_t deadline_ms, struct arena *arena,
			  struct cache_answer *out, bool *is_ours)
{
	struct timespec until = { .tv_sec = (time_t)(deadline_ms / 1000),
				  .tv_nsec = (long)(deadline_ms % 1000) * 1000000 };
	struct status st;

	while (!flight->is_done && clock_monotonic_ms() < deadline_ms)
		pthread_cond_timedwait(&cache->landed, &cache->flights_lock, &until);
	*is_ours =
		flight->is_done && (flight->st.code == STATUS_DEADLINE_EXCEEDED || flight->st.code == STATUS_CANCELLED);
	if (!flight->is_done) {
		st = status_make(STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
				 "the answer was still being computed at the deadline");
	} else {
		st = flight->st;
		if (status_ok(st)) {
			const char *copy = arena_strndup(arena, flight->bytes, flight->length);

			if (copy)
				*out = (struct cache_answer){ .bytes = copy, .length = flight->length, .is_hit = true };
			else
				st = status_out_of_memory();
		}
	}
	leave(cache, flight);
	pthread_mutex_unlock(&cache->flights_lock);
	return st;
}

static struct status compute_now(struct arena *arena, cache_compute_fn compute, void *arg, struct cache_answer *out)
{
	struct cache_answer answer = { 0 };

	TRY(compute(arg, arena, &answer.bytes, &answer.length));
	*out = answer;
	return STATUS_OK_VALUE;
}

static struct status miss(struct cache *cache, const struct cache_key *key, int64_t deadline_ms, struct arena *arena,
			  cache_compute_fn compute, void *arg, const struct look *look, struct cache_answer *out)
{
	struct flight *flight;
	bool is_leader, is_ours;
	struct status st;

	pthread_mutex_lock(&cache->flights_lock);
	flight = board(cache, key, &is_leader);
	if (flight && !is_leader) {
		st = ride(cache, flight, deadline_ms, arena, out, &is_ours);
		return is_ours ? compute_now(arena, compute, arg, out) : st;
	}
	pthread_mutex_unlock(&cache->flights_lock);
	st = compute_now(arena, compute, arg, out);
	if (flight)
		land(cache, flight, st, out);
	if (status_ok(st))
		keep(cache, key, look, out);
	return st;
}

struct status cache_get_or_compute(struct cache *cache, const struct cache_key *key, int64_t deadline_ms,
				   struct arena *arena, cache_compute_fn compute, void *arg, struct cache_answer *out)
{
	struct look look;

	if (!cache)
		return compute_now(arena, compute, arg, out);
	if (deadline_ms <= 0)
		deadline_ms = clock_monotonic_ms() + CACHE_FLIGHT_WAIT_MS;
	if (look_up(cache, key, arena, &look, out)) {
		metric_add(cache->hits[key->kind], 1);
		return STATUS_OK_VALUE;
	}
	metric_add(cache->misses[key->kind], 1);
	return miss(cache, key, deadline_ms, arena, compute, arg, &look, out);
}

void cache_forget(struct cache *cache, const struct cache_key *key)
{
	if (!cache)
		return;
	pthread_mutex_lock(&cache->flights_lock);
	for (struct flight *flight = cache->flights; flight; flight = flight->next)
		if (strcmp(flight->scope, key->scope) == 0)
			flight->is_forgotten = true;
	pthread_mutex_unlock(&cache->flights_lock);
	if (cache->is_enabled)
		cache_forget_scope(cache, key->scope);
}
