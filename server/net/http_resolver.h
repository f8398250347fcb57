/* net/http_resolver.h: the DNS engine as the resolver of a fetch. */
#ifndef NET_HTTP_RESOLVER_H
#define NET_HTTP_RESOLVER_H

#include "net/http_client.h"

struct dns_client;
struct dns_policy;

/* Borrowed by every fetch that uses it; outlives them. */
struct http_dns_resolver {
	struct dns_client *client;
	struct dns_policy *policy;
};

/* Asks for A and AAAA by the policy's rules. A full DNS engine counts as "cannot be resolved". */
struct http_resolver http_resolver_of_dns(struct http_dns_resolver *dns);

#endif
