package codec

import (
	"errors"
	"fmt"
	"math"
	"math/rand"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"domainflow.io/gateway/internal/pb"
)

const contract = "domainflow.v2"

// everyMessage calls each for every message type of the contract.
func everyMessage(each func(protoreflect.MessageType)) {
	protoregistry.GlobalTypes.RangeMessages(func(t protoreflect.MessageType) bool {
		if t.Descriptor().ParentFile().Package() == contract && !t.Descriptor().IsMapEntry() {
			each(t)
		}
		return true
	})
}

// random fills messages with anything the contract allows and REST can tell.
type random struct{ *rand.Rand }

var texts = []string{"", "a", "naïve \"quoted\" \\ \n\t\u2028 \u0001 😀", "<script>", strings.Repeat("x", 300),
	"null"}
var jsons = []string{`{}`, `[]`, `{"a":[1,2.50,-3e7,{"b":null}]}`, `"text"`, `12345678901234567890`, `true`}
var integers = []int64{0, 1, -1, safeInteger, -safeInteger, safeInteger + 1, -safeInteger - 1, math.MaxInt64,
	math.MinInt64}

func (r random) message(m protoreflect.Message, depth int) {
	for _, member := range planOf(m.Descriptor()).members {
		field := member.field
		isShownEmpty := member.isJSON && !member.nullable && !member.omitEmpty // as {}, which is not what it was
		zeroIsRefused := member.hasLeast && member.least > 0 && !field.HasPresence()
		if r.Intn(3) == 0 && !isShownEmpty && !zeroIsRefused {
			continue
		}
		if inner := field.Message(); inner != nil && !field.IsMap() && depth > 4 {
			continue
		}
		switch {
		case field.IsMap():
			mapping := m.Mutable(field).Map()
			for i := r.Intn(3); i > 0; i-- {
				value := mapping.NewValue()
				r.fill(member, field.MapValue(), &value, depth)
				mapping.Set(protoreflect.ValueOfString(fmt.Sprint("k", i)).MapKey(), value)
			}
		case field.IsList():
			list := m.Mutable(field).List()
			for i := r.Intn(3); i > 0; i-- {
				value := list.NewElement()
				r.fill(member, field, &value, depth)
				list.Append(value)
			}
		default:
			value := m.NewField(field)
			r.fill(member, field, &value, depth)
			m.Set(field, value)
		}
	}
}

func (r random) fill(member *member, field protoreflect.FieldDescriptor, value *protoreflect.Value, depth int) {
	n := integers[r.Intn(len(integers))]
	if member.hasMost || member.hasLeast {
		n = int64(member.least)
	}
	switch field.Kind() {
	case protoreflect.MessageKind:
		if field.Message().FullName() == timestampName {
			seconds := value.Message().Descriptor().Fields().ByName("seconds")
			nanos := value.Message().Descriptor().Fields().ByName("nanos")
			value.Message().Set(seconds, protoreflect.ValueOfInt64(r.Int63n(4e9)))
			value.Message().Set(nanos, protoreflect.ValueOfInt32(r.Int31n(1e9)))
			return
		}
		r.message(value.Message(), depth+1)
	case protoreflect.EnumKind:
		values := field.Enum().Values()
		*value = protoreflect.ValueOfEnum(values.Get(1 + r.Intn(values.Len()-1)).Number())
	case protoreflect.BoolKind:
		*value = protoreflect.ValueOfBool(r.Intn(2) == 0)
	case protoreflect.StringKind:
		*value = protoreflect.ValueOfString(texts[r.Intn(len(texts))])
		if member.isJSON {
			*value = protoreflect.ValueOfString(jsons[r.Intn(len(jsons))])
		}
	case protoreflect.BytesKind:
		*value = protoreflect.ValueOfBytes([]byte(texts[r.Intn(len(texts))]))
	case protoreflect.DoubleKind:
		*value = protoreflect.ValueOfFloat64([]float64{0, 1, -0.125, 1e300, 1e-300, 46.5, 1.0 / 3}[r.Intn(7)])
		if member.hasMost || member.hasLeast {
			*value = protoreflect.ValueOfFloat64(float64(member.least))
		}
	case protoreflect.Int32Kind:
		*value = protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Int64Kind:
		*value = protoreflect.ValueOfInt64(n)
	case protoreflect.Uint32Kind:
		*value = protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Uint64Kind:
		*value = protoreflect.ValueOfUint64(uint64(n))
	default:
		panic("the contract has a new kind of field: " + field.Kind().String())
	}
}

func TestEveryMessageSurvivesTheRoundTrip(t *testing.T) {
	r := random{rand.New(rand.NewSource(1))}
	count := 0
	everyMessage(func(kind protoreflect.MessageType) {
		count++
		for i := 0; i < 40; i++ {
			before, after := kind.New(), kind.New()
			r.message(before, 0)
			data, err := Marshal(before.Interface())
			if err != nil {
				t.Fatalf("%s: %v", kind.Descriptor().FullName(), err)
			}
			if err := Unmarshal(data, after.Interface(), nil); err != nil {
				t.Fatalf("%s: %v in %s", kind.Descriptor().FullName(), err, data)
			}
			again, err := Marshal(after.Interface())
			if err != nil || string(again) != string(data) {
				t.Fatalf("%s: %s became %s (%v)", kind.Descriptor().FullName(), data, again, err)
			}
			if !proto.Equal(before.Interface(), after.Interface()) {
				t.Fatalf("%s: %v became %v through %s", kind.Descriptor().FullName(), before, after, data)
			}
		}
	})
	if count < 50 {
		t.Fatalf("only %d messages were found", count)
	}
}

func TestNamesDoNotCollide(t *testing.T) {
	everyMessage(func(kind protoreflect.MessageType) {
		seen := map[string]bool{}
		var check func(p *plan)
		check = func(p *plan) {
			for _, member := range p.members {
				if member.inline {
					check(planOf(member.field.Message()))
					continue
				}
				for _, name := range []string{member.name, member.alias} {
					if name != "" && seen[name] {
						t.Errorf("%s shows two members named %s", kind.Descriptor().FullName(), name)
					}
					seen[name] = true
				}
			}
		}
		check(planOf(kind.Descriptor()))
	})
}

func write(t *testing.T, message proto.Message) string {
	t.Helper()
	data, err := Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestZeroValuesArePresent(t *testing.T) {
	if got := write(t, &pb.GetFunnelResponse{Generated: 3}); got !=
		`{"generated":3,"dnsValid":0,"httpValid":0,"keywordHits":0,"analyzed":0,"highPotential":0,"leads":0}` {
		t.Error(got)
	}
}

func TestNullableIsNullAndAbsentIsOmitted(t *testing.T) {
	got := write(t, &pb.Domain{})
	for _, wanted := range []string{`"domainScore":null`, `"leadScore":null`} {
		if !strings.Contains(got, wanted) {
			t.Errorf("%s lacks %s", got, wanted)
		}
	}
	if strings.Contains(got, "createdAt") {
		t.Error(got)
	}
}

func TestWideIntegersAreNumbers(t *testing.T) {
	for number, wanted := range map[int64]string{safeInteger: "9007199254740991", safeInteger + 1: "9007199254740992",
		-safeInteger: "-9007199254740991", math.MinInt64: "-9223372036854775808"} {
		got := write(t, &pb.Domain{Offset: number})
		if !strings.Contains(got, `"offset":`+wanted+",") {
			t.Errorf("%d became %s", number, got)
		}
	}
}

func TestNestedJSONIsNested(t *testing.T) {
	in := &pb.CreateCampaignRequest{}
	body := `{"name":"n","mode":"full_sequence","configuration":{"maxDomains": 5, "big": 12345678901234567890}}`
	if err := Unmarshal([]byte(body), in, nil); err != nil {
		t.Fatal(err)
	}
	if in.Configuration != `{"maxDomains":5,"big":12345678901234567890}` ||
		in.Mode != pb.CampaignMode_CAMPAIGN_MODE_FULL_SEQUENCE {
		t.Error(in)
	}
}

func TestBadBodies(t *testing.T) {
	deep := strings.Repeat("[", DepthMax-1) + strings.Repeat("]", DepthMax-1)
	for body, wanted := range map[string]string{
		`{"name":5}`:                             "1 name must be a text, not a number",
		`{"name":null}`:                          "1 name must not be null",
		`{"mode":"auto"}`:                        "2 mode must be one of step_by_step, full_sequence",
		`{"mode":"CAMPAIGN_MODE_FULL_SEQUENCE"}`: "2 mode must be one of step_by_step, full_sequence",
		`{"mode":"unspecified"}`:                 "2 mode must be one of step_by_step, full_sequence",
		`{"mode":2}`:                             "1 mode must be a text, not a number",
		`{"nmae":"x"}`:                           "3 nmae does not exist",
		`{"name":"a","name":"b"}`:                "0 the JSON has the member \"name\" twice",
		`{"configuration":{"a":1,"a":2}}`:        "0 the JSON has the member \"a\" twice",
		`{"configuration":{"a":1,"\u0061":2}}`:   "0 the JSON has the member \"a\" twice",
		`{"name":"x"`:                            "0 the JSON ends too early",
		`{"name":"x"} `:                          "",
		`{"name":"x"}}`:                          "0 the JSON goes on after its end, at byte 12",
		`{"name":"x",}`:                          "0 the JSON has '}' where '\"' belongs, at byte 12",
		`{'name':"x"}`:                           "0 the JSON has '\\'' where '\"' belongs, at byte 1",
		"{\"name\":\"\xff\"}":                    "0 the JSON is not UTF-8 at byte 9",
		`{"name":"\ud800"}`:                      "0 the JSON has half a surrogate pair before byte 15",
		`{"name":"\ud83d\ude00"}`:                "",
		"{\"name\":\"\n\"}":                      "0 the JSON has an unescaped control character at byte 9",
		`{"configuration":NaN}`:                  "0 the JSON has 'N' where a value belongs, at byte 17",
		`{"configuration":01}`:                   "0 the JSON has no number at byte 17",
		`{"configuration":1.}`:                   "0 the JSON has no number at byte 17",
		`{"configuration":-}`:                    "0 the JSON has no number at byte 17",
		`{"configuration":nul}`:                  "0 the JSON has no value at byte 17",
		`[]`:                                     "1 the body must be an object, not a list",
		``:                                       "0 the JSON ends too early",
		`{"configuration":` + deep + `}`:         "",
		`{"configuration":[` + deep + `]}`:       "0 the JSON is nested deeper than 32",
		`{"name":1,"mode":"x","nmae":0,"description":[1]}`: "1 name must be a text, not a number; mode must be one of step_by_step, " +
			"full_sequence; nmae does not exist; description must be a text, not a list",
	} {
		got := ""
		var faults Faults
		if err := Unmarshal([]byte(body), &pb.CreateCampaignRequest{}, nil); errors.As(err, &faults) {
			worst := faults.Worst()
			if len(faults) == 1 {
				worst = faults[0].Kind
			}
			got = fmt.Sprint(int(worst), " ", faults)
		} else if err != nil {
			t.Fatal(err)
		}
		if got != wanted {
			t.Errorf("%.80s\n got  %s\n want %s", body, got, wanted)
		}
	}
}

func TestQueries(t *testing.T) {
	none := func(protoreflect.Name) bool { return false }
	in := &pb.ListDomainsRequest{}
	err := Query(url.Values{"dnsStatus": {"ok"}, "rejection_reasons": {"parked,low_score", "pending"}}, in, none)
	if err != nil || in.DnsStatus != pb.DnsStatus_DNS_STATUS_OK || len(in.RejectionReasons) != 3 {
		t.Error(in, err)
	}
	for query, wanted := range map[string]string{
		"dnsStatus=OK":               "dnsStatus must be one of pending, ok, error, timeout",
		"dnsStatus=":                 "dnsStatus must be one of pending, ok, error, timeout",
		"dnsStatus=ok&dnsStatus=ok":  "dnsStatus is given twice",
		"dnsStatus=ok&dns_status=ok": "dns_status is given twice",
		"nonsense=1":                 "nonsense is no parameter of this path",
		"search=%ff":                 "search must be UTF-8",
		"limit=0x1.8p1":              "limit must be a whole number",
		"limit=1_0":                  "limit must be a whole number",
		"minScore=0x1p-1":            "minScore must be a number",
		"rejectionReason=parked,,low_score": "rejectionReason must be one of qualified, low_score, no_keywords, " +
			"parked, dns_error, dns_timeout, http_error, http_timeout, pending",
		"rejectionReason=parked&bad=1&worse=2": "bad is no parameter of this path; worse is no parameter of this path",
	} {
		values, _ := url.ParseQuery(query)
		if err := Query(values, &pb.ListDomainsRequest{}, none); err == nil || err.Error() != wanted {
			t.Errorf("%s: %v", query, err)
		}
	}
	taken := func(name protoreflect.Name) bool { return name == "campaign_id" }
	if err := Query(url.Values{"campaignId": {"x"}}, in, taken); err == nil {
		t.Error("a parameter that the path gives was accepted")
	}
}

func TestFieldsHaveTheNamesCallersWrite(t *testing.T) {
	list := (&pb.ListDomainsRequest{}).ProtoReflect().Descriptor()
	for field, wanted := range map[string]string{"pageToken": "after", "pageSize": "first", "dnsStatus": "dnsStatus",
		"rejectionReasons[1]": "rejectionReason[1]", "pageToken.x": "after.x", "unknown": "unknown", "": ""} {
		if got := RestName(list, field); got != wanted {
			t.Errorf("%s became %s", field, got)
		}
	}
}

func TestPathWords(t *testing.T) {
	start := (&pb.StartPhaseRequest{}).ProtoReflect().Descriptor()
	for _, word := range []string{"dns", "DNS", "dns_validation", "Dns-Validation"} {
		if name, err := PathWord(start, "phase", word); err != nil || name != "PHASE_DNS" {
			t.Error(word, name, err)
		}
	}
	for _, word := range []string{"PHASE_DNS", "2", "dnsvalidation", "unspecified", ""} {
		if _, err := PathWord(start, "phase", word); err == nil {
			t.Errorf("%q was accepted", word)
		}
	}
	if id, err := PathWord(start, "campaign_id", "x"); err != nil || id != "x" {
		t.Error(id, err)
	}
	if _, err := PathWord(start, "campaign_id", "\xff"); err == nil {
		t.Error("what is not UTF-8 was accepted")
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"name":"x","rules":[{"pattern":"\ud83d\ude00","weight":1e3}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &pb.CreateKeywordSetRequest{}
		if Unmarshal(data, in, nil) != nil {
			return
		}
		again, err := Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := Unmarshal(again, &pb.CreateKeywordSetRequest{}, nil); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
	})
}
