// Package edge is what every request to the public port passes, whatever it wants: name, limits, origins, log, metrics.
package edge

import (
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"domainflow.io/gateway/internal/config"
	"domainflow.io/gateway/internal/problem"
	"domainflow.io/gateway/internal/request"
	"domainflow.io/gateway/internal/telemetry"
)

const (
	urlBytesMax    = 8 << 10
	headerBytesMax = 16 << 10
	bodyWait       = 30 * time.Second
	writeWait      = time.Minute
)

// New wraps the public handler.
func New(c *config.Config, log *slog.Logger, meter *telemetry.HTTP, next http.Handler) http.Handler {
	inner := cors(c.AllowedOrigins, admit(hosts(c, crossOrigin(c.AllowedOrigins, next))))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := &request.Info{ID: requestID(r.Header)}
		r = r.WithContext(request.With(r.Context(), info))
		record := &recorder{ResponseWriter: w}
		// Whoever does not read its answer is cut off. Streams set their own, write by write.
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(c.Deadline + writeWait))
		if r.Body != http.NoBody {
			// For one that does not come, whether a handler waits for it or net/http, which reads what no handler wanted.
			// Whoever has read it whole takes the deadline away: past it the request would be given up.
			_ = control.SetReadDeadline(time.Now().Add(bodyWait))
		}
		begin := time.Now()
		defer func() {
			isCutOff := recovered(recover(), log, record, r)
			took := time.Since(begin)
			meter.Observe(r.Method, info.Route, record.code(), took)
			logRequest(log, r, info, record, took)
			if isCutOff { // what was sent is not the whole, and the client must see that
				panic(http.ErrAbortHandler)
			}
		}()
		secure(record.Header())
		record.Header().Set(problem.RequestID, info.ID)
		inner.ServeHTTP(record, r)
	})
}

// recovered turns a panic into a 500: one request's mistake must not end the others. An answer that has begun is cut off.
func recovered(why any, log *slog.Logger, w *recorder, r *http.Request) (isCutOff bool) {
	if why == nil {
		return false
	}
	info := request.Of(r.Context())
	if why != http.ErrAbortHandler {
		log.Error("panic", "request_id", info.ID, "why", why, "stack", string(debug.Stack()))
		if w.status == 0 {
			problem.New("INTERNAL_SERVER_ERROR", "something went wrong on our side").Write(w, r)
			return false
		}
	}
	info.Code = "CUT_OFF"
	return true
}

// admit checks what the request says before anybody acts on it.
func admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := refusal(r, request.Of(r.Context())); p != nil {
			p.Write(w, r)
			return
		}
		strip(r.Header)
		next.ServeHTTP(w, r)
	})
}

func refusal(r *http.Request, info *request.Info) *problem.Problem {
	if len(r.RequestURI) > urlBytesMax {
		return problem.New("URI_TOO_LONG", "the URL is longer than 8 KiB")
	}
	if headerBytes(r) > headerBytesMax {
		return problem.New("HEADERS_TOO_LARGE", "the headers are larger than 16 KiB")
	}
	key, p := idempotencyKey(r)
	info.IdempotencyKey = key
	return p
}

// headerBytes is the size of the header section as it came.
func headerBytes(r *http.Request) int {
	total := len("Host: \r\n") + len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			total += len(name) + len(": \r\n") + len(value)
		}
	}
	return total
}

// secure sets what browsers are told about every answer of the API. Pages may set their own policy over it.
func secure(header http.Header) {
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-site")
}

// strip removes headers that libraries on the way would act on. Nothing a client writes says who it is.
func strip(header http.Header) {
	for name := range header {
		lower := strings.ReplaceAll(strings.ToLower(name), "_", "-")
		isOurs := strings.HasPrefix(lower, "grpc-") || strings.HasPrefix(lower, "x-forwarded-") || lower == "forwarded" ||
			lower == "te" || lower == "x-http-method-override" || lower == "x-real-ip"
		if isOurs {
			delete(header, name)
		}
	}
}

// hosts refuses names that are not ours while the port is on loopback: a page elsewhere may have its name point here.
func hosts(c *config.Config, next http.Handler) http.Handler {
	host, _, _ := net.SplitHostPort(c.RESTAddress)
	if !config.IsLoopback(host) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		name = strings.ToLower(strings.Trim(name, "[]"))
		if !config.IsLoopback(name) && !slices.Contains(c.AllowedHosts, name) {
			problem.New("FORBIDDEN", "this address does not answer to that name; see ALLOWED_HOSTS").Write(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// recorder remembers what was answered. Flush and deadlines go through Unwrap.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(data)
	r.bytes += int64(n)
	return n, err
}

// Flush is for libraries that ask for it by type.
func (r *recorder) Flush() {
	_ = http.NewResponseController(r.ResponseWriter).Flush() // what can't flush sends at its end
}

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

func logRequest(log *slog.Logger, r *http.Request, info *request.Info, w *recorder, took time.Duration) {
	level := slog.LevelInfo
	if w.code() >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	peer, _, _ := net.SplitHostPort(r.RemoteAddr)
	if info.Cause != "" {
		log = log.With("cause", info.Cause)
	}
	log.Log(r.Context(), level, "request", "method", clip(r.Method), "path", clip(r.URL.EscapedPath()), "route", info.Route,
		"status", w.code(), "code", info.Code, "bytes", w.bytes, "took_us", took.Microseconds(), "request_id", info.ID,
		"peer", peer)
}

func clip(text string) string {
	const most = 256
	if len(text) > most {
		return text[:most]
	}
	return text
}
