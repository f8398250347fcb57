package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON in place, strictly by RFC 8259: valid UTF-8, no lone surrogates, no duplicate names, bounded
// depth. After an error it must not be used again.
type scanner struct {
	data  []byte
	at    int
	depth int
}

// What a JSON value is, by its first byte.
const (
	kindObject = '{'
	kindArray  = '['
	kindString = '"'
	kindNumber = '0'
	kindTrue   = 't'
	kindFalse  = 'f'
	kindNull   = 'n'
)

var kindNames = map[byte]string{kindObject: "an object", kindArray: "a list", kindString: "a text",
	kindNumber: "a number",
	kindTrue:   "a boolean", kindFalse: "a boolean", kindNull: "null"}

var errEnd = errors.New("ends too early")

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// kind looks at the next value.
func (s *scanner) kind() (byte, error) {
	s.space()
	if s.at == len(s.data) {
		return 0, errEnd
	}
	switch c := s.data[s.at]; {
	case c == '-' || c >= '0' && c <= '9':
		return kindNumber, nil
	case kindNames[c] != "":
		return c, nil
	default:
		return 0, fmt.Errorf("has %q where a value belongs, at byte %d", c, s.at)
	}
}

// expect reads one punctuation byte.
func (s *scanner) expect(c byte) error {
	s.space()
	if s.at == len(s.data) {
		return errEnd
	}
	if s.data[s.at] != c {
		return fmt.Errorf("has %q where %q belongs, at byte %d", s.data[s.at], c, s.at)
	}
	s.at++
	return nil
}

// peek says whether the next byte after space is c.
func (s *scanner) peek(c byte) bool {
	s.space()
	return s.at < len(s.data) && s.data[s.at] == c
}

// enter and leave count the nesting.
func (s *scanner) enter(open byte) error {
	if s.depth++; s.depth > DepthMax {
		return fmt.Errorf("is nested deeper than %d", DepthMax)
	}
	return s.expect(open)
}

// object calls each for every member; each must read the value.
func (s *scanner) object(each func(name string) error) error {
	if err := s.enter('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for first := true; !s.peek('}'); first = false {
		if !first {
			if err := s.expect(','); err != nil {
				return err
			}
		}
		name, err := s.text()
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("has the member %q twice", clip(name))
		}
		seen[name] = true
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := each(name); err != nil {
			return err
		}
	}
	s.at++
	s.depth--
	return nil
}

// array calls each for every element; each must read it.
func (s *scanner) array(each func(index int) error) error {
	if err := s.enter('['); err != nil {
		return err
	}
	for index := 0; !s.peek(']'); index++ {
		if index > 0 {
			if err := s.expect(','); err != nil {
				return err
			}
		}
		if err := each(index); err != nil {
			return err
		}
	}
	s.at++
	s.depth--
	return nil
}

// skip reads any value and forgets it.
func (s *scanner) skip() error {
	kind, err := s.kind()
	if err != nil {
		return err
	}
	switch kind {
	case kindObject:
		return s.object(func(string) error { return s.skip() })
	case kindArray:
		return s.array(func(int) error { return s.skip() })
	case kindString:
		_, err = s.text()
	case kindNumber:
		_, err = s.number()
	default:
		_, err = s.literal()
	}
	return err
}

// raw reads any value and returns it without spaces, its numbers as they were written.
func (s *scanner) raw() (string, error) {
	s.space()
	start := s.at
	if err := s.skip(); err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := json.Compact(&out, s.data[start:s.at]); err != nil {
		return "", err
	}
	return out.String(), nil
}

// literal reads true, false or null.
func (s *scanner) literal() (string, error) {
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.data[s.at:], []byte(word)) {
			s.at += len(word)
			return word, nil
		}
	}
	return "", fmt.Errorf("has no value at byte %d", s.at)
}

// number reads one and returns it as it was written.
func (s *scanner) number() (string, error) {
	start := s.at
	digits := func() bool {
		before := s.at
		for s.at < len(s.data) && s.data[s.at] >= '0' && s.data[s.at] <= '9' {
			s.at++
		}
		return s.at > before
	}
	s.take("-")
	leading := s.at
	if !digits() || (s.data[leading] == '0' && s.at > leading+1) {
		return "", fmt.Errorf("has no number at byte %d", start)
	}
	if s.take(".") && !digits() {
		return "", fmt.Errorf("has no number at byte %d", start)
	}
	if s.take("eE") {
		s.take("+-")
		if !digits() {
			return "", fmt.Errorf("has no number at byte %d", start)
		}
	}
	return string(s.data[start:s.at]), nil
}

// take reads one byte when it is one of those.
func (s *scanner) take(any string) bool {
	if s.at < len(s.data) && bytes.IndexByte([]byte(any), s.data[s.at]) >= 0 {
		s.at++
		return true
	}
	return false
}

// text reads a string.
func (s *scanner) text() (string, error) {
	if err := s.expect('"'); err != nil {
		return "", err
	}
	var out []byte
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return string(out), nil
		case c == '\\':
			s.at++
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		case c < 0x20:
			return "", fmt.Errorf("has an unescaped control character at byte %d", s.at)
		case c < utf8.RuneSelf:
			out = append(out, c)
			s.at++
		default:
			r, size := utf8.DecodeRune(s.data[s.at:])
			if r == utf8.RuneError && size == 1 {
				return "", fmt.Errorf("is not UTF-8 at byte %d", s.at)
			}
			out = append(out, s.data[s.at:s.at+size]...)
			s.at += size
		}
	}
	return "", errEnd
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads what follows a backslash.
func (s *scanner) escape() (rune, error) {
	if s.at == len(s.data) {
		return 0, errEnd
	}
	c := s.data[s.at]
	s.at++
	if c != 'u' {
		if r, ok := escapes[c]; ok {
			return r, nil
		}
		return 0, fmt.Errorf("has an unknown escape at byte %d", s.at-1)
	}
	r, err := s.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if bytes.HasPrefix(s.data[s.at:], []byte(`\u`)) {
		s.at += 2
		low, err := s.hex()
		if err != nil {
			return 0, err
		}
		if whole := utf16.DecodeRune(r, low); whole != utf8.RuneError {
			return whole, nil
		}
	}
	return 0, fmt.Errorf("has half a surrogate pair before byte %d", s.at)
}

func (s *scanner) hex() (rune, error) {
	if s.at+4 > len(s.data) {
		return 0, errEnd
	}
	var r rune
	for _, c := range s.data[s.at : s.at+4] {
		r <<= 4
		switch {
		case c >= '0' && c <= '9':
			r |= rune(c - '0')
		case c >= 'a' && c <= 'f':
			r |= rune(c-'a') + 10
		case c >= 'A' && c <= 'F':
			r |= rune(c-'A') + 10
		default:
			return 0, fmt.Errorf("has an unknown escape at byte %d", s.at)
		}
	}
	s.at += 4
	return r, nil
}

// clip shortens what a caller wrote to what a sentence can hold.
func clip(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
