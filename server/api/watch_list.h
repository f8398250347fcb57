/* api/watch_list.h: the event streams open on this instance: a bound on their number, and numbers for people.
 * Owner: main.c; outlives the server. Threads: any. */
#ifndef API_WATCH_LIST_H
#define API_WATCH_LIST_H

#include "base/status.h"
#include "base/uuid.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct metrics;
struct watch_list;

/* Embedded in a subscriber. */
struct watch_entry {
	struct uuid campaign_id; /* zero: all */
	const char *workspace;   /* borrowed: the call's, which outlives its entry */
	struct watch_entry *next, **link;
};

struct watch_stats {
	int32_t streams;       /* of everybody */
	int64_t sent, dropped; /* messages, since the start */
	size_t campaign_count;
	struct watch_stats_campaign {
		struct uuid campaign_id;
		int32_t streams;
	} * campaigns; /* of the workspace asked for; in the arena */
};

/* NULL when memory is short. */
struct watch_list *watch_list_create(int32_t streams_max, struct metrics *metrics) MUST_CHECK;
void watch_list_destroy(struct watch_list *list); /* accepts NULL */

/* campaign_id NULL: all. RESOURCE_EXHAUSTED / TOO_MANY_STREAMS. */
struct status watch_list_add(struct watch_list *list, const struct uuid *campaign_id, const char *workspace,
			     struct watch_entry *entry) MUST_CHECK;
void watch_list_remove(struct watch_list *list, struct watch_entry *entry);
void watch_list_sent(struct watch_list *list);

struct status watch_list_stats(struct watch_list *list, const char *workspace, struct arena *arena,
			       struct watch_stats *out) MUST_CHECK;

#endif
