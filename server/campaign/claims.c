#include "campaign/claims.h"

#include "base/arena.h"
#include "base/clock.h"
#include "campaign/runs.h"

#include <pthread.h>
#include <stdlib.h>

struct claims {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t news;
	size_t most, waiting;
	struct claim *unused;
	struct claim *due, *due_last; /* oldest first */
	struct claim all[];
};

struct claims *claims_create(size_t most, const struct cancel *stop)
{
	struct claims *claims = calloc(1, sizeof *claims + most * sizeof claims->all[0]);
	pthread_condattr_t attr;

	if (!claims)
		return NULL;
	pthread_mutex_init(&claims->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&claims->changed, &attr);
	pthread_condattr_destroy(&attr);
	claims->most = most;
	for (size_t i = most; i-- > 0;) {
		struct claim *claim = &claims->all[i];

		claim->owner = claims;
		cancel_init(&claim->cancel, stop);
		claim->next = claims->unused;
		claims->unused = claim;
	}
	return claims;
}

void claims_destroy(struct claims *claims)
{
	if (!claims)
		return;
	for (size_t i = 0; i < claims->most; i++)
		cancel_done(&claims->all[i].cancel);
	pthread_cond_destroy(&claims->changed);
	pthread_mutex_destroy(&claims->lock);
	free(claims);
}

/* The lock is held. */
static void tell(struct claims *claims, bool all)
{
	claims->news++;
	if (all)
		pthread_cond_broadcast(&claims->changed);
	else
		pthread_cond_signal(&claims->changed);
}

/* The lock is held. */
static void make_due(struct claims *claims, struct claim *claim)
{
	claim->state = CLAIM_DUE;
	claim->next = NULL;
	if (claims->due)
		claims->due_last->next = claim;
	else
		claims->due = claim;
	claims->due_last = claim;
	tell(claims, false);
}

/* From an engine's thread. */
static void rest_is_back(struct phase_job *job)
{
	struct claim *claim = (struct claim *)(void *)((char *)job - offsetof(struct claim, job));
	struct claims *claims = claim->owner;

	pthread_mutex_lock(&claims->lock);
	claim->is_back = true;
	if (claim->state == CLAIM_PARKED)
		make_due(claims, claim);
	pthread_mutex_unlock(&claims->lock);
}

struct claim *claims_take(struct claims *claims)
{
	struct claim *claim;

	pthread_mutex_lock(&claims->lock);
	claim = claims->unused;
	if (claim) {
		claims->unused = claim->next;
		claim->state = CLAIM_HELD;
		claim->entry = NULL;
	}
	pthread_mutex_unlock(&claims->lock);
	return claim;
}

void claim_begin(struct claim *claim, struct phase_run *run, const struct batch *batch)
{
	pthread_mutex_lock(&claim->owner->lock);
	claim->job = (struct phase_job){
		.run = run, .batch = *batch, .cancel = &claim->cancel, .rest_is_back = rest_is_back
	};
	claim->since_ms = clock_monotonic_ms();
	claim->is_busy = true;
	claim->is_back = false;
	claim->commits = 0;
	pthread_mutex_unlock(&claim->owner->lock);
}

void claim_commits(struct claim *claim, bool begins)
{
	pthread_mutex_lock(&claim->owner->lock);
	if (begins != (claim->commits % 2 == 1))
		claim->commits++;
	pthread_mutex_unlock(&claim->owner->lock);
}

void claim_park(struct claim *claim)
{
	struct claims *claims = claim->owner;

	pthread_mutex_lock(&claims->lock);
	claims->waiting++;
	claim->state = CLAIM_PARKED;
	if (claim->is_back)
		make_due(claims, claim);
	pthread_mutex_unlock(&claims->lock);
}

void claim_end(struct claim *claim)
{
	struct claims *claims = claim->owner;

	pthread_mutex_lock(&claims->lock);
	claim->state = CLAIM_FREE;
	claim->is_busy = false;
	atomic_store(&claim->cancel.set, false);
	if (!claims->unused)
		tell(claims, false); /* a thread may wait for a free claim */
	claim->next = claims->unused;
	claims->unused = claim;
	pthread_mutex_unlock(&claims->lock);
}

struct claim *claims_take_due(struct claims *claims)
{
	struct claim *claim;

	pthread_mutex_lock(&claims->lock);
	claim = claims->due;
	if (claim) {
		claims->due = claim->next;
		claims->waiting--;
		claim->state = CLAIM_HELD;
		claim->is_back = false;
	}
	pthread_mutex_unlock(&claims->lock);
	return claim;
}

size_t claims_waiting(struct claims *claims)
{
	size_t count;

	pthread_mutex_lock(&claims->lock);
	count = claims->waiting;
	pthread_mutex_unlock(&claims->lock);
	return count;
}

/* --- for the scout ------------------------------------------------------------------------------------------- */

struct status claims_list(struct claims *claims, struct arena *arena, struct held **out, size_t *out_count)
{
	struct held *list = arena_array(arena, claims->most + 1, sizeof *list);
	size_t count = 0;

	if (!list)
		return status_out_of_memory();
	pthread_mutex_lock(&claims->lock);
	for (size_t i = 0; i < claims->most; i++) {
		struct claim *claim = &claims->all[i];
		const struct batch *b = &claim->job.batch;

		if (claim->is_busy)
			list[count++] = (struct held){ .run = { b->campaign_id, b->phase, b->run_number },
						       .batch_number = b->batch_number,
						       .token = b->token,
						       .commits = claim->commits,
						       .claim = claim };
	}
	pthread_mutex_unlock(&claims->lock);
	*out = list;
	*out_count = count;
	return STATUS_OK_VALUE;
}

static bool is_still(const struct held *held)
{
	const struct batch *b = &held->claim->job.batch;
	const struct run_key run = { b->campaign_id, b->phase, b->run_number };

	return held->claim->is_busy && b->batch_number == held->batch_number && b->token == held->token &&
	       run_key_equal(&run, &held->run);
}

void claims_cancel(struct claims *claims, const struct held *held)
{
	pthread_mutex_lock(&claims->lock);
	if (is_still(held))
		atomic_store(&held->claim->cancel.set, true);
	pthread_mutex_unlock(&claims->lock);
}

void claims_cancel_lost(struct claims *claims, const struct held *held)
{
	pthread_mutex_lock(&claims->lock);
	if (is_still(held) && held->commits % 2 == 0 && held->claim->commits == held->commits)
		atomic_store(&held->claim->cancel.set, true);
	pthread_mutex_unlock(&claims->lock);
}

/* --- news ---------------------------------------------------------------------------------------------------- */

void claims_tell(struct claims *claims, bool all)
{
	pthread_mutex_lock(&claims->lock);
	tell(claims, all);
	pthread_mutex_unlock(&claims->lock);
}

uint64_t claims_news(struct claims *claims)
{
	uint64_t news;

	pthread_mutex_lock(&claims->lock);
	news = claims->news;
	pthread_mutex_unlock(&claims->lock);
	return news;
}

void claims_wait(struct claims *claims, uint64_t seen, int64_t ms)
{
	int64_t until = clock_monotonic_ms() + ms;
	struct timespec ts = { .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };

	pthread_mutex_lock(&claims->lock);
	while (seen == claims->news && clock_monotonic_ms() < until)
		pthread_cond_timedwait(&claims->changed, &claims->lock, &ts);
	pthread_mutex_unlock(&claims->lock);
}
