/* net/url.h: http and https URLs from outside, over curl's URL parser. Pure; safe on any text; any thread. */
#ifndef NET_URL_H
#define NET_URL_H

#include "net/address.h"
#include "net/dns_answer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_URL_MAX 4096

struct http_url {
	bool is_https;
	uint16_t port;               /* 0 when it is the scheme's own */
	char host[DNS_NAME_MAX + 1]; /* lower case, without brackets and final dot */
	bool has_address;            /* the host is an address, in any spelling curl understands */
	struct net_address address;
	char text[HTTP_URL_MAX + 1]; /* normalised; no user, no fragment */
};

/* Absolute http or https URL. False with *out_why (static, a few words) otherwise. */
bool http_url_parse(const char *text, struct http_url *out, const char **out_why);
/* A Location header against the URL it came from. */
bool http_url_resolve(const struct http_url *base, const char *location, struct http_url *out, const char **out_why);
/* http(s)://host/ of a valid name. */
bool http_url_root(bool is_https, const char *host, struct http_url *out);
/* /robots.txt of the same host and port. */
bool http_url_robots(const struct http_url *page, struct http_url *out);
/* Path and query, "/" at least; points into url->text. */
const char *http_url_path(const struct http_url *url);

#endif
