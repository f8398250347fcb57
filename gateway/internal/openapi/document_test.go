package openapi

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"domainflow.io/gateway/internal/sse"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	text, err := New("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(text) {
		t.Fatal("not JSON")
	}
	parsed, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestTheDocumentIsValidOpenAPI30(t *testing.T) {
	if err := load(t).Validate(context.Background(), openapi3.EnableSchemaFormatValidation()); err != nil {
		t.Fatal(err)
	}
}

func TestEveryTypeOfEventHasAPayload(t *testing.T) {
	known := sse.Types()
	for _, name := range known {
		if payloads[name] == "" {
			t.Errorf("%s has none", name)
		}
	}
	if len(payloads) != len(known) {
		t.Errorf("%d payloads, %d types", len(payloads), len(known))
	}
}

func TestOperationsHaveTheNamesClientsUse(t *testing.T) {
	paths := load(t).Paths
	for id, route := range map[string]string{"createCampaignWithPattern": "POST /api/v2/campaigns",
		"getCampaignFunnel":    "GET /api/v2/campaigns/{campaignId}/funnel",
		"duplicateCampaign":    "POST /api/v2/campaigns/{campaignId}/duplicate",
		"streamCampaignEvents": "GET /api/v2/sse/campaigns/{campaignId}",
		"startPhase":           "POST /api/v2/campaigns/{campaignId}/phases/{phase}/start"} {
		method, path, _ := strings.Cut(route, " ")
		if item := paths.Value(path); item == nil || item.GetOperation(method) == nil ||
			item.GetOperation(method).OperationID != id {
			t.Errorf("%s is not %s", route, id)
		}
	}
}

func TestCommentsBecomeRefusalsAndLimits(t *testing.T) {
	document := load(t)
	start := document.Paths.Value("/api/v2/campaigns/{campaignId}/phases/{phase}/start").Post
	conflict := *start.Responses.Value("409").Value.Description
	for _, reason := range []string{"PATTERN_EXHAUSTED", "EXPECTED_STATE_MISMATCH", "PHASE_CONFIG_MISSING"} {
		if !strings.Contains(conflict, reason) {
			t.Errorf("%s is not in %q", reason, conflict)
		}
	}
	name := document.Components.Schemas["CreatePersonaRequest"].Value.Properties["name"].Value
	if name.MinLength != 1 || name.MaxLength == nil || *name.MaxLength != 255 {
		t.Error("the name of a persona has 1 to 255 characters")
	}
	if required := document.Components.Schemas["CreatePersonaRequest"].Value.Required; len(required) != 2 {
		t.Error(required)
	}
	limit := document.Paths.Value("/api/v2/personas").Get.Parameters.GetByInAndName("query", "limit").Schema.Value
	if *limit.Min != 1 || *limit.Max != 1000 {
		t.Error(*limit.Min, *limit.Max)
	}
	if campaign := document.Components.Schemas["Campaign"].Value; campaign.Properties["id"].Value.Format != "uuid" ||
		!slices.Contains(campaign.Required, "status") || slices.Contains(campaign.Required, "startedAt") {
		t.Error(campaign.Required)
	}
}
