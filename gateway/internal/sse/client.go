package sse

import (
	"net/http"
	"sync"
	"time"
)

// A client is one open connection. The feed fills its queue, the goroutine of its request is the only one that writes.
type client struct {
	wanted   filter
	isFull   bool // wants every detail
	position position
	joinedAt standing // what it was greeted with; not live: before the feed knew where it stands

	stall   time.Duration
	control *http.ResponseController
	wake    chan struct{} // has room for one: something waits, or the client is closed

	mu       sync.Mutex
	backlog  []*event // what it missed, shared with the feed: read only
	queue    queue
	isClosed bool
	farewell *event // the last thing it gets; nil: just the end
}

// Where a client wants to go on.
type position struct {
	kind  positionKind
	after int32
}

type positionKind int

const (
	positionLive    positionKind = iota // from now on
	positionAfter                       // behind a number
	positionUnknown                     // behind something that can't be a number of ours
)

// wants: its filter and detail ask for at least a part of the event.
func (c *client) wants(e *event) bool {
	return e.isWanted(c.wanted) && (c.isFull || !e.isFull)
}

// send queues an event that the client wants. It returns the one that was lost for it, if any; isSlow: stored events
// alone fill the queue, and the connection ends, so that the client resumes behind the last event it read.
func (c *client) send(e *event) (lost *event, isSlow bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed {
		return nil, false
	}
	lost, ok := c.queue.push(e)
	if !ok {
		c.closeLocked(nil)
		return nil, true
	}
	c.signal()
	return lost, false
}

// replay makes events the first that the client gets.
func (c *client) replay(events []*event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.backlog = events
	c.signal()
}

// close ends the connection: behind everything that waits and the farewell, or, without a farewell, at once. A client
// that comes back gets what it did not read.
func (c *client) close(farewell *event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLocked(farewell)
}

func (c *client) closeLocked(farewell *event) {
	if c.isClosed {
		return
	}
	c.isClosed = true
	c.farewell = farewell
	if farewell == nil && c.control != nil {
		// A write that waits for the reader ends now.
		_ = c.control.SetWriteDeadline(time.Unix(1, 0))
	}
	c.signal()
}

// retire is called before the request ends: nobody touches its connection afterwards.
func (c *client) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isClosed = true
	c.control = nil
	c.backlog = nil
	c.queue.events = nil
}

// arm sets the deadline of the next write. False: the client is closed and has no farewell.
func (c *client) arm() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed && c.farewell == nil {
		return false
	}
	return c.control.SetWriteDeadline(time.Now().Add(c.stall)) == nil
}

// disarm takes the deadline away: none runs while nothing is written.
func (c *client) disarm() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed && c.farewell == nil {
		return false
	}
	return c.control.SetWriteDeadline(time.Time{}) == nil
}

func (c *client) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// take hands over what waits. isLast: nothing comes after it.
func (c *client) take(spare []*event) (backlog, queued []*event, isLast bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed && c.farewell == nil {
		return nil, nil, true
	}
	backlog, c.backlog = c.backlog, nil
	queued = c.queue.take(spare)
	if c.isClosed {
		queued = append(queued, c.farewell)
	}
	return backlog, queued, c.isClosed
}
