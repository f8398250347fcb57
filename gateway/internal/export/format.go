package export

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/pb"
)

// writer writes rows in one format.
type writer interface {
	row(domain *pb.Domain) error
	close() error
}

type format struct {
	name        string
	contentType string
	open        func(out io.Writer) writer
}

var formats = map[string]*format{
	"csv":  {"csv", "text/csv; charset=utf-8; header=present", openCSV},
	"json": {"json", "application/json; charset=utf-8", openJSON},
}

// columns in their order, by their names in JSON.
type columns struct {
	Domain          string   `json:"domain"`
	DNSStatus       string   `json:"dnsStatus"`
	HTTPStatus      string   `json:"httpStatus"`
	LeadStatus      string   `json:"leadStatus"`
	RejectionReason string   `json:"rejectionReason"`
	DomainScore     *float64 `json:"domainScore"`
	Richness        *float64 `json:"richness"`
	KeywordsUnique  int32    `json:"keywordsUnique"`
	Top3            []string `json:"top3"`
	Title           string   `json:"title"`
}

var columnNames = []string{"domain", "dnsStatus", "httpStatus", "leadStatus", "rejectionReason", "domainScore", "richness",
	"keywordsUnique", "top3", "title"}

func columnsOf(domain *pb.Domain) *columns {
	c := &columns{Domain: domain.GetDomain(), DNSStatus: word(domain.GetDnsStatus()),
		HTTPStatus: word(domain.GetHttpStatus()), LeadStatus: word(domain.GetLeadStatus()),
		RejectionReason: word(domain.GetRejectionReason()), KeywordsUnique: domain.GetKeywordsUnique(),
		Top3: domain.GetFeatures().GetKeywords().GetTop3(), Title: domain.GetHttpTitle()}
	if score, ok := domain.GetDomainScoreValue().(*pb.Domain_DomainScore); ok {
		c.DomainScore = &score.DomainScore
	}
	if richness, ok := domain.GetRichnessValue().(*pb.Domain_Richness); ok {
		c.Richness = &richness.Richness
	}
	if c.Top3 == nil {
		c.Top3 = []string{}
	}
	return c
}

// word is a status as REST writes it; a status that is not told is an empty cell.
func word(value protoreflect.Enum) string {
	if value.Number() == 0 {
		return ""
	}
	return codec.Word(value)
}

// csvWriter is RFC 4180 with a header.
type csvWriter struct{ out *csv.Writer }

func openCSV(out io.Writer) writer {
	w := csvWriter{csv.NewWriter(out)}
	w.out.UseCRLF = true
	_ = w.out.Write(columnNames) // the next row's or close's failure is the same
	return w
}

func (w csvWriter) row(domain *pb.Domain) error {
	c := columnsOf(domain)
	return w.out.Write([]string{cell(c.Domain), c.DNSStatus, c.HTTPStatus, c.LeadStatus, c.RejectionReason, number(c.DomainScore),
		number(c.Richness), strconv.Itoa(int(c.KeywordsUnique)), cell(strings.Join(c.Top3, "; ")), cell(c.Title)})
}

func (w csvWriter) close() error {
	w.out.Flush()
	return w.out.Error()
}

// cell keeps spreadsheets from taking what a site wrote for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func number(value *float64) string {
	if value == nil {
		return ""
	}
	return strconv.FormatFloat(*value, 'f', -1, 64)
}

// jsonWriter is one list, a row a line.
type jsonWriter struct {
	out   io.Writer
	count int
}

func openJSON(out io.Writer) writer { return &jsonWriter{out: out} }

func (w *jsonWriter) row(domain *pb.Domain) error {
	data, err := json.Marshal(columnsOf(domain))
	if err != nil {
		return err
	}
	separator := ",\n"
	if w.count == 0 {
		separator = "[\n"
	}
	w.count++
	_, err = w.out.Write(append([]byte(separator), data...))
	return err
}

func (w *jsonWriter) close() error {
	text := "\n]\n"
	if w.count == 0 {
		text = "[]\n"
	}
	_, err := io.WriteString(w.out, text)
	return err
}
