/* catalog/dns_persona.h: the settings of a dns persona: JSON in, struct and normalised JSON out. Pure; any thread.
 *
 * Members of configDetails: personaType, resolvers (ip[:port]), useSystemResolvers, queryTimeoutSeconds,
 * maxDomainsPerRequest, resolverStrategy, resolversWeighted, resolversPreferredOrder, concurrentQueriesPerDomain,
 * queryDelayMinMs, queryDelayMaxMs, maxConcurrentLookups (also maxConcurrentGoroutines), rateLimitDps, rateLimitBurst.
 * Resolvers over HTTPS are refused: there is no client for them. Whether a resolver's address may be asked is the
 * installation's question (DNS_ALLOWED_NETWORKS), answered when the phase runs. */
#ifndef CATALOG_DNS_PERSONA_H
#define CATALOG_DNS_PERSONA_H

#include "base/status.h"
#include "net/dns_policy.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct dns_persona {
	struct net_address resolvers[DNS_RESOLVERS_MAX]; /* in the order they are preferred */
	unsigned weights[DNS_RESOLVERS_MAX];             /* 1 each unless the strategy is weighted */
	size_t resolver_count;
	bool use_system_resolvers;
	enum dns_strategy strategy;
	int64_t query_timeout_ms;
	int32_t domains_per_request;
	unsigned queries_per_domain;
	int64_t query_delay_min_ms, query_delay_max_ms;
	unsigned lookups_max;
	double rate_per_s, rate_burst; /* 0: unlimited */
};

/* Semantic mistakes go to `violations` (*out is then not to be used), wrong JSON types are returned:
 * INVALID_ARGUMENT / BAD_REQUEST. `path` is put before the members. */
struct status dns_persona_read(const json_t *object, const char *path, struct arena *arena,
			       struct violations *violations, struct dns_persona *out) MUST_CHECK;
/* Stored text. */
struct status dns_persona_parse(const char *json, struct arena *arena, struct dns_persona *out) MUST_CHECK;
/* Normalised JSON in the arena, defaults filled in; NULL when memory is short. */
char *dns_persona_write(const struct dns_persona *persona, struct arena *arena) MUST_CHECK;

#endif
