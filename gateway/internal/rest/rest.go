// Package rest turns REST requests into calls of domainflowd and their answers back, by the routes of http_rules.yaml.
package rest

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"domainflow.io/gateway/internal/pb"
)

// registrations are the generated handlers, one function per service that has a route.
var registrations = []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
	pb.RegisterCampaignServiceHandler,
}

// New is the handler of everything below /api/v2 that is a translated call.
func New(conn *grpc.ClientConn) (http.Handler, error) {
	mux := runtime.NewServeMux()
	for _, register := range registrations {
		if err := register(context.Background(), mux, conn); err != nil {
			return nil, err
		}
	}
	return mux, nil
}
