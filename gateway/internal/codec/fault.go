package codec

import (
	"fmt"
	"strings"
)

// Kind says how wrong an input is, which decides between 400 and 422.
type Kind int

const (
	Malformed  Kind = iota // not JSON, duplicate member, too deep: nothing more can be said
	WrongType              // JSON, but a text where a number belongs
	WrongValue             // the right type, not an allowed value
	Unknown                // a member or parameter that does not exist
)

// Fault is one thing wrong with an input.
type Fault struct {
	Kind    Kind
	Field   string // path as the caller wrote it, empty when it is the whole
	Message string // one sentence, without the field
}

// Faults is everything found wrong with an input; an error when there is any.
type Faults []Fault

// Error names every fault.
func (f Faults) Error() string {
	var all []string
	for _, fault := range f {
		all = append(all, strings.TrimSpace(fault.Field+" "+fault.Message))
	}
	return strings.Join(all, "; ")
}

// Worst is the kind that decides the status.
func (f Faults) Worst() Kind {
	worst := WrongValue
	for _, fault := range f {
		if fault.Kind < worst {
			worst = fault.Kind
		}
	}
	return worst
}

const faultsMax = 100 // of one input; what is beyond is not told

func (f *Faults) add(kind Kind, field, format string, arguments ...any) {
	if len(*f) < faultsMax {
		*f = append(*f, Fault{Kind: kind, Field: field, Message: fmt.Sprintf(format, arguments...)})
	}
}

// orNil is the faults as an error.
func (f Faults) orNil() error {
	if len(f) == 0 {
		return nil
	}
	return f
}
