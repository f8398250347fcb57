//go:build load

package sse

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"domainflow.io/gateway/internal/pb"
)

// Ten thousand clients in a process of their own, one stored event a second, then a gateway that is killed:
//
//	ulimit -n 30000; go test -tags load -run TestLoad -v -timeout 10m ./internal/sse
//
// The bounds are those of the product: events within 2 s, 400 MB, everybody back within 20 s, nothing lost or doubled.
const (
	loadClients = 10_000
	loadEvents  = 30
	loadAddress = "SSE_LOAD_ADDRESS"
)

type loadReport struct {
	Delays []float64 // seconds from an event to its reader
	Back   []float64 // seconds from the loss of a stream to the next
	Wrong  []string
}

func TestLoad(t *testing.T) {
	if address := os.Getenv(loadAddress); address != "" {
		_ = json.NewEncoder(os.Stderr).Encode(runLoadClients(address))
		return
	}
	u := newFakeUpstream(campaignA)
	limits := DefaultLimits()
	limits.Clients = loadClients + 10
	dial := u.serve(t)
	hub, server, address := loadGateway(t, dial, limits, "127.0.0.1:0")
	before := residentBytes(t)
	clients := exec.Command(os.Args[0], "-test.run", "^TestLoad$", "-test.timeout", "10m")
	clients.Env = append(os.Environ(), loadAddress+"="+address)
	var said strings.Builder
	clients.Stderr = &said
	if err := clients.Start(); err != nil {
		t.Fatal(err)
	}
	wait(t, "all clients", func() bool { return hub.stats().TotalConnections == loadClients })
	t.Logf("RSS with %d clients: %d MB (%d MB before)", loadClients, residentBytes(t)>>20, before>>20)
	for range loadEvents / 2 {
		u.stamped(campaignA)
		time.Sleep(time.Second)
	}
	t.Logf("RSS after events: %d MB", residentBytes(t)>>20)
	if used := residentBytes(t); used > 400<<20 {
		t.Errorf("%d MB", used>>20)
	}
	_ = server.Close() // as kill -9 looks to a client
	hub.Close()
	_, asked := u.streamsOf(campaignA)
	hub, _, _ = loadGateway(t, dial, limits, address)
	for range loadEvents / 2 {
		u.stamped(campaignA)
		time.Sleep(time.Second)
	}
	wait(t, "all clients to be back", func() bool { return hub.stats().TotalConnections == loadClients })
	_, now := u.streamsOf(campaignA)
	t.Logf("upstream calls for %d reconnects: %d; RSS %d MB", loadClients, now-asked, residentBytes(t)>>20)
	if now-asked > 5 {
		t.Errorf("%d upstream calls", now-asked)
	}
	u.move(campaignA, completed) // the end
	if err := clients.Wait(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	var report loadReport
	if err := json.Unmarshal([]byte(said.String()), &report); err != nil {
		t.Fatal(err, said.String())
	}
	for _, wrong := range report.Wrong {
		t.Error(wrong)
	}
	t.Logf("%d deliveries: p50 %.3f s, p99 %.3f s, max %.3f s", len(report.Delays), quantile(report.Delays, 0.5),
		quantile(report.Delays, 0.99), quantile(report.Delays, 1))
	t.Logf("%d reconnects: p50 %.3f s, max %.3f s", len(report.Back), quantile(report.Back, 0.5), quantile(report.Back, 1))
}

// stamped appends a stored event that says when.
func (u *fakeUpstream) stamped(campaign string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.campaigns[campaign]
	c.append(&pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_ANALYSIS_COMPLETED, CampaignId: campaign,
		EventNumber: int32(len(c.events) + 1), OccurredAt: timestamppb.Now(),
		Payload: &pb.WatchCampaignResponse_Details{Details: fmt.Sprintf(`{"nanos":%d,"scored":1,"snapshotId":"%s"}`,
			time.Now().UnixNano(), campaign)}})
}

func loadGateway(t *testing.T, dial Dialer, limits Limits, address string) (*Hub, *http.Server, string) {
	hub := New(Options{Dial: dial, Registry: newRegistry(), Limits: limits, Log: silent()})
	var listener net.Listener
	wait(t, "the address", func() bool {
		var err error
		listener, err = net.Listen("tcp", address)
		return err == nil
	})
	server := &http.Server{Handler: hub}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	t.Cleanup(hub.Close)
	return hub, server, listener.Addr().String()
}

func wait(t *testing.T, what string, question func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !question(); {
		if time.Now().After(deadline) {
			t.Fatal("still waiting:", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func residentBytes(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc")
	}
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	kilobytes, _ := strconv.Atoi(string(found[1]))
	return kilobytes << 10
}

func quantile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sort.Float64s(values)
	return values[int(share*float64(len(values)-1))]
}

func runLoadClients(address string) *loadReport {
	report := &loadReport{}
	var mu sync.Mutex
	var all sync.WaitGroup
	places := make(chan struct{}, 200) // connects at once: the backlog of a listener is not what is measured
	for range loadClients {
		all.Go(func() {
			delays, back, err := loadClient(address, places)
			mu.Lock()
			defer mu.Unlock()
			report.Delays = append(report.Delays, delays...)
			report.Back = append(report.Back, back...)
			if err != nil && len(report.Wrong) < 10 {
				report.Wrong = append(report.Wrong, err.Error())
			}
		})
	}
	all.Wait()
	return report
}

var nanos = regexp.MustCompile(`"nanos":(\d+)`)

// loadClient reads until the transition that ends the test, coming back whenever it loses its stream.
func loadClient(address string, places chan struct{}) (delays, back []float64, err error) {
	last, lost := 0, time.Time{}
	for range 1000 {
		places <- struct{}{}
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_, err = fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: x\r\nLast-Event-ID: %d\r\n\r\n", campaignPath(campaignA), last)
		}
		if err != nil {
			<-places
			time.Sleep(50 * time.Millisecond)
			continue
		}
		in := bufio.NewReaderSize(conn, 1024)
		isGreeted := false
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				break
			}
			switch {
			case strings.HasPrefix(line, "event: keep_alive") && !isGreeted:
				isGreeted = true
				<-places
				if !lost.IsZero() {
					back = append(back, time.Since(lost).Seconds())
				}
			case strings.HasPrefix(line, "event: resync"):
				return delays, back, fmt.Errorf("a resync behind %d", last)
			case strings.HasPrefix(line, "id: "):
				id, _ := strconv.Atoi(strings.TrimSpace(line[4:]))
				if id != last+1 {
					return delays, back, fmt.Errorf("%d follows %d", id, last)
				}
				last = id
				if last == 2*(loadEvents/2)+1 {
					return delays, back, conn.Close()
				}
			case strings.HasPrefix(line, "data: ") && isGreeted:
				if found := nanos.FindStringSubmatch(line); found != nil {
					sent, _ := strconv.ParseInt(found[1], 10, 64)
					if lost.IsZero() { // afterwards replays mix with live events
						delays = append(delays, time.Since(time.Unix(0, sent)).Seconds())
					}
				}
			}
		}
		_ = conn.Close()
		if !isGreeted {
			<-places
			time.Sleep(50 * time.Millisecond)
			continue
		}
		lost = time.Now()
	}
	return delays, back, fmt.Errorf("gave up behind %d", last)
}
