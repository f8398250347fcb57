/* cache/link.h: one connection to Redis that never blocks past a deadline. Internal to cache/.
 *
 * Threads: one at a time. hiredis only formats and parses; sending, waiting and giving up are ours. After any failure
 * the link is closed. Deadlines are points on clock_monotonic_ms(). */
#ifndef CACHE_LINK_H
#define CACHE_LINK_H

#include "base/auto.h"
#include "base/status.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link {
	redisContext *redis; /* NULL when closed */
};

/* One word of a command. */
struct word {
	const char *bytes;
	size_t length;
};

#define WORDS_MAX 16

/* url: unix:/path or host:port. Resolving a host name may take longer than the deadline. */
struct status link_open(struct link *link, const char *url, int64_t deadline_ms) MUST_CHECK;
void link_close(struct link *link);

/* Sends and waits for the answer; the caller frees *out. An error answer ("-ERR …") is a failure that leaves the link
 * open. UNAVAILABLE / CACHE_UNAVAILABLE, DEADLINE_EXCEEDED / CACHE_TIMEOUT, INTERNAL / CACHE_REFUSED. */
struct status link_call(struct link *link, const struct word *words, size_t count, int64_t deadline_ms,
			redisReply **out) MUST_CHECK;
/* The halves of it. */
struct status link_send(struct link *link, const struct word *words, size_t count, int64_t deadline_ms) MUST_CHECK;
struct status link_receive(struct link *link, int64_t deadline_ms, redisReply **out) MUST_CHECK;

/* OK for url's syntax. */
struct status link_check_url(const char *url) MUST_CHECK;

static inline void auto_reply(redisReply **reply)
{
	if (*reply)
		freeReplyObject(*reply);
}

#endif
