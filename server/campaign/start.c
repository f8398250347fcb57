#include "campaign/start.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "campaign/refusal.h"
#include "phase/phase.h"
#include "store/query.h"
#include "store/tx.h"

#include <string.h>

static const struct change_note no_note = { .previous_phase = PHASE_COUNT };

static bool is_active(enum phase_status status)
{
	return status == PHASE_STATUS_IN_PROGRESS || status == PHASE_STATUS_PAUSED;
}

/* phase PHASE_COUNT is the restart of the campaign, here and below. */
static struct status refusal(const struct campaign_change *change, enum phase phase, const char *reason,
			     const char *obstacle)
{
	char message[160];

	if (phase == PHASE_COUNT) {
		snprintf(message, sizeof message, "Cannot restart: %s", obstacle);
		return campaign_refusal(change, phase, reason, "restart", message);
	}
	snprintf(message, sizeof message, "Cannot start %s: %s", phase_to_text(phase), obstacle);
	return campaign_refusal(change, phase, reason, "start", message);
}

static struct status blocked_by(const struct campaign_change *change, enum phase phase, const char *why,
				enum phase blocking)
{
	struct status st;
	char obstacle[64];

	snprintf(obstacle, sizeof obstacle, "%s is %s", phase_to_text(blocking),
		 phase_status_to_text(change->now.phases[blocking].status));
	st = refusal(change, phase, "RERUN_PRECONDITION_FAILED", obstacle);
	status_add_meta(&st, change->arena, "reason", why);
	status_add_meta(&st, change->arena, "blocking_phase", phase_to_text(blocking));
	return st;
}

static struct status check_nobody_else(const struct campaign_change *change, enum phase phase)
{
	for (int i = 0; i < PHASE_COUNT; i++)
		if (i != (int)phase && is_active(change->now.phases[i].status))
			return blocked_by(change, phase, "another_phase_in_progress", (enum phase)i);
	return STATUS_OK_VALUE;
}

/* analysis and leads have default configurations. */
static bool is_config_missing(const struct campaign_change *change, enum phase phase)
{
	return phase <= PHASE_HTTP && !change->now.phases[phase].configuration;
}

/* OK when each of first..last has a configuration, else PHASE_CONFIG_MISSING listing all that lack one. */
static struct status check_configured(const struct campaign_change *change, enum phase phase, enum phase first,
				      enum phase last)
{
	struct buffer missing;
	struct status st;
	char obstacle[96];

	buffer_init(&missing, 128);
	for (int i = (int)first; i <= (int)last; i++)
		if (is_config_missing(change, (enum phase)i))
			buffer_printf(&missing, "%s%s", missing.len ? "," : "", phase_to_text((enum phase)i));
	if (missing.len == 0) {
		buffer_done(&missing);
		return STATUS_OK_VALUE;
	}
	snprintf(obstacle, sizeof obstacle, "no configuration for %s", missing.data);
	st = refusal(change, phase, "PHASE_CONFIG_MISSING", obstacle);
	status_add_meta(&st, change->arena, "missing_phases", missing.data);
	buffer_done(&missing);
	return st;
}

struct status start_check(struct campaign_change *change, enum phase phase)
{
	const struct campaign *c = &change->now.campaign;
	enum phase_status status = change->now.phases[phase].status;

	/* Retrying the failed phase revives a cancelled campaign; nothing else does but a restart. */
	if (c->status == CAMPAIGN_STATUS_ARCHIVED ||
	    (c->status == CAMPAIGN_STATUS_CANCELLED && status != PHASE_STATUS_FAILED)) {
		char message[64];
		snprintf(message, sizeof message, "the campaign is %s", campaign_status_to_text(c->status));
		return campaign_refusal(change, phase, "INVALID_STATE", "start", message);
	}
	if (phase == PHASE_GENERATION && status == PHASE_STATUS_COMPLETED)
		return campaign_refusal(change, phase, "INVALID_STATE", "start",
					"the campaign's domains were already generated");
	TRY(check_nobody_else(change, phase));
	if (phase != PHASE_GENERATION && change->now.phases[phase - 1].status != PHASE_STATUS_COMPLETED)
		return blocked_by(change, phase, "predecessor_incomplete", (enum phase)(phase - 1));
	if (phase == PHASE_GENERATION && c->mode == CAMPAIGN_MODE_FULL_SEQUENCE)
		return check_configured(change, phase, PHASE_GENERATION, PHASE_HTTP);
	return check_configured(change, phase, phase, phase);
}

struct status start_check_restart(struct campaign_change *change)
{
	TRY(check_nobody_else(change, PHASE_COUNT));
	if (change->now.phases[PHASE_GENERATION].status != PHASE_STATUS_COMPLETED)
		return blocked_by(change, PHASE_COUNT, "predecessor_incomplete", PHASE_GENERATION);
	return check_configured(change, PHASE_COUNT, PHASE_DNS, PHASE_HTTP);
}

/* Results of later phases rest on this one: they wait for their next run. */
static void set_back_later(struct campaign_change *change, enum phase phase)
{
	struct change_note note = no_note;

	note.type = "phase_status_changed";
	for (int i = (int)phase + 1; i < PHASE_COUNT; i++) {
		enum phase_status status = change->now.phases[i].status;
		if (status == PHASE_STATUS_COMPLETED || status == PHASE_STATUS_FAILED)
			change_move(change, (enum phase)i, PHASE_STATUS_CONFIGURED, &note);
	}
}

static void add_phase_events(struct campaign_change *change, enum phase phase, const struct phase_event *events)
{
	for (; events; events = events->next)
		change_event(change, events->type, phase, events->payload, false);
}

static void move_to_in_progress(struct campaign_change *change, enum phase phase, enum phase after)
{
	struct change_note note = no_note;

	note.type = "phase_started";
	note.previous_phase = after;
	change_move(change, phase, PHASE_STATUS_IN_PROGRESS, &note);
	if (after != PHASE_COUNT)
		change_twin(change, "phase_auto_started");
}

/* A preflight that fails is a run that failed at once: in_progress, then failed, in one transaction. */
static void record_failed_preflight(struct campaign_change *change, enum phase phase, enum phase after,
				    struct status why)
{
	struct phase_state *p = &change->now.phases[phase];
	struct change_note note = no_note;
	const char *message = arena_strdup(change->arena, why.detail);

	p->run_number++;
	p->run_context = "{}";
	change->run_begins[phase] = true;
	change->batch_size[phase] = 1;
	move_to_in_progress(change, phase, after);
	note.type = "phase_failed";
	note.error_code = why.reason;
	note.error_message = message;
	change_move(change, phase, PHASE_STATUS_FAILED, &note);
	change->now.campaign.restart_running = false;
	if (phase == PHASE_ANALYSIS) {
		AUTO(json) json_t *payload = json_pack("{s:s, s:s}", "error", why.detail, "errorCode", why.reason);
		change_event(change, "analysis_failed", phase, json_to_arena(change->arena, payload), false);
	}
}

static bool is_preflight_failure(struct status st, enum phase after)
{
	if (st.code != STATUS_FAILED_PRECONDITION)
		return false;
	/* Asked for by a person, an exhausted pattern is refused and nothing changes (01 §6.4). */
	return strcmp(st.reason, "PATTERN_EXHAUSTED") != 0 || after != PHASE_COUNT;
}

static struct status start_run(const struct phase_env *env, struct campaign_change *change, enum phase phase,
			       enum phase after, enum phase_begin_kind kind, bool *keep)
{
	struct phase_state *p = &change->now.phases[phase];
	struct phase_begin begin = { .kind = kind, .campaign = &change->now };
	struct status st;

	TRY(store_script(change->tx, "SAVEPOINT phase_begin"));
	st = phase_ops_of(phase)->begin(env, change->tx, change->arena, &begin);
	if (!status_ok(st)) {
		TRY(store_script(change->tx, "ROLLBACK TO SAVEPOINT phase_begin"));
		if (is_preflight_failure(st, after)) {
			record_failed_preflight(change, phase, after, st);
			*keep = true;
		}
		if (st.code == STATUS_FAILED_PRECONDITION) {
			status_add_meta(&st, change->arena, "current_state", phase_status_to_text(p->status));
			status_add_meta(&st, change->arena, "attempted_action", "start");
		}
		return st;
	}
	TRY(store_script(change->tx, "RELEASE SAVEPOINT phase_begin"));
#define X(name) change->deltas.name += begin.deltas.name;
	COUNTERS(X)
#undef X
	set_back_later(change, phase);
	p->run_number++;
	p->run_context = begin.run_context ? begin.run_context : "{}";
	p->progress.total = begin.total_items;
	change->run_begins[phase] = true;
	change->batch_size[phase] = begin.batch_size;
	change->now.campaign.error_message = "";
	if (change->now.campaign.status == CAMPAIGN_STATUS_CANCELLED)
		change->now.campaign.status = CAMPAIGN_STATUS_RUNNING;
	move_to_in_progress(change, phase, after);
	add_phase_events(change, phase, begin.events);
	return STATUS_OK_VALUE;
}

struct status start_phase(const struct phase_env *env, struct campaign_change *change, enum phase phase,
			  enum phase after, bool *keep)
{
	enum phase_status status = change->now.phases[phase].status;
	enum phase_begin_kind kind = status == PHASE_STATUS_COMPLETED ? PHASE_BEGIN_RERUN
				     : status == PHASE_STATUS_FAILED  ? PHASE_BEGIN_RETRY
								      : PHASE_BEGIN_FIRST;

	/* A phase that an earlier phase's rerun set back ran before: its domains carry results to be done again. */
	if (kind == PHASE_BEGIN_FIRST && change->now.phases[phase].run_number > 0)
		kind = PHASE_BEGIN_RERUN;
	return start_run(env, change, phase, after, kind, keep);
}

struct status start_rerun(const struct phase_env *env, struct campaign_change *change, enum phase phase, bool *keep)
{
	return start_run(env, change, phase, PHASE_COUNT,
			 change->now.phases[phase].run_number > 0 ? PHASE_BEGIN_RERUN : PHASE_BEGIN_FIRST, keep);
}

/* Says, stores and shows why the campaign does not go on by itself: never silent. */
static void block_advance(struct campaign_change *change, enum phase next, struct status why)
{
	AUTO(json) json_t *payload = json_object();
	json_t *missing = json_array();

	change->now.campaign.error_message = arena_strdup(change->arena, why.detail);
	if (!change->now.campaign.error_message)
		change->now.campaign.error_message = "the next phase could not be started";
	change->now.campaign.restart_running = false;
	json_object_set_new(payload, "reason", json_string(why.detail));
	for (int i = (int)next; i < PHASE_COUNT; i++)
		if (is_config_missing(change, (enum phase)i))
			json_array_append_new(missing, json_string(phase_to_text((enum phase)i)));
	json_object_set_new(payload, "missing", missing);
	change_event(change, "auto_advance_blocked", next, json_to_arena(change->arena, payload), false);
}

static struct status advance(const struct phase_env *env, struct campaign_change *change, enum phase completed)
{
	int next = (int)completed + 1;
	struct status st;
	bool keep = false;

	while (next < PHASE_COUNT && change->now.phases[next].status == PHASE_STATUS_COMPLETED)
		next++;
	if (next == PHASE_COUNT)
		return STATUS_OK_VALUE;
	st = start_check(change, (enum phase)next);
	if (status_ok(st))
		st = start_phase(env, change, (enum phase)next, completed, &keep);
	if (status_ok(st) || keep)
		return STATUS_OK_VALUE;
	if (status_is_transient(st))
		return st; /* the whole completion is tried again later */
	/* Whatever is wrong with the next phase, this one is done. */
	block_advance(change, (enum phase)next, status_for_clients(st));
	return STATUS_OK_VALUE;
}

static struct status complete_campaign(struct campaign_change *change)
{
	AUTO(json) json_t *payload = NULL;
	struct counters counters;

	TRY(store_counters_get(change->tx, &change->now.campaign.id, &counters));
	payload = json_pack("{s:{s:i, s:i}}", "totals", "generated",
			    counters.total_domains + change->deltas.total_domains, "leads",
			    counters.lead_match + change->deltas.lead_match);
	change->now.campaign.restart_running = false;
	change_event(change, "campaign_completed", PHASE_COUNT, json_to_arena(change->arena, payload), true);
	return STATUS_OK_VALUE;
}

struct status start_after_completion(const struct phase_env *env, struct campaign_change *change, enum phase phase)
{
	struct phase_finish finish = { .campaign = &change->now };
	struct change_note note = no_note;

	TRY(phase_ops_of(phase)->finish(env, change->tx, change->arena, &finish));
	add_phase_events(change, phase, finish.events);
	change->samples = finish.samples;
	note.type = "phase_completed";
	note.results = finish.results ? finish.results : "{}";
	change_move(change, phase, PHASE_STATUS_COMPLETED, &note);
	if (phase == PHASE_LEADS)
		return complete_campaign(change);
	if (change->now.phases[phase + 1].status == PHASE_STATUS_NOT_STARTED) {
		struct change_note ready = no_note;
		ready.type = "phase_status_changed";
		change_move(change, (enum phase)(phase + 1), PHASE_STATUS_READY, &ready);
	}
	if (change->now.campaign.mode == CAMPAIGN_MODE_FULL_SEQUENCE || change->now.campaign.restart_running)
		return advance(env, change, phase);
	return STATUS_OK_VALUE;
}
