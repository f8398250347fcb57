/* net/dns_policy.h: how one DNS persona asks: which resolvers in which order, how patiently, how fast.
 *
 * Owner: the caller; it must outlive every lookup submitted with it. One policy is used with one dns_client. After
 * create only the client's engine thread touches it. */
#ifndef NET_DNS_POLICY_H
#define NET_DNS_POLICY_H

#include "base/compiler.h"
#include "base/status.h"
#include "net/address.h"
#include "net/rate_limit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_guard;
struct rng;

#define DNS_RESOLVERS_MAX    16
#define DNS_RETRIES_MAX      10
#define DNS_BACKOFF_FIRST_MS 250
#define DNS_BACKOFF_MOST_MS  4000
#define DNS_PORT             53

/* The words of a persona's resolverStrategy, aliases included. */
enum dns_strategy {
	DNS_ROUND_ROBIN, /* rotates per query                           */
	DNS_RANDOM,      /* uniform                                     */
	DNS_WEIGHTED,    /* proportional to weights; weight 0 is never  */
	DNS_PRIORITY,    /* the first one, then the next on each retry  */
};

bool dns_strategy_from_text(const char *text, enum dns_strategy *out);

struct dns_policy_settings {
	const struct net_address *resolvers; /* copied; in the preferred order */
	const unsigned *weights;             /* copied; one per resolver, only for DNS_WEIGHTED */
	size_t resolver_count;               /* 1..DNS_RESOLVERS_MAX */
	bool system_resolvers;               /* adds those of /etc/resolv.conf, which the guard is not asked about */
	enum dns_strategy strategy;
	int64_t query_timeout_ms;                       /* one query to one resolver; 0 = 5000 */
	int64_t domain_timeout_ms;                      /* everything about one name, from its first query; 0 = 30000 */
	unsigned retries_max;                           /* per question, at most DNS_RETRIES_MAX */
	int64_t query_delay_min_ms, query_delay_max_ms; /* uniform, before every query */
	unsigned queries_per_domain;                    /* 1: A, then AAAA; 2 or more: both at once. 0 = 1 */
	unsigned lookups_max;                           /* lookups at work at once; 0 = no limit of its own */
	double rate_per_s, rate_burst;                  /* lookups started per second; 0 = unlimited */
	struct rate_source shared_rate;                 /* when take is set it replaces the two above */
	const struct address_guard *guard;              /* of resolvers; only used during create */
};

struct dns_policy;

/* INVALID_ARGUMENT: RESOLVER_REFUSED (the guard says no), NO_RESOLVERS, BAD_WEIGHTS. The caller owns *out. */
struct status dns_policy_create(const struct dns_policy_settings *settings, struct dns_policy **out) MUST_CHECK;
/* Accepts NULL. Every lookup submitted with it has called back. */
void dns_policy_destroy(struct dns_policy *policy);

/* --- for the engine and for tests ---------------------------------------------------------------------------- */

/* Index of the resolver for try number `attempt` (1-based); `previous` is the one of the try before, or -1. */
unsigned dns_policy_pick(struct dns_policy *policy, unsigned attempt, int previous, struct rng *rng);
const struct net_address *dns_policy_resolver(const struct dns_policy *policy, unsigned index);
/* Wait after the try number `attempt` failed: 250 ms × 2^(attempt−1), at most 4 s. */
int64_t dns_backoff_ms(unsigned attempt);
/* `nameserver` lines with an address, at most `most`. Text as in resolv.conf(5). */
size_t dns_resolv_conf_read(const char *text, struct net_address *out, size_t most);

#endif
