#include "net/http_transfer.h"
#include "base/clock.h"

#include "net/address_guard.h"
#include "net/http_policy_fields.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define COOKIES_MAX 150 /* what curl is willing to send */

/* Why one of our callbacks made curl stop. */
enum stop { STOP_NONE, STOP_GUARD, STOP_HEADERS, STOP_BODY_CAP, STOP_UNWANTED };

struct http_transfer {
	struct http_transfers *owner;
	struct http_transfer *next; /* in the free list */
	CURL *easy;
	bool is_running;
	struct http_transfer_plan plan;
	struct curl_slist *connect_to;
	enum stop stop;
	CURLcode code;
	bool was_asked; /* on_head */
	enum http_body body;
	int64_t skips_until_ms; /* a skipped one */
	uint64_t header_bytes, body_bytes;
	char location[HTTP_URL_MAX + 1];
	char content_type[HTTP_CONTENT_TYPE_MAX];
	char error[CURL_ERROR_SIZE];
	char refused[80];
};

struct http_transfers {
	struct http_transfers_settings settings;
	CURLM *multi;
	struct http_transfer *unused;
};

/* --- callbacks ----------------------------------------------------------------------------------------------- */

static bool header_value(const char *line, size_t n, const char *name, char *out, size_t out_bytes)
{
	size_t name_n = strlen(name);

	if (n <= name_n || line[name_n] != ':' || strncasecmp(line, name, name_n) != 0)
		return false;
	line += name_n + 1;
	n -= name_n + 1;
	while (n > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	if (n >= out_bytes)
		return true;
	memcpy(out, line, n);
	out[n] = '\0';
	return true;
}

/* Sees trailers too: curl has no limit of its own for them. */
static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
	struct http_transfer *t = ctx;
	size_t n = size * count;

	t->header_bytes += n;
	if (t->header_bytes > (uint64_t)t->owner->settings.header_bytes_max) {
		t->stop = STOP_HEADERS;
		return 0;
	}
	if (t->was_asked)
		return n; /* a trailer */
	if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		t->location[0] = '\0';
		t->content_type[0] = '\0';
	} else if (!header_value(line, n, "Location", t->location, sizeof t->location)) {
		header_value(line, n, "Content-Type", t->content_type, sizeof t->content_type);
	}
	return n;
}

static unsigned status_of(const struct http_transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 ? (unsigned)status : 0;
}

static void ask_about_body(struct http_transfer *t)
{
	t->was_asked = true;
	t->body = t->plan.on_head(t->plan.ctx, status_of(t), t->content_type, t->location);
	if (t->body != HTTP_BODY_SKIPPED)
		return;
	t->skips_until_ms = clock_monotonic_ms() + HTTP_SKIP_MS;
	curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 0L); /* looked at when the transfer is done */
}

/* False when it is longer than a connection is worth. */
static bool skip(struct http_transfer *t, size_t n)
{
	t->body_bytes += n;
	return t->body_bytes <= HTTP_SKIP_BYTES_MAX;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct http_transfer *t = ctx;
	size_t n = size * count;
	uint64_t room;

	if (!t->was_asked)
		ask_about_body(t);
	if (t->body == HTTP_BODY_UNWANTED || (t->body == HTTP_BODY_SKIPPED && !skip(t, n))) {
		t->stop = STOP_UNWANTED;
		return 0;
	}
	if (t->body == HTTP_BODY_SKIPPED)
		return n;
	room = (uint64_t)t->plan.body_bytes_max - t->body_bytes;
	if (n > room) {
		t->plan.on_data(t->plan.ctx, bytes, (size_t)room);
		t->body_bytes += room;
		t->stop = STOP_BODY_CAP;
		return 0;
	}
	t->plan.on_data(t->plan.ctx, bytes, n);
	t->body_bytes += n;
	return n;
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct http_transfer *t = ctx;

	(void)total;
	(void)up_total;
	(void)up;
	if (now > t->owner->settings.wire_bytes_max)
		t->stop = STOP_BODY_CAP;
	else if (t->body == HTTP_BODY_SKIPPED && clock_monotonic_ms() >= t->skips_until_ms)
		t->stop = STOP_UNWANTED;
	else
		return 0;
	return 1;
}

/* The last word on where we connect: the address of the socket, not of any text. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *sa)
{
	struct http_transfer *t = ctx;
	struct net_address a;
	const char *why = "not an internet address";

	if (purpose != CURLSOCKTYPE_IPCXN || !net_address_from_sockaddr(&sa->addr, &a) ||
	    !address_guard_permits(t->owner->settings.guard, &a, &why)) {
		t->stop = STOP_GUARD;
		snprintf(t->refused, sizeof t->refused, "address refused: %.40s", why);
		return CURL_SOCKET_BAD;
	}
	return socket(sa->family, sa->socktype | SOCK_CLOEXEC, sa->protocol);
}

/* --- setting up ---------------------------------------------------------------------------------------------- */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void library_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct status http_transfers_create(const struct http_transfers_settings *settings, struct http_transfers **out)
{
	struct http_transfers *ts = calloc(1, sizeof *ts);

	pthread_once(&library_once, library_init);
	if (ts)
		ts->multi = curl_multi_init();
	if (!ts || !ts->multi) {
		free(ts);
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for the HTTP engine");
	}
	ts->settings = *settings;
	curl_multi_setopt(ts->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(ts->multi, CURLMOPT_MAXCONNECTS, (long)settings->connections_max);
	*out = ts;
	return STATUS_OK_VALUE;
}

void http_transfers_destroy(struct http_transfers *ts)
{
	if (!ts)
		return;
	while (ts->unused) {
		struct http_transfer *t = ts->unused;

		ts->unused = t->next;
		curl_easy_cleanup(t->easy);
		free(t);
	}
	curl_multi_cleanup(ts->multi);
	free(ts);
}

static struct http_transfer *take(struct http_transfers *ts)
{
	struct http_transfer *t = ts->unused;

	if (t) {
		ts->unused = t->next;
		return t;
	}
	t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->easy = curl_easy_init();
	if (!t->easy) {
		free(t);
		return NULL;
	}
	t->owner = ts;
	return t;
}

static bool set_target(struct http_transfer *t)
{
	char ip[NET_ADDRESS_TEXT_SIZE], to[NET_ADDRESS_TEXT_SIZE + 16];
	const struct net_address *a = &t->plan.address;

	net_address_ip_text(a, ip);
	/* Empty host and port match whatever the URL says, so that it keeps the site's own name and port. */
	snprintf(to, sizeof to, a->family == 6 ? "::[%.45s]:%u" : "::%.45s:%u", ip, (unsigned)a->port);
	t->connect_to = curl_slist_append(NULL, to);
	return t->connect_to && curl_easy_setopt(t->easy, CURLOPT_URL, t->plan.url->text) == CURLE_OK;
}

static void set_caps(struct http_transfer *t)
{
	int64_t connect_ms = t->plan.timeout_ms < HTTP_CONNECT_MS ? t->plan.timeout_ms : HTTP_CONNECT_MS;

	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)t->plan.timeout_ms);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_LOW_SPEED_BYTES);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, (long)HTTP_LOW_SPEED_S);
	curl_easy_setopt(t->easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(t->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(t->easy, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
}

/* curl keeps one parsed certificate store per multi handle only where no certificate directory is set (and Debian's
 * sets one by default); parsing it for every connection would cost 25 times the handshake. */
static void set_tls(struct http_transfer *t)
{
	const char *ca_file = t->owner->settings.ca_file;

	if (ca_file && ca_file[0])
		curl_easy_setopt(t->easy, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, t->plan.policy->ssl_version);
	curl_easy_setopt(t->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static void set_persona(struct http_transfer *t)
{
	const struct http_policy *p = t->plan.policy;

	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, p->headers);
	curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION,
			 p->http2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	if (!p->preserve_cookies)
		return;
	curl_easy_setopt(t->easy, CURLOPT_COOKIEFILE, "");
	for (const struct curl_slist *c = t->plan.cookies; c; c = c->next)
		curl_easy_setopt(t->easy, CURLOPT_COOKIELIST, c->data);
}

static bool set_up(struct http_transfer *t)
{
	curl_easy_reset(t->easy);
	t->stop = STOP_NONE;
	t->code = CURLE_OK;
	t->was_asked = false;
	t->body = HTTP_BODY_WANTED;
	t->header_bytes = t->body_bytes = 0;
	t->location[0] = t->content_type[0] = t->error[0] = '\0';
	if (!set_target(t))
		return false;
	curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_PROXY, ""); /* not even one from the environment */
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(t->easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L); /* or it grows with every address, and is searched */
	curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, t->plan.may_reuse ? 0L : 1L);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
	set_caps(t);
	set_tls(t);
	set_persona(t);
	return true;
}

bool http_transfer_begin(struct http_transfers *ts, const struct http_transfer_plan *plan, struct http_transfer **out)
{
	struct http_transfer *t = take(ts);

	if (!t)
		return false;
	t->plan = *plan;
	if (!set_up(t) || curl_multi_add_handle(ts->multi, t->easy) != CURLM_OK) {
		http_transfer_release(ts, t);
		return false;
	}
	t->is_running = true;
	*out = t;
	return true;
}

void http_transfer_release(struct http_transfers *ts, struct http_transfer *t)
{
	bool is_clean = !t->is_running && t->code == CURLE_OK;

	if (t->is_running)
		curl_multi_remove_handle(ts->multi, t->easy);
	t->is_running = false;
	curl_easy_setopt(t->easy, CURLOPT_COOKIEFILE,
			 NULL);   /* drops cookies, which a reset would keep, and its own list */
	curl_easy_reset(t->easy); /* forgets what points at connect_to and the policy */
	curl_slist_free_all(t->connect_to);
	t->connect_to = NULL;
	if (!is_clean) { /* a reset keeps the last errno, which the next failure would show as its own */
		curl_easy_cleanup(t->easy);
		free(t);
		return;
	}
	t->next = ts->unused;
	ts->unused = t;
}

/* --- running ------------------------------------------------------------------------------------------------- */

void http_transfers_run(struct http_transfers *ts)
{
	int running;

	curl_multi_perform(ts->multi, &running);
}

struct http_transfer *http_transfers_next_ended(struct http_transfers *ts)
{
	struct http_transfer *t = NULL;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(ts->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		t->code = code;
		curl_multi_remove_handle(ts->multi, easy);
		t->is_running = false;
		return t;
	}
	return NULL;
}

void *http_transfer_owner(const struct http_transfer *t)
{
	return t->plan.ctx;
}

static void describe_fault(struct http_transfer *t, struct http_transfer_end *out)
{
	long os_errno = 0, verify = 0;

	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno);
	curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
	/* During a TLS handshake curl leaves a reset in the text only. */
	if (os_errno == 0 && strstr(t->error, "reset by peer"))
		os_errno = ECONNRESET;
	out->fault = http_fault_of_curl((int)t->code, os_errno, verify);
	out->detail = t->error[0] ? t->error : curl_easy_strerror(t->code);
	if (t->stop == STOP_GUARD) {
		out->guard_refused = true;
		out->fault = (struct http_fault){ .reason = HTTP_REASON_ERROR };
		out->detail = t->refused;
	} else if (t->stop == STOP_HEADERS) {
		out->fault = (struct http_fault){ .reason = HTTP_REASON_FETCH_ERROR };
		out->detail = "response headers are too large";
	}
}

void http_transfer_end(struct http_transfer *t, struct http_transfer_end *out)
{
	curl_off_t retry_after = 0;

	*out = (struct http_transfer_end){ .detail = "", .location = t->location, .content_type = t->content_type };
	out->status = status_of(t);
	out->has_response = t->code == CURLE_OK || t->stop == STOP_BODY_CAP || t->stop == STOP_UNWANTED ||
			    t->body == HTTP_BODY_SKIPPED; /* whatever became of it */
	if (!out->has_response) {
		describe_fault(t, out);
		return;
	}
	if (!t->was_asked) /* no body came */
		ask_about_body(t);
	out->is_truncated = t->stop == STOP_BODY_CAP;
	out->body_bytes = t->body_bytes;
	if (curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK && retry_after > 0)
		out->retry_after_ms = (int64_t)(retry_after < 86400 ? retry_after : 86400) * 1000;
}

void http_transfer_cookies(struct http_transfer *t, struct curl_slist **list)
{
	struct curl_slist *cookies = NULL, *last;

	if (curl_easy_getinfo(t->easy, CURLINFO_COOKIELIST, &cookies) != CURLE_OK)
		return;
	curl_slist_free_all(*list);
	*list = last = cookies;
	for (unsigned i = 1; last && i < COOKIES_MAX; i++)
		last = last->next;
	if (last) {
		curl_slist_free_all(last->next);
		last->next = NULL;
	}
}

void http_transfers_wait(struct http_transfers *ts, int64_t timeout_ms)
{
	int moved;

	curl_multi_poll(ts->multi, NULL, 0, (int)timeout_ms, &moved);
}

void http_transfers_wake(struct http_transfers *ts)
{
	curl_multi_wakeup(ts->multi);
}
