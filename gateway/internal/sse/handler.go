package sse

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"domainflow.io/gateway/internal/pb"
)

const (
	retryAfter   = 3 * time.Second // what browsers wait before they connect again
	fullBackoff  = 10              // seconds a refused client should wait
	lastIDHeader = "Last-Event-ID"
	lastIDQuery  = "lastEventId"
)

// ServeCampaign is GET /api/v2/sse/campaigns/{id}.
func (h *Hub) ServeCampaign(w http.ResponseWriter, r *http.Request) {
	id, ok := parseUUID(r.PathValue("id"))
	if !ok {
		h.refuse(w, r, "id", "must be a UUID")
		return
	}
	h.serve(w, r, feedKey{campaign: id})
}

// ServeAll is GET /api/v2/sse/events.
func (h *Hub) ServeAll(w http.ResponseWriter, r *http.Request) {
	key := feedKey{detail: pb.EventDetail_EVENT_DETAIL_NORMAL}
	if r.URL.Query().Get("detail") == "full" {
		key.detail = pb.EventDetail_EVENT_DETAIL_FULL
	}
	h.serve(w, r, key)
}

// serve is one connection from its first byte to its last. Until the first byte a failure is an answer like any other.
func (h *Hub) serve(w http.ResponseWriter, r *http.Request, key feedKey) {
	c, ok := h.newClient(w, r)
	if !ok {
		return
	}
	if !h.enter() {
		h.refuseFull(w, r)
		return
	}
	defer h.exit()
	f := h.hold(key)
	defer h.release(f)
	if !h.awaitAnswer(r.Context(), f) {
		return
	}
	if err := f.join(c); err != nil {
		h.fail(w, r, err)
		return
	}
	defer f.leave(c)
	defer c.retire()
	begin(w, c)
	h.write(w, r, f, c)
}

// newClient reads what the request asks for; false when it was refused.
func (h *Hub) newClient(w http.ResponseWriter, r *http.Request) (*client, bool) {
	query := r.URL.Query()
	wanted, unknown := parseFilter(query.Get("types"))
	if unknown != "" {
		h.refuse(w, r, "types", "'"+shorten(unknown)+"' is no type of event")
		return nil, false
	}
	if detail := query.Get("detail"); detail != "" && detail != "full" && detail != "normal" {
		h.refuse(w, r, "detail", "must be normal or full")
		return nil, false
	}
	return &client{wanted: wanted, isFull: query.Get("detail") == "full", position: positionOf(r), stall: h.limits.Stall,
		control: http.NewResponseController(w), wake: make(chan struct{}, 1),
		queue: queue{limit: h.limits.Queue}}, true
}

// positionOf reads where a client wants to go on. The header wins: a browser that reconnects repeats its address, so
// the query is older.
func positionOf(r *http.Request) position {
	text := r.Header.Get(lastIDHeader)
	if text == "" {
		text = r.URL.Query().Get(lastIDQuery)
	}
	if text == "" {
		return position{kind: positionLive}
	}
	number, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return position{kind: positionUnknown}
	}
	return position{kind: positionAfter, after: int32(number)}
}

func shorten(text string) string {
	if len(text) > 40 {
		return text[:40] + "…"
	}
	return text
}

// awaitAnswer waits until upstream said something about the campaign, but not for long: a stream that begins before
// that is better than none. False: the caller left, or we do.
func (h *Hub) awaitAnswer(ctx context.Context, f *feed) bool {
	timer := time.NewTimer(h.limits.AnswerWait)
	defer timer.Stop()
	select {
	case <-f.answered:
		return true
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-h.ctx.Done():
		return false
	}
}

func begin(w http.ResponseWriter, c *client) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-cache, no-transform")
	header.Set("X-Accel-Buffering", "no")
	header.Set("X-Content-Type-Options", "nosniff")
	_ = c.control.SetReadDeadline(time.Time{}) // the one for reading the request would end the stream
	w.WriteHeader(http.StatusOK)
}

// write sends what the feed queues, and a heartbeat, until either side ends. The only writer of the connection.
func (h *Hub) write(w http.ResponseWriter, r *http.Request, f *feed, c *client) {
	out := writer{w: w, client: c, metrics: h.metrics}
	beat := time.NewTicker(h.limits.KeepAlive)
	defer beat.Stop()
	hello := appendRetry(nil, retryAfter)
	out.raw(h.keepAlive(hello, f, "connected"))
	isLast := false
	for out.flush() && !isLast {
		select {
		case <-r.Context().Done():
			return
		case <-h.ctx.Done():
			return
		case <-beat.C:
			out.raw(h.keepAlive(nil, f, "alive"))
		case <-c.wake:
			isLast = out.waiting()
		}
	}
}

// A writer puts events on a connection; every write has its deadline.
type writer struct {
	w        http.ResponseWriter
	client   *client
	metrics  *metrics
	spare    []*event
	scratch  []byte
	isBroken bool
}

func (o *writer) raw(frames []byte) {
	if o.isBroken || !o.client.arm() {
		o.isBroken = true
		return
	}
	if _, err := o.w.Write(frames); err != nil {
		o.isBroken = true
	}
}

// waiting writes all that waits for the client; true when nothing comes after it.
func (o *writer) waiting() (isLast bool) {
	backlog, queued, isLast := o.client.take(o.spare)
	for _, e := range backlog {
		o.event(e)
	}
	for _, e := range queued {
		o.event(e)
	}
	o.spare = queued
	return isLast
}

func (o *writer) event(e *event) {
	if o.isBroken || !o.client.wants(e) {
		return
	}
	frames, count := e.bytes, len(e.frames)
	if !e.isWhole(o.client.wanted) {
		o.scratch, count = e.appendTo(o.scratch[:0], o.client.wanted)
		frames = o.scratch
	}
	o.raw(frames)
	if !o.isBroken {
		o.metrics.sent.Add(int64(count))
	}
}

func (o *writer) flush() bool {
	if o.isBroken || !o.client.arm() || o.client.control.Flush() != nil {
		return false
	}
	return o.client.disarm()
}

func (h *Hub) keepAlive(dst []byte, f *feed, state string) []byte {
	payload := struct {
		Status       string `json:"status"`
		CampaignID   string `json:"campaignId,omitempty"`
		LastSequence *int32 `json:"lastSequence,omitempty"`
		ServerTime   string `json:"serverTime"`
	}{Status: state, CampaignID: f.campaign, ServerTime: timeText(h.now())}
	if sequence, isKnown := f.standing(); isKnown {
		payload.LastSequence = &sequence
	}
	data, _ := marshal(payload)
	env := envelope{Timestamp: payload.ServerTime, CampaignID: f.campaign, Payload: data}
	return append(dst, newEvent(0, env.part(typeKeepAlive)).bytes...)
}

// ServeStats is GET /api/v2/sse/events/stats: the streams of this gateway.
func (h *Hub) ServeStats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(h.stats())
}

// Register adds the routes of the streams.
func (h *Hub) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v2/sse/campaigns/{id}", h.ServeCampaign)
	mux.HandleFunc("GET /api/v2/sse/campaigns/{id}/events", h.ServeCampaign)
	mux.HandleFunc("GET /api/v2/sse/events", h.ServeAll)
	mux.HandleFunc("GET /api/v2/sse/events/stats", h.ServeStats)
}
