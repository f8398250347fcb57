/* catalog/http_persona.h: the settings of an http persona: JSON in, struct and normalised JSON out. Pure; any thread.
 *
 * Members of configDetails: personaType, userAgent, headers (name → value), headerOrder,
 * tlsClientHello.minVersion and .maxVersion (TLS10..TLS13), http2Settings.enabled (false), cookieHandling.mode
 * (preserve, ignore), requestTimeoutSeconds, followRedirects, allowedStatusCodes, rateLimitDps, rateLimitBurst,
 * maxConcurrentFetches, respectRobots, hostDelayMs, notes. Cipher suites, curves, HTTP/2 and custom cookies are
 * refused: fetching is plain and honest. */
#ifndef CATALOG_HTTP_PERSONA_H
#define CATALOG_HTTP_PERSONA_H

#include "base/status.h"
#include "net/http_policy.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct http_persona {
	const char *user_agent;
	const struct http_header *headers; /* in the order they were given */
	size_t header_count;
	const char *const *header_order;
	size_t header_order_count;
	enum http_tls tls_min, tls_max;
	bool preserve_cookies; /* within one domain */
	int64_t timeout_ms;
	bool follow_redirects;
	bool respect_robots;
	const uint16_t *allowed_statuses; /* none: any 2xx */
	size_t allowed_status_count;
	int64_t host_delay_ms; /* between two requests for one site to one host */
	unsigned fetches_max;
	double rate_per_s, rate_burst; /* 0: unlimited */
	const char *notes;
};

/* As dns_persona.h. */
struct status http_persona_read(const json_t *object, const char *path, struct arena *arena,
				struct violations *violations, struct http_persona *out) MUST_CHECK;
struct status http_persona_parse(const char *json, struct arena *arena, struct http_persona *out) MUST_CHECK;
char *http_persona_write(const struct http_persona *persona, struct arena *arena) MUST_CHECK;

#endif
