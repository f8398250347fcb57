#include "events/hub_steps.h"

#include "base/clock.h"
#include "store/query.h"
#include "store/tx.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

struct encoded {
	atomic_int references;
	enum hub_kind kind;
	int32_t number; /* of the event; last_event of a snapshot */
	enum hub_resync resync;
	struct uuid campaign_id;
};

static atomic_int encoded_alive;

static void *encode(const struct hub_message *message)
{
	struct encoded *e = calloc(1, sizeof *e);

	atomic_init(&e->references, 1);
	e->kind = message->kind;
	e->resync = message->resync;
	e->campaign_id = message->campaign_id;
	if (message->kind == HUB_STORED)
		e->number = message->event->number;
	else if (message->snapshot)
		e->number = message->snapshot->campaign.last_event;
	atomic_fetch_add(&encoded_alive, 1);
	return e;
}

static void release(void *encoded)
{
	struct encoded *e = encoded;

	if (atomic_fetch_sub(&e->references, 1) != 1)
		return;
	atomic_fetch_sub(&encoded_alive, 1);
	free(e);
}

static void send_to(void *subscriber, void *encoded, int64_t position, uint64_t coalesce_key)
{
	struct watcher *w = subscriber;
	const struct encoded *e = encoded;

	(void)coalesce_key;
	pthread_mutex_lock(&w->lock);
	if (w->is_gone || w->count == SEEN_MAX)
		abort();
	w->seen[w->count].kind = e->kind;
	w->seen[w->count].number = e->number;
	w->seen[w->count].resync = e->resync;
	w->seen[w->count].campaign_id = e->campaign_id;
	w->seen[w->count++].position = position;
	pthread_mutex_unlock(&w->lock);
}

static void close_to(void *subscriber, struct status why)
{
	struct watcher *w = subscriber;

	pthread_mutex_lock(&w->lock);
	w->closed = why.code;
	pthread_mutex_unlock(&w->lock);
}

static const struct hub_sink sink = { encode, release, send_to, close_to };

struct watcher *steps_subscribe(struct hub *hub, const struct uuid *campaign, int32_t after)
{
	struct watcher *w = calloc(1, sizeof *w);

	pthread_mutex_init(&w->lock, NULL);
	if (!status_ok(hub_subscribe(hub, campaign, after, SAMPLE_NORMAL, w, &w->ticket)))
		abort();
	return w;
}

void steps_unsubscribe(struct hub *hub, struct watcher *w)
{
	hub_unsubscribe(hub, w->ticket);
	w->is_gone = true;
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* The last stored event or snapshot the watcher has seen; -1 none. */
int32_t steps_reached(struct watcher *w)
{
	int32_t number = -1;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->count; i++)
		if (w->seen[i].position >= 0)
			number = w->seen[i].number;
	pthread_mutex_unlock(&w->lock);
	return number;
}

bool steps_wait_reached(struct watcher *w, int32_t number)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 2000000 };

	while (steps_reached(w) < number && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	return steps_reached(w) >= number;
}

bool steps_wait_closed(struct watcher *w, enum status_code code)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 2000000 };
	bool is_closed = false;

	while (!is_closed && clock_monotonic_ms() < until) {
		nanosleep(&tick, NULL);
		pthread_mutex_lock(&w->lock);
		is_closed = w->closed == code;
		pthread_mutex_unlock(&w->lock);
	}
	return is_closed;
}

/* The first message of a fresh watcher is a snapshot, of one that resumes a keep-alive and the event behind `after`;
 * then each next one. */
bool steps_is_gapless(struct watcher *w, int32_t after)
{
	int32_t last = after;
	bool sound = true;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->count && sound; i++) {
		if (i == 0)
			sound = w->seen[i].kind == (after < 0 ? HUB_SNAPSHOT : HUB_KEEP_ALIVE);
		else if (w->seen[i].kind == HUB_STORED)
			sound = w->seen[i].number == last + 1;
		else
			sound = w->seen[i].kind == HUB_PHASE_UPDATE || w->seen[i].kind == HUB_CAMPAIGN_PROGRESS;
		if (w->seen[i].position >= 0)
			last = w->seen[i].number;
		if (!sound)
			print_error("message %zu is of kind %d, number %d, after %d\n", i, (int)w->seen[i].kind,
				    w->seen[i].number, last);
	}
	pthread_mutex_unlock(&w->lock);
	return sound;
}

void steps_script(struct fixture *fixture, const char *sql)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct status st = store_begin(fixture->pool, 0, &tx);

	if (status_ok(st))
		st = store_script(tx, sql);
	if (status_ok(st))
		st = store_commit(&tx);
	expect_ok(st);
}

struct uuid steps_make_campaign(struct fixture *fixture)
{
	struct uuid id = uuid_make();
	char text[UUID_TEXT_SIZE], sql[600];

	uuid_to_text(&id, text);
	snprintf(sql, sizeof sql,
		 "INSERT INTO campaigns (id, user_id, name) VALUES ('%s', 'u', 'n');"
		 "INSERT INTO campaign_counters (campaign_id) VALUES ('%s');"
		 "INSERT INTO campaign_phases (campaign_id, phase) SELECT '%s', p FROM "
		 "unnest(enum_range(NULL::phase_enum)) p",
		 text, text, text);
	steps_script(fixture, sql);
	return id;
}

/* Stores so many events, numbered as campaign/change.c does it. */
void steps_store_events(struct fixture *fixture, const struct uuid *id, int count)
{
	char text[UUID_TEXT_SIZE], sql[700];

	uuid_to_text(id, text);
	snprintf(sql, sizeof sql,
		 "UPDATE campaigns SET last_event = last_event + %d WHERE id = '%s';"
		 "INSERT INTO campaign_events (campaign_id, event_number, type, payload)"
		 " SELECT id, last_event - %d + n, 'mode_changed', '{\"mode\":\"step_by_step\"}'"
		 " FROM campaigns, generate_series(1, %d) n WHERE id = '%s'",
		 count, text, count, count, text);
	steps_script(fixture, sql);
}

struct hub *steps_open_hub(struct fixture *fixture)
{
	struct hub *hub = NULL;

	expect_ok(hub_open(fixture->pool, &sink, &hub));
	return hub;
}

void steps_free_hub(struct hub *hub)
{
	hub_free(hub);
	assert_int_equal(atomic_load(&encoded_alive), 0);
}

void steps_forget_events(struct fixture *fixture, const struct uuid *id, int up_to)
{
	char text[UUID_TEXT_SIZE], sql[200];

	uuid_to_text(id, text);
	snprintf(sql, sizeof sql, "DELETE FROM campaign_events WHERE campaign_id = '%s' AND event_number <= %d", text,
		 up_to);
	steps_script(fixture, sql);
}

struct feeder steps_join(struct hub *hub, const char *workspace, bool is_reconnect)
{
	struct feeder feeder = { .watcher = calloc(1, sizeof *feeder.watcher) };

	pthread_mutex_init(&feeder.watcher->lock, NULL);
	expect_ok(hub_join(hub, workspace, is_reconnect, SAMPLE_NORMAL, feeder.watcher, &feeder.member));
	return feeder;
}

void steps_leave(struct hub *hub, struct feeder feeder)
{
	hub_leave(hub, feeder.member);
	pthread_mutex_destroy(&feeder.watcher->lock);
	free(feeder.watcher);
}

size_t steps_seen_count(struct watcher *w)
{
	size_t count;

	pthread_mutex_lock(&w->lock);
	count = w->count;
	pthread_mutex_unlock(&w->lock);
	return count;
}

void steps_wait_seen(struct watcher *w, size_t count)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 2000000 };

	while (steps_seen_count(w) < count && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	assert_true(steps_seen_count(w) >= count);
}

/* How many stored events of the campaign came; they must be first, first + 1, … */
int32_t steps_events_from(struct watcher *w, const struct uuid *id, int32_t first)
{
	int32_t next = first;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->count; i++)
		if (w->seen[i].kind == HUB_STORED && uuid_equal(&w->seen[i].campaign_id, id))
			assert_int_equal(w->seen[i].number, next++);
	pthread_mutex_unlock(&w->lock);
	return next - first;
}

void steps_wait_events(struct watcher *w, const struct uuid *id, int32_t first, int32_t count)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 2000000 };

	while (steps_events_from(w, id, first) < count && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	assert_int_equal(steps_events_from(w, id, first), count);
}

size_t steps_samples(struct watcher *w)
{
	size_t n = 0;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->count; i++)
		n += w->seen[i].kind == HUB_SAMPLE;
	pthread_mutex_unlock(&w->lock);
	return n;
}

void steps_wait_samples(struct watcher *w, size_t count)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	const struct timespec tick = { .tv_nsec = 2000000 };

	while (steps_samples(w) < count && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	assert_int_equal(steps_samples(w), count);
}
