/* api/resource.h: things of the catalog: which one an error is about, and how one is changed. */
#ifndef API_RESOURCE_H
#define API_RESOURCE_H

#include "api/mutation.h"
#include "base/status.h"

struct arena;

/* NOT_FOUND and ALREADY_EXISTS name the object: google.rpc.ResourceInfo on the wire. Others pass unchanged. type:
 * static
 * ("campaign"); name is copied. */
struct status api_about(struct arena *arena, struct status st, const char *type, const char *name) MUST_CHECK;

/* How one thing of the catalog, which has an id of its own, is changed or removed. */
struct resource_change {
	const char *action;   /* "update_persona" */
	const char *id_field; /* "personaId" */
	const char *type;     /* "persona" */
	mutation_fn body;     /* finds the id in mutation.resource_id */
};

/* Reads the id and runs the body as api_mutate does; failures tell what they are about. */
struct status api_change_resource(struct rpc_call *call, const ProtobufCMessage *in,
				  const struct resource_change *change, const char *id,
				  ProtobufCMessage **out) MUST_CHECK;

#endif
