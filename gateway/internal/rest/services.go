package rest

import (
	"context"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"domainflow.io/gateway/internal/pb"
)

// registrations are the generated handlers, one function per service that has a route.
var registrations = map[string]func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
	"CampaignService":   pb.RegisterCampaignServiceHandler,
	"DiscoveryService":  pb.RegisterDiscoveryServiceHandler,
	"DomainService":     pb.RegisterDomainServiceHandler,
	"InsightService":    pb.RegisterInsightServiceHandler,
	"KeywordSetService": pb.RegisterKeywordSetServiceHandler,
	"PersonaService":    pb.RegisterPersonaServiceHandler,
	"PhaseService":      pb.RegisterPhaseServiceHandler,
	"ServerService":     pb.RegisterServerServiceHandler,
}
