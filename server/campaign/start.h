/* campaign/start.h: beginning a run of a phase, and what a completed one leads to. Behind campaign/control.h. */
#ifndef CAMPAIGN_START_H
#define CAMPAIGN_START_H

#include "base/status.h"
#include "campaign/change.h"

#include <stdbool.h>

struct phase_env;

/* Preconditions 1–4 of 01 §2.5 for a phase that neither runs nor is paused. */
struct status start_check(struct campaign_change *change, enum phase phase) MUST_CHECK;
/* The same for a restart of the campaign: no active phase, generation completed, dns and http configured. */
struct status start_check_restart(struct campaign_change *change) MUST_CHECK;

/* Begins a run: preflight, totals, later phases set back, the move and its events. `after`: the phase whose completion
 * started this one, PHASE_COUNT when somebody asked. On a failed preflight *keep says that the failure is in the
 * change. */
struct status start_phase(const struct phase_env *env, struct campaign_change *change, enum phase phase,
			  enum phase after, bool *keep) MUST_CHECK;
/* The same as a rerun of every eligible domain, whatever the phase's status was. */
struct status start_rerun(const struct phase_env *env, struct campaign_change *change, enum phase phase,
			  bool *keep) MUST_CHECK;

/* The phase is in progress and its work is done: finish, complete, ready the next one, start it when the campaign runs
 * by itself, or complete the campaign. */
struct status start_after_completion(const struct phase_env *env, struct campaign_change *change,
				     enum phase phase) MUST_CHECK;

#endif
