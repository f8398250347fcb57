#include "phase/analysis/analysis_config.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "phase/config_json.h"

#include <string.h>

static const char *const type_words[] = {
#define X(name, text) text,
	ANALYSIS_TYPES(X)
#undef X
};

static void read_types(struct json_fields *f, struct analysis_config *config)
{
	const char *const *words = NULL;
	size_t count = 0;

	if (!json_get_texts(f, "analysisTypes", 16, 32, &words, &count) || count == 0) {
		config->types[ANALYSIS_CONTENT] = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned type = 0;
		while (type < ANALYSIS_TYPE_COUNT && strcmp(words[i], type_words[type]) != 0)
			type++;
		if (type < ANALYSIS_TYPE_COUNT)
			config->types[type] = true;
		else
			violations_add(f->in->violations, json_element_path(f, "analysisTypes", i), "VALIDATION_ERROR",
				       "must be content, links, headers or structure");
	}
}

struct status analysis_config_read(const json_t *object, const char *path, struct arena *arena,
				   struct violations *violations, struct analysis_config *out)
{
	struct analysis_config config = { .name = "" };
	struct json_input in;
	struct json_fields f;
	int64_t batch = 0;

	json_input_init(&in, arena, violations);
	in.accepts_snake = true;
	json_fields_open(&f, &in, object, path);
	json_get_uuids(&f, "personaIds", 2 * PHASE_PERSONAS_MAX, &config.persona_ids, &config.persona_count);
	json_get_text(&f, "name", 120, &config.name);
	read_types(&f, &config);
	json_get_bool(&f, "includeExternal", &config.include_external);
	json_get_bool(&f, "enableSuggestions", &config.enable_suggestions);
	json_get_bool(&f, "generateReports", &config.generate_reports);
	json_get_texts(&f, "keywordRules", 100, 500, &config.keyword_rules, &config.keyword_rule_count);
	config.has_scoring_profile = json_get_uuid(&f, "scoringProfileId", &config.scoring_profile_id);
	json_get_int(&f, "batchSize", 1, ANALYSIS_BATCH_MAX, &batch);
	json_fields_close(&f);
	TRY(in.failure);
	config.batch_size = (int32_t)batch;
	*out = config;
	return STATUS_OK_VALUE;
}

struct status analysis_config_parse(const char *json, struct arena *arena, struct analysis_config *out)
{
	AUTO(json) json_t *object = NULL;
	struct violations violations;

	violations_init(&violations, arena);
	if (json)
		TRY(config_json_load(json, &object));
	TRY(analysis_config_read(object, "configuration", arena, &violations, out));
	return violations_status(&violations);
}

char *analysis_config_write(const struct analysis_config *config, struct arena *arena)
{
	const char *words[ANALYSIS_TYPE_COUNT];
	size_t count = 0;

	for (unsigned i = 0; i < ANALYSIS_TYPE_COUNT; i++)
		if (config->types[i])
			words[count++] = type_words[i];
	AUTO(json)
	json_t *object = json_pack("{s:s, s:o, s:b, s:b, s:b}", "name", config->name, "analysisTypes",
				   config_json_texts(words, count), "includeExternal", (int)config->include_external,
				   "enableSuggestions", (int)config->enable_suggestions, "generateReports",
				   (int)config->generate_reports);
	if (!object)
		return NULL;
	if (config->persona_count > 0)
		json_object_set_new(object, "personaIds",
				    config_json_uuids(config->persona_ids, config->persona_count));
	if (config->keyword_rule_count > 0)
		json_object_set_new(object, "keywordRules",
				    config_json_texts(config->keyword_rules, config->keyword_rule_count));
	if (config->has_scoring_profile) {
		char id[UUID_TEXT_SIZE];
		uuid_to_text(&config->scoring_profile_id, id);
		json_object_set_new(object, "scoringProfileId", json_string(id));
	}
	config_json_batch_size(object, config->batch_size);
	return json_to_arena(arena, object);
}
