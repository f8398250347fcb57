#include "net/http_reason.h"

#include "base/compiler.h"
#include "base/text.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <strings.h>

const char *const http_reason_text[] = {
#define X(name, text) [HTTP_REASON_##name] = (text),
	HTTP_REASONS(X)
#undef X
};

enum fault_kind { FAULT_TIMEOUT, FAULT_REFUSED, FAULT_RESET, FAULT_NO_ROUTE, FAULT_TLS, FAULT_FINAL };

static const struct {
	int code;
	enum fault_kind kind;
	enum http_reason reason;
} curl_faults[] = {
	{ CURLE_OPERATION_TIMEDOUT, FAULT_TIMEOUT, HTTP_REASON_TIMEOUT },
	{ CURLE_COULDNT_RESOLVE_HOST, FAULT_FINAL, HTTP_REASON_DNS_RESOLVE_ERROR },
	{ CURLE_COULDNT_RESOLVE_PROXY, FAULT_FINAL, HTTP_REASON_PROXY_ERROR },
	{ CURLE_PROXY, FAULT_FINAL, HTTP_REASON_PROXY_ERROR },
	{ CURLE_GOT_NOTHING, FAULT_RESET, HTTP_REASON_CONNECTION_RESET },
	{ CURLE_PARTIAL_FILE, FAULT_RESET, HTTP_REASON_CONNECTION_RESET },
	{ CURLE_SSL_CONNECT_ERROR, FAULT_TLS, HTTP_REASON_TLS_HANDSHAKE },
	{ CURLE_SSL_CIPHER, FAULT_TLS, HTTP_REASON_TLS_HANDSHAKE },
	{ CURLE_PEER_FAILED_VERIFICATION, FAULT_TLS, HTTP_REASON_TLS_ERROR },
	{ CURLE_SSL_CERTPROBLEM, FAULT_TLS, HTTP_REASON_TLS_ERROR },
	{ CURLE_SSL_ISSUER_ERROR, FAULT_TLS, HTTP_REASON_TLS_ERROR },
	{ CURLE_SSL_INVALIDCERTSTATUS, FAULT_TLS, HTTP_REASON_TLS_ERROR },
	{ CURLE_SSL_SHUTDOWN_FAILED, FAULT_TLS, HTTP_REASON_TLS_ERROR },
	{ CURLE_SSL_CLIENTCERT, FAULT_TLS, HTTP_REASON_TLS_ERROR },
};

static struct http_fault fault(enum fault_kind kind, enum http_reason reason)
{
	return (struct http_fault){
		.reason = reason,
		.may_retry = kind == FAULT_TIMEOUT || kind == FAULT_RESET,
		.try_plain_http =
			kind == FAULT_REFUSED || kind == FAULT_RESET || kind == FAULT_NO_ROUTE || kind == FAULT_TLS,
		.is_tls = kind == FAULT_TLS,
	};
}

static bool fault_of_errno(long os_errno, struct http_fault *out)
{
	switch (os_errno) {
	case ECONNREFUSED:
		*out = fault(FAULT_REFUSED, HTTP_REASON_CONNECTION_REFUSED);
		return true;
	case ECONNRESET:
	case EPIPE:
	case ECONNABORTED:
		*out = fault(FAULT_RESET, HTTP_REASON_CONNECTION_RESET);
		return true;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		*out = fault(FAULT_NO_ROUTE, HTTP_REASON_FETCH_ERROR);
		return true;
	case ETIMEDOUT:
		*out = fault(FAULT_TIMEOUT, HTTP_REASON_TIMEOUT);
		return true;
	default:
		return false;
	}
}

struct http_fault http_fault_of_curl(int curl_code, long os_errno, long verify_result)
{
	struct http_fault from_socket;

	switch (curl_code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		if (verify_result == X509_V_ERR_CERT_HAS_EXPIRED)
			return fault(FAULT_TLS, HTTP_REASON_SSL_EXPIRED);
		break;
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		if (fault_of_errno(os_errno, &from_socket))
			return from_socket;
		break;
	default:
		break;
	}
	for (size_t i = 0; i < ARRAY_LEN(curl_faults); i++)
		if (curl_faults[i].code == curl_code)
			return fault(curl_faults[i].kind, curl_faults[i].reason);
	return fault(FAULT_FINAL, HTTP_REASON_FETCH_ERROR);
}

enum http_reason http_reason_of_status(unsigned status)
{
	switch (status) {
	case 401:
		return HTTP_REASON_UNAUTHORIZED;
	case 403:
		return HTTP_REASON_FORBIDDEN;
	case 404:
		return HTTP_REASON_NOT_FOUND;
	case 410:
		return HTTP_REASON_GONE;
	case 429:
		return HTTP_REASON_RATE_LIMIT;
	case 451:
		return HTTP_REASON_UNAVAILABLE_LEGAL;
	default:
		return status >= 500 && status <= 599 ? HTTP_REASON_UPSTREAM_5XX : HTTP_REASON_STATUS_CODE_MISMATCH;
	}
}

bool http_status_may_retry(unsigned status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

bool http_content_is_text(const char *content_type)
{
	static const char *const types[] = { "application/xhtml+xml", "application/xml", "application/html" };
	size_t n;

	while (*content_type == ' ')
		content_type++;
	if (*content_type == '\0' || strncasecmp(content_type, "text/", 5) == 0)
		return true;
	n = strcspn(content_type, "; \t,");
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (n == strlen(types[i]) && strncasecmp(content_type, types[i], n) == 0)
			return true;
	return false;
}

void http_content_charset(const char *content_type, char *out, unsigned long out_bytes)
{
	const char *at = strcasestr(content_type, "charset=");
	size_t n;

	out[0] = '\0';
	if (!at)
		return;
	at += strlen("charset=");
	if (*at == '"' || *at == '\'')
		at++;
	n = strcspn(at, "\"'; \t,");
	if (n >= out_bytes)
		return;
	memcpy(out, at, n);
	out[n] = '\0';
	text_lower(out);
}
