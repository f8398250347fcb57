package sse

import (
	"encoding/json"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/pb"
)

// Payloads of the events that have a message of their own in the contract, as docs/spec/07-events.md §4 shapes them.

// phaseUpdate: errorMessage, errorDetails and progress are there when there is something to say.
type phaseUpdate struct {
	CampaignID         string          `json:"campaignId"`
	Phase              string          `json:"phase"`
	Status             string          `json:"status"`
	ProgressPercentage float64         `json:"progressPercentage"`
	StartedAt          json.RawMessage `json:"startedAt,omitempty"`
	CompletedAt        json.RawMessage `json:"completedAt,omitempty"`
	FailedAt           json.RawMessage `json:"failedAt,omitempty"`
	ErrorMessage       string          `json:"errorMessage,omitempty"`
	ErrorDetails       json.RawMessage `json:"errorDetails,omitempty"`
	Progress           json.RawMessage `json:"progress,omitempty"`
}

// phasePayload is a phase as it is now.
func phasePayload(campaign string, summary *pb.PhaseSummary) (json.RawMessage, error) {
	encoded, err := codec.Marshal(summary)
	if err != nil {
		return nil, err
	}
	var payload phaseUpdate
	if err := json.Unmarshal(encoded, &payload); err != nil {
		return nil, err
	}
	for _, member := range []*json.RawMessage{&payload.StartedAt, &payload.CompletedAt, &payload.FailedAt} {
		if string(*member) == "null" {
			*member = nil
		}
	}
	payload.CampaignID = campaign
	payload.ErrorMessage = summary.GetError().GetMessage()
	if payload.ErrorDetails, err = errorDetails(summary.GetError()); err != nil {
		return nil, err
	}
	return marshal(payload)
}

// errorDetails is {code, message, at}; nil when nothing failed.
func errorDetails(failure *pb.PhaseError) (json.RawMessage, error) {
	if failure == nil {
		return nil, nil
	}
	return codec.Marshal(failure)
}

// transitionPayload is what a notification needs; the phaseUpdate before it says the rest.
func transitionPayload(campaign string, t *pb.PhaseTransition, eventType int) (json.RawMessage, error) {
	payload := struct {
		CampaignID    string          `json:"campaignId"`
		Phase         string          `json:"phase"`
		Status        string          `json:"status,omitempty"`
		PreviousPhase string          `json:"previousPhase,omitempty"`
		Cause         string          `json:"cause,omitempty"`
		Results       json.RawMessage `json:"results,omitempty"`
		Error         string          `json:"error,omitempty"`
		ErrorCode     string          `json:"errorCode,omitempty"`
		ErrorDetails  json.RawMessage `json:"errorDetails,omitempty"`
	}{CampaignID: campaign, Phase: codec.Word(t.Phase)}
	var err error
	switch eventType {
	case typePhaseStarted, typePhaseStatusChanged:
		payload.Status = codec.Word(t.Status)
	case typePhaseAutoStarted:
		payload.PreviousPhase = codec.Word(t.PreviousPhase)
	case typePhasePaused, typePhaseResumed:
		payload.Cause = codec.Word(t.Cause)
	case typePhaseCompleted:
		payload.Results = json.RawMessage(`{}`)
		if t.Results != "" {
			payload.Results = json.RawMessage(t.Results)
		}
	case typePhaseFailed:
		failure := t.Summary.GetError()
		payload.Error, payload.ErrorCode = failure.GetMessage(), failure.GetCode()
		payload.ErrorDetails, err = errorDetails(failure)
	}
	if err != nil {
		return nil, err
	}
	return marshal(payload)
}

func progressPayload(campaign string, p *pb.CampaignProgressUpdate) (json.RawMessage, error) {
	type overall struct {
		Status            string  `json:"status"`
		PercentComplete   float64 `json:"percentComplete"`
		ProcessedDomains  int32   `json:"processedDomains"`
		TotalDomains      int32   `json:"totalDomains"`
		SuccessfulDomains int32   `json:"successfulDomains"`
		FailedDomains     int32   `json:"failedDomains"`
	}
	return marshal(struct {
		CampaignID   string  `json:"campaignId"`
		CurrentPhase string  `json:"currentPhase"`
		Overall      overall `json:"overall"`
	}{campaign, codec.Word(p.CurrentPhase), overall{codec.Word(p.Status), p.PercentComplete, p.ProcessedDomains,
		p.TotalDomains, p.SuccessfulDomains, p.FailedDomains}})
}

func blockedPayload(campaign string, b *pb.AutoAdvanceBlocked) (json.RawMessage, error) {
	missing := make([]string, len(b.Missing))
	for i, phase := range b.Missing {
		missing[i] = codec.Word(phase)
	}
	return marshal(struct {
		CampaignID string   `json:"campaignId"`
		Phase      string   `json:"phase"`
		Reason     string   `json:"reason"`
		Missing    []string `json:"missing"`
	}{campaign, codec.Word(b.Phase), b.Reason, missing})
}
