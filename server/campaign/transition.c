#include "campaign/transition.h"

#include "base/compiler.h"

#include <string.h>

/* A table is read as one. */
/* clang-format off */
#define REFUSED    { TRANSITION_REFUSED, PHASE_STATUS_NOT_STARTED }
#define NONE       { TRANSITION_NONE, PHASE_STATUS_NOT_STARTED }
#define KEEP       { TRANSITION_KEEP, PHASE_STATUS_NOT_STARTED }
#define MOVE(to)   { TRANSITION_MOVE, PHASE_STATUS_##to }

/* One row per status, one column per action:
 *   configure         start              pause         resume             complete         fail          stop       */
static const struct transition table[PHASE_STATUS_COUNT][PHASE_ACTION_COUNT] = {
	[PHASE_STATUS_NOT_STARTED] =
		{ MOVE(CONFIGURED), MOVE(IN_PROGRESS), REFUSED, REFUSED, REFUSED, REFUSED, REFUSED },
	[PHASE_STATUS_READY] =
		{ MOVE(CONFIGURED), MOVE(IN_PROGRESS), REFUSED, REFUSED, REFUSED, REFUSED, REFUSED },
	[PHASE_STATUS_CONFIGURED] =
		{ KEEP, MOVE(IN_PROGRESS), REFUSED, REFUSED, REFUSED, REFUSED, REFUSED },
	[PHASE_STATUS_IN_PROGRESS] =
		{ REFUSED, NONE, MOVE(PAUSED), NONE, MOVE(COMPLETED), MOVE(FAILED), MOVE(FAILED) },
	[PHASE_STATUS_PAUSED] =
		{ REFUSED, MOVE(IN_PROGRESS), NONE, MOVE(IN_PROGRESS), REFUSED, MOVE(FAILED), MOVE(FAILED) },
	[PHASE_STATUS_COMPLETED] =
		{ KEEP, MOVE(IN_PROGRESS), REFUSED, REFUSED, NONE, REFUSED, REFUSED },
	[PHASE_STATUS_FAILED] =
		{ KEEP, MOVE(IN_PROGRESS), REFUSED, REFUSED, REFUSED, NONE, NONE },
};
/* clang-format on */

struct transition transition_of(enum phase phase, enum phase_status from, enum phase_action action)
{
	/* Names that exist are never generated again: the configuration that made them stays. */
	if (phase == PHASE_GENERATION && from == PHASE_STATUS_COMPLETED &&
	    (action == PHASE_ACTION_CONFIGURE || action == PHASE_ACTION_START))
		return (struct transition)REFUSED;
	return table[from][action];
}

#define ACTION_TEXT(name, text) text,
static const char *const action_texts[] = { PHASE_ACTIONS(ACTION_TEXT) };

const char *phase_action_to_text(enum phase_action action)
{
	return (unsigned)action < ARRAY_LEN(action_texts) ? action_texts[action] : "?";
}

bool phase_action_from_text(const char *text, enum phase_action *out)
{
	for (size_t i = 0; i < ARRAY_LEN(action_texts); i++) {
		if (strcmp(action_texts[i], text) == 0) {
			*out = (enum phase_action)i;
			return true;
		}
	}
	return false;
}
