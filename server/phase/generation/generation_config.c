#include "phase/generation/generation_config.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "model/campaign.h"
#include "phase/config_json.h"
#include "phase/generation/pattern_input.h"

#include <string.h>

static const struct pattern_names names = {
	.type = "patternType",
	.constant = "constantString",
	.prefix_length = "prefixVariableLength",
	.suffix_length = "suffixVariableLength",
	.charset = "characterSet",
	.tlds = "tlds",
};

/* `tld` holds one or more, separated by commas. */
static void read_single_tld(struct json_fields *f, struct pattern_input *input)
{
	const char *text = NULL;
	const char **tlds;
	size_t count = 0;
	char *rest, *tld;

	if (!json_get_text(f, "tld", PATTERN_TLDS_MAX * PATTERN_NAME_SIZE, &text) || input->tlds)
		return;
	tlds = arena_array(f->in->arena, PATTERN_TLDS_MAX, sizeof *tlds);
	rest = arena_strdup(f->in->arena, text);
	if (!tlds || !rest) {
		f->in->failure = status_out_of_memory();
		return;
	}
	while ((tld = strsep(&rest, ",")) != NULL) {
		if (count == PATTERN_TLDS_MAX) {
			json_violation(f, "tld", "must have at most %d TLDs", PATTERN_TLDS_MAX);
			return;
		}
		tlds[count++] = tld;
	}
	input->tlds = tlds;
	input->tld_count = count;
	input->tld_name = "tld";
}

static void read_amounts(struct json_fields *f, const struct generation_config *defaults, struct generation_config *out)
{
	int64_t target = defaults ? defaults->target_domains : 0;
	int64_t batch = defaults ? defaults->batch_size : 0;

	if (defaults) {
		out->offset_start = defaults->offset_start;
		out->reuse_offsets = defaults->reuse_offsets;
	}
	if (!json_get_int(f, "numDomainsToGenerate", 1, CAMPAIGN_DOMAINS_MAX, &target) && target == 0 &&
	    !json_has(f, "numDomainsToGenerate"))
		json_required(f, "numDomainsToGenerate");
	json_get_int(f, "batchSize", 1, GENERATION_BATCH_MAX, &batch);
	json_get_int(f, "offsetStart", 0, INT64_MAX, &out->offset_start);
	json_get_bool(f, "reuseOffsets", &out->reuse_offsets);
	out->target_domains = (int32_t)target;
	out->batch_size = (int32_t)batch;
}

struct status generation_config_read(const json_t *object, const char *path, const struct generation_config *defaults,
				     struct arena *arena, struct violations *violations, struct generation_config *out)
{
	struct generation_config config = { 0 };
	struct pattern_input input;
	struct json_input in;
	struct json_fields f;

	json_input_init(&in, arena, violations);
	in.accepts_snake = true;
	json_fields_open(&f, &in, object, path);
	pattern_input_read(&f, &names, &input);
	read_single_tld(&f, &input);
	if (defaults)
		pattern_input_default(&input, &defaults->pattern);
	read_amounts(&f, defaults, &config);
	json_fields_close(&f);
	if (pattern_input_resolve(&f, &names, &input, &config.pattern)) {
		if (config.pattern.type == PATTERN_CONSTANT) {
			config.reuse_offsets = true;
			if (config.target_domains > pattern_total(&config.pattern))
				json_violation(&f, "numDomainsToGenerate", "the pattern has only %d names",
					       (int)pattern_total(&config.pattern));
		}
	}
	TRY(in.failure);
	*out = config;
	return STATUS_OK_VALUE;
}

struct status generation_pattern_read(const json_t *object, const char *path, struct arena *arena,
				      struct violations *violations, struct pattern *out, bool *out_is_good)
{
	struct pattern_input input;
	struct json_input in;
	struct json_fields f;
	bool is_good;

	json_input_init(&in, arena, violations);
	json_fields_open(&f, &in, object, path);
	pattern_input_read(&f, &names, &input);
	read_single_tld(&f, &input);
	json_fields_close(&f);
	is_good = pattern_input_resolve(&f, &names, &input, out);
	TRY(in.failure);
	*out_is_good = is_good && violations->count == 0;
	return STATUS_OK_VALUE;
}

struct status generation_config_parse(const char *json, struct arena *arena, struct generation_config *out)
{
	AUTO(json) json_t *object = NULL;
	struct violations violations;

	violations_init(&violations, arena);
	TRY(config_json_load(json, &object));
	TRY(generation_config_read(object, "configuration", NULL, arena, &violations, out));
	return violations_status(&violations);
}

char *generation_config_write(const struct generation_config *config, struct arena *arena)
{
	const struct pattern *pattern = &config->pattern;
	AUTO(json)
	json_t *object = json_pack("{s:s, s:i, s:i, s:s, s:s, s:o, s:i, s:I, s:b}", "patternType",
				   pattern_type_to_text(pattern->type), "prefixVariableLength",
				   (int)pattern->prefix_length, "suffixVariableLength", (int)pattern->suffix_length,
				   "characterSet", pattern->charset, "constantString", pattern->constant, "tlds",
				   config_json_texts(pattern->tlds, pattern->tld_count), "numDomainsToGenerate",
				   (int)config->target_domains, "offsetStart", (json_int_t)config->offset_start,
				   "reuseOffsets", (int)config->reuse_offsets);

	config_json_batch_size(object, config->batch_size);
	return object ? json_to_arena(arena, object) : NULL;
}
