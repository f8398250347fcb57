package server

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/openapi"
	"domainflow.io/gateway/internal/problem"
)

const healthWait = 2 * time.Second

// pages are the answers that no RPC gives.
type pages struct {
	health    grpc_health_v1.HealthClient
	begin     time.Time
	isRetired atomic.Bool
}

// retire makes a balancer look elsewhere while requests under way end.
func (p *pages) retire() { p.isRetired.Store(true) }

// isReady asks domainflowd whether it can serve, while we do.
func (p *pages) isReady(ctx context.Context) bool {
	if p.isRetired.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	answer, err := p.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	return err == nil && answer.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING
}

// ops is the handler of the port that untrusted networks do not reach.
func (p *pages) ops(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if p.isReady(r.Context()) {
			plain(w, http.StatusOK, "ok\n")
		} else {
			plain(w, http.StatusServiceUnavailable, "not ready: domainflowd is not, or the gateway is ending\n")
		}
	})
	return mux
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // a client that has gone needs no answer
}

// public is the pages of the public port by path.
func (p *pages) public() (map[string]http.HandlerFunc, error) {
	document, err := openapi.Handler(Version)
	if err != nil {
		return nil, err
	}
	explorer, err := openapi.Explorer()
	if err != nil {
		return nil, err
	}
	found := map[string]http.HandlerFunc{"/": onlyGet(start), "/openapi.json": onlyGet(document)}
	for path, page := range explorer {
		found[path] = onlyGet(page)
	}
	for _, prefix := range []string{"", "/api/v2"} {
		found[prefix+"/health"] = onlyGet(p.alive)
		found[prefix+"/health/live"] = onlyGet(p.alive)
		found[prefix+"/health/ready"] = onlyGet(p.ready)
		found[prefix+"/ping"] = onlyGet(p.ping)
	}
	return found, nil
}

func onlyGet(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			problem.NotAllowed(http.MethodGet, http.MethodHead).Write(w, r)
			return
		}
		handler(w, r)
	}
}

func now() string { return codec.TimeText(time.Now()) }

func (p *pages) state(word string) map[string]any {
	return map[string]any{"status": word, "version": Version, "uptime": int64(time.Since(p.begin).Seconds()),
		"timestamp": now()}
}

func (p *pages) alive(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, p.state("ok")) }

func (p *pages) ready(w http.ResponseWriter, r *http.Request) {
	if p.isReady(r.Context()) {
		send(w, http.StatusOK, p.state("ok"))
	} else {
		send(w, http.StatusServiceUnavailable, p.state("unavailable"))
	}
}

func (p *pages) ping(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, map[string]any{"message": "pong", "timestamp": now(), "version": Version})
}

func send(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status, body = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

const startPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>DomainFlow Studio</title>
<h1>DomainFlow Studio</h1>
<p>This is the REST gateway. What it offers:</p>
<ul>
<li><a href="/docs">/docs</a>: every route, to read and to try out</li>
<li><a href="/openapi.json">/openapi.json</a>: the same for programs, as OpenAPI 3.0</li>
<li><a href="/api/v2/campaigns">/api/v2/campaigns</a>: the campaigns</li>
<li><a href="/api/v2/personas">/api/v2/personas</a>: the personas</li>
<li><a href="/api/v2/keyword-sets">/api/v2/keyword-sets</a>: the keyword sets</li>
<li><a href="/health/ready">/health/ready</a>: whether it can work</li>
</ul>
`

func start(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write([]byte(startPage))
}
