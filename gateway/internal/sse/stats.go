package sse

import "time"

// What GET /api/v2/sse/events/stats says (docs/spec/06-rest-contract.md §12).
type stats struct {
	TotalConnections      int            `json:"totalConnections"`
	MaxConnections        int            `json:"maxConnections"`
	ConnectionsByCampaign map[string]int `json:"connectionsByCampaign"`
	EventsSent            int64          `json:"eventsSent"`
	EventsDropped         int64          `json:"eventsDropped"`
	UptimeSeconds         int64          `json:"uptimeSeconds"`
}

func (h *Hub) stats() stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := stats{TotalConnections: h.clients, MaxConnections: h.limits.Clients, ConnectionsByCampaign: map[string]int{},
		EventsSent: h.metrics.sent.Load(), EventsDropped: h.metrics.dropped.Load(),
		UptimeSeconds: int64(time.Since(h.started).Seconds())}
	for key, f := range h.feeds {
		if key.campaign != "" && f.users > 0 {
			s.ConnectionsByCampaign[key.campaign] = f.users
		}
	}
	return s
}
