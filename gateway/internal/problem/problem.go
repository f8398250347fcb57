// Package problem is the one shape every failure of the REST API has, and where each status code comes from.
package problem

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/request"
)

// RequestID is the header under which an answer names its request.
const RequestID = "X-Request-Id"

// Detail is one thing wrong with the request.
type Detail struct {
	Field   string         `json:"field"`
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Context map[string]any `json:"context"`
}

// Problem is a failure as a client sees it.
type Problem struct {
	Code       string
	Message    string
	Details    []Detail
	Extra      map[string]any // further members of `error`, such as current_state
	RetryAfter time.Duration  // when asking again may help; 0: nothing is said
	Allow      []string       // of 405
	Status     int
	cause      string // why, where only the log may say it; empty: Message says it all
}

// New is a problem with one of the codes of codes.go.
func New(code, message string) *Problem {
	return &Problem{Code: code, Message: message, Status: statusOf[code]}
}

// NotAllowed is for a method that a path does not accept.
func NotAllowed(allowed ...string) *Problem {
	p := New("METHOD_NOT_ALLOWED", "this path accepts "+strings.Join(allowed, ", ")+" only")
	p.Allow = allowed
	return p
}

// Of is what any error of ours looks like to a client.
func Of(err error) *Problem {
	var faults codec.Faults
	if errors.As(err, &faults) {
		return ofFaults(faults)
	}
	var known *Problem
	if errors.As(err, &known) {
		return known
	}
	return ofGRPCStatus(status.Convert(err))
}

// Error makes a Problem an error.
func (p *Problem) Error() string { return p.Code + ": " + p.Message }

// Rename gives the fields other names, in the sentence as well when it begins with one.
func (p *Problem) Rename(name func(field string) string) {
	for i := range p.Details {
		detail := &p.Details[i]
		to := name(detail.Field)
		if rest, ok := strings.CutPrefix(p.Message, detail.Field+":"); ok {
			p.Message = to + ":" + rest
		}
		detail.Field = to
	}
}

// InQuery is for faults of a path or query: they are always 400.
func InQuery(err error) *Problem {
	p := Of(err)
	if p.Code == "VALIDATION_ERROR" {
		p.Code, p.Status = "BAD_REQUEST", http.StatusBadRequest
		for i := range p.Details {
			p.Details[i].Code = "BAD_REQUEST"
		}
	}
	return p
}

// ofFaults is 400 when anything has the wrong type, else 422.
func ofFaults(faults codec.Faults) *Problem {
	code := "VALIDATION_ERROR"
	if worst := faults.Worst(); worst == codec.Malformed || worst == codec.WrongType {
		code = "BAD_REQUEST"
	}
	p := New(code, faults[0].Message)
	if len(faults) > 1 {
		p.Message = strconv.Itoa(len(faults)) + " fields are invalid"
	} else if faults[0].Field != "" {
		p.Message = faults[0].Field + ": " + faults[0].Message
	}
	for _, fault := range faults {
		own := "VALIDATION_ERROR"
		if fault.Kind == codec.WrongType || fault.Kind == codec.Malformed {
			own = "BAD_REQUEST"
		}
		if fault.Field != "" {
			p.Details = append(p.Details, Detail{Field: fault.Field, Code: own, Message: fault.Message})
		}
	}
	return p
}

// ofGRPCStatus passes on only sentences that domainflowd wrote: gRPC's own name addresses and files.
func ofGRPCStatus(from *status.Status) *Problem {
	p := &Problem{Extra: map[string]any{}}
	info := find[*errdetails.ErrorInfo](from)
	p.Code, p.Status = codeOf(from.Code(), info.GetReason())
	p.Message = ofGRPC[from.Code()].sentence
	if info == nil {
		p.cause = from.Message()
	} else if from.Message() != "" {
		p.Message = from.Message()
	}
	if p.Status == http.StatusInternalServerError && info.GetMetadata()["incident"] == "" || p.Message == "" {
		p.Message = internalSentence
	}
	addMetadata(p, info)
	for _, violation := range find[*errdetails.BadRequest](from).GetFieldViolations() {
		p.Details = append(p.Details, Detail{Field: violation.GetField(), Code: violation.GetReason(),
			Message: violation.GetDescription()})
	}
	if retry := find[*errdetails.RetryInfo](from); retry != nil {
		p.RetryAfter = retry.GetRetryDelay().AsDuration()
	} else if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		p.RetryAfter = time.Second
	}
	return p
}

// addMetadata puts what ErrorInfo carries beside the code; the contract says what it is for each reason.
func addMetadata(p *Problem, info *errdetails.ErrorInfo) {
	if info == nil {
		return
	}
	if info.GetReason() != p.Code && p.Status != http.StatusInternalServerError {
		p.Extra["reason"] = info.GetReason()
	}
	for name, value := range info.GetMetadata() {
		switch name {
		case "missing_phases":
			p.Extra["missingPhases"] = strings.Split(value, ",")
		case "required_state": // the one conflict that 06 §4 spells in camel case
			p.Extra["requiredState"], p.Extra["currentState"] = value, info.GetMetadata()["current_state"]
		default:
			p.Extra[name] = value
		}
	}
}

// find is the first detail of its kind, nil when there is none.
func find[T any](from *status.Status) T {
	for _, detail := range from.Details() {
		if found, ok := detail.(T); ok {
			return found
		}
	}
	var none T
	return none
}

// IsOurs says whether the error is the server's or the way to it, for logs.
func (p *Problem) IsOurs() bool { return p.Status >= 500 }

// Write sends the envelope. The request id is the one the answer already carries.
func (p *Problem) Write(w http.ResponseWriter, r *http.Request) {
	told := request.Of(r.Context())
	told.Code, told.Cause = p.Code, p.cause
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Del("Location")
	if p.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int((p.RetryAfter+time.Second-1)/time.Second)))
	}
	if len(p.Allow) > 0 {
		header.Set("Allow", strings.Join(p.Allow, ", "))
	}
	body := p.Envelope(r.URL.EscapedPath(), header.Get(RequestID))
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that has gone needs no answer
	}
}

// Envelope is the body of a failed request.
func (p *Problem) Envelope(path, requestID string) []byte {
	inner := map[string]any{}
	for name, value := range p.Extra {
		inner[name] = value
	}
	details := p.Details
	if details == nil {
		details = []Detail{}
	}
	for i := range details {
		if details[i].Context == nil {
			details[i].Context = map[string]any{}
		}
		if details[i].Code == "" {
			details[i].Code = p.Code
		}
	}
	inner["code"], inner["message"], inner["details"] = p.Code, p.Message, details
	inner["timestamp"] = codec.TimeText(time.Now())
	inner["path"] = path
	if p.RetryAfter > 0 {
		inner["retryAfterMs"] = p.RetryAfter.Milliseconds()
	}
	body, err := json.Marshal(struct {
		Success   bool           `json:"success"`
		Error     map[string]any `json:"error"`
		RequestID string         `json:"requestId"`
	}{false, inner, requestID})
	if err != nil { // every value above is text or a list of it
		return []byte(`{"success":false}`)
	}
	return body
}
