#include "events/hub.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "events/progress.h"
#include "store/tx.h"
#include "work/thread.h"

#include <pthread.h>
#include <stdlib.h>

#define READ_MAX         500 /* stored events a read */
#define HUB_READ_TIME_MS 5000
#define HUB_ARENA_BYTES  (64u * 1024 * 1024) /* READ_MAX events of at most 64 KiB, and a snapshot */

/* Coalescing keys: one per phase, then these. See coalesce_key. */
enum { KEY_PHASE_FIRST = 1, KEY_PROGRESS = 100, KEY_KEEP_ALIVE = 101 };

struct hub_ticket {
	void *subscriber;
	int32_t position; /* last stored event sent, or asked for while joining */
	bool is_joining, wants_snapshot;
	bool is_noted; /* the read under way begins at or before its position */
	struct hub_ticket *next, **link;
};

/* One campaign with at least one subscriber. */
struct watched {
	struct uuid campaign_id;
	int32_t position; /* last stored event read for those who are up to date; -1 before the first read */
	bool events_due, progress_due;
	int64_t looked_at_ms;
	int64_t sent_at_ms; /* anything at all, for keep-alive */
	struct progress_pace pace;
	struct hub_ticket *tickets;
	struct watched *next;
	bool is_pinned; /* the thread reads for it without the lock */
};

struct hub {
	struct store_pool *pool;
	const struct hub_sink *sink;
	pthread_mutex_t lock;
	pthread_cond_t due;
	bool is_due, is_closing;
	bool was_ok; /* the last read; one log line when that changes for the worse */
	struct watched *first;
	struct arena *arena; /* the thread's, emptied after each look */
	pthread_t thread;
	bool thread_started;
};

/* What one look at a campaign found, read without the lock. */
struct findings {
	struct status status;
	struct stored_event *events; /* after the position of the one furthest behind */
	size_t event_count;
	struct campaign_snapshot snapshot;
	struct counters counters;
};

/* --- sending, under the lock ------------------------------------------------------------------------------------ */

/* A waiting message is replaced only by one about the same, since the same stored event: progress never overtakes. */
static uint64_t coalesce_key(const struct watched *w, unsigned key)
{
	return (uint64_t)(uint32_t)w->position << 8 | key;
}

static void send_one(struct hub *hub, struct hub_ticket *ticket, const struct hub_message *message, int64_t position,
		     uint64_t key)
{
	void *encoded = hub->sink->encode(message);

	if (!encoded) {
		hub->sink->close(ticket->subscriber, status_out_of_memory());
		return;
	}
	hub->sink->send(ticket->subscriber, encoded, position, key);
	hub->sink->release(encoded);
}

/* To everyone who has joined and has not seen event `position` yet; position < 0: to everyone who has seen all of them.
 */
static void send_all(struct hub *hub, struct watched *w, const struct hub_message *message, int32_t position,
		     uint64_t key)
{
	void *encoded = NULL;

	for (struct hub_ticket *t = w->tickets; t; t = t->next) {
		if (t->is_joining || (position >= 0 ? position <= t->position : t->position < w->position))
			continue;
		if (position >= 0)
			t->position = position;
		if (!encoded)
			encoded = hub->sink->encode(message);
		if (!encoded) {
			hub->sink->close(t->subscriber, status_out_of_memory());
			continue;
		}
		hub->sink->send(t->subscriber, encoded, position, key);
	}
	if (encoded)
		hub->sink->release(encoded);
	w->sent_at_ms = clock_monotonic_ms();
}

static void close_all(struct hub *hub, struct watched *w, struct status why)
{
	for (struct hub_ticket *t = w->tickets; t; t = t->next)
		hub->sink->close(t->subscriber, why);
}

static struct hub_message message_of(const struct watched *w, enum hub_kind kind)
{
	return (struct hub_message){ .kind = kind, .campaign_id = w->campaign_id, .at_ms = clock_wall_ms() };
}

static void send_stored(struct hub *hub, struct watched *w, const struct stored_event *event)
{
	struct hub_message message = message_of(w, HUB_STORED);

	message.event = event;
	message.at_ms = event->created_at_ms;
	send_all(hub, w, &message, event->number, 0);
	if (event->number <= w->position)
		return; /* only somebody who lags needed it */
	w->position = event->number;
	progress_transition(&w->pace, event);
}

/* With a position that can be continued the missed events follow by themselves, else a snapshot says where things
 * stand. */
static void welcome(struct hub *hub, struct watched *w, struct hub_ticket *t, const struct findings *found)
{
	struct hub_message message = message_of(w, t->wants_snapshot ? HUB_SNAPSHOT : HUB_RESYNC);
	int64_t behind = (int64_t)found->snapshot.campaign.last_event - t->position;

	if (!t->wants_snapshot && !t->is_noted)
		return; /* joined during the read: next look */
	t->is_joining = false;
	if (!t->wants_snapshot && behind >= 0 && behind <= HUB_REPLAY_MAX)
		return;
	message.snapshot = &found->snapshot;
	t->position = found->snapshot.campaign.last_event;
	send_one(hub, t, &message, t->position, 0);
}

static void send_progress(struct hub *hub, struct watched *w, const struct findings *found)
{
	const struct campaign_snapshot *now = &found->snapshot;
	enum phase control = campaign_control_phase(now->phases);
	int64_t now_ms = clock_monotonic_ms();

	/* Never ahead of a transition that was not sent yet. */
	if (now->campaign.last_event != w->position || control == PHASE_COUNT)
		return;
	if (now->phases[control].status == PHASE_STATUS_IN_PROGRESS &&
	    progress_phase_due(&w->pace, control, phase_percent(&now->phases[control]), now_ms)) {
		struct hub_message update = message_of(w, HUB_PHASE_UPDATE);
		update.phase = &now->phases[control];
		send_all(hub, w, &update, -1, coalesce_key(w, KEY_PHASE_FIRST + (unsigned)control));
	}
	if (progress_campaign_due(&w->pace, campaign_percent(now->phases), now_ms)) {
		struct hub_message overall = message_of(w, HUB_CAMPAIGN_PROGRESS);
		overall.snapshot = now;
		overall.counters = &found->counters;
		send_all(hub, w, &overall, -1, coalesce_key(w, KEY_PROGRESS));
	}
}

static void keep_alive(struct hub *hub, struct watched *w)
{
	struct hub_message alive = message_of(w, HUB_KEEP_ALIVE);

	if (w->position < 0 || clock_monotonic_ms() - w->sent_at_ms < HUB_KEEP_ALIVE_MS)
		return;
	alive.last_event = w->position;
	send_all(hub, w, &alive, -1, coalesce_key(w, KEY_KEEP_ALIVE));
}

static void deliver(struct hub *hub, struct watched *w, const struct findings *found)
{
	if (!status_ok(found->status)) {
		if (found->status.code == STATUS_NOT_FOUND)
			close_all(hub, w, found->status);
		keep_alive(hub, w); /* the database is away: the poll tries again */
		return;
	}
	if (w->position < 0)
		w->position = found->snapshot.campaign.last_event;
	for (struct hub_ticket *t = w->tickets; t; t = t->next)
		if (t->is_joining)
			welcome(hub, w, t, found);
	for (size_t i = 0; i < found->event_count; i++)
		send_stored(hub, w, &found->events[i]);
	send_progress(hub, w, found);
	keep_alive(hub, w);
	if (found->event_count == READ_MAX)
		w->events_due = hub->is_due = true;
}

/* --- reading, without the lock ---------------------------------------------------------------------------------- */

/* What to read, decided under the lock. */
struct errand {
	struct uuid campaign_id;
	/* Stored events behind the less of these are needed; INT32_MAX when nobody needs any. */
	int32_t after_joined, after_joining;
};

/* A joiner who is too far behind gets a resync and nothing else. */
static int32_t read_after(const struct errand *errand, int32_t last)
{
	int32_t joining = errand->after_joining;

	if (last > HUB_REPLAY_MAX && joining < last - HUB_REPLAY_MAX)
		joining = last - HUB_REPLAY_MAX;
	return joining < errand->after_joined ? joining : errand->after_joined;
}

/* One consistent look: everything in one snapshot of the database. */
static struct status read_all(struct hub *hub, const struct errand *errand, struct findings *out)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	int32_t after, last;

	TRY(store_begin_snapshot(hub->pool, clock_monotonic_ms() + HUB_READ_TIME_MS, &tx));
	TRY(store_snapshot_get(tx, &errand->campaign_id, NULL, false, hub->arena, &out->snapshot));
	TRY(store_counters_get(tx, &errand->campaign_id, &out->counters));
	last = out->snapshot.campaign.last_event;
	after = read_after(errand, last);
	if (after < last)
		TRY(store_events_after(tx, &errand->campaign_id, after, READ_MAX, hub->arena, &out->events,
				       &out->event_count));
	return store_commit(&tx);
}

static void lower(int32_t *least, int32_t value)
{
	if (value < *least)
		*least = value;
}

/* Under the lock: reading begins where the subscriber furthest behind is. */
static struct errand note_subscribers(struct watched *w)
{
	struct errand errand = { .campaign_id = w->campaign_id, .after_joined = INT32_MAX, .after_joining = INT32_MAX };

	if (w->position >= 0)
		errand.after_joined = w->position;
	for (struct hub_ticket *t = w->tickets; t; t = t->next) {
		if (t->is_joining && t->wants_snapshot)
			continue;
		t->is_noted = true;
		lower(t->is_joining ? &errand.after_joining : &errand.after_joined, t->position);
	}
	return errand;
}

static bool is_due(const struct watched *w, int64_t now_ms)
{
	return w->events_due || (w->progress_due && now_ms - w->looked_at_ms >= PROGRESS_INTERVAL_MS) ||
	       now_ms - w->looked_at_ms >= HUB_POLL_MS;
}

/* Under the lock: of the campaigns that are due, the one that has waited longest. */
static struct watched *next_due(struct hub *hub, int64_t now_ms)
{
	struct watched *next = NULL;

	for (struct watched *w = hub->first; w; w = w->next)
		if (w->tickets && is_due(w, now_ms) && (!next || w->looked_at_ms < next->looked_at_ms))
			next = w;
	return next;
}

/* Called and returns under the lock; reads without it. */
static void look(struct hub *hub, struct watched *w)
{
	struct errand errand = note_subscribers(w);
	struct findings found = { 0 };

	w->events_due = w->progress_due = false;
	w->looked_at_ms = clock_monotonic_ms();
	w->is_pinned = true;
	pthread_mutex_unlock(&hub->lock);
	found.status = read_all(hub, &errand, &found);
	pthread_mutex_lock(&hub->lock);
	w->is_pinned = false;
	if (!status_ok(found.status) && found.status.code != STATUS_NOT_FOUND && hub->was_ok)
		LOG_FAILURE("hub_read_failed", found.status, LOG_STR("effect", "watchers wait for the next look"));
	hub->was_ok = status_ok(found.status);
	deliver(hub, w, &found);
	arena_reset(hub->arena);
}

static void remove_empty(struct hub *hub)
{
	struct watched **link = &hub->first;

	while (*link) {
		struct watched *w = *link;
		if (w->tickets || w->is_pinned) {
			link = &w->next;
			continue;
		}
		*link = w->next;
		free(w);
	}
}

/* Under the lock: until something is due, or the next poll or postponed progress is. */
static void wait_due(struct hub *hub)
{
	int64_t now_ms = clock_monotonic_ms(), until = now_ms + HUB_POLL_MS;
	struct timespec ts;

	for (struct watched *w = hub->first; w; w = w->next) {
		int64_t at = w->looked_at_ms + (w->progress_due ? PROGRESS_INTERVAL_MS : HUB_POLL_MS);
		if (w->events_due)
			at = now_ms;
		if (at < until)
			until = at;
	}
	if (until <= now_ms || hub->is_due || hub->is_closing)
		return;
	ts.tv_sec = (time_t)(until / 1000);
	ts.tv_nsec = (long)(until % 1000) * 1000000;
	pthread_cond_timedwait(&hub->due, &hub->lock, &ts);
}

static void *hub_main(void *arg)
{
	struct hub *hub = arg;

	pthread_mutex_lock(&hub->lock);
	while (!hub->is_closing) {
		struct watched *w;

		hub->is_due = false;
		w = next_due(hub, clock_monotonic_ms());
		if (w) {
			look(hub, w);
		} else {
			remove_empty(hub);
			wait_due(hub);
		}
	}
	pthread_mutex_unlock(&hub->lock);
	return NULL;
}

/* --- from outside ----------------------------------------------------------------------------------------------- */

static struct watched *find(struct hub *hub, const struct uuid *campaign_id)
{
	struct watched *w = hub->first;

	while (w && !uuid_equal(&w->campaign_id, campaign_id))
		w = w->next;
	return w;
}

static void signal_due(struct hub *hub)
{
	hub->is_due = true;
	pthread_cond_signal(&hub->due);
}

void hub_wake(struct hub *hub, const struct uuid *campaign_id, bool events)
{
	struct watched *w;

	pthread_mutex_lock(&hub->lock);
	w = find(hub, campaign_id);
	if (w) {
		w->events_due |= events;
		if (!w->progress_due || events) {
			w->progress_due = true;
			signal_due(hub);
		}
	}
	pthread_mutex_unlock(&hub->lock);
}

void hub_wake_all(struct hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	for (struct watched *w = hub->first; w; w = w->next)
		w->events_due = true;
	signal_due(hub);
	pthread_mutex_unlock(&hub->lock);
}

struct status hub_subscribe(struct hub *hub, const struct uuid *campaign_id, int32_t after, void *subscriber,
			    struct hub_ticket **out)
{
	struct hub_ticket *ticket = calloc(1, sizeof *ticket);
	struct watched *w;

	if (!ticket)
		return status_out_of_memory();
	ticket->subscriber = subscriber;
	ticket->is_joining = true;
	ticket->wants_snapshot = after < 0;
	ticket->position = after;
	pthread_mutex_lock(&hub->lock);
	if (hub->is_closing) {
		pthread_mutex_unlock(&hub->lock);
		free(ticket);
		return status_make(STATUS_UNAVAILABLE, "DRAINING", "the server is shutting down");
	}
	w = find(hub, campaign_id);
	if (!w) {
		w = calloc(1, sizeof *w);
		if (!w) {
			pthread_mutex_unlock(&hub->lock);
			free(ticket);
			return status_out_of_memory();
		}
		w->campaign_id = *campaign_id;
		w->position = -1;
		w->sent_at_ms = clock_monotonic_ms();
		w->next = hub->first;
		hub->first = w;
	}
	ticket->next = w->tickets;
	ticket->link = &w->tickets;
	if (w->tickets)
		w->tickets->link = &ticket->next;
	w->tickets = ticket;
	w->events_due = true;
	signal_due(hub);
	pthread_mutex_unlock(&hub->lock);
	*out = ticket;
	return STATUS_OK_VALUE;
}

void hub_unsubscribe(struct hub *hub, struct hub_ticket *ticket)
{
	pthread_mutex_lock(&hub->lock);
	*ticket->link = ticket->next;
	if (ticket->next)
		ticket->next->link = ticket->link;
	pthread_mutex_unlock(&hub->lock);
	free(ticket);
}

struct status hub_open(struct store_pool *pool, const struct hub_sink *sink, struct hub **out)
{
	struct hub *hub = calloc(1, sizeof *hub);
	pthread_condattr_t attr;
	struct status st;

	if (!hub)
		return status_out_of_memory();
	hub->pool = pool;
	hub->sink = sink;
	hub->was_ok = true;
	pthread_mutex_init(&hub->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&hub->due, &attr);
	pthread_condattr_destroy(&attr);
	hub->arena = arena_create(HUB_ARENA_BYTES);
	st = hub->arena ? thread_start("hub", hub_main, hub, &hub->thread) : status_out_of_memory();
	if (!status_ok(st)) {
		hub_free(hub);
		return st;
	}
	hub->thread_started = true;
	*out = hub;
	return STATUS_OK_VALUE;
}

void hub_close(struct hub *hub)
{
	if (!hub || !hub->thread_started)
		return;
	pthread_mutex_lock(&hub->lock);
	hub->is_closing = true;
	pthread_cond_signal(&hub->due);
	pthread_mutex_unlock(&hub->lock);
	pthread_join(hub->thread, NULL);
	hub->thread_started = false;
	pthread_mutex_lock(&hub->lock);
	for (struct watched *w = hub->first; w; w = w->next)
		close_all(hub, w, status_make(STATUS_UNAVAILABLE, "DRAINING", "the server is shutting down"));
	pthread_mutex_unlock(&hub->lock);
}

void hub_free(struct hub *hub)
{
	if (!hub)
		return;
	hub_close(hub);
	while (hub->first) {
		struct watched *w = hub->first;
		hub->first = w->next;
		free(w);
	}
	arena_destroy(hub->arena);
	pthread_cond_destroy(&hub->due);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}
