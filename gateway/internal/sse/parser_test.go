package sse

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// parsed is one event as a browser would dispatch it, by the HTML standard's section "Interpreting an event stream".
type parsed struct {
	id, event, data string
}

// eventReader is that section word for word, and nothing of ours.
type eventReader struct {
	in          *bufio.Reader
	isBegun     bool
	lastID      string // the id buffer: it outlives an event
	event, data string
	retry       string
}

func newEventReader(in io.Reader) *eventReader {
	return &eventReader{in: bufio.NewReaderSize(in, 4096)}
}

// next is the next event that would be dispatched; the error is the reader's.
func (p *eventReader) next() (parsed, error) {
	for {
		line, err := p.line()
		if err != nil {
			return parsed{}, err // an event that is not complete is discarded
		}
		if line == "" {
			if p.data == "" {
				p.event = ""
				continue
			}
			e := parsed{id: p.lastID, event: p.event, data: strings.TrimSuffix(p.data, "\n")}
			if e.event == "" {
				e.event = "message"
			}
			p.event, p.data = "", ""
			return e, nil
		}
		if line[0] == ':' {
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			p.event = value
		case "data":
			p.data += value + "\n"
		case "id":
			if !strings.ContainsRune(value, 0) {
				p.lastID = value
			}
		case "retry":
			p.retry = value
		}
	}
}

// line reads up to CR, LF or both; the stream is UTF-8 and what is not becomes U+FFFD.
func (p *eventReader) line() (string, error) {
	if !p.isBegun {
		p.isBegun = true
		if mark, _ := p.in.Peek(3); bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
			_, _ = p.in.Discard(3)
		}
	}
	var line []byte
	for {
		if _, err := p.in.Peek(1); err != nil {
			return "", err
		}
		waiting, _ := p.in.Peek(p.in.Buffered())
		end := bytes.IndexAny(waiting, "\r\n")
		if end < 0 {
			line = append(line, waiting...)
			_, _ = p.in.Discard(len(waiting))
			continue
		}
		line = append(line, waiting[:end]...)
		isReturn := waiting[end] == '\r'
		_, _ = p.in.Discard(end + 1)
		if isReturn {
			// Whether a LF follows may only be known later; our streams have no CR, so that waiting does no harm.
			if next, err := p.in.Peek(1); err == nil && next[0] == '\n' {
				_, _ = p.in.Discard(1)
			}
		}
		return strings.ToValidUTF8(string(line), "\uFFFD"), nil
	}
}
