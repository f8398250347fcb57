// Package export is the download of a campaign's domains: every row that passes the filters of the list, page by page from
// domainflowd, written as it comes. Nothing is held but one page.
package export

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/pb"
	"domainflow.io/gateway/internal/problem"
	"domainflow.io/gateway/internal/request"
)

const (
	// Template is the route, as logs and metrics name it.
	Template = "/api/v2/campaigns/{campaign_id}/domains/export"

	start, end = "/api/v2/campaigns/", "/domains/export"
	pageRows   = 1000
	atOnceMax  = 8 // downloads under way; each keeps one page in memory and domainflowd busy
	writeWait  = time.Minute
)

// Exporter serves downloads.
type Exporter struct {
	domains  pb.DomainServiceClient
	deadline time.Duration // of one page
	slots    chan struct{}
}

// New serves from domainflowd behind conn.
func New(conn grpc.ClientConnInterface, deadline time.Duration) *Exporter {
	return &Exporter{domains: pb.NewDomainServiceClient(conn), deadline: deadline, slots: make(chan struct{}, atOnceMax)}
}

// Campaign is the id in a path of this route; false for other paths.
func Campaign(path string) (string, bool) {
	rest, hasStart := strings.CutPrefix(path, start)
	id, hasEnd := strings.CutSuffix(rest, end)
	return id, hasStart && hasEnd && id != "" && !strings.Contains(id, "/")
}

// ServeHTTP answers one download.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request.Of(r.Context()).Route = Template
	if r.Method != http.MethodGet {
		p := problem.New("METHOD_NOT_ALLOWED", r.Method+" is not among what this path accepts")
		p.Allow = []string{http.MethodGet}
		p.Write(w, r)
		return
	}
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	default:
		p := problem.New("RATE_LIMIT_EXCEEDED", "too many downloads are under way")
		p.RetryAfter = 5 * time.Second
		p.Write(w, r)
		return
	}
	ask, format, err := read(r)
	if err != nil {
		problem.InQuery(err).Write(w, r)
		return
	}
	page, err := e.page(r.Context(), ask)
	if err != nil { // nothing is sent yet, so it can be told
		problem.InQuery(err).Write(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", format.contentType)
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="domains.%s"`, format.name))
	header.Set("Cache-Control", "no-store")
	if err := e.send(w, r, ask, page, format.open(w)); err != nil {
		panic(http.ErrAbortHandler) // the client must not take the part for the whole
	}
}

// read is what is asked for: the list's filters and order without its pages, and a format.
func read(r *http.Request) (*pb.ListDomainsRequest, *format, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, nil, problem.New("BAD_REQUEST", "the query can't be read")
	}
	chosen := formats["csv"]
	if given, ok := values["format"]; ok {
		chosen = formats[given[0]]
		if chosen == nil || len(given) != 1 {
			return nil, nil, codec.Faults{{Kind: codec.WrongValue, Field: "format", Message: "must be one of csv, json"}}
		}
		values.Del("format")
	}
	ask := &pb.ListDomainsRequest{}
	if err := codec.Query(values, ask, isPaging); err != nil {
		return nil, nil, err
	}
	ask.CampaignId, _ = Campaign(r.URL.Path)
	ask.PageSize = pageRows
	return ask, chosen, nil
}

func isPaging(field protoreflect.Name) bool {
	switch field {
	case "campaign_id", "page_size", "page_token", "limit", "offset":
		return true
	}
	return false
}

func (e *Exporter) page(ctx context.Context, ask *pb.ListDomainsRequest) (*pb.ListDomainsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, e.deadline)
	defer cancel()
	return e.domains.ListDomains(ctx, ask)
}

// send writes the first page and those that follow.
func (e *Exporter) send(w http.ResponseWriter, r *http.Request, ask *pb.ListDomainsRequest, page *pb.ListDomainsResponse,
	out writer) error {
	control := http.NewResponseController(w)
	for {
		_ = control.SetWriteDeadline(time.Now().Add(e.deadline + writeWait)) // this page, and the wait for the next
		for _, domain := range page.GetDomains() {
			if err := out.row(domain); err != nil {
				return err
			}
		}
		ask.PageToken = page.GetNextPageToken()
		if ask.PageToken == "" {
			return out.close()
		}
		var err error
		if page, err = e.page(r.Context(), ask); err != nil {
			return err
		}
	}
}
