/* net/http_policy.h: how one HTTP persona fetches.
 *
 * Owner: the caller; it must outlive every fetch submitted with it. One policy is used with one http_client. After
 * create only the client's engine thread touches it. */
#ifndef NET_HTTP_POLICY_H
#define NET_HTTP_POLICY_H

#include "base/compiler.h"
#include "base/status.h"
#include "net/rate_limit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_POLICY_HEADERS_MAX  64
#define HTTP_POLICY_STATUSES_MAX 100
#define HTTP_RETRIES_MAX         5
#define HTTP_TIMEOUT_MS          15000

enum http_tls { HTTP_TLS_DEFAULT, HTTP_TLS_10, HTTP_TLS_11, HTTP_TLS_12, HTTP_TLS_13 };

/* "TLS10".."TLS13". */
bool http_tls_from_text(const char *text, enum http_tls *out);

struct http_header {
	const char *name, *value;
};

struct http_policy_settings {
	const char *user_agent;
	const struct http_header *headers;
	size_t header_count;
	const char *const *header_order; /* names; headers not named here follow alphabetically */
	size_t header_order_count;
	enum http_tls tls_min, tls_max; /* default TLS 1.2 .. 1.3 */
	bool http2;
	bool preserve_cookies; /* within one http_session */
	int64_t timeout_ms;    /* one attempt, its redirects included; 0 = HTTP_TIMEOUT_MS */
	bool follow_redirects;
	bool respect_robots;
	const uint16_t *allowed_statuses; /* none: any 2xx */
	size_t allowed_status_count;
	unsigned retries_max;           /* at most HTTP_RETRIES_MAX */
	int64_t host_delay_ms;          /* between two requests of one session to one host */
	unsigned fetches_max;           /* at work at once; 0 = no limit of its own */
	double rate_per_s, rate_burst;  /* fetches started per second; 0 = unlimited */
	struct rate_source shared_rate; /* when take is set it replaces the two above */
};

struct http_policy;

/* INVALID_ARGUMENT: BAD_USER_AGENT, BAD_HEADER (control characters, or a name that belongs to the connection such as
 * Host), BAD_TLS_RANGE, TOO_MANY. Everything is copied. The caller owns *out. */
struct status http_policy_create(const struct http_policy_settings *settings, struct http_policy **out) MUST_CHECK;
void http_policy_destroy(struct http_policy *policy); /* accepts NULL */

/* --- for the engine and for tests ---------------------------------------------------------------------------- */

bool http_policy_accepts(const struct http_policy *policy, unsigned status);
/* The i-th request header line in the order it is sent, NULL past the end. */
const char *http_policy_header_line(const struct http_policy *policy, size_t i);

#endif
