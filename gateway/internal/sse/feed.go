package sse

import (
	"context"
	"sync"

	"domainflow.io/gateway/internal/pb"
)

// A feed is one upstream stream and everybody who reads it here: the streams of a campaign, or of all campaigns. It
// keeps the campaign's newest stored events, so that a client that comes back goes on exactly where it was.
type feed struct {
	hub      *Hub
	key      feedKey
	campaign string        // "" for all campaigns
	users    int           // requests that hold it; the hub's lock
	idle     int           // counts the times that the last one left; the hub's lock
	answered chan struct{} // closed once it is live or over

	ctx    context.Context
	cancel context.CancelFunc

	mu        sync.Mutex
	isLive    bool  // number and sequence are known
	number    int32 // the last stored event; everything up to it was sent
	sequence  int32 // the last lifecycle number
	kept      []*event
	keptBytes int
	past      pastState
	epoch     int // counts the times that numbers began anew
	clients   map[*client]struct{}
	joining   map[*client]struct{} // those who wait for the feed to be live, or for the past
	failure   error                // why it is over
	detail    pb.EventDetail       // asked for upstream
	fullUsers int                  // clients that want every detail
	renew     func()               // ends the upstream stream; nil before the first
	isRenewal bool                 // it was ended by us, to ask for another detail
}

// Whether events older than the kept ones can be had.
type pastState int

const (
	pastUnread pastState = iota
	pastReading
	pastRead // what is kept is all there is
)

func newFeed(hub *Hub, key feedKey) *feed {
	f := &feed{hub: hub, key: key, campaign: key.campaign, detail: key.detail, answered: make(chan struct{}),
		clients: map[*client]struct{}{}, joining: map[*client]struct{}{}}
	f.ctx, f.cancel = context.WithCancel(hub.ctx)
	return f
}

// join adds a client. It gets what it missed, or a resync, then everything from now on; when the feed is not live yet
// that happens as soon as it is. The error says that the feed is over.
func (f *feed) join(c *client) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure != nil {
		return f.failure
	}
	c.joinedAt = standing{f.isLive, f.sequence}
	f.joining[c] = struct{}{}
	f.countFull(c, 1)
	if f.isLive {
		f.admit(c)
	}
	return nil
}

func (f *feed) leave(c *client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.countFull(c, -1)
	delete(f.clients, c)
	delete(f.joining, c)
}

// countFull asks upstream for every detail while somebody wants it. A campaign's stream goes on behind its last event;
// the one of all campaigns can't, so there is a feed for either detail.
func (f *feed) countFull(c *client, by int) {
	if !c.isFull || f.campaign == "" {
		return
	}
	f.fullUsers += by
	wanted := pb.EventDetail_EVENT_DETAIL_NORMAL
	if f.fullUsers > 0 {
		wanted = pb.EventDetail_EVENT_DETAIL_FULL
	}
	if wanted != f.detail {
		f.detail, f.isRenewal = wanted, f.renew != nil
		if f.renew != nil {
			f.renew()
		}
	}
}

// isRenewed says, once, whether the upstream stream was ended to ask for another detail.
func (f *feed) isRenewed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.isRenewal
	f.isRenewal = false
	return was
}

// Where a feed stands.
type standing struct {
	isLive   bool
	sequence int32 // the last lifecycle number, once it is live
}

func (f *feed) standing() standing {
	f.mu.Lock()
	defer f.mu.Unlock()
	return standing{f.isLive, f.sequence}
}

// begin: upstream said where the stream stands. What clients had before can't be continued when it is not the first
// time.
func (f *feed) begin(number, sequence int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	isFirst := !f.isLive
	f.isLive = true
	f.restart(number, sequence)
	if isFirst {
		f.answer()
	}
	f.admitAll()
}

// beginOnce: the stream of all campaigns has no position; it stands when upstream says something.
func (f *feed) beginOnce() {
	f.mu.Lock()
	wasLive := f.isLive
	f.mu.Unlock()
	if !wasLive {
		f.begin(0, 0)
	}
}

// restart forgets what was kept and sends everybody to fetch the state anew.
func (f *feed) restart(number, sequence int32) {
	f.number, f.sequence = number, sequence
	f.kept, f.keptBytes = nil, 0
	f.past = pastUnread
	f.epoch++
	for c := range f.clients {
		f.resync(c, resyncReconnected)
	}
}

func (f *feed) answer() {
	select {
	case <-f.answered:
	default:
		close(f.answered)
	}
}

// publish sends an event to everybody. A stored one that was sent before is left out; one that does not follow the last
// means that something is lost for good.
func (f *feed) publish(e *event, sequence int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.number > 0 {
		if e.number <= f.number {
			return
		}
		if e.number > f.number+1 {
			f.restart(e.number-1, f.sequence)
		}
		f.number = e.number
		f.keep(e)
	}
	f.sequence = max(f.sequence, sequence)
	if len(e.frames) == 0 {
		return
	}
	for c := range f.clients {
		f.send(c, e)
	}
}

func (f *feed) send(c *client, e *event) {
	if !c.wants(e) {
		f.hub.metrics.countUnwanted(e)
		return
	}
	lost, isSlow := c.send(e)
	if lost != nil {
		f.hub.metrics.countDropped(lost)
	}
	if isSlow {
		f.hub.metrics.slowClosed.Add(1)
	}
}

func (f *feed) keep(e *event) {
	f.kept = append(f.kept, e)
	f.keptBytes += len(e.bytes)
	f.trim()
}

func (f *feed) trim() {
	first := 0
	for len(f.kept)-first > f.hub.limits.KeptEvents || f.keptBytes > f.hub.limits.KeptBytes {
		f.keptBytes -= len(f.kept[first].bytes)
		first++
	}
	if first > 0 {
		// Clients may still read the old array.
		f.kept = append(make([]*event, 0, len(f.kept)-first+16), f.kept[first:]...)
		f.past = pastRead
	}
}

// admit decides what a joining client begins with.
func (f *feed) admit(c *client) {
	switch {
	case f.campaign == "", c.position.kind == positionLive && !c.joinedAt.isLive:
		f.enter(c)
		f.resync(c, resyncReconnected)
	case c.position.kind == positionLive:
		f.enter(c)
	case c.position.kind == positionUnknown, c.position.after > f.number:
		f.enter(c)
		f.resync(c, resyncUnknown)
	case c.position.after >= f.oldest():
		missed := f.kept[int(c.position.after-f.oldest()):]
		f.enter(c)
		c.replay(missed[:len(missed):len(missed)])
	case f.past != pastRead && int(f.number-c.position.after) <= f.hub.limits.KeptEvents:
		f.readPast()
	default:
		f.enter(c)
		f.resync(c, resyncExceeded)
	}
}

func (f *feed) enter(c *client) {
	delete(f.joining, c)
	f.clients[c] = struct{}{}
}

func (f *feed) admitAll() {
	for c := range f.joining {
		f.admit(c)
	}
}

// oldest is the least position that can be gone on from.
func (f *feed) oldest() int32 { return f.number - int32(len(f.kept)) }

func (f *feed) resync(c *client, reason string) {
	f.hub.metrics.resyncs.WithLabelValues(reason).Inc()
	f.send(c, f.hub.resyncEvent(f.campaign, reason, f.sequence))
}

// readPast fetches what happened before the kept events, once for everybody who waits for it.
func (f *feed) readPast() {
	if f.past == pastReading {
		return
	}
	f.past = pastReading
	after := max(0, f.number-int32(f.hub.limits.KeptEvents))
	epoch, until := f.epoch, f.oldest()
	go func() {
		events, err := f.fetch(after, until)
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.epoch == epoch {
			f.lengthen(events, err)
		}
		f.admitAll()
	}()
}

// lengthen puts events before the kept ones. After a failure those who wait get a resync, and the next one who comes
// tries again.
func (f *feed) lengthen(events []*event, err error) {
	if f.past == pastRead {
		return // what is kept was cut meanwhile: there is no place for more
	}
	f.past = pastRead
	if err != nil {
		f.admitAll()
		f.past = pastUnread
		return
	}
	f.kept = append(events, f.kept...)
	for _, e := range events {
		f.keptBytes += len(e.bytes)
	}
	f.trim()
}

// finish ends the feed for good: everybody is told why and leaves.
func (f *feed) finish(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failure = err
	f.answer()
	farewell := f.hub.errorEvent(f.campaign, err)
	for c := range f.clients {
		c.close(farewell)
	}
	for c := range f.joining {
		c.close(farewell)
	}
}

// dismiss ends the feed because the gateway ends: browsers come back by themselves.
func (f *feed) dismiss() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.clients {
		c.close(nil)
	}
	for c := range f.joining {
		c.close(nil)
	}
}
