package openapi

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"domainflow.io/gateway/internal/codec"
)

// way tells answers from requests: a message looks different on them.
type way int

const (
	answered way = iota
	asked
)

// message is a reference to the message's schema, which is made at its first use.
func (d *document) message(m protoreflect.MessageDescriptor, on way) *schema {
	name := string(m.Name())
	if on == asked && !strings.HasSuffix(name, "Request") {
		name += "Input"
	}
	return d.object(name, m, on, func(protoreflect.Name) bool { return false })
}

// object is the schema of a message without some of its fields, under a name.
func (d *document) object(name string, m protoreflect.MessageDescriptor, on way,
	without func(protoreflect.Name) bool) *schema {
	ref := schemaRef(name)
	if d.Components.Schemas[name] != nil {
		return ref
	}
	made := &schema{Type: "object", Description: d.about(m)}
	d.Components.Schemas[name] = made // before its members: a message may hold itself
	if on == asked {
		made.Additional = false
	}
	for _, member := range codec.Members(m) {
		if without(member.Field.Name()) {
			continue
		}
		made.Properties.add(member.Name, d.member(member, on))
		if d.isRequired(member, on) {
			made.Required = append(made.Required, member.Name)
		}
		if member.Alias != "" && on == answered {
			alias := d.member(member, on)
			alias.Description = "The same as `" + member.Name + "`."
			made.Properties.add(member.Alias, alias)
			if d.isRequired(member, on) {
				made.Required = append(made.Required, member.Alias)
			}
		}
	}
	return ref
}

// about leaves out comments that only lead to the RPC.
func (d *document) about(m protoreflect.Descriptor) string {
	text := d.contract.comment(m)
	if strings.HasPrefix(text, "See ") {
		if at := strings.Index(text, ". "); at >= 0 {
			return text[at+2:]
		}
		return ""
	}
	return text
}

func (d *document) isRequired(member codec.Member, on way) bool {
	if on == asked {
		return strings.HasPrefix(d.contract.comment(member.Field), "Required")
	}
	return member.IsAlways
}

// member is the schema of one member.
func (d *document) member(member codec.Member, on way) *schema {
	field := member.Field
	var s *schema
	switch {
	case field.IsMap():
		s = &schema{Type: "object", Additional: d.single(member, field.MapValue(), on)}
	case field.IsList():
		s = &schema{Type: "array", Items: d.single(member, field, on), MaxItems: int(member.ItemsMax)}
	default:
		s = d.single(member, field, on)
	}
	text := d.contract.comment(field)
	if on == asked {
		narrow(s, text)
	}
	if s.Ref != "" && member.IsNullable && field.Enum() != nil { // null must be among the words
		named := *d.Components.Schemas[strings.TrimPrefix(s.Ref, schemaPrefix)]
		named.Enum = append(named.Enum[:len(named.Enum):len(named.Enum)], nil)
		s = &named
	} else if s.Ref != "" && (member.IsNullable || text != "") { // nothing may stand beside a reference
		s = &schema{AllOf: []*schema{s}}
	}
	s.Description = join(text, s.Description)
	s.Nullable = member.IsNullable
	return s
}

func join(texts ...string) string {
	var some []string
	for _, text := range texts {
		if text != "" {
			some = append(some, text)
		}
	}
	return strings.Join(some, "\n\n")
}

// single is the schema of one value.
func (d *document) single(member codec.Member, field protoreflect.FieldDescriptor, on way) *schema {
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		if field.Message().FullName() == "google.protobuf.Timestamp" {
			return &schema{Type: "string", Format: "date-time"}
		}
		return d.message(field.Message(), on)
	case protoreflect.EnumKind:
		return d.enum(field.Enum(), on)
	case protoreflect.BoolKind:
		return &schema{Type: "boolean"}
	case protoreflect.StringKind:
		return d.text(member, on)
	case protoreflect.BytesKind:
		return &schema{Type: "string", Format: "byte"}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return limited(&schema{Type: "number", Format: "double"}, member)
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return limited(&schema{Type: "integer", Format: "int32"}, member)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return limited(&schema{Type: "integer", Minimum: number(0), Maximum: number(1<<32 - 1)}, member)
	}
	return limited(&schema{Type: "integer", Format: "int64"}, member)
}

func limited(s *schema, member codec.Member) *schema {
	if member.Least != nil {
		s.Minimum = number(float64(*member.Least))
	}
	if member.Most != nil {
		s.Maximum = number(float64(*member.Most))
	}
	return s
}

// enum is a reference to the enum's schema. Requests have one of their own where they may say more words.
func (d *document) enum(enum protoreflect.EnumDescriptor, on way) *schema {
	written, accepted := codec.Words(enum)
	name := string(enum.Name())
	if on == asked && len(accepted) > 0 {
		written = append(written[:len(written):len(written)], accepted...)
		name += "Input"
	}
	if d.Components.Schemas[name] == nil {
		byNumber := func(number protoreflect.EnumNumber) string { return codec.WordOf(enum, number) }
		d.Components.Schemas[name] = &schema{Type: "string", Enum: words(written...), Description: d.contract.words(enum,
			byNumber)}
	}
	return schemaRef(name)
}

// text is a string, or what it holds. The contract says in words which ones are UUIDs.
func (d *document) text(member codec.Member, on way) *schema {
	if member.IsJSON {
		return &schema{Type: "object", Additional: true}
	}
	s := &schema{Type: "string"}
	if on == asked {
		s.MaxLength = int(member.BytesMax)
	}
	uuid(s, d.contract.comment(member.Field), member, on)
	return s
}
