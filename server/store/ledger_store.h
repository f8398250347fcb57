/* store/ledger_store.h: phase_batches and the place of a run. The rules are campaign/ledger.c's.
 * Threads: any; each call uses the transaction it is given. */
#ifndef STORE_LEDGER_STORE_H
#define STORE_LEDGER_STORE_H

#include "base/status.h"
#include "model/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

/* A run: what batches belong to. */
struct run_key {
	struct uuid campaign_id;
	enum phase phase;
	int32_t run_number;
};

/* Claims an open batch, or one whose lease ran out. *found tells whether there was one. */
struct status store_batch_claim(struct store_tx *tx, const struct run_key *run, const struct uuid *owner,
				int64_t lease_ms, struct batch *out, bool *found) MUST_CHECK;

struct run_place {
	int64_t cut_after;
	bool cut_done;
	int32_t batch_size, batch_count;
};

/* Locks the place of a run; *found is false when the phase is not in progress or another run began. */
struct status store_place_lock(struct store_tx *tx, const struct run_key *run, struct run_place *out,
			       bool *found) MUST_CHECK;
struct status store_place_advance(struct store_tx *tx, const struct run_key *run,
				  const struct run_place *place) MUST_CHECK;
/* The batch as cut: token 1, first attempt. */
struct status store_batch_insert(struct store_tx *tx, const struct batch *batch, const struct uuid *owner,
				 int64_t lease_ms) MUST_CHECK;

/* What becomes of a claimed batch. */
enum batch_end {
	BATCH_END_DONE,
	BATCH_END_OPEN, /* given back for what is left                             */
	BATCH_END_KEPT, /* part of it is stored; the claim goes on with a new lease */
};
/* *still_ours is false when the token no longer matches. lease_ms: for BATCH_END_KEPT. */
struct status store_batch_finish(struct store_tx *tx, const struct batch *batch, enum batch_end end, int64_t lease_ms,
				 bool *still_ours) MUST_CHECK;
struct status store_batches_unfinished(struct store_tx *tx, const struct run_key *run, bool *any) MUST_CHECK;

/* Renews the leases of `count` batches of one run; ours[i] tells whether batch i is still ours. */
struct status store_batches_renew(struct store_tx *tx, const struct run_key *run, const int32_t *batch_numbers,
				  const int32_t *tokens, size_t count, int64_t lease_ms, bool *ours) MUST_CHECK;

/* What a batch adds to the progress of its run. */
struct run_progress {
	int32_t processed, successful, failed, total_change;
	bool cut_done; /* in: no more batches will be cut; out: whether that is so */
};
/* The campaign is locked. *found is false when another run began. */
struct status store_progress_add(struct store_tx *tx, const struct run_key *run, struct run_progress *progress,
				 bool *found) MUST_CHECK;

/* Every phase that runs now; in the arena. */
struct status store_phases_active(struct store_tx *tx, struct arena *arena, struct run_key **out,
				  size_t *out_count) MUST_CHECK;

/* Instances: heartbeat, farewell, and how many others with a role live. */
struct status store_instance_beat(struct store_tx *tx, const struct uuid *id, const char *roles, const char *address,
				  const char *version) MUST_CHECK;
struct status store_instance_delete(struct store_tx *tx, const struct uuid *id) MUST_CHECK;
struct status store_instances_live(struct store_tx *tx, const char *role, const struct uuid *except, int64_t age_ms,
				   int64_t *out) MUST_CHECK;
/* Of the instances with that role that are older than `id`: how many may live, and how many surely do and have for
 * long. */
struct older_instances {
	int64_t live, settled;
};
struct status store_instances_older(struct store_tx *tx, const char *role, const struct uuid *id, int64_t dead_ms,
				    int64_t settle_ms, struct older_instances *out) MUST_CHECK;

#endif
