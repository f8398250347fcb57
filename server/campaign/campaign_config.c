#include "campaign/campaign_config.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "model/campaign.h"
#include "phase/config_json.h"
#include "phase/generation/pattern_input.h"

#include <inttypes.h>
#include <string.h>

enum { TARGET_DEFAULT = 100, DEPTH_DEFAULT = 1 };

static const struct pattern_names names = {
	.type = "type",
	.constant = "constant",
	.prefix_length = "prefixVariableLength",
	.suffix_length = "suffixVariableLength",
	.charset = "charset",
	.tlds = "tlds",
};

static void warn(struct campaign_config *config, const char *text)
{
	if (text && config->warning_count < CAMPAIGN_WARNINGS_MAX)
		config->warnings[config->warning_count++] = text;
}

/* --- phases: stored for whoever reads the campaign, but checked -----------------------------------------------------
 */

static void read_switches(struct json_fields *phases, const char *name, const char *const *switches, size_t count)
{
	const json_t *object = NULL;
	struct json_fields f;
	bool ignored;

	if (!json_get_object(phases, name, &object))
		return;
	json_fields_open(&f, phases->in, object, json_field_path(phases, name));
	for (size_t i = 0; i < count; i++)
		json_get_bool(&f, switches[i], &ignored);
}

/* Returns phases.extraction.keywordSetIds through `config`. */
static void read_phases(struct json_fields *top, struct campaign_config *config)
{
	static const char *const validation[] = { "enabled", "dnsValidation", "httpValidation" };
	static const char *const analysis[] = { "enabled", "generateReports" };
	static const char *const enabled[] = { "enabled" };
	const json_t *object = NULL, *inner = NULL;
	struct json_fields phases, f;
	int64_t depth;

	if (!json_get_object(top, "phases", &object))
		return;
	json_fields_open(&phases, top->in, object, json_field_path(top, "phases"));
	read_switches(&phases, "discovery", enabled, ARRAY_LEN(enabled));
	read_switches(&phases, "validation", validation, ARRAY_LEN(validation));
	read_switches(&phases, "extraction", enabled, ARRAY_LEN(enabled));
	read_switches(&phases, "analysis", analysis, ARRAY_LEN(analysis));
	if (json_get_object(&phases, "discovery", &inner)) {
		json_fields_open(&f, top->in, inner, json_field_path(&phases, "discovery"));
		json_get_int(&f, "maxDepth", 1, 10, &depth);
	}
	if (json_get_object(&phases, "extraction", &inner)) {
		json_fields_open(&f, top->in, inner, json_field_path(&phases, "extraction"));
		json_get_uuids(&f, "keywordSetIds", CAMPAIGN_KEYWORD_SETS_MAX, &config->keyword_set_ids,
			       &config->keyword_set_count);
	}
}

/* --- patternConfig ------------------------------------------------------------------------------------------------ */

static void read_target(struct json_fields *f, int64_t max_domains, struct generation_config *generation)
{
	int64_t target = max_domains > 0 ? max_domains : TARGET_DEFAULT;

	if (json_get_int(f, "targetDomains", 1, CAMPAIGN_DOMAINS_MAX, &target) && max_domains > 0 &&
	    target > max_domains)
		json_violation(f, "targetDomains", "must not be more than maxDomains, %" PRId64, max_domains);
	generation->target_domains = (int32_t)target;
}

static const json_t *read_estimate(struct json_fields *f)
{
	const json_t *estimate = NULL;

	if (json_get_object(f, "projectionEstimate", &estimate) &&
	    json_dumpb(estimate, NULL, 0, JSON_COMPACT) > CAMPAIGN_ESTIMATE_BYTES_MAX)
		json_violation(f, "projectionEstimate", "must have at most %d bytes", CAMPAIGN_ESTIMATE_BYTES_MAX);
	return estimate;
}

static bool begins_or_ends_badly(const struct pattern *p)
{
	size_t n = strlen(p->constant);

	if (n == 0)
		return p->charset[0] == '-' && p->charset_size == 1;
	return (p->prefix_length == 0 && p->constant[0] == '-') || (p->suffix_length == 0 && p->constant[n - 1] == '-');
}

static void judge_pattern(struct json_fields *f, struct campaign_config *config)
{
	const struct pattern *pattern = &config->generation.pattern;
	int64_t total = pattern_total(pattern);
	int32_t target = config->generation.target_domains;

	config->total_combinations = total;
	if (pattern->type == PATTERN_CONSTANT) {
		config->generation.reuse_offsets = true;
		if (target > total && json_has(f, "targetDomains"))
			json_violation(f, "targetDomains", "the pattern has only %" PRId64 " names", total);
		else if (target > total)
			config->generation.target_domains = (int32_t)total;
	} else if (target > total) {
		warn(config, arena_printf(f->in->arena,
					  "The pattern yields only %" PRId64 " names; %" PRId32 " were asked for.",
					  total, target));
	}
	if (begins_or_ends_badly(pattern))
		warn(config, "Every name of the pattern would begin or end with a hyphen, which no domain may.");
}

/* The numbers and switches that generation and http take from here. */
static void read_settings(struct json_fields *f, int64_t max_domains, struct campaign_config *config)
{
	int64_t batch = 0, depth = DEPTH_DEFAULT;

	read_target(f, max_domains, &config->generation);
	json_get_uuids(f, "keywordSetIds", CAMPAIGN_KEYWORD_SETS_MAX, &config->keyword_set_ids,
		       &config->keyword_set_count);
	json_get_uuids(f, "personaIds", CAMPAIGN_PERSONAS_MAX, &config->persona_ids, &config->persona_count);
	json_get_int(f, "crawlDepth", 0, CAMPAIGN_CRAWL_DEPTH_MAX, &depth);
	json_get_int(f, "batchSize", 1, GENERATION_BATCH_MAX, &batch);
	json_get_int(f, "offsetStart", 0, INT64_MAX, &config->generation.offset_start);
	json_get_bool(f, "reuseOffsets", &config->generation.reuse_offsets);
	config->crawl_depth = (int32_t)depth;
	config->generation.batch_size = (int32_t)batch;
	json_ignore(f, "totalCombinations"); /* ours; computed anew */
	json_ignore(f, "configHash");
}

static json_t *pattern_json(const struct campaign_config *config, const char *hash, const json_t *estimate)
{
	const struct generation_config *g = &config->generation;
	const struct pattern *p = &g->pattern;
	json_t *object = json_pack(
		"{s:s, s:s, s:i, s:i, s:s, s:i, s:o, s:o, s:o, s:i, s:I, s:b, s:I, s:s}", "type",
		pattern_type_to_text(p->type), "constant", p->constant, "prefixVariableLength", (int)p->prefix_length,
		"suffixVariableLength", (int)p->suffix_length, "charset", p->charset, "targetDomains",
		(int)g->target_domains, "tlds", config_json_texts(p->tlds, p->tld_count), "keywordSetIds",
		config_json_uuids(config->keyword_set_ids, config->keyword_set_count), "personaIds",
		config_json_uuids(config->persona_ids, config->persona_count), "crawlDepth", (int)config->crawl_depth,
		"offsetStart", (json_int_t)g->offset_start, "reuseOffsets", (int)g->reuse_offsets, "totalCombinations",
		(json_int_t)config->total_combinations, "configHash", hash);

	config_json_batch_size(object, g->batch_size);
	if (object && estimate)
		json_object_set_new(object, "projectionEstimate", json_deep_copy(estimate));
	return object;
}

/* Reads it and returns the normalised object, NULL when something is wrong. */
static json_t *read_pattern(struct json_input *in, const json_t *object, const char *path, int64_t max_domains,
			    struct campaign_config *config)
{
	unsigned before = in->violations->count;
	struct pattern_input input;
	const json_t *estimate;
	struct json_fields f;
	json_t *normalised;
	char hash[65];

	json_fields_open(&f, in, object, path);
	pattern_input_read(&f, &names, &input);
	read_settings(&f, max_domains, config);
	estimate = read_estimate(&f);
	json_fields_close(&f);
	if (!pattern_input_resolve(&f, &names, &input, &config->generation.pattern))
		return NULL;
	judge_pattern(&f, config);
	if (in->violations->count != before)
		return NULL;
	config->has_pattern = true;
	in->failure = pattern_hash(&config->generation.pattern, in->arena, hash);
	if (!status_ok(in->failure))
		return NULL;
	normalised = pattern_json(config, hash, estimate);
	if (!normalised)
		in->failure = status_out_of_memory();
	return normalised;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static struct status load(const char *text, const char *what, json_t **out)
{
	if (!*text)
		return STATUS_OK_VALUE;
	return status_wrap(json_read(text, strlen(text), CAMPAIGN_CONFIG_BYTES_MAX, out), what);
}

struct status campaign_config_read(const char *configuration, const char *pattern_config, struct arena *arena,
				   struct violations *violations, struct campaign_config *out)
{
	AUTO(json) json_t *whole = NULL;
	AUTO(json) json_t *given_pattern = NULL;
	AUTO(json) json_t *normalised = NULL;
	struct campaign_config config = { .crawl_depth = DEPTH_DEFAULT, .pattern_path = "configuration.patternConfig" };
	const json_t *pattern = NULL;
	struct json_input in;
	struct json_fields top;
	int64_t max_domains = 0;

	TRY(load(configuration, "configuration", &whole));
	TRY(load(pattern_config, "patternConfig", &given_pattern));
	json_input_init(&in, arena, violations);
	json_fields_open(&top, &in, whole, "configuration");
	json_get_int(&top, "maxDomains", 1, CAMPAIGN_DOMAINS_MAX, &max_domains);
	read_phases(&top, &config);
	if (given_pattern && !json_is_null(given_pattern)) {
		pattern = given_pattern;
		config.pattern_path = "patternConfig";
	} else {
		json_get_object(&top, "patternConfig", &pattern);
	}
	if (pattern)
		normalised = read_pattern(&in, pattern, config.pattern_path, max_domains, &config);
	TRY(in.failure);
	if (!whole || json_is_null(whole)) {
		json_decref(whole);
		whole = json_object();
	}
	if (normalised)
		json_object_set(whole, "patternConfig", normalised);
	config.json = json_to_arena(arena, whole);
	if (!config.json)
		return status_out_of_memory();
	*out = config;
	return STATUS_OK_VALUE;
}
