#include "campaign/committed.h"

#include "campaign/campaign_metrics.h"
#include "campaign/change.h"
#include "campaign/substep.h"
#include "events/samples.h"
#include "phase/phase.h"

#include <string.h>

/* http is the extraction; analysis has the same name in both worlds. The other phases are none of its phases. */
static const char *const extraction_phases[PHASE_COUNT] = {
	[PHASE_HTTP] = "extraction",
	[PHASE_ANALYSIS] = "analysis",
};

static void say_moves(struct samples *samples, const struct campaign_change *change)
{
	for (size_t i = 0; i < change->event_count; i++) {
		const struct stored_event *event = &change->events[i];
		struct substep step = { .campaign_id = change->now.campaign.id, .at_ms = change->at_ms };
		const struct phase_state *p;

		if (event->phase == PHASE_COUNT || !extraction_phases[event->phase])
			continue;
		p = &change->now.phases[event->phase];
		step.phase = extraction_phases[event->phase];
		if (strcmp(event->type, "phase_started") == 0) {
			step.event_type = "phase_start";
			step.status = "running";
		} else if (strcmp(event->type, "phase_completed") == 0) {
			step.event_type = "phase_complete";
			step.status = "completed";
			step.progress = 100;
			step.took_ms = p->completed_at_ms - p->started_at_ms;
		} else if (strcmp(event->type, "phase_failed") == 0) {
			step.event_type = "phase_error";
			step.status = "failed";
			step.message = p->error_message;
		} else {
			continue;
		}
		step.is_terminal = true;
		substep_say(samples, &step);
	}
}

static void say_samples(struct samples *samples, const struct campaign_change *change)
{
	for (const struct phase_event *event = change->samples; event; event = event->next) {
		struct sample sample = { .campaign_id = change->now.campaign.id, .at_ms = change->at_ms };

		if (!sample_type_from_text(event->type, &sample.type))
			continue;
		sample.payload = json_loads(event->payload, 0, NULL);
		samples_say(samples, &sample);
	}
}

void campaign_committed(const struct phase_env *env, const struct campaign_change *change)
{
	campaign_metrics_changed(env->metrics, change);
	if (samples_wanted(env->samples) == SAMPLE_NONE)
		return;
	say_moves(env->samples, change);
	say_samples(env->samples, change);
}
