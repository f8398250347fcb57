/* campaign/transition.h: the whole phase state machine as one table (docs/spec/01-domain-model.md §2.2). Pure.
 * Nothing else in the product decides which move is allowed; campaign/change.c applies what this says. */
#ifndef CAMPAIGN_TRANSITION_H
#define CAMPAIGN_TRANSITION_H

#include "model/states.h"

#define PHASE_ACTIONS(X) \
	X(CONFIGURE, "configure") \
	X(START, "start") \
	X(PAUSE, "pause") \
	X(RESUME, "resume") \
	X(COMPLETE, "complete") /* internal */ \
	X(FAIL, "fail")         /* internal */ \
	X(STOP, "stop")

#define PHASE_ACTION_MEMBER(name, text) PHASE_ACTION_##name,
DECLARE_STATES(phase_action, PHASE_ACTION, PHASE_ACTIONS)

enum transition_kind {
	TRANSITION_REFUSED, /* FAILED_PRECONDITION / INVALID_PHASE_TRANSITION     */
	TRANSITION_NONE,    /* allowed, changes nothing, no sequence, no event    */
	TRANSITION_KEEP,    /* status stays, configuration is replaced, no event  */
	TRANSITION_MOVE,    /* status becomes `to`                                */
};

struct transition {
	enum transition_kind kind;
	enum phase_status to; /* with MOVE */
};

/* What `action` does to `phase` in status `from`. Preconditions that look at other phases, at the campaign or at
 * configurations are campaign/control.c's. */
struct transition transition_of(enum phase phase, enum phase_status from, enum phase_action action);

#endif
