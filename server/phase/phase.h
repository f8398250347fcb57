/* phase/phase.h: the seam between the ledger (campaign/) and the five phases. A phase knows what one batch does;
 * it never claims, commits, changes a status or numbers an event: campaign/ does that, once for all of them.
 *
 * To add or change a phase: one folder under phase/, one `const struct phase_ops`, one line in phase/phases.c.
 *
 * Life of a run:   begin (in the start transaction)
 *                  run_open (once per instance)  →  for each batch: work, store  →  run_close
 *                  finish (in the transaction of the last batch)
 * Life of a batch: cut (under the phase row's lock) → work (no transaction open; network here) → store (inside the
 *                  fenced commit transaction) → work and store again while there is a rest.                */
#ifndef PHASE_PHASE_H
#define PHASE_PHASE_H

#include "base/status.h"
#include "model/batch.h"
#include "model/campaign.h"
#include "model/counters.h"

#include <stdbool.h>
#include <stdint.h>

struct address_guard;
struct arena;
struct cache;
struct cancel;
struct dns_client;
struct http_client;
struct metrics;
struct samples;
struct settings;
struct shared_rates;
struct store_pool;
struct store_tx;

/* What the process offers to phases; opened and closed by main.c, outlives every run. */
struct phase_env {
	const struct settings *settings;
	struct store_pool *pool;
	struct cache *cache;                        /* may be absent in effect; never NULL */
	struct dns_client *dns;                     /* NULL on instances without the worker role */
	struct http_client *http;                   /* likewise */
	struct shared_rates *rates;                 /* of personas */
	const struct address_guard *resolver_guard; /* which resolvers may be asked */
	struct metrics *metrics;
	struct samples *samples; /* NULL says nothing */
};

/* An event a phase wants stored with the transition; campaign/ numbers it. */
struct phase_event {
	const char *type;    /* static: "analysis_reuse_enrichment" */
	const char *payload; /* JSON object in the arena */
	struct phase_event *next;
};

enum phase_begin_kind {
	PHASE_BEGIN_FIRST, /* from not_started, ready, configured         */
	PHASE_BEGIN_RETRY, /* from failed: finished domains keep theirs   */
	PHASE_BEGIN_RERUN, /* from completed: every eligible domain again */
};

/* In and out of `begin`. */
struct phase_begin {
	enum phase_begin_kind kind;
	const struct campaign_snapshot *campaign; /* locked; the phase's configuration is in it */
	struct counters deltas;                   /* out: what a reset of statuses does to the counters */
	int32_t total_items;                      /* out: domains this run has to do  */
	int32_t batch_size;                       /* out: domains per batch, > 0      */
	const char *run_context;                  /* out: JSON object fixed for the run, at most 16 KiB; NULL = {} */
	struct phase_event *events;               /* out */
};

/* Next run of eligible domains with offset > after; count 0 when there is none. */
struct phase_cut {
	int64_t first_offset, last_offset;
	int32_t count;
	bool is_last; /* nothing eligible beyond it */
};

/* Per run and instance; each phase has its own struct that begins with this one. */
struct phase_run {
	const struct phase_env *env;
	struct uuid campaign_id;
	int32_t run_number;
};

/* One claimed batch being worked on, by one thread at a time. */
struct phase_job {
	struct phase_run *run;
	struct batch batch;
	struct arena *arena;   /* of one call of work and its store; reset by the caller afterwards */
	struct cancel *cancel; /* pause, stop, lost lease, shutdown: work returns within 500 ms with what is done */

	/* A batch may be stored in parts. work then returns with `rest` set, to what it needs to go on: some domains
	 * are still under way. It calls rest_is_back once, from any thread, when enough of them (or all) are back for
	 * another call of work to be worth while; that call may come earlier, and waits. NULL: work returns with all of
	 * it. */
	void (*rest_is_back)(struct phase_job *job);
	void *rest; /* the phase's; NULL when nothing is under way */
	/* Where batches_take_turns: called once, when this batch has asked for all it wants. NULL: nobody waits for it.
	 */
	void (*turn_is_over)(struct phase_job *job);
};

/* What storing a batch did. */
struct phase_outcome {
	struct counters deltas;
	int32_t processed, successful, failed; /* domains */
	int32_t unfinished;                    /* > 0: the batch is reopened for these, or kept while there is a rest */
	int32_t total_change;                  /* generation: the target turned out smaller (negative) */
	bool is_exhausted;                     /* generation: no more batches will be cut */
	int64_t first_offset, last_offset;     /* generation: of all the campaign has now; others: -1 */
};

/* In and out of `finish`. */
struct phase_finish {
	const struct campaign_snapshot *campaign; /* locked, progress up to date */
	const char *results;                      /* out: JSON object for phase_completed; NULL = {} */
	struct phase_event *events;               /* out: stored before the transition */
	struct phase_event *samples;              /* out: said after the commit, not stored (events/sample.h) */
};

struct phase_ops {
	enum phase phase;
	int batches_in_flight_max; /* of a run on each instance, parked ones not counted; 0 = no limit */
	bool batches_take_turns; /* on an instance the run's next batch is claimed when turn_is_over for the one before:
				    an engine has taken its work, so that no more is claimed than can be done */

	/* Inside the start transaction, campaign row locked. A FAILED_PRECONDITION makes a direct start fail; the
	 * reason E_ANALYSIS_MISSING_FEATURES or PATTERN_EXHAUSTED also marks the phase failed on automatic starts. */
	struct status (*begin)(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
			       struct phase_begin *begin);
	/* Reads configuration, personas, rules; compiled state is shared by all batches of the run on this instance.
	 * A failure other than UNAVAILABLE fails the phase. */
	struct status (*run_open)(const struct phase_env *env, const struct uuid *campaign_id, int32_t run_number,
				  struct phase_run **out);
	void (*run_close)(struct phase_run *run); /* after the last batch returned; accepts NULL */
	struct status (*cut)(struct store_tx *tx, const struct uuid *campaign_id, int64_t after, int32_t limit,
			     struct phase_cut *out);
	/* Does the batch without a transaction. *result lives in job->arena. Errors of single domains are results;
	 * a failure here is of the installation (storage, no usable persona). */
	struct status (*work)(struct phase_job *job, void **result);
	/* Writes the result inside the commit transaction. Called again with the same result after a rollback. */
	struct status (*store)(struct phase_job *job, void *result, struct store_tx *tx, struct phase_outcome *out);
	/* Inside the completing transaction. */
	struct status (*finish)(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				struct phase_finish *finish);
};

/* Never NULL for a valid phase. */
const struct phase_ops *phase_ops_of(enum phase phase);

/* Makes what phases count known to the registry, so that it shows before something is counted. */
void phases_metrics_register(struct metrics *metrics);

#endif
