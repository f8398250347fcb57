/* net/http_session.h: the inside of a session; private to the HTTP engine. One thread at a time. */
#ifndef NET_HTTP_SESSION_H
#define NET_HTTP_SESSION_H

#include "net/http_client.h"
#include "net/url.h"

#define HTTP_SESSION_HOSTS_MAX 16

struct curl_slist;
struct robots;

struct http_session {
	struct curl_slist *cookies;
	/* the last request of all; "" before the first */
	char asked_host[DNS_NAME_MAX + 1];
	int64_t asked_ms;
	unsigned host_count;
	struct {
		char *host;
		struct robots *robots; /* NULL: everything is allowed */
	} hosts[HTTP_SESSION_HOSTS_MAX];
};

/* Whether robots.txt of `host` is known; *out is what it says, NULL for "everything". */
bool http_session_robots(const struct http_session *s, const char *host, const struct robots **out);
/* Takes `robots`. When the session is full, the oldest host is forgotten. */
void http_session_learn(struct http_session *s, const char *host, struct robots *robots);

#endif
