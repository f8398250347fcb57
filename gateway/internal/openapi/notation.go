package openapi

import "strings"

// members is the schema of an object written as `name kind, name? kind`: a ? says that the member may be absent. A kind
// is text, uuid, time, integer, number, boolean, object, any, the name of a component, words a/b/c, [kind] for a list,
// {name kind; name kind} for an object, or any of them with |null.
func members(notation string, d *document) *schema {
	return split(notation, ", ", d)
}

func split(notation, separator string, d *document) *schema {
	s := &schema{Type: "object"}
	for one := range strings.SplitSeq(notation, separator) {
		name, kind, _ := strings.Cut(one, " ")
		name, isOptional := strings.CutSuffix(name, "?")
		s.Properties.add(name, kindOf(kind, d))
		if !isOptional {
			s.Required = append(s.Required, name)
		}
	}
	return s
}

func kindOf(kind string, d *document) *schema {
	if inner, ok := strings.CutSuffix(kind, "|null"); ok {
		s := kindOf(inner, d)
		s.Nullable = true
		return s
	}
	if inner, ok := strings.CutPrefix(kind, "["); ok {
		return &schema{Type: "array", Items: kindOf(strings.TrimSuffix(inner, "]"), d)}
	}
	if inner, ok := strings.CutPrefix(kind, "{"); ok {
		return split(strings.TrimSuffix(inner, "}"), "; ", d)
	}
	switch kind {
	case "text":
		return &schema{Type: "string"}
	case "uuid":
		return &schema{Type: "string", Format: "uuid"}
	case "time":
		return &schema{Type: "string", Format: "date-time"}
	case "integer", "number", "boolean":
		return &schema{Type: kind}
	case "object":
		return &schema{Type: "object", Additional: true}
	case "any":
		return &schema{}
	}
	if strings.Contains(kind, "/") {
		return &schema{Type: "string", Enum: words(strings.Split(kind, "/")...)}
	}
	return schemaRef(kind)
}
