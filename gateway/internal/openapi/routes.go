package openapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/rest"
)

const jsonType = "application/json"

// add puts an operation at its method and path.
func (d *document) add(method, path string, o *operation) error {
	if taken := d.seen[o.OperationID]; taken != "" {
		return fmt.Errorf("operation %s is %s and %s %s", o.OperationID, taken, method, path)
	}
	d.seen[o.OperationID] = method + " " + path
	item := d.items[path]
	if item == nil {
		item = &pathItem{}
		d.items[path] = item
		d.Paths.add(path, item)
	}
	switch method {
	case http.MethodGet:
		item.Get = o
	case http.MethodPut:
		item.Put = o
	case http.MethodPost:
		item.Post = o
	case http.MethodDelete:
		item.Delete = o
	default:
		return fmt.Errorf("method %s has no place in a document", method)
	}
	return nil
}

// route describes one rule of http_rules.yaml.
func (d *document) route(r *rest.Route) error {
	text := d.contract.comment(r.RPC)
	o := &operation{OperationID: operationID(r), Tags: []string{d.service(r.RPC.Parent())}, Summary: firstSentence(text),
		Description: text, Parameters: d.parameters(r), Responses: map[string]*response{}}
	if r.HasBody {
		o.RequestBody = d.body(r)
	}
	d.success(r, o)
	d.failures(r, o)
	return d.add(r.Method, path(r), o)
}

func operationID(r *rest.Route) string {
	if r.Operation != "" {
		return r.Operation
	}
	name := string(r.RPC.Name())
	return strings.ToLower(name[:1]) + name[1:]
}

// service is the tag of a service, which is declared at its first use.
func (d *document) service(service protoreflect.Descriptor) string {
	name := strings.TrimSuffix(string(service.Name()), "Service")
	d.declare(name, d.contract.comment(service))
	return name
}

func (d *document) declare(name, description string) {
	for _, known := range d.Tags {
		if known.Name == name {
			return
		}
	}
	d.Tags = append(d.Tags, tag{name, description})
}

// path is the template with the names that JSON has for the variables.
func path(r *rest.Route) string {
	segments := strings.Split(r.Template, "/")
	for i, segment := range segments {
		inner, isVariable := strings.CutPrefix(strings.TrimSuffix(segment, "}"), "{")
		if !isVariable {
			continue
		}
		name, literal, isFixed := strings.Cut(inner, "=")
		if isFixed {
			segments[i] = literal
		} else {
			segments[i] = "{" + r.RPC.Input().Fields().ByName(protoreflect.Name(name)).JSONName() + "}"
		}
	}
	return strings.Join(segments, "/")
}

func (d *document) parameters(r *rest.Route) []*parameter {
	var all []*parameter
	given := path(r)
	for _, member := range codec.Members(r.RPC.Input()) {
		name := member.Field.JSONName()
		if r.Taken(member.Field.Name()) {
			if strings.Contains(given, "{"+name+"}") {
				all = append(all, d.inPath(name, member))
			}
			continue
		}
		isInQuery := !r.HasBody || slices.Contains(r.Query, string(member.Field.Name()))
		if isInQuery && member.IsParameter {
			all = append(all, d.inQuery(member))
		}
	}
	if isChange(r) {
		all = append(all, &parameter{Ref: "#/components/parameters/IdempotencyKey"})
	}
	return all
}

func (d *document) inPath(name string, member codec.Member) *parameter {
	s := d.single(member, member.Field, asked)
	if s.Type == "string" && s.Format == "" && s.Enum == nil {
		s.MinLength, s.Pattern = 1, `[^\s\x85]` // nothing but space is no name
	}
	return &parameter{Name: name, In: "path", Required: true, Description: take(&s.Description,
		d.contract.comment(member.Field)),
		Schema: s}
}

// take joins the texts and leaves the schema without its own.
func take(own *string, text string) string {
	text = join(text, *own)
	*own = ""
	return text
}

func (d *document) inQuery(member codec.Member) *parameter {
	s := d.single(member, member.Field, asked)
	narrow(s, d.contract.comment(member.Field))
	p := &parameter{Name: member.Name, In: "query", Schema: s,
		Required:    d.isRequired(member, asked),
		Description: take(&s.Description, d.contract.comment(member.Field))}
	if member.Field.IsList() {
		explode := false
		p.Style, p.Explode = "form", &explode
		p.Schema = &schema{Type: "array", Items: s, MinItems: 1, MaxItems: int(member.ItemsMax)}
	}
	return p
}

// isChange says whether the route changes something, so that repeating it by accident matters.
func isChange(r *rest.Route) bool {
	options, ok := r.RPC.Options().(*descriptorpb.MethodOptions)
	isHarmless := ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
	return r.Method != http.MethodGet && !isHarmless
}

func (d *document) body(r *rest.Route) *requestBody {
	input := r.RPC.Input()
	ref := d.object(string(input.Name()), input, asked, r.Taken)
	required := len(d.Components.Schemas[string(input.Name())].Required) > 0
	return &requestBody{Required: required, Content: map[string]*mediaType{jsonType: {Schema: ref}}}
}

// success is the answer when nothing is wrong.
func (d *document) success(r *rest.Route, o *operation) {
	output := r.RPC.Output()
	status := r.Status
	answer := &response{Description: "Done.", Headers: d.headers(r)}
	switch {
	case output.Fields().Len() == 0:
		status = http.StatusNoContent
	case r.ResponseBody != "":
		field := output.Fields().ByName(protoreflect.Name(r.ResponseBody))
		answer.Description = d.contract.comment(field)
		s := d.message(field.Message(), answered)
		if field.IsList() {
			s = &schema{Type: "array", Items: s}
		}
		answer.Content = map[string]*mediaType{jsonType: {Schema: s}}
	default:
		if text := d.about(output); text != "" {
			answer.Description = text
		}
		answer.Content = map[string]*mediaType{jsonType: {Schema: d.message(output, answered)}}
	}
	if status == 0 {
		status = http.StatusOK
	}
	o.Responses[strconv.Itoa(status)] = answer
}

func (d *document) headers(r *rest.Route) map[string]*header {
	all := map[string]*header{"X-Request-Id": {Ref: "#/components/headers/RequestId"}}
	for name, value := range r.Headers {
		all[name] = &header{Required: true, Description: "Always `" + value + "`.", Schema: &schema{Type: "string",
			Enum: words(value)}}
	}
	if r.RPC.Output().Fields().ByName("total_size") != nil {
		all["X-Total-Count"] = &header{Ref: "#/components/headers/TotalCount"}
	}
	if r.Location != "" {
		all["Location"] = &header{Ref: "#/components/headers/Location"}
	}
	if isChange(r) {
		all["X-Idempotent-Replay"] = &header{Ref: "#/components/headers/IdempotentReplay"}
	}
	return all
}
