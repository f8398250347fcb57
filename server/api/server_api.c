/* ServerService: about the instance that answers. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "base/clock.h"
#include "cache/cache.h"
#include "config/settings.h"
#include "model/campaign.h"
#include "rpc/call.h"
#include "store/check_store.h"
#include "store/instance_store.h"
#include "store/migrate.h"
#include "store/tx.h"

#include "domainflow/v2/server_service.grpc-c.server.h"

#include <string.h>

#define CHECK_MS_MAX      3000
#define CLOCK_SKEW_MS_MAX 5000
#define INSTANCES_MAX     1000

typedef Domainflow__V2__DependencyCheck PbDependencyCheck;

static const char *const dependency_names[] = { "postgresql", "schema", "redis" };
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

/* --- instances ----------------------------------------------------------------------------------------------- */

static Domainflow__V2__Instance *instance_pb(struct arena *arena, const struct instance *instance)
{
	Domainflow__V2__Instance *pb = PB_NEW(arena, Domainflow__V2__Instance, domainflow__v2__instance);

	if (!pb)
		return NULL;
	pb->id = pb_uuid(arena, &instance->id);
	pb->roles = instance->roles;
	pb->n_roles = instance->role_count;
	pb->address = pb_text(instance->address);
	pb->version = pb_text(instance->version);
	pb->started_at = pb_time(arena, instance->started_at_ms);
	pb->heartbeat_at = pb_time(arena, instance->heartbeat_at_ms);
	pb->is_alive = instance->is_alive;
	return pb;
}

static struct status list_instances(struct rpc_call *call, const Domainflow__V2__ListInstancesRequest *in,
				    Domainflow__V2__ListInstancesResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	Domainflow__V2__ListInstancesResponse *answer =
		PB_NEW(arena, Domainflow__V2__ListInstancesResponse, domainflow__v2__list_instances_response);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct instance *instances;
	size_t count;

	(void)in;
	TRY(store_single(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(store_instances_list(tx, INSTANCES_MAX, arena, &instances, &count));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->instances = arena_array(arena, count + 1, sizeof *answer->instances);
	for (; answer->instances && answer->n_instances < count; answer->n_instances++) {
		answer->instances[answer->n_instances] = instance_pb(arena, &instances[answer->n_instances]);
		if (!answer->instances[answer->n_instances])
			return status_out_of_memory();
	}
	*out = answer;
	return answer->instances ? STATUS_OK_VALUE : status_out_of_memory();
}

/* --- dependencies -------------------------------------------------------------------------------------------- */

static PbDependencyCheck *check_make(struct arena *arena, const char *name)
{
	PbDependencyCheck *check = PB_NEW(arena, PbDependencyCheck, domainflow__v2__dependency_check);

	if (check)
		check->name = pb_text(name);
	return check;
}

static void check_time(PbDependencyCheck *check, int64_t begin_us)
{
	int64_t hundredths = (clock_monotonic_us() - begin_us) / 10;

	check->latency_case = DOMAINFLOW__V2__DEPENDENCY_CHECK__LATENCY_LATENCY_MS;
	check->latency_ms = (double)hundredths / 100;
}

static void check_judge(PbDependencyCheck *check, Domainflow__V2__DependencyState state, const char *detail)
{
	check->state = state;
	check->detail = pb_text(detail);
}

static void clock_judge(PbDependencyCheck *check, int64_t theirs_ms, int64_t ours_ms)
{
	bool is_off;

	check->clock_case = DOMAINFLOW__V2__DEPENDENCY_CHECK__CLOCK_CLOCK_SKEW_MS;
	check->clock_skew_ms = (double)(theirs_ms - ours_ms) - check->latency_ms / 2;
	is_off = check->clock_skew_ms > CLOCK_SKEW_MS_MAX || check->clock_skew_ms < -CLOCK_SKEW_MS_MAX;
	check_judge(check,
		    is_off ? DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_DEGRADED
			   : DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_OK,
		    is_off ? "its clock and the server's are far apart" : "");
}

static void database_ask(const struct api *api, struct arena *arena, int64_t deadline_ms, PbDependencyCheck *database,
			 PbDependencyCheck *schema)
{
	int64_t begin_us = clock_monotonic_us(), begin_ms = clock_wall_ms(), needed;
	struct store_check found;
	struct status st = store_check(api->pool, deadline_ms, arena, &found);

	check_time(database, begin_us);
	if (!status_ok(st)) {
		check_judge(database, DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_FAILED,
			    "the database does not answer");
		check_judge(schema, DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_FAILED,
			    "the database does not answer");
		return;
	}
	database->version = pb_text(found.version);
	clock_judge(database, found.now_ms, begin_ms);
	schema->version = pb_text(arena_printf(arena, "%lld", (long long)found.schema_version));
	needed = (int64_t)migrations_embedded.count;
	if (found.is_dirty)
		check_judge(schema, DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_FAILED,
			    "a migration was begun and not finished");
	else if (found.schema_version != needed)
		check_judge(schema, DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_FAILED,
			    found.schema_version < needed ? "the schema is older than this server"
							  : "the schema is newer than this server");
	else
		check_judge(schema, DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_OK, "");
}

static struct status cache_check(const struct api *api, struct arena *arena, PbDependencyCheck *check)
{
	int64_t begin_us = clock_monotonic_us();
	char version[CACHE_VERSION_SIZE];
	bool is_there = cache_ask(api->cache, version);

	check_time(check, begin_us);
	check->version = pb_text(arena_strdup(arena, version));
	if (is_there)
		check_judge(check, DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_OK, "");
	else
		check_judge(check, DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_DEGRADED,
			    *api->settings->redis_url ? "does not answer" : "none is configured");
	return check->version ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status check_dependencies(struct rpc_call *call, const Domainflow__V2__CheckDependenciesRequest *in,
					Domainflow__V2__CheckDependenciesResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	int64_t left_ms = rpc_call_ms_left(call);
	Domainflow__V2__CheckDependenciesResponse *answer =
		PB_NEW(arena, Domainflow__V2__CheckDependenciesResponse, domainflow__v2__check_dependencies_response);
	PbDependencyCheck **checks = arena_array(arena, ARRAY_LEN(dependency_names), sizeof *checks);

	(void)in;
	for (size_t i = 0; checks && i < ARRAY_LEN(dependency_names); i++) {
		checks[i] = check_make(arena, dependency_names[i]);
		if (!checks[i])
			checks = NULL;
	}
	if (!answer || !checks)
		return status_out_of_memory();
	database_ask(api, arena, clock_monotonic_ms() + (left_ms / 2 < CHECK_MS_MAX ? left_ms / 2 : CHECK_MS_MAX),
		     checks[0], checks[1]);
	TRY(cache_check(api, arena, checks[2]));
	answer->dependencies = checks;
	answer->n_dependencies = ARRAY_LEN(dependency_names);
	answer->schema_version_needed = (int32_t)migrations_embedded.count;
	*out = answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_server_handlers api_server_handlers = { .list_instances = list_instances,
								   .get_server_info = get_server_info,
								   .check_dependencies = check_dependencies };
