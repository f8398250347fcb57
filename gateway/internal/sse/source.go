package sse

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/pb"
)

// run keeps the upstream stream of a feed up until nobody needs it or it can't be had. What breaks is begun anew behind
// the last stored event.
func (f *feed) run() {
	delay := time.Duration(0)
	for {
		heard, err := f.watch()
		if f.ctx.Err() != nil {
			return
		}
		if f.isOver(err) {
			f.hub.forget(f)
			f.finish(err)
			return
		}
		if f.isRenewed() {
			continue
		}
		if heard {
			delay = 0
		}
		f.hub.metrics.upstreamLosses.Inc()
		f.hub.log.Info("stream_interrupted", "campaign", f.campaign, "error", err)
		delay = min(max(2*delay, f.hub.limits.RetryMin), f.hub.limits.RetryMax)
		if !sleep(f.ctx, jitter(delay)) {
			return
		}
	}
}

// isOver: asking again would bring the same. A feed that never began does not wait for room upstream, either: its
// clients are told at once.
func (f *feed) isOver(err error) bool {
	switch status.Code(err) {
	case codes.ResourceExhausted:
		return !f.standing().isLive
	case codes.NotFound, codes.InvalidArgument, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented:
		return true
	}
	return false
}

// jitter keeps gateways that lost the same server from coming back at the same moment: ±20 %.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// watch is one upstream stream from its beginning to its end. heard: it brought something.
func (f *feed) watch() (heard bool, err error) {
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	client, release, err := f.hub.upstreams.acquire()
	if err != nil {
		return false, err
	}
	defer release()
	next, err := f.open(ctx, cancel, client)
	if err != nil {
		return false, err
	}
	f.hub.metrics.upstreamStreams.Inc()
	defer f.hub.metrics.upstreamStreams.Dec()
	silence := time.AfterFunc(f.hub.limits.Silence, cancel) // upstream says something at least every 12 s
	defer silence.Stop()
	for {
		message, err := next()
		if err != nil {
			return heard, err
		}
		heard = true
		silence.Reset(f.hub.limits.Silence)
		f.receive(message)
	}
}

// A receiver waits for the next message of an upstream stream.
type receiver func() (*pb.WatchCampaignResponse, error)

// open begins an upstream stream: behind the last stored event, or, the first time, where the campaign stands.
func (f *feed) open(ctx context.Context, cancel func(), client pb.EventServiceClient) (receiver, error) {
	f.mu.Lock()
	detail, isLive, after := f.detail, f.isLive, f.number
	f.renew = cancel
	f.mu.Unlock()
	if f.campaign == "" {
		stream, err := client.WatchCampaigns(ctx, &pb.WatchCampaignsRequest{Detail: detail, IsReconnect: isLive})
		if err != nil {
			return nil, err
		}
		return func() (*pb.WatchCampaignResponse, error) {
			message, err := stream.Recv()
			return message.GetEvent(), err
		}, nil
	}
	request := &pb.WatchCampaignRequest{CampaignId: f.campaign, Detail: detail}
	if isLive {
		request.Resume = &pb.WatchCampaignRequest_AfterEvent{AfterEvent: after}
	}
	stream, err := client.WatchCampaign(ctx, request)
	if err != nil {
		return nil, err
	}
	return stream.Recv, nil
}

func (f *feed) receive(m *pb.WatchCampaignResponse) {
	switch m.GetType() {
	case pb.EventType_EVENT_TYPE_SNAPSHOT:
		f.begin(m.GetSnapshot().GetLastEvent(), m.GetSnapshot().GetLastSequence())
	case pb.EventType_EVENT_TYPE_RESYNC:
		f.receiveResync(m)
	case pb.EventType_EVENT_TYPE_KEEP_ALIVE:
		if f.campaign == "" {
			f.beginOnce()
		}
	default:
		f.publish(f.eventOf(m), m.Sequence)
	}
}

// receiveResync: everything must be read again, or, on the stream of all campaigns, one campaign.
func (f *feed) receiveResync(m *pb.WatchCampaignResponse) {
	if f.campaign == "" && m.CampaignId != "" {
		f.publish(f.hub.resyncEvent(m.CampaignId, codec.Word(m.ResyncReason), m.LastSequence), 0)
		return
	}
	f.begin(m.GetSnapshot().GetLastEvent(), m.GetSnapshot().GetLastSequence())
}

// eventOf renders a message. One that can't be rendered has no frames, but its number counts all the same. On the
// stream of all campaigns there are no numbers to resume behind.
func (f *feed) eventOf(m *pb.WatchCampaignResponse) *event {
	number := m.EventNumber
	if f.campaign == "" {
		number = 0
	}
	e, err := f.hub.translate(m, number)
	if err != nil {
		f.hub.log.Error("event_unreadable", "campaign", m.CampaignId, "type", m.Type.String(), "error", err)
		e = &event{number: number}
	}
	e.isStored = m.EventNumber > 0
	return e
}

var errIncomplete = errors.New("the stream ended before the events that are kept")

// fetch reads the stored events behind `after` up to `until` over a stream of its own. None without an error: upstream
// does not keep them any more.
func (f *feed) fetch(after, until int32) ([]*event, error) {
	ctx, cancel := context.WithTimeout(f.ctx, f.hub.limits.FetchWait)
	defer cancel()
	client, release, err := f.hub.upstreams.acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	f.hub.metrics.upstreamReplays.Inc()
	stream, err := client.WatchCampaign(ctx, &pb.WatchCampaignRequest{CampaignId: f.campaign,
		Resume: &pb.WatchCampaignRequest_AfterEvent{AfterEvent: after}})
	if err != nil {
		return nil, err
	}
	var events []*event
	for next := after + 1; next <= until; {
		m, err := stream.Recv()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errIncomplete, err)
		}
		switch {
		case m.Type == pb.EventType_EVENT_TYPE_RESYNC:
			return nil, nil
		case m.EventNumber == 0:
			continue
		case m.EventNumber != next:
			return nil, errIncomplete
		}
		events = append(events, f.eventOf(m))
		next++
	}
	return events, nil
}
