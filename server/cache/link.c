#include "cache/link.h"

#include "base/arena.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct status unavailable(const char *why)
{
	return status_make(STATUS_UNAVAILABLE, "CACHE_UNAVAILABLE", "Redis: %s", why);
}

static struct status too_slow(void)
{
	return status_make(STATUS_DEADLINE_EXCEEDED, "CACHE_TIMEOUT", "Redis did not answer in time");
}

void link_close(struct link *link)
{
	if (link->redis)
		redisFree(link->redis);
	link->redis = NULL;
}

static struct status fail_with(struct link *link, struct status st)
{
	link_close(link);
	return st;
}

static bool wait_socket(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		int64_t left = deadline_ms - clock_monotonic_ms();
		int n;

		if (left <= 0)
			return false;
		n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0 || (n < 0 && errno != EINTR))
			return true;
	}
}

/* Splits host:port. The port is 0 when it is no number from 1 to 65535. */
static int split(const char *url, char *host, size_t size)
{
	const char *colon = strrchr(url, ':');
	size_t n = colon ? (size_t)(colon - url) : 0;
	char *end;
	long port;

	if (n >= 2 && url[0] == '[' && url[n - 1] == ']') {
		url++;
		n -= 2;
	}
	if (n == 0 || n >= size)
		return 0;
	memcpy(host, url, n);
	host[n] = '\0';
	port = strtol(colon + 1, &end, 10);
	return end != colon + 1 && *end == '\0' && port > 0 && port <= 65535 ? (int)port : 0;
}

struct status link_check_url(const char *url)
{
	char host[256];

	if (strncmp(url, "unix:/", 6) == 0 || split(url, host, sizeof host) > 0)
		return STATUS_OK_VALUE;
	return status_make(STATUS_INVALID_ARGUMENT, "ADDRESS_INVALID", "REDIS_URL must be unix:/path or host:port");
}

static redisContext *start(const char *url)
{
	char host[256];

	if (strncmp(url, "unix:", 5) == 0)
		return redisConnectUnixNonBlock(url + 5);
	return redisConnectNonBlock(host, split(url, host, sizeof host));
}

struct status link_open(struct link *link, const char *url, int64_t deadline_ms)
{
	int error = 0;
	socklen_t size = sizeof error;

	TRY(link_check_url(url));
	link_close(link);
	link->redis = start(url);
	if (!link->redis)
		return status_out_of_memory();
	if (link->redis->err)
		return fail_with(link, unavailable(link->redis->errstr));
	if (!wait_socket(link->redis->fd, POLLOUT, deadline_ms))
		return fail_with(link, too_slow());
	if (getsockopt(link->redis->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error)
		return fail_with(link, unavailable(strerror(error ? error : errno)));
	return STATUS_OK_VALUE;
}

struct status link_send(struct link *link, const struct word *words, size_t count, int64_t deadline_ms)
{
	const char *texts[WORDS_MAX];
	size_t lengths[WORDS_MAX];
	long long total, sent = 0;
	char *command = NULL;
	struct status st = STATUS_OK_VALUE;

	if (!link->redis)
		return unavailable("the connection is closed");
	for (size_t i = 0; i < count; i++) {
		texts[i] = words[i].bytes;
		lengths[i] = words[i].length;
	}
	total = redisFormatCommandArgv(&command, (int)count, texts, lengths);
	if (total < 0)
		return status_out_of_memory();
	while (sent < total) {
		/* hiredis would write(2), which raises SIGPIPE. */
		ssize_t n = send(link->redis->fd, command + sent, (size_t)(total - sent), MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			sent += n;
		} else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (wait_socket(link->redis->fd, POLLOUT, deadline_ms))
				continue;
			st = fail_with(link, too_slow());
			break;
		} else {
			st = fail_with(link, unavailable(strerror(errno)));
			break;
		}
	}
	free(command);
	return st;
}

struct status link_receive(struct link *link, int64_t deadline_ms, redisReply **out)
{
	void *reply = NULL;

	if (!link->redis)
		return unavailable("the connection is closed");
	for (;;) {
		if (redisGetReplyFromReader(link->redis, &reply) != REDIS_OK)
			return fail_with(link, unavailable(link->redis->errstr));
		if (reply)
			break;
		if (!wait_socket(link->redis->fd, POLLIN, deadline_ms))
			return too_slow(); /* a listener may go on waiting: link_call closes */
		if (redisBufferRead(link->redis) != REDIS_OK)
			return fail_with(link, unavailable(link->redis->errstr));
	}
	*out = reply;
	return STATUS_OK_VALUE;
}

struct status link_call(struct link *link, const struct word *words, size_t count, int64_t deadline_ms,
			redisReply **out)
{
	redisReply *reply = NULL;
	struct status st;

	TRY(link_send(link, words, count, deadline_ms));
	st = link_receive(link, deadline_ms, &reply);
	if (!status_ok(st))
		return fail_with(link, st); /* or a late answer would be taken for the next one's */
	if (reply->type == REDIS_REPLY_ERROR) {
		st = status_make(STATUS_INTERNAL, "CACHE_REFUSED", "Redis: %s", reply->str);
		freeReplyObject(reply);
		return st;
	}
	*out = reply;
	return STATUS_OK_VALUE;
}
