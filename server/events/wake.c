#include "events/wake.h"

#include "cache/cache.h"
#include "events/hub.h"

#include <string.h>

static void tell_here(struct wake *wake, const struct uuid *campaign_id, bool transition)
{
	if (wake->hub)
		hub_wake(wake->hub, campaign_id, transition);
	if (transition && wake->workers)
		wake->workers(wake->workers_ctx);
}

/* From another instance (or our own, which does no harm). */
static void on_message(void *arg, const char *channel, const void *bytes, size_t length)
{
	struct wake *wake = arg;
	char text[UUID_TEXT_SIZE];
	struct uuid id;

	if (!bytes) { /* messages may have been missed */
		if (wake->hub)
			hub_wake_all(wake->hub);
		if (wake->workers)
			wake->workers(wake->workers_ctx);
		return;
	}
	if (length != UUID_TEXT_SIZE - 1)
		return;
	memcpy(text, bytes, length);
	text[length] = '\0';
	if (uuid_parse(text, &id))
		tell_here(wake, &id, strcmp(channel, CACHE_CHANNEL_EVENTS) == 0);
}

struct status wake_listen(struct wake *wake)
{
	TRY(cache_subscribe(wake->cache, CACHE_CHANNEL_EVENTS, on_message, wake));
	return cache_subscribe(wake->cache, CACHE_CHANNEL_PROGRESS, on_message, wake);
}

void wake_moved(struct wake *wake, const struct uuid *campaign_id, bool transition)
{
	char text[UUID_TEXT_SIZE];

	tell_here(wake, campaign_id, transition);
	uuid_to_text(campaign_id, text);
	cache_publish(wake->cache, transition ? CACHE_CHANNEL_EVENTS : CACHE_CHANNEL_PROGRESS, text,
		      UUID_TEXT_SIZE - 1);
}
