package sse

import (
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/problem"
)

const fullBackoff = 10 * time.Second // how long a refused client should wait

// refuse answers 400: a parameter can't be understood.
func refuse(w http.ResponseWriter, r *http.Request, field, why string) {
	p := problem.New("BAD_REQUEST", field+" "+why)
	p.Details = []problem.Detail{{Field: field, Code: "BAD_REQUEST", Message: why}}
	p.Write(w, r)
}

// refuseFull answers 503: all places are taken, or the gateway is about to end.
func (h *Hub) refuseFull(w http.ResponseWriter, r *http.Request) {
	h.metrics.refused.Inc()
	p := problem.New("SERVICE_UNAVAILABLE", "there is no room for another event stream now")
	p.RetryAfter = fullBackoff
	p.Write(w, r)
}

// problemOf is why a feed is over, for its clients. That all places upstream are taken is no fault of theirs.
func problemOf(err error) *problem.Problem {
	if status.Code(err) != codes.ResourceExhausted {
		return problem.Of(err)
	}
	p := problem.New("SERVICE_UNAVAILABLE", "the server has no room for another event stream")
	p.RetryAfter = fullBackoff
	return p
}

// errorEvent is the last event of a stream that can't go on.
func (h *Hub) errorEvent(campaign string, err error) *event {
	p := problemOf(err)
	payload, _ := marshal(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{p.Code, p.Message})
	return newEvent(0, envelope{Timestamp: codec.TimeText(h.now()), CampaignID: campaign, Payload: payload}.part(typeError))
}

// parseUUID accepts the 36 characters of a UUID and returns it in lower case, so that one campaign has one feed.
func parseUUID(text string) (string, bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return "", false
	}
	_, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return strings.ToLower(text), err == nil && strings.Count(text, "-") == 4
}
