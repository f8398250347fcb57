#include "net/http_session.h"

#include "net/robots.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

struct http_session *http_session_create(void)
{
	return calloc(1, sizeof(struct http_session));
}

void http_session_destroy(struct http_session *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->host_count; i++) {
		free(s->hosts[i].host);
		robots_destroy(s->hosts[i].robots);
	}
	curl_slist_free_all(s->cookies);
	free(s);
}

bool http_session_robots(const struct http_session *s, const char *host, const struct robots **out)
{
	for (unsigned i = 0; i < s->host_count; i++)
		if (strcmp(s->hosts[i].host, host) == 0) {
			*out = s->hosts[i].robots;
			return true;
		}
	return false;
}

void http_session_learn(struct http_session *s, const char *host, struct robots *robots)
{
	char *copy = strdup(host);

	if (!copy) {
		robots_destroy(robots);
		return;
	}
	if (s->host_count == HTTP_SESSION_HOSTS_MAX) {
		free(s->hosts[0].host);
		robots_destroy(s->hosts[0].robots);
		s->host_count--;
		memmove(&s->hosts[0], &s->hosts[1], s->host_count * sizeof s->hosts[0]);
	}
	s->hosts[s->host_count].host = copy;
	s->hosts[s->host_count++].robots = robots;
}
