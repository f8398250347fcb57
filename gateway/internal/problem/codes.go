package problem

import (
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
)

// statusOf are the codes clients may test, with their HTTP status (docs/spec/06-rest-contract.md §1).
var statusOf = map[string]int{
	"BAD_REQUEST":               http.StatusBadRequest,
	"UNAUTHORIZED":              http.StatusUnauthorized,
	"FORBIDDEN":                 http.StatusForbidden,
	"NOT_FOUND":                 http.StatusNotFound,
	"METHOD_NOT_ALLOWED":        http.StatusMethodNotAllowed,
	"REQUEST_TIMEOUT":           http.StatusRequestTimeout,
	"CONFLICT":                  http.StatusConflict,
	"INVALID_STATE":             http.StatusConflict,
	"CAMPAIGN_IN_PROGRESS":      http.StatusConflict,
	"INVALID_PHASE_TRANSITION":  http.StatusConflict,
	"RERUN_PRECONDITION_FAILED": http.StatusConflict,
	"NO_CONTROL_PHASE":          http.StatusConflict,
	"EXPECTED_STATE_MISMATCH":   http.StatusConflict,
	"PHASE_CONFIG_MISSING":      http.StatusConflict,
	"PATTERN_EXHAUSTED":         http.StatusConflict,
	"RESCORE_IN_PROGRESS":       http.StatusConflict,
	"PAYLOAD_TOO_LARGE":         http.StatusRequestEntityTooLarge,
	"URI_TOO_LONG":              http.StatusRequestURITooLong,
	"HEADERS_TOO_LARGE":         http.StatusRequestHeaderFieldsTooLarge,
	"UNSUPPORTED_MEDIA_TYPE":    http.StatusUnsupportedMediaType,
	"VALIDATION_ERROR":          http.StatusUnprocessableEntity,
	"REQUIRED_FIELD":            http.StatusUnprocessableEntity,
	"QUOTA_EXCEEDED":            http.StatusTooManyRequests,
	"RATE_LIMIT_EXCEEDED":       http.StatusTooManyRequests,
	"INTERNAL_SERVER_ERROR":     http.StatusInternalServerError,
	"NOT_IMPLEMENTED":           http.StatusNotImplemented,
	"SERVICE_UNAVAILABLE":       http.StatusServiceUnavailable,
	"GATEWAY_TIMEOUT":           http.StatusGatewayTimeout,
}

// ofGRPC is the code for a gRPC status whose reason is not itself one of the above, and what to say when domainflowd
// did not say it.
var ofGRPC = map[codes.Code]struct{ code, sentence string }{
	codes.Canceled:           {"REQUEST_TIMEOUT", "the request was given up"},
	codes.InvalidArgument:    {"BAD_REQUEST", "the request is not valid"},
	codes.DeadlineExceeded:   {"GATEWAY_TIMEOUT", "the server did not answer in time"},
	codes.NotFound:           {"NOT_FOUND", "there is no such thing"},
	codes.AlreadyExists:      {"CONFLICT", "it exists already"},
	codes.PermissionDenied:   {"FORBIDDEN", "this is not allowed"},
	codes.ResourceExhausted:  {"RATE_LIMIT_EXCEEDED", "too much is asked at once"},
	codes.FailedPrecondition: {"CONFLICT", "the present state does not allow it"},
	codes.Aborted:            {"CONFLICT", "another request was faster"},
	codes.OutOfRange:         {"BAD_REQUEST", "the value is out of range"},
	codes.Unimplemented:      {"NOT_IMPLEMENTED", "the server does not know this call"},
	codes.Unavailable:        {"SERVICE_UNAVAILABLE", "the server can't be reached"},
	codes.Unauthenticated:    {"UNAUTHORIZED", "sign in first"},
}

// internalSentence is all a client learns about our own mistakes; the incident in them leads to the log.
const internalSentence = "something went wrong on our side"

// codeOf is the code of a gRPC status with that reason.
func codeOf(code codes.Code, reason string) (string, int) {
	isAnalysis := code == codes.FailedPrecondition && strings.HasPrefix(reason, "E_ANALYSIS_")
	if status, ok := statusOf[reason]; ok {
		return reason, status
	}
	if isAnalysis {
		return reason, http.StatusConflict
	}
	known, ok := ofGRPC[code]
	if !ok {
		return "INTERNAL_SERVER_ERROR", http.StatusInternalServerError
	}
	return known.code, statusOf[known.code]
}

// StatusOf is the HTTP status of a code; false for a word that is none.
func StatusOf(code string) (int, bool) {
	status, ok := statusOf[code]
	return status, ok
}

// StatusOfGRPC is the HTTP status of a refusal with that reason.
func StatusOfGRPC(code codes.Code, reason string) int {
	_, status := codeOf(code, reason)
	return status
}

// CodesOf are the codes with that HTTP status, sorted.
func CodesOf(status int) []string {
	var found []string
	for code, its := range statusOf {
		if its == status {
			found = append(found, code)
		}
	}
	slices.Sort(found)
	return found
}
