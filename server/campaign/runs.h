/* campaign/runs.h: the runs this instance knows: which are active, what each has in flight, and its opened phase_run.
 *
 * The scout (campaign/worker.c) says which runs are active now; workers pick the next one in turn, campaign by
 * campaign, so that a big campaign never starves a small one. Threads: any. Owner: the worker. */
#ifndef CAMPAIGN_RUNS_H
#define CAMPAIGN_RUNS_H

#include "base/status.h"
#include "store/ledger_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct phase_env;
struct phase_run;
struct runs;
struct run_entry;

bool run_key_equal(const struct run_key *a, const struct run_key *b);

/* in_flight_max: how many batches of one run may be picked and not returned. NULL when out of memory. */
struct runs *runs_create(const struct phase_env *env, int in_flight_max) MUST_CHECK;
/* Nothing may be in flight. Accepts NULL. */
void runs_destroy(struct runs *runs);

/* Replaces the set of active runs; new ones may be picked at once. Runs no longer active are closed when their last
 * batch returns. */
void runs_update(struct runs *runs, const struct run_key *active, size_t count);
bool runs_is_active(struct runs *runs, const struct run_key *key);

/* The next run with room for one more batch, counted as in flight from now; NULL when there is none. The run is opened
 * when it isn't yet, outside any lock: *out_status tells why that failed (the entry must be returned all the same). */
struct run_entry *runs_pick(struct runs *runs, struct status *out_status);
/* The picked batch of batches_take_turns asks for no more: the next one may be picked. */
void runs_turn_over(struct run_entry *entry);
/* The picked batch waits for stragglers: it does not count against batches_in_flight_max. And goes on. */
void runs_park(struct run_entry *entry);
void runs_unpark(struct run_entry *entry);
/* Nothing more in flight for this pick, which is not parked; idle_ms > 0 keeps the run from being picked for that long.
 */
void runs_return(struct runs *runs, struct run_entry *entry, int64_t idle_ms);

const struct run_key *run_entry_key(const struct run_entry *entry);
struct phase_run *run_entry_run(const struct run_entry *entry); /* NULL when opening failed */

#endif
