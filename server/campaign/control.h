/* campaign/control.h: what people and workers may do to phases and campaigns. Each function checks its preconditions in
 * the order of docs/spec/01-domain-model.md §2.5 and makes its moves on an open change; the caller saves and commits
 * it.
 *
 * A refusal is FAILED_PRECONDITION with the metadata of 01 §2.7 (current_state, attempted_action, …). When *keep is set
 * on a refusal, the change holds something to be committed all the same (a failed preflight marks the phase failed). */
#ifndef CAMPAIGN_CONTROL_H
#define CAMPAIGN_CONTROL_H

#include "base/status.h"
#include "campaign/change.h"
#include "model/states.h"

#include <stdbool.h>

struct phase_env;

/* What the caller believes; checked before anything else. */
struct expected_state {
	bool is_given;
	enum phase_status status;
};

/* Stores a normalised, validated configuration. */
struct status control_configure(struct campaign_change *change, enum phase phase, const char *configuration) MUST_CHECK;
struct status control_start(const struct phase_env *env, struct campaign_change *change, enum phase phase,
			    struct expected_state expected, bool *keep) MUST_CHECK;
struct status control_pause(struct campaign_change *change, enum phase phase, struct expected_state expected,
			    const char *cause) MUST_CHECK;
struct status control_resume(struct campaign_change *change, enum phase phase, struct expected_state expected,
			     const char *cause) MUST_CHECK;
struct status control_stop(struct campaign_change *change, enum phase phase) MUST_CHECK;

/* Fails the active phase with code campaign_stopped and cancels the campaign. *stopped: the phase that was active. */
struct status control_stop_campaign(struct campaign_change *change, enum phase *stopped) MUST_CHECK;
/* dns through leads again, whatever the mode. */
struct status control_restart_campaign(const struct phase_env *env, struct campaign_change *change,
				       bool *keep) MUST_CHECK;
struct status control_restart_analysis(const struct phase_env *env, struct campaign_change *change,
				       bool *keep) MUST_CHECK;
struct status control_set_mode(struct campaign_change *change, enum campaign_mode mode) MUST_CHECK;

/* Only reading, copying and removing it are possible from then on. FAILED_PRECONDITION: VERSION_MISMATCH when the
 * campaign has changed since `version`, CAMPAIGN_IN_PROGRESS while a phase is active. Does nothing when it is archived.
 */
struct status control_archive(struct campaign_change *change, int32_t version) MUST_CHECK;

/* Internal: the last batch is done. Runs the phase's finish, completes it, and moves the campaign on. Does nothing when
 * the phase is not in progress. */
struct status control_complete(const struct phase_env *env, struct campaign_change *change,
			       enum phase phase) MUST_CHECK;
/* Internal: the installation can't do the phase's work. Does nothing when it neither runs nor is paused. */
struct status control_fail(struct campaign_change *change, enum phase phase, const char *code,
			   const char *message) MUST_CHECK;

#endif
