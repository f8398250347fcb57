/* phase/dns/dns_config.h: what the dns phase is told. Pure; any thread.
 *
 * Members: personaIds, batchSize 1..1000, timeout (seconds, 1..120, whole budget of a domain), maxRetries 0..10,
 * validationTypes (subset of A, AAAA). Whether the personas exist and are enabled is catalog/references.h's question.
 */
#ifndef PHASE_DNS_CONFIG_H
#define PHASE_DNS_CONFIG_H

#include "base/status.h"
#include "base/uuid.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define DNS_BATCH_MAX 1000

struct dns_config {
	struct uuid *persona_ids; /* 1..PHASE_PERSONAS_MAX, in the arena */
	size_t persona_count;
	int32_t batch_size; /* 0: the server chooses */
	int32_t timeout_ms; /* of a domain, retries included */
	int32_t retries_max;
	bool wants_a, wants_aaaa; /* at least one */
};

/* No personas yet. */
#define DNS_CONFIG_DEFAULT \
	((struct dns_config){ .timeout_ms = 30000, .retries_max = 2, .wants_a = true, .wants_aaaa = true })

/* As generation_config_read. */
struct status dns_config_read(const json_t *object, const char *path, struct arena *arena,
			      struct violations *violations, struct dns_config *out) MUST_CHECK;
struct status dns_config_parse(const char *json, struct arena *arena, struct dns_config *out) MUST_CHECK;
char *dns_config_write(const struct dns_config *config, struct arena *arena) MUST_CHECK;

#endif
