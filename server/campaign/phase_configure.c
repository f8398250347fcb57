#include "campaign/phase_configure.h"

#include "base/arena.h"
#include "base/json.h"
#include "campaign/control.h"
#include "catalog/references.h"
#include "phase/analysis/analysis_config.h"
#include "phase/config_json.h"
#include "phase/dns/dns_config.h"
#include "phase/generation/generation_config.h"
#include "phase/http/http_config.h"
#include "phase/leads/leads_config.h"

#include <string.h>

#define PATH "configuration"

/* What every reader below gets. */
struct reading {
	struct campaign_change *change;
	json_t *object;
	struct violations violations;
};

static struct status append_text(json_t *object, const char *member, const char *text)
{
	json_t *list = json_object_get(object, member);

	if (!*text)
		return STATUS_OK_VALUE;
	if (!list) {
		list = json_array();
		json_object_set_new(object, member, list);
	}
	if (!json_is_array(list))
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", PATH ".%s is not an array", member);
	json_array_append_new(list, json_string(text));
	return STATUS_OK_VALUE;
}

static struct status load(const struct phase_settings *settings, json_t **out)
{
	AUTO(json) json_t *object = NULL;
	const char *text = *settings->configuration ? settings->configuration : "{}";

	TRY(json_read(text, strlen(text), PHASE_CONFIG_BYTES_MAX, &object));
	if (!json_is_object(object))
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", PATH " is not a JSON object");
	TRY(append_text(object, "personaIds", settings->dns_persona_id));
	TRY(append_text(object, "personaIds", settings->http_persona_id));
	for (size_t i = 0; i < settings->keyword_set_count; i++)
		TRY(append_text(object, "keywordSetIds", settings->keyword_set_ids[i]));
	*out = json_incref(object);
	return STATUS_OK_VALUE;
}

/* What the campaign was created with fills what a generation configuration leaves out. */
static struct status read_generation(struct reading *r, struct arena *arena, const char **out)
{
	const char *stored = r->change->now.phases[PHASE_GENERATION].configuration;
	struct generation_config defaults, config = { 0 };

	if (stored)
		TRY(generation_config_parse(stored, arena, &defaults));
	TRY(generation_config_read(r->object, PATH, stored ? &defaults : NULL, arena, &r->violations, &config));
	if (r->violations.count == 0)
		*out = generation_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

static struct status check_personas(struct reading *r, const struct uuid *ids, size_t count, enum persona_type type)
{
	if (r->violations.count)
		return STATUS_OK_VALUE;
	return references_check_personas(r->change->tx, r->change->now.campaign.workspace_id, ids, count, type,
					 PATH ".personaIds", &r->violations, NULL);
}

static struct status read_dns(struct reading *r, struct arena *arena, const char **out)
{
	struct dns_config config = { 0 };

	TRY(dns_config_read(r->object, PATH, arena, &r->violations, &config));
	TRY(check_personas(r, config.persona_ids, config.persona_count, PERSONA_TYPE_DNS));
	if (r->violations.count == 0)
		*out = dns_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

static int32_t crawl_depth(const struct campaign_change *change)
{
	AUTO(json) json_t *object = json_loads(change->now.campaign.configuration, 0, NULL);
	const json_t *depth = json_object_get(json_object_get(object, "patternConfig"), "crawlDepth");

	return depth ? (int32_t)json_integer_value(depth) : 1;
}

static struct status read_http(struct reading *r, struct arena *arena, const char **out)
{
	struct http_config config = { 0 };
	int64_t rules = 0;

	TRY(http_config_read(r->object, PATH, crawl_depth(r->change), arena, &r->violations, &config));
	TRY(check_personas(r, config.persona_ids, config.persona_count, PERSONA_TYPE_HTTP));
	if (r->violations.count == 0)
		TRY(references_check_keyword_sets(r->change->tx, r->change->now.campaign.workspace_id,
						  config.keyword_set_ids, config.keyword_set_count,
						  PATH ".keywordSetIds", &r->violations, &rules));
	if (r->violations.count == 0 && rules + (int64_t)config.keyword_count == 0)
		violations_add(&r->violations, PATH ".keywordSetIds", "VALIDATION_ERROR",
			       "no enabled keyword set has a rule, and there are no other keywords");
	if (r->violations.count == 0)
		*out = http_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

static struct status read_analysis(struct reading *r, struct arena *arena, const char **out)
{
	struct analysis_config config = { 0 };

	TRY(analysis_config_read(r->object, PATH, arena, &r->violations, &config));
	if (config.has_scoring_profile) /* better now than when hours of fetching are done */
		violations_add(&r->violations, PATH ".scoringProfileId", "VALIDATION_ERROR",
			       "there is no such scoring profile: only the built-in one can be used");
	if (r->violations.count == 0)
		*out = analysis_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

static struct status read_leads(struct reading *r, struct arena *arena, const char **out)
{
	const struct leads_config defaults = LEADS_CONFIG_DEFAULT;
	struct leads_config config = defaults;

	TRY(leads_config_read(r->object, PATH, &defaults, arena, &r->violations, &config));
	if (r->violations.count == 0)
		*out = leads_config_write(&config, arena);
	return STATUS_OK_VALUE;
}

struct status campaign_configure_phase(struct campaign_change *change, enum phase phase,
				       const struct phase_settings *settings)
{
	static struct status (*const readers[PHASE_COUNT])(struct reading *, struct arena *, const char **) = {
		[PHASE_GENERATION] = read_generation, [PHASE_DNS] = read_dns,     [PHASE_HTTP] = read_http,
		[PHASE_ANALYSIS] = read_analysis,     [PHASE_LEADS] = read_leads,
	};
	AUTO(json) json_t *object = NULL;
	struct reading r = { .change = change };
	const char *normalised = NULL;

	TRY(load(settings, &object));
	r.object = object;
	violations_init(&r.violations, change->arena);
	TRY(readers[phase](&r, change->arena, &normalised));
	TRY(violations_status(&r.violations));
	if (!normalised)
		return status_out_of_memory();
	return control_configure(change, phase, normalised);
}
