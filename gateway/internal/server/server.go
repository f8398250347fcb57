// Package server opens the gateway's two ports, serves until told to stop, and closes in reverse order.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"domainflow.io/gateway/internal/config"
	"domainflow.io/gateway/internal/edge"
	"domainflow.io/gateway/internal/request"
	"domainflow.io/gateway/internal/rest"
	"domainflow.io/gateway/internal/sse"
	"domainflow.io/gateway/internal/telemetry"
	"domainflow.io/gateway/internal/upstream"
)

// Version is domainflowd's too; the build sets it.
var Version = "0.0.0"

const (
	headerWait = 10 * time.Second
	idleWait   = 2 * time.Minute
	opsWait    = time.Minute
	// The limit that people meet, with an answer, is package edge's; this one bounds what is read to find out.
	headerBytesRead = 64 << 10
)

// Run serves until ctx is done; nil when it ended as asked.
func Run(ctx context.Context, c *config.Config) error {
	log := telemetry.Logger(c.LogLevel, os.Stderr)
	conn, err := upstream.Dial(c)
	if err != nil {
		return err
	}
	defer conn.Close()
	registry := telemetry.NewRegistry()
	own := &pages{health: grpc_health_v1.NewHealthClient(conn), begin: time.Now()}
	streams := openStreams(c, registry, log)
	public, err := publicHandler(c, conn, own, streams)
	if err != nil {
		return err
	}
	public = edge.New(c, log, telemetry.NewHTTP(registry), public)
	servers := []*http.Server{
		newServer(c.RESTAddress, public, log),
		newOpsServer(c.OpsAddress, own.ops(promhttp.HandlerFor(registry, promhttp.HandlerOpts{})), log),
	}
	servers[0].RegisterOnShutdown(own.retire)
	servers[0].RegisterOnShutdown(streams.Close) // Shutdown waits for streams, and they end only when told to
	listeners, err := listen("REST_ADDRESS", c.RESTAddress, "GATEWAY_OPS_ADDRESS", c.OpsAddress)
	if err != nil {
		return err
	}
	log.Info("started", "version", Version, "rest", c.RESTAddress, "ops", c.OpsAddress, "upstream", c.Upstream)
	err = serve(ctx, servers, listeners, c.Drain)
	streams.Close()
	log.Info("stopped")
	return err
}

// openStreams is the event streams, which have connections upstream of their own.
func openStreams(c *config.Config, registry prometheus.Registerer, log *slog.Logger) *sse.Hub {
	limits := sse.DefaultLimits()
	limits.Clients, limits.KeepAlive = c.StreamsMax, c.StreamsKeepAlive
	return sse.New(sse.Options{Dial: func() (*grpc.ClientConn, error) { return upstream.Dial(c) }, Registry: registry,
		Log: log, Limits: limits})
}

// publicHandler joins everything the public port offers.
func publicHandler(c *config.Config, conn *grpc.ClientConn, own *pages, streams http.Handler) (http.Handler, error) {
	calls, err := rest.New(conn, c.Deadline, c.RequestsMax)
	if err != nil {
		return nil, err
	}
	fixed, err := own.public()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page := fixed[r.URL.Path]; page != nil {
			request.Of(r.Context()).Route = r.URL.Path
			page(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, sse.Prefix) {
			streams.ServeHTTP(w, r)
			return
		}
		calls.ServeHTTP(w, r)
	}), nil
}

// newServer has no time limit on whole requests: streams live on. Package edge bounds what comes, handlers their calls.
func newServer(address string, handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: headerWait, IdleTimeout: idleWait,
		MaxHeaderBytes: headerBytesRead, DisableGeneralOptionsHandler: true,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}

// newOpsServer has no streams.
func newOpsServer(address string, handler http.Handler, log *slog.Logger) *http.Server {
	server := newServer(address, handler, log)
	server.ReadTimeout, server.WriteTimeout = headerWait, opsWait
	return server
}

// listen takes every address, each after the name of its setting, or none.
func listen(settings ...string) ([]net.Listener, error) {
	var listeners []net.Listener
	for i := 0; i < len(settings); i += 2 {
		listener, err := net.Listen("tcp", settings[i+1])
		if err != nil {
			closeAll(listeners)
			var why *net.OpError
			if errors.As(err, &why) {
				err = why.Err
			}
			return nil, fmt.Errorf("%s %s: %w", settings[i], settings[i+1], err)
		}
		listeners = append(listeners, listener)
	}
	return listeners, nil
}

// serve waits for ctx or a failure.
func serve(ctx context.Context, servers []*http.Server, listeners []net.Listener, drain time.Duration) error {
	failed := make(chan error, len(servers))
	for i, server := range servers {
		go func() { failed <- server.Serve(listeners[i]) }()
	}
	var first error
	select {
	case first = <-failed:
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(patience); errors.Is(err, context.DeadlineExceeded) {
			_ = server.Close() // whoever still reads is cut off
		}
	}
	return first
}

func closeAll(listeners []net.Listener) {
	for _, listener := range listeners {
		_ = listener.Close()
	}
}
