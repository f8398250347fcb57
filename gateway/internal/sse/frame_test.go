package sse

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var digits = regexp.MustCompile(`^[1-9][0-9]*$`)

// awkward are the texts that break careless writers.
var awkward = []string{"\r", "\n", "\r\n", "\n\n", "\x00", "\u2028", "\u2029", "\uFEFF", "\xff\xfe", "\xc3",
	"\xed\xa0\x80",
	": ", "data: x", "id: 9", "event: evil", "retry: 1", "\\", `"`, "</script>", "é", "𝄞", " ", "\t", "\x7f", "\b"}

func randomText(random *rand.Rand) string {
	var out strings.Builder
	for range random.IntN(12) {
		if random.IntN(3) == 0 {
			out.WriteString(strconv.Itoa(random.IntN(1000)))
		} else {
			out.WriteString(awkward[random.IntN(len(awkward))])
		}
	}
	return out.String()
}

// randomLayout puts line breaks where JSON allows space.
func randomLayout(t *testing.T, random *rand.Rand, document []byte) []byte {
	indents := []string{"", "\n", "\r\n", "\r", " \t"}
	indent := indents[random.IntN(len(indents))]
	if indent == "" {
		return document
	}
	var out bytes.Buffer
	if err := json.Indent(&out, document, "", " "); err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte(indent))
}

func TestAReaderGetsExactlyTheEventsThatWereWritten(t *testing.T) {
	random := rand.New(rand.NewPCG(18, 4))
	const count = 100_000
	type wanted struct {
		id, event, text string
	}
	var stream []byte
	all := make([]wanted, 0, count)
	lastID := ""
	for i := range count {
		w := wanted{event: typeNames[random.IntN(typeCount)], text: randomText(random)}
		if i == count/2 {
			w.text = strings.Repeat("\r\n\x00", 1<<20/3)
		}
		number := int32(random.IntN(3) * random.IntN(1<<31-1) / 2)
		if number > 0 {
			lastID = strconv.Itoa(int(number))
		}
		w.id = lastID
		document, err := marshal(map[string]any{"text": w.text, "list": []any{w.text, 1}})
		if err != nil {
			t.Fatal(err)
		}
		stream = appendFrame(stream, number, typeOf(w.event), randomLayout(t, random, document))
		all = append(all, w)
	}
	reader := newEventReader(bytes.NewReader(stream))
	for i, w := range all {
		e, err := reader.next()
		if err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		var document struct {
			Text string `json:"text"`
			List []any  `json:"list"`
		}
		if err := json.Unmarshal([]byte(e.data), &document); err != nil {
			t.Fatalf("event %d: %v in %q", i, err, e.data)
		}
		if strings.ContainsAny(e.data, "\r\n") {
			t.Fatalf("event %d: data of several lines", i)
		}
		text := strings.ToValidUTF8(w.text, "\uFFFD")
		if e.id != w.id || e.event != w.event || replaced(document.Text) != replaced(text) {
			t.Fatalf("event %d: wrote %q, read %q %q %q", i, w, e.id, e.event, document.Text)
		}
		if e.id != "" && !digits.MatchString(e.id) {
			t.Fatalf("event %d: the id is %q", i, e.id)
		}
	}
	if e, err := reader.next(); err != io.EOF {
		t.Fatalf("one event too many: %v", e)
	}
}

// replaced makes runs of U+FFFD one: how many stand for a broken sequence is a matter of taste.
func replaced(text string) string { return replacements.ReplaceAllString(text, "\uFFFD") }

var replacements = regexp.MustCompile("\uFFFD+")

func TestTheIdStandsOnTheLastFrameThatAClientGets(t *testing.T) {
	e := newEvent(7, part{typePhaseUpdate, []byte(`{"a":1}`)}, part{typePhaseStarted, []byte(`{"b":2}`)})
	update := "event: phaseUpdate\ndata: {\"a\":1}\n\n"
	started := "event: phase_started\ndata: {\"b\":2}\n\n"
	cases := []struct{ types, want string }{
		{"", update + "id: 7\n" + started},
		{"phaseUpdate,phase_started", update + "id: 7\n" + started},
		{"phaseUpdate", "id: 7\n" + update},
		{"phase_started,domain_scored", "id: 7\n" + started},
		{"domain_scored", ""},
	}
	for _, c := range cases {
		wanted, unknown := parseFilter(c.types)
		if unknown != "" {
			t.Fatal(unknown)
		}
		got, _ := e.appendTo(nil, wanted)
		if string(got) != c.want {
			t.Errorf("types=%s: %q", c.types, got)
		}
		if e.isWhole(wanted) != (c.want == string(e.bytes)) {
			t.Errorf("types=%s: isWhole is %v", c.types, e.isWhole(wanted))
		}
	}
}

func TestFilters(t *testing.T) {
	for _, list := range []string{"", ",", " , "} {
		if wanted, unknown := parseFilter(list); wanted != everything || unknown != "" {
			t.Errorf("%q: %x %q", list, wanted, unknown)
		}
	}
	if _, unknown := parseFilter("phase_started,nonsense"); unknown != "nonsense" {
		t.Errorf("an unknown type passed: %q", unknown)
	}
	wanted, _ := parseFilter(" phase_started ")
	for _, eventType := range []int{typeResync, typeError, typeKeepAlive, typePhaseStarted} {
		if !wanted.has(eventType) {
			t.Errorf("%s is filtered out", typeNames[eventType])
		}
	}
	if wanted.has(typePhaseUpdate) {
		t.Error("phaseUpdate was not asked for")
	}
}

func TestTheCatalogueHasANameForEveryType(t *testing.T) {
	seen := map[string]bool{}
	for i, name := range typeNames {
		if name == "" || seen[name] {
			t.Errorf("type %d is called %q", i, name)
		}
		seen[name] = true
	}
	if typeCount > 64 {
		t.Error("a filter has 64 bits")
	}
}
