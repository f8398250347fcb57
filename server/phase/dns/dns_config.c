#include "phase/dns/dns_config.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "base/text.h"
#include "phase/config_json.h"

static void read_validation_types(struct json_fields *f, struct dns_config *config)
{
	const char *const *types = NULL;
	size_t count = 0;

	if (!json_get_texts(f, "validationTypes", 8, 16, &types, &count))
		return;
	config->wants_a = config->wants_aaaa = false;
	for (size_t i = 0; i < count; i++) {
		if (text_equal_fold(types[i], "A"))
			config->wants_a = true;
		else if (text_equal_fold(types[i], "AAAA"))
			config->wants_aaaa = true;
		else
			violations_add(f->in->violations, json_element_path(f, "validationTypes", i),
				       "VALIDATION_ERROR", "must be A or AAAA");
	}
	if (count == 0)
		json_violation(f, "validationTypes", "must name A, AAAA or both");
}

struct status dns_config_read(const json_t *object, const char *path, struct arena *arena,
			      struct violations *violations, struct dns_config *out)
{
	struct dns_config config = DNS_CONFIG_DEFAULT;
	int64_t batch = 0, timeout_s = config.timeout_ms / 1000, retries = config.retries_max;
	struct json_input in;
	struct json_fields f;

	json_input_init(&in, arena, violations);
	in.accepts_snake = true;
	json_fields_open(&f, &in, object, path);
	config_read_personas(&f, &config.persona_ids, &config.persona_count);
	json_get_int(&f, "batchSize", 1, DNS_BATCH_MAX, &batch);
	json_get_int(&f, "timeout", 1, 120, &timeout_s);
	json_get_int(&f, "maxRetries", 0, 10, &retries);
	read_validation_types(&f, &config);
	json_fields_close(&f);
	TRY(in.failure);
	config.batch_size = (int32_t)batch;
	config.timeout_ms = (int32_t)(timeout_s * 1000);
	config.retries_max = (int32_t)retries;
	*out = config;
	return STATUS_OK_VALUE;
}

struct status dns_config_parse(const char *json, struct arena *arena, struct dns_config *out)
{
	AUTO(json) json_t *object = NULL;
	struct violations violations;

	violations_init(&violations, arena);
	TRY(config_json_load(json, &object));
	TRY(dns_config_read(object, "configuration", arena, &violations, out));
	return violations_status(&violations);
}

char *dns_config_write(const struct dns_config *config, struct arena *arena)
{
	const char *types[2];
	size_t count = 0;

	if (config->wants_a)
		types[count++] = "A";
	if (config->wants_aaaa)
		types[count++] = "AAAA";
	AUTO(json)
	json_t *object = json_pack("{s:o, s:i, s:i, s:o}", "personaIds",
				   config_json_uuids(config->persona_ids, config->persona_count), "timeout",
				   (int)(config->timeout_ms / 1000), "maxRetries", (int)config->retries_max,
				   "validationTypes", config_json_texts(types, count));
	config_json_batch_size(object, config->batch_size);
	return object ? json_to_arena(arena, object) : NULL;
}
