/* net/dns_policy_fields.h: the inside of a policy, for dns_policy.c and the engine in dns_client.c only. */
#ifndef NET_DNS_POLICY_FIELDS_H
#define NET_DNS_POLICY_FIELDS_H

#include "net/dns_policy.h"
#include "net/intake.h"

struct dns_policy {
	enum dns_strategy strategy;
	unsigned resolver_count;
	struct net_address resolvers[DNS_RESOLVERS_MAX];
	unsigned weights[DNS_RESOLVERS_MAX];
	uint64_t weight_sum;
	unsigned cursor; /* of round robin */
	int64_t query_timeout_ms, domain_timeout_ms;
	int64_t query_delay_min_ms, query_delay_max_ms;
	unsigned retries_max, queries_per_domain;

	struct intake_share share;
};

#endif
