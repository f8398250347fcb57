// Package export is the download of a campaign's domains: every row that passes the filters of the list, written as
// domainflowd sends it. Nothing is held but one message.
package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
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
	writeWait  = time.Minute
)

// Exporter serves downloads. How many at once is domainflowd's to say.
type Exporter struct {
	domains pb.DomainServiceClient
	wait    time.Duration // for the next rows
}

// New serves from domainflowd behind conn.
func New(conn grpc.ClientConnInterface, wait time.Duration) *Exporter {
	return &Exporter{domains: pb.NewDomainServiceClient(conn), wait: wait}
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
		problem.NotAllowed(http.MethodGet).Write(w, r)
		return
	}
	if r.Body != http.NoBody {
		problem.New("BAD_REQUEST", "the request takes no body").Write(w, r)
		return
	}
	ask, format, err := read(r)
	if err != nil {
		problem.InQuery(err).Write(w, r)
		return
	}
	rows, cancel := e.open(r.Context(), ask)
	defer cancel()
	first, err := rows()
	if err != nil { // nothing is sent yet, so it can be told
		refusal(err).Write(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", format.contentType)
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="domains.%s"`, format.name))
	header.Set("Cache-Control", "no-store")
	if err := e.send(w, first, rows, format.open(w)); err != nil {
		request.Of(r.Context()).Cause = err.Error()
		panic(http.ErrAbortHandler) // the client must not take the part for the whole
	}
}

// refusal names parameters as the caller gave them, not as parts of the request's message.
func refusal(err error) *problem.Problem {
	p := problem.InQuery(err)
	list := (*pb.ListDomainsRequest)(nil).ProtoReflect().Descriptor()
	p.Rename(func(field string) string { return codec.RestName(list, strings.TrimPrefix(field, "list.")) })
	return p
}

// read is what is asked for: the list's filters and order without its pages, and a format.
func read(r *http.Request) (*pb.ExportDomainsRequest, *format, error) {
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
	list := &pb.ListDomainsRequest{}
	if err := codec.Query(values, list, IsPaging); err != nil {
		return nil, nil, err
	}
	id, _ := Campaign(r.URL.Path)
	if list.CampaignId, err = codec.PathWord(list.ProtoReflect().Descriptor(), "campaign_id", id); err != nil {
		return nil, nil, err
	}
	return &pb.ExportDomainsRequest{List: list}, chosen, nil
}

// IsPaging says which fields of the list an export does not take.
func IsPaging(field protoreflect.Name) bool {
	switch field {
	case "campaign_id", "page_size", "page_token", "limit", "offset":
		return true
	}
	return false
}

// source is the next rows; io.EOF after the last.
type source func() ([]*pb.ExportedDomain, error)

// open starts the stream. Each wait for rows is bounded, the whole is not.
func (e *Exporter) open(ctx context.Context, ask *pb.ExportDomainsRequest) (source, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := status.Error(codes.DeadlineExceeded, "no rows came in time")
	watch := time.AfterFunc(e.wait, func() { cancel(late) })
	stream, err := e.domains.ExportDomains(ctx, ask)
	next := func() ([]*pb.ExportedDomain, error) {
		if err != nil {
			return nil, err
		}
		watch.Reset(e.wait)
		message, err := stream.Recv()
		watch.Stop()
		if err != nil && context.Cause(ctx) == late {
			return nil, late
		}
		return message.GetRows(), err
	}
	return next, func() { cancel(nil) }
}

// send writes the first rows and those that follow.
func (e *Exporter) send(w http.ResponseWriter, rows []*pb.ExportedDomain, next source, out writer) error {
	control := http.NewResponseController(w)
	for {
		_ = control.SetWriteDeadline(time.Now().Add(e.wait + writeWait)) // these rows, and the wait for the next
		for _, row := range rows {
			if err := out.row(row); err != nil {
				return err
			}
		}
		var err error
		rows, err = next()
		if errors.Is(err, io.EOF) {
			return out.close()
		}
		if err != nil {
			return err
		}
	}
}
