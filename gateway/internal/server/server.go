// Package server opens the gateway's two ports, serves until told to stop, and closes in reverse order.
package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"domainflow.io/gateway/internal/config"
	"domainflow.io/gateway/internal/rest"
	"domainflow.io/gateway/internal/upstream"
)

// Version is domainflowd's too; the build sets it.
var Version = "0.0.0"

const (
	headerWait     = 10 * time.Second
	bodyWait       = 30 * time.Second
	idleWait       = 2 * time.Minute
	headerBytesMax = 16 << 10
)

// Run serves until ctx is done; nil when it ended as asked.
func Run(ctx context.Context, c *config.Config) error {
	conn, err := upstream.Dial(c)
	if err != nil {
		return err
	}
	defer conn.Close()
	routes, err := rest.New(conn)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.RESTAddress)
	if err != nil {
		return err
	}
	public := &http.Server{Handler: routes, ReadHeaderTimeout: headerWait, ReadTimeout: bodyWait, IdleTimeout: idleWait,
		MaxHeaderBytes: headerBytesMax}
	failed := make(chan error, 1)
	go func() { failed <- public.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), c.Drain)
	defer cancel()
	if err := public.Shutdown(patience); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
