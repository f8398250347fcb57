// Package rest turns REST requests into calls of domainflowd and their answers back, by the routes of http_rules.yaml.
package rest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"domainflow.io/gateway/internal/export"
	"domainflow.io/gateway/internal/problem"
)

// New is the handler of everything that is a translated call, at most so many at once. Each call has the deadline.
func New(conn *grpc.ClientConn, deadline time.Duration, atOnceMax int) (http.Handler, error) {
	routes, err := Routes()
	if err != nil {
		return nil, err
	}
	for _, route := range routes {
		if registrations[string(route.RPC.Parent().Name())] == nil {
			return nil, fmt.Errorf("http_rules.yaml names %s, which services.go does not register", route.RPC.Parent().Name())
		}
	}
	table := makeTable(routes)
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, marshaler{}),
		runtime.SetQueryParameterParser(query{}),
		runtime.WithMiddlewares(table.bind),
		runtime.WithForwardResponseOption(answer),
		runtime.WithErrorHandler(failed),
		runtime.WithStreamErrorHandler(func(_ context.Context, err error) *status.Status { return status.Convert(err) }),
		runtime.WithRoutingErrorHandler(table.unrouted),
		runtime.WithIncomingHeaderMatcher(nothing),
		runtime.WithOutgoingHeaderMatcher(nothing),
		runtime.WithOutgoingTrailerMatcher(nothing),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithUnescapingMode(runtime.UnescapingModeAllExceptReserved),
		runtime.WithWriteContentLength(),
	)
	for _, register := range registrations {
		if err := register(context.Background(), mux, conn); err != nil {
			return nil, err
		}
	}
	calls, downloads := withDeadline(mux, deadline), export.New(conn, deadline)
	return atOnce(atOnceMax, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := export.Campaign(r.URL.Path); ok {
			downloads.ServeHTTP(w, r)
		} else {
			r.URL.RawPath = r.URL.EscapedPath() // where it is empty the mux unescapes Path, a second time
			calls.ServeHTTP(w, r)
		}
	})), nil
}

// nothing passes no header and no metadata by name; what passes is written in package edge and in answer.go.
func nothing(string) (string, bool) { return "", false }

// atOnce refuses what is too much, rather than let it wait in a queue without an end.
func atOnce(most int, next http.Handler) http.Handler {
	places := make(chan struct{}, most)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			next.ServeHTTP(w, r)
		default:
			p := problem.New("SERVICE_UNAVAILABLE", "too many requests are under way")
			p.RetryAfter = time.Second
			p.Write(w, r)
		}
	})
}

func withDeadline(next http.Handler, deadline time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), deadline)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
