/* ServerService: about the instance that answers. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "base/clock.h"
#include "cache/cache.h"
#include "config/settings.h"
#include "model/campaign.h"
#include "rpc/call.h"
#include "store/migrate.h"

#include "domainflow/v2/server_service.grpc-c.server.h"

#include <string.h>

static const char *const role_names[] = { "api", "worker", "jobs" };

static struct status get_server_info(struct rpc_call *call, const Domainflow__V2__GetServerInfoRequest *in,
				     Domainflow__V2__GetServerInfoResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	Domainflow__V2__GetServerInfoResponse *answer =
		PB_NEW(arena, Domainflow__V2__GetServerInfoResponse, domainflow__v2__get_server_info_response);

	(void)in;
	if (!answer)
		return status_out_of_memory();
	answer->roles = arena_array(arena, ARRAY_LEN(role_names), sizeof *answer->roles);
	if (!answer->roles)
		return status_out_of_memory();
	for (size_t i = 0; i < ARRAY_LEN(role_names); i++)
		if (settings_has_role(api->settings, role_names[i]))
			answer->roles[answer->n_roles++] = pb_text(role_names[i]);
	answer->version = pb_text(api->version);
	answer->schema_version = (int32_t)migrations_embedded.count;
	answer->started_at = pb_time(arena, api->started_at_ms);
	answer->server_time = pb_time(arena, clock_wall_ms());
	answer->request_bytes_max = (int32_t)api->settings->grpc_message_bytes_max;
	answer->campaign_domains_max = CAMPAIGN_DOMAINS_MAX;
	answer->cache_available = cache_healthy(api->cache);
	*out = answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_server_handlers api_server_handlers = { .get_server_info = get_server_info };
