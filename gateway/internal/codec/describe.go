package codec

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"domainflow.io/gateway/internal/pb"
)

// Member describes one member of a message's JSON, for the document of the API.
type Member struct {
	Field       protoreflect.FieldDescriptor
	Name        string
	Alias       string // answers repeat the value under it; empty: none
	IsJSON      bool   // any JSON, `{}` when empty
	IsNullable  bool
	IsAlways    bool // answers always have it
	IsParameter bool // can be given in a query
	Least, Most *int32
	BytesMax    uint32 // of a text, also of each in a list; 0: nothing is said
	ItemsMax    uint32 // of a list; 0: nothing is said
}

// Members are the members of a message in the order of the contract. Those of inlined messages are among them.
func Members(message protoreflect.MessageDescriptor) []Member {
	var all []Member
	for _, m := range planOf(message).members {
		if m.inline {
			all = append(all, Members(m.field.Message())...)
		} else {
			all = append(all, describe(m, message))
		}
	}
	return all
}

func describe(m *member, message protoreflect.MessageDescriptor) Member {
	d := Member{Field: m.field, Name: m.name, Alias: m.alias, IsJSON: m.isJSON, IsNullable: m.nullable,
		IsAlways: m.nullable || !m.omitEmpty && !canBeAbsent(m.field), IsParameter: parameter(message, m.name) != nil}
	if options, ok := m.field.Options().(*descriptorpb.FieldOptions); ok && options != nil {
		d.BytesMax = proto.GetExtension(options, pb.E_MaxBytes).(uint32)
		d.IsAlways = d.IsAlways || proto.GetExtension(options, pb.E_RestAlways).(bool)
		d.ItemsMax = proto.GetExtension(options, pb.E_MaxItems).(uint32)
	}
	if m.hasLeast {
		d.Least = &m.least
	}
	if m.hasMost {
		d.Most = &m.most
	}
	return d
}

// Words are what an enum's values are called in JSON, and what is accepted beside them.
func Words(enum protoreflect.EnumDescriptor) (written, accepted []string) {
	known := wordsOf(enum)
	return known.listed, known.accepted
}

// WordOf is what a value of an enum is called in JSON.
func WordOf(enum protoreflect.EnumDescriptor, number protoreflect.EnumNumber) string {
	return wordsOf(enum).ofNumber[number]
}
