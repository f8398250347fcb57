#include "campaign/change.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"

#include <string.h>

struct status change_open(struct store_tx *tx, struct arena *arena, const struct uuid *campaign_id,
			  const char *workspace, struct campaign_change *out)
{
	memset(out, 0, sizeof *out);
	out->tx = tx;
	out->arena = arena;
	TRY(store_snapshot_get(tx, campaign_id, workspace, true, arena, &out->now));
	out->at_ms = clock_wall_ms();
	return STATUS_OK_VALUE;
}

static void add_event(struct campaign_change *change, const char *type, enum phase phase, const char *payload,
		      int32_t sequence)
{
	if (change->event_count == CHANGE_EVENTS_MAX || !payload) {
		change->events_overflow = true;
		return;
	}
	change->is_dirty = true;
	change->events[change->event_count++] = (struct stored_event){
		.number = ++change->now.campaign.last_event,
		.sequence = sequence,
		.type = type,
		.phase = phase,
		.payload = payload,
	};
}

void change_event(struct campaign_change *change, const char *type, enum phase phase, const char *payload,
		  bool takes_sequence)
{
	add_event(change, type, phase, payload, takes_sequence ? ++change->now.campaign.last_sequence : 0);
}

void change_twin(struct campaign_change *change, const char *type)
{
	const struct stored_event *last = &change->events[change->event_count - 1];

	add_event(change, type, last->phase, last->payload, last->sequence);
}

static void set_time(json_t *object, const char *key, int64_t ms)
{
	if (ms)
		json_object_set_new(object, key, json_integer(ms));
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_string(text));
}

/* What a reader of the stream needs to render the phase, times in milliseconds; events/ turns it into messages. */
static const char *transition_payload(struct campaign_change *change, const struct phase_state *p,
				      enum phase_status from, const struct change_note *note)
{
	AUTO(json) json_t *object = json_object();

	set_text(object, "status", phase_status_to_text(p->status));
	set_text(object, "previousStatus", phase_status_to_text(from));
	set_text(object, "cause", note->cause);
	json_object_set_new(object, "total", json_integer(p->progress.total));
	json_object_set_new(object, "processed", json_integer(p->progress.processed));
	json_object_set_new(object, "successful", json_integer(p->progress.successful));
	json_object_set_new(object, "run", json_integer(p->run_number));
	json_object_set_new(object, "failed", json_integer(p->progress.failed));
	set_time(object, "startedAt", p->started_at_ms);
	set_time(object, "completedAt", p->completed_at_ms);
	set_time(object, "failedAt", p->failed_at_ms);
	if (p->status == PHASE_STATUS_FAILED) {
		set_text(object, "errorCode", p->error_code);
		set_text(object, "errorMessage", p->error_message);
	}
	if (note->results)
		json_object_set_new(object, "results", json_loads(note->results, 0, NULL));
	if (note->previous_phase != PHASE_COUNT)
		set_text(object, "previousPhase", phase_to_text(note->previous_phase));
	return json_to_arena(change->arena, object);
}

/* The side effects of entering a status (01 §2.2). */
static void enter(struct phase_state *p, enum phase_status to, int64_t at_ms, const struct change_note *note)
{
	enum phase_status from = p->status;

	p->status = to;
	switch (to) {
	case PHASE_STATUS_IN_PROGRESS:
		if (from == PHASE_STATUS_PAUSED)
			break;
		p->started_at_ms = at_ms;
		p->completed_at_ms = p->failed_at_ms = p->paused_at_ms = 0;
		p->error_code = p->error_message = NULL;
		p->progress.processed = p->progress.successful = p->progress.failed = 0;
		break;
	case PHASE_STATUS_PAUSED:
		p->paused_at_ms = at_ms;
		break;
	case PHASE_STATUS_COMPLETED:
		p->completed_at_ms = at_ms;
		break;
	case PHASE_STATUS_FAILED:
		p->failed_at_ms = at_ms;
		p->error_code = note->error_code;
		p->error_message = note->error_message;
		break;
	case PHASE_STATUS_CONFIGURED:
		if (from == PHASE_STATUS_COMPLETED || from == PHASE_STATUS_FAILED) {
			p->started_at_ms = p->completed_at_ms = p->failed_at_ms = p->paused_at_ms = 0;
			p->error_code = p->error_message = NULL;
			p->progress = (struct phase_progress){ 0 };
		}
		break;
	case PHASE_STATUS_NOT_STARTED:
	case PHASE_STATUS_READY:
	case PHASE_STATUS_COUNT:
		break;
	}
}

void change_move(struct campaign_change *change, enum phase phase, enum phase_status to, const struct change_note *note)
{
	struct phase_state *p = &change->now.phases[phase];
	enum phase_status from = p->status;

	enter(p, to, change->at_ms, note);
	change->phase_dirty[phase] = change->phase_moved[phase] = true;
	if (note->results)
		change->results[phase] = note->results;
	if (to == PHASE_STATUS_IN_PROGRESS && change->now.campaign.started_at_ms == 0)
		change->now.campaign.started_at_ms = change->at_ms;
	change_event(change, note->type, phase, transition_payload(change, p, from, note), true);
}

/* What the campaign as a whole is, after its phases changed (01 §3.2). */
static enum campaign_status status_after(const struct campaign_snapshot *now)
{
	enum phase control = campaign_control_phase(now->phases);

	if (now->campaign.status == CAMPAIGN_STATUS_ARCHIVED)
		return CAMPAIGN_STATUS_ARCHIVED;
	if (control != PHASE_COUNT)
		return now->phases[control].status == PHASE_STATUS_PAUSED ? CAMPAIGN_STATUS_PAUSED
									  : CAMPAIGN_STATUS_RUNNING;
	if (now->campaign.status == CAMPAIGN_STATUS_CANCELLED)
		return CAMPAIGN_STATUS_CANCELLED;
	if (now->phases[PHASE_LEADS].status == PHASE_STATUS_COMPLETED)
		return CAMPAIGN_STATUS_COMPLETED;
	for (int i = 0; i < PHASE_COUNT; i++)
		if (now->phases[i].status == PHASE_STATUS_FAILED)
			return CAMPAIGN_STATUS_FAILED;
	return now->campaign.started_at_ms ? CAMPAIGN_STATUS_RUNNING : CAMPAIGN_STATUS_DRAFT;
}

/* A phase that was set back or only configured has no run of its own to tell about: the record of its last run stays.
 */
static bool describes_run(const struct phase_state *p)
{
	return p->run_number > 0 && (p->status == PHASE_STATUS_IN_PROGRESS || p->status == PHASE_STATUS_PAUSED ||
				     p->status == PHASE_STATUS_COMPLETED || p->status == PHASE_STATUS_FAILED);
}

struct status change_save(struct campaign_change *change)
{
	const struct uuid *id = &change->now.campaign.id;

	if (change->events_overflow)
		return status_make(STATUS_INTERNAL, "EVENTS_LOST", "a change made more events than it can hold");
	TRY(store_counters_add(change->tx, id, &change->deltas));
	for (int i = 0; i < PHASE_COUNT; i++) {
		struct phase_state *p = &change->now.phases[i];

		if (!change->phase_dirty[i])
			continue;
		change->is_dirty = true;
		TRY(store_phase_save(change->tx, id, p));
		if (change->run_begins[i])
			TRY(store_phase_begin_run(change->tx, id, p, change->batch_size[i]));
		if (describes_run(p))
			TRY(store_execution_save(change->tx, id, p, change->results[i]));
	}
	if (!change->is_dirty)
		return STATUS_OK_VALUE;
	change->now.campaign.status = status_after(&change->now);
	change->now.campaign.completed_at_ms = change->now.campaign.status == CAMPAIGN_STATUS_COMPLETED
						       ? change->now.phases[PHASE_LEADS].completed_at_ms
						       : 0;
	TRY(store_events_insert(change->tx, id, change->events, change->event_count));
	return store_campaign_save(change->tx, &change->now.campaign);
}
