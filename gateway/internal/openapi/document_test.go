package openapi

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	text, err := New("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("OPENAPI_OUT"); path != "" {
		_ = os.WriteFile(path, text, 0o600)
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
