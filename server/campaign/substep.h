/* campaign/substep.h: one event of extraction or analysis (docs/spec/07-events.md §5) as a sample. Threads: any. */
#ifndef CAMPAIGN_SUBSTEP_H
#define CAMPAIGN_SUBSTEP_H

#include "base/uuid.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct samples;

/* Texts are borrowed; NULL and 0 are left out, but for what is always there. */
struct substep {
	struct uuid campaign_id;
	struct uuid domain_id;                   /* zero: about no single domain */
	const char *event_type, *phase, *status; /* always */
	const char *sub_step, *message;
	double progress;
	int64_t took_ms;
	int64_t at_ms;
	json_t *metadata; /* taken */
	bool is_full, is_terminal;
};

void substep_say(struct samples *samples, struct substep *step);

#endif
