package openapi

import (
	"net/http"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"domainflow.io/gateway/internal/problem"
	"domainflow.io/gateway/internal/rest"
)

// The comments of the contract name the reasons of a refusal: with their code, `NOT_FOUND / CAMPAIGN_UNKNOWN`, or,
// where that was said for the whole service, alone.
var (
	pairs   = regexp.MustCompile(`\b([A-Z][A-Z_]+) / ([A-Z][A-Z0-9_]+)`)
	singles = regexp.MustCompile(`\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`)
)

// Failures that every call may have, those that only changes have, and those of requests with a body.
var (
	ofAll    = []int{400, 414, 429, 431, 500, 503, 504}
	ofChange = []int{403, 409}
	ofBody   = []int{408, 413, 415, 422}
)

// failures adds the refusals of a route.
func (d *document) failures(r *rest.Route, o *operation) {
	reasons := d.reasons(r)
	statuses := append([]int{}, ofAll...)
	if isChange(r) {
		statuses = append(statuses, ofChange...)
	} else if r.Method != http.MethodGet {
		statuses = append(statuses, 403)
	}
	if r.HasBody {
		statuses = append(statuses, ofBody...)
	}
	if strings.Contains(r.Template, "{") && !strings.Contains(r.Template, "=") || reasons[http.StatusNotFound] != nil {
		statuses = append(statuses, http.StatusNotFound)
	}
	for status := range reasons {
		statuses = append(statuses, status)
	}
	for _, status := range statuses {
		o.Responses[strconv.Itoa(status)] = failure(status, reasons[status])
	}
}

// failure is the shared response of a status, or the route's own when it has reasons to name.
func failure(status int, reasons []string) *response {
	if len(reasons) == 0 {
		return &response{Ref: "#/components/responses/" + strconv.Itoa(status)}
	}
	sort.Strings(reasons)
	r := refusal(status)
	r.Description = meanings[status] + " Here: " + strings.Join(reasons, ", ") + "."
	return r
}

// reasons by status, as the comments of the RPC and its service tell them.
func (d *document) reasons(r *rest.Route) map[int][]string {
	ofService, ofRPC := d.contract.comment(r.RPC.Parent()), d.contract.comment(r.RPC)
	known := map[string]int{}
	found := map[string]int{}
	for _, pair := range pairs.FindAllStringSubmatch(ofService+" "+ofRPC, -1) {
		known[pair[2]] = r.StatusOf(codeNamed(pair[1]), pair[2])
	}
	for _, pair := range pairs.FindAllStringSubmatch(ofRPC, -1) {
		found[pair[2]] = known[pair[2]]
	}
	for _, word := range singles.FindAllString(ofRPC, -1) {
		if status := known[word]; status != 0 {
			found[word] = status
		} else if codeNamed(word) != codes.Unknown {
			continue // the code of a pair
		} else if status, ok := problem.StatusOf(word); ok {
			found[word] = status
		}
	}
	for word, status := range known { // said for the service: true of this call where the status can be
		isOfID := status == http.StatusNotFound && strings.Contains(r.Template, "{")
		isOfNames := status == http.StatusConflict && strings.HasSuffix(word, "_NAME_TAKEN") && isNaming(r)
		if isOfID || isOfNames || status == http.StatusUnprocessableEntity {
			found[word] = status
		}
	}
	delete(found, "DATABASE_UNAVAILABLE") // of every call, like the 503 it is
	delete(found, "DEADLINE")
	delete(found, "BAD_REQUEST")
	byStatus := map[int][]string{}
	for word, status := range found {
		byStatus[status] = append(byStatus[status], "`"+word+"`")
	}
	return byStatus
}

func isNaming(r *rest.Route) bool {
	name := string(r.RPC.Name())
	return strings.HasPrefix(name, "Create") || strings.HasPrefix(name, "Update")
}

// codeNamed reads FAILED_PRECONDITION; Unknown for a word that is no code.
func codeNamed(name string) codes.Code {
	var code codes.Code
	if code.UnmarshalJSON([]byte(`"`+name+`"`)) != nil {
		return codes.Unknown
	}
	return code
}

// What a status means here, for the shared responses.
var meanings = map[int]string{
	400: "A parameter, the path or the JSON can't be understood, or a parameter does not exist.",
	403: "A page of another origin may not change anything.",
	404: "There is no such thing.",
	408: "The body did not come in time.",
	409: "The present state does not allow it.",
	413: "The body is larger than 1 MiB.",
	414: "The URL is longer than 8 KiB.",
	415: "The body is not application/json in UTF-8.",
	422: "The body is understood, but values in it are not allowed; `details` names each.",
	429: "Too much is asked at once.",
	431: "The headers are larger than 16 KiB.",
	500: "Something went wrong on our side; `incident` leads to the log.",
	501: "The server does not know this call.",
	503: "The server can't work now.",
	504: "The server did not answer in time.",
}

// refusal is the envelope with one status.
func refusal(status int) *response {
	codes := problem.CodesOf(status)
	for i := range codes {
		codes[i] = "`" + codes[i] + "`"
	}
	r := &response{Description: meanings[status] + " Code: " + strings.Join(codes, ", ") + ".",
		Headers: map[string]*header{"X-Request-Id": {Ref: "#/components/headers/RequestId"}},
		Content: map[string]*mediaType{jsonType: {Schema: schemaRef("Error")}}}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		r.Headers["Retry-After"] = &header{Ref: "#/components/headers/RetryAfter"}
	}
	return r
}

func (d *document) addFailures() {
	for status := range meanings {
		d.Components.Responses[strconv.Itoa(status)] = refusal(status)
	}
	text := func(about string) *schema { return &schema{Type: "string", Description: about} }
	detail := &schema{Type: "object", Description: "One thing wrong with the request.",
		Required: []string{"field", "code", "message", "context"}, Properties: ordered[*schema]{
			{"field", text("Which member or parameter, as a path: `configuration.patternConfig.tlds[0]`.")},
			{"code", text("A word to test.")}, {"message", text("A sentence for a person.")},
			{"context", &schema{Type: "object", Additional: true}}}}
	inner := &schema{Type: "object", Description: "A refusal may tell more, for example `current_state`, `reason`, " +
		"`incident`.",
		Required: []string{"code", "message", "details", "timestamp", "path"}, Additional: true, Properties: ordered[*schema]{
			{"code", text("A word to test: one of those the answer's status has here, or `E_ANALYSIS_…` with 409.")},
			{"message", text("A sentence for a person.")},
			{"details", &schema{Type: "array", Items: schemaRef("ErrorDetail")}},
			{"timestamp", &schema{Type: "string", Format: "date-time"}}, {"path", text("Of the request.")},
			{"reason", text("A narrower word than `code`.")},
			{"missingPhases", &schema{Type: "array", Items: text("A phase.")}},
			{"retryAfterMs", &schema{Type: "integer", Description: "As `Retry-After`, in milliseconds."}}}}
	d.Components.Schemas["ErrorDetail"] = detail
	d.Components.Schemas["Error"] = &schema{Type: "object", Description: "Every refusal looks like this.",
		Required: []string{"success", "error", "requestId"}, Properties: ordered[*schema]{
			{"success", &schema{Type: "boolean", Enum: []any{false}}}, {"error", inner},
			{"requestId", text("As in the header `X-Request-Id`.")}}}
}
