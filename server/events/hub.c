#include "events/hub.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "events/hub_parts.h"
#include "events/sample_pace.h"
#include "store/tx.h"
#include "work/thread.h"

#include <pthread.h>
#include <stdlib.h>

#define READ_MAX        500                 /* stored events a read */
#define HUB_ARENA_BYTES (64u * 1024 * 1024) /* READ_MAX events of at most 64 KiB and a snapshot, or the list of all */

/* Coalescing keys: one per phase, then these. See coalesce_key. */
enum { KEY_PHASE_FIRST = 1, KEY_PROGRESS = 100, KEY_KEEP_ALIVE = 101 };

/* What one look at a campaign found, read without the lock. */
struct findings {
	struct status status;
	struct stored_event *events; /* after the position of the one furthest behind */
	size_t event_count;
	int32_t first_kept; /* events before this one are no longer kept; 0: nobody asked for any */
	struct campaign_snapshot snapshot;
	struct counters counters;
};

/* --- sending, under the lock ------------------------------------------------------------------------------------ */

/* A waiting message is replaced only by one about the same, since the same stored event: progress never overtakes. */
static uint64_t coalesce_key(const struct watched *w, unsigned key)
{
	return (uint64_t)(uint32_t)w->position << 8 | key;
}

static void hand_over(struct hub *hub, const struct hub_ticket *ticket, void *encoded, int64_t position, uint64_t key)
{
	if (ticket->known)
		feed_send(hub, ticket->known, encoded, key);
	else
		hub->sink->send(ticket->subscriber, encoded, position, key);
}

static void close_ticket(struct hub *hub, const struct hub_ticket *ticket, struct status why)
{
	if (!ticket->known)
		hub->sink->close(ticket->subscriber, why);
	else if (why.code != STATUS_NOT_FOUND) /* one campaign less is no reason */
		feed_close_members(hub, why);
}

static void send_one(struct hub *hub, struct hub_ticket *ticket, const struct hub_message *message, int64_t position,
		     uint64_t key)
{
	void *encoded = hub->sink->encode(message);

	if (!encoded) {
		close_ticket(hub, ticket, status_out_of_memory());
		return;
	}
	hand_over(hub, ticket, encoded, position, key);
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
		if (encoded)
			hand_over(hub, t, encoded, position, key);
		else
			close_ticket(hub, t, status_out_of_memory());
	}
	if (encoded)
		hub->sink->release(encoded);
}

static void close_all(struct hub *hub, struct watched *w, struct status why)
{
	for (struct hub_ticket *t = w->tickets; t; t = t->next)
		close_ticket(hub, t, why);
}

struct hub_message hub_message_of(const struct uuid *campaign_id, enum hub_kind kind)
{
	return (struct hub_message){ .kind = kind, .campaign_id = *campaign_id, .at_ms = clock_wall_ms() };
}

static struct hub_message message_of(const struct watched *w, enum hub_kind kind)
{
	struct hub_message message = hub_message_of(&w->campaign_id, kind);

	message.last_event = w->position;
	message.last_sequence = w->last_sequence;
	return message;
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

/* Where it can't go on, a subscriber of the campaign is told how everything stands; those of all campaigns read it. */
static void resync(struct hub *hub, struct watched *w, struct hub_ticket *t, const struct findings *found,
		   enum hub_resync why)
{
	struct hub_message message = message_of(w, HUB_RESYNC);

	message.resync = why;
	message.snapshot = t->known ? NULL : &found->snapshot;
	t->position = found->snapshot.campaign.last_event;
	send_one(hub, t, &message, t->position, 0);
}

static enum hub_resync judge_position(const struct hub_ticket *t, const struct findings *found)
{
	int64_t behind = (int64_t)found->snapshot.campaign.last_event - t->position;

	if (behind < 0)
		return HUB_RESYNC_UNKNOWN;
	if (behind > HUB_REPLAY_MAX || (t->position > 0 && t->position + 1 < found->first_kept))
		return HUB_RESYNC_EXCEEDED;
	return HUB_RESYNC_NONE;
}

/* With a position that can be continued the missed events follow by themselves, else a snapshot says where things
 * stand. */
static void welcome(struct hub *hub, struct watched *w, struct hub_ticket *t, const struct findings *found)
{
	struct hub_message message = message_of(w, t->wants_snapshot ? HUB_SNAPSHOT : HUB_KEEP_ALIVE);
	enum hub_resync why = t->wants_snapshot ? HUB_RESYNC_NONE : judge_position(t, found);

	if (!t->wants_snapshot && !t->is_noted)
		return; /* joined during the read: next look */
	t->is_joining = false;
	if (why != HUB_RESYNC_NONE) {
		resync(hub, w, t, found, why);
		return;
	}
	if (!t->wants_snapshot) {
		if (t->position + 1 < found->first_kept)
			t->position = found->first_kept - 1; /* 0 asks for what is kept */
		message.last_event = found->snapshot.campaign.last_event;
		if (!t->known)
			send_one(hub, t, &message, -1, 0);
		return;
	}
	message.snapshot = &found->snapshot;
	t->position = found->snapshot.campaign.last_event;
	send_one(hub, t, &message, t->position, 0);
}

/* Whoever has joined is behind only for moments; but then the job that forgets old events may have been here. */
static void resync_left_behind(struct hub *hub, struct watched *w, const struct findings *found)
{
	for (struct hub_ticket *t = w->tickets; t; t = t->next)
		if (!t->is_joining && t->is_noted && t->position + 1 < found->first_kept)
			resync(hub, w, t, found, HUB_RESYNC_EXCEEDED);
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

	if (w->position < 0 || clock_monotonic_ms() - w->alive_at_ms < HUB_KEEP_ALIVE_MS)
		return;
	w->alive_at_ms = clock_monotonic_ms();
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
	w->last_sequence = found->snapshot.campaign.last_sequence;
	resync_left_behind(hub, w, found);
	for (struct hub_ticket *t = w->tickets; t; t = t->next)
		if (t->is_joining)
			welcome(hub, w, t, found);
	for (size_t i = 0; i < found->event_count; i++)
		send_stored(hub, w, &found->events[i]);
	send_progress(hub, w, found);
	keep_alive(hub, w);
	if (found->event_count == READ_MAX)
		w->events_due = hub->is_due = true;
	feed_settle(w, found->snapshot.campaign.last_event, found->snapshot.campaign.status == CAMPAIGN_STATUS_RUNNING);
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
	if (out->event_count > 0 && out->events[0].number > after + 1)
		out->first_kept = out->events[0].number;
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
		t->is_noted = !t->is_joining || !t->wants_snapshot;
		if (!t->is_noted)
			continue;
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

void hub_note_read(struct hub *hub, struct status st)
{
	bool is_ok = status_ok(st) || st.code == STATUS_NOT_FOUND;

	if (!is_ok && hub->was_ok)
		LOG_FAILURE("hub_read_failed", st, LOG_STR("effect", "watchers wait for the next look"));
	hub->was_ok = is_ok;
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
	hub_note_read(hub, found.status);
	deliver(hub, w, &found);
	arena_reset(hub->arena);
}

static void remove_empty(struct hub *hub)
{
	struct watched **link = &hub->first;

	feed_forget(hub);
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

	if (feed_is_due(hub, now_ms, &until))
		return;
	if (sample_pace_next_ms(hub->sample_pace) < until)
		until = sample_pace_next_ms(hub->sample_pace);
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
		int64_t now_ms = clock_monotonic_ms(), until = INT64_MAX;
		struct watched *w;

		hub->is_due = false;
		if (feed_is_due(hub, now_ms, &until))
			feed_read(hub);
		feed_attend(hub);
		hub_say_due(hub);
		w = next_due(hub, now_ms);
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

struct watched *hub_find(struct hub *hub, const struct uuid *campaign_id)
{
	struct watched *w = hub->first;

	while (w && !uuid_equal(&w->campaign_id, campaign_id))
		w = w->next;
	return w;
}

void hub_signal_due(struct hub *hub)
{
	hub->is_due = true;
	pthread_cond_signal(&hub->due);
}

void hub_wake(struct hub *hub, const struct uuid *campaign_id, bool events)
{
	struct watched *w;

	pthread_mutex_lock(&hub->lock);
	w = hub_find(hub, campaign_id);
	if (w) {
		w->events_due |= events;
		if (!w->progress_due || events) {
			w->progress_due = true;
			hub_signal_due(hub);
		}
	}
	feed_wake(hub, campaign_id);
	pthread_mutex_unlock(&hub->lock);
}

void hub_wake_all(struct hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	for (struct watched *w = hub->first; w; w = w->next)
		w->events_due = true;
	hub->feed.is_list_due = true;
	hub_signal_due(hub);
	pthread_mutex_unlock(&hub->lock);
}

struct watched *hub_watched_get(struct hub *hub, const struct uuid *campaign_id)
{
	struct watched *w = hub_find(hub, campaign_id);

	if (w)
		return w;
	w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->campaign_id = *campaign_id;
	w->position = -1;
	w->alive_at_ms = clock_monotonic_ms();
	w->next = hub->first;
	hub->first = w;
	return w;
}

void hub_ticket_hang(struct watched *w, struct hub_ticket *ticket)
{
	ticket->next = w->tickets;
	ticket->link = &w->tickets;
	if (w->tickets)
		w->tickets->link = &ticket->next;
	w->tickets = ticket;
}

void hub_ticket_take_down(struct hub_ticket *ticket)
{
	*ticket->link = ticket->next;
	if (ticket->next)
		ticket->next->link = ticket->link;
}

struct status hub_subscribe(struct hub *hub, const struct uuid *campaign_id, int32_t after, enum sample_level level,
			    void *subscriber, struct hub_ticket **out)
{
	struct hub_ticket *ticket = calloc(1, sizeof *ticket);
	struct watched *w;

	if (!ticket)
		return status_out_of_memory();
	ticket->subscriber = subscriber;
	ticket->is_joining = true;
	ticket->wants_snapshot = after < 0;
	ticket->position = after;
	ticket->level = level;
	pthread_mutex_lock(&hub->lock);
	if (hub->is_closing) {
		pthread_mutex_unlock(&hub->lock);
		free(ticket);
		return status_make(STATUS_UNAVAILABLE, "DRAINING", "the server is shutting down");
	}
	w = hub_watched_get(hub, campaign_id);
	if (!w) {
		pthread_mutex_unlock(&hub->lock);
		free(ticket);
		return status_out_of_memory();
	}
	hub_ticket_hang(w, ticket);
	atomic_fetch_add(&hub->wanting[level], 1);
	w->events_due = true;
	hub_signal_due(hub);
	pthread_mutex_unlock(&hub->lock);
	*out = ticket;
	return STATUS_OK_VALUE;
}

void hub_unsubscribe(struct hub *hub, struct hub_ticket *ticket)
{
	pthread_mutex_lock(&hub->lock);
	hub_ticket_take_down(ticket);
	atomic_fetch_sub(&hub->wanting[ticket->level], 1);
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
	hub->sample_pace = sample_pace_create();
	st = hub->arena && hub->sample_pace ? thread_start("hub", hub_main, hub, &hub->thread) : status_out_of_memory();
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
	struct status why;

	if (!hub || !hub->thread_started)
		return;
	pthread_mutex_lock(&hub->lock);
	hub->is_closing = true;
	pthread_cond_signal(&hub->due);
	pthread_mutex_unlock(&hub->lock);
	pthread_join(hub->thread, NULL);
	hub->thread_started = false;
	pthread_mutex_lock(&hub->lock);
	why = status_make(STATUS_UNAVAILABLE, "DRAINING", "the server is shutting down");
	for (struct watched *w = hub->first; w; w = w->next)
		close_all(hub, w, why);
	feed_close_members(hub, why);
	pthread_mutex_unlock(&hub->lock);
}

void hub_free(struct hub *hub)
{
	if (!hub)
		return;
	hub_close(hub);
	feed_forget(hub);
	while (hub->first) {
		struct watched *w = hub->first;
		hub->first = w->next;
		free(w);
	}
	arena_destroy(hub->arena);
	sample_pace_destroy(hub->sample_pace);
	pthread_cond_destroy(&hub->due);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}
