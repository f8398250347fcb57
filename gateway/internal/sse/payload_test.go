package sse

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"domainflow.io/gateway/internal/pb"
)

func at(second int64) *timestamppb.Timestamp {
	return timestamppb.New(time.Date(2026, 1, 2, 3, 4, int(second), 0, time.UTC))
}

func transition(eventType pb.EventType, t *pb.PhaseTransition) *pb.WatchCampaignResponse {
	return &pb.WatchCampaignResponse{Type: eventType, CampaignId: "c", EventNumber: 7, Sequence: 3, OccurredAt: at(0),
		Payload: &pb.WatchCampaignResponse_Transition{Transition: t}}
}

// The shapes of docs/spec/07-events.md §4.
func TestPayloads(t *testing.T) {
	running := &pb.PhaseSummary{Phase: pb.Phase_PHASE_DNS, Status: pb.PhaseStatus_PHASE_STATUS_IN_PROGRESS,
		ProgressPercentage: 12.5, StartedAt: at(1)}
	failed := &pb.PhaseSummary{Phase: pb.Phase_PHASE_HTTP, Status: pb.PhaseStatus_PHASE_STATUS_FAILED, StartedAt: at(1),
		FailedAt: at(2), Error: &pb.PhaseError{Code: "stopped", Message: "stopped by a user", At: at(2)}}
	cases := []struct {
		message *pb.WatchCampaignResponse
		want    map[string]string // payload by frame
	}{
		{transition(pb.EventType_EVENT_TYPE_PHASE_STARTED, &pb.PhaseTransition{Phase: pb.Phase_PHASE_DNS,
			Status: pb.PhaseStatus_PHASE_STATUS_IN_PROGRESS, Summary: running}), map[string]string{
			"phaseUpdate": `{"campaignId":"c","phase":"dns","status":"in_progress","progressPercentage":12.5,
				"startedAt":"2026-01-02T03:04:01.000Z"}`,
			"phase_started": `{"campaignId":"c","phase":"dns","status":"in_progress"}`}},
		{transition(pb.EventType_EVENT_TYPE_PHASE_AUTO_STARTED, &pb.PhaseTransition{Phase: pb.Phase_PHASE_DNS,
			PreviousPhase: pb.Phase_PHASE_GENERATION, Summary: running}), map[string]string{
			"phase_auto_started": `{"campaignId":"c","phase":"dns","previousPhase":"generation"}`}},
		{transition(pb.EventType_EVENT_TYPE_PHASE_PAUSED, &pb.PhaseTransition{Phase: pb.Phase_PHASE_DNS,
			Cause: pb.TransitionCause_TRANSITION_CAUSE_RECOVERY, Summary: running}), map[string]string{
			"phaseUpdate": "", "phase_paused": `{"campaignId":"c","phase":"dns","cause":"recovery"}`}},
		{transition(pb.EventType_EVENT_TYPE_PHASE_COMPLETED, &pb.PhaseTransition{Phase: pb.Phase_PHASE_DNS,
			Results: `{"ok": 5}`, Summary: running}), map[string]string{
			"phaseUpdate": "", "phase_completed": `{"campaignId":"c","phase":"dns","results":{"ok":5}}`}},
		{transition(pb.EventType_EVENT_TYPE_PHASE_COMPLETED, &pb.PhaseTransition{Phase: pb.Phase_PHASE_DNS,
			Summary: running}), map[string]string{
			"phaseUpdate": "", "phase_completed": `{"campaignId":"c","phase":"dns","results":{}}`}},
		{transition(pb.EventType_EVENT_TYPE_PHASE_FAILED, &pb.PhaseTransition{Phase: pb.Phase_PHASE_HTTP,
			Summary: failed}), map[string]string{
			"phaseUpdate": `{"campaignId":"c","phase":"http","status":"failed","progressPercentage":0,
				"startedAt":"2026-01-02T03:04:01.000Z","failedAt":"2026-01-02T03:04:02.000Z",
				"errorMessage":"stopped by a user","errorDetails":{"code":"stopped","message":"stopped by a user",
				"at":"2026-01-02T03:04:02.000Z",
				"timestamp":"2026-01-02T03:04:02.000Z"}}`,
			"phase_failed": `{"campaignId":"c","phase":"http","error":"stopped by a user","errorCode":"stopped",
				"errorDetails":{"code":"stopped","message":"stopped by a user","at":"2026-01-02T03:04:02.000Z",
				"timestamp":"2026-01-02T03:04:02.000Z"}}`}},
		{&pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_AUTO_ADVANCE_BLOCKED, CampaignId: "c",
			Payload: &pb.WatchCampaignResponse_Blocked{Blocked: &pb.AutoAdvanceBlocked{Phase: pb.Phase_PHASE_HTTP,
				Reason: "no persona", Missing: []pb.Phase{pb.Phase_PHASE_HTTP}}}}, map[string]string{
			"auto_advance_blocked": `{"campaignId":"c","phase":"http","reason":"no persona","missing":["http"]}`}},
		{&pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_CAMPAIGN_PROGRESS, CampaignId: "c",
			Payload: &pb.WatchCampaignResponse_Progress{Progress: &pb.CampaignProgressUpdate{CurrentPhase: pb.Phase_PHASE_DNS,
				Status: pb.CampaignStatus_CAMPAIGN_STATUS_PAUSED, PercentComplete: 40.5, ProcessedDomains: 1, TotalDomains: 2,
				SuccessfulDomains: 3, FailedDomains: 4}}}, map[string]string{
			"campaign_progress": `{"campaignId":"c","currentPhase":"dns","overall":{"status":"paused","percentComplete":40.5,
				"processedDomains":1,"totalDomains":2,"successfulDomains":3,"failedDomains":4}}`}},
		{&pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_MODE_CHANGED, CampaignId: "c",
			Payload: &pb.WatchCampaignResponse_Mode{Mode: pb.CampaignMode_CAMPAIGN_MODE_STEP_BY_STEP}}, map[string]string{
			"mode_changed": `{"campaignId":"c","mode":"step_by_step"}`}},
		{&pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_CAMPAIGN_COMPLETED, CampaignId: "c", EventNumber: 9,
			Payload: &pb.WatchCampaignResponse_Details{Details: `{"totals": {"leads": 3}}`}}, map[string]string{
			"campaign_completed": `{"campaignId":"c","totals":{"leads":3}}`}},
	}
	hub, _ := newTestHub(t, newFakeUpstream(), testLimits())
	for _, c := range cases {
		e, err := hub.translate(c.message, c.message.EventNumber)
		if err != nil {
			t.Errorf("%s: %v", c.message.Type, err)
			continue
		}
		if len(e.frames) != len(c.want) {
			t.Errorf("%s: %d frames", c.message.Type, len(e.frames))
		}
		for _, f := range e.frames {
			want, ok := c.want[typeNames[f.eventType]]
			if !ok {
				t.Errorf("%s: a frame %s", c.message.Type, typeNames[f.eventType])
			} else if want != "" {
				comparePayload(t, f.bytes, want)
			}
		}
	}
}

func comparePayload(t *testing.T, frame []byte, want string) {
	t.Helper()
	e := readFrame(t, frame)
	var document struct {
		Payload any `json:"payload"`
	}
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(e.data), &document); err != nil || !reflect.DeepEqual(document.Payload, wanted) {
		t.Errorf("%s\n got %s\nwant %s", e.event, e.data, want)
	}
}

func TestAMessageThatCantBeRenderedStillCounts(t *testing.T) {
	u := newFakeUpstream(campaignA)
	_, handler := newTestHub(t, u, testLimits())
	b := open(t, handler, campaignPath(campaignA), "0")
	u.mu.Lock()
	u.campaigns[campaignA].append(&pb.WatchCampaignResponse{Type: 9999, CampaignId: campaignA, EventNumber: 1,
		Payload: &pb.WatchCampaignResponse_Details{Details: `{`}})
	u.mu.Unlock()
	u.move(campaignA, completed)
	if e, err := b.next(); err != nil || e.event != "phaseUpdate" {
		t.Errorf("%s %v", e.event, err)
	}
	if e := b.until(t, "phase_completed"); e.id != "2" {
		t.Error(e.id)
	}
}
