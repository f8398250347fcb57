/* phase/analysis/analysis_config.h: what the analysis phase is told. Everything is optional. Pure; any thread.
 *
 * Members: personaIds, name (≤ 120 bytes), analysisTypes (subset of content, links, headers, structure),
 * includeExternal, enableSuggestions, generateReports, keywordRules (texts), scoringProfileId, batchSize. Only
 * scoringProfileId and batchSize change what is computed; the others are kept for whoever reads the campaign. */
#ifndef PHASE_ANALYSIS_CONFIG_H
#define PHASE_ANALYSIS_CONFIG_H

#include "base/status.h"
#include "base/uuid.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define ANALYSIS_BATCH_MAX 10000

#define ANALYSIS_TYPES(X) X(CONTENT, "content") X(LINKS, "links") X(HEADERS, "headers") X(STRUCTURE, "structure")

enum analysis_type {
#define X(name, text) ANALYSIS_##name,
	ANALYSIS_TYPES(X)
#undef X
		ANALYSIS_TYPE_COUNT
};

struct analysis_config {
	struct uuid *persona_ids;
	size_t persona_count;
	const char *name; /* "" when none */
	bool types[ANALYSIS_TYPE_COUNT];
	bool include_external, enable_suggestions, generate_reports;
	const char *const *keyword_rules;
	size_t keyword_rule_count;
	bool has_scoring_profile;
	struct uuid scoring_profile_id;
	int32_t batch_size; /* 0: the server chooses */
};

/* As generation_config_read; object NULL gives the defaults. */
struct status analysis_config_read(const json_t *object, const char *path, struct arena *arena,
				   struct violations *violations, struct analysis_config *out) MUST_CHECK;
/* json NULL gives the defaults. */
struct status analysis_config_parse(const char *json, struct arena *arena, struct analysis_config *out) MUST_CHECK;
char *analysis_config_write(const struct analysis_config *config, struct arena *arena) MUST_CHECK;

#endif
