/* net/dns_servers.h: the only door to c-ares. Sends single questions to single resolvers; private to dns_client.c.
 *
 * One try each; retries and strategies are the engine's. Per resolver: a window of recently sent queries, so that a
 * burst does not overrun its socket buffer (it grows with answers and shrinks when one query in a hundred or more was
 * lost; a query unanswered for FRESH_MS no longer counts, it is being worked on, will never be answered, or is lost),
 * and a bound on all that are unanswered.
 * What does not fit waits in order. Source ports and ids: c-ares 1.18 uses one port per channel, so queries are
 * spread over several channels and each channel is replaced after some thousands of queries.
 * Threads: the engine's only. Failing to get memory or sockets is an answer (ERROR, may_retry). */
#ifndef NET_DNS_SERVERS_H
#define NET_DNS_SERVERS_H

#include "base/compiler.h"
#include "base/status.h"
#include "net/dns_answer.h"

#include <stdbool.h>
#include <stdint.h>

struct dns_servers;
struct dns_server;
struct dns_flight;

enum dns_query_state { DNS_QUERY_IDLE, DNS_QUERY_WAITING, DNS_QUERY_FLYING, DNS_QUERY_SETTLED };

/* Embedded in whoever asks. The first block is filled by the caller, `answer` is the result. */
struct dns_query {
	const char *name; /* valid until done or forgotten */
	uint16_t type;
	int64_t timeout_ms;
	void (*done)(struct dns_query *q); /* called from dns_servers_settle */

	struct dns_answer answer; /* reason TIMEOUT when the resolver kept silent */

	enum dns_query_state state;
	struct dns_query *next, *prev;
	struct dns_server *server;
	struct dns_flight *flight;
};

/* epoll_fd: sockets are added with data.ptr for dns_servers_event. */
struct status dns_servers_create(int epoll_fd, unsigned per_resolver_max, struct dns_servers **out) MUST_CHECK;
void dns_servers_destroy(struct dns_servers *s); /* queries in flight are forgotten */

void dns_servers_send(struct dns_servers *s, const struct net_address *to, struct dns_query *q);
/* The query will not call done any more. */
void dns_servers_forget(struct dns_servers *s, struct dns_query *q);
/* A query to `to` timed out, and the name was answered on a retry. */
void dns_servers_lost(struct dns_servers *s, const struct net_address *to);

void dns_servers_event(void *data, uint32_t events);
/* Timeouts, replacement of used-up channels; call every DNS_SERVERS_TICK_MS. */
void dns_servers_tick(struct dns_servers *s, int64_t now_ms);
/* Calls done for everything that ended and sends what waited. Call after events and ticks. */
void dns_servers_settle(struct dns_servers *s, int64_t now_ms);
bool dns_servers_busy(const struct dns_servers *s); /* something is unanswered */

#define DNS_SERVERS_TICK_MS 20

#endif
