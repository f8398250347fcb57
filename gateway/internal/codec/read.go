package codec

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Unmarshal reads JSON into a message, adding to what it holds. Fields that taken names are the path's and not
// accepted; it may be nil. The error is Faults, naming everything that is wrong.
func Unmarshal(data []byte, message proto.Message, taken func(protoreflect.Name) bool) error {
	r := &reader{scanner: scanner{data: data}, taken: taken}
	kind, err := r.kind()
	if err == nil && kind != kindObject {
		return Faults{{Kind: WrongType, Message: "the body must be an object, not " + kindNames[kind]}}
	}
	if err == nil {
		err = r.message("", message.ProtoReflect())
	}
	if err == nil {
		if r.space(); r.at != len(r.data) {
			err = fmt.Errorf("goes on after its end, at byte %d", r.at)
		}
	}
	if err != nil { // what was wrong before the JSON broke off may be a consequence of it
		return Faults{{Kind: Malformed, Message: "the JSON " + err.Error()}}
	}
	return r.faults.orNil()
}

// reader collects faults; an error ends it: the text is not JSON.
type reader struct {
	scanner
	faults Faults
	taken  func(protoreflect.Name) bool
}

func (r *reader) message(path string, m protoreflect.Message) error {
	known := planOf(m.Descriptor())
	return r.object(func(name string) error {
		if known.aliases[name] { // answers repeat a member under it
			return r.skip()
		}
		into, member := find(known, m, name)
		isTaken := member != nil && path == "" && r.taken != nil && r.taken(member.field.Name())
		if member == nil || isTaken {
			r.faults.add(Unknown, join(path, clip(name)), "does not exist")
			return r.skip()
		}
		return r.member(join(path, name), into, member)
	})
}

// find is the member of that name, in m or in a message inlined into it.
func find(known *plan, m protoreflect.Message, name string) (protoreflect.Message, *member) {
	if member := known.byName[name]; member != nil {
		return m, member
	}
	for _, inline := range known.inlines {
		if member := planOf(inline.field.Message()).byName[name]; member != nil {
			return m.Mutable(inline.field).Message(), member
		}
	}
	return nil, nil
}

func (r *reader) member(path string, m protoreflect.Message, member *member) error {
	field := member.field
	kind, err := r.kind()
	if err != nil {
		return err
	}
	if kind == kindNull && !member.isJSON {
		if !member.nullable {
			r.faults.add(WrongType, path, "must not be null")
		}
		return r.skip()
	}
	switch {
	case field.IsMap():
		return r.mapping(path, m, member)
	case field.IsList():
		if kind != kindArray {
			return r.wrongType(path, "a list", kind)
		}
		list := m.Mutable(field).List()
		return r.array(func(index int) error {
			return r.into(fmt.Sprintf("%s[%d]", path, index), member, field, list.NewElement, func(v protoreflect.Value) {
				list.Append(v)
			})
		})
	default:
		return r.into(path, member, field, func() protoreflect.Value { return m.NewField(field) },
			func(v protoreflect.Value) { m.Set(field, v) })
	}
}

func (r *reader) mapping(path string, m protoreflect.Message, member *member) error {
	if kind, err := r.kind(); err != nil || kind != kindObject {
		if err != nil {
			return err
		}
		return r.wrongType(path, "an object", kind)
	}
	mapping := m.Mutable(member.field).Map()
	return r.object(func(name string) error {
		key, err := mapKey(member.field.MapKey(), name)
		if err != nil {
			r.faults.add(WrongValue, join(path, clip(name)), "%s", err.Error())
			return r.skip()
		}
		return r.into(join(path, clip(name)), member, member.field.MapValue(), mapping.NewValue,
			func(v protoreflect.Value) { mapping.Set(key, v) })
	})
}

func mapKey(field protoreflect.FieldDescriptor, name string) (protoreflect.MapKey, error) {
	value, err := scalar(field, name)
	return value.MapKey(), err
}

func (r *reader) wrongType(path, wanted string, got byte) error {
	r.faults.add(WrongType, path, "must be %s, not %s", wanted, kindNames[got])
	return r.skip()
}

// into reads one value that is no list and no map, and hands it to set.
func (r *reader) into(path string, member *member, field protoreflect.FieldDescriptor,
	fresh func() protoreflect.Value, set func(protoreflect.Value)) error {
	kind, err := r.kind()
	if err != nil {
		return err
	}
	switch {
	case member.isJSON:
		text, err := r.raw()
		if err == nil && !(kind == kindNull && member.nullable) {
			set(protoreflect.ValueOfString(text))
		}
		return err
	case field.Message() != nil && field.Message().FullName() != timestampName:
		if kind != kindObject {
			return r.wrongType(path, "an object", kind)
		}
		value := fresh()
		if err := r.message(path, value.Message()); err != nil {
			return err
		}
		set(value)
		return nil
	}
	return r.leaf(path, member, field, kind, set)
}

const timestampName = "google.protobuf.Timestamp"

// leaf reads a value that is one token.
func (r *reader) leaf(path string, member *member, field protoreflect.FieldDescriptor, kind byte,
	set func(protoreflect.Value)) error {
	wanted, wantedName := wantedKind(field)
	isText := kind == kindString && isWide(field) // a 64-bit integer may come as text
	if kind == kindFalse {
		kind = kindTrue
	}
	if kind != wanted && !isText {
		return r.wrongType(path, wantedName, kind)
	}
	var text string
	var err error
	switch kind {
	case kindString:
		text, err = r.text()
	case kindNumber:
		text, err = r.number()
	default:
		text, err = r.literal()
	}
	if err != nil {
		return err
	}
	value, err := scalar(field, text)
	if err == nil {
		err = inRange(member, value)
	}
	if err != nil {
		r.faults.add(WrongValue, path, "%s", err.Error())
		return nil
	}
	set(value)
	return nil
}

func wantedKind(field protoreflect.FieldDescriptor) (byte, string) {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return kindTrue, "a boolean"
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.EnumKind, protoreflect.MessageKind:
		return kindString, "a text"
	default:
		return kindNumber, "a number"
	}
}

func isWide(field protoreflect.FieldDescriptor) bool {
	switch field.Kind() {
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind, protoreflect.Uint64Kind,
		protoreflect.Fixed64Kind:
		return true
	}
	return false
}

// scalar reads one token of a body, a path or a query. Its errors are sentences without the field.
func scalar(field protoreflect.FieldDescriptor, text string) (protoreflect.Value, error) {
	var none protoreflect.Value
	switch field.Kind() {
	case protoreflect.StringKind:
		if !utf8.ValidString(text) { // escapes of a path or query can write any bytes
			return none, errors.New("must be UTF-8")
		}
		return protoreflect.ValueOfString(text), nil
	case protoreflect.BoolKind:
		if text != "true" && text != "false" {
			return none, errors.New("must be true or false")
		}
		return protoreflect.ValueOfBool(text == "true"), nil
	case protoreflect.EnumKind:
		known := wordsOf(field.Enum())
		if number, ok := known.find(text); ok {
			return protoreflect.ValueOfEnum(number), nil
		}
		return none, fmt.Errorf("must be one of %s", strings.Join(known.listed, ", "))
	case protoreflect.BytesKind:
		bytes, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return none, errors.New("must be base64")
		}
		return protoreflect.ValueOfBytes(bytes), nil
	case protoreflect.MessageKind:
		when, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || when.Year() < 1 || when.Year() > 9999 {
			return none, errors.New("must be a time such as 2026-01-31T12:00:00Z")
		}
		return protoreflect.ValueOfMessage(timestamppb.New(when).ProtoReflect()), nil
	case protoreflect.FloatKind:
		return floating(text, 32, func(f float64) protoreflect.Value { return protoreflect.ValueOfFloat32(float32(f)) })
	case protoreflect.DoubleKind:
		return floating(text, 64, protoreflect.ValueOfFloat64)
	}
	return integer(field, text)
}

func floating(text string, bits int, value func(float64) protoreflect.Value) (protoreflect.Value, error) {
	f, err := strconv.ParseFloat(text, bits)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || isGoNumber(text) {
		return protoreflect.Value{}, errors.New("must be a number")
	}
	return value(f), nil
}

// isGoNumber says whether the text is written as only Go writes numbers: 0x1p4, 1_000.
func isGoNumber(text string) bool { return strings.ContainsAny(text, "xX_pP") }

func integer(field protoreflect.FieldDescriptor, text string) (protoreflect.Value, error) {
	bits, isSigned := 64, true
	switch field.Kind() {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		bits = 32
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		bits, isSigned = 32, false
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		isSigned = false
	}
	var none protoreflect.Value
	text = wholeNumber(text)
	if isSigned {
		n, err := strconv.ParseInt(text, 10, bits)
		if err != nil || text[0] == '+' {
			return none, notInteger(err)
		}
		if bits == 32 {
			return protoreflect.ValueOfInt32(int32(n)), nil
		}
		return protoreflect.ValueOfInt64(n), nil
	}
	n, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		return none, notInteger(err)
	}
	if bits == 32 {
		return protoreflect.ValueOfUint32(uint32(n)), nil
	}
	return protoreflect.ValueOfUint64(n), nil
}

// safeInteger is the largest number that a float64 holds exactly, and all smaller ones.
const safeInteger = 1<<53 - 1

// wholeNumber writes 5.0 and 1e3 as the integers they are; other text comes back unchanged.
func wholeNumber(text string) string {
	if !strings.ContainsAny(text, ".eE") || isGoNumber(text) {
		return text
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > safeInteger {
		return text
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}

func notInteger(err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return errors.New("is out of range")
	}
	return errors.New("must be a whole number")
}

// inRange holds a number against what the contract says REST may be given.
func inRange(member *member, value protoreflect.Value) error {
	if !member.hasLeast && !member.hasMost {
		return nil
	}
	var n float64
	switch v := value.Interface().(type) {
	case int32:
		n = float64(v)
	case int64:
		n = float64(v)
	case float64:
		n = v
	default:
		return nil
	}
	switch {
	case member.hasLeast && member.hasMost && (n < float64(member.least) || n > float64(member.most)):
		return fmt.Errorf("must be from %d to %d", member.least, member.most)
	case member.hasLeast && n < float64(member.least):
		return fmt.Errorf("must be at least %d", member.least)
	case member.hasMost && n > float64(member.most):
		return fmt.Errorf("must be at most %d", member.most)
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
