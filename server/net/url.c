#include "net/url.h"

#include "base/text.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ports below this belong to other protocols, save for the two of ours. */
#define PRIVILEGED_PORTS 1024

static const char *explain(CURLUcode code)
{
	switch ((int)code) {
	case CURLUE_UNSUPPORTED_SCHEME:
		return "not an http URL";
	case CURLUE_BAD_HOSTNAME:
	case CURLUE_NO_HOST:
	case CURLUE_BAD_IPV6:
		return "bad host in URL";
	case CURLUE_BAD_PORT_NUMBER:
		return "bad port in URL";
	case CURLUE_OUT_OF_MEMORY:
		return "no memory for a URL";
	default:
		return "malformed URL";
	}
}

/* `host` as curl gives it: "example.com", "127.0.0.1" in normal form, "[::1]". */
static bool read_host(char *host, struct http_url *out)
{
	size_t n = strlen(host);

	if (host[0] == '[') {
		if (n < 3 || host[n - 1] != ']')
			return false;
		host[n - 1] = '\0';
		host++;
		n -= 2;
	} else if (host[n - 1] == '.') {
		host[--n] = '\0';
	}
	if (n == 0 || n > DNS_NAME_MAX)
		return false;
	memcpy(out->host, host, n + 1);
	text_lower(out->host);
	out->has_address = net_address_parse(out->host, 1, &out->address) && out->address.port == 1;
	out->address.port = 0;
	return out->has_address || dns_name_valid(out->host);
}

static bool read_port(const char *text, struct http_url *out)
{
	unsigned long port = strtoul(text, NULL, 10);
	unsigned long own = out->is_https ? 443 : 80;

	if (port == 0 || port > 65535 || (port < PRIVILEGED_PORTS && port != 80 && port != 443))
		return false;
	out->port = port == own ? 0 : (uint16_t)port;
	return true;
}

static const char *read_parts(CURLU *handle, struct http_url *out)
{
	char *scheme = NULL, *host = NULL, *port = NULL, *zone = NULL, *text = NULL;
	const char *why = NULL;

	if (curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
		why = "not an http URL";
		goto done;
	}
	out->is_https = strcmp(scheme, "https") == 0;
	if (curl_url_get(handle, CURLUPART_ZONEID, &zone, 0) == CURLUE_OK ||
	    curl_url_get(handle, CURLUPART_HOST, &host, 0) != CURLUE_OK || host[0] == '\0' || !read_host(host, out)) {
		why = "bad host in URL";
		goto done;
	}
	if (curl_url_get(handle, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK || !read_port(port, out)) {
		why = "bad port in URL";
		goto done;
	}
	curl_url_set(handle, CURLUPART_USER, NULL, 0);
	curl_url_set(handle, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0);
	if (curl_url_get(handle, CURLUPART_URL, &text, CURLU_NO_DEFAULT_PORT) != CURLUE_OK ||
	    strlen(text) > HTTP_URL_MAX) {
		why = "URL too long";
		goto done;
	}
	memcpy(out->text, text, strlen(text) + 1);
	for (char *at = strstr(out->text, "://") + 3; *at && *at != '/' && *at != '?'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at + 32);
done:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(zone);
	curl_free(text);
	return why;
}

static bool parse(const char *base, const char *text, struct http_url *out, const char **out_why)
{
	CURLU *handle = curl_url();
	struct http_url url = { 0 };
	CURLUcode code;
	const char *why;

	if (!handle) {
		*out_why = "no memory for a URL";
		return false;
	}
	code = base ? curl_url_set(handle, CURLUPART_URL, base, 0) : CURLUE_OK;
	if (code == CURLUE_OK)
		code = curl_url_set(handle, CURLUPART_URL, text, CURLU_URLENCODE | CURLU_ALLOW_SPACE);
	why = code == CURLUE_OK ? read_parts(handle, &url) : explain(code);
	curl_url_cleanup(handle);
	if (why) {
		*out_why = why;
		return false;
	}
	*out = url;
	return true;
}

bool http_url_parse(const char *text, struct http_url *out, const char **out_why)
{
	return parse(NULL, text, out, out_why);
}

bool http_url_resolve(const struct http_url *base, const char *location, struct http_url *out, const char **out_why)
{
	return parse(base->text, location, out, out_why);
}

bool http_url_root(bool is_https, const char *host, struct http_url *out)
{
	char text[DNS_NAME_MAX + 16];
	const char *why;

	if (!dns_name_valid(host))
		return false;
	snprintf(text, sizeof text, "%s://%s/", is_https ? "https" : "http", host);
	return parse(NULL, text, out, &why);
}

bool http_url_robots(const struct http_url *page, struct http_url *out)
{
	const char *why;

	return parse(page->text, "/robots.txt", out, &why);
}

const char *http_url_path(const struct http_url *url)
{
	const char *host = strstr(url->text, "://");
	const char *path = host ? strpbrk(host + 3, "/?") : NULL;

	return path ? path : "/";
}
