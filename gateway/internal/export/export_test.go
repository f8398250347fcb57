package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"domainflow.io/gateway/internal/pb"
)

// server sends messages, then ends the stream with an error.
type server struct {
	pb.DomainServiceClient
	grpc.ClientStream
	messages []*pb.ExportDomainsResponse
	end      error
	asked    *pb.ListDomainsRequest
	silent   bool // sends nothing until the caller gives up
	context  context.Context
}

func (s *server) ExportDomains(ctx context.Context, in *pb.ExportDomainsRequest, _ ...grpc.CallOption) (
	grpc.ServerStreamingClient[pb.ExportDomainsResponse], error) {
	s.asked, s.context = in.GetList(), ctx
	return s, nil
}

func (s *server) Recv() (*pb.ExportDomainsResponse, error) {
	if s.silent {
		<-s.context.Done()
		return nil, status.FromContextError(s.context.Err()).Err()
	}
	if len(s.messages) == 0 {
		return nil, s.end
	}
	message := s.messages[0]
	s.messages = s.messages[1:]
	return message, nil
}

func twoMessages() *server {
	scored := &pb.ExportedDomain{Domain: "a.test", DnsStatus: pb.DnsStatus_DNS_STATUS_OK,
		HttpStatus: pb.HttpStatus_HTTP_STATUS_OK,
		LeadStatus: pb.LeadStatus_LEAD_STATUS_NO_MATCH, RejectionReason: pb.RejectionReason_REJECTION_REASON_LOW_SCORE,
		DomainScoreValue:    &pb.ExportedDomain_DomainScore{DomainScore: 0.125},
		RichnessValue:       &pb.ExportedDomain_Richness{Richness: 0.5},
		KeywordsUniqueValue: &pb.ExportedDomain_KeywordsUnique{KeywordsUnique: 2}, Title: `=cmd|"x", y`,
		Top3: []string{"5G", "fibre"}}
	return &server{end: io.EOF, messages: []*pb.ExportDomainsResponse{{Rows: []*pb.ExportedDomain{scored}},
		{Rows: []*pb.ExportedDomain{{Domain: "b.test", DnsStatus: pb.DnsStatus_DNS_STATUS_ERROR}}}}}
}

func ask(s *server, query string) *httptest.ResponseRecorder {
	e := &Exporter{domains: s, wait: 10 * time.Millisecond}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v2/campaigns/the-id/domains/export"+query, nil))
	return w
}

func TestCSV(t *testing.T) {
	s := twoMessages()
	w := ask(s, "?format=csv&dnsStatus=ok")
	rows, err := csv.NewReader(bytes.NewReader(w.Body.Bytes())).ReadAll()
	if err != nil || len(rows) != 3 || !strings.HasSuffix(w.Body.String(), "\r\n") {
		t.Fatal(rows, err)
	}
	if strings.Join(rows[0],
		",") != "domain,dnsStatus,httpStatus,leadStatus,rejectionReason,domainScore,richness,keywordsUnique,top3,title" ||
		strings.Join(rows[1], "|") != `a.test|ok|ok|no_match|low_score|0.125|0.5|2|5G; fibre|'=cmd|"x", y` ||
		strings.Join(rows[2], "|") != "b.test|error||||||||" {
		t.Error(rows)
	}
	if s.asked.CampaignId != "the-id" || s.asked.DnsStatus != pb.DnsStatus_DNS_STATUS_OK || s.asked.PageSize != 0 {
		t.Error(s.asked)
	}
	if !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Error(w.Header())
	}
}

func TestJSON(t *testing.T) {
	var rows []map[string]any
	w := ask(twoMessages(), "?format=json")
	if err := json.Unmarshal(w.Body.Bytes(), &rows); err != nil || len(rows) != 2 || rows[1]["domainScore"] != nil ||
		rows[0]["title"] != `=cmd|"x", y` {
		t.Error(rows, err)
	}
	w = ask(&server{end: io.EOF, messages: []*pb.ExportDomainsResponse{{}}}, "?format=json")
	if w.Body.String() != "[]\n" {
		t.Error(w.Body)
	}
}

func TestFormulasAreDefused(t *testing.T) {
	for text, wanted := range map[string]string{"=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "a=1": "a=1",
		"": "", "\tx": "'\tx"} {
		if got := cell(text); got != wanted {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, query := range []string{"?format=xml", "?format=", "?format=csv&format=json", "?limit=5", "?first=5",
		"?after=x", "?offset=1",
		"?dnsStatus=good", "?nonsense=1", "?campaignId=x", "?%zz"} {
		if w := ask(twoMessages(), query); w.Code != http.StatusBadRequest {
			t.Errorf("%s answered %d", query, w.Code)
		}
	}
	if w := ask(&server{silent: true}, ""); w.Code != http.StatusGatewayTimeout {
		t.Error(w.Code, w.Body)
	}
	if w := ask(&server{end: status.Error(codes.Unavailable, "gone")}, ""); w.Code != http.StatusServiceUnavailable {
		t.Error(w.Code, w.Body)
	}
}

func TestAHalfDownloadIsCutOff(t *testing.T) {
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the connection was closed as if all were well")
		}
	}()
	s := twoMessages()
	s.end = status.Error(codes.Unavailable, "gone")
	ask(s, "")
}

func TestPaths(t *testing.T) {
	for path, wanted := range map[string]bool{"/api/v2/campaigns/x/domains/export": true,
		"/api/v2/campaigns//domains/export":    false,
		"/api/v2/campaigns/a/b/domains/export": false, "/api/v2/campaigns/domains/export": false,
		"/api/v2/campaigns/x/domains/exports": false} {
		if _, ok := Campaign(path); ok != wanted {
			t.Error(path)
		}
	}
}
