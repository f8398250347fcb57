/* campaign/phase_configure.h: from what a caller sends to a stored phase configuration. */
#ifndef CAMPAIGN_PHASE_CONFIGURE_H
#define CAMPAIGN_PHASE_CONFIGURE_H

#include "base/status.h"
#include "campaign/change.h"

#include <stddef.h>

/* As in ConfigurePhaseRequest: the siblings are merged into the configuration. Texts are borrowed for the call. */
struct phase_settings {
	const char *configuration;                    /* JSON object; "" reads as {} */
	const char *dns_persona_id, *http_persona_id; /* "" for none; appended to personaIds */
	const char *const *keyword_set_ids;           /* appended to keywordSetIds */
	size_t keyword_set_count;
};

/* Checks everything, then control_configure. INVALID_ARGUMENT names every wrong field at once. */
struct status campaign_configure_phase(struct campaign_change *change, enum phase phase,
				       const struct phase_settings *settings) MUST_CHECK;

#endif
