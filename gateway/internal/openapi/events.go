package openapi

import (
	"net/http"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"domainflow.io/gateway/internal/pb"
	"domainflow.io/gateway/internal/sse"
)

const (
	eventTag   = "Events"
	streamType = "text/event-stream"
)

// payloads of the events by type, docs/spec/07-events.md §4 and §5; the notation is members'.
var payloads = map[string]string{
	"phaseUpdate": "campaignId uuid, phase Phase, status PhaseStatus, progressPercentage number, startedAt? time, " +
		"completedAt? time, failedAt? time, errorMessage? text, errorDetails? PhaseError, progress? PhaseProgress",
	"phase_started":        "campaignId uuid, phase Phase, status PhaseStatus",
	"phase_auto_started":   "campaignId uuid, phase Phase, previousPhase? Phase",
	"phase_paused":         "campaignId uuid, phase Phase, cause? TransitionCause",
	"phase_resumed":        "campaignId uuid, phase Phase, cause? TransitionCause",
	"phase_completed":      "campaignId uuid, phase Phase, results object",
	"phase_failed":         "campaignId uuid, phase Phase, error? text, errorCode? text, errorDetails? PhaseError",
	"phase_configured":     "campaignId uuid, phase Phase",
	"phase_status_changed": "campaignId uuid, phase Phase, status PhaseStatus",
	"auto_advance_blocked": "campaignId uuid, phase Phase, reason text, missing [Phase]",
	"campaign_progress":    "campaignId uuid, currentPhase Phase, overall OverallProgress",
	"campaign_completed":   "campaignId uuid, totals {generated integer; leads integer}",
	"campaign_cancelled":   "campaignId uuid",
	"mode_changed":         "campaignId uuid, mode CampaignMode",
	"domain_generated":     "campaignId uuid, count integer, sample [{id uuid; domain text; offset integer}]",
	"domain_validated": "campaignId uuid, id uuid, domain text, dnsStatus DnsStatus, httpStatus HttpStatus, dnsReason " +
		"text|null, " +
		"httpReason text|null, leadStatus LeadStatus, rejectionReason RejectionReason",
	"domain_status_delta": "campaignId uuid, phase Phase, count integer, items [{id uuid; domain text; dnsStatus? " +
		"DnsStatus; " +
		"httpStatus? HttpStatus; leadStatus? LeadStatus; rejectionReason? RejectionReason}], truncated? boolean",
	"http_enrichment": "campaignId uuid, batch integer, processed integer, ok integer, parked integer, microcrawled " +
		"integer, " +
		"keywordHits integer",
	"domains_http_finalized":          "campaignId uuid, ok integer, error integer, timeout integer",
	"domain_features_batch_finalized": "campaignId uuid, ready integer, error integer, pending integer",
	"extraction_phase_completed":      "campaignId uuid, ready integer, error integer, durationMs integer",
	"counters_reconciled":             "campaignId? uuid, driftCount integer, corrections any, ts time",
	"analysis_reuse_enrichment":       "campaignId uuid, featureVectorCount integer",
	"analysis_read_switch": "campaignId uuid, coverage number, threshold number, adopted boolean, reason " +
		"text, timestamp time",
	"analysis_failed": "campaignId uuid, error text, errorCode text",
	"analysis_completed": "campaignId uuid, scored integer, profileId? uuid, snapshotId uuid, durationMs " +
		"integer",
	"domain_scored": "campaignId uuid, count integer, sample [{domain text; score number; components object}], " +
		"correlationId uuid, " +
		"componentsMeta object",
	"scores_stale": "campaignId uuid, count integer, cause text",
	"rescore_progress": "campaignId uuid, jobId uuid, processed integer, total integer, percentage number, " +
		"correlationId uuid, " +
		"timestamp time",
	"rescore_completed": "campaignId uuid, jobId uuid, result success/partial/failed, scored integer, changed integer, " +
		"failed integer, durationMs integer, correlationId uuid",
	"insights_updated":    "campaignId uuid, endpoints [text]",
	"keyword_set_created": "id uuid, name text",
	"keyword_set_updated": "id uuid, name text",
	"keyword_set_deleted": "id uuid, name text",
	"extraction_substep": "event_id uuid, campaign_id uuid, domain_id? uuid, " +
		"event_type phase_start/phase_progress/phase_complete/phase_error/substep_start/substep_end/domain_update, " +
		"phase extraction/keyword_processing/microcrawl/aggregation/persistence/analysis, " +
		"sub_step? http_fetch/content_parse/keyword_extract/microcrawl_gate/microcrawl_crawl/feature_build/" +
		"richness_compute/feature_upsert/keyword_upsert/score_calculation, " +
		"status pending/running/completed/failed/skipped/cancelled, " +
		"progress? number, message? text, metadata object, processing_time_ms? integer, timestamp time",
	"resync":     "reason buffer_exceeded/unknown_id/reconnected, lastSequence integer",
	"error":      "code text, message text",
	"keep_alive": "status connected/alive, campaignId? uuid, lastSequence? integer, serverTime time",
}

// eventWords are what comments of the contract say of a type; the rest of the types are the gateway's.
var eventWords = map[string]string{
	"phaseUpdate": "A phase as it is now: at every transition, with `sequence`, and as it goes on, without. Enough to " +
		"render it.",
	"resync":     "There is a gap, or may be one: fetch the campaign's status again. The stream goes on.",
	"error":      "The stream can't go on; its last event.",
	"keep_alive": "The first event, and every 12 seconds.",
}

// addEvents is the streams and what is known of them.
func (d *document) addEvents() error {
	d.declare(eventTag, "Live updates as server-sent events. The schema is that of each event's `data`, one line of "+
		"JSON; `event` is "+
		"its `type`, `id` the position to resume from, on stored events only. Begin with the status, then apply what has "+
		"a larger "+
		"`sequence`; a browser's EventSource resumes by itself.")
	for _, value := range []protoreflect.Enum{pb.Phase(0), pb.PhaseStatus(0), pb.TransitionCause(0), pb.CampaignMode(0)} {
		d.enum(value.Descriptor(), answered)
	}
	d.addEventSchemas()
	explode := false
	types := &parameter{Name: "types", In: "query", Style: "form", Explode: &explode,
		Description: "Only these; `resync`, `error` and " +
			"`keep_alive` come in any case.", Schema: &schema{Type: "array", Items: schemaRef("EventType")}}
	detail := &parameter{Name: "detail", In: "query", Description: "full: also the steps of extraction that succeeded.",
		Schema: &schema{Type: "string", Enum: words("normal", "full"), Default: "normal"}}
	position := []*parameter{
		{Name: "Last-Event-ID", In: "header", Description: "The last `id` that came; what followed it is sent first.",
			Schema: &schema{Type: "string"}},
		{Name: "lastEventId", In: "query", Description: "The same, for clients that can't set the header.",
			Schema: &schema{Type: "string"}}}
	id := &parameter{Name: "campaignId", In: "path", Required: true, Description: "UUID.", Schema: &schema{Type: "string",
		Format: "uuid"}}
	ofOne := append([]*parameter{id, types, detail}, position...)
	for _, one := range []struct {
		path, operation, summary string
		parameters               []*parameter
	}{
		{sse.Prefix + "campaigns/{campaignId}", "streamCampaignEvents", "Live updates of one campaign", ofOne},
		{sse.Prefix + "campaigns/{campaignId}/events", "streamCampaignEventsAlias", "The same as without /events", ofOne},
		{sse.Prefix + "events", "streamEvents", "Live updates of all campaigns and keyword sets", []*parameter{types,
			detail}},
	} {
		o := &operation{OperationID: one.operation, Tags: []string{eventTag}, Summary: one.summary,
			Parameters: one.parameters,
			Responses:  map[string]*response{"200": answers("Events until either side ends.", streamType, schemaRef("Event"))}}
		d.refusals(o, 400, 414, 431, 500, 503, 504)
		if len(one.parameters) > 2 {
			d.refusals(o, 404)
		}
		if err := d.add(http.MethodGet, one.path, o); err != nil {
			return err
		}
	}
	d.Components.Schemas["StreamStats"] = members("totalConnections integer, maxConnections integer, "+
		"connectionsByCampaign object, eventsSent integer, eventsDropped integer, uptimeSeconds integer", d)
	o := &operation{OperationID: "getStreamStats", Tags: []string{eventTag}, Summary: "The streams of this gateway",
		Responses: map[string]*response{"200": answers("The streams.", jsonType, schemaRef("StreamStats"))}}
	d.refusals(o, 414, 431)
	return d.add(http.MethodGet, sse.Prefix+"events/stats", o)
}

// addEventSchemas makes Event, one of a schema for each type.
func (d *document) addEventSchemas() {
	all := &schema{Description: "What `data` of an event is, by `type`.",
		Discriminator: &discriminator{PropertyName: "type", Mapping: map[string]string{}}}
	described := d.eventComments()
	for _, name := range sse.Types() {
		payload := members(payloads[name], d)
		one := &schema{Type: "object", Description: described[name], Required: []string{"version", "type", "timestamp",
			"payload"},
			Properties: ordered[*schema]{
				{"version", &schema{Type: "integer", Enum: []any{1}}}, {"type", &schema{Type: "string", Enum: words(name)}},
				{"timestamp", &schema{Type: "string", Format: "date-time"}},
				{"campaignId", &schema{Type: "string", Format: "uuid", Description: "Absent when it is about no campaign."}},
				{"sequence", &schema{Type: "integer", Description: "Lifecycle number of a transition."}}, {"payload", payload}}}
		component := "Event" + camel(name)
		d.Components.Schemas[component] = one
		all.OneOf = append(all.OneOf, schemaRef(component))
		all.Discriminator.Mapping[name] = schemaPrefix + component
	}
	d.Components.Schemas["Event"] = all
	d.Components.Schemas["EventType"] = &schema{Type: "string", Enum: words(sse.Types()...)}
}

// eventComments says what each type is.
func (d *document) eventComments() map[string]string {
	all := map[string]string{}
	values := pb.EventType(0).Descriptor().Values()
	for i := 0; i < values.Len(); i++ {
		name := strings.ToLower(strings.TrimPrefix(string(values.Get(i).Name()), "EVENT_TYPE_"))
		all[name] = d.contract.comment(values.Get(i))
	}
	for name, text := range eventWords {
		all[name] = text
	}
	return all
}

// camel writes phase_started as PhaseStarted.
func camel(name string) string {
	var out strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		out.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return out.String()
}
