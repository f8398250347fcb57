/* events/hub_parts.h: what hub.c (one campaign) and hub_feed.c (all campaigns) share. Internal to events/.
 * Everything here is used under the hub's lock, but for what a reading thread was given before. */
#ifndef EVENTS_HUB_PARTS_H
#define EVENTS_HUB_PARTS_H

#include "events/hub.h"
#include "events/progress.h"

#include <pthread.h>
#include <stdatomic.h>

struct arena;
struct known;
struct sample_pace;

#define HUB_READ_TIME_MS 5000

struct hub_ticket {
	void *subscriber;
	struct known *known; /* the ticket of those who watch all campaigns; subscriber is NULL then */
	int32_t position;    /* last stored event sent, or asked for while joining */
	enum sample_level level;
	bool is_joining, wants_snapshot;
	bool is_noted; /* the read under way begins at or before its position */
	struct hub_ticket *next, **link;
};

/* One campaign somebody wants to hear about. */
struct watched {
	struct uuid campaign_id;
	int32_t position; /* last stored event read for those who are up to date; -1 before the first read */
	int32_t last_sequence;
	bool events_due, progress_due;
	int64_t looked_at_ms;
	int64_t alive_at_ms; /* the last keep-alive: some subscribers may filter all the rest */
	struct progress_pace pace;
	struct hub_ticket *tickets;
	struct watched *next;
	bool is_pinned; /* the thread reads for it without the lock */
};

/* A campaign as those who watch all of them know it. */
struct known {
	struct uuid id;
	int32_t position; /* last stored event sent; while it has a ticket, the ticket knows */
	bool is_running;
	struct watched *watched; /* where its ticket hangs; NULL: nothing to read */
	struct hub_ticket *ticket;
	char workspace[];
};

/* A subscriber of all campaigns. */
struct hub_member {
	void *subscriber;
	enum sample_level level;
	bool is_joining, is_reconnect;
	int64_t alive_at_ms;
	struct hub_member *next, **link;
	char workspace[];
};

/* All campaigns, while somebody watches them. */
struct feed {
	struct hub_member *members;
	struct known **known; /* by id */
	size_t known_count;
	bool is_listed; /* the first list is here: what comes later is news */
	bool is_list_due;
	int64_t listed_at_ms;
};

struct hub {
	struct store_pool *pool;
	const struct hub_sink *sink;
	pthread_mutex_t lock;
	pthread_cond_t due;
	bool is_due, is_closing;
	bool was_ok; /* the last read; one log line when that changes for the worse */
	struct watched *first;
	struct feed feed;
	struct sample_pace *sample_pace;
	uint64_t sample_count;
	atomic_int wanting[SAMPLE_FULL + 1]; /* subscribers by level */
	struct arena *arena;                 /* the thread's, emptied after each look */
	pthread_t thread;
	bool thread_started;
};

/* --- hub.c ---------------------------------------------------------------------------------------------------- */

struct hub_message hub_message_of(const struct uuid *campaign_id, enum hub_kind kind);
/* NULL when nobody wants to hear about it. */
struct watched *hub_find(struct hub *hub, const struct uuid *campaign_id);
/* NULL when memory is short. */
struct watched *hub_watched_get(struct hub *hub, const struct uuid *campaign_id);
void hub_ticket_hang(struct watched *w, struct hub_ticket *ticket);
void hub_ticket_take_down(struct hub_ticket *ticket);
void hub_signal_due(struct hub *hub);
void hub_note_read(struct hub *hub, struct status st);

/* --- hub_sample.c --------------------------------------------------------------------------------------------- */

/* What waited for its pace. */
void hub_say_due(struct hub *hub);

/* --- hub_feed.c ----------------------------------------------------------------------------------------------- */

/* To every member that may see the campaign. */
void feed_send(struct hub *hub, const struct known *known, void *encoded, uint64_t key);
void feed_send_campaign(struct hub *hub, const struct uuid *campaign_id, void *encoded, uint64_t key);
void feed_send_workspace(struct hub *hub, const char *workspace, void *encoded, uint64_t key);
/* A campaign was woken: it gets a ticket when somebody watches all. */
void feed_wake(struct hub *hub, const struct uuid *campaign_id);
/* After a look: a campaign that is read to its end and does not run needs no more looks. */
void feed_settle(struct watched *w, int32_t last_event, bool is_running);
/* Whether the list of all campaigns is to be read; *until: no later than then. */
bool feed_is_due(const struct hub *hub, int64_t now_ms, int64_t *until);
/* Reads the list, without the lock meanwhile. */
void feed_read(struct hub *hub);
/* First messages and keep-alives. */
void feed_attend(struct hub *hub);
/* With nobody left, everything is forgotten. */
void feed_forget(struct hub *hub);
void feed_close_members(struct hub *hub, struct status why);

#endif
