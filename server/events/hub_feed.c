/* Those who watch all campaigns. The list says which campaigns moved or run; each of these gets one ticket, through
 * which hub.c reads it like any other, and whose messages go to every member. A campaign that is read to its end and
 * does not run gives its ticket back. */
#include "events/hub_parts.h"

#include "base/arena.h"
#include "base/clock.h"
#include "store/tx.h"

#include <stdlib.h>
#include <string.h>

#define LIST_LEAST_MS 100 /* between two lists, whoever asks */

/* --- members ---------------------------------------------------------------------------------------------------- */

/* Keys tell messages of one campaign apart; here several campaigns share a queue. */
static uint64_t key_of(const struct known *known, uint64_t key)
{
	uint64_t low;

	if (key == 0)
		return 0;
	memcpy(&low, &known->id.bytes[8], sizeof low);
	return (key ^ low) | 1ull << 63;
}

void feed_send(struct hub *hub, const struct known *known, void *encoded, uint64_t key)
{
	for (struct hub_member *m = hub->feed.members; m; m = m->next)
		if (!m->is_joining && strcmp(m->workspace, known->workspace) == 0)
			hub->sink->send(m->subscriber, encoded, -1, key_of(known, key));
}

void feed_send_workspace(struct hub *hub, const char *workspace, void *encoded, uint64_t key)
{
	for (struct hub_member *m = hub->feed.members; m; m = m->next)
		if (!m->is_joining && strcmp(m->workspace, workspace) == 0)
			hub->sink->send(m->subscriber, encoded, -1, key);
}

static void greet(struct hub *hub, struct hub_member *m, enum hub_kind kind)
{
	static const struct uuid nothing;
	struct hub_message message = hub_message_of(&nothing, kind);
	void *encoded;

	message.resync = kind == HUB_RESYNC ? HUB_RESYNC_RECONNECTED : HUB_RESYNC_NONE;
	encoded = hub->sink->encode(&message);
	m->alive_at_ms = clock_monotonic_ms();
	if (!encoded) {
		hub->sink->close(m->subscriber, status_out_of_memory());
		return;
	}
	hub->sink->send(m->subscriber, encoded, -1, kind == HUB_KEEP_ALIVE ? 1 : 0);
	hub->sink->release(encoded);
}

void feed_attend(struct hub *hub)
{
	int64_t now_ms = clock_monotonic_ms();

	if (!hub->feed.is_listed)
		return;
	for (struct hub_member *m = hub->feed.members; m; m = m->next) {
		if (m->is_joining) {
			m->is_joining = false;
			greet(hub, m, m->is_reconnect ? HUB_RESYNC : HUB_KEEP_ALIVE);
		} else if (now_ms - m->alive_at_ms >= HUB_KEEP_ALIVE_MS) {
			greet(hub, m, HUB_KEEP_ALIVE);
		}
	}
}

void feed_close_members(struct hub *hub, struct status why)
{
	for (struct hub_member *m = hub->feed.members; m; m = m->next)
		hub->sink->close(m->subscriber, why);
}

struct status hub_join(struct hub *hub, const char *workspace, bool is_reconnect, enum sample_level level,
		       void *subscriber, struct hub_member **out)
{
	size_t size = strlen(workspace) + 1;
	struct hub_member *m = calloc(1, sizeof *m + size);

	if (!m)
		return status_out_of_memory();
	m->subscriber = subscriber;
	m->is_joining = true;
	m->is_reconnect = is_reconnect;
	m->level = level;
	memcpy(m->workspace, workspace, size);
	pthread_mutex_lock(&hub->lock);
	if (hub->is_closing) {
		pthread_mutex_unlock(&hub->lock);
		free(m);
		return status_make(STATUS_UNAVAILABLE, "DRAINING", "the server is shutting down");
	}
	m->next = hub->feed.members;
	m->link = &hub->feed.members;
	if (m->next)
		m->next->link = &m->next;
	hub->feed.members = m;
	atomic_fetch_add(&hub->wanting[level], 1);
	if (!hub->feed.is_listed)
		hub->feed.is_list_due = true;
	hub_signal_due(hub);
	pthread_mutex_unlock(&hub->lock);
	*out = m;
	return STATUS_OK_VALUE;
}

void hub_leave(struct hub *hub, struct hub_member *member)
{
	pthread_mutex_lock(&hub->lock);
	*member->link = member->next;
	if (member->next)
		member->next->link = member->link;
	atomic_fetch_sub(&hub->wanting[member->level], 1);
	pthread_mutex_unlock(&hub->lock);
	free(member);
}

/* --- campaigns -------------------------------------------------------------------------------------------------- */

static int compare_known(const void *id, const void *known)
{
	return memcmp(((const struct uuid *)id)->bytes, (*(struct known *const *)known)->id.bytes, sizeof(struct uuid));
}

static struct known *find_known(const struct feed *feed, const struct uuid *id)
{
	struct known **at = feed->known_count == 0 ? NULL
						   : bsearch(id, feed->known, feed->known_count, sizeof(struct known *),
							     compare_known);

	return at ? *at : NULL;
}

void feed_send_campaign(struct hub *hub, const struct uuid *campaign_id, void *encoded, uint64_t key)
{
	const struct known *known = find_known(&hub->feed, campaign_id);

	if (known)
		feed_send(hub, known, encoded, key);
}

static void take_ticket_back(struct known *known)
{
	if (!known->ticket)
		return;
	known->position = known->ticket->position;
	hub_ticket_take_down(known->ticket);
	free(known->ticket);
	known->ticket = NULL;
	known->watched = NULL;
}

/* When memory is short the next list tries again. */
static void give_ticket(struct hub *hub, struct known *known)
{
	if (!known->ticket) {
		struct hub_ticket *ticket = calloc(1, sizeof *ticket);
		struct watched *w = ticket ? hub_watched_get(hub, &known->id) : NULL;

		if (!w) {
			free(ticket);
			return;
		}
		ticket->known = known;
		ticket->position = known->position;
		ticket->is_joining = true; /* a read under way may begin behind its position */
		known->ticket = ticket;
		known->watched = w;
		hub_ticket_hang(w, ticket);
	}
	known->watched->events_due = true;
	hub_signal_due(hub);
}

void feed_wake(struct hub *hub, const struct uuid *campaign_id)
{
	struct known *known;

	if (!hub->feed.members)
		return;
	known = find_known(&hub->feed, campaign_id);
	if (known && known->ticket)
		return;
	if (known)
		give_ticket(hub, known);
	else
		hub->feed.is_list_due = true;
	hub_signal_due(hub);
}

void feed_settle(struct watched *w, int32_t last_event, bool is_running)
{
	for (struct hub_ticket *t = w->tickets; t; t = t->next) {
		if (!t->known)
			continue;
		t->known->is_running = is_running;
		if (!is_running && t->position >= last_event)
			take_ticket_back(t->known);
		return;
	}
}

static struct known *known_create(const struct campaign_head *head, bool is_news)
{
	size_t size = strlen(head->workspace_id) + 1;
	struct known *known = calloc(1, sizeof *known + size);

	if (!known)
		return NULL;
	known->id = head->id;
	known->position = is_news ? 0 : head->last_event;
	memcpy(known->workspace, head->workspace_id, size);
	return known;
}

static void known_free(struct known *known)
{
	take_ticket_back(known);
	free(known);
}

void feed_forget(struct hub *hub)
{
	if (hub->feed.members)
		return;
	for (size_t i = 0; i < hub->feed.known_count; i++)
		known_free(hub->feed.known[i]);
	free(hub->feed.known);
	hub->feed = (struct feed){ 0 };
}

/* The old list becomes the new one; both are in the order of the ids. What memory does not suffice for is left out
 * until the next list. */
static void merge(struct hub *hub, const struct campaign_head *heads, size_t count)
{
	struct feed *feed = &hub->feed;
	struct known **now = calloc(count + 1, sizeof(struct known *));
	size_t old = 0, n = 0;

	if (!now)
		return;
	for (size_t i = 0; i < count; i++) {
		struct known *known;

		while (old < feed->known_count && compare_known(&heads[i].id, &feed->known[old]) > 0)
			known_free(feed->known[old++]); /* deleted */
		if (old < feed->known_count && compare_known(&heads[i].id, &feed->known[old]) == 0)
			known = feed->known[old++];
		else
			known = known_create(&heads[i], feed->is_listed);
		if (!known)
			continue;
		known->is_running = heads[i].is_running;
		now[n++] = known;
	}
	while (old < feed->known_count)
		known_free(feed->known[old++]);
	free(feed->known);
	feed->known = now;
	feed->known_count = n;
	for (size_t i = 0, k = 0; i < count && k < n; i++) {
		if (!uuid_equal(&heads[i].id, &now[k]->id))
			continue;
		if (!now[k]->ticket && (now[k]->is_running || heads[i].last_event > now[k]->position))
			give_ticket(hub, now[k]);
		k++;
	}
	feed->is_listed = true;
}

static struct status read_heads(struct hub *hub, struct campaign_head **out, size_t *out_count)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(store_single(hub->pool, clock_monotonic_ms() + HUB_READ_TIME_MS, &tx));
	TRY(store_campaign_heads(tx, HUB_CAMPAIGNS_MAX, hub->arena, out, out_count));
	return store_commit(&tx);
}

bool feed_is_due(const struct hub *hub, int64_t now_ms, int64_t *until)
{
	int64_t at = hub->feed.listed_at_ms + (hub->feed.is_list_due ? LIST_LEAST_MS : HUB_POLL_MS);

	if (!hub->feed.members)
		return false;
	if (at <= now_ms)
		return true;
	if (at < *until)
		*until = at;
	return false;
}

void feed_read(struct hub *hub)
{
	struct campaign_head *heads = NULL;
	size_t count = 0;
	struct status st;

	hub->feed.is_list_due = false;
	hub->feed.listed_at_ms = clock_monotonic_ms();
	pthread_mutex_unlock(&hub->lock);
	st = read_heads(hub, &heads, &count);
	pthread_mutex_lock(&hub->lock);
	hub_note_read(hub, st);
	if (status_ok(st) && hub->feed.members)
		merge(hub, heads, count);
	arena_reset(hub->arena);
}
