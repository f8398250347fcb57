/* Samples: from wherever they were made to those who watch their campaign, or all, at the pace of the campaign. */
#include "events/hub_parts.h"

#include "base/clock.h"
#include "events/sample_pace.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Under it a full queue drops the oldest; none is like another, so none replaces one that waits. */
static uint64_t next_key(struct hub *hub)
{
	return 1ull << 62 | ++hub->sample_count;
}

static bool has_listeners(struct hub *hub, const struct sample *sample)
{
	struct watched *w;

	if (hub->feed.members)
		return true;
	w = uuid_is_zero(&sample->campaign_id) ? NULL : hub_find(hub, &sample->campaign_id);
	return w && w->tickets;
}

static void send_to_watchers(struct hub *hub, struct watched *w, void *encoded, uint64_t key)
{
	for (struct hub_ticket *t = w->tickets; t; t = t->next)
		if (!t->known && !t->is_joining)
			hub->sink->send(t->subscriber, encoded, -1, key);
}

/* Takes the sample. One that can't be encoded for want of memory is like one that was dropped. */
static void say(struct hub *hub, struct sample *sample)
{
	struct hub_message message = hub_message_of(&sample->campaign_id, HUB_SAMPLE);
	char *payload = json_dumps(sample->payload, JSON_COMPACT);
	uint64_t key = next_key(hub);
	void *encoded = NULL;
	struct watched *w;

	message.at_ms = sample->at_ms;
	message.sample = sample;
	message.payload = payload;
	if (payload)
		encoded = hub->sink->encode(&message);
	if (encoded && uuid_is_zero(&sample->campaign_id)) {
		feed_send_workspace(hub, sample->workspace, encoded, key);
	} else if (encoded) {
		w = hub_find(hub, &sample->campaign_id);
		if (w)
			send_to_watchers(hub, w, encoded, key);
		feed_send_campaign(hub, &sample->campaign_id, encoded, key);
	}
	if (encoded)
		hub->sink->release(encoded);
	free(payload);
	sample_done(sample);
}

size_t hub_say(struct hub *hub, struct sample *sample)
{
	size_t suppressed = 0;

	pthread_mutex_lock(&hub->lock);
	if (hub->is_closing || !has_listeners(hub, sample)) {
		sample_done(sample);
	} else {
		switch (sample_pace_take(hub->sample_pace, sample, clock_monotonic_ms())) {
		case SAMPLE_NOW:
			say(hub, sample);
			break;
		case SAMPLE_LATER:
			hub_signal_due(hub);
			break;
		case SAMPLE_MERGED:
		case SAMPLE_DROPPED:
			suppressed = 1;
			break;
		}
	}
	pthread_mutex_unlock(&hub->lock);
	return suppressed;
}

void hub_say_due(struct hub *hub)
{
	struct sample sample;

	while (sample_pace_due(hub->sample_pace, clock_monotonic_ms(), &sample))
		say(hub, &sample);
}

enum sample_level hub_wants(const struct hub *hub)
{
	for (int level = SAMPLE_FULL; level > SAMPLE_NONE; level--)
		if (atomic_load_explicit(&hub->wanting[level], memory_order_relaxed) > 0)
			return (enum sample_level)level;
	return SAMPLE_NONE;
}
