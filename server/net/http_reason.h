/* net/http_reason.h: why a fetch did not give a page: one table from curl, from sockets and from status codes. Pure. */
#ifndef NET_HTTP_REASON_H
#define NET_HTTP_REASON_H

#include <stdbool.h>
#include <stdint.h>

/* The texts are the http_reason column. */
#define HTTP_REASONS(X) \
	X(NONE, "") \
	X(TIMEOUT, "TIMEOUT")                           /* no answer, or too slow, in the persona's time  */ \
	X(STATUS_CODE_MISMATCH, "STATUS_CODE_MISMATCH") /* a status nobody asked for, none of those below */ \
	X(CONTENT_MISMATCH, "CONTENT_MISMATCH")         /* neither HTML nor text                          */ \
	X(FETCH_ERROR, "FETCH_ERROR")                   /* broken HTTP, a cap, no route, a redirect loop  */ \
	X(CANCELED, "CANCELED")                         /* the caller lost interest                       */ \
	X(CONNECTION_REFUSED, "CONNECTION_REFUSED") \
	X(DNS_RESOLVE_ERROR, "DNS_RESOLVE_ERROR") /* a redirect's host has no address               */ \
	X(CONNECTION_RESET, "CONNECTION_RESET")   /* also closed without an answer, or too early    */ \
	X(TLS_HANDSHAKE, "TLS_HANDSHAKE")         /* no common version, not TLS at all              */ \
	X(SSL_EXPIRED, "SSL_EXPIRED") \
	X(TLS_ERROR, "TLS_ERROR") /* any other certificate or TLS failure           */ \
	X(PROXY_ERROR, "PROXY_ERROR") \
	X(NOT_FOUND, "NOT_FOUND") \
	X(FORBIDDEN, "FORBIDDEN") \
	X(UNAUTHORIZED, "UNAUTHORIZED") \
	X(GONE, "GONE") \
	X(RATE_LIMIT, "RATE_LIMIT") \
	X(UNAVAILABLE_LEGAL, "UNAVAILABLE_LEGAL") \
	X(UPSTREAM_5XX, "UPSTREAM_5XX") \
	X(ERROR, "ERROR") /* refused by us: address guard, robots.txt       */

enum http_reason {
#define X(name, text) HTTP_REASON_##name,
	HTTP_REASONS(X)
#undef X
};

extern const char *const http_reason_text[];

/* What a failed transfer means. */
struct http_fault {
	enum http_reason reason;
	bool may_retry;      /* timeout, reset                                        */
	bool try_plain_http; /* refused, reset, TLS, no route: https is not there     */
	bool is_tls;         /* the reason is worth keeping when plain HTTP fails too */
};

/* curl_code: a CURLcode other than CURLE_OK. os_errno: CURLINFO_OS_ERRNO. verify_result: CURLINFO_SSL_VERIFYRESULT. */
struct http_fault http_fault_of_curl(int curl_code, long os_errno, long verify_result);

/* The reason of a status that is not accepted. */
enum http_reason http_reason_of_status(unsigned status);
/* 429, 502, 503, 504. */
bool http_status_may_retry(unsigned status);

/* Content types we read: text/…, HTML, XHTML, XML; an absent one counts as HTML. */
bool http_content_is_text(const char *content_type);
/* The charset parameter, lower case, "" when there is none or it does not fit. */
void http_content_charset(const char *content_type, char *out, unsigned long out_bytes);

#endif
