/* tests/campaign/campaign_steps.h: what people and workers do to a campaign, one step at a time, on the database of a
 * runner (tests/phase/phase_runner.h: group setup runner_open, teardown runner_close). Functions that take a run or a
 * command may be called from several threads at once; the others belong to the test's own. */
#ifndef TESTS_CAMPAIGN_STEPS_H
#define TESTS_CAMPAIGN_STEPS_H

#include "phase/phase_runner.h"

#include "campaign/control.h"
#include "campaign/ledger.h"

/* A campaign of `domains` generated names; dns and http are configured, nothing else has run. mode: as in the database.
 */
void steps_campaign(struct runner *runner, int domains, const char *mode);

enum command { START, PAUSE, RESUME, STOP, STOP_CAMPAIGN, RESTART, RESTART_ANALYSIS };

/* One request in a transaction of its own, repeated after a deadlock, as api/mutation.c does it. phase is ignored by
 * the last three. */
struct status steps_do(struct runner *runner, enum command command, enum phase phase) MUST_CHECK;

/* The run of the phase as it is now. */
struct run_key steps_run(struct runner *runner, enum phase phase);

enum claim_result steps_claim(struct runner *runner, const struct run_key *run, struct batch *batch);

/* A batch with its work done and nothing stored. */
struct worked {
	struct phase_run *run;
	struct phase_job job;
	struct cancel cancel;
	void *result;
};
void steps_work(struct runner *runner, const struct batch *batch, struct worked *out);
struct status steps_commit(struct runner *runner, struct worked *worked, bool *moved) MUST_CHECK;
void steps_drop(struct worked *worked);

/* Claims, works and commits until the phase's run is completed. dns and http find their answers stored (steps_answer).
 */
void steps_finish(struct runner *runner, enum phase phase);
/* Every domain resolves (dns), or has a page with two keywords (http). */
void steps_answer(struct runner *runner, enum phase phase);

enum phase_status steps_status(struct runner *runner, enum phase phase);
/* How many stored events of that type the campaign has; phase PHASE_COUNT: any. */
int64_t steps_events(struct runner *runner, const char *type, enum phase phase);
/* Fails unless events are numbered 1 … last_event and the sequences of transitions 1 … last_sequence, each once but for
 * phase_auto_started, which repeats that of its twin. */
void steps_check_numbers(struct runner *runner);

#endif
