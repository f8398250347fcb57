package openapi

import (
	_ "embed"
	"encoding/json"

	"domainflow.io/gateway/internal/rest"
)

//go:embed about.md
var about string

// New is the document as JSON. The version is domainflowd's.
func New(version string) ([]byte, error) {
	d, err := newDocument(version)
	if err != nil {
		return nil, err
	}
	return json.Marshal(d)
}

func newDocument(version string) (*document, error) {
	comments, err := readContract()
	if err != nil {
		return nil, err
	}
	routes, err := rest.Routes()
	if err != nil {
		return nil, err
	}
	d := &document{OpenAPI: "3.0.3", Servers: []server{{URL: "/"}}, seen: map[string]string{},
		items:    map[string]*pathItem{},
		Info:     info{Title: "DomainFlow Studio", Description: about, Version: version, License: license{"Apache-2.0"}},
		contract: comments}
	d.Components = components{Schemas: map[string]*schema{}, Responses: map[string]*response{},
		Parameters: map[string]*parameter{},
		Headers:    headers()}
	d.Components.Parameters["IdempotencyKey"] = idempotencyKey()
	d.addFailures()
	for _, route := range routes {
		if err := d.route(route); err != nil {
			return nil, err
		}
	}
	for _, add := range []func() error{d.addExport, d.addEvents, d.addPages} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func headers() map[string]*header {
	text := &schema{Type: "string"}
	count := &schema{Type: "integer", Minimum: number(0)}
	return map[string]*header{
		"RequestId":  {Required: true, Description: "Names the request in the logs.", Schema: text},
		"TotalCount": {Required: true, Description: "Rows that match, all pages together.", Schema: count},
		"Location":   {Required: true, Description: "Path of what was made.", Schema: text},
		"RetryAfter": {Description: "Seconds after which asking again may help.", Schema: count},
		"IdempotentReplay": {Description: "Says that the answer is the one given to the same key before.",
			Schema: &schema{Type: "string", Enum: words("true")}},
	}
}

func idempotencyKey() *parameter {
	return &parameter{Name: "X-Idempotency-Key", In: "header",
		Description: "Makes repeating harmless: within five minutes the same key gets the first answer again. " +
			"`Idempotency-Key` is the same header.",
		Schema: &schema{Type: "string", Pattern: "^[!-~]{1,64}$", MinLength: 1, MaxLength: 64}}
}
