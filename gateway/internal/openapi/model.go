// Package openapi describes the REST API as an OpenAPI 3.0 document. What routes take and answer comes from
// http_rules.yaml, the descriptors and their comments, by the rules of package codec; what no RPC answers is written in
// pages.go and events.go.
package openapi

import (
	"bytes"
	"encoding/json"
)

// document is the whole; only what we use of the specification has a name here.
type document struct {
	OpenAPI    string               `json:"openapi"`
	Info       info                 `json:"info"`
	Servers    []server             `json:"servers"`
	Tags       []tag                `json:"tags"`
	Paths      ordered[*pathItem]   `json:"paths"`
	Components components           `json:"components"`
	seen       map[string]string    // operation id → method and path
	items      map[string]*pathItem // by path
	contract   *contract
}

type info struct {
	Title       string  `json:"title"`
	Description string  `json:"description"`
	License     license `json:"license"`
	Version     string  `json:"version"`
}

type license struct {
	Name string `json:"name"`
}

type server struct {
	URL string `json:"url"`
}

type tag struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

type components struct {
	Schemas    map[string]*schema    `json:"schemas"`
	Responses  map[string]*response  `json:"responses"`
	Parameters map[string]*parameter `json:"parameters"`
	Headers    map[string]*header    `json:"headers"`
}

type pathItem struct {
	Get    *operation `json:"get,omitempty"`
	Put    *operation `json:"put,omitempty"`
	Post   *operation `json:"post,omitempty"`
	Delete *operation `json:"delete,omitempty"`
}

type operation struct {
	Servers     []server             `json:"servers,omitempty"`
	OperationID string               `json:"operationId"`
	Tags        []string             `json:"tags"`
	Summary     string               `json:"summary"`
	Description string               `json:"description,omitempty"`
	Parameters  []*parameter         `json:"parameters,omitempty"`
	RequestBody *requestBody         `json:"requestBody,omitempty"`
	Responses   map[string]*response `json:"responses"`
}

type parameter struct {
	Ref         string  `json:"$ref,omitempty"`
	Name        string  `json:"name,omitempty"`
	In          string  `json:"in,omitempty"`
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitempty"`
	Style       string  `json:"style,omitempty"`
	Explode     *bool   `json:"explode,omitempty"`
	Schema      *schema `json:"schema,omitempty"`
}

type requestBody struct {
	Required bool                  `json:"required"`
	Content  map[string]*mediaType `json:"content"`
}

type mediaType struct {
	Schema  *schema `json:"schema,omitempty"`
	Example any     `json:"example,omitempty"`
}

type response struct {
	Ref         string                `json:"$ref,omitempty"`
	Description string                `json:"description,omitempty"`
	Headers     map[string]*header    `json:"headers,omitempty"`
	Content     map[string]*mediaType `json:"content,omitempty"`
}

type header struct {
	Ref         string  `json:"$ref,omitempty"`
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitempty"`
	Schema      *schema `json:"schema,omitempty"`
}

type schema struct {
	Ref           string           `json:"$ref,omitempty"`
	Type          string           `json:"type,omitempty"`
	Format        string           `json:"format,omitempty"`
	Description   string           `json:"description,omitempty"`
	Nullable      bool             `json:"nullable,omitempty"`
	Default       any              `json:"default,omitempty"`
	Enum          []any            `json:"enum,omitempty"`
	Pattern       string           `json:"pattern,omitempty"`
	Minimum       *float64         `json:"minimum,omitempty"`
	Maximum       *float64         `json:"maximum,omitempty"`
	MinLength     int              `json:"minLength,omitempty"`
	MaxLength     int              `json:"maxLength,omitempty"`
	MinItems      int              `json:"minItems,omitempty"`
	MaxItems      int              `json:"maxItems,omitempty"`
	Items         *schema          `json:"items,omitempty"`
	Required      []string         `json:"required,omitempty"`
	Properties    ordered[*schema] `json:"properties,omitempty"`
	Additional    any              `json:"additionalProperties,omitempty"` // false, true or a schema
	AllOf         []*schema        `json:"allOf,omitempty"`
	OneOf         []*schema        `json:"oneOf,omitempty"`
	Discriminator *discriminator   `json:"discriminator,omitempty"`
}

type discriminator struct {
	PropertyName string            `json:"propertyName"`
	Mapping      map[string]string `json:"mapping"`
}

// ordered is a JSON object that keeps the order of its members.
type ordered[T any] []named[T]

type named[T any] struct {
	name  string
	value T
}

// MarshalJSON writes the members in their order.
func (o ordered[T]) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, one := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.value)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (o *ordered[T]) add(name string, value T) { *o = append(*o, named[T]{name, value}) }

const schemaPrefix = "#/components/schemas/"

func schemaRef(name string) *schema { return &schema{Ref: schemaPrefix + name} }

func number(n float64) *float64 { return &n }

func words(list ...string) []any {
	out := make([]any, len(list))
	for i, word := range list {
		out[i] = word
	}
	return out
}
