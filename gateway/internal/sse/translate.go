package sse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/pb"
)

// How a client is told to fetch the state anew, and why.
const (
	resyncExceeded    = "buffer_exceeded" // its events are no longer kept
	resyncUnknown     = "unknown_id"      // its position is none of ours
	resyncReconnected = "reconnected"     // there may be a gap that nobody can fill
)

// The data of a frame (docs/spec/07-events.md §1).
type envelope struct {
	Version    int             `json:"version"`
	Type       string          `json:"type"`
	Timestamp  string          `json:"timestamp"`
	CampaignID string          `json:"campaignId,omitempty"`
	Sequence   int32           `json:"sequence,omitempty"`
	Payload    json.RawMessage `json:"payload"`
}

func (env envelope) part(eventType int) part {
	env.Version, env.Type = 1, typeNames[eventType]
	data, err := marshal(env)
	if err != nil { // payloads are checked before they come here
		panic(err)
	}
	return part{eventType: eventType, data: data}
}

// marshal is json.Marshal that leaves < > & as they are: this is no HTML.
func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

func (h *Hub) stamp(t *timestamppb.Timestamp) string {
	if t == nil {
		return codec.TimeText(h.now())
	}
	return codec.TimeText(t.AsTime())
}

// translate renders an upstream message. A stored transition becomes the phaseUpdate that renders the phase, and its
// twin, which carries the id; phase_auto_started follows its phase_started and adds nothing to render.
// number is the id, 0 for none.
func (h *Hub) translate(m *pb.WatchCampaignResponse, number int32) (*event, error) {
	env := envelope{Timestamp: h.stamp(m.OccurredAt), CampaignID: m.CampaignId, Sequence: m.Sequence}
	eventType := typeOfMessage(m.Type)
	if eventType < 0 {
		return nil, fmt.Errorf("event type %d is unknown here", m.Type)
	}
	payload, err := payloadOf(m, eventType)
	if err != nil {
		return nil, err
	}
	twin := env
	twin.Payload = payload
	transition := m.GetTransition()
	if transition == nil || eventType == typePhaseAutoStarted {
		e := newEvent(number, twin.part(eventType))
		e.isFull = eventType == typeExtractionSubstep && isFullDetail(payload)
		return e, nil
	}
	env.Payload, err = phasePayload(m.CampaignId, transition.Summary)
	if err != nil {
		return nil, err
	}
	return newEvent(number, env.part(typePhaseUpdate), twin.part(eventType)), nil
}

// typeOfMessage: the words of the contract are the names of the catalogue, but for one.
func typeOfMessage(t pb.EventType) int {
	if t == pb.EventType_EVENT_TYPE_PHASE_UPDATE {
		return typePhaseUpdate
	}
	return typeOf(codec.Word(t))
}

func payloadOf(m *pb.WatchCampaignResponse, eventType int) (json.RawMessage, error) {
	switch content := m.Payload.(type) {
	case *pb.WatchCampaignResponse_Transition:
		return transitionPayload(m.CampaignId, content.Transition, eventType)
	case *pb.WatchCampaignResponse_PhaseUpdate:
		return phasePayload(m.CampaignId, content.PhaseUpdate)
	case *pb.WatchCampaignResponse_Progress:
		return progressPayload(m.CampaignId, content.Progress)
	case *pb.WatchCampaignResponse_Blocked:
		return blockedPayload(m.CampaignId, content.Blocked)
	case *pb.WatchCampaignResponse_Mode:
		return marshal(struct {
			CampaignID string `json:"campaignId"`
			Mode       string `json:"mode"`
		}{m.CampaignId, codec.Word(content.Mode)})
	case *pb.WatchCampaignResponse_Details:
		return detailsPayload(m.CampaignId, content.Details, eventType)
	}
	return nil, fmt.Errorf("%s carries nothing", m.Type)
}

func detailsPayload(campaign, details string, eventType int) (json.RawMessage, error) {
	if details == "" {
		details = "{}"
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(details), &members); err != nil {
		return nil, fmt.Errorf("details: %w", err)
	}
	_, isThere := members["campaignId"]
	if isThere || campaign == "" || eventType == typeExtractionSubstep {
		var compact bytes.Buffer
		err := json.Compact(&compact, []byte(details))
		return compact.Bytes(), err
	}
	members["campaignId"] = json.RawMessage(`"` + campaign + `"`)
	return marshal(members)
}

func isFullDetail(payload json.RawMessage) bool {
	var step struct {
		EventType string `json:"event_type"`
		Status    string `json:"status"`
	}
	if json.Unmarshal(payload, &step) != nil {
		return false
	}
	isStep := strings.HasPrefix(step.EventType, "substep_") || step.EventType == "domain_update"
	return isStep && step.Status != "failed"
}

func (h *Hub) resyncEvent(campaign, reason string, sequence int32) *event {
	payload, _ := marshal(struct {
		Reason       string `json:"reason"`
		LastSequence int32  `json:"lastSequence"`
	}{reason, sequence})
	return newEvent(0, envelope{Timestamp: codec.TimeText(h.now()), CampaignID: campaign, Payload: payload}.part(typeResync))
}
