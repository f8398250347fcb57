// Package sse is the live stream for browsers: server-sent events (docs/spec/07-events.md, docs/events.md).
//
//	upstream stream ──► feed ──► client's queue ──► connection
//	one per campaign    fans out   one per browser
//
// However many browsers watch a campaign, upstream has one stream of it. A feed renders each event once and keeps the
// newest stored ones, so that a client that comes back goes on exactly behind the last event it read. Nothing here
// decides what happened or how often it is said: that is domainflowd's.
package sse

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"domainflow.io/gateway/internal/pb"
)

// Limits of the streams. DefaultLimits has the values of the specification.
type Limits struct {
	Clients    int           // connections at once
	Queue      int           // events that wait for one client
	KeptEvents int           // stored events kept of a campaign
	KeptBytes  int           // and their size
	KeepAlive  time.Duration // between two heartbeats
	Stall      time.Duration // longest one write takes
	AnswerWait time.Duration // longest a request waits to learn whether its campaign exists
	FetchWait  time.Duration // longest the past is waited for
	Linger     time.Duration // how long a feed outlives its last client
	Silence    time.Duration // of upstream, then the stream is taken for dead
	RetryMin   time.Duration // before an upstream stream is asked for again
	RetryMax   time.Duration
}

// DefaultLimits are those of docs/spec/07-events.md §1 and §2.
func DefaultLimits() Limits {
	return Limits{Clients: 1000, Queue: 256, KeptEvents: 1000, KeptBytes: 4 << 20, KeepAlive: 12 * time.Second,
		Stall: 45 * time.Second, AnswerWait: 2 * time.Second, FetchWait: 15 * time.Second, Linger: 30 * time.Second,
		Silence: 40 * time.Second, RetryMin: 100 * time.Millisecond, RetryMax: 3 * time.Second}
}

// Options are what a hub works with; all are needed.
type Options struct {
	Dial     Dialer
	Registry prometheus.Registerer
	Log      *slog.Logger
	Limits   Limits
}

// Hub holds all streams of the process. Any goroutine may call its methods.
type Hub struct {
	upstreams *upstreams
	log       *slog.Logger
	limits    Limits
	metrics   *metrics
	now       func() time.Time
	started   time.Time

	ctx    context.Context // of all feeds and clients
	cancel context.CancelFunc

	mu       sync.Mutex
	isClosed bool
	clients  int
	feeds    map[feedKey]*feed
}

// feedKey: a campaign has one feed; all campaigns together have one for either detail.
type feedKey struct {
	campaign string
	detail   pb.EventDetail
}

// New makes a hub; it does nothing until somebody connects. The caller closes it.
func New(o Options) *Hub {
	h := &Hub{upstreams: newUpstreams(o.Dial), log: o.Log, limits: o.Limits,
		now: time.Now, started: time.Now(), feeds: map[feedKey]*feed{}}
	h.metrics = newMetrics(o.Registry)
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h
}

// Close ends all streams, here and upstream, and refuses new ones. It does not wait: http.Server.Shutdown does. Safe to
// call more than once.
func (h *Hub) Close() {
	h.mu.Lock()
	h.isClosed = true
	feeds := make([]*feed, 0, len(h.feeds))
	for _, f := range h.feeds {
		feeds = append(feeds, f)
	}
	h.mu.Unlock()
	h.cancel()
	for _, f := range feeds {
		f.dismiss()
	}
	h.upstreams.close()
}

// enter takes one of the places for clients; false when all are taken.
func (h *Hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isClosed || h.clients >= h.limits.Clients {
		return false
	}
	h.clients++
	h.metrics.connections.Set(float64(h.clients))
	return true
}

func (h *Hub) exit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients--
	h.metrics.connections.Set(float64(h.clients))
}

// hold returns the feed, begun if need be. Everyone who holds it releases it.
func (h *Hub) hold(key feedKey) *feed {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[key]
	if f == nil {
		f = newFeed(h, key)
		h.feeds[key] = f
		go f.run()
	}
	f.users++
	return f
}

// release gives a feed back. It ends a while after its last user left: those who only reconnect find it as it was.
func (h *Hub) release(f *feed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f.users--
	if f.users > 0 || h.isClosed {
		return
	}
	f.idle++
	idle := f.idle
	time.AfterFunc(h.limits.Linger, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if f.users == 0 && f.idle == idle {
			h.removeLocked(f)
			f.cancel()
		}
	})
}

// forget: the feed is over; who comes next gets a new one.
func (h *Hub) forget(f *feed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.removeLocked(f)
}

func (h *Hub) removeLocked(f *feed) {
	if h.feeds[f.key] == f {
		delete(h.feeds, f.key)
	}
}
