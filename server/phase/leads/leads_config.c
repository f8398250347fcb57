#include "phase/leads/leads_config.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "phase/config_json.h"

struct status leads_config_read(const json_t *object, const char *path, const struct leads_config *defaults,
				struct arena *arena, struct violations *violations, struct leads_config *out)
{
	struct leads_config config = *defaults;
	int64_t batch = defaults->batch_size;
	struct json_input in;
	struct json_fields f;

	json_input_init(&in, arena, violations);
	in.accepts_snake = true;
	json_fields_open(&f, &in, object, path);
	json_get_number(&f, "matchScoreThreshold", 0.05, 0.95, &config.match_score);
	json_get_number(&f, "lowScoreGraceThreshold", 0, 0.6, &config.grace_score);
	json_get_int(&f, "minContentBytes", 256, 2097152, &config.content_bytes_least);
	json_get_number(&f, "parkedConfidenceFloor", 0, 1, &config.parked_confidence_floor);
	json_get_bool(&f, "requireStructuralSignals", &config.needs_structure);
	json_get_int(&f, "batchSize", 1, LEADS_BATCH_MAX, &batch);
	json_fields_close(&f);
	TRY(in.failure);
	if (config.grace_score > config.match_score)
		json_violation(&f, "lowScoreGraceThreshold", "must not be above matchScoreThreshold, %g",
			       config.match_score);
	config.batch_size = (int32_t)batch;
	*out = config;
	return STATUS_OK_VALUE;
}

struct status leads_config_parse(const char *json, const struct leads_config *defaults, struct arena *arena,
				 struct leads_config *out)
{
	AUTO(json) json_t *object = NULL;
	struct violations violations;

	violations_init(&violations, arena);
	if (json)
		TRY(config_json_load(json, &object));
	TRY(leads_config_read(object, "configuration", defaults, arena, &violations, out));
	return violations_status(&violations);
}

char *leads_config_write(const struct leads_config *config, struct arena *arena)
{
	AUTO(json)
	json_t *object =
		json_pack("{s:f, s:f, s:I, s:f, s:b}", "matchScoreThreshold", config->match_score,
			  "lowScoreGraceThreshold", config->grace_score, "minContentBytes",
			  (json_int_t)config->content_bytes_least, "parkedConfidenceFloor",
			  config->parked_confidence_floor, "requireStructuralSignals", (int)config->needs_structure);

	config_json_batch_size(object, config->batch_size);
	return object ? json_to_arena(arena, object) : NULL;
}
