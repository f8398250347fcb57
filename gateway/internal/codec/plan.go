// Package codec turns messages of the contract into the JSON of REST and back, guided by the descriptors and the
// options of proto/domainflow/v2/options.proto. docs/rest.md has the rules. Safe for any number of goroutines.
package codec

import (
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"domainflow.io/gateway/internal/pb"
)

// DepthMax is how deep JSON may be nested, ours and what travels as text.
const DepthMax = 32

// member is what REST knows of one field.
type member struct {
	field     protoreflect.FieldDescriptor
	name      string // in JSON
	alias     string // repeats the value in answers; empty: none
	isJSON    bool   // a string that holds JSON
	nullable  bool
	omitEmpty bool
	inline    bool // its members are members of the outer object
	least     int32
	most      int32
	hasLeast  bool
	hasMost   bool
}

// plan is what REST knows of one message.
type plan struct {
	members []*member          // in the order of the contract
	byName  map[string]*member // JSON names; inline members are not in it
	aliases map[string]bool
	inlines []*member
}

var plans sync.Map // full name of the message → *plan

func planOf(message protoreflect.MessageDescriptor) *plan {
	if found, ok := plans.Load(message.FullName()); ok {
		return found.(*plan)
	}
	made, _ := plans.LoadOrStore(message.FullName(), makePlan(message))
	return made.(*plan)
}

func makePlan(message protoreflect.MessageDescriptor) *plan {
	p := &plan{byName: map[string]*member{}, aliases: map[string]bool{}}
	fields := message.Fields()
	for i := 0; i < fields.Len(); i++ {
		m := makeMember(fields.Get(i))
		if m == nil {
			continue
		}
		p.members = append(p.members, m)
		if m.alias != "" {
			p.aliases[m.alias] = true
		}
		if m.inline {
			p.inlines = append(p.inlines, m)
		} else {
			p.byName[m.name] = m
		}
	}
	return p
}

// makeMember is nil for what REST does not know.
func makeMember(field protoreflect.FieldDescriptor) *member {
	m := &member{field: field, name: field.JSONName()}
	options, ok := field.Options().(*descriptorpb.FieldOptions)
	if !ok || options == nil {
		return m
	}
	if proto.GetExtension(options, pb.E_RestHidden).(bool) {
		return nil
	}
	if name := proto.GetExtension(options, pb.E_RestName).(string); name != "" {
		m.name = name
	}
	m.alias = proto.GetExtension(options, pb.E_RestAlias).(string)
	m.isJSON = proto.GetExtension(options, pb.E_IsJson).(bool)
	m.nullable = proto.GetExtension(options, pb.E_Nullable).(bool)
	m.omitEmpty = proto.GetExtension(options, pb.E_OmitEmpty).(bool)
	m.inline = proto.GetExtension(options, pb.E_RestInline).(bool)
	m.least, m.hasLeast = proto.GetExtension(options, pb.E_RestLeast).(int32), proto.HasExtension(options, pb.E_RestLeast)
	m.most, m.hasMost = proto.GetExtension(options, pb.E_RestMost).(int32), proto.HasExtension(options, pb.E_RestMost)
	return m
}

// RestName is what a caller writes for a field that domainflowd names as the contract does: `after` for the page token of
// a list of domains. The field is a path; only its first part is looked up.
func RestName(message protoreflect.MessageDescriptor, path string) string {
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	for _, member := range planOf(message).members {
		if member.field.JSONName() == path[:end] {
			return member.name + path[end:]
		}
	}
	return path
}

// words of one enum, both ways.
type words struct {
	ofNumber map[protoreflect.EnumNumber]string
	number   map[string]protoreflect.EnumNumber // without UNSPECIFIED
	listed   []string                           // for sentences, in the order of the contract
	accepted []string                           // further words, in the same order
	anyCase  bool                               // - for _, too
}

var wordLists sync.Map // full name of the enum → *words

func wordsOf(enum protoreflect.EnumDescriptor) *words {
	if found, ok := wordLists.Load(enum.FullName()); ok {
		return found.(*words)
	}
	made, _ := wordLists.LoadOrStore(enum.FullName(), makeWords(enum))
	return made.(*words)
}

// Word is what an enum value is called in JSON; "" for one that this gateway does not know.
func Word(value protoreflect.Enum) string {
	return wordsOf(value.Descriptor()).ofNumber[value.Number()]
}

func makeWords(enum protoreflect.EnumDescriptor) *words {
	w := &words{ofNumber: map[protoreflect.EnumNumber]string{}, number: map[string]protoreflect.EnumNumber{}}
	if options, ok := enum.Options().(*descriptorpb.EnumOptions); ok && options != nil {
		w.anyCase = proto.GetExtension(options, pb.E_RestAnyCase).(bool)
	}
	prefix := upperSnake(string(enum.Name())) + "_"
	values := enum.Values()
	for i := 0; i < values.Len(); i++ {
		value := values.Get(i)
		word := strings.ToLower(strings.TrimPrefix(string(value.Name()), prefix))
		var aliases []string
		if options, ok := value.Options().(*descriptorpb.EnumValueOptions); ok && options != nil {
			if own := proto.GetExtension(options, pb.E_RestWord).(string); own != "" {
				word = own
			}
			if more := proto.GetExtension(options, pb.E_RestWordAlias).(string); more != "" {
				aliases = strings.Split(more, ",")
			}
		}
		w.ofNumber[value.Number()] = word
		if value.Number() == 0 {
			continue
		}
		w.number[word] = value.Number()
		w.listed = append(w.listed, word)
		for _, alias := range aliases {
			w.number[alias] = value.Number()
		}
		w.accepted = append(w.accepted, aliases...)
	}
	return w
}

// find is the value that a word stands for.
func (w *words) find(word string) (protoreflect.EnumNumber, bool) {
	if w.anyCase {
		word = strings.ReplaceAll(strings.ToLower(word), "-", "_")
	}
	number, ok := w.number[word]
	return number, ok
}

// upperSnake writes PhaseStatus as PHASE_STATUS.
func upperSnake(name string) string {
	var out strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			out.WriteByte('_')
		}
		out.WriteRune(r)
	}
	return strings.ToUpper(out.String())
}
