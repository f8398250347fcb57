/* campaign/refusal.h: how a request that the state does not allow is refused (docs/spec/01-domain-model.md §2.7). */
#ifndef CAMPAIGN_REFUSAL_H
#define CAMPAIGN_REFUSAL_H

#include "base/status.h"
#include "model/states.h"

struct campaign_change;

/* FAILED_PRECONDITION with the metadata current_state (phase may be PHASE_COUNT: none) and attempted_action. reason and
 * action are static. */
struct status campaign_refusal(const struct campaign_change *change, enum phase phase, const char *reason,
			       const char *action, const char *message) MUST_CHECK;

#endif
