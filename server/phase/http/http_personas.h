/* phase/http/http_personas.h: how a stored http persona fetches. Threads: any; the policy belongs to the engine. */
#ifndef PHASE_HTTP_PERSONAS_H
#define PHASE_HTTP_PERSONAS_H

#include "base/status.h"

struct arena;
struct http_policy;
struct persona;
struct phase_env;
struct shared_rate;

/* With the rate it shares with everybody else who uses it. Both are the caller's, who destroys the policy after the
 * last fetch called back, then the rate. */
struct status http_persona_policy(const struct phase_env *env, const struct persona *stored, unsigned retries_max,
				  struct arena *arena, struct http_policy **out_policy,
				  struct shared_rate **out_rate) MUST_CHECK;

#endif
