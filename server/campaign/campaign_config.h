/* campaign/campaign_config.h: what a campaign is created with: JSON in, normalised JSON and structs out. Pure; any
 * thread.
 *
 * configuration: maxDomains, phases (informational), patternConfig; other members are kept as they are. patternConfig:
 * type, constant, prefixVariableLength, suffixVariableLength, variableLength, charset, targetDomains, tlds,
 * keywordSetIds, personaIds, crawlDepth, batchSize, offsetStart, reuseOffsets, projectionEstimate; anything else there
 * is a mistake, but totalCombinations and configHash, which we compute, may come back from an earlier answer. */
#ifndef CAMPAIGN_CONFIG_H
#define CAMPAIGN_CONFIG_H

#include "base/status.h"
#include "base/uuid.h"
#include "phase/generation/generation_config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define CAMPAIGN_CONFIG_BYTES_MAX   65536
#define CAMPAIGN_PERSONAS_MAX       10
#define CAMPAIGN_KEYWORD_SETS_MAX   50
#define CAMPAIGN_CRAWL_DEPTH_MAX    5
#define CAMPAIGN_ESTIMATE_BYTES_MAX 4096
#define CAMPAIGN_WARNINGS_MAX       4

struct campaign_config {
	const char *json;         /* normalised; what is stored and given back */
	const char *pattern_path; /* where patternConfig was read, for further violations */
	bool has_pattern;
	struct generation_config generation; /* with has_pattern */
	int64_t total_combinations;          /* with has_pattern; INT64_MAX: that many or more */
	struct uuid *persona_ids;
	size_t persona_count;
	struct uuid *keyword_set_ids;
	size_t keyword_set_count;
	int32_t crawl_depth; /* 0: no microcrawl */
	const char *warnings[CAMPAIGN_WARNINGS_MAX];
	size_t warning_count;
};

/* configuration and pattern_config as they came, "" for none; pattern_config wins over configuration.patternConfig.
 * Semantic mistakes go to `violations`, all of them (*out is then not to be used); INVALID_ARGUMENT / BAD_REQUEST for
 * what is no JSON or of a wrong JSON type. Whether personas and keyword sets exist is not asked here. */
struct status campaign_config_read(const char *configuration, const char *pattern_config, struct arena *arena,
				   struct violations *violations, struct campaign_config *out) MUST_CHECK;

#endif
