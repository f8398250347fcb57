package sse

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"domainflow.io/gateway/internal/pb"
)

func readFrame(t *testing.T, frame []byte) parsed {
	t.Helper()
	e, err := newEventReader(bytes.NewReader(frame)).next()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// listen serves the hub over TCP.
func listen(t *testing.T, hub *Hub) *httptest.Server {
	server := httptest.NewUnstartedServer(hub)
	server.Config.ReadTimeout = time.Second // streams outlive it
	server.Config.RegisterOnShutdown(hub.Close)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// dial opens a stream over TCP without any HTTP library, and reads up to the greeting when asked to.
func dial(t *testing.T, server *httptest.Server, campaign string, isReading bool) (*eventReader, net.Conn) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(2 * patience))
	if !isReading {
		_ = conn.(*net.TCPConn).SetReadBuffer(1024)
	}
	_, err = conn.Write([]byte("GET " + campaignPath(campaign) + " HTTP/1.0\r\nHost: x\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	reader := newEventReader(conn)
	for isReading {
		e, err := reader.next() // the header passes for fields nobody knows
		if err != nil {
			t.Fatal(err)
		}
		if e.event == "keep_alive" {
			break
		}
	}
	return reader, conn
}

func TestAShutdownEndsThousandStreamsReadOrNot(t *testing.T) {
	u := newFakeUpstream(campaignA, campaignB)
	limits := testLimits()
	limits.Clients, limits.KeepAlive = 2000, time.Hour
	hub, _ := newTestHub(t, u, limits)
	server := listen(t, hub)
	var all sync.WaitGroup
	var readers [1000]*eventReader
	for i := range readers {
		all.Go(func() { readers[i], _ = dial(t, server, campaignA, true) })
	}
	all.Wait()
	for range 3 {
		dial(t, server, campaignB, false)
	}
	eventually(t, "those who do not read to connect", func() bool { return hub.stats().TotalConnections == 1003 })
	fill(t, u, hub)
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), limits.Stall/2)
		defer cancel()
		ended <- server.Config.Shutdown(ctx)
	}()
	for _, reader := range readers {
		for {
			if _, err := reader.next(); err != nil {
				break
			}
		}
	}
	if err := <-ended; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if left := hub.stats().TotalConnections; left != 0 {
		t.Errorf("%d streams are left", left)
	}
	response := httptest.NewRecorder()
	hub.ServeHTTP(response, httptest.NewRequest(http.MethodGet, campaignPath(campaignA), nil))
	if response.Code != http.StatusServiceUnavailable {
		t.Errorf("afterwards: HTTP %d", response.Code)
	}
}

// fill sends progress until the sockets of those who do not read are full: their queues begin to overflow.
func fill(t *testing.T, u *fakeUpstream, hub *Hub) {
	t.Helper()
	details := `{"text":"` + strings.Repeat("x", 64<<10) + `"}`
	eventually(t, "full sockets", func() bool {
		u.say(campaignB, &pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_DOMAIN_GENERATED,
			Payload: &pb.WatchCampaignResponse_Details{Details: details}})
		return hub.metrics.dropped.Load() > 0
	})
}

func TestAStreamOutlivesTheTimeForReadingARequest(t *testing.T) {
	u := newFakeUpstream(campaignA)
	limits := testLimits()
	limits.KeepAlive = 300 * time.Millisecond
	hub, _ := newTestHub(t, u, limits)
	server := listen(t, hub)
	reader, _ := dial(t, server, campaignA, true)
	for range 6 { // 1.8 s, beyond ReadTimeout
		if e, err := reader.next(); err != nil || e.event != "keep_alive" {
			t.Fatal(e, err)
		}
	}
}
