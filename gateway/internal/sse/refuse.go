package sse

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Failer answers a request with a gRPC status as the error envelope of the REST contract.
type Failer func(w http.ResponseWriter, r *http.Request, err error)

// refuse answers 400: a parameter can't be understood.
func (h *Hub) refuse(w http.ResponseWriter, r *http.Request, field, why string) {
	s := status.New(codes.InvalidArgument, field+" "+why)
	if detailed, err := s.WithDetails(&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: field, Description: why}}}); err == nil {
		s = detailed
	}
	h.fail(w, r, s.Err())
}

// refuseFull answers 503: all places are taken, or the gateway is about to end.
func (h *Hub) refuseFull(w http.ResponseWriter, r *http.Request) {
	h.metrics.refused.Inc()
	w.Header().Set("Retry-After", strconv.Itoa(fullBackoff))
	h.fail(w, r, status.Error(codes.Unavailable, "all places for event streams are taken"))
}

// errorEvent is the last event of a stream that can't go on.
func (h *Hub) errorEvent(campaign string, err error) *event {
	s := status.Convert(err)
	code := strings.ToUpper(snake(s.Code().String()))
	payload, _ := marshal(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{code, s.Message()})
	return newEvent(0, envelope{Timestamp: timeText(h.now()), CampaignID: campaign, Payload: payload}.part(typeError))
}

// snake turns NotFound into Not_Found.
func snake(name string) string {
	var out strings.Builder
	for i, c := range name {
		if i > 0 && c >= 'A' && c <= 'Z' {
			out.WriteByte('_')
		}
		out.WriteRune(c)
	}
	return out.String()
}

// parseUUID accepts the 36 characters of a UUID and returns it in lower case, so that one campaign has one feed.
func parseUUID(text string) (string, bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return "", false
	}
	_, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return strings.ToLower(text), err == nil && strings.Count(text, "-") == 4
}
