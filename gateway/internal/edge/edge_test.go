package edge

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"domainflow.io/gateway/internal/config"
	"domainflow.io/gateway/internal/problem"
	"domainflow.io/gateway/internal/request"
	"domainflow.io/gateway/internal/telemetry"
)

func wrap(address string, next http.HandlerFunc) http.Handler {
	c := &config.Config{RESTAddress: address, AllowedOrigins: []string{"https://app.example"}}
	return New(c, slog.New(slog.NewTextHandler(io.Discard, nil)), telemetry.NewHTTP(prometheus.NewRegistry()), next)
}

func ok(http.ResponseWriter, *http.Request) {}

func TestAPanicIsOneRequestsMatter(t *testing.T) {
	w := httptest.NewRecorder()
	wrap("127.0.0.1:1", func(http.ResponseWriter, *http.Request) { panic("secret") }).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") ||
		!strings.Contains(w.Body.String(), "INTERNAL_SERVER_ERROR") {
		t.Error(w.Code, w.Body)
	}
}

func TestAnAnswerThatHasBegunIsCutOff(t *testing.T) {
	defer func() {
		if why := recover(); why != http.ErrAbortHandler {
			t.Error(why)
		}
	}()
	wrap("127.0.0.1:1", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("secret")
	}).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil))
	t.Error("half an answer was taken for the whole")
}

func TestRefusalsAtTheDoorMayBeReadByAllowedOrigins(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", nil)
	r.Header.Set("Origin", "https://app.example")
	r.Header.Set("X-Idempotency-Key", "")
	w := httptest.NewRecorder()
	wrap("127.0.0.1:1", ok).ServeHTTP(w, r)
	if w.Code != 400 || w.Header().Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Error(w.Code, w.Header())
	}
}

// slow is a connection that remembers how long it may be read.
type slow struct {
	http.ResponseWriter
	isBounded bool
}

func (s *slow) SetReadDeadline(until time.Time) error {
	s.isBounded = !until.IsZero()
	return nil
}

func TestABodyThatDoesNotComeIsNotWaitedForEver(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "evil.example"} { // read by nobody in either case
		for body, wanted := range map[io.Reader]bool{nil: false, strings.NewReader("x"): true} {
			w := &slow{ResponseWriter: httptest.NewRecorder()}
			wrap("127.0.0.1:1", ok).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://"+host+"/", body))
			if w.isBounded != wanted {
				t.Errorf("%s, body %v: bounded %v", host, body, w.isBounded)
			}
		}
	}
}

func TestTheLogSaysWhyInOnePlainLine(t *testing.T) {
	var out bytes.Buffer
	c := &config.Config{RESTAddress: "127.0.0.1:1"}
	handler := New(c, slog.New(slog.NewJSONHandler(&out, nil)), telemetry.NewHTTP(prometheus.NewRegistry()),
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			problem.Of(status.Error(codes.Unavailable, "dial tcp 192.0.2.1")).Write(w, r)
		}))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/a%1b%0a%7f%c2%9b%ff", nil))
	if strings.Contains(w.Body.String(), "192.0.2.1") || !strings.Contains(out.String(), `"cause":"dial tcp 192.0.2.1"`) {
		t.Error(w.Body, out.String())
	}
	if !strings.Contains(out.String(), `"path":"/a%1b%0a%7f%c2%9b%ff"`) || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%q", out.String())
	}
}

func TestOnlyNamesOfThisMachineOnLoopback(t *testing.T) {
	for address, wanted := range map[string]int{"127.0.0.1:8080": 403, "[::1]:8080": 403, "localhost:8080": 403,
		"0.0.0.0:8080": 200,
		":8080":        200, "192.0.2.1:8080": 200} {
		w := httptest.NewRecorder()
		wrap(address, ok).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://name.example/", nil))
		if w.Code != wanted {
			t.Errorf("%s answered %d", address, w.Code)
		}
	}
}

func TestNamesOfAProxyAreAnswered(t *testing.T) {
	c := &config.Config{RESTAddress: "127.0.0.1:8080", AllowedHosts: []string{"flow.example"}}
	handler := New(c, slog.New(slog.NewTextHandler(io.Discard, nil)), telemetry.NewHTTP(prometheus.NewRegistry()),
		http.HandlerFunc(ok))
	for host, wanted := range map[string]int{"flow.example": 200, "Flow.Example:443": 200, "other.example": 403,
		"x.flow.example": 403} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://"+host+"/", nil))
		if w.Code != wanted {
			t.Errorf("%s answered %d", host, w.Code)
		}
	}
}

func TestHeadersThatLibrariesActOnAreGone(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
	for _, name := range []string{"Grpc-Timeout", "Grpc-Metadata-A", "Te", "X-Forwarded-For", "x_forwarded_host",
		"Forwarded",
		"X-Http-Method-Override", "X-Real-Ip"} {
		r.Header[name] = []string{"x"}
	}
	wrap("127.0.0.1:1", func(_ http.ResponseWriter, r *http.Request) {
		if len(r.Header) != 0 {
			t.Error(r.Header)
		}
	}).ServeHTTP(httptest.NewRecorder(), r)
}

func TestIdempotencyKeys(t *testing.T) {
	for _, c := range []struct {
		method string
		header http.Header
		key    string
		status int
	}{
		{"POST", http.Header{}, "", 200},
		{"POST", http.Header{"X-Idempotency-Key": {"k"}}, "k", 200},
		{"POST", http.Header{"Idempotency-Key": {"k"}}, "k", 200},
		{"POST", http.Header{"Idempotency-Key": {"k"}, "X-Idempotency-Key": {"k"}}, "k", 200},
		{"POST", http.Header{"Idempotency-Key": {"k"}, "X-Idempotency-Key": {"l"}}, "", 400},
		{"POST", http.Header{"X-Idempotency-Key": {""}}, "", 400},
		{"POST", http.Header{"X-Idempotency-Key": {strings.Repeat("x", 64)}}, strings.Repeat("x", 64), 200},
		{"POST", http.Header{"X-Idempotency-Key": {strings.Repeat("x", 65)}}, "", 400},
		{"POST", http.Header{"X-Idempotency-Key": {"ü"}}, "", 400},
		{"GET", http.Header{"X-Idempotency-Key": {"k"}}, "", 200},
	} {
		r := httptest.NewRequest(c.method, "http://127.0.0.1/", nil)
		r.Header = c.header
		w := httptest.NewRecorder()
		got := ""
		wrap("127.0.0.1:1", func(_ http.ResponseWriter, r *http.Request) {
			got = request.Of(r.Context()).IdempotencyKey
		}).ServeHTTP(w, r)
		if got != c.key || w.Code != c.status {
			t.Errorf("%s %v: %q, %d", c.method, c.header, got, w.Code)
		}
	}
}

func TestCrossOriginChanges(t *testing.T) {
	for _, c := range []struct {
		method, origin string
		status         int
		isShared       bool
	}{
		{"POST", "", 200, false},
		{"POST", "http://127.0.0.1", 200, false}, // its own
		{"POST", "https://app.example", 200, true},
		{"POST", "https://evil.example", 403, false},
		{"POST", "null", 403, false},
		{"DELETE", "https://evil.example", 403, false},
		{"GET", "https://evil.example", 200, false},
		{"GET", "https://app.example", 200, true},
	} {
		r := httptest.NewRequest(c.method, "http://127.0.0.1/", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		wrap("127.0.0.1:1", ok).ServeHTTP(w, r)
		if w.Code != c.status || (w.Header().Get("Access-Control-Allow-Origin") != "") != c.isShared ||
			w.Header().Get("Vary") != "Origin" {
			t.Errorf("%s from %q: %d %v", c.method, c.origin, w.Code, w.Header())
		}
	}
}

func TestRequestIDs(t *testing.T) {
	for given, isKept := range map[string]bool{"a-b_c.d:e": true, strings.Repeat("x", 64): true,
		strings.Repeat("x", 65): false, "": false,
		"a b": false, "a\"b": false} {
		got := requestID(http.Header{"X-Request-Id": {given}})
		if (got == given) != isKept || !isRequestID(got) {
			t.Errorf("%q became %q", given, got)
		}
	}
	if requestID(http.Header{"X-Request-Id": {"a", "b"}}) == "a" {
		t.Error("one of two was chosen")
	}
}
