package rest

import (
	"bytes"
	"fmt"
	"net/http"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"domainflow.io/gateway"
	"domainflow.io/gateway/internal/problem"
)

// Route is one line of the REST API: a rule of http_rules.yaml joined with what the contract says of its RPC.
type Route struct {
	Method       string // GET, POST, PUT, DELETE
	Template     string // /api/v2/campaigns/{campaign_id}
	RPC          protoreflect.MethodDescriptor
	HasBody      bool
	ResponseBody string            // field of the answer that is the body; empty: the whole answer
	Status       int               // of a success
	Location     string            // header of a success; {names} are fields of the body
	Headers      map[string]string // of a success
	Query        []string          // fields a request with a body also takes as parameters
	WordStatus   int               // of an unknown enum word in the body
	Operation    string            // id in the document of the API; empty: the RPC's name
	inPath       map[protoreflect.Name]bool
	segments     []string // a variable is empty
}

// rule is a google.api.HttpRule with our own part in `rest`.
type rule struct {
	Selector     string `yaml:"selector"`
	Get          string `yaml:"get"`
	Put          string `yaml:"put"`
	Post         string `yaml:"post"`
	Delete       string `yaml:"delete"`
	Body         string `yaml:"body"`
	ResponseBody string `yaml:"response_body"`
	Additional   []rule `yaml:"additional_bindings"`
	Rest         struct {
		Status     int               `yaml:"status"`
		Location   string            `yaml:"location"`
		Headers    map[string]string `yaml:"headers"`
		Query      []string          `yaml:"query"`
		WordStatus int               `yaml:"unknown_word"`
		Operation  string            `yaml:"operation"`
	} `yaml:"rest"`
}

// Routes is every route, in the order of the file.
func Routes() ([]*Route, error) {
	var file struct {
		Type    string `yaml:"type"`
		Version int    `yaml:"config_version"`
		HTTP    struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"http"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(gateway.HTTPRules))
	decoder.KnownFields(true) // the generator ignores what it does not know; a misspelt member must not vanish
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("http_rules.yaml: %w", err)
	}
	var routes []*Route
	for _, one := range file.HTTP.Rules {
		for _, binding := range append([]rule{one}, one.Additional...) {
			binding.Selector = one.Selector
			route, err := makeRoute(binding)
			if err != nil {
				return nil, fmt.Errorf("http_rules.yaml: %s: %w", one.Selector, err)
			}
			routes = append(routes, route)
		}
	}
	return routes, nil
}

func makeRoute(one rule) (*Route, error) {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(one.Selector))
	if err != nil {
		return nil, err
	}
	method, ok := found.(protoreflect.MethodDescriptor)
	if !ok {
		return nil, fmt.Errorf("is not a method")
	}
	route := &Route{RPC: method, HasBody: one.Body != "", ResponseBody: one.ResponseBody, Status: one.Rest.Status,
		Location: one.Rest.Location, Headers: one.Rest.Headers, Query: one.Rest.Query, WordStatus: one.Rest.WordStatus,
		Operation: one.Rest.Operation, inPath: map[protoreflect.Name]bool{}}
	for name, template := range map[string]string{http.MethodGet: one.Get, http.MethodPut: one.Put,
		http.MethodPost: one.Post, http.MethodDelete: one.Delete} {
		if template != "" {
			route.Method, route.Template = name, template
		}
	}
	if one.Body != "" && one.Body != "*" {
		return nil, fmt.Errorf("body may only be *")
	}
	for _, segment := range strings.Split(strings.TrimPrefix(route.Template, "/"), "/") {
		route.addSegment(segment)
	}
	return route, nil
}

// addSegment reads one part of a template: a literal, {field} or {field=literal}.
func (r *Route) addSegment(segment string) {
	inner, isVariable := strings.CutPrefix(segment, "{")
	if !isVariable {
		r.segments = append(r.segments, segment)
		return
	}
	name, literal, _ := strings.Cut(strings.TrimSuffix(inner, "}"), "=")
	r.inPath[protoreflect.Name(name)] = true
	r.segments = append(r.segments, literal)
}

// pattern is the template as grpc-gateway's Pattern.String writes it.
func (r *Route) pattern() string {
	var out strings.Builder
	for _, segment := range strings.Split(strings.TrimPrefix(r.Template, "/"), "/") {
		if strings.HasPrefix(segment, "{") && !strings.Contains(segment, "=") {
			segment = strings.TrimSuffix(segment, "}") + "=*}"
		}
		out.WriteString("/" + segment)
	}
	return out.String()
}

// matches says whether the path is one of this route's, whatever the method.
func (r *Route) matches(path string) bool {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(parts) != len(r.segments) {
		return false
	}
	for i, segment := range r.segments {
		if parts[i] == "" || segment != "" && segment != parts[i] {
			return false
		}
	}
	return true
}

// StatusOf is the status of a refusal by domainflowd on this route.
func (r *Route) StatusOf(code codes.Code, reason string) int {
	status := problem.StatusOfGRPC(code, reason)
	if status == http.StatusUnprocessableEntity && !r.HasBody { // problem.InQuery
		return http.StatusBadRequest
	}
	return status
}

// Taken says whether the path gives the field.
func (r *Route) Taken(field protoreflect.Name) bool { return r.inPath[field] }

// table finds routes.
type table struct {
	all       []*Route
	byPattern map[string]*Route // method and pattern
}

func makeTable(routes []*Route) *table {
	t := &table{all: routes, byPattern: map[string]*Route{}}
	for _, route := range routes {
		t.byPattern[route.Method+" "+route.pattern()] = route
	}
	return t
}

// methods that the path accepts, for Allow.
func (t *table) methods(path string) []string {
	found := map[string]bool{}
	for _, route := range t.all {
		if route.matches(path) {
			found[route.Method] = true
		}
	}
	var names []string
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
