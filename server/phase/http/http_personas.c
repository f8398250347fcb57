#include "phase/http/http_personas.h"

#include "cache/keys.h"
#include "catalog/http_persona.h"
#include "model/catalog.h"
#include "net/shared_rate.h"
#include "phase/run.h"

struct status http_persona_policy(const struct phase_env *env, const struct persona *stored, unsigned retries_max,
				  struct arena *arena, struct http_policy **out_policy, struct shared_rate **out_rate)
{
	struct http_policy_settings settings;
	struct shared_rate *rate = NULL;
	struct http_persona persona;
	struct status st;

	TRY(http_persona_parse(stored->config_details, arena, &persona));
	TRY(phase_persona_rate(env, CACHE_RATE_HTTP, &stored->id, persona.rate_per_s, persona.rate_burst, &rate));
	settings = (struct http_policy_settings){
		.user_agent = persona.user_agent,
		.headers = persona.headers,
		.header_count = persona.header_count,
		.header_order = persona.header_order,
		.header_order_count = persona.header_order_count,
		.tls_min = persona.tls_min,
		.tls_max = persona.tls_max,
		.preserve_cookies = persona.preserve_cookies,
		.timeout_ms = persona.timeout_ms,
		.follow_redirects = persona.follow_redirects,
		.respect_robots = persona.respect_robots,
		.allowed_statuses = persona.allowed_statuses,
		.allowed_status_count = persona.allowed_status_count,
		.retries_max = retries_max,
		.host_delay_ms = persona.host_delay_ms,
		.fetches_max = persona.fetches_max,
		.shared_rate = shared_rate_source(rate),
	};
	st = http_policy_create(&settings, out_policy);
	if (!status_ok(st)) {
		shared_rate_destroy(rate);
		return status_wrap(st, stored->name);
	}
	*out_rate = rate;
	return STATUS_OK_VALUE;
}
