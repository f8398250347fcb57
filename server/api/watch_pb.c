/* What the hub says, as messages: see api/watch_pb.h. */
#include "api/watch_pb.h"

#include "api/convert.h"
#include "api/pb.h"
#include "api/snapshot_pb.h"
#include "base/json.h"
#include "events/hub.h"
#include "rpc/stream.h"

#include <stdlib.h>
#include <string.h>

#define EVENT(name) DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_##name

/* Stored events: their name in the database, and how their payload travels. */
enum payload_kind { PAYLOAD_TRANSITION, PAYLOAD_BLOCKED, PAYLOAD_MODE, PAYLOAD_DETAILS };

static const struct event_kind {
	const char *type;
	Domainflow__V2__EventType pb;
	enum payload_kind payload;
} event_kinds[] = {
	{ "phase_started", EVENT(PHASE_STARTED), PAYLOAD_TRANSITION },
	{ "phase_auto_started", EVENT(PHASE_AUTO_STARTED), PAYLOAD_TRANSITION },
	{ "phase_paused", EVENT(PHASE_PAUSED), PAYLOAD_TRANSITION },
	{ "phase_resumed", EVENT(PHASE_RESUMED), PAYLOAD_TRANSITION },
	{ "phase_completed", EVENT(PHASE_COMPLETED), PAYLOAD_TRANSITION },
	{ "phase_failed", EVENT(PHASE_FAILED), PAYLOAD_TRANSITION },
	{ "phase_configured", EVENT(PHASE_CONFIGURED), PAYLOAD_TRANSITION },
	{ "phase_status_changed", EVENT(PHASE_STATUS_CHANGED), PAYLOAD_TRANSITION },
	{ "auto_advance_blocked", EVENT(AUTO_ADVANCE_BLOCKED), PAYLOAD_BLOCKED },
	{ "mode_changed", EVENT(MODE_CHANGED), PAYLOAD_MODE },
	{ "campaign_completed", EVENT(CAMPAIGN_COMPLETED), PAYLOAD_DETAILS },
	{ "campaign_cancelled", EVENT(CAMPAIGN_CANCELLED), PAYLOAD_DETAILS },
	{ "domains_http_finalized", EVENT(DOMAINS_HTTP_FINALIZED), PAYLOAD_DETAILS },
	{ "extraction_phase_completed", EVENT(EXTRACTION_PHASE_COMPLETED), PAYLOAD_DETAILS },
	{ "analysis_reuse_enrichment", EVENT(ANALYSIS_REUSE_ENRICHMENT), PAYLOAD_DETAILS },
	{ "analysis_completed", EVENT(ANALYSIS_COMPLETED), PAYLOAD_DETAILS },
	{ "analysis_failed", EVENT(ANALYSIS_FAILED), PAYLOAD_DETAILS },
};

static const Domainflow__V2__EventType sample_kinds[SAMPLE_TYPE_COUNT] = {
	[SAMPLE_GENERATED] = EVENT(DOMAIN_GENERATED),
	[SAMPLE_VALIDATED] = EVENT(DOMAIN_VALIDATED),
	[SAMPLE_STATUS_DELTA] = EVENT(DOMAIN_STATUS_DELTA),
	[SAMPLE_HTTP_ENRICHMENT] = EVENT(HTTP_ENRICHMENT),
	[SAMPLE_FEATURES] = EVENT(DOMAIN_FEATURES_BATCH_FINALIZED),
	[SAMPLE_SCORED] = EVENT(DOMAIN_SCORED),
	[SAMPLE_SUBSTEP] = EVENT(EXTRACTION_SUBSTEP),
	[SAMPLE_SET_CREATED] = EVENT(KEYWORD_SET_CREATED),
	[SAMPLE_SET_UPDATED] = EVENT(KEYWORD_SET_UPDATED),
	[SAMPLE_SET_DELETED] = EVENT(KEYWORD_SET_DELETED),
};

static const struct event_kind *kind_of(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(event_kinds); i++)
		if (strcmp(event_kinds[i].type, type) == 0)
			return &event_kinds[i];
	return NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int32_t number_of(const json_t *object, const char *key)
{
	return (int32_t)json_integer_value(json_object_get(object, key));
}

static Domainflow__V2__TransitionCause cause_of(const char *text)
{
	if (!text)
		return DOMAINFLOW__V2__TRANSITION_CAUSE__TRANSITION_CAUSE_UNSPECIFIED;
	if (strcmp(text, "user") == 0)
		return DOMAINFLOW__V2__TRANSITION_CAUSE__TRANSITION_CAUSE_USER;
	if (strcmp(text, "recovery") == 0)
		return DOMAINFLOW__V2__TRANSITION_CAUSE__TRANSITION_CAUSE_RECOVERY;
	return DOMAINFLOW__V2__TRANSITION_CAUSE__TRANSITION_CAUSE_SYSTEM;
}

/* The phase as the transition's payload has it (campaign/change.c writes it). */
static struct phase_state state_of(enum phase phase, const json_t *payload)
{
	struct phase_state state = { .phase = phase };
	const char *status = text_of(payload, "status");

	if (status)
		phase_status_from_text(status, &state.status);
	state.progress = (struct phase_progress){ number_of(payload, "total"), number_of(payload, "processed"),
						  number_of(payload, "successful"), number_of(payload, "failed") };
	state.run_number = number_of(payload, "run");
	state.started_at_ms = json_integer_value(json_object_get(payload, "startedAt"));
	state.completed_at_ms = json_integer_value(json_object_get(payload, "completedAt"));
	state.failed_at_ms = json_integer_value(json_object_get(payload, "failedAt"));
	state.error_code = text_of(payload, "errorCode");
	state.error_message = text_of(payload, "errorMessage");
	return state;
}

static PbPhaseTransition *transition_pb(struct arena *arena, const struct stored_event *event, const json_t *payload)
{
	PbPhaseTransition *pb = PB_NEW(arena, PbPhaseTransition, domainflow__v2__phase_transition);
	struct phase_state state = state_of(event->phase, payload);
	const char *before = text_of(payload, "previousStatus"), *previous = text_of(payload, "previousPhase");
	const json_t *results = json_object_get(payload, "results");
	enum phase_status previous_status;
	enum phase previous_phase;

	if (!pb)
		return NULL;
	pb->phase = pb_phase(event->phase);
	pb->status = pb_phase_status(state.status);
	if (before && phase_status_from_text(before, &previous_status))
		pb->previous_status = pb_phase_status(previous_status);
	pb->cause = cause_of(text_of(payload, "cause"));
	pb->summary = pb_phase_summary(arena, &state);
	if (results)
		pb->results = pb_text(json_to_arena(arena, results));
	if (previous && phase_from_text(previous, &previous_phase))
		pb->previous_phase = pb_phase(previous_phase);
	return pb->summary ? pb : NULL;
}

static PbAutoAdvanceBlocked *blocked_pb(struct arena *arena, const struct stored_event *event, const json_t *payload)
{
	PbAutoAdvanceBlocked *pb = PB_NEW(arena, PbAutoAdvanceBlocked, domainflow__v2__auto_advance_blocked);
	const json_t *missing = json_object_get(payload, "missing");
	size_t count = json_array_size(missing);

	if (!pb)
		return NULL;
	pb->phase = pb_phase(event->phase);
	pb->reason = pb_text(text_of(payload, "reason"));
	pb->missing = arena_array(arena, count, sizeof *pb->missing);
	if (!pb->missing)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_array_get(missing, i));
		enum phase phase;
		if (name && phase_from_text(name, &phase))
			pb->missing[pb->n_missing++] = pb_phase(phase);
	}
	return pb;
}

static bool fill_stored(struct arena *arena, const struct stored_event *event, const json_t *payload,
			PbWatchCampaignResponse *pb)
{
	const struct event_kind *kind = kind_of(event->type);
	enum campaign_mode mode = CAMPAIGN_MODE_STEP_BY_STEP;

	pb->event_number = event->number;
	pb->sequence = event->sequence;
	if (!kind) { /* written by a newer version: its number still counts */
		pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_DETAILS;
		pb->details = pb_text(event->payload);
		return true;
	}
	pb->type = kind->pb;
	switch (kind->payload) {
	case PAYLOAD_TRANSITION:
		pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_TRANSITION;
		pb->transition = transition_pb(arena, event, payload);
		return pb->transition != NULL;
	case PAYLOAD_BLOCKED:
		pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_BLOCKED;
		pb->blocked = blocked_pb(arena, event, payload);
		return pb->blocked != NULL;
	case PAYLOAD_MODE:
		pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_MODE;
		if (text_of(payload, "mode"))
			campaign_mode_from_text(text_of(payload, "mode"), &mode);
		pb->mode = pb_campaign_mode(mode);
		return true;
	case PAYLOAD_DETAILS:
		pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_DETAILS;
		pb->details = pb_text(event->payload);
		return true;
	}
	return false;
}

static PbCampaignProgressUpdate *progress_pb(struct arena *arena, const struct hub_message *message)
{
	PbCampaignProgressUpdate *pb =
		PB_NEW(arena, PbCampaignProgressUpdate, domainflow__v2__campaign_progress_update);
	const struct counters *counters = message->counters;

	if (!pb)
		return NULL;
	pb->current_phase = pb_phase(campaign_current_phase(message->snapshot->phases));
	pb->status = pb_campaign_status(message->snapshot->campaign.status);
	pb->percent_complete = campaign_percent(message->snapshot->phases);
	pb->total_domains = counters->total_domains;
	pb->processed_domains = counters->total_domains - counters->reject_pending;
	pb->successful_domains = counters->lead_match;
	pb->failed_domains =
		counters->dns_error + counters->dns_timeout + counters->http_error + counters->http_timeout;
	return pb;
}

static bool fill_snapshot(struct arena *arena, const struct hub_message *message, PbWatchCampaignResponse *pb)
{
	pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_SNAPSHOT;
	pb->snapshot = pb_snapshot(arena, message->snapshot);
	return pb->snapshot != NULL;
}

#define RESYNC(name) DOMAINFLOW__V2__RESYNC_REASON__RESYNC_REASON_##name

static const Domainflow__V2__ResyncReason resync_reasons[] = {
	[HUB_RESYNC_NONE] = RESYNC(UNSPECIFIED),
	[HUB_RESYNC_EXCEEDED] = RESYNC(BUFFER_EXCEEDED),
	[HUB_RESYNC_UNKNOWN] = RESYNC(UNKNOWN_ID),
	[HUB_RESYNC_RECONNECTED] = RESYNC(RECONNECTED),
};

static bool fill(struct arena *arena, const struct hub_message *message, const json_t *payload,
		 PbWatchCampaignResponse *pb)
{
	if (!uuid_is_zero(&message->campaign_id))
		pb->campaign_id = pb_uuid(arena, &message->campaign_id);
	pb->occurred_at = pb_time(arena, message->at_ms);
	switch (message->kind) {
	case HUB_STORED:
		return fill_stored(arena, message->event, payload, pb);
	case HUB_SNAPSHOT:
		pb->type = EVENT(SNAPSHOT);
		return fill_snapshot(arena, message, pb);
	case HUB_RESYNC:
		pb->type = EVENT(RESYNC);
		pb->resync_reason = resync_reasons[message->resync];
		pb->last_sequence = message->last_sequence;
		return !message->snapshot || fill_snapshot(arena, message, pb);
	case HUB_PHASE_UPDATE:
		pb->type = EVENT(PHASE_UPDATE);
		pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_PHASE_UPDATE;
		pb->phase_update = pb_phase_summary(arena, message->phase);
		return pb->phase_update != NULL;
	case HUB_CAMPAIGN_PROGRESS:
		pb->type = EVENT(CAMPAIGN_PROGRESS);
		pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_PROGRESS;
		pb->progress = progress_pb(arena, message);
		return pb->progress != NULL;
	case HUB_KEEP_ALIVE:
		pb->type = EVENT(KEEP_ALIVE);
		pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_LAST_EVENT;
		pb->last_event = message->last_event;
		pb->last_sequence = message->last_sequence;
		return true;
	case HUB_SAMPLE:
		pb->type = sample_kinds[message->sample->type];
		pb->payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_DETAILS;
		pb->details = pb_text(message->payload);
		return true;
	}
	return false;
}

#define ENCODE_BYTES_MAX (1024u * 1024)

static uint64_t bit_of(Domainflow__V2__EventType type)
{
	return 1ull << (unsigned)type;
}

static bool is_transition(Domainflow__V2__EventType type)
{
	for (size_t i = 0; i < ARRAY_LEN(event_kinds); i++)
		if (event_kinds[i].pb == type)
			return event_kinds[i].payload == PAYLOAD_TRANSITION;
	return false;
}

/* The bits of which a filter must have one. */
static uint64_t bits_of(Domainflow__V2__EventType type)
{
	uint64_t bits = bit_of(type);

	if (type == EVENT(SNAPSHOT) || type == EVENT(RESYNC) || type == EVENT(KEEP_ALIVE) || type == EVENT(UNSPECIFIED))
		return UINT64_MAX;
	return is_transition(type) ? bits | bit_of(EVENT(PHASE_UPDATE)) : bits;
}

static_assert(DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_KEYWORD_SET_DELETED < 64, "filters are 64 bits");

bool watch_filter_of(const Domainflow__V2__EventType *types, size_t count, uint64_t *out)
{
	uint64_t filter = count == 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < count; i++) {
		if (types[i] == EVENT(UNSPECIFIED) ||
		    !protobuf_c_enum_descriptor_get_value(&domainflow__v2__event_type__descriptor, (int)types[i]))
			return false;
		filter |= bit_of(types[i]);
	}
	*out = filter;
	return true;
}

/* --- the encoded message ---------------------------------------------------------------------------------------- */

struct watch_message {
	uint64_t bits;
	bool is_full;
	struct rpc_packed *plain, *wrapped; /* wrapped: for the stream of all campaigns, made when the first needs it */
};

void *watch_encode(const struct hub_message *message)
{
	AUTO(arena) struct arena *arena = arena_create(ENCODE_BYTES_MAX);
	AUTO(json) json_t *payload = NULL;
	PbWatchCampaignResponse pb = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__INIT;
	struct watch_message *encoded;

	if (!arena)
		return NULL;
	if (message->kind == HUB_STORED)
		payload = json_loads(message->event->payload, 0, NULL);
	if (!fill(arena, message, payload, &pb))
		return NULL;
	encoded = calloc(1, sizeof *encoded);
	if (!encoded)
		return NULL;
	encoded->bits = bits_of(pb.type);
	encoded->is_full = message->kind == HUB_SAMPLE && message->sample->is_full;
	encoded->plain = rpc_packed_create(&pb.base);
	if (encoded->plain)
		return encoded;
	free(encoded);
	return NULL;
}

void watch_release(void *encoded)
{
	struct watch_message *message = encoded;

	rpc_packed_release(message->plain);
	rpc_packed_release(message->wrapped);
	free(message);
}

bool watch_passes(const struct watch_message *message, uint64_t filter, bool wants_full)
{
	return (message->bits & filter) != 0 && (wants_full || !message->is_full);
}

enum sample_level watch_level_of(uint64_t filter, bool wants_full)
{
	enum sample_level level = SAMPLE_NONE;

	for (int i = 0; i < SAMPLE_TYPE_COUNT; i++)
		if (filter & bit_of(sample_kinds[i]))
			level = SAMPLE_NORMAL;
	return wants_full && (filter & bit_of(EVENT(EXTRACTION_SUBSTEP))) ? SAMPLE_FULL : level;
}

struct rpc_packed *watch_packed(struct watch_message *message, bool is_wrapped)
{
	if (!is_wrapped)
		return message->plain;
	if (!message->wrapped)
		message->wrapped = rpc_packed_wrap(message->plain);
	return message->wrapped;
}
