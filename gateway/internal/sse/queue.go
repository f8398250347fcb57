package sse

// A queue holds what waits for one client, in order. It is as long as its limit; what may be lost gives way to what may
// not. One goroutine at a time.
type queue struct {
	events []*event
	limit  int
}

// push adds an event and returns the one that had to go for it, nil when there was room. False: only stored events are
// left and none of them may go.
func (q *queue) push(e *event) (*event, bool) {
	if len(q.events) < q.limit {
		q.events = append(q.events, e)
		return nil, true
	}
	if !e.isStored && q.oldestLosable() < 0 {
		return e, true
	}
	at := q.oldestLosable()
	if at < 0 {
		return nil, false
	}
	lost := q.events[at]
	copy(q.events[at:], q.events[at+1:])
	q.events[len(q.events)-1] = e
	return lost, true
}

func (q *queue) oldestLosable() int {
	for i, e := range q.events {
		if !e.isStored {
			return i
		}
	}
	return -1
}

// take hands over everything that waits; spare, emptied, becomes the room for what comes next.
func (q *queue) take(spare []*event) []*event {
	taken := q.events
	clear(spare[:cap(spare)])
	q.events = spare[:0]
	return taken
}
