/* net/http_policy_fields.h: the inside of a policy, for http_policy.c, http_transfer.c and the engine only. */
#ifndef NET_HTTP_POLICY_FIELDS_H
#define NET_HTTP_POLICY_FIELDS_H

#include "net/http_policy.h"
#include "net/intake.h"

#include <curl/curl.h>

struct http_policy {
	char *user_agent;
	struct curl_slist *headers; /* in sending order, user agent included */
	long ssl_version;           /* for CURLOPT_SSLVERSION */
	bool http2, preserve_cookies, follow_redirects, respect_robots;
	int64_t timeout_ms, host_delay_ms;
	unsigned retries_max;
	size_t allowed_count;
	uint16_t allowed[HTTP_POLICY_STATUSES_MAX];

	struct intake_share share;
};

#endif
