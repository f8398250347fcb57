/* events/hub_steps.h: what the tests of the hub share: a sink that writes down what it is given, subscribers, campaigns
 * with events. */
#ifndef EVENTS_HUB_STEPS_H
#define EVENTS_HUB_STEPS_H

#include "store/store_fixture.h"

#include "events/hub.h"

#include <pthread.h>
#include <stdlib.h>

#define PATIENCE_MS 20000
#define SEEN_MAX    8192

/* One subscriber; freed memory of it must never be touched, which the sanitizers watch. */
struct watcher {
	pthread_mutex_t lock;
	struct hub_ticket *ticket;
	size_t count;
	bool is_gone; /* unsubscribed: nothing may come any more */
	enum status_code closed;
	struct {
		enum hub_kind kind;
		int32_t number;
		int64_t position;
		enum hub_resync resync;
		struct uuid campaign_id;
	} seen[SEEN_MAX];
};

struct feeder {
	struct watcher *watcher;
	struct hub_member *member;
};

struct watcher *steps_subscribe(struct hub *hub, const struct uuid *campaign, int32_t after);
void steps_unsubscribe(struct hub *hub, struct watcher *w);
int32_t steps_reached(struct watcher *w);
bool steps_wait_reached(struct watcher *w, int32_t number);
bool steps_wait_closed(struct watcher *w, enum status_code code);
bool steps_is_gapless(struct watcher *w, int32_t after);
void steps_script(struct fixture *fixture, const char *sql);
struct uuid steps_make_campaign(struct fixture *fixture);
void steps_store_events(struct fixture *fixture, const struct uuid *id, int count);
struct hub *steps_open_hub(struct fixture *fixture);
void steps_free_hub(struct hub *hub);
void steps_forget_events(struct fixture *fixture, const struct uuid *id, int up_to);
struct feeder steps_join(struct hub *hub, const char *workspace, bool is_reconnect);
void steps_leave(struct hub *hub, struct feeder feeder);
size_t steps_seen_count(struct watcher *w);
void steps_wait_seen(struct watcher *w, size_t count);
int32_t steps_events_from(struct watcher *w, const struct uuid *id, int32_t first);
void steps_wait_events(struct watcher *w, const struct uuid *id, int32_t first, int32_t count);
size_t steps_samples(struct watcher *w);
void steps_wait_samples(struct watcher *w, size_t count);

#endif
