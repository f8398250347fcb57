#include "phase/dns/dns_personas.h"

#include "base/arena.h"
#include "cache/keys.h"
#include "catalog/dns_persona.h"
#include "net/dns_policy.h"
#include "net/shared_rate.h"
#include "phase/dns/dns_config.h"
#include "phase/phase.h"
#include "phase/run.h"

struct status dns_persona_policy(const struct phase_env *env, const struct persona *stored, int64_t domain_timeout_ms,
				 unsigned retries_max, struct arena *arena, struct dns_policy **out_policy,
				 struct shared_rate **out_rate)
{
	struct dns_policy_settings settings;
	struct shared_rate *rate = NULL;
	struct dns_persona persona;
	struct status st;

	TRY(dns_persona_parse(stored->config_details, arena, &persona));
	TRY(phase_persona_rate(env, CACHE_RATE_DNS, &stored->id, persona.rate_per_s, persona.rate_burst, &rate));
	settings = (struct dns_policy_settings){
		.resolvers = persona.resolvers,
		.weights = persona.weights,
		.resolver_count = persona.resolver_count,
		.system_resolvers = persona.use_system_resolvers,
		.strategy = persona.strategy,
		.query_timeout_ms = persona.query_timeout_ms,
		.domain_timeout_ms = domain_timeout_ms,
		.retries_max = retries_max,
		.query_delay_min_ms = persona.query_delay_min_ms,
		.query_delay_max_ms = persona.query_delay_max_ms,
		.queries_per_domain = persona.queries_per_domain,
		.lookups_max = persona.lookups_max,
		.shared_rate = shared_rate_source(rate),
		.guard = env->resolver_guard,
	};
	st = dns_policy_create(&settings, out_policy);
	if (!status_ok(st)) {
		shared_rate_destroy(rate);
		return status_wrap(st, stored->name);
	}
	*out_rate = rate;
	return STATUS_OK_VALUE;
}

static struct status add_personas(const struct phase_env *env, const struct dns_config *config, struct arena *arena,
				  struct dns_personas *to)
{
	struct persona *stored;
	size_t count;

	TRY(phase_personas_read(env, PERSONA_TYPE_DNS, config->persona_ids, config->persona_count, arena, &stored,
				&count));
	for (size_t i = 0; i < count; i++) {
		TRY(dns_persona_policy(env, &stored[i], config->timeout_ms, (unsigned)config->retries_max, arena,
				       &to->policies[i], &to->rates[i]));
		to->count++;
	}
	return STATUS_OK_VALUE;
}

struct status dns_personas_open(const struct phase_env *env, const struct dns_config *config, struct dns_personas *out)
{
	struct arena *arena = arena_create(0);
	struct dns_personas personas = { 0 };
	struct status st = arena ? add_personas(env, config, arena, &personas) : status_out_of_memory();

	arena_destroy(arena);
	if (!status_ok(st)) {
		dns_personas_close(&personas);
		return st;
	}
	*out = personas;
	return STATUS_OK_VALUE;
}

void dns_personas_close(struct dns_personas *personas)
{
	for (size_t i = 0; i < personas->count; i++) {
		dns_policy_destroy(personas->policies[i]);
		shared_rate_destroy(personas->rates[i]);
	}
	personas->count = 0;
}
