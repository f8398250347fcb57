package sse

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/timestamppb"

	"domainflow.io/gateway/internal/pb"
)

const campaignA = "0190a0b0-0000-7000-8000-00000000000a"
const campaignB = "0190a0b0-0000-7000-8000-00000000000b"
const keptUpstream = 5000

// fakeUpstream is a domainflowd that has campaigns and events and nothing else.
type fakeUpstream struct {
	pb.UnimplementedEventServiceServer

	mu        sync.Mutex
	campaigns map[string]*fakeCampaign
	watches   int                             // WatchCampaign calls so far
	live      map[string]int                  // streams of a campaign that follow it now
	streams   map[int]context.CancelCauseFunc // to end them
	next      int
	isFull    bool // refuses calls: all places are taken
	isSilent  bool // accepts calls and never answers
	details   []pb.EventDetail
	all       chan *pb.WatchCampaignResponse
	isRude    bool // sends the last event before a cut twice
}

type fakeCampaign struct {
	events   []*pb.WatchCampaignResponse
	sequence int32
	changed  chan struct{} // closed and replaced with every event
	progress []*pb.WatchCampaignResponse
}

func newFakeUpstream(campaigns ...string) *fakeUpstream {
	u := &fakeUpstream{campaigns: map[string]*fakeCampaign{}, live: map[string]int{},
		streams: map[int]context.CancelCauseFunc{}, all: make(chan *pb.WatchCampaignResponse, 100)}
	for _, id := range campaigns {
		u.campaigns[id] = &fakeCampaign{changed: make(chan struct{})}
	}
	return u
}

// serve starts a gRPC server in memory and returns how to reach it.
func (u *fakeUpstream) serve(t testing.TB) Dialer {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	pb.RegisterEventServiceServer(server, u)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return func() (*grpc.ClientConn, error) {
		return grpc.NewClient("passthrough:///fake", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	}
}

// move appends a stored transition, and its twin for an automatic start.
func (u *fakeUpstream) move(campaign string, eventType pb.EventType) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.campaigns[campaign]
	if eventType != pb.EventType_EVENT_TYPE_PHASE_AUTO_STARTED {
		c.sequence++
	}
	c.append(&pb.WatchCampaignResponse{Type: eventType, CampaignId: campaign, EventNumber: int32(len(c.events) + 1),
		Sequence: c.sequence, OccurredAt: timestamppb.New(time.Unix(1700000000, 0)),
		Payload: &pb.WatchCampaignResponse_Transition{Transition: &pb.PhaseTransition{Phase: pb.Phase_PHASE_DNS,
			Status: pb.PhaseStatus_PHASE_STATUS_IN_PROGRESS, PreviousPhase: pb.Phase_PHASE_GENERATION,
			Summary: &pb.PhaseSummary{Phase: pb.Phase_PHASE_DNS, Status: pb.PhaseStatus_PHASE_STATUS_IN_PROGRESS}}}})
}

func (c *fakeCampaign) append(m *pb.WatchCampaignResponse) {
	if m.EventNumber > 0 {
		c.events = append(c.events, m)
	} else {
		c.progress = append(c.progress, m)
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

func (u *fakeUpstream) say(campaign string, m *pb.WatchCampaignResponse) {
	u.mu.Lock()
	defer u.mu.Unlock()
	m.CampaignId = campaign
	u.campaigns[campaign].append(m)
}

// remove deletes a campaign: its streams end with NOT_FOUND.
func (u *fakeUpstream) remove(campaign string) {
	u.mu.Lock()
	c := u.campaigns[campaign]
	delete(u.campaigns, campaign)
	u.mu.Unlock()
	close(c.changed)
}

// cut ends all streams as a server that goes away does.
func (u *fakeUpstream) cut(why error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, end := range u.streams {
		end(why)
	}
}

// forget starts the campaign's numbers anew, as a database restored from a backup does.
func (u *fakeUpstream) forget(campaign string, kept int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.campaigns[campaign].events = u.campaigns[campaign].events[:kept]
}

// streamsOf tells how many streams of a campaign there are now, and how many were ever asked for.
func (u *fakeUpstream) streamsOf(campaign string) (live, asked int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.live[campaign], u.watches
}

func (u *fakeUpstream) begin(parent context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(parent)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.next++
	number := u.next
	u.streams[number] = end
	return ctx, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.streams, number)
	}
}

func (u *fakeUpstream) WatchCampaign(request *pb.WatchCampaignRequest,
	stream grpc.ServerStreamingServer[pb.WatchCampaignResponse]) error {
	ctx, end := u.begin(stream.Context())
	defer end()
	u.mu.Lock()
	u.watches++
	u.details = append(u.details, request.Detail)
	isSilent, isFull := u.isSilent, u.isFull
	u.mu.Unlock()
	if isFull {
		return status.Error(codes.ResourceExhausted, "1000 event streams are open")
	}
	if isSilent {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	first, position, err := u.welcome(request)
	if err != nil {
		return err
	}
	if err := stream.Send(first); err != nil {
		return err
	}
	return u.follow(ctx, request.CampaignId, position, stream)
}

func (u *fakeUpstream) welcome(request *pb.WatchCampaignRequest) (*pb.WatchCampaignResponse, int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.campaigns[request.CampaignId]
	if c == nil {
		return nil, 0, status.Error(codes.NotFound, "there is no such campaign")
	}
	last := len(c.events)
	m := &pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_SNAPSHOT, CampaignId: request.CampaignId}
	if resume, ok := request.Resume.(*pb.WatchCampaignRequest_AfterEvent); ok {
		after := int(resume.AfterEvent)
		if after <= last && last-after <= keptUpstream {
			m.Type = pb.EventType_EVENT_TYPE_KEEP_ALIVE
			m.Payload = &pb.WatchCampaignResponse_LastEvent{LastEvent: int32(last)}
			return m, after, nil
		}
		m.Type = pb.EventType_EVENT_TYPE_RESYNC
	}
	m.Payload = &pb.WatchCampaignResponse_Snapshot{Snapshot: &pb.CampaignStatusSnapshot{
		CampaignId: request.CampaignId, LastEvent: int32(last), LastSequence: c.sequence}}
	return m, last, nil
}

func (u *fakeUpstream) follow(ctx context.Context, campaign string, position int,
	stream grpc.ServerStreamingServer[pb.WatchCampaignResponse]) error {
	isLive := false
	defer func() {
		if isLive {
			u.mu.Lock()
			u.live[campaign]--
			u.mu.Unlock()
		}
	}()
	said := -1
	for {
		u.mu.Lock()
		c := u.campaigns[campaign]
		if c == nil {
			u.mu.Unlock()
			return status.Error(codes.NotFound, "the campaign was deleted")
		}
		missing, changed := c.events[min(position, len(c.events)):], c.changed
		if said < 0 {
			said = len(c.progress)
		}
		more := c.progress[said:]
		said = len(c.progress)
		position = len(c.events)
		if len(missing) == 0 && !isLive {
			isLive = true
			u.live[campaign]++
		}
		isRude := u.isRude
		u.mu.Unlock()
		for _, m := range append(missing[:len(missing):len(missing)], more...) {
			if err := stream.Send(m); err != nil {
				return err
			}
			if isRude {
				_ = stream.Send(m)
			}
		}
		if len(missing) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (u *fakeUpstream) WatchCampaigns(request *pb.WatchCampaignsRequest,
	stream grpc.ServerStreamingServer[pb.WatchCampaignsResponse]) error {
	ctx, end := u.begin(stream.Context())
	defer end()
	first := &pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_KEEP_ALIVE}
	if request.IsReconnect {
		first = &pb.WatchCampaignResponse{Type: pb.EventType_EVENT_TYPE_RESYNC,
			ResyncReason: pb.ResyncReason_RESYNC_REASON_RECONNECTED}
	}
	if err := stream.Send(&pb.WatchCampaignsResponse{Event: first}); err != nil {
		return err
	}
	for {
		select {
		case m := <-u.all:
			if err := stream.Send(&pb.WatchCampaignsResponse{Event: m}); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

var errGone = status.Error(codes.Unavailable, "the server goes away")

// testLimits: as the real ones, but nothing that a test waits for takes long.
func testLimits() Limits {
	limits := DefaultLimits()
	limits.RetryMin, limits.RetryMax = time.Millisecond, 20*time.Millisecond
	limits.AnswerWait = 10 * time.Second
	return limits
}

func newRegistry() *prometheus.Registry { return prometheus.NewRegistry() }

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newTestHub is a hub over a fake upstream.
func newTestHub(t testing.TB, u *fakeUpstream, limits Limits) (*Hub, http.Handler) {
	hub := New(Options{Dial: u.serve(t), Registry: newRegistry(), Limits: limits, Log: silent()})
	t.Cleanup(hub.Close)
	return hub, hub
}
