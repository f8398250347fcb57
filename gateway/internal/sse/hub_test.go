package sse

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"domainflow.io/gateway/internal/pb"
)

const (
	started     = pb.EventType_EVENT_TYPE_PHASE_STARTED
	autoStarted = pb.EventType_EVENT_TYPE_PHASE_AUTO_STARTED
	completed   = pb.EventType_EVENT_TYPE_PHASE_COMPLETED
)

func TestAStoredTransitionIsTwoFramesAndTheIdIsOnTheTwin(t *testing.T) {
	u := newFakeUpstream(campaignA)
	_, handler := newTestHub(t, u, testLimits())
	b := open(t, handler, campaignPath(campaignA), "")
	if b.retry != "3000" {
		t.Errorf("retry: %q", b.retry)
	}
	u.move(campaignA, started)
	u.move(campaignA, autoStarted)
	u.move(campaignA, completed)
	type line struct {
		event, id string
		sequence  int32
	}
	want := []line{{"phaseUpdate", "", 1}, {"phase_started", "1", 1}, {"phase_auto_started", "2", 1},
		{"phaseUpdate", "2", 2}, {"phase_completed", "3", 2}}
	for i, w := range want {
		e, err := b.next()
		if err != nil {
			t.Fatal(err)
		}
		c := e.content(t)
		if got := (line{e.event, e.id, c.Sequence}); got != w {
			t.Errorf("frame %d is %v, not %v", i, got, w)
		}
		if c.CampaignID != campaignA || c.Payload["campaignId"] != campaignA || c.Payload["phase"] != "dns" {
			t.Errorf("frame %d: %s", i, e.data)
		}
	}
}

func TestTheGreetingSaysWhereTheCampaignStands(t *testing.T) {
	u := newFakeUpstream(campaignA)
	u.move(campaignA, started)
	u.move(campaignA, completed)
	_, handler := newTestHub(t, u, testLimits())
	b, code := connect(t, handler, campaignPath(strings.ToUpper(campaignA)), "")
	if code != http.StatusOK {
		t.Fatal(code)
	}
	hello, err := b.next()
	if err != nil {
		t.Fatal(err)
	}
	payload := hello.content(t).Payload
	if hello.event != "keep_alive" || payload["status"] != "connected" || payload["lastSequence"] != 2.0 ||
		payload["campaignId"] != campaignA || payload["serverTime"] == nil {
		t.Errorf("%s %s", hello.event, hello.data)
	}
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"} {
		if got := b.answer.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if !strings.HasPrefix(b.answer.header.Get("Cache-Control"), "no-cache") {
		t.Error("the stream may be cached")
	}
}

func TestHeartbeatsComeWithoutEvents(t *testing.T) {
	limits := testLimits()
	limits.KeepAlive = 5 * time.Millisecond
	_, handler := newTestHub(t, newFakeUpstream(campaignA), limits)
	b := open(t, handler, campaignPath(campaignA), "")
	for range 3 {
		if e := b.until(t, "keep_alive"); e.id != "" {
			t.Error("a heartbeat must not have an id")
		}
	}
}

func TestFailuresBeforeTheFirstByteAreAnswers(t *testing.T) {
	limits := testLimits()
	limits.Clients = 2
	u := newFakeUpstream(campaignA)
	_, handler := newTestHub(t, u, limits)
	cases := []struct {
		target string
		code   int
	}{
		{campaignPath(campaignB), 404},
		{campaignPath("nonsense"), 400},
		{campaignPath("0190a0b0-0000-7000-8000-00000000000z"), 400},
		{campaignPath("0190a0b0--000-7000-8000-00000000000a"), 400},
		{campaignPath(campaignA) + "?types=phase_started,nonsense", 400},
		{campaignPath(campaignA) + "?detail=nonsense", 400},
		{campaignPath(campaignA) + "?types=%zz", 400},
		{"/api/v2/sse/events?types=nonsense", 400},
	}
	for _, c := range cases {
		if _, code := connect(t, handler, c.target, ""); code != c.code {
			t.Errorf("%s: HTTP %d, not %d", c.target, code, c.code)
		}
	}
	one := open(t, handler, campaignPath(campaignA), "")
	open(t, handler, campaignPath(campaignA), "")
	full, code := connect(t, handler, campaignPath(campaignA), "")
	if code != 503 || full.answer.header.Get("Retry-After") == "" {
		t.Errorf("the third of two: HTTP %d", code)
	}
	one.leave()
	open(t, handler, campaignPath(campaignA), "")
}

func TestWithoutRoomUpstreamNewStreamsAreRefusedAndOldOnesGoOn(t *testing.T) {
	u := newFakeUpstream(campaignA, campaignB)
	_, handler := newTestHub(t, u, testLimits())
	b := open(t, handler, campaignPath(campaignA), "")
	setFull := func(isFull bool) {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.isFull = isFull
	}
	setFull(true)
	if _, code := connect(t, handler, campaignPath(campaignB), ""); code != 503 {
		t.Errorf("HTTP %d", code)
	}
	u.cut(errGone)
	setFull(false)
	u.move(campaignA, completed)
	if e := b.until(t, "phase_completed"); e.id != "1" {
		t.Error(e.id)
	}
	open(t, handler, campaignPath(campaignB), "")
}

func TestAShutdownAnswersThoseWhoWaitForUpstream(t *testing.T) {
	u := newFakeUpstream(campaignA)
	u.isSilent = true
	hub, handler := newTestHub(t, u, testLimits())
	go func() {
		for hub.stats().TotalConnections == 0 {
			time.Sleep(time.Millisecond)
		}
		hub.Close()
	}()
	if _, code := connect(t, handler, campaignPath(campaignA), ""); code != 503 {
		t.Errorf("HTTP %d", code)
	}
}

func TestPositionsThatCantBeContinuedGetOneResync(t *testing.T) {
	u := newFakeUpstream(campaignA)
	limits := testLimits()
	limits.KeptEvents = 10
	for range 30 {
		u.move(campaignA, started)
	}
	_, handler := newTestHub(t, u, limits)
	cases := []struct{ lastID, reason string }{
		{"1000", resyncUnknown}, {"999999999999999999999", resyncUnknown}, {"-1", resyncUnknown}, {"+5", resyncUnknown},
		{"abc", resyncUnknown}, {"1.5", resyncUnknown}, {"0x10", resyncUnknown}, {" ", resyncUnknown},
		{strings.Repeat("7", 10_000), resyncUnknown}, {"2147483648", resyncUnknown},
		{"0", resyncExceeded}, {"19", resyncExceeded},
	}
	number := 30
	for _, c := range cases {
		for _, target := range []string{campaignPath(campaignA), campaignPath(campaignA) + "?types=phase_completed"} {
			b := open(t, handler, target, c.lastID)
			e, err := b.next()
			if err != nil || e.event != "resync" {
				t.Fatalf("%.20q: %s %v", c.lastID, e.event, err)
			}
			payload := e.content(t).Payload
			if payload["reason"] != c.reason || payload["lastSequence"] != float64(number) {
				t.Errorf("%.20q: %s", c.lastID, e.data)
			}
			u.move(campaignA, completed)
			number++
			if e := b.until(t, "phase_completed"); e.id != after(number) {
				t.Errorf("%.20q: goes on with %s, not %d", c.lastID, e.id, number)
			}
			b.leave()
		}
		c.lastID = ""
	}
}

func TestOnlyTheNewestEventsAreKept(t *testing.T) {
	for _, limit := range []func(*Limits){func(l *Limits) { l.KeptEvents = 10 }, func(l *Limits) { l.KeptBytes = 6000 }} {
		u := newFakeUpstream(campaignA)
		limits := testLimits()
		limit(&limits)
		_, handler := newTestHub(t, u, limits)
		b := open(t, handler, campaignPath(campaignA), "")
		for id := 1; id <= 50; id++ {
			u.move(campaignA, completed)
			b.until(t, "phase_completed")
		}
		back := open(t, handler, campaignPath(campaignA), "45")
		for id := 46; id <= 50; id++ {
			if e := back.until(t, "phase_completed"); e.id != after(id) {
				t.Errorf("%s follows %d", e.id, id-1)
			}
		}
		e := open(t, handler, campaignPath(campaignA), "5").until(t, "resync")
		if e.content(t).Payload["reason"] != resyncExceeded {
			t.Error(e.data)
		}
	}
}

func TestTheHeaderWinsOverTheQuery(t *testing.T) {
	u := newFakeUpstream(campaignA)
	for range 5 {
		u.move(campaignA, completed)
	}
	_, handler := newTestHub(t, u, testLimits())
	if e := open(t, handler, campaignPath(campaignA)+"?lastEventId=1", "").until(t, "phase_completed"); e.id != "2" {
		t.Errorf("the query alone: %s", e.id)
	}
	if e := open(t, handler, campaignPath(campaignA)+"?lastEventId=1", "3").until(t, "phase_completed"); e.id != "4" {
		t.Errorf("both: %s", e.id)
	}
}

func TestADeletedCampaignEndsItsStreams(t *testing.T) {
	u := newFakeUpstream(campaignA)
	_, handler := newTestHub(t, u, testLimits())
	b := open(t, handler, campaignPath(campaignA), "")
	u.move(campaignA, completed)
	b.until(t, "phase_completed")
	u.remove(campaignA)
	if e := b.until(t, "error"); e.content(t).Payload["code"] != "NOT_FOUND" {
		t.Error(e.data)
	}
	<-b.ended
	if _, code := connect(t, handler, campaignPath(campaignA), "1"); code != 404 {
		t.Errorf("HTTP %d", code)
	}
}

func TestBrowsersDoNotNoticeThatUpstreamWentAway(t *testing.T) {
	u := newFakeUpstream(campaignA)
	u.isRude = true
	_, handler := newTestHub(t, u, testLimits())
	b := open(t, handler, campaignPath(campaignA), "")
	for i := range 20 {
		u.move(campaignA, completed)
		u.cut(errGone)
		u.move(campaignA, completed)
		for j := range 2 {
			if e := b.until(t, "phase_completed"); e.id != after(2*i+j+1) {
				t.Fatalf("after cut %d: %s", i, e.id)
			}
		}
	}
}

func TestWhenNumbersBeginAnewEverybodyIsTold(t *testing.T) {
	u := newFakeUpstream(campaignA)
	for range 10 {
		u.move(campaignA, completed)
	}
	_, handler := newTestHub(t, u, testLimits())
	b := open(t, handler, campaignPath(campaignA), "8")
	b.until(t, "phase_completed")
	b.until(t, "phase_completed")
	u.forget(campaignA, 4)
	u.cut(errGone)
	if e := b.until(t, "resync"); e.content(t).Payload["reason"] != resyncReconnected {
		t.Error(e.data)
	}
	u.move(campaignA, completed)
	if e := b.until(t, "phase_completed"); e.id != "5" {
		t.Errorf("goes on with %s", e.id)
	}
}

func TestAStreamBeginsEvenWhenUpstreamDoesNotAnswer(t *testing.T) {
	u := newFakeUpstream(campaignA)
	for range 3 {
		u.move(campaignA, completed)
	}
	u.isSilent = true
	limits := testLimits()
	limits.AnswerWait = 10 * time.Millisecond
	_, handler := newTestHub(t, u, limits)
	fresh := open(t, handler, campaignPath(campaignA), "")
	back := open(t, handler, campaignPath(campaignA), "1")
	u.mu.Lock()
	u.isSilent = false
	u.mu.Unlock()
	u.cut(errGone)
	// It may have read its snapshot before the events that it was not sent.
	fresh.until(t, "resync")
	for _, id := range []string{"2", "3"} {
		if e := back.until(t, "phase_completed"); e.id != id {
			t.Errorf("goes on with %s, not %s", e.id, id)
		}
	}
}

func TestASlowReaderLosesProgressAndNoTransition(t *testing.T) {
	u := newFakeUpstream(campaignA)
	limits := testLimits()
	limits.Queue = 16
	hub, handler := newTestHub(t, u, limits)
	b := open(t, handler, campaignPath(campaignA), "")
	u.move(campaignA, completed)
	b.until(t, "phase_completed")
	for i := range 10 {
		for range 20 {
			u.say(campaignA, &pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_CAMPAIGN_PROGRESS,
				Payload: &pb.WatchCampaignResponse_Progress{Progress: &pb.CampaignProgressUpdate{PercentComplete: float64(i)}}})
		}
		u.move(campaignA, completed)
	}
	eventually(t, "progress to be dropped", func() bool { return hub.metrics.dropped.Load() > 0 })
	seen := 0
	for id := 2; id <= 11; id++ {
		for {
			e, err := b.next()
			if err != nil {
				t.Fatal(err)
			}
			if e.event == "campaign_progress" {
				seen++
			}
			if e.event == "phase_completed" {
				if e.id != after(id) {
					t.Fatalf("%s follows %d", e.id, id-1)
				}
				break
			}
		}
	}
	if seen == 200 {
		t.Error("nothing was dropped")
	}
}

func TestAReaderTooSlowForTransitionsIsClosedAndResumes(t *testing.T) {
	u := newFakeUpstream(campaignA)
	limits := testLimits()
	limits.Queue = 8
	hub, handler := newTestHub(t, u, limits)
	b := open(t, handler, campaignPath(campaignA), "0")
	for range 100 {
		u.move(campaignA, completed)
	}
	<-b.ended // although nobody reads and Stall is 45 s
	if closed := hub.metrics.slowClosed.Load(); closed != 1 {
		t.Errorf("%v slow clients", closed)
	}
	b.cancel()
	for id := 0; id < 100; {
		back, _ := connect(t, handler, campaignPath(campaignA), after(id))
		for id < 100 {
			e, err := back.next()
			if err != nil {
				break // it was too slow again, maybe before its greeting
			}
			if e.event != "phase_completed" {
				continue
			}
			if e.id != after(id+1) {
				t.Fatalf("%s follows %d", e.id, id)
			}
			id++
		}
		back.leave()
	}
}

func TestAWriteThatTakesTooLongEndsTheStream(t *testing.T) {
	u := newFakeUpstream(campaignA)
	limits := testLimits()
	limits.Stall = 10 * time.Millisecond
	hub, handler := newTestHub(t, u, limits)
	b, _ := connect(t, handler, campaignPath(campaignA), "")
	<-b.ended
	if closed := hub.metrics.slowClosed.Load(); closed != 1 {
		t.Errorf("%v slow clients", closed)
	}
}

func TestEveryDetailIsOnlyForThoseWhoAskForIt(t *testing.T) {
	u := newFakeUpstream(campaignA)
	_, handler := newTestHub(t, u, testLimits())
	normal := open(t, handler, campaignPath(campaignA), "")
	u.move(campaignA, completed)
	normal.until(t, "phase_completed")
	full := open(t, handler, campaignPath(campaignA)+"?detail=full&types=extraction_substep", "")
	lastDetail := func() pb.EventDetail {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.details[len(u.details)-1]
	}
	eventually(t, "every detail to be asked for", func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.live[campaignA] == 1 && u.details[len(u.details)-1] == pb.EventDetail_EVENT_DETAIL_FULL
	})
	for _, step := range []string{`{"event_type":"substep_end","status":"completed"}`,
		`{"event_type":"substep_end","status":"failed"}`} {
		u.say(campaignA, &pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_EXTRACTION_SUBSTEP,
			Payload: &pb.WatchCampaignResponse_Details{Details: step}})
	}
	if e := full.until(t, "extraction_substep"); e.content(t).Payload["status"] != "completed" {
		t.Error(e.data)
	}
	if e := normal.until(t, "extraction_substep"); e.content(t).Payload["status"] != "failed" {
		t.Error(e.data)
	}
	full.leave()
	eventually(t, "details to be no longer asked for",
		func() bool { return lastDetail() == pb.EventDetail_EVENT_DETAIL_NORMAL })
	u.move(campaignA, completed)
	if e := normal.until(t, "phase_completed"); e.id != "2" {
		t.Errorf("%s follows 1", e.id)
	}
	eventually(t, "one stream to be left", func() bool {
		live, asked := u.streamsOf(campaignA)
		return live == 1 && asked == 3
	})
}

func TestAllCampaignsShareAStreamThatBeginsWithAResync(t *testing.T) {
	u := newFakeUpstream()
	_, handler := newTestHub(t, u, testLimits())
	b := open(t, handler, "/api/v2/sse/events", "")
	b.until(t, "resync")
	u.all <- &pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_KEYWORD_SET_CREATED,
		Payload: &pb.WatchCampaignResponse_Details{Details: `{"id": "x", "name": "y"}`}}
	e := b.until(t, "keyword_set_created")
	if c := e.content(t); c.CampaignID != "" || c.Payload["name"] != "y" || e.id != "" {
		t.Errorf("%q %s", e.id, e.data)
	}
	u.all <- &pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_MODE_CHANGED, CampaignId: campaignA, EventNumber: 7,
		Payload: &pb.WatchCampaignResponse_Mode{Mode: pb.CampaignMode_CAMPAIGN_MODE_FULL_SEQUENCE}}
	e = b.until(t, "mode_changed")
	if c := e.content(t); c.CampaignID != campaignA || c.Payload["mode"] != "full_sequence" || e.id != "" {
		t.Errorf("%q %s", e.id, e.data)
	}
	u.cut(errGone)
	b.until(t, "resync")
}

func TestOneUpstreamStreamHoweverManyBrowsers(t *testing.T) {
	u := newFakeUpstream(campaignA)
	for range 50 {
		u.move(campaignA, completed)
	}
	hub, handler := newTestHub(t, u, testLimits())
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			lastID := after(i % 50)
			b := open(t, handler, campaignPath(campaignA), lastID)
			for id := i%50 + 1; id <= 50; id++ {
				if e := b.until(t, "phase_completed"); e.id != after(id) {
					t.Errorf("%s follows %d", e.id, id-1)
				}
			}
		})
	}
	all.Wait()
	eventually(t, "the short stream for the past to end", func() bool {
		live, _ := u.streamsOf(campaignA)
		return live == 1
	})
	if _, asked := u.streamsOf(campaignA); asked > 2 {
		t.Errorf("%d streams were asked for", asked)
	}
	if s := hub.stats(); s.TotalConnections != 1000 || s.ConnectionsByCampaign[campaignA] != 1000 {
		t.Errorf("%+v", s)
	}
}

func TestAFeedEndsAWhileAfterItsLastClient(t *testing.T) {
	limits := testLimits()
	limits.Linger = time.Millisecond
	u := newFakeUpstream(campaignA)
	hub, handler := newTestHub(t, u, limits)
	open(t, handler, campaignPath(campaignA), "").leave()
	eventually(t, "the feed to end", func() bool {
		hub.mu.Lock()
		defer hub.mu.Unlock()
		return len(hub.feeds) == 0
	})
	u.move(campaignA, completed)
	if e := open(t, handler, campaignPath(campaignA), "0").until(t, "phase_completed"); e.id != "1" {
		t.Error(e.id)
	}
}

// Every subscriber is cut off at random places, upstream as well; in the end each has read every transition once and in
// order.
func TestThousandSubscribersAndTwentyCutsEach(t *testing.T) {
	const subscribers, cuts, events = 1000, 20, 100
	u := newFakeUpstream(campaignA)
	limits := testLimits()
	limits.Clients = subscribers + 10
	_, handler := newTestHub(t, u, limits)
	var furthest atomic.Int64
	var all sync.WaitGroup
	for i := range subscribers {
		random := rand.New(rand.NewPCG(26, uint64(i)))
		all.Go(func() {
			if err := readWithCuts(t, handler, random, cuts, events, &furthest); err != nil {
				t.Errorf("subscriber %d: %v", i, err)
			}
		})
	}
	interruptions := 0
	for number := range int64(events) {
		eventually(t, fmt.Sprintf("somebody to read event %d", number-3),
			func() bool { return furthest.Load() >= number-3 || t.Failed() })
		u.move(campaignA, completed)
		if number%20 == 10 {
			u.cut(errGone)
			interruptions++
		}
	}
	all.Wait()
	if _, asked := u.streamsOf(campaignA); asked > 2+2*interruptions {
		t.Errorf("%d upstream streams for %d interruptions", asked, interruptions)
	}
}

func readWithCuts(t testing.TB, handler http.Handler, random *rand.Rand, cuts, events int,
	furthest *atomic.Int64) error {
	position, read := 0, 0
	for cut := 0; position < events; cut++ {
		b := open(t, handler, campaignPath(campaignA), after(position))
		budget := random.IntN(2 * events / cuts)
		for position < events && (budget > 0 || cut >= cuts) {
			e, err := b.next()
			if err != nil {
				return fmt.Errorf("behind %d: %w", position, err)
			}
			budget--
			if e.event == "resync" {
				return fmt.Errorf("a resync behind %d", position)
			}
			if e.event != "phase_completed" {
				continue
			}
			if e.id != after(position+1) {
				return fmt.Errorf("%s follows %d", e.id, position)
			}
			position++
			read++
			for seen := furthest.Load(); seen < int64(position) && !furthest.CompareAndSwap(seen, int64(position)); {
				seen = furthest.Load()
			}
		}
		b.leave()
	}
	if read != events {
		return fmt.Errorf("read %d events", read)
	}
	return nil
}
