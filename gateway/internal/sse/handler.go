package sse

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/pb"
	"domainflow.io/gateway/internal/problem"
	"domainflow.io/gateway/internal/request"
)

const (
	retryAfter   = 3 * time.Second // what browsers wait before they connect again
	lastIDHeader = "Last-Event-ID"
	lastIDQuery  = "lastEventId"
)

// Prefix is where all paths of this package are.
const Prefix = "/api/v2/sse/"

// Templates are the paths of this package, as logs and metrics name them.
var Templates = []string{Prefix + "campaigns/{id}", Prefix + "campaigns/{id}/events", Prefix + "events", Prefix + "events/stats"}

// ServeHTTP answers everything below Prefix.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve, route := h.route(r)
	if serve == nil {
		problem.New("NOT_FOUND", "there is no such path").Write(w, r)
		return
	}
	request.Of(r.Context()).Route = route
	if r.Method != http.MethodGet {
		problem.NotAllowed(http.MethodGet).Write(w, r)
		return
	}
	if r.Body != http.NoBody { // net/http would wait for it before the stream's first byte
		problem.New("BAD_REQUEST", "the request takes no body").Write(w, r)
		return
	}
	serve(w, r)
}

// route finds who answers a path, and the path's template.
func (h *Hub) route(r *http.Request) (http.HandlerFunc, string) {
	path := strings.TrimPrefix(r.URL.Path, Prefix)
	switch path {
	case "events":
		return h.serveAll, Prefix + "events"
	case "events/stats":
		return h.serveStats, Prefix + "events/stats"
	}
	id, isCampaign := strings.CutPrefix(path, "campaigns/")
	id, isAlias := strings.CutSuffix(id, "/events")
	if !isCampaign || id == "" || strings.Contains(id, "/") {
		return nil, ""
	}
	route := Prefix + "campaigns/{id}"
	if isAlias {
		route += "/events"
	}
	return func(w http.ResponseWriter, r *http.Request) { h.serveCampaign(w, r, id) }, route
}

func (h *Hub) serveCampaign(w http.ResponseWriter, r *http.Request, text string) {
	id, ok := parseUUID(text)
	if !ok {
		refuse(w, r, "id", "must be a UUID")
		return
	}
	h.serve(w, r, feedKey{campaign: id})
}

func (h *Hub) serveAll(w http.ResponseWriter, r *http.Request) {
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
		if r.Context().Err() == nil {
			h.refuseFull(w, r)
		}
		return
	}
	if err := f.join(c); err != nil {
		problemOf(err).Write(w, r)
		return
	}
	defer f.leave(c)
	defer c.retire()
	begin(w, c)
	h.write(w, r, f, c)
}

// newClient reads what the request asks for; false when it was refused.
func (h *Hub) newClient(w http.ResponseWriter, r *http.Request) (*client, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, r, "query", "can't be read")
		return nil, false
	}
	wanted, unknown := parseFilter(query.Get("types"))
	if unknown != "" {
		refuse(w, r, "types", "'"+shorten(unknown)+"' is no type of event")
		return nil, false
	}
	if detail := query.Get("detail"); detail != "" && detail != "full" && detail != "normal" {
		refuse(w, r, "detail", "must be normal or full")
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
	header.Set("Connection", "keep-alive")
	header.Set("X-Accel-Buffering", "no")
	_ = c.control.SetReadDeadline(time.Time{}) // the one for reading the request would end the stream
	w.WriteHeader(http.StatusOK)
}

// write sends what the feed queues, and a heartbeat, until either side ends. The only writer of the connection.
func (h *Hub) write(w http.ResponseWriter, r *http.Request, f *feed, c *client) {
	out := writer{w: w, client: c, metrics: h.metrics}
	beat := time.NewTicker(h.limits.KeepAlive)
	defer beat.Stop()
	hello := appendRetry(nil, retryAfter)
	out.raw(h.keepAlive(hello, f.campaign, "connected", c.joinedAt))
	isLast := false
	for out.flush() && !isLast {
		select {
		case <-r.Context().Done():
			return
		case <-h.ctx.Done():
			return
		case <-beat.C:
			out.raw(h.keepAlive(nil, f.campaign, "alive", f.standing()))
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
		o.broke(err)
	}
}

// broke: a client that takes longer than its deadline is slow. One that was closed for that was counted there.
func (o *writer) broke(err error) {
	o.isBroken = true
	if errors.Is(err, os.ErrDeadlineExceeded) && o.client.disarm() {
		o.metrics.slowClosed.Add(1)
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
	if o.isBroken || !o.client.arm() {
		return false
	}
	if err := o.client.control.Flush(); err != nil {
		o.broke(err)
		return false
	}
	return o.client.disarm()
}

func (h *Hub) keepAlive(dst []byte, campaign, state string, at standing) []byte {
	payload := struct {
		Status       string `json:"status"`
		CampaignID   string `json:"campaignId,omitempty"`
		LastSequence *int32 `json:"lastSequence,omitempty"`
		ServerTime   string `json:"serverTime"`
	}{Status: state, CampaignID: campaign, ServerTime: codec.TimeText(h.now())}
	if at.isLive && campaign != "" {
		payload.LastSequence = &at.sequence
	}
	data, _ := marshal(payload)
	env := envelope{Timestamp: payload.ServerTime, CampaignID: campaign, Payload: data}
	return append(dst, newEvent(0, env.part(typeKeepAlive)).bytes...)
}

// serveStats tells about the streams of this gateway.
func (h *Hub) serveStats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(h.stats()) // a client that has gone needs no answer
}
