/* phase/http/http_lookups.h: the resolver of an http run: looks hosts of redirects up through a dns persona, and knows
 * which lookups are still out. A fetch may give up before its lookup comes back; the persona's policy must not be
 * destroyed before it did. Internal to phase/http/. Threads: the resolver's start from any, close from the run's. */
#ifndef PHASE_HTTP_LOOKUPS_H
#define PHASE_HTTP_LOOKUPS_H

#include "net/http_resolver.h"
#include "work/cancel.h"

#include <pthread.h>

struct http_lookups {
	struct http_dns_resolver dns; /* client NULL: nothing can be resolved */
	struct cancel cancel;
	pthread_mutex_t lock;
	pthread_cond_t back;
	unsigned out;
};

/* client and policy are borrowed until http_lookups_close. */
void http_lookups_open(struct http_lookups *lookups, struct dns_client *client, struct dns_policy *policy);
/* Cancels what is out and waits for it. Harmless on zeroes. */
void http_lookups_close(struct http_lookups *lookups);
struct http_resolver http_lookups_resolver(struct http_lookups *lookups);

#endif
