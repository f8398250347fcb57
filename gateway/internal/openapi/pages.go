package openapi

import (
	"net/http"
	"strconv"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/export"
	"domainflow.io/gateway/internal/pb"
)

// What no RPC answers.

func (d *document) refusals(o *operation, statuses ...int) {
	for _, status := range statuses {
		o.Responses[strconv.Itoa(status)] = &response{Ref: "#/components/responses/" + strconv.Itoa(status)}
	}
}

func answers(description, contentType string, s *schema) *response {
	return &response{Description: description,
		Headers: map[string]*header{"X-Request-Id": {Ref: "#/components/headers/RequestId"}},
		Content: map[string]*mediaType{contentType: {Schema: s}}}
}

const (
	pageTag    = "Pages"
	domainTag  = "Domain"
	plainType  = "text/plain"
	htmlType   = "text/html"
	scriptType = "text/javascript"
)

// addPages is health, metrics and documents. The ops port has an address of its own.
func (d *document) addPages() error {
	d.declare(pageTag, "Whether it works, and what it offers. `/livez`, `/readyz` and `/metrics` are on the ops port, "+
		"GATEWAY_OPS_ADDRESS.")
	d.Components.Schemas["Health"] = members("status text, version text, uptime integer, timestamp time", d)
	d.Components.Schemas["Pong"] = members("message text, timestamp time, version text", d)
	health, pong := schemaRef("Health"), schemaRef("Pong")
	ops := []server{{URL: "http://127.0.0.1:8092"}}
	for _, page := range []struct {
		path, id, summary, contentType string
		schema                         *schema
		canBeUnready                   bool
		servers                        []server
	}{
		{"/health", "getHealth", "Whether the gateway lives", jsonType, health, false, nil},
		{"/health/live", "getLiveness", "Whether the gateway lives", jsonType, health, false, nil},
		{"/health/ready", "getReadiness", "Whether the gateway and domainflowd can work", jsonType, health, true, nil},
		{"/ping", "ping", "An answer without any work", jsonType, pong, false, nil},
		{"/api/v2/health", "getApiHealth", "As /health", jsonType, health, false, nil},
		{"/api/v2/health/live", "getApiLiveness", "As /health/live", jsonType, health, false, nil},
		{"/api/v2/health/ready", "getApiReadiness", "As /health/ready", jsonType, health, true, nil},
		{"/api/v2/ping", "apiPing", "As /ping", jsonType, pong, false, nil},
		{"/", "getStartPage", "Where to begin", htmlType, &schema{Type: "string"}, false, nil},
		{"/openapi.json", "getOpenApi", "This document", jsonType, &schema{Type: "object", Additional: true}, false, nil},
		{"/docs", "getExplorer", "This document to click through", htmlType, &schema{Type: "string"}, false, nil},
		{"/livez", "getLivez", "Whether the gateway lives", plainType, &schema{Type: "string"}, false, ops},
		{"/readyz", "getReadyz", "Whether the gateway and domainflowd can work", plainType, &schema{Type: "string"}, true,
			ops},
		{"/metrics", "getMetrics", "Metrics as Prometheus reads them", plainType, &schema{Type: "string"}, false, ops},
	} {
		o := &operation{OperationID: page.id, Tags: []string{pageTag}, Summary: page.summary, Servers: page.servers,
			Responses: map[string]*response{"200": answers("Yes.", page.contentType, page.schema)}}
		if page.canBeUnready {
			o.Responses["503"] = answers("Not now.", page.contentType, page.schema)
		}
		switch {
		case page.path == "/openapi.json":
			cached(o)
		case page.servers != nil:
			o.Responses["200"].Headers = nil
		}
		if page.servers == nil {
			d.refusals(o, 414, 431)
		}
		if err := d.add(http.MethodGet, page.path, o); err != nil {
			return err
		}
	}
	return nil
}

// cached adds what spares a client a document it has.
func cached(o *operation) {
	o.Parameters = []*parameter{{Name: "If-None-Match", In: "header", Description: "The `ETag` of a copy.",
		Schema: &schema{Type: "string"}}}
	etag := map[string]*header{"ETag": {Required: true, Description: "Changes with the document.",
		Schema: &schema{Type: "string"}},
		"X-Request-Id": {Ref: "#/components/headers/RequestId"}}
	o.Responses["200"].Headers = etag
	o.Responses["304"] = &response{Description: "The copy is good.", Headers: etag}
}

// addExport is the download of domains.
func (d *document) addExport() error {
	o := &operation{OperationID: "exportCampaignDomains", Tags: []string{domainTag},
		Summary: "Every domain that passes the filters, in the list's order",
		Description: "One download of all rows, as CSV by RFC 4180 or as a JSON list. Cells that a spreadsheet could " +
			"take for a " +
			"formula begin with `'`. A download that breaks off ends the connection: a part is never taken for the whole.",
		Responses: map[string]*response{}}
	for _, member := range codec.Members((&pb.ListDomainsRequest{}).ProtoReflect().Descriptor()) {
		switch {
		case member.Field.Name() == "campaign_id":
			o.Parameters = append(o.Parameters, d.inPath(member.Field.JSONName(), member))
		case !export.IsPaging(member.Field.Name()) && member.IsParameter:
			o.Parameters = append(o.Parameters, d.inQuery(member))
		}
	}
	o.Parameters = append(o.Parameters, &parameter{Name: "format", In: "query", Description: "csv unless said.",
		Schema: &schema{Type: "string", Enum: words("csv", "json"), Default: "csv"}})
	row := d.message((&pb.ExportedDomain{}).ProtoReflect().Descriptor(), answered)
	o.Responses["200"] = answers("The rows.", jsonType, &schema{Type: "array", Items: row})
	o.Responses["200"].Content["text/csv"] = &mediaType{Schema: &schema{Type: "string",
		Description: "A header line, then a line for " +
			"each domain: the members of ExportedDomain in their order."}}
	o.Responses["200"].Headers["Content-Disposition"] = &header{Required: true, Schema: &schema{Type: "string"}}
	d.refusals(o, 400, 404, 414, 429, 431, 500, 503, 504)
	return d.add(http.MethodGet, "/api/v2/campaigns/{campaignId}/domains/export", o)
}
