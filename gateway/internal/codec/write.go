package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Marshal writes a message, a list of messages (of a response_body) or a plain value of one.
func Marshal(value any) ([]byte, error) {
	switch v := value.(type) {
	case proto.Message:
		return Append(nil, v)
	case nil:
		return []byte("null"), nil
	}
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		return json.Marshal(value)
	}
	out := []byte{'['}
	for i := 0; i < list.Len(); i++ {
		if i > 0 {
			out = append(out, ',')
		}
		message, ok := list.Index(i).Interface().(proto.Message)
		if !ok {
			return json.Marshal(value)
		}
		var err error
		if out, err = Append(out, message); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

// Append writes a message behind out.
func Append(out []byte, message proto.Message) ([]byte, error) {
	w := &writer{out: out}
	w.message(message.ProtoReflect())
	return w.out, w.err
}

// writer keeps the first error; what is written after it is of no use.
type writer struct {
	out []byte
	err error
}

func (w *writer) message(m protoreflect.Message) {
	if w.wellKnown(m) {
		return
	}
	w.out = append(w.out, '{')
	w.members(m, true)
	w.out = append(w.out, '}')
}

// members writes the members of m without braces; returns whether the next one is still the first.
func (w *writer) members(m protoreflect.Message, first bool) bool {
	for _, member := range planOf(m.Descriptor()).members {
		if member.inline {
			if m.Has(member.field) {
				first = w.members(m.Get(member.field).Message(), first)
			}
			continue
		}
		if isLeftOut(member, m) {
			continue
		}
		first = w.pair(member.name, member, m, first)
		if member.alias != "" {
			first = w.pair(member.alias, member, m, first)
		}
	}
	return first
}

// isLeftOut says whether the member has nothing to show.
func isLeftOut(member *member, m protoreflect.Message) bool {
	return !member.nullable && (member.omitEmpty || canBeAbsent(member.field)) && !m.Has(member.field)
}

// canBeAbsent says whether a field that is not set is no member.
func canBeAbsent(field protoreflect.FieldDescriptor) bool {
	return field.HasPresence() || (field.Enum() != nil && field.Cardinality() != protoreflect.Repeated)
}

func (w *writer) pair(name string, member *member, m protoreflect.Message, first bool) bool {
	if !first {
		w.out = append(w.out, ',')
	}
	w.out = append(appendText(w.out, name), ':')
	field, value := member.field, m.Get(member.field)
	switch {
	case member.nullable && !m.Has(field):
		w.out = append(w.out, "null"...)
	case field.IsMap():
		w.mapping(member, value.Map())
	case field.IsList():
		w.list(member, value.List())
	default:
		w.single(member, field, value)
	}
	return false
}

func (w *writer) list(member *member, list protoreflect.List) {
	w.out = append(w.out, '[')
	for i := 0; i < list.Len(); i++ {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.single(member, member.field, list.Get(i))
	}
	w.out = append(w.out, ']')
}

func (w *writer) mapping(member *member, mapping protoreflect.Map) {
	var keys []protoreflect.MapKey
	mapping.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, key)
		return true
	})
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	w.out = append(w.out, '{')
	for i, key := range keys {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = appendText(w.out, key.String())
		w.out = append(w.out, ':')
		w.single(member, member.field.MapValue(), mapping.Get(key))
	}
	w.out = append(w.out, '}')
}

func (w *writer) single(member *member, field protoreflect.FieldDescriptor, value protoreflect.Value) {
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		w.message(value.Message())
	case protoreflect.EnumKind:
		if word, ok := wordsOf(field.Enum()).ofNumber[value.Enum()]; ok {
			w.out = appendText(w.out, word)
		} else {
			w.out = strconv.AppendInt(w.out, int64(value.Enum()), 10) // from a newer server
		}
	case protoreflect.BoolKind:
		w.out = strconv.AppendBool(w.out, value.Bool())
	case protoreflect.StringKind:
		if member.isJSON {
			w.nested(field, value.String())
		} else {
			w.out = appendText(w.out, value.String())
		}
	case protoreflect.BytesKind:
		w.out = appendText(w.out, base64.StdEncoding.EncodeToString(value.Bytes()))
	case protoreflect.FloatKind:
		w.float(value.Float(), 32)
	case protoreflect.DoubleKind:
		w.float(value.Float(), 64)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		w.out = strconv.AppendUint(w.out, value.Uint(), 10)
	default:
		w.out = strconv.AppendInt(w.out, value.Int(), 10)
	}
}

// float writes null for what JSON has no number for.
func (w *writer) float(f float64, bits int) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.out = append(w.out, "null"...)
		return
	}
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	w.out = strconv.AppendFloat(w.out, f, format, -1, bits)
}

// nested writes text that holds JSON.
func (w *writer) nested(field protoreflect.FieldDescriptor, text string) {
	if text == "" {
		w.out = append(w.out, "{}"...)
		return
	}
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(text)); err != nil {
		w.err = fmt.Errorf("%s does not hold JSON", field.FullName())
		return
	}
	w.out = append(w.out, out.Bytes()...)
}

// wellKnown writes the messages that are one value in JSON.
func (w *writer) wellKnown(m protoreflect.Message) bool {
	switch v := m.Interface().(type) {
	case *timestamppb.Timestamp:
		w.out = appendText(w.out, v.AsTime().Format(timeLayout(v)))
	case *durationpb.Duration:
		w.out = appendText(w.out, strconv.FormatFloat(v.AsDuration().Seconds(), 'f', -1, 64)+"s")
	default:
		return false
	}
	return true
}

// TimeText is a moment as every answer, event and log line writes it.
func TimeText(t time.Time) string { return t.UTC().Format(millisecondLayout) }

const millisecondLayout = "2006-01-02T15:04:05.000Z"

// timeLayout has milliseconds always, more digits only where there is more.
func timeLayout(t *timestamppb.Timestamp) string {
	if t.GetNanos()%int32(time.Millisecond) == 0 {
		return millisecondLayout
	}
	return "2006-01-02T15:04:05.000000000Z"
}

const hexDigits = "0123456789abcdef"

func appendText(out []byte, text string) []byte {
	out = append(out, '"')
	for _, r := range text { // what is not UTF-8 becomes U+FFFD
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, '\\', 'n')
		case r == '\t':
			out = append(out, '\\', 't')
		case r == '\r':
			out = append(out, '\\', 'r')
		case r < 0x20 || r == 0x7F:
			out = append(out, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		case r == '\u2028' || r == '\u2029': // line ends to JavaScript
			out = append(out, '\\', 'u', '2', '0', '2', hexDigits[r&15])
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}
