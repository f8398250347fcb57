// Package telemetry is the gateway's log and its metrics. No label holds an id or a name a client chose.
package telemetry

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"domainflow.io/gateway/internal/codec"
)

// Logger writes one JSON object a line, or readable text on a terminal.
func Logger(level string, out *os.File) *slog.Logger {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		least = slog.LevelInfo
	}
	return newLogger(least, out, isTerminal(out))
}

func newLogger(least slog.Level, out io.Writer, isText bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: least, ReplaceAttr: sameAsDomainflowd}
	if isText {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}

// sameAsDomainflowd names and writes the common members as the C side does: time, level, event.
func sameAsDomainflowd(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.MessageKey:
		a.Key = "event"
	case slog.LevelKey:
		a.Value = slog.StringValue(strings.ToLower(a.Value.String()))
	case slog.TimeKey:
		a.Value = slog.StringValue(codec.TimeText(a.Value.Time()))
	}
	return a
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// NewRegistry holds the metrics of this process.
func NewRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// HTTP counts requests of the public port.
type HTTP struct{ duration *prometheus.HistogramVec }

// NewHTTP registers the metrics of the public port.
func NewHTTP(registry prometheus.Registerer) *HTTP {
	h := &HTTP{duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "gateway_http_request_duration_seconds",
		Help:    "Time from a request's header to the end of its answer, by route template.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"method", "route", "status"})}
	registry.MustRegister(h.duration)
	return h
}

// Observe counts one request. A request without a route is counted as one of none.
func (h *HTTP) Observe(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodHead:
	default:
		method = "other"
	}
	h.duration.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}
