/* phase/probe.h: lookups and fetches for somebody who waits for them: a persona tried out, some pages searched.
 *
 * Made of the pieces the phases are made of (personas with their shared rates, the address guards, the page reader),
 * but with engines of their own, so that a campaign at full speed delays nobody and nobody delays a campaign. Threads:
 * any; the caller waits. Owner: main.c; every probe has ended when it is closed. */
#ifndef PHASE_PROBE_H
#define PHASE_PROBE_H

#include "base/status.h"
#include "extract/page.h"
#include "net/dns_client.h"
#include "net/http_client.h"
#include "net/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_guard;
struct arena;
struct cancel;
struct persona;
struct phase_env;
struct probes;

#define PROBE_DETAIL_SIZE 200

/* env: settings, rates and resolver_guard are used, and outlive it, as does the guard of fetches. */
struct status probes_open(const struct phase_env *env, const struct address_guard *http_guard,
			  struct probes **out) MUST_CHECK;
void probes_close(struct probes *probes); /* accepts NULL */

/* One probe at work; RESOURCE_EXHAUSTED / PROBES_BUSY when api_probes_max are. */
struct status probes_enter(struct probes *probes) MUST_CHECK;
void probes_leave(struct probes *probes);

/* How long a probe may take, and who may end it early. */
struct probe_limits {
	int64_t until_ms; /* of the monotonic clock */
	const struct cancel *cancel;
};

/* What came of looking a name up. */
struct probe_lookup {
	bool is_over_time; /* until_ms came first; the rest is empty */
	struct dns_result result;
};

/* INVALID_ARGUMENT: a resolver the guard refuses, or no resolver at all. */
struct status probe_lookup(struct probes *probes, const struct persona *dns, const char *name,
			   const struct probe_limits *limits, struct probe_lookup *out) MUST_CHECK;

/* One page: what is asked, then what came of it. */
struct probe_page {
	const char *url;  /* NULL: https://host/, then http://host/ */
	const char *host; /* of the URL */
	const struct persona *http;
	const struct persona *dns; /* who looks its host up; NULL: the system's resolvers */

	struct status failure; /* it could not even be asked for, or took too long: PROBE_TIMEOUT; the rest is empty */
	enum http_outcome outcome;
	enum http_reason reason;
	unsigned code, redirects;
	bool is_truncated;
	int64_t took_ms;
	uint64_t body_bytes;
	struct net_address address;
	char final_url[HTTP_URL_MAX + 1];
	char detail[PROBE_DETAIL_SIZE];
	bool is_read;                /* there is text */
	struct page_signals signals; /* with is_read; while `done` runs */
};

/* On the caller's thread, once for each page, in the order they come back. */
typedef struct status (*probe_done_fn)(void *ctx, struct probe_page *page);

/* Fetches the pages, a few at once. A failure is the installation's; what sites do wrong is in the pages. */
struct status probe_fetch(struct probes *probes, struct probe_page *pages, size_t count,
			  const struct probe_limits *limits, probe_done_fn done, void *ctx) MUST_CHECK;

#endif
