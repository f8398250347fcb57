// Package request is what the gateway knows of one request, from its first byte to its log line.
package request

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// Info belongs to one request; its goroutine alone writes it.
type Info struct {
	ID             string // the client's or our own
	IdempotencyKey string // empty: none
	Route          string // template, empty until a route is found
	Code           string // of a failure, for the log; CUT_OFF for an answer that broke off
	Cause          string // of a failure, where a client may not read it
}

type key struct{}

// With returns a context that knows the request.
func With(ctx context.Context, info *Info) context.Context {
	return context.WithValue(ctx, key{}, info)
}

// Of is the request of a context; never nil.
func Of(ctx context.Context) *Info {
	if info, ok := ctx.Value(key{}).(*Info); ok {
		return info
	}
	return &Info{}
}

// outgoing is all the metadata domainflowd gets: nothing a client wrote gets there by another way.
func outgoing(ctx context.Context) context.Context {
	info := Of(ctx)
	md := metadata.MD{}
	if info.ID != "" {
		md.Set("x-request-id", info.ID)
	}
	if info.IdempotencyKey != "" {
		md.Set("x-idempotency-key", info.IdempotencyKey)
	}
	return metadata.NewOutgoingContext(ctx, md)
}

// Unary replaces a call's metadata with the request's.
func Unary(ctx context.Context, method string, in, out any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
	options ...grpc.CallOption) error {
	return invoke(outgoing(ctx), method, in, out, conn, options...)
}

// Stream does so for streams.
func Stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer,
	options ...grpc.CallOption) (grpc.ClientStream, error) {
	return open(outgoing(ctx), desc, conn, method, options...)
}
