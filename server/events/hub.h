/* events/hub.h: from the tables to the subscribers of this instance.
 *
 * One thread reads each watched campaign once, however many subscribers it has: stored events after the last number it
 * read, and the progress of the running phase. A wake (local or through Redis) says that there is something to read; a
 * poll every HUB_POLL_MS stands behind it, so that a lost wake costs latency, never an event. Every message is encoded
 * once and handed to all subscribers.
 *
 * Guarantees: a subscriber of a campaign first gets a snapshot, or a keep-alive and the stored events after its
 * position, or a resync; then every stored event once, in order. A subscriber of all campaigns gets every event that is
 * stored after its first message, once, in the order of its campaign. Progress is thinned out: at most 4 a second per
 * campaign, at least one percentage point apart.
 *
 * For those who subscribe to all campaigns the thread reads one list of them a second, and then only the campaigns that
 * moved or run.
 *
 * The hub knows no protobuf and no gRPC: api/watch_api.c gives it a sink. Threads: any, except hub_open/close. */
#ifndef EVENTS_HUB_H
#define EVENTS_HUB_H

#include "base/status.h"
#include "base/uuid.h"
#include "events/sample.h"
#include "model/campaign.h"
#include "model/counters.h"
#include "store/state_store.h"

#include <stdbool.h>
#include <stdint.h>

struct hub;
struct store_pool;

#define HUB_POLL_MS       1000
#define HUB_KEEP_ALIVE_MS 12000
#define HUB_REPLAY_MAX    5000   /* a subscriber further behind gets a resync */
#define HUB_CAMPAIGNS_MAX 200000 /* in the list of all */

enum hub_kind {
	HUB_STORED,
	HUB_SNAPSHOT,
	HUB_RESYNC,
	HUB_PHASE_UPDATE,
	HUB_CAMPAIGN_PROGRESS,
	HUB_KEEP_ALIVE,
	HUB_SAMPLE
};

enum hub_resync {
	HUB_RESYNC_NONE,
	HUB_RESYNC_EXCEEDED,    /* the events after the position are not kept, or are too many */
	HUB_RESYNC_UNKNOWN,     /* the position lies in the future                             */
	HUB_RESYNC_RECONNECTED, /* a subscriber of all campaigns came back                     */
};

/* What a sink encodes; everything borrowed. */
struct hub_message {
	enum hub_kind kind;
	struct uuid campaign_id; /* zero: about no campaign */
	int64_t at_ms;
	const struct stored_event *event;         /* STORED */
	const struct campaign_snapshot *snapshot; /* SNAPSHOT, CAMPAIGN_PROGRESS; RESYNC but for all campaigns */
	const struct counters *counters;          /* CAMPAIGN_PROGRESS */
	const struct phase_state *phase;          /* PHASE_UPDATE */
	int32_t last_event;                       /* KEEP_ALIVE */
	int32_t last_sequence;                    /* KEEP_ALIVE, RESYNC */
	enum hub_resync resync;                   /* RESYNC */
	const struct sample *sample;              /* SAMPLE */
	const char *payload;                      /* SAMPLE: its payload as text */
};

/* How messages leave. send and close run under the hub's lock: they must not block nor call the hub. A subscriber may
 * be sent to and closed more than once after its first close, until it unsubscribes. */
struct hub_sink {
	void *(*encode)(const struct hub_message *message); /* a reference; NULL: out of memory */
	void (*release)(void *encoded);
	/* position: the event number a reader has reached with this message, -1 when it says nothing about that. */
	void (*send)(void *subscriber, void *encoded, int64_t position, uint64_t coalesce_key);
	void (*close)(void *subscriber, struct status why);
};

/* sink and pool are borrowed and outlive the hub. */
struct status hub_open(struct store_pool *pool, const struct hub_sink *sink, struct hub **out) MUST_CHECK;
/* Every subscriber is closed with UNAVAILABLE / DRAINING; they may still call hub_unsubscribe afterwards, until
 * hub_free. */
void hub_close(struct hub *hub);
void hub_free(struct hub *hub);

/* Something happened to the campaign: stored events (events) or only progress. */
void hub_wake(struct hub *hub, const struct uuid *campaign_id, bool events);
/* The wake channel was interrupted: look at everything. */
void hub_wake_all(struct hub *hub);

/* A sample for whoever watches its campaign or all: at once, or when its pace allows. Takes its payload. Returns how
 * many were merged or dropped by that. */
size_t hub_say(struct hub *hub, struct sample *sample);
/* The most that any subscriber wants to hear. Any thread, no lock. */
enum sample_level hub_wants(const struct hub *hub);

/* Starts sending to `subscriber` soon, from the hub's thread. after < 0: a snapshot first; 0: all that is kept. The
 * caller has checked that the campaign exists and may be seen. level: of samples, filtering is the sink's. *out is the
 * ticket for hub_unsubscribe. RESOURCE_EXHAUSTED when memory is short. */
struct hub_ticket;
struct status hub_subscribe(struct hub *hub, const struct uuid *campaign_id, int32_t after, enum sample_level level,
			    void *subscriber, struct hub_ticket **out) MUST_CHECK;
/* Nothing is sent to the subscriber after this returns. Each ticket exactly once. */
void hub_unsubscribe(struct hub *hub, struct hub_ticket *ticket);

/* The same for all campaigns of a workspace (copied). */
struct hub_member;
struct status hub_join(struct hub *hub, const char *workspace, bool is_reconnect, enum sample_level level,
		       void *subscriber, struct hub_member **out) MUST_CHECK;
void hub_leave(struct hub *hub, struct hub_member *member);

#endif
