package sse

// An event is what one upstream message became: its frames, rendered once for all clients. Never changed once made.
type event struct {
	number   int32   // its place in the campaign's stored events; 0: none, a client can't resume behind it
	isStored bool    // must not be lost
	isFull   bool    // only for clients that asked for every detail
	types    filter  // of its frames
	frames   []frame // parts of bytes, without the id
	bytes    []byte  // as a client without a filter gets it
}

// One frame of an event, without its id.
type frame struct {
	eventType int
	bytes     []byte
}

// newEvent renders the data of one or several types, in this order. The id stands on the last: whoever was cut off
// before it gets the whole event again.
func newEvent(number int32, parts ...part) *event {
	size := 32
	for _, p := range parts {
		size += len(p.data) + 64
	}
	e := &event{number: number, isStored: number > 0, bytes: make([]byte, 0, size), frames: make([]frame, 0, len(parts))}
	starts := make([]int, 0, 4)
	for i, p := range parts {
		if i == len(parts)-1 && number > 0 {
			e.bytes = appendID(e.bytes, number)
		}
		starts = append(starts, len(e.bytes))
		e.bytes = appendFrame(e.bytes, 0, p.eventType, p.data)
		e.frames = append(e.frames, frame{eventType: p.eventType, bytes: e.bytes[starts[i]:]})
		e.types |= 1 << p.eventType
	}
	for i := range e.frames { // bytes may have moved while it grew
		end := starts[i] + len(e.frames[i].bytes)
		e.frames[i].bytes = e.bytes[starts[i]:end:end]
	}
	return e
}

type part struct {
	eventType int
	data      []byte // JSON
}

// isWanted: a filter asks for at least one of its frames. isWhole: for all of them.
func (e *event) isWanted(by filter) bool { return e.types&by != 0 }
func (e *event) isWhole(by filter) bool  { return e.types&^by == 0 }

// mainType is the one the event is counted under.
func (e *event) mainType() int { return e.frames[len(e.frames)-1].eventType }

// appendTo adds the frames that a filter asks for and tells how many. The id moves to the last of them: the client's
// place in the stream is known even when it does not want the frame that usually carries it.
func (e *event) appendTo(dst []byte, wanted filter) ([]byte, int) {
	last, count := -1, 0
	for i, f := range e.frames {
		if wanted.has(f.eventType) {
			last = i
			count++
		}
	}
	for i, f := range e.frames {
		if !wanted.has(f.eventType) {
			continue
		}
		if i == last && e.number > 0 {
			dst = appendID(dst, e.number)
		}
		dst = append(dst, f.bytes...)
	}
	return dst, count
}
