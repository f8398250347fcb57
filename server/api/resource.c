#include "api/resource.h"

#include "api/convert.h"
#include "base/arena.h"
#include "rpc/call.h"

struct status api_about(struct arena *arena, struct status st, const char *type, const char *name)
{
	if (st.code == STATUS_NOT_FOUND || st.code == STATUS_ALREADY_EXISTS) {
		struct status_extra *extra = status_extra_of(&st, arena);
		extra->resource_type = type;
		extra->resource_name = arena_strdup(arena, name);
	}
	return st;
}

struct status api_change_resource(struct rpc_call *call, const ProtobufCMessage *in,
				  const struct resource_change *change, const char *id, ProtobufCMessage **out)
{
	struct mutation m = { .call = call, .request = in, .action = change->action, .phase = "" };
	struct arena *arena = rpc_call_arena(call);

	TRY(api_uuid(arena, change->id_field, id, &m.resource_id));
	return api_about(arena, api_mutate(&m, change->body, out), change->type, id);
}
