package sse

import (
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"domainflow.io/gateway/internal/pb"
)

// A Dialer prepares a connection to domainflowd.
type Dialer func() (*grpc.ClientConn, error)

// A connection carries a limited number of calls at once (GRPC_STREAMS_PER_CONNECTION_MAX, 256 by default), and further
// ones would wait for ever. Streams have connections of their own, as many as they need, so that they never keep unary
// calls waiting.
const streamsPerConnection = 200

type upstreams struct {
	dial Dialer

	mu          sync.Mutex
	connections []*connection
	isClosed    bool
}

type connection struct {
	conn    *grpc.ClientConn
	client  pb.EventServiceClient
	streams int
}

func newUpstreams(dial Dialer) *upstreams { return &upstreams{dial: dial} }

// acquire returns a client with room for one stream. The stream's end calls release.
func (u *upstreams) acquire() (client pb.EventServiceClient, release func(), err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.isClosed {
		return nil, nil, status.Error(codes.Canceled, "the gateway is shutting down")
	}
	c := u.withRoom()
	if c == nil {
		conn, err := u.dial()
		if err != nil {
			return nil, nil, err
		}
		c = &connection{conn: conn, client: pb.NewEventServiceClient(conn)}
		u.connections = append(u.connections, c)
	}
	c.streams++
	return c.client, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		c.streams--
	}, nil
}

func (u *upstreams) withRoom() *connection {
	for _, c := range u.connections {
		if c.streams < streamsPerConnection {
			return c
		}
	}
	return nil
}

func (u *upstreams) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.isClosed = true
	for _, c := range u.connections {
		_ = c.conn.Close()
	}
}
