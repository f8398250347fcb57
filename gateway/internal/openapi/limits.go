package openapi

import (
	"regexp"
	"strconv"
	"strings"

	"domainflow.io/gateway/internal/codec"
)

// How the comments of requests say what the options can't: characters, not bytes, and numbers.
var (
	characters     = regexp.MustCompile(`^(?:Required[.:,] )?(\d+)–(\d+) characters`)
	charactersMost = regexp.MustCompile(`^At most (\d+) characters`)
	numbers        = regexp.MustCompile(`^(?:Required[.:,] )?(\d+)\.\.(\d+)[.,;]`)
)

// narrow adds what the comment of a request's field says of its value.
func narrow(s *schema, comment string) {
	switch found := matched(comment); {
	case s.Type == "string" && found.kind == characters:
		s.MinLength, s.MaxLength = found.least, found.most
	case s.Type == "string" && found.kind == charactersMost:
		s.MaxLength = found.least
	case (s.Type == "integer" || s.Type == "number") && s.Minimum == nil && found.kind == numbers:
		s.Minimum, s.Maximum = number(float64(found.least)), number(float64(found.most))
	case s.Type == "array" && found.kind == numbers && !strings.Contains(comment, "empty"):
		s.MinItems, s.MaxItems = found.least, found.most
	}
}

type said struct {
	kind        *regexp.Regexp
	least, most int
}

func matched(comment string) said {
	for _, kind := range []*regexp.Regexp{characters, charactersMost, numbers} {
		if parts := kind.FindStringSubmatch(comment); parts != nil {
			found := said{kind: kind}
			found.least, _ = strconv.Atoi(parts[1]) // digits, by the expression
			if len(parts) > 2 {
				found.most, _ = strconv.Atoi(parts[2])
			}
			return found
		}
	}
	return said{}
}

// uuid is a text that the comment says to be a UUID. Requests may leave it empty where the comment says "empty" or that
// it is not read; an `id` that is not read may be anything.
func uuid(s *schema, comment string, member codec.Member, on way) {
	text := strings.TrimPrefix(strings.TrimPrefix(comment, "Required: "), "Lower-case ")
	isUnread := on == asked && strings.Contains(comment, "not read")
	canBeEmpty := isUnread || strings.Contains(comment, "empty")
	switch {
	case !strings.HasPrefix(text, "UUID") || isUnread && member.Field.Name() == "id":
	case on == asked && canBeEmpty:
		s.Pattern = "^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})?$"
	case on == asked || !canBeEmpty || member.IsNullable || !member.IsAlways:
		s.Format, s.MaxLength = "uuid", 0
	}
}
