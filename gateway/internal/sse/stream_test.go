package sse

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

const patience = 30 * time.Second

// browser is a connection without a network: what the server flushes is what next returns. A browser that does not
// read keeps the server's write waiting, as a full socket does.
type browser struct {
	*eventReader
	cancel func()
	answer *answer
	ended  chan struct{} // the handler returned
	id     string        // the last one read
}

// answer is the http.ResponseWriter of a browser.
type answer struct {
	header   http.Header
	status   chan int
	once     sync.Once
	in       *io.PipeReader
	out      *io.PipeWriter
	mu       sync.Mutex
	deadline *time.Timer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(code int) { a.once.Do(func() { a.status <- code }) }

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.out.Write(p)
}

func (a *answer) Flush() {}

func (a *answer) SetReadDeadline(time.Time) error { return nil }

func (a *answer) SetWriteDeadline(at time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.deadline != nil {
		a.deadline.Stop()
		a.deadline = nil
	}
	if !at.IsZero() {
		a.deadline = time.AfterFunc(time.Until(at), func() { a.in.CloseWithError(os.ErrDeadlineExceeded) })
	}
	return nil
}

// connect opens a stream; the second result is the HTTP status.
func connect(t testing.TB, handler http.Handler, target, lastID string) (*browser, int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if lastID != "" {
		request.Header.Set(lastIDHeader, lastID)
	}
	in, out := io.Pipe()
	b := &browser{eventReader: newEventReader(in), ended: make(chan struct{}), id: lastID,
		answer: &answer{header: http.Header{}, status: make(chan int, 1), in: in, out: out}}
	b.cancel = func() {
		cancel()
		_ = in.Close()
	}
	go func() {
		defer close(b.ended)
		defer out.Close()
		handler.ServeHTTP(b.answer, request)
	}()
	t.Cleanup(b.cancel)
	select {
	case code := <-b.answer.status:
		if code != http.StatusOK {
			b.leave()
		}
		return b, code
	case <-time.After(patience):
		t.Error("no answer")
		return b, 0
	}
}

// open is connect for those that must succeed; the greeting is read.
func open(t testing.TB, handler http.Handler, target, lastID string) *browser {
	t.Helper()
	b, code := connect(t, handler, target, lastID)
	if code != http.StatusOK {
		t.Fatalf("%s: HTTP %d", target, code)
	}
	hello, err := b.next()
	if err != nil || hello.event != "keep_alive" {
		t.Fatalf("%s begins with %v, %v", target, hello, err)
	}
	return b
}

func (b *browser) next() (parsed, error) {
	e, err := b.eventReader.next()
	if err == nil && e.id != "" {
		b.id = e.id
	}
	return e, err
}

// until reads up to an event of a type and returns it.
func (b *browser) until(t testing.TB, eventType string) parsed {
	t.Helper()
	guard := time.AfterFunc(patience, b.cancel)
	defer guard.Stop()
	for {
		e, err := b.next()
		if err != nil {
			t.Fatalf("waiting for %s: %v", eventType, err)
		}
		if e.event == eventType {
			return e
		}
	}
}

// leave closes the connection as a browser that goes away and waits until the server noticed.
func (b *browser) leave() {
	b.cancel()
	<-b.ended
}

// content is the data of an event.
type content struct {
	Version    int            `json:"version"`
	Type       string         `json:"type"`
	Timestamp  string         `json:"timestamp"`
	CampaignID string         `json:"campaignId"`
	Sequence   int32          `json:"sequence"`
	Payload    map[string]any `json:"payload"`
}

func (p parsed) content(t testing.TB) content {
	t.Helper()
	var c content
	if err := json.Unmarshal([]byte(p.data), &c); err != nil {
		t.Fatalf("%v in %q", err, p.data)
	}
	if c.Type != p.event || c.Version != 1 {
		t.Errorf("event %s says %s, version %d", p.event, c.Type, c.Version)
	}
	return c
}

func campaignPath(id string) string { return "/api/v2/sse/campaigns/" + id }

func after(number int) string { return strconv.Itoa(number) }

// eventually waits for something that other goroutines bring about.
func eventually(t testing.TB, what string, question func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !question(); {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
