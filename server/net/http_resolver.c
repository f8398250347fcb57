#include "net/http_resolver.h"

#include "net/dns_client.h"

#include <stdlib.h>

struct question {
	http_resolved_fn done;
	void *token;
};

static void on_looked_up(void *ctx, const char *name, const struct dns_result *result)
{
	struct question *q = ctx;

	(void)name;
	q->done(q->token, result->addresses, result->address_count, result->status == DNS_TIMED_OUT);
	free(q);
}

static bool start(void *ctx, const char *host, struct cancel *cancel, http_resolved_fn done, void *token)
{
	const struct http_dns_resolver *dns = ctx;
	struct dns_lookup lookup = {
		.name = host, .want_a = true, .want_aaaa = true, .policy = dns->policy, .cancel = cancel
	};
	struct question *q = malloc(sizeof *q);

	if (!q)
		return false;
	*q = (struct question){ done, token };
	if (status_ok(dns_client_try_submit(dns->client, &lookup, on_looked_up, q)))
		return true;
	free(q);
	return false;
}

struct http_resolver http_resolver_of_dns(struct http_dns_resolver *dns)
{
	return (struct http_resolver){ .start = start, .ctx = dns };
}
