package rest

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/problem"
)

const (
	replayHeader = "X-Idempotent-Replay"
	replayKey    = "x-idempotent-replay"
	totalHeader  = "X-Total-Count"
	totalField   = "total_size"
)

type routeKey struct{}

func withRoute(ctx context.Context, route *Route) context.Context {
	return context.WithValue(ctx, routeKey{}, route)
}

func routeOf(ctx context.Context) *Route {
	route, _ := ctx.Value(routeKey{}).(*Route)
	return route
}

// answer sets status and headers of a success, before its body is written.
func answer(ctx context.Context, w http.ResponseWriter, message proto.Message) error {
	route := routeOf(ctx)
	if route == nil || message == nil {
		return nil
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	for name, value := range route.Headers {
		header.Set(name, value)
	}
	markReplay(ctx, header)
	m := message.ProtoReflect()
	if field := m.Descriptor().Fields().ByName(totalField); field != nil {
		header.Set(totalHeader, strconv.FormatInt(m.Get(field).Int(), 10))
	}
	if route.Location != "" {
		header.Set("Location", location(route, m))
	}
	switch {
	case isBodiless(message):
		header.Del("Content-Type")
		w.WriteHeader(http.StatusNoContent)
	case route.Status != 0:
		w.WriteHeader(route.Status)
	}
	return nil
}

// location fills the template with fields of the body.
func location(route *Route, m protoreflect.Message) string {
	if route.ResponseBody != "" {
		m = m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(route.ResponseBody))).Message()
	}
	fields := m.Descriptor().Fields()
	text := route.Location
	for i := 0; i < fields.Len(); i++ {
		if name := "{" + string(fields.Get(i).Name()) + "}"; strings.Contains(text, name) {
			text = strings.ReplaceAll(text, name, url.PathEscape(m.Get(fields.Get(i)).String()))
		}
	}
	return text
}

// markReplay passes on that the answer, success or refusal, is one given before.
func markReplay(ctx context.Context, header http.Header) {
	if md, ok := runtime.ServerMetadataFromContext(ctx); ok && len(md.TrailerMD.Get(replayKey)) > 0 {
		header.Set(replayHeader, "true")
	}
}

// failed writes the envelope for whatever a handler or domainflowd refused.
func failed(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request,
	err error) {
	markReplay(ctx, w.Header())
	p := problem.Of(err)
	if route := routeOf(r.Context()); route != nil {
		if !route.HasBody { // all it was given are parameters
			p = problem.InQuery(err)
		}
		p.Rename(func(field string) string { return codec.RestName(route.RPC.Input(), field) })
	}
	p.Write(w, r)
}

// unrouted writes the envelope for paths and methods there are none of.
func (t *table) unrouted(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter,
	r *http.Request,
	status int) {
	switch allowed := t.methods(r.URL.EscapedPath()); {
	case status == http.StatusMethodNotAllowed || len(allowed) > 0:
		problem.NotAllowed(allowed...).Write(w, r)
	case status == http.StatusBadRequest:
		problem.New("BAD_REQUEST", "the path can't be read").Write(w, r)
	default:
		problem.New("NOT_FOUND", "there is no such path").Write(w, r)
	}
}
