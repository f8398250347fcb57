package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
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

// pages answers ListDomains with each in turn, then fails.
type pages struct {
	pb.DomainServiceClient
	left  []*pb.ListDomainsResponse
	asked []*pb.ListDomainsRequest
}

func (p *pages) ListDomains(_ context.Context, in *pb.ListDomainsRequest, _ ...grpc.CallOption) (*pb.ListDomainsResponse, error) {
	copied := &pb.ListDomainsRequest{PageToken: in.PageToken, PageSize: in.PageSize, DnsStatus: in.DnsStatus, CampaignId: in.CampaignId}
	p.asked = append(p.asked, copied)
	if len(p.left) == 0 {
		return nil, status.Error(codes.Unavailable, "gone")
	}
	page := p.left[0]
	p.left = p.left[1:]
	return page, nil
}

func twoPages() *pages {
	scored := &pb.Domain{Domain: "a.test", DnsStatus: pb.DnsStatus_DNS_STATUS_OK, HttpStatus: pb.HttpStatus_HTTP_STATUS_OK,
		LeadStatus: pb.LeadStatus_LEAD_STATUS_NO_MATCH, RejectionReason: pb.RejectionReason_REJECTION_REASON_LOW_SCORE,
		DomainScoreValue: &pb.Domain_DomainScore{DomainScore: 0.125}, RichnessValue: &pb.Domain_Richness{Richness: 0.5}, KeywordsUnique: 2,
		HttpTitle: `=cmd|"x", y`, Features: &pb.DomainFeatures{Keywords: &pb.DomainKeywordFeatures{Top3: []string{"5G", "fibre"}}}}
	return &pages{left: []*pb.ListDomainsResponse{
		{Domains: []*pb.Domain{scored}, NextPageToken: "next"},
		{Domains: []*pb.Domain{{Domain: "b.test", DnsStatus: pb.DnsStatus_DNS_STATUS_ERROR}}}}}
}

func ask(p *pages, query string) *httptest.ResponseRecorder {
	e := &Exporter{domains: p, deadline: time.Minute, slots: make(chan struct{}, 1)}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v2/campaigns/the-id/domains/export"+query, nil))
	return w
}

func TestCSV(t *testing.T) {
	p := twoPages()
	w := ask(p, "?format=csv&dnsStatus=ok")
	rows, err := csv.NewReader(bytes.NewReader(w.Body.Bytes())).ReadAll()
	if err != nil || len(rows) != 3 || !strings.HasSuffix(w.Body.String(), "\r\n") {
		t.Fatal(rows, err)
	}
	if strings.Join(rows[0], ",") != "domain,dnsStatus,httpStatus,leadStatus,rejectionReason,domainScore,richness,keywordsUnique,top3,title" ||
		strings.Join(rows[1], "|") != `a.test|ok|ok|no_match|low_score|0.125|0.5|2|5G; fibre|'=cmd|"x", y` ||
		strings.Join(rows[2], "|") != "b.test|error|||||"+"|0||" {
		t.Error(rows)
	}
	if len(p.asked) != 2 || p.asked[0].CampaignId != "the-id" || p.asked[0].DnsStatus != pb.DnsStatus_DNS_STATUS_OK ||
		p.asked[1].PageToken != "next" || p.asked[1].DnsStatus != pb.DnsStatus_DNS_STATUS_OK {
		t.Error(p.asked)
	}
	if !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Error(w.Header())
	}
}

func TestJSON(t *testing.T) {
	var rows []map[string]any
	w := ask(twoPages(), "?format=json")
	if err := json.Unmarshal(w.Body.Bytes(), &rows); err != nil || len(rows) != 2 || rows[1]["domainScore"] != nil || rows[0]["title"] != `=cmd|"x", y` {
		t.Error(rows, err)
	}
	w = ask(&pages{left: []*pb.ListDomainsResponse{{}}}, "?format=json")
	if w.Body.String() != "[]\n" {
		t.Error(w.Body)
	}
}

func TestFormulasAreDefused(t *testing.T) {
	for text, wanted := range map[string]string{"=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "a=1": "a=1", "": "", "\tx": "'\tx"} {
		if got := cell(text); got != wanted {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, query := range []string{"?format=xml", "?format=", "?format=csv&format=json", "?limit=5", "?first=5", "?after=x", "?offset=1",
		"?dnsStatus=good", "?nonsense=1", "?campaignId=x", "?%zz"} {
		if w := ask(twoPages(), query); w.Code != http.StatusBadRequest {
			t.Errorf("%s answered %d", query, w.Code)
		}
	}
	if w := ask(&pages{}, ""); w.Code != http.StatusServiceUnavailable {
		t.Error(w.Code, w.Body)
	}
}

func TestAHalfDownloadIsCutOff(t *testing.T) {
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the connection was closed as if all were well")
		}
	}()
	p := twoPages()
	p.left = p.left[:1]
	ask(p, "")
}

func TestTooManyAtOnce(t *testing.T) {
	e := &Exporter{domains: twoPages(), deadline: time.Minute, slots: make(chan struct{}, 1)}
	e.slots <- struct{}{}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v2/campaigns/x/domains/export", nil))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "5" {
		t.Error(w.Code, w.Header())
	}
}

func TestPaths(t *testing.T) {
	for path, wanted := range map[string]bool{"/api/v2/campaigns/x/domains/export": true, "/api/v2/campaigns//domains/export": false,
		"/api/v2/campaigns/a/b/domains/export": false, "/api/v2/campaigns/domains/export": false, "/api/v2/campaigns/x/domains/exports": false} {
		if _, ok := Campaign(path); ok != wanted {
			t.Error(path)
		}
	}
}
