#include "events/progress.h"

#include "store/state_store.h"

#include <math.h>
#include <string.h>

#define CAMPAIGN_LEAST_MS 1000
#define CAMPAIGN_MOST_MS  5000

bool progress_phase_due(struct progress_pace *pace, enum phase phase, double percent, int64_t now_ms)
{
	if (percent < pace->phase_percent[phase] + 1.0 || now_ms - pace->phase_at_ms < PROGRESS_INTERVAL_MS)
		return false;
	pace->phase_percent[phase] = percent;
	pace->phase_at_ms = now_ms;
	return true;
}

bool progress_campaign_due(struct progress_pace *pace, double percent, int64_t now_ms)
{
	int64_t passed = now_ms - pace->campaign_at_ms;

	if (passed < CAMPAIGN_LEAST_MS)
		return false;
	if (fabs(percent - pace->campaign_percent) < 1.0 && passed < CAMPAIGN_MOST_MS)
		return false;
	pace->campaign_percent = percent;
	pace->campaign_at_ms = now_ms;
	return true;
}

void progress_transition(struct progress_pace *pace, const struct stored_event *event)
{
	if (event->phase == PHASE_COUNT)
		return;
	if (strcmp(event->type, "phase_started") == 0)
		pace->phase_percent[event->phase] = 0.0;
	else if (strcmp(event->type, "phase_completed") == 0)
		pace->phase_percent[event->phase] = 100.0;
}
