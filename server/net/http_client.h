/* net/http_client.h: hundreds of page fetches in flight on one engine thread.
 *
 * A fetch is one page: an optional robots.txt, the request, its redirects and its retries. It ends exactly once, by its
 * callback. What sites do wrong is a result, not a status. The body goes to a sink as it is decoded. Several policies
 * share a client; more cores: more clients.
 * Every connection goes to an address that the guard permits, checked again on the socket itself.
 * Threads: submit, drain and stats from any; callbacks and sinks run on the engine thread and must not block. */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "base/compiler.h"
#include "base/status.h"
#include "net/address.h"
#include "net/http_policy.h"
#include "net/http_reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_guard;
struct cancel;
struct http_client;
struct http_session;

struct http_client_settings {
	unsigned in_flight_max;            /* transfers at once; 0 = 256 */
	unsigned per_address_max;          /* fetches at work on one address at once; 0 = no limit */
	uint16_t http_port, https_port;    /* where http:// and https:// without a port connect; 0 = 80, 443 */
	int64_t body_bytes_max;            /* decoded; the rest is discarded and the page marked truncated; 0 = 5 MiB */
	int64_t wire_bytes_max;            /* as received; the same; 0 = 5 MiB */
	int64_t header_bytes_max;          /* all headers and trailers of one response; 0 = 64 KiB */
	unsigned redirects_max;            /* as given; the specification says 7 */
	const char *ca_file;               /* PEM bundle; NULL or "": the system's */
	const struct address_guard *guard; /* borrowed, outlives the client */
};

/* --- one domain's memory across its fetches ------------------------------------------------------------------ */

/* robots.txt answers and cookies of one domain. Used by one fetch at a time; the caller owns it. NULL: no memory. */
struct http_session *http_session_create(void) MUST_CHECK;
void http_session_destroy(struct http_session *session); /* accepts NULL; no fetch is using it */

/* --- where hosts of redirects live --------------------------------------------------------------------------- */

/* Tells the engine the addresses of a host: called exactly once per start that returned true, from any thread. */
typedef void (*http_resolved_fn)(void *token, const struct net_address *addresses, unsigned count, bool timed_out);

struct http_resolver {
	/* Must not block. False: cannot be resolved (nothing will be called). `cancel` may be NULL. */
	bool (*start)(void *ctx, const char *host, struct cancel *cancel, http_resolved_fn done, void *token);
	void *ctx;
};

/* --- where the body goes ------------------------------------------------------------------------------------- */

struct http_head {
	unsigned status;
	const char *url;          /* of this response */
	const char *content_type; /* as sent, "" when absent */
	const char *charset;      /* of the content type, lower case, "" when absent */
};

/* begin is called only for a response that counts (accepted status, text); again after a retry, when everything before
 * it is void. The end is the fetch's callback. Any member may be NULL. */
struct http_sink {
	void (*begin)(void *ctx, const struct http_head *head);
	void (*data)(void *ctx, const void *bytes, size_t n);
	void *ctx;
};

/* --- a fetch ------------------------------------------------------------------------------------------------- */

struct http_fetch {
	const char *host;           /* copied; the domain */
	struct net_address address; /* where `host` is; family 0: ask the resolver. The port is ignored */
	const char *url;            /* copied; NULL: https://host/, then http://host/ when there is no https */
	struct http_policy *policy;
	struct http_session *session;  /* NULL: one of its own */
	struct http_resolver resolver; /* start NULL: other hosts cannot be resolved */
	struct http_sink sink;
	int64_t body_bytes_max; /* 0: the client's */
	struct cancel *cancel;  /* may be NULL; looked at every 100 ms until the callback */
};

enum http_outcome { HTTP_OK, HTTP_FAILED, HTTP_TIMED_OUT, HTTP_CANCELED };

struct http_result {
	enum http_outcome status;
	enum http_reason reason;    /* NONE when ok */
	const char *detail;         /* a few words for a person, never NULL: "robots.txt disallows /" */
	unsigned code;              /* status of the last response, 0 when none came */
	const char *url, *host;     /* last ones asked; host without port, lower case */
	struct net_address address; /* last one connected to */
	unsigned redirects;
	const char *content_type, *charset; /* "" when absent */
	bool is_truncated;                  /* a body cap cut the page */
	uint64_t body_bytes;                /* decoded bytes handed to the sink in the last attempt */
	unsigned attempts;
	int64_t took_ms; /* from the start, waiting for the rate limit not included */
};

/* `result` and its texts are borrowed for the call. */
typedef void (*http_done_fn)(void *ctx, const struct http_result *result);

struct http_client_stats {
	uint64_t fetches, ok, failed, timed_out, canceled;
	uint64_t requests, redirects, retries, guard_refused, robots_refused, truncated;
	unsigned pending; /* submitted and not called back */
};

struct status http_client_create(const struct http_client_settings *settings, struct http_client **out) MUST_CHECK;

/* Waits while the client or the policy is full. INVALID_ARGUMENT / BAD_URL for a host or URL nobody would fetch,
 * CANCELLED when fetch->cancel was set meanwhile, UNAVAILABLE when the client is being destroyed; then there is no
 * callback. */
struct status http_client_submit(struct http_client *client, const struct http_fetch *fetch, http_done_fn done,
				 void *ctx) MUST_CHECK;
/* Never waits: RESOURCE_EXHAUSTED when full. A callback may submit this way (a next page of the same session). */
struct status http_client_try_submit(struct http_client *client, const struct http_fetch *fetch, http_done_fn done,
				     void *ctx) MUST_CHECK;

/* True when every fetch has called back within timeout_ms. */
bool http_client_drain(struct http_client *client, int64_t timeout_ms);
void http_client_stats(struct http_client *client, struct http_client_stats *out);
/* Cancels what is left (callbacks run), ends the thread. Accepts NULL. */
void http_client_destroy(struct http_client *client);

#endif
