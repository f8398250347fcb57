/* model/campaign.h: a campaign and its phases as plain structs. Strings live in the arena of whoever read them.
 * Times are milliseconds since 1970 UTC, 0 = none. No behaviour beyond small arithmetic. */
#ifndef MODEL_CAMPAIGN_H
#define MODEL_CAMPAIGN_H

#include "base/uuid.h"
#include "model/states.h"

#include <stdint.h>

#define CAMPAIGN_DOMAINS_MAX 1000000
#define WORKSPACE_DEFAULT    "default"

struct campaign {
	struct uuid id;
	const char *workspace_id;
	const char *user_id;
	const char *name;
	const char *description;
	enum campaign_status status;
	enum campaign_mode mode;
	const char *configuration; /* JSON object, normalised */
	bool has_scoring_profile, has_original;
	struct uuid scoring_profile_id, duplicated_from;
	const char *error_message; /* "" when nothing is wrong */
	bool restart_running;      /* a restart runs through leads whatever the mode */
	int32_t last_sequence;
	int32_t last_event;
	int32_t version;
	const char *discovery_config_hash;                    /* NULL before generation started */
	int64_t discovery_offset_start, discovery_offset_end; /* inclusive; -1 before the first domain */
	int64_t created_at_ms, updated_at_ms, started_at_ms, completed_at_ms;
};

/* How far a run is, in domains. */
struct phase_progress {
	int32_t total, processed, successful, failed;
};

struct phase_state {
	enum phase phase;
	enum phase_status status;
	const char *configuration; /* JSON object, NULL when none is stored */
	int32_t run_number;        /* 0 before the first run */
	const char *run_context;   /* JSON object: what is fixed for the run */
	struct phase_progress progress;
	const char *error_code, *error_message; /* NULL unless failed */
	int64_t started_at_ms, completed_at_ms, paused_at_ms, failed_at_ms;
};

/* A campaign and its five phases, read at one moment. */
struct campaign_snapshot {
	struct campaign campaign;
	struct phase_state phases[PHASE_COUNT];
};

/* 0..100, two decimals; 100 when completed (01 §3.3: the status is never inferred from it). */
double phase_percent(const struct phase_state *state);
/* Mean of the five, two decimals. */
double campaign_percent(const struct phase_state phases[PHASE_COUNT]);
/* First paused phase in pipeline order, else first in progress; PHASE_COUNT when none. */
enum phase campaign_control_phase(const struct phase_state phases[PHASE_COUNT]);
/* Control phase, else the first phase not completed; PHASE_COUNT when all are. */
enum phase campaign_current_phase(const struct phase_state phases[PHASE_COUNT]);

#endif
