package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// serving is a domainflowd that is always ready.
type serving struct{ grpc_health_v1.HealthClient }

func (serving) Check(context.Context, *grpc_health_v1.HealthCheckRequest, ...grpc.CallOption) (
	*grpc_health_v1.HealthCheckResponse, error) {
	return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING}, nil
}

func TestAGatewayThatEndsIsAliveButNotReady(t *testing.T) {
	own := &pages{health: serving{}}
	handler := own.ops(http.NotFoundHandler())
	status := func(path string) int {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	if ready, alive := status("/readyz"), status("/livez"); ready != 200 || alive != 200 {
		t.Error(ready, alive)
	}
	own.retire()
	if ready, alive := status("/readyz"), status("/livez"); ready != 503 || alive != 200 {
		t.Error(ready, alive)
	}
}
