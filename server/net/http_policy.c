#include "net/http_policy.h"

#include "base/clock.h"
#include "net/http_policy_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	LINES_MAX = HTTP_POLICY_HEADERS_MAX + 3,
	LINE_BYTES_MAX = 4096,
};

bool http_tls_from_text(const char *text, enum http_tls *out)
{
	static const struct {
		const char *word;
		enum http_tls version;
	} words[] = {
		{ "TLS10", HTTP_TLS_10 }, { "TLS11", HTTP_TLS_11 }, { "TLS12", HTTP_TLS_12 }, { "TLS13", HTTP_TLS_13 }
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i].word) == 0) {
			*out = words[i].version;
			return true;
		}
	return false;
}

static struct status tls_range(enum http_tls least, enum http_tls most, long *out)
{
	static const long from[] = { CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_TLSv1_0, CURL_SSLVERSION_TLSv1_1,
				     CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_TLSv1_3 };
	static const long to[] = { CURL_SSLVERSION_MAX_TLSv1_3, CURL_SSLVERSION_MAX_TLSv1_0,
				   CURL_SSLVERSION_MAX_TLSv1_1, CURL_SSLVERSION_MAX_TLSv1_2,
				   CURL_SSLVERSION_MAX_TLSv1_3 };
	enum http_tls low = least == HTTP_TLS_DEFAULT ? HTTP_TLS_12 : least;
	enum http_tls high = most == HTTP_TLS_DEFAULT ? HTTP_TLS_13 : most;

	if (low > high)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_TLS_RANGE",
				   "the least TLS version is above the greatest");
	*out = from[least] | to[most];
	return STATUS_OK_VALUE;
}

static bool value_valid(const char *value)
{
	if (strlen(value) > LINE_BYTES_MAX)
		return false;
	for (; *value; value++)
		if (((unsigned char)*value < 32 && *value != '\t') || *value == 127)
			return false;
	return true;
}

static bool name_valid(const char *name)
{
	static const char *const connection[] = {
		"Host", "Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "Keep-Alive",
		"TE",   "Trailer",    "Expect",         "Proxy-Connection"
	};
	size_t n = strlen(name);

	if (n == 0 || n > 100 ||
	    strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != n)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(connection); i++)
		if (strcasecmp(name, connection[i]) == 0)
			return false;
	return true;
}

/* The persona's headers and the three we always send, while they are being sorted. */
struct lines {
	struct http_header items[LINES_MAX];
	size_t count;
};

static void add_default(struct lines *l, const char *name, const char *value)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcasecmp(l->items[i].name, name) == 0)
			return;
	l->items[l->count++] = (struct http_header){ name, value };
}

static struct status collect(const struct http_policy_settings *s, struct lines *l)
{
	if (s->header_count > HTTP_POLICY_HEADERS_MAX || s->header_order_count > HTTP_POLICY_HEADERS_MAX)
		return status_make(STATUS_INVALID_ARGUMENT, "TOO_MANY", "more than %d headers",
				   HTTP_POLICY_HEADERS_MAX);
	for (size_t i = 0; i < s->header_count; i++) {
		const struct http_header *h = &s->headers[i];

		if (!name_valid(h->name) || !value_valid(h->value))
			return status_make(STATUS_INVALID_ARGUMENT, "BAD_HEADER", "header '%.60s' cannot be sent",
					   h->name);
		/* These two are ours: the user agent has its own setting, and what we cannot decode we must not ask
		 * for. */
		if (strcasecmp(h->name, "User-Agent") == 0 || strcasecmp(h->name, "Accept-Encoding") == 0)
			continue;
		l->items[l->count++] = *h;
	}
	add_default(l, "User-Agent", s->user_agent);
	add_default(l, "Accept", "text/html,application/xhtml+xml,text/plain;q=0.8,*/*;q=0.1");
	add_default(l, "Accept-Encoding", "gzip, deflate");
	return STATUS_OK_VALUE;
}

static int by_name(const void *a, const void *b)
{
	return strcasecmp(((const struct http_header *)a)->name, ((const struct http_header *)b)->name);
}

static bool append_line(struct curl_slist **list, const struct http_header *h)
{
	char line[LINE_BYTES_MAX + 128];
	struct curl_slist *longer;

	/* An empty value is written with a semicolon for curl to send "Name:". */
	snprintf(line, sizeof line, h->value[0] ? "%s: %s" : "%s;", h->name, h->value);
	longer = curl_slist_append(*list, line);
	if (!longer)
		return false;
	*list = longer;
	return true;
}

static struct status set_headers(struct http_policy *p, const struct http_policy_settings *s)
{
	struct lines l = { .count = 0 };
	bool used[LINES_MAX] = { false };
	bool fits = true;

	TRY(collect(s, &l));
	qsort(l.items, l.count, sizeof l.items[0], by_name);
	for (size_t i = 0; i < s->header_order_count; i++)
		for (size_t j = 0; j < l.count; j++)
			if (!used[j] && strcasecmp(l.items[j].name, s->header_order[i]) == 0) {
				used[j] = true;
				fits = fits && append_line(&p->headers, &l.items[j]);
			}
	for (size_t j = 0; j < l.count; j++)
		if (!used[j])
			fits = fits && append_line(&p->headers, &l.items[j]);
	return fits ? STATUS_OK_VALUE
		    : status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for an HTTP policy");
}

static struct status fill(struct http_policy *p, const struct http_policy_settings *s)
{

	if (!s->user_agent || s->user_agent[0] == '\0' || !value_valid(s->user_agent))
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_USER_AGENT",
				   "the user agent is empty or not printable");
	if (s->allowed_status_count > HTTP_POLICY_STATUSES_MAX)
		return status_make(STATUS_INVALID_ARGUMENT, "TOO_MANY", "more than %d statuses",
				   HTTP_POLICY_STATUSES_MAX);
	TRY(tls_range(s->tls_min, s->tls_max, &p->ssl_version));
	TRY(set_headers(p, s));
	p->user_agent = strdup(s->user_agent);
	if (!p->user_agent)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for an HTTP policy");
	p->http2 = s->http2;
	p->preserve_cookies = s->preserve_cookies;
	p->follow_redirects = s->follow_redirects;
	p->respect_robots = s->respect_robots;
	p->timeout_ms = s->timeout_ms > 0 ? s->timeout_ms : HTTP_TIMEOUT_MS;
	p->host_delay_ms = s->host_delay_ms > 0 ? s->host_delay_ms : 0;
	p->retries_max = s->retries_max < HTTP_RETRIES_MAX ? s->retries_max : HTTP_RETRIES_MAX;
	p->allowed_count = s->allowed_status_count;
	for (size_t i = 0; i < s->allowed_status_count; i++)
		p->allowed[i] = s->allowed_statuses[i];
	intake_share_init(&p->share, s->shared_rate, s->rate_per_s, s->rate_burst, s->fetches_max);
	return STATUS_OK_VALUE;
}

struct status http_policy_create(const struct http_policy_settings *settings, struct http_policy **out)
{
	struct http_policy *p = calloc(1, sizeof *p);
	struct status st;

	if (!p)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for an HTTP policy");
	st = fill(p, settings);
	if (!status_ok(st)) {
		http_policy_destroy(p);
		return st;
	}
	*out = p;
	return STATUS_OK_VALUE;
}

void http_policy_destroy(struct http_policy *policy)
{
	if (!policy)
		return;
	curl_slist_free_all(policy->headers);
	free(policy->user_agent);
	free(policy);
}

bool http_policy_accepts(const struct http_policy *policy, unsigned status)
{
	if (policy->allowed_count == 0)
		return status >= 200 && status <= 299;
	for (size_t i = 0; i < policy->allowed_count; i++)
		if (policy->allowed[i] == status)
			return true;
	return false;
}

const char *http_policy_header_line(const struct http_policy *policy, size_t i)
{
	const struct curl_slist *line = policy->headers;

	while (line && i-- > 0)
		line = line->next;
	return line ? line->data : NULL;
}
