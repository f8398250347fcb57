/* phase/persona_rate.h: how fast a persona may work, over the whole installation.
 *
 * Tokens come from the bucket all instances share (cache/); while that is away, from a bucket of our own whose rate is
 * divided by the live workers. An engine must not wait for Redis, so a thread fetches tokens ahead: a few, when they are
 * asked for. Owner: the run; destroy it after the last lookup or fetch came back. */
#ifndef PHASE_PERSONA_RATE_H
#define PHASE_PERSONA_RATE_H

#include "base/status.h"
#include "base/uuid.h"
#include "net/rate_limit.h"

struct persona_rate;
struct phase_env;

struct persona_rate_settings {
	const struct phase_env *env; /* borrowed */
	const char *kind;            /* CACHE_RATE_DNS or CACHE_RATE_HTTP */
	struct uuid persona_id;
	double per_s, burst;         /* per_s 0: unlimited */
};

/* *out is NULL when the persona is unlimited. */
struct status persona_rate_create(const struct persona_rate_settings *settings, struct persona_rate **out) MUST_CHECK;
void persona_rate_destroy(struct persona_rate *rate); /* accepts NULL */
/* For a policy's shared_rate; without a limit for NULL. */
struct rate_source persona_rate_source(struct persona_rate *rate);

#endif
