package problem

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"domainflow.io/gateway/internal/codec"
)

// refusal is a status as domainflowd sends it.
func refusal(code codes.Code, reason, sentence string, metadata map[string]string, more ...protoadapt.MessageV1) error {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: "domainflow.io", Metadata: metadata}
	with, err := status.New(code, sentence).WithDetails(append([]protoadapt.MessageV1{info}, more...)...)
	if err != nil {
		panic(err)
	}
	return with.Err()
}

func TestReasonsHaveTheirStatus(t *testing.T) {
	for _, c := range []struct {
		code   codes.Code
		reason string
		want   string
		status int
	}{
		{codes.InvalidArgument, "BAD_REQUEST", "BAD_REQUEST", 400},
		{codes.InvalidArgument, "PAGE_TOKEN_INVALID", "BAD_REQUEST", 400},
		{codes.InvalidArgument, "VALIDATION_ERROR", "VALIDATION_ERROR", 422},
		{codes.NotFound, "CAMPAIGN_UNKNOWN", "NOT_FOUND", 404},
		{codes.AlreadyExists, "PERSONA_NAME_TAKEN", "CONFLICT", 409},
		{codes.FailedPrecondition, "INVALID_PHASE_TRANSITION", "INVALID_PHASE_TRANSITION", 409},
		{codes.FailedPrecondition, "PERSONA_IN_USE", "CONFLICT", 409},
		{codes.FailedPrecondition, "E_ANALYSIS_MISSING_FEATURES", "E_ANALYSIS_MISSING_FEATURES", 409},
		{codes.Aborted, "CAMPAIGN_MOVED", "CONFLICT", 409},
		{codes.PermissionDenied, "ROLE", "FORBIDDEN", 403},
		{codes.Unauthenticated, "", "UNAUTHORIZED", 401},
		{codes.ResourceExhausted, "PROBES_BUSY", "RATE_LIMIT_EXCEEDED", 429},
		{codes.Unavailable, "DATABASE_UNAVAILABLE", "SERVICE_UNAVAILABLE", 503},
		{codes.DeadlineExceeded, "DEADLINE", "GATEWAY_TIMEOUT", 504},
		{codes.Canceled, "", "REQUEST_TIMEOUT", 408},
		{codes.Internal, "INTERNAL", "INTERNAL_SERVER_ERROR", 500},
		{codes.Unknown, "", "INTERNAL_SERVER_ERROR", 500},
		{codes.DataLoss, "", "INTERNAL_SERVER_ERROR", 500},
		{codes.Unimplemented, "", "NOT_IMPLEMENTED", 501},
	} {
		p := Of(refusal(c.code, c.reason, "a sentence", nil))
		if p.Code != c.want || p.Status != c.status {
			t.Errorf("%s / %s became %s %d", c.code, c.reason, p.Code, p.Status)
		}
	}
}

func TestEveryCodeHasAStatus(t *testing.T) {
	for code, known := range ofGRPC {
		if statusOf[known.code] == 0 || known.sentence == "" {
			t.Errorf("%s leads to %q, which has no status", code, known.code)
		}
	}
}

func TestWhatGRPCItselfSaysStaysInside(t *testing.T) {
	for _, err := range []error{
		status.Error(codes.Unavailable, `connection error: dial tcp 127.0.0.1:8090: connect: refused`),
		status.Error(codes.Internal, "server/store/pool.c:12: relation does not exist"),
		errors.New("open /etc/secret: permission denied"),
	} {
		if p := Of(err); strings.Contains(p.Message, "127") || strings.Contains(p.Message, "/") {
			t.Errorf("%v became %q", err, p.Message)
		}
	}
}

func TestRenamedFieldsAreRenamedInTheSentence(t *testing.T) {
	p := Of(refusal(codes.InvalidArgument, "BAD_REQUEST", "a: is bad", nil, &errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "a", Description: "is bad"}}}))
	p.Rename(func(field string) string { return "new" + field })
	if p.Message != "newa: is bad" || p.Details[0].Field != "newa" {
		t.Error(p.Message, p.Details)
	}
}

func TestInternalErrorsNameTheirIncident(t *testing.T) {
	p := Of(refusal(codes.Internal, "INTERNAL", "internal error; incident 7", map[string]string{"incident": "7"}))
	if p.Message != "internal error; incident 7" || p.Extra["incident"] != "7" {
		t.Error(p)
	}
}

func TestConflictMembers(t *testing.T) {
	p := Of(refusal(codes.FailedPrecondition, "PHASE_CONFIG_MISSING", "Cannot start", map[string]string{
		"current_state": "ready", "attempted_action": "start", "missing_phases": "dns,http"}))
	phases, _ := p.Extra["missingPhases"].([]string)
	if p.Extra["current_state"] != "ready" || p.Extra["attempted_action"] != "start" || len(phases) != 2 ||
		p.Extra["reason"] != nil {
		t.Error(p.Extra)
	}
	p = Of(refusal(codes.FailedPrecondition, "INVALID_PHASE_TRANSITION", "Cannot",
		map[string]string{"current_state": "paused",
			"required_state": "completed"}))
	if p.Extra["currentState"] != "paused" || p.Extra["requiredState"] != "completed" ||
		p.Extra["current_state"] != "paused" {
		t.Error(p.Extra)
	}
	p = Of(refusal(codes.FailedPrecondition, "RERUN_PRECONDITION_FAILED", "Cannot",
		map[string]string{"reason": "predecessor_incomplete"}))
	if p.Extra["reason"] != "predecessor_incomplete" {
		t.Error(p.Extra)
	}
}

func TestFieldsAndRetries(t *testing.T) {
	fields := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: "name", Reason: "REQUIRED_FIELD", Description: "is required"}}}
	p := Of(refusal(codes.InvalidArgument, "VALIDATION_ERROR", "name: is required", nil, fields))
	if len(p.Details) != 1 || p.Details[0].Field != "name" || p.Details[0].Code != "REQUIRED_FIELD" {
		t.Error(p.Details)
	}
	if inQuery := InQuery(p); inQuery.Status != 400 || inQuery.Details[0].Code != "BAD_REQUEST" {
		t.Error(inQuery)
	}
	retry := &errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)}
	p = Of(refusal(codes.Aborted, "BUSY", "again", nil, retry))
	w := httptest.NewRecorder()
	p.Write(w, httptest.NewRequest(http.MethodGet, "/x", nil))
	if w.Header().Get("Retry-After") != "2" || !strings.Contains(w.Body.String(), `"retryAfterMs":1500`) {
		t.Error(w.Header(), w.Body)
	}
}

func TestFaults(t *testing.T) {
	for kind, want := range map[codec.Kind]int{codec.Malformed: 400, codec.WrongType: 400, codec.WrongValue: 422,
		codec.Unknown: 422} {
		if p := Of(codec.Faults{{Kind: codec.WrongValue, Field: "a", Message: "m"}, {Kind: kind, Field: "b",
			Message: "n"}}); p.Status != want {
			t.Error(kind, p)
		}
	}
}

func TestEnvelope(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set(RequestID, "abc")
	w.Header().Set("Location", "/x")
	p := New("METHOD_NOT_ALLOWED", "no")
	p.Allow = []string{"GET", "PUT"}
	p.Details = []Detail{{Field: "f", Message: "m"}}
	p.Write(w, httptest.NewRequest(http.MethodPost, "/a%20b?q=1", nil))
	var body struct {
		Success   *bool
		RequestID string `json:"requestId"`
		Error     struct {
			Code, Message, Timestamp, Path string
			Details                        []Detail
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if w.Code != 405 || w.Header().Get("Allow") != "GET, PUT" || w.Header().Get("Location") != "" || *body.Success ||
		body.RequestID != "abc" || body.Error.Path != "/a%20b" || body.Error.Details[0].Code != "METHOD_NOT_ALLOWED" ||
		body.Error.Details[0].Context == nil {
		t.Error(w.Code, w.Header(), w.Body)
	}
}

func TestOneMistakeIsToldAndManyAreCounted(t *testing.T) {
	one := codec.Fault{Kind: codec.WrongValue, Field: "dir", Message: "must be one of asc, desc"}
	if p := Of(codec.Faults{one}); p.Message != "dir: must be one of asc, desc" {
		t.Error(p.Message)
	}
	if p := Of(codec.Faults{one, one}); p.Message != "2 fields are invalid" || len(p.Details) != 2 {
		t.Error(p.Message, p.Details)
	}
}
