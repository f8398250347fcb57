/* api/resource.h: which object an error is about. */
#ifndef API_RESOURCE_H
#define API_RESOURCE_H

#include "base/status.h"

struct arena;

/* NOT_FOUND and ALREADY_EXISTS name the object: google.rpc.ResourceInfo on the wire. Others pass unchanged. type:
 * static
 * ("campaign"); name is copied. */
struct status api_about(struct arena *arena, struct status st, const char *type, const char *name) MUST_CHECK;

#endif
