package server

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"domainflow.io/gateway/internal/config"
	"domainflow.io/gateway/internal/export"
	"domainflow.io/gateway/internal/openapi"
	"domainflow.io/gateway/internal/rest"
	"domainflow.io/gateway/internal/sse"
)

var (
	fixed    = regexp.MustCompile(`\{[a-z_]+=([a-z]+)\}`)
	variable = regexp.MustCompile(`\{[A-Za-z_]+\}`)
)

// shape is a path with its variables unnamed: templates and the document name them differently.
func shape(path string) string {
	return variable.ReplaceAllString(fixed.ReplaceAllString(path, "$1"), "{}")
}

// described is what the document has, as "GET /path".
func described(t *testing.T) []string {
	t.Helper()
	text, err := openapi.New("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var all []string
	for path, methods := range document.Paths {
		for method := range methods {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	return all
}

func unreachable(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestEveryRouteIsDescribed(t *testing.T) {
	routes, err := rest.Routes()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := (&pages{}).public()
	if err != nil {
		t.Fatal(err)
	}
	offered := []string{"GET " + export.Template, "GET /livez", "GET /readyz", "GET /metrics"}
	for _, route := range routes {
		offered = append(offered, route.Method+" "+route.Template)
	}
	for path := range pages {
		if !strings.HasPrefix(path, "/docs/") { // files of the explorer
			offered = append(offered, "GET "+path)
		}
	}
	for _, template := range sse.Templates {
		offered = append(offered, "GET "+template)
	}
	var known []string
	for _, one := range described(t) {
		known = append(known, shape(one))
	}
	for _, one := range offered {
		if !slices.Contains(known, shape(one)) {
			t.Errorf("%s is not described", one)
		}
	}
	if len(known) != len(offered) {
		t.Errorf("%d operations are described, %d offered", len(known), len(offered))
	}
}

// What is not there answers 404; with a method that nothing accepts, what is there answers 405.
func TestWhatIsDescribedIsThere(t *testing.T) {
	conn := unreachable(t)
	own := &pages{health: grpc_health_v1.NewHealthClient(conn), begin: time.Now()}
	streams := sse.New(sse.Options{Dial: func() (*grpc.ClientConn, error) { return conn, nil },
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler), Limits: sse.DefaultLimits()})
	defer streams.Close()
	public, err := publicHandler(&config.Config{Deadline: time.Second, RequestsMax: 1}, conn, own, streams)
	if err != nil {
		t.Fatal(err)
	}
	ops := own.ops(http.NotFoundHandler())
	for _, one := range described(t) {
		method, path, _ := strings.Cut(one, " ")
		path = strings.NewReplacer("{campaignId}", "00000000-0000-0000-0000-000000000000", "{phase}", "dns").Replace(path)
		path = variable.ReplaceAllString(path, "x")
		handler := public
		if slices.Contains([]string{"/livez", "/readyz", "/metrics"}, path) {
			handler = ops
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest("PATCH", path, nil))
		if answer.Code != http.StatusMethodNotAllowed || !strings.Contains(answer.Header().Get("Allow"), method) {
			t.Errorf("%s: %d, Allow %q", one, answer.Code, answer.Header().Get("Allow"))
		}
	}
}

func TestTheDocumentIsSentOnce(t *testing.T) {
	pages, err := (&pages{}).public()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/docs/explorer.js"} {
		ask := func(name, value string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set(name, value)
			w := httptest.NewRecorder()
			pages[path](w, r)
			return w
		}
		plain := ask("Accept-Encoding", "identity, gzip;q=0")
		etag := plain.Header().Get("ETag")
		if plain.Code != 200 || plain.Body.Len() == 0 || etag == "" || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: %d, %v", path, plain.Code, plain.Header())
		}
		packed := ask("Accept-Encoding", "br, gzip;q=0.5")
		if packed.Header().Get("Content-Encoding") != "gzip" || packed.Header().Get("ETag") != etag {
			t.Errorf("%s: %v", path, packed.Header())
		}
		for _, known := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
			if again := ask("If-None-Match", known); again.Code != 304 || again.Body.Len() != 0 {
				t.Errorf("%s, %s: %d", path, known, again.Code)
			}
		}
		if changed := ask("If-None-Match", `"x"`); changed.Code != 200 {
			t.Errorf("%s: %d", path, changed.Code)
		}
	}
}
