#include "watch_state.h"

#include "choices.h"

#include <stdio.h>
#include <string.h>

#define GOAL_SIZE 64

struct watch_phase *watch_phase_of(struct watch *w, Domainflow__V2__Phase phase)
{
	return phase >= 1 && phase <= WATCH_PHASES ? &w->phases[phase - 1] : NULL;
}

static int64_t wall_ms(const Google__Protobuf__Timestamp *t)
{
	return t ? t->seconds * 1000 + t->nanos / 1000000 : 0;
}

static void sample(struct watch_phase *phase, int64_t now_ms)
{
	unsigned newest = (phase->sample_at + WATCH_SAMPLES - 1) % WATCH_SAMPLES;

	/* A new run counts from the beginning. */
	if (phase->sample_count && phase->done < phase->samples[newest].done)
		phase->sample_count = 0;
	phase->samples[phase->sample_at].at_ms = now_ms;
	phase->samples[phase->sample_at].done = phase->done;
	phase->sample_at = (phase->sample_at + 1) % WATCH_SAMPLES;
	if (phase->sample_count < WATCH_SAMPLES)
		phase->sample_count++;
}

double watch_rate(const struct watch_phase *phase, int64_t now_ms)
{
	unsigned newest = (phase->sample_at + WATCH_SAMPLES - 1) % WATCH_SAMPLES, oldest = newest;

	for (unsigned i = 1; i < phase->sample_count; i++) {
		unsigned at = (phase->sample_at + WATCH_SAMPLES - 1 - i) % WATCH_SAMPLES;

		if (now_ms - phase->samples[at].at_ms > WATCH_WINDOW_MS)
			break;
		oldest = at;
	}
	if (oldest == newest || now_ms <= phase->samples[oldest].at_ms)
		return 0;
	return (phase->samples[newest].done - phase->samples[oldest].done) * 1000.0 /
	       (double)(now_ms - phase->samples[oldest].at_ms);
}

int64_t watch_eta_s(const struct watch_phase *phase, double rate)
{
	if (rate < 0.01 || phase->total < phase->done)
		return -1;
	return (int64_t)((phase->total - phase->done) / rate + 0.5);
}

static void summary_apply(struct watch *w, const PbPhaseSummary *s, int64_t now_ms)
{
	struct watch_phase *phase = s ? watch_phase_of(w, s->phase) : NULL;

	if (!phase)
		return;
	phase->status = s->status;
	phase->run = s->run_number > 0 ? s->run_number : phase->run; /* events of older servers don't say */
	phase->percent = s->progress_percentage;
	phase->started_ms = wall_ms(s->started_at);
	phase->ended_ms = wall_ms(s->completed_at ? s->completed_at : s->failed_at);
	if (s->progress) {
		phase->total = s->progress->total_items;
		phase->done = s->progress->processed_items;
		phase->ok = s->progress->successful_items;
		phase->failed = s->progress->failed_items;
	}
	if (s->status == DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_IN_PROGRESS)
		sample(phase, now_ms);
	if (s->status == DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_FAILED)
		snprintf(w->failure, sizeof w->failure, "%s", s->error && *s->error->message ? s->error->message : "");
}

/* --- the goal ------------------------------------------------------------------------------------------------ */

struct status watch_goal_read(const char *text, struct watch *out)
{
	static const struct choices phase_statuses = { .type = &domainflow__v2__phase_status__descriptor };
	const struct choices *statuses = &choices_campaign_status;
	char word[GOAL_SIZE], *equals;

	snprintf(word, sizeof word, "%s", text);
	equals = strchr(word, '=');
	if (equals)
		*equals = '\0';
	if (strncmp(word, "phase/", 6) == 0 || choices_value(&choices_phase, word) > 0) {
		const char *phase = strncmp(word, "phase/", 6) == 0 ? word + 6 : word;

		TRY(choices_check(&choices_phase, "the phase of --for", phase));
		out->until = (Domainflow__V2__Phase)choices_value(&choices_phase, phase);
		statuses = &phase_statuses;
		if (!equals)
			return STATUS_OK_VALUE;
	} else if (equals && strcmp(word, "status") != 0) {
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE",
				   "--for is status=STATUS or phase/PHASE=STATUS, not %s", text);
	}
	TRY(choices_check(statuses, "the status of --for", equals ? equals + 1 : word));
	out->until_status = choices_value(statuses, equals ? equals + 1 : word);
	return STATUS_OK_VALUE;
}

static bool is_goal_reached(struct watch *w)
{
	const struct watch_phase *goal = watch_phase_of(w, w->until);
	int wanted = w->until_status;

	if (goal)
		return (int)goal->status == (wanted ? wanted : DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_COMPLETED);
	return (int)w->status == (wanted ? wanted : DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_COMPLETED);
}

/* What follows from the campaign's status. Out of an end it can only be led by somebody. */
static enum watch_outcome status_outcome(struct watch *w)
{
	if (is_goal_reached(w))
		return WATCH_REACHED;
	if (w->status == DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_CANCELLED)
		return WATCH_CANCELLED;
	if (w->status == DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_FAILED)
		return WATCH_PHASE_FAILED;
	if (w->status == DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_COMPLETED)
		return WATCH_OVER;
	return WATCH_GOES_ON;
}

/* --- messages ------------------------------------------------------------------------------------------------ */

enum watch_outcome watch_snapshot(struct watch *w, const PbSnapshot *snapshot, int64_t now_ms)
{
	w->status = snapshot->status;
	w->mode = snapshot->mode;
	w->percent = snapshot->overall_progress_percentage;
	for (size_t i = 0; i < snapshot->n_phases; i++)
		summary_apply(w, snapshot->phases[i], now_ms);
	return status_outcome(w);
}

static void percent_count(struct watch *w)
{
	w->percent = 0;
	for (unsigned i = 0; i < WATCH_PHASES; i++)
		w->percent += w->phases[i].percent / WATCH_PHASES;
}

/* Stopping a campaign fails its phase and cancels it: campaign_cancelled follows at once and says more. */
static bool is_part_of_a_stop(const PbPhaseSummary *s)
{
	return s && s->error && strcmp(s->error->code, "campaign_stopped") == 0;
}

static enum watch_outcome transition_apply(struct watch *w, const PbEvent *event, int64_t now_ms)
{
	const Domainflow__V2__PhaseTransition *t = event->transition;
	struct watch_phase *phase = watch_phase_of(w, t->phase);

	/* An automatic start has been told already, as phase_started. */
	if (event->type == DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_PHASE_AUTO_STARTED)
		return WATCH_GOES_ON;
	summary_apply(w, t->summary, now_ms);
	if (phase)
		phase->status = t->status;
	percent_count(w);
	if (event->type == DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_PHASE_FAILED && !is_part_of_a_stop(t->summary))
		w->status = DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_FAILED;
	if (event->type == DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_PHASE_PAUSED)
		w->status = DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_PAUSED;
	if (t->status == DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_IN_PROGRESS)
		w->status = DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_RUNNING;
	if (is_goal_reached(w))
		return WATCH_REACHED;
	return event->type == DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_PHASE_FAILED ? status_outcome(w) : WATCH_GOES_ON;
}

/* The stream says campaign_completed and campaign_cancelled; the status follows from that. */
static enum watch_outcome plain_apply(struct watch *w, const PbEvent *event)
{
	if (event->type == DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_CAMPAIGN_COMPLETED) {
		w->status = DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_COMPLETED;
		w->percent = 100;
		return status_outcome(w);
	}
	if (event->type == DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_CAMPAIGN_CANCELLED) {
		w->status = DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_CANCELLED;
		return status_outcome(w);
	}
	return WATCH_GOES_ON;
}

static enum watch_outcome payload_apply(struct watch *w, const PbEvent *event, int64_t now_ms)
{
	switch (event->payload_case) {
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_SNAPSHOT:
		w->last_event = event->snapshot->last_event;
		w->has_position = true;
		return watch_snapshot(w, event->snapshot, now_ms);
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_TRANSITION:
		return transition_apply(w, event, now_ms);
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_PHASE_UPDATE:
		summary_apply(w, event->phase_update, now_ms);
		percent_count(w);
		return WATCH_GOES_ON;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_PROGRESS:
		w->percent = event->progress->percent_complete;
		return WATCH_GOES_ON;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_MODE:
		w->mode = event->mode;
		return WATCH_GOES_ON;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_BLOCKED:
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_DETAILS:
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_LAST_EVENT:
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD__NOT_SET:
	case _DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD__CASE_IS_INT_SIZE:
		break;
	}
	return plain_apply(w, event);
}

enum watch_outcome watch_apply(struct watch *w, const PbEvent *event, int64_t now_ms)
{
	enum watch_outcome outcome = payload_apply(w, event, now_ms);

	if (event->event_number > 0) {
		w->last_event = event->event_number;
		w->has_position = true;
	}
	return event->event_number > 0 && event->event_number <= w->settled ? WATCH_GOES_ON : outcome;
}
