#include "phase/http/http_lookups.h"

#include <stdlib.h>

/* One lookup that is out. */
struct lookup_out {
	struct http_lookups *lookups;
	http_resolved_fn done;
	void *token;
};

static void count(struct http_lookups *lookups, int by)
{
	pthread_mutex_lock(&lookups->lock);
	lookups->out += (unsigned)by;
	pthread_cond_signal(&lookups->back);
	pthread_mutex_unlock(&lookups->lock);
}

static void resolved(void *token, const struct net_address *addresses, unsigned address_count, bool timed_out)
{
	struct lookup_out *out = token;
	struct http_lookups *lookups = out->lookups;

	out->done(out->token, addresses, address_count, timed_out);
	free(out);
	count(lookups, -1);
}

/* The fetch's own cancel is not passed on: its batch may be gone before the lookup is back. */
static bool start(void *ctx, const char *host, struct cancel *cancel, http_resolved_fn done, void *token)
{
	struct http_lookups *lookups = ctx;
	struct http_resolver resolver = http_resolver_of_dns(&lookups->dns);
	struct lookup_out *out = malloc(sizeof *out);

	(void)cancel;
	if (!out)
		return false;
	*out = (struct lookup_out){ lookups, done, token };
	count(lookups, 1);
	if (resolver.start(resolver.ctx, host, &lookups->cancel, resolved, out))
		return true;
	free(out);
	count(lookups, -1);
	return false;
}

void http_lookups_open(struct http_lookups *lookups, struct dns_client *client, struct dns_policy *policy)
{
	lookups->dns = (struct http_dns_resolver){ client, policy };
	cancel_init(&lookups->cancel, NULL);
	pthread_mutex_init(&lookups->lock, NULL);
	pthread_cond_init(&lookups->back, NULL);
	lookups->out = 0;
}

void http_lookups_close(struct http_lookups *lookups)
{
	if (!lookups->dns.client)
		return;
	cancel_set(&lookups->cancel);
	pthread_mutex_lock(&lookups->lock);
	while (lookups->out > 0)
		pthread_cond_wait(&lookups->back, &lookups->lock);
	pthread_mutex_unlock(&lookups->lock);
	pthread_cond_destroy(&lookups->back);
	pthread_mutex_destroy(&lookups->lock);
	cancel_done(&lookups->cancel);
	lookups->dns.client = NULL;
}

struct http_resolver http_lookups_resolver(struct http_lookups *lookups)
{
	return (struct http_resolver){ .start = lookups->dns.client ? start : NULL, .ctx = lookups };
}
