#include "campaign/refusal.h"

#include "campaign/change.h"

struct status campaign_refusal(const struct campaign_change *change, enum phase phase, const char *reason,
			       const char *action, const char *message)
{
	struct status st = status_make(STATUS_FAILED_PRECONDITION, reason, "%s", message);

	if (phase != PHASE_COUNT)
		status_add_meta(&st, change->arena, "current_state",
				phase_status_to_text(change->now.phases[phase].status));
	status_add_meta(&st, change->arena, "attempted_action", action);
	return st;
}
