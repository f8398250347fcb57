/* campaign/claims.h: the batches this instance has claimed, and the news its worker threads wait for.
 *
 * Most claims are held by a thread. One whose batch waits only for stragglers is parked, without a thread, until its
 * phase says that they are back; then it is due, and any thread goes on with it. The scout sees all of them: it renews
 * their leases and cancels those whose phase no longer runs. Threads: any. Owner: the worker. */
#ifndef CAMPAIGN_CLAIMS_H
#define CAMPAIGN_CLAIMS_H

#include "base/status.h"
#include "phase/phase.h"
#include "store/ledger_store.h"
#include "work/cancel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct claims;
struct run_entry;

/* Touched by the thread that holds it, but for what is private. */
struct claim {
	struct run_entry *entry;
	struct phase_job job; /* its cancel and rest_is_back are the claim's */
	int64_t since_ms;
	bool has_turn; /* of batches_take_turns */

	/* claims.c's, under its lock */
	struct claims *owner;
	struct claim *next;
	struct cancel cancel;
	enum { CLAIM_FREE, CLAIM_HELD, CLAIM_PARKED, CLAIM_DUE } state;
	bool is_busy;     /* job.batch is a batch */
	bool is_back;     /* rest_is_back was called and nobody went on yet */
	uint64_t commits; /* begun and ended: odd while one is under way */
};

/* stop: sets every claim's cancel. NULL when out of memory. */
struct claims *claims_create(size_t most, const struct cancel *stop) MUST_CHECK;
void claims_destroy(struct claims *claims); /* all are free; accepts NULL */

/* Takes a free one; NULL when there is none, which ends when a parked one is done. */
struct claim *claims_take(struct claims *claims);
/* From now on the scout sees it. */
void claim_begin(struct claim *claim, struct phase_run *run, const struct batch *batch);
/* Around a commit, which renews or ends the lease itself. */
void claim_commits(struct claim *claim, bool begins);
/* The phase has a rest under way and the calling thread lets go of the claim. */
void claim_park(struct claim *claim);
/* Free again. */
void claim_end(struct claim *claim);

/* Takes a claim to go on with; NULL when there is none. */
struct claim *claims_take_due(struct claims *claims);
/* Parked or due. */
size_t claims_waiting(struct claims *claims);

/* --- for the scout ------------------------------------------------------------------------------------------- */

struct held {
	struct run_key run;
	int32_t batch_number, token;
	uint64_t commits;
	struct claim *claim;
};

/* Everything claimed at this moment, in the arena. */
struct status claims_list(struct claims *claims, struct arena *arena, struct held **out, size_t *out_count) MUST_CHECK;
/* Cancels the claim if it is still for that batch. */
void claims_cancel(struct claims *claims, const struct held *held);
/* Likewise, unless a commit went on meanwhile: then a renewal could not tell whether the lease is lost. */
void claims_cancel_lost(struct claims *claims, const struct held *held);

/* --- news ---------------------------------------------------------------------------------------------------- */

/* Something may be there to do. Wakes one thread, or all. */
void claims_tell(struct claims *claims, bool all);
/* What claims_wait compares: taken before looking for work. */
uint64_t claims_news(struct claims *claims);
/* Waits until there is news since `seen`, at most ms. */
void claims_wait(struct claims *claims, uint64_t seen, int64_t ms);

#endif
