package sse

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	connections     prometheus.Gauge
	refused         prometheus.Counter
	dropsByType     [typeCount]prometheus.Counter
	unwantedByType  [typeCount]prometheus.Counter
	resyncs         *prometheus.CounterVec
	upstreamStreams prometheus.Gauge
	upstreamReplays prometheus.Counter
	upstreamLosses  prometheus.Counter
	// Those that are read as well as counted.
	sent, dropped, slowClosed atomic.Int64
}

// newMetrics registers the families with every label there is, so that a dashboard sees zero and not nothing.
func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		connections: gauge("gateway_sse_connections", "Event streams that are open."),
		refused: counter("gateway_sse_connections_refused_total",
			"Event streams refused because all places were taken."),
		upstreamStreams: gauge("gateway_sse_upstream_streams", "Streams open to domainflowd: one per watched campaign."),
		upstreamReplays: counter("gateway_sse_upstream_replays_total",
			"Short streams to domainflowd that fetched events from before the gateway watched the campaign."),
		upstreamLosses: counter("gateway_sse_upstream_losses_total",
			"Streams to domainflowd that broke and were begun anew."),
	}
	dropped := vector("gateway_sse_events_dropped_total",
		"Progress and samples that gave way in a full queue, by type.", "type")
	unwanted := vector("gateway_sse_events_suppressed_total",
		"Events kept from clients that did not ask for them, by type.", "type")
	m.resyncs = vector("gateway_sse_resyncs_total",
		"Times a client was told to fetch the state anew, by reason.", "reason")
	sent := counterOf(&m.sent, "gateway_sse_events_sent_total", "Events written to clients, heartbeats aside.")
	slowClosed := counterOf(&m.slowClosed, "gateway_sse_slow_clients_closed_total",
		"Connections closed because stored events alone filled the queue, or a write took too long.")
	for i, name := range typeNames {
		m.dropsByType[i] = dropped.WithLabelValues(name)
		m.unwantedByType[i] = unwanted.WithLabelValues(name)
	}
	for _, reason := range []string{resyncExceeded, resyncUnknown, resyncReconnected} {
		m.resyncs.WithLabelValues(reason)
	}
	registry.MustRegister(m.connections, m.refused, slowClosed, m.upstreamStreams, m.upstreamReplays,
		m.upstreamLosses, dropped, unwanted, m.resyncs, sent)
	return m
}

func (m *metrics) countDropped(e *event) {
	m.dropped.Add(1)
	m.dropsByType[e.mainType()].Inc()
}

func (m *metrics) countUnwanted(e *event) { m.unwantedByType[e.mainType()].Inc() }

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func counterOf(value *atomic.Int64, name, help string) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
		func() float64 { return float64(value.Load()) })
}

func vector(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
}
