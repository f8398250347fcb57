/* phase/dns/dns_personas.h: the dns personas of a run, ready to ask with. Made by run_open of dns, and of http for the
 * hosts that redirects name. Threads: immutable after open; the policies belong to the engine. */
#ifndef PHASE_DNS_PERSONAS_H
#define PHASE_DNS_PERSONAS_H

#include "base/status.h"
#include "phase/config_json.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct dns_config;
struct dns_policy;
struct persona;
struct phase_env;
struct shared_rate;

/* How one stored persona asks, with the rate it shares with everybody else who uses it. Both are the caller's, who
 * destroys the policy after the last lookup called back, then the rate. */
struct status dns_persona_policy(const struct phase_env *env, const struct persona *stored, int64_t domain_timeout_ms,
				 unsigned retries_max, struct arena *arena, struct dns_policy **out_policy,
				 struct shared_rate **out_rate) MUST_CHECK;

struct dns_personas {
	size_t count; /* > 0 after a successful open */
	struct dns_policy *policies[PHASE_PERSONAS_MAX];
	struct shared_rate *rates[PHASE_PERSONAS_MAX];
};

/* Those of the configuration that exist and are enabled. FAILED_PRECONDITION / E_NO_USABLE_PERSONA when none is left.
 */
struct status dns_personas_open(const struct phase_env *env, const struct dns_config *config,
				struct dns_personas *out) MUST_CHECK;
/* Every lookup has called back. Harmless on zeroes. */
void dns_personas_close(struct dns_personas *personas);

#endif
