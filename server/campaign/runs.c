#include "campaign/runs.h"

#include "base/clock.h"
#include "phase/phase.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct run_entry {
	struct runs *owner;
	struct run_key key;
	struct phase_run *run; /* NULL until opened */
	bool is_active, is_opening;
	bool has_turn;          /* a batch of batches_take_turns is being asked for */
	int in_flight, at_work; /* picked and not returned; of these, not parked */
	int64_t idle_until_ms;
	struct run_entry *next;
};

struct runs {
	const struct phase_env *env;
	int in_flight_max; /* of one run, parked batches included */
	pthread_mutex_t lock;
	struct run_entry *first;
	struct run_entry *last_picked; /* round robin goes on behind it */
};

struct runs *runs_create(const struct phase_env *env, int in_flight_max)
{
	struct runs *runs = calloc(1, sizeof *runs);

	if (!runs)
		return NULL;
	runs->env = env;
	runs->in_flight_max = in_flight_max;
	pthread_mutex_init(&runs->lock, NULL);
	return runs;
}

static void entry_free(struct run_entry *entry)
{
	if (entry->run)
		phase_ops_of(entry->key.phase)->run_close(entry->run);
	free(entry);
}

void runs_destroy(struct runs *runs)
{
	if (!runs)
		return;
	while (runs->first) {
		struct run_entry *entry = runs->first;
		runs->first = entry->next;
		entry_free(entry);
	}
	pthread_mutex_destroy(&runs->lock);
	free(runs);
}

bool run_key_equal(const struct run_key *a, const struct run_key *b)
{
	return a->phase == b->phase && a->run_number == b->run_number && uuid_equal(&a->campaign_id, &b->campaign_id);
}

static struct run_entry *find(struct runs *runs, const struct run_key *key)
{
	struct run_entry *entry = runs->first;

	while (entry && !run_key_equal(&entry->key, key))
		entry = entry->next;
	return entry;
}

/* Unlinks what is neither active nor in use; the caller frees the list outside the lock. */
static struct run_entry *take_dead(struct runs *runs)
{
	struct run_entry **link = &runs->first, *dead = NULL;

	while (*link) {
		struct run_entry *entry = *link;
		if (entry->is_active || entry->in_flight > 0) {
			link = &entry->next;
			continue;
		}
		*link = entry->next;
		if (runs->last_picked == entry)
			runs->last_picked = NULL;
		entry->next = dead;
		dead = entry;
	}
	return dead;
}

void runs_update(struct runs *runs, const struct run_key *active, size_t count)
{
	struct run_entry *dead;

	pthread_mutex_lock(&runs->lock);
	for (struct run_entry *entry = runs->first; entry; entry = entry->next)
		entry->is_active = false;
	for (size_t i = 0; i < count; i++) {
		struct run_entry *entry = find(runs, &active[i]);
		if (!entry) {
			entry = calloc(1, sizeof *entry);
			if (!entry)
				continue; /* the next look tries again */
			entry->owner = runs;
			entry->key = active[i];
			entry->next = runs->first;
			runs->first = entry;
		}
		entry->is_active = true;
	}
	dead = take_dead(runs);
	pthread_mutex_unlock(&runs->lock);
	while (dead) {
		struct run_entry *next = dead->next;
		entry_free(dead);
		dead = next;
	}
}

bool runs_is_active(struct runs *runs, const struct run_key *key)
{
	struct run_entry *entry;
	bool active;

	pthread_mutex_lock(&runs->lock);
	entry = find(runs, key);
	active = entry && entry->is_active;
	pthread_mutex_unlock(&runs->lock);
	return active;
}

static bool may_pick(const struct run_entry *entry, int64_t now_ms)
{
	int most = phase_ops_of(entry->key.phase)->batches_in_flight_max;

	return entry->is_active && !entry->is_opening && !entry->has_turn && entry->idle_until_ms <= now_ms &&
	       entry->in_flight < entry->owner->in_flight_max && (most == 0 || entry->at_work < most);
}

static struct run_entry *next_in_turn(struct runs *runs)
{
	int64_t now_ms = clock_monotonic_ms();
	struct run_entry *start = runs->last_picked ? runs->last_picked->next : runs->first;

	for (struct run_entry *entry = start; entry; entry = entry->next)
		if (may_pick(entry, now_ms))
			return entry;
	for (struct run_entry *entry = runs->first; entry && entry != start; entry = entry->next)
		if (may_pick(entry, now_ms))
			return entry;
	return NULL;
}

struct run_entry *runs_pick(struct runs *runs, struct status *out_status)
{
	struct run_entry *entry;
	struct phase_run *run = NULL;
	bool open = false;

	*out_status = STATUS_OK_VALUE;
	pthread_mutex_lock(&runs->lock);
	entry = next_in_turn(runs);
	if (entry) {
		entry->in_flight++;
		entry->at_work++;
		entry->has_turn = phase_ops_of(entry->key.phase)->batches_take_turns;
		runs->last_picked = entry;
		open = entry->run == NULL;
		entry->is_opening = open;
	}
	pthread_mutex_unlock(&runs->lock);
	if (!open)
		return entry;
	*out_status = phase_ops_of(entry->key.phase)
			      ->run_open(runs->env, &entry->key.campaign_id, entry->key.run_number, &run);
	pthread_mutex_lock(&runs->lock);
	entry->run = run;
	entry->is_opening = false;
	pthread_mutex_unlock(&runs->lock);
	return entry;
}

void runs_turn_over(struct run_entry *entry)
{
	pthread_mutex_lock(&entry->owner->lock);
	entry->has_turn = false;
	pthread_mutex_unlock(&entry->owner->lock);
}

static void shift_at_work(struct run_entry *entry, int by)
{
	pthread_mutex_lock(&entry->owner->lock);
	entry->at_work += by;
	pthread_mutex_unlock(&entry->owner->lock);
}

void runs_park(struct run_entry *entry)
{
	shift_at_work(entry, -1);
}

void runs_unpark(struct run_entry *entry)
{
	shift_at_work(entry, 1);
}

void runs_return(struct runs *runs, struct run_entry *entry, int64_t idle_ms)
{
	struct run_entry *dead = NULL;

	pthread_mutex_lock(&runs->lock);
	entry->in_flight--;
	entry->at_work--;
	if (idle_ms > 0)
		entry->idle_until_ms = clock_monotonic_ms() + idle_ms;
	if (!entry->is_active)
		dead = take_dead(runs);
	pthread_mutex_unlock(&runs->lock);
	while (dead) {
		struct run_entry *next = dead->next;
		entry_free(dead);
		dead = next;
	}
}

const struct run_key *run_entry_key(const struct run_entry *entry)
{
	return &entry->key;
}

struct phase_run *run_entry_run(const struct run_entry *entry)
{
	return entry->run;
}
