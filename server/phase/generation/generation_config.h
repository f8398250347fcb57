/* phase/generation/generation_config.h: what the generation phase is told. Pure; any thread.
 *
 * Members: patternType, prefixVariableLength, suffixVariableLength, variableLength, characterSet, constantString, tld
 * or tlds, numDomainsToGenerate, batchSize, offsetStart, reuseOffsets; snake_case spellings are read, too. */
#ifndef PHASE_GENERATION_CONFIG_H
#define PHASE_GENERATION_CONFIG_H

#include "base/status.h"
#include "phase/generation/pattern.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;

#define GENERATION_BATCH_MAX 10000

struct generation_config {
	struct pattern pattern;
	int32_t target_domains; /* 1..CAMPAIGN_DOMAINS_MAX */
	int32_t batch_size;     /* 0: the server chooses */
	int64_t offset_start;   /* lower bound of the first offset */
	bool reuse_offsets;     /* keeps an own cursor; always for constant patterns */
};

/* Reads and checks. `path` is put before the members in violations ("configuration"). `defaults` fills what is absent
 * and may be NULL. Semantic mistakes go to `violations` (*out is then not to be used), wrong JSON types are returned:
 * INVALID_ARGUMENT / BAD_REQUEST. Texts live in the arena. */
struct status generation_config_read(const json_t *object, const char *path, const struct generation_config *defaults,
				     struct arena *arena, struct violations *violations,
				     struct generation_config *out) MUST_CHECK;

/* Only the pattern of such an object; other members are violations. *out_is_good is false, and *out not to be used,
 * when there was something to complain about. */
struct status generation_pattern_read(const json_t *object, const char *path, struct arena *arena,
				      struct violations *violations, struct pattern *out, bool *out_is_good) MUST_CHECK;

/* What generation_config_write wrote. */
struct status generation_config_parse(const char *json, struct arena *arena, struct generation_config *out) MUST_CHECK;

/* Normalised JSON text in the arena; NULL when it is full. */
char *generation_config_write(const struct generation_config *config, struct arena *arena) MUST_CHECK;

#endif
