/* net/dns_client.h: thousands of name lookups in flight on one engine thread.
 *
 * A lookup is one or two questions (A, AAAA) asked by the rules of its policy; it ends exactly once, by its callback.
 * Name errors are results, not statuses. Several policies share a client; more cores: more clients.
 * Threads: submit, drain and stats from any; callbacks run on the engine thread and must not block or submit. */
#ifndef NET_DNS_CLIENT_H
#define NET_DNS_CLIENT_H

#include "base/compiler.h"
#include "base/status.h"
#include "net/dns_answer.h"
#include "net/dns_policy.h"

#include <stdbool.h>
#include <stdint.h>

struct cancel;
struct dns_client;

struct dns_client_settings {
	unsigned lookups_max;      /* submitted and not called back; 0 = 2000 */
	unsigned per_resolver_max; /* queries one resolver may leave unanswered; 0 = twice lookups_max. Much fewer
				      are sent at once: a window shrinks when retries show that packets got lost */
};

enum dns_outcome { DNS_OK, DNS_FAILED, DNS_TIMED_OUT, DNS_CANCELED };

struct dns_lookup {
	const char *name;       /* copied */
	bool want_a, want_aaaa; /* at least one */
	struct dns_policy *policy;
	struct cancel *cancel; /* may be NULL; looked at every 100 ms until the callback */
};

struct dns_result {
	enum dns_outcome status;
	enum dns_reason reason; /* NONE when ok; CANCELED when canceled */
	unsigned address_count;
	struct net_address addresses[DNS_ADDRESSES_MAX]; /* IPv4 first; [0] is the first address; port 0 */
	unsigned attempts;                               /* tries of the question that took most */
	int64_t took_ms; /* from the first query, waiting for the rate limit not included */
};

/* `result` and `name` are borrowed for the call. */
typedef void (*dns_done_fn)(void *ctx, const char *name, const struct dns_result *result);

struct dns_client_stats {
	uint64_t lookups, ok, failed, timed_out, canceled;
	uint64_t queries, retries, query_timeouts, lost; /* lost: timed out, then answered on a retry */
	unsigned pending;                                /* submitted and not called back */
};

struct status dns_client_create(const struct dns_client_settings *settings, struct dns_client **out) MUST_CHECK;

/* Waits while the client or the policy is full. CANCELLED when lookup->cancel was set meanwhile, UNAVAILABLE when the
 * client is being destroyed; then there is no callback. An invalid name calls back like any other. */
struct status dns_client_submit(struct dns_client *client, const struct dns_lookup *lookup, dns_done_fn done,
				void *ctx) MUST_CHECK;

/* Like submit, but never waits: RESOURCE_EXHAUSTED when full. The only submit allowed on an engine thread. */
struct status dns_client_try_submit(struct dns_client *client, const struct dns_lookup *lookup, dns_done_fn done,
				    void *ctx) MUST_CHECK;

/* True when every lookup has called back within timeout_ms. */
bool dns_client_drain(struct dns_client *client, int64_t timeout_ms);
void dns_client_stats(struct dns_client *client, struct dns_client_stats *out);
/* Cancels what is left (callbacks run), ends the thread. Accepts NULL. */
void dns_client_destroy(struct dns_client *client);

#endif
