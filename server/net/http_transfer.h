/* net/http_transfer.h: the only door to libcurl's transfers. One request, one response, no redirects, no retries;
 * private to the HTTP engine and used on its thread only.
 *
 * The caps: headers and trailers together, decoded body, body on the wire, total time, and less than
 * HTTP_LOW_SPEED_BYTES a second for HTTP_LOW_SPEED_S. The body caps cut the page (is_truncated), the others fail it.
 * The address is given, checked here on the socket; curl resolves nothing. */
#ifndef NET_HTTP_TRANSFER_H
#define NET_HTTP_TRANSFER_H

#include "base/compiler.h"
#include "base/status.h"
#include "net/address.h"
#include "net/http_client.h"
#include "net/url.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_CONNECT_MS       5000
#define HTTP_LOW_SPEED_BYTES  100
#define HTTP_LOW_SPEED_S      10
#define HTTP_CONTENT_TYPE_MAX 256
#define HTTP_DETAIL_MAX       160
#define HTTP_SKIP_BYTES_MAX   16384 /* of a body that is read only to keep its connection, */
#define HTTP_SKIP_MS          1000  /* and for how long */

struct curl_slist;
struct http_transfer;
struct http_transfers;

/* What the body of a response is worth. */
enum http_body {
	HTTP_BODY_WANTED,
	HTTP_BODY_UNWANTED, /* the transfer ends here, and its connection */
	HTTP_BODY_SKIPPED,  /* read to its end when it is short, so that the next request can have the connection */
};

struct http_transfer_plan {
	const struct http_url *url;
	struct net_address address; /* port included */
	const struct http_policy *policy;
	const struct curl_slist *cookies; /* of the session; only used when the policy preserves cookies */
	int64_t timeout_ms;
	int64_t body_bytes_max;
	bool may_reuse; /* more requests to this host will follow at once */
	/* Asked once, when the response's head is known; location is "" when absent. */
	enum http_body (*on_head)(void *ctx, unsigned status, const char *content_type, const char *location);
	void (*on_data)(void *ctx, const void *bytes, size_t n);
	void *ctx; /* also found again with http_transfer_owner */
};

/* Filled when a transfer has ended; texts live until it is released. */
struct http_transfer_end {
	bool has_response; /* a complete head came in, and nothing failed that matters */
	bool guard_refused;
	struct http_fault fault; /* when there is no response */
	const char *detail;      /* a few words about the fault */
	unsigned status;
	const char *location; /* "" when absent */
	const char *content_type;
	int64_t retry_after_ms; /* 0 when absent */
	bool is_truncated;
	uint64_t body_bytes;
};

struct http_transfers_settings {
	const struct address_guard *guard;
	const char *ca_file;
	int64_t header_bytes_max, wire_bytes_max;
	unsigned connections_max;
};

struct status http_transfers_create(const struct http_transfers_settings *settings,
				    struct http_transfers **out) MUST_CHECK;
void http_transfers_destroy(struct http_transfers *ts); /* every transfer was released; accepts NULL */

/* Begins; *out is the engine's until http_transfer_release. False when out of memory. */
bool http_transfer_begin(struct http_transfers *ts, const struct http_transfer_plan *plan,
			 struct http_transfer **out) MUST_CHECK;
/* Stops it when it is still going, and takes it back. */
void http_transfer_release(struct http_transfers *ts, struct http_transfer *t);

/* Moves everything that can move. Then *_next_ended gives each transfer that ended, once. */
void http_transfers_run(struct http_transfers *ts);
struct http_transfer *http_transfers_next_ended(struct http_transfers *ts);
void *http_transfer_owner(const struct http_transfer *t);
void http_transfer_end(struct http_transfer *t, struct http_transfer_end *out);
/* The cookies curl holds now, replacing *list (which the caller frees with curl_slist_free_all). */
void http_transfer_cookies(struct http_transfer *t, struct curl_slist **list);

/* Sleeps until a socket moves, a wake, or timeout_ms. */
void http_transfers_wait(struct http_transfers *ts, int64_t timeout_ms);
/* From any thread. */
void http_transfers_wake(struct http_transfers *ts);

#endif
