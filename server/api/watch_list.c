#include "api/watch_list.h"

#include "base/arena.h"
#include "rpc/metrics.h"
#include "telemetry/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const struct metric_spec subscribers = { .kind = METRIC_GAUGE,
						.name = "event_subscribers",
						.help = "Event streams open on this instance." };
static const struct metric_spec sent = { .kind = METRIC_COUNTER,
					 .name = "event_messages_sent_total",
					 .help = "Messages handed to event streams." };

struct watch_list {
	pthread_mutex_t lock;
	struct watch_entry *first;
	int32_t count, most;
	struct metrics *metrics;
	struct metric *streams;
	struct metric *sent;
	_Atomic int64_t sent_count;
};

struct watch_list *watch_list_create(int32_t streams_max, struct metrics *metrics)
{
	struct watch_list *list = calloc(1, sizeof *list);

	if (!list)
		return NULL;
	pthread_mutex_init(&list->lock, NULL);
	list->most = streams_max;
	list->metrics = metrics;
	list->streams = metric_plain(metrics_family(metrics, &subscribers));
	list->sent = metric_plain(metrics_family(metrics, &sent));
	return list;
}

void watch_list_destroy(struct watch_list *list)
{
	if (!list)
		return;
	pthread_mutex_destroy(&list->lock);
	free(list);
}

struct status watch_list_add(struct watch_list *list, const struct uuid *campaign_id, const char *workspace,
			     struct watch_entry *entry)
{
	struct status st = STATUS_OK_VALUE;

	*entry = (struct watch_entry){ .workspace = workspace };
	if (campaign_id)
		entry->campaign_id = *campaign_id;
	pthread_mutex_lock(&list->lock);
	if (list->count == list->most) {
		st = status_make(STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", "%d event streams are open",
				 (int)list->most);
	} else {
		list->count++;
		entry->next = list->first;
		entry->link = &list->first;
		if (entry->next)
			entry->next->link = &entry->next;
		list->first = entry;
		metric_set(list->streams, list->count);
	}
	pthread_mutex_unlock(&list->lock);
	return st;
}

void watch_list_remove(struct watch_list *list, struct watch_entry *entry)
{
	pthread_mutex_lock(&list->lock);
	*entry->link = entry->next;
	if (entry->next)
		entry->next->link = entry->link;
	metric_set(list->streams, --list->count);
	pthread_mutex_unlock(&list->lock);
}

void watch_list_sent(struct watch_list *list)
{
	atomic_fetch_add_explicit(&list->sent_count, 1, memory_order_relaxed);
	metric_add(list->sent, 1);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

/* The campaigns of the workspace's streams, one for each stream. */
static size_t gather(const struct watch_list *list, const char *workspace, struct uuid *out)
{
	size_t n = 0;

	for (const struct watch_entry *e = list->first; e; e = e->next)
		if (!uuid_is_zero(&e->campaign_id) && strcmp(e->workspace, workspace) == 0)
			out[n++] = e->campaign_id;
	return n;
}

struct status watch_list_stats(struct watch_list *list, const char *workspace, struct arena *arena,
			       struct watch_stats *out)
{
	struct watch_stats stats = { .sent = atomic_load(&list->sent_count),
				     .dropped = (int64_t)rpc_metrics_coalesced(list->metrics) };
	struct uuid *ids = arena_array(arena, (size_t)list->most + 1, sizeof *ids);
	size_t n;

	stats.campaigns = arena_array(arena, (size_t)list->most + 1, sizeof *stats.campaigns);
	if (!ids || !stats.campaigns)
		return status_out_of_memory();
	pthread_mutex_lock(&list->lock);
	stats.streams = list->count;
	n = gather(list, workspace, ids);
	pthread_mutex_unlock(&list->lock);
	qsort(ids, n, sizeof *ids, compare);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !uuid_equal(&ids[i], &ids[i - 1]))
			stats.campaigns[stats.campaign_count++].campaign_id = ids[i];
		stats.campaigns[stats.campaign_count - 1].streams++;
	}
	*out = stats;
	return STATUS_OK_VALUE;
}
