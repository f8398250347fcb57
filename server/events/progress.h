/* events/progress.h: how often progress may be said (docs/spec/07-events.md §3). Pure; one thread at a time.
 *   phase update: at least one percentage point from the last one of that phase, at most 4 a second per campaign
 *   campaign progress: at least one point of the overall percentage, or 5 s; at most one a second */
#ifndef EVENTS_PROGRESS_H
#define EVENTS_PROGRESS_H

#include "model/states.h"

#include <stdbool.h>
#include <stdint.h>

struct stored_event;

#define PROGRESS_INTERVAL_MS 250

struct progress_pace {
	double phase_percent[PHASE_COUNT]; /* last said in the current run */
	double campaign_percent;
	int64_t phase_at_ms, campaign_at_ms;
};

/* Whether to say it now; remembers that it was said. Percentages never go back within a run. */
bool progress_phase_due(struct progress_pace *pace, enum phase phase, double percent, int64_t now_ms);
bool progress_campaign_due(struct progress_pace *pace, double percent, int64_t now_ms);
/* A stored transition says where its phase is: a new run begins at 0 again. */
void progress_transition(struct progress_pace *pace, const struct stored_event *event);

#endif
