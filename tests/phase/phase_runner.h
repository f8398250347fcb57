/* tests/phase/phase_runner.h: runs phases the way the ledger does, one batch after the other, without leases or states.
 *
 * A runner belongs to one test program: runner_open as group setup, runner_close as group teardown, on a database of
 * its own. After every commit the counters are compared with a recount of the rows. */
#ifndef TESTS_PHASE_RUNNER_H
#define TESTS_PHASE_RUNNER_H

#include "store/store_fixture.h"

#include "model/campaign.h"
#include "model/counters.h"
#include "phase/phase.h"
#include "work/cancel.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct store_tx;

struct runner {
	struct fixture *fixture;
	struct phase_env env;
	struct arena *arena; /* reset by runner_campaign */
	struct cancel cancel;
	struct uuid campaign;
	bool skips_recount; /* benches */
	bool in_parts;      /* batches may be stored in parts, as a worker does it */
};

int runner_open(void **state);
int runner_close(void **state);

/* A new campaign; the ones before stay in the database. */
void runner_campaign(struct runner *runner);
void runner_configure(struct runner *runner, enum phase phase, const char *configuration);
/* A statement on the runner's database, with %s replaced by the campaign's id as often as it occurs (at most 4 times).
 */
void runner_sql(struct runner *runner, const char *format);
/* The first column of the first row of such a statement. */
int64_t runner_number(struct runner *runner, const char *format);
char *runner_text(struct runner *runner, const char *format);

/* What `begin` decided; the phase is in progress afterwards when it is OK. */
struct status runner_begin(struct runner *runner, const struct phase_ops *ops, enum phase_begin_kind kind,
			   struct phase_begin *out) MUST_CHECK;
/* Cuts, works on and stores one batch; *out is of its last part. False when there was nothing left. */
bool runner_batch(struct runner *runner, const struct phase_ops *ops, struct phase_run *run, struct phase_outcome *out);
/* Runs `finish`, saves the phase as completed; results and events in the runner's arena. */
/* The same for one part: false when there was no batch left or, with a rest, when it did not come back in time. The job
 * is kept from part to part, zero before the first. */
struct runner_parts {
	struct phase_job job;
	atomic_uint told; /* calls of rest_is_back */
	unsigned count;
};
bool runner_part(struct runner *runner, const struct phase_ops *ops, struct phase_run *run, struct runner_parts *parts,
		 struct phase_outcome *out);
void runner_finish(struct runner *runner, const struct phase_ops *ops, struct phase_finish *out);
/* All of it. Returns the results. */
const char *runner_phase(struct runner *runner, const struct phase_ops *ops, enum phase_begin_kind kind);

struct phase_state runner_state(struct runner *runner, enum phase phase);
struct counters runner_counters(struct runner *runner);
/* Fails the test when a counter differs from what the rows say. */
void runner_recount(struct runner *runner);

/* The payload of the event of that type in the list, NULL when there is none. */
const char *runner_event(const struct phase_event *list, const char *type);

#endif
