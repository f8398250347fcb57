/* cache/keys.h: everything we keep in Redis, and for how long. The only place that spells keys and channels.
 *
 * A kept answer is <prefix>:v1:<kind>:<scope>:<parameters>. It belongs to a scope (a campaign): forgetting the scope
 * makes every answer computed before that moment unusable, in all instances, by changing the word in
 * <prefix>:v1:scope:<scope> that each answer carries. Change the v1 when the bytes of any answer change their meaning.
 * To add a kind of answer, add a line to CACHE_KINDS. Values; any thread. */
#ifndef CACHE_KEYS_H
#define CACHE_KEYS_H

#include "base/compiler.h"

#include <stdint.h>

struct uuid;

/*      enum name                  text              TTL ms */
#define CACHE_KINDS(X) \
	X(CACHE_FUNNEL, "funnel", 30000) \
	X(CACHE_METRICS, "metrics", 30000) \
	X(CACHE_CLASSIFICATIONS, "classifications", 30000) \
	X(CACHE_MOMENTUM, "momentum", 60000) \
	X(CACHE_RECOMMENDATIONS, "recommendations", 15000)

enum cache_kind {
#define CACHE_KIND_ENUM(name, text, ttl_ms) name,
	CACHE_KINDS(CACHE_KIND_ENUM)
#undef CACHE_KIND_ENUM
		CACHE_KIND_COUNT,
};

/* Longer than any kept answer, so that a scope's word outlives what carries it. */
#define CACHE_SCOPE_TTL_MS (24 * 3600 * 1000)

#define CACHE_KEY_SIZE 200

struct cache_key {
	enum cache_kind kind;
	int64_t ttl_ms;
	char entry[CACHE_KEY_SIZE], scope[CACHE_KEY_SIZE]; /* without the prefix */
};

/* parameters: what else the answer depends on, as canonical text; NULL or "" for nothing. Long ones are hashed. */
struct cache_key cache_key_campaign(enum cache_kind kind, const struct uuid *campaign, const char *parameters);

const char *cache_kind_text(enum cache_kind kind);

/* Channels, without the prefix. A message is a hint: what it says is in the database. */
#define CACHE_CHANNEL_EVENTS   "events"   /* a campaign has new stored events: its id as text */
#define CACHE_CHANNEL_PROGRESS "progress" /* a campaign has more progress: its id as text */
#define CACHE_CHANNEL_CONTROL  "control"  /* a phase was paused, stopped or started: campaign id as text */

#define CACHE_CHANNEL_SAMPLES  "samples"  /* what happened to domains, see events/sample.h */
#define CACHE_CHANNEL_INTEREST "interest" /* an instance has subscribers for samples: its id and their level */

/* Shared rate limits: <prefix>:v1:rate:<name>, gone once the bucket is full again. */
#define CACHE_RATE_DNS  "dns:"  /* + persona id */
#define CACHE_RATE_HTTP "http:" /* + persona id */

#endif
