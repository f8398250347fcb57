package export

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/pb"
)

// writer writes rows in one format.
type writer interface {
	row(domain *pb.ExportedDomain) error
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

var columnNames = []string{"domain", "dnsStatus", "httpStatus", "leadStatus", "rejectionReason", "domainScore",
	"richness",
	"keywordsUnique", "top3", "title"}

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

func (w csvWriter) row(d *pb.ExportedDomain) error {
	cells := []string{cell(d.GetDomain()), word(d.GetDnsStatus()), word(d.GetHttpStatus()), word(d.GetLeadStatus()),
		word(d.GetRejectionReason()), "", "", "", cell(strings.Join(d.GetTop3(), "; ")), cell(d.GetTitle())}
	if score, ok := d.GetDomainScoreValue().(*pb.ExportedDomain_DomainScore); ok {
		cells[5] = number(score.DomainScore)
	}
	if richness, ok := d.GetRichnessValue().(*pb.ExportedDomain_Richness); ok {
		cells[6] = number(richness.Richness)
	}
	if unique, ok := d.GetKeywordsUniqueValue().(*pb.ExportedDomain_KeywordsUnique); ok {
		cells[7] = strconv.Itoa(int(unique.KeywordsUnique))
	}
	return w.out.Write(cells)
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

func number(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// jsonWriter is one list, a row a line.
type jsonWriter struct {
	out   io.Writer
	count int
}

func openJSON(out io.Writer) writer { return &jsonWriter{out: out} }

func (w *jsonWriter) row(d *pb.ExportedDomain) error {
	text := ",\n"
	if w.count == 0 {
		text = "[\n"
	}
	w.count++
	data, err := codec.Append([]byte(text), d)
	if err == nil {
		_, err = w.out.Write(data)
	}
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
