package codec

import (
	"net/url"
	"sort"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Query reads parameters into a message, those that taken says the path or the body already gave excepted. Lists are
// comma separated or repeated. The error is Faults.
func Query(values url.Values, message proto.Message, taken func(field protoreflect.Name) bool) error {
	var faults Faults
	m := message.ProtoReflect()
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	given := map[protoreflect.Name]bool{}
	for _, name := range names {
		member := parameter(m.Descriptor(), name)
		switch {
		case member == nil || taken(member.field.Name()):
			faults.add(Unknown, clip(name), "is no parameter of this path")
		case given[member.field.Name()]:
			faults.add(WrongValue, name, "is given twice")
		default:
			given[member.field.Name()] = true
			setParameter(&faults, m, member, name, values[name])
		}
	}
	return faults.orNil()
}

// parameter is the member of that name; a query may use the name of the contract as well.
func parameter(message protoreflect.MessageDescriptor, name string) *member {
	known := planOf(message)
	member := known.byName[name]
	for i := 0; member == nil && i < len(known.members); i++ {
		if string(known.members[i].field.Name()) == name {
			member = known.members[i]
		}
	}
	if member == nil || member.isJSON || member.field.IsMap() {
		return nil
	}
	if inner := member.field.Message(); inner != nil && inner.FullName() != timestampName {
		return nil
	}
	return member
}

func setParameter(faults *Faults, m protoreflect.Message, member *member, name string, texts []string) {
	field := member.field
	if field.IsList() {
		list := m.Mutable(field).List()
		for _, text := range strings.Split(strings.Join(texts, ","), ",") {
			if value, err := scalar(field, text); err != nil {
				faults.add(WrongValue, name, "%s", err.Error())
			} else {
				list.Append(value)
			}
		}
		return
	}
	if len(texts) != 1 {
		faults.add(WrongValue, name, "is given twice")
		return
	}
	value, err := scalar(field, texts[0])
	if err == nil {
		err = inRange(member, value)
	}
	if err != nil {
		faults.add(WrongValue, name, "%s", err.Error())
		return
	}
	m.Set(field, value)
}

// PathWord is what a text in a path is in the contract: the name of an enum's word, the text itself for other fields.
func PathWord(message protoreflect.MessageDescriptor, field string, text string) (string, error) {
	found := message.Fields().ByName(protoreflect.Name(field))
	if found == nil {
		return text, nil
	}
	value, err := scalar(found, text)
	if err != nil {
		return "", Faults{{Kind: WrongValue, Field: found.JSONName(), Message: err.Error()}}
	}
	if found.Enum() == nil {
		return text, nil
	}
	return string(found.Enum().Values().ByNumber(value.Enum()).Name()), nil
}
