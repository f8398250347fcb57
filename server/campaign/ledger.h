/* campaign/ledger.h: who works on which offsets, and the one transaction in which a batch takes effect.
 *
 * A run is cut into batches of consecutive offsets, lazily. A claim is a lease by the database's clock with a fencing
 * token; the commit writes results, counters and progress where the token still matches, so an effect happens once,
 * whoever did the work twice. The last batch's commit completes the phase and moves the campaign on.
 *
 * Lock order: domain and feature rows → batch → campaign → phase → counters; event numbers last.
 * Threads: any; every call opens and closes its own transaction. */
#ifndef CAMPAIGN_LEDGER_H
#define CAMPAIGN_LEDGER_H

#include "base/status.h"
#include "model/batch.h"
#include "model/campaign.h"
#include "phase/phase.h"
#include "store/ledger_store.h"

#include <stdbool.h>

struct arena;

enum claim_result {
	CLAIM_TAKEN,    /* *batch is ours until its lease runs out          */
	CLAIM_NOTHING,  /* others work on what is left, or the run is over  */
	CLAIM_FINISHED, /* everything is cut and done: ledger_complete next */
};

/* Claims an abandoned batch of the run, or cuts the next one. */
struct status ledger_claim(const struct phase_env *env, const struct run_key *run, const struct uuid *owner,
			   struct batch *batch, enum claim_result *result) MUST_CHECK;

/* What the commit of a batch did. */
struct batch_effect {
	bool moved; /* the campaign's state changed: readers want to be woken */
	struct phase_outcome outcome;
	struct phase_progress progress; /* of the run, afterwards */
};

/* Stores the result of a batch, or of a part of it: while the job has a rest, the batch stays ours. ABORTED /
 * BATCH_LOST: the lease was lost or another run began; nothing was written. */
struct status ledger_commit(const struct phase_env *env, struct phase_job *job, void *result,
			    struct batch_effect *effect) MUST_CHECK;

/* Gives a batch back without a result. */
struct status ledger_release(const struct phase_env *env, const struct batch *batch) MUST_CHECK;

/* Completes the phase when the run is cut and done; whoever finds that may call it, once is enough. */
struct status ledger_complete(const struct phase_env *env, const struct run_key *run, struct arena *arena,
			      bool *moved) MUST_CHECK;

/* Fails the phase of a run: the installation can't do its work. */
struct status ledger_fail(const struct phase_env *env, const struct run_key *run, struct arena *arena,
			  struct status why, bool *moved) MUST_CHECK;

#endif
