#include "api/api.h"

#include "api/services.h"
#include "rpc/server.h"

#include "domainflow/v2/campaign_service.grpc-c.server.h"
#include "domainflow/v2/discovery_service.grpc-c.server.h"
#include "domainflow/v2/domain_service.grpc-c.server.h"
#include "domainflow/v2/event_service.grpc-c.server.h"
#include "domainflow/v2/insight_service.grpc-c.server.h"
#include "domainflow/v2/keyword_set_service.grpc-c.server.h"
#include "domainflow/v2/persona_service.grpc-c.server.h"
#include "domainflow/v2/phase_service.grpc-c.server.h"
#include "domainflow/v2/server_service.grpc-c.server.h"

struct status api_register(struct rpc_server *server)
{
	TRY(rpc_server_add(server, &domainflow_v2_campaign_service, &api_campaign_handlers));
	TRY(rpc_server_add(server, &domainflow_v2_discovery_service, &api_discovery_handlers));
	TRY(rpc_server_add(server, &domainflow_v2_domain_service, &api_domain_handlers));
	TRY(rpc_server_add(server, &domainflow_v2_event_service, &api_event_handlers));
	TRY(rpc_server_add(server, &domainflow_v2_insight_service, &api_insight_handlers));
	TRY(rpc_server_add(server, &domainflow_v2_keyword_set_service, &api_keyword_set_handlers));
	TRY(rpc_server_add(server, &domainflow_v2_persona_service, &api_persona_handlers));
	TRY(rpc_server_add(server, &domainflow_v2_phase_service, &api_phase_handlers));
	return rpc_server_add(server, &domainflow_v2_server_service, &api_server_handlers);
}
