#include "campaign/control.h"

#include "base/arena.h"
#include "base/json.h"
#include "campaign/refusal.h"
#include "campaign/start.h"
#include "campaign/transition.h"

#include <string.h>

static const struct change_note no_note = { .previous_phase = PHASE_COUNT };

static struct status illegal_move(const struct campaign_change *change, enum phase phase, enum phase_action action)
{
	const char *name = phase_action_to_text(action);
	char message[96];

	snprintf(message, sizeof message, "Cannot %s from '%s' state", name,
		 phase_status_to_text(change->now.phases[phase].status));
	return campaign_refusal(change, phase, "INVALID_PHASE_TRANSITION", name, message);
}

static struct status check_expected(const struct campaign_change *change, enum phase phase, enum phase_action action,
				    struct expected_state expected)
{
	enum phase_status status = change->now.phases[phase].status;
	struct status st;
	char message[128];

	if (!expected.is_given || expected.status == status)
		return STATUS_OK_VALUE;
	snprintf(message, sizeof message, "Expected state '%s' but current state is '%s'; cannot %s",
		 phase_status_to_text(expected.status), phase_status_to_text(status), phase_action_to_text(action));
	st = campaign_refusal(change, phase, "EXPECTED_STATE_MISMATCH", phase_action_to_text(action), message);
	status_add_meta(&st, change->arena, "expected_state", phase_status_to_text(expected.status));
	return st;
}

static struct status check_editable(const struct campaign_change *change, const char *action)
{
	if (change->now.campaign.status == CAMPAIGN_STATUS_ARCHIVED)
		return campaign_refusal(change, PHASE_COUNT, "INVALID_STATE", action, "the campaign is archived");
	return STATUS_OK_VALUE;
}

struct status control_configure(struct campaign_change *change, enum phase phase, const char *configuration)
{
	struct phase_state *p = &change->now.phases[phase];
	struct transition move = transition_of(phase, p->status, PHASE_ACTION_CONFIGURE);

	TRY(check_editable(change, "configure"));
	if (move.kind == TRANSITION_REFUSED)
		return illegal_move(change, phase, PHASE_ACTION_CONFIGURE);
	p->configuration = configuration;
	change->phase_dirty[phase] = true;
	if (move.kind == TRANSITION_MOVE) {
		struct change_note note = no_note;
		note.type = "phase_configured";
		change_move(change, phase, move.to, &note);
	}
	return STATUS_OK_VALUE;
}

/* Pause and resume must name the control phase (01 §2.3). */
static struct status check_control_phase(const struct campaign_change *change, enum phase phase,
					 enum phase_action action)
{
	enum phase control = campaign_control_phase(change->now.phases);
	const char *name = phase_action_to_text(action);
	char message[64];

	if (control == phase)
		return STATUS_OK_VALUE;
	if (control != PHASE_COUNT)
		return illegal_move(change, phase, action);
	snprintf(message, sizeof message, "No controllable phase; cannot %s", name);
	return campaign_refusal(change, phase, "NO_CONTROL_PHASE", name, message);
}

struct status control_pause(struct campaign_change *change, enum phase phase, struct expected_state expected,
			    const char *cause)
{
	struct transition move = transition_of(phase, change->now.phases[phase].status, PHASE_ACTION_PAUSE);
	struct change_note note = no_note;

	TRY(check_expected(change, phase, PHASE_ACTION_PAUSE, expected));
	TRY(check_control_phase(change, phase, PHASE_ACTION_PAUSE));
	if (move.kind == TRANSITION_REFUSED)
		return illegal_move(change, phase, PHASE_ACTION_PAUSE);
	if (move.kind != TRANSITION_MOVE)
		return STATUS_OK_VALUE;
	note.type = "phase_paused";
	note.cause = cause;
	change_move(change, phase, move.to, &note);
	return STATUS_OK_VALUE;
}

struct status control_resume(struct campaign_change *change, enum phase phase, struct expected_state expected,
			     const char *cause)
{
	struct transition move = transition_of(phase, change->now.phases[phase].status, PHASE_ACTION_RESUME);
	struct change_note note = no_note;

	TRY(check_expected(change, phase, PHASE_ACTION_RESUME, expected));
	TRY(check_control_phase(change, phase, PHASE_ACTION_RESUME));
	if (move.kind == TRANSITION_REFUSED)
		return illegal_move(change, phase, PHASE_ACTION_RESUME);
	if (move.kind != TRANSITION_MOVE)
		return STATUS_OK_VALUE;
	note.type = "phase_resumed";
	note.cause = cause;
	change->now.campaign.error_message = ""; /* what recovery left there */
	change_move(change, phase, move.to, &note);
	return STATUS_OK_VALUE;
}

static void fail_phase(struct campaign_change *change, enum phase phase, const char *code, const char *message)
{
	struct change_note note = no_note;

	note.type = "phase_failed";
	note.error_code = code;
	note.error_message = message;
	change_move(change, phase, PHASE_STATUS_FAILED, &note);
	change->now.campaign.restart_running = false;
}

struct status control_stop(struct campaign_change *change, enum phase phase)
{
	struct transition move = transition_of(phase, change->now.phases[phase].status, PHASE_ACTION_STOP);

	if (move.kind == TRANSITION_REFUSED)
		return illegal_move(change, phase, PHASE_ACTION_STOP);
	if (move.kind == TRANSITION_MOVE)
		fail_phase(change, phase, "stopped", "Phase stop requested by user");
	return STATUS_OK_VALUE;
}

struct status control_stop_campaign(struct campaign_change *change, enum phase *stopped)
{
	enum phase control = campaign_control_phase(change->now.phases);

	TRY(check_editable(change, "stop"));
	if (control == PHASE_COUNT)
		return campaign_refusal(change, PHASE_COUNT, "NO_CONTROL_PHASE", "stop",
					"No controllable phase; cannot stop");
	fail_phase(change, control, "campaign_stopped", "Campaign stop requested by user");
	change->now.campaign.status = CAMPAIGN_STATUS_CANCELLED;
	change_event(change, "campaign_cancelled", PHASE_COUNT, "{}", true);
	*stopped = control;
	return STATUS_OK_VALUE;
}

struct status control_set_mode(struct campaign_change *change, enum campaign_mode mode)
{
	TRY(check_editable(change, "set mode"));
	if (change->now.campaign.mode == mode)
		return STATUS_OK_VALUE;
	change->now.campaign.mode = mode;
	change_event(change, "mode_changed", PHASE_COUNT,
		     arena_printf(change->arena, "{\"mode\":\"%s\"}", campaign_mode_to_text(mode)), false);
	return STATUS_OK_VALUE;
}

struct status control_archive(struct campaign_change *change, int32_t version)
{
	struct campaign *campaign = &change->now.campaign;
	enum phase control = campaign_control_phase(change->now.phases);

	if (campaign->version != version) {
		struct status st = campaign_refusal(change, PHASE_COUNT, "VERSION_MISMATCH", "archive",
						    "the campaign has changed since that version");
		status_add_meta(&st, change->arena, "current_version",
				arena_printf(change->arena, "%d", campaign->version));
		return st;
	}
	if (campaign->status == CAMPAIGN_STATUS_ARCHIVED)
		return STATUS_OK_VALUE;
	if (control != PHASE_COUNT)
		return campaign_refusal(change, control, "CAMPAIGN_IN_PROGRESS", "archive",
					"a phase is in progress or paused; stop it first");
	campaign->status = CAMPAIGN_STATUS_ARCHIVED;
	campaign->last_sequence++;
	campaign->error_message = "";
	change->is_dirty = true;
	return STATUS_OK_VALUE;
}

struct status control_start(const struct phase_env *env, struct campaign_change *change, enum phase phase,
			    struct expected_state expected, bool *keep)
{
	struct phase_state *p = &change->now.phases[phase];
	struct transition move = transition_of(phase, p->status, PHASE_ACTION_START);

	*keep = false;
	TRY(check_expected(change, phase, PHASE_ACTION_START, expected));
	if (move.kind == TRANSITION_NONE)
		return STATUS_OK_VALUE;
	if (p->status == PHASE_STATUS_PAUSED)
		return control_resume(change, phase, (struct expected_state){ 0 }, "user");
	TRY(start_check(change, phase));
	if (move.kind == TRANSITION_REFUSED)
		return illegal_move(change, phase, PHASE_ACTION_START);
	return start_phase(env, change, phase, PHASE_COUNT, keep);
}

struct status control_restart_analysis(const struct phase_env *env, struct campaign_change *change, bool *keep)
{
	struct phase_state *p = &change->now.phases[PHASE_ANALYSIS];

	struct status st;

	*keep = false;
	if (p->status == PHASE_STATUS_IN_PROGRESS || p->status == PHASE_STATUS_PAUSED)
		st = illegal_move(change, PHASE_ANALYSIS, PHASE_ACTION_START);
	else
		st = start_check(change, PHASE_ANALYSIS);
	if (!status_ok(st)) { /* of http, or of the run that is under way */
		status_add_meta(&st, change->arena, "required_state", phase_status_to_text(PHASE_STATUS_COMPLETED));
		return st;
	}
	return start_phase(env, change, PHASE_ANALYSIS, PHASE_COUNT, keep);
}

struct status control_restart_campaign(const struct phase_env *env, struct campaign_change *change, bool *keep)
{
	*keep = false;
	TRY(check_editable(change, "restart"));
	TRY(start_check_restart(change));
	change->now.campaign.restart_running = true;
	/* A restart is a rerun from dns on, also where dns had failed half way. */
	return start_rerun(env, change, PHASE_DNS, keep);
}

struct status control_complete(const struct phase_env *env, struct campaign_change *change, enum phase phase)
{
	if (change->now.phases[phase].status != PHASE_STATUS_IN_PROGRESS)
		return STATUS_OK_VALUE;
	return start_after_completion(env, change, phase);
}

struct status control_fail(struct campaign_change *change, enum phase phase, const char *code, const char *message)
{
	struct transition move = transition_of(phase, change->now.phases[phase].status, PHASE_ACTION_FAIL);

	if (move.kind != TRANSITION_MOVE)
		return STATUS_OK_VALUE;
	fail_phase(change, phase, code, arena_strdup(change->arena, message));
	if (phase == PHASE_ANALYSIS) {
		AUTO(json) json_t *payload = json_pack("{s:s, s:s}", "error", message, "errorCode", code);
		change_event(change, "analysis_failed", phase, json_to_arena(change->arena, payload), false);
	}
	return STATUS_OK_VALUE;
}
