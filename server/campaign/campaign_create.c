#include "campaign/campaign_create.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/text.h"
#include "campaign/campaign_config.h"
#include "catalog/references.h"
#include "phase/config_json.h"
#include "phase/dns/dns_config.h"
#include "phase/generation/generation_config.h"
#include "phase/http/http_config.h"
#include "store/campaign_store.h"
#include "store/state_store.h"

#include <string.h>

static const char COPY_ENDING[] = " (Copy)";

/* What the configuration names, as the database knows it. */
struct named {
	struct uuid personas[PERSONA_TYPE_COUNT][PHASE_PERSONAS_MAX];
	size_t persona_counts[PERSONA_TYPE_COUNT];
	int64_t rules; /* of enabled keyword sets */
};

/* --- what is named must exist --------------------------------------------------------------------------------- */

static struct status resolve_personas(struct store_tx *tx, const char *workspace, const struct campaign_config *config,
				      const char *field, struct violations *violations, struct named *out)
{
	enum persona_type types[CAMPAIGN_PERSONAS_MAX];
	bool too_many = false;

	TRY(references_check_personas(tx, workspace, config->persona_ids, config->persona_count, PERSONA_TYPE_COUNT,
				      field, violations, types));
	for (size_t i = 0; i < config->persona_count; i++) {
		if (types[i] == PERSONA_TYPE_COUNT)
			continue;
		if (out->persona_counts[types[i]] == PHASE_PERSONAS_MAX)
			too_many = true;
		else
			out->personas[types[i]][out->persona_counts[types[i]]++] = config->persona_ids[i];
	}
	if (too_many)
		violations_add(violations, field, "VALIDATION_ERROR", "must have at most %d personas of one type",
			       PHASE_PERSONAS_MAX);
	return STATUS_OK_VALUE;
}

static struct status resolve(struct store_tx *tx, const char *workspace, const struct campaign_config *config,
			     struct violations *violations, struct named *out)
{
	struct arena *arena = violations->arena;
	const char *personas = arena_printf(arena, "%s.personaIds", config->pattern_path);
	const char *sets = arena_printf(arena, "%s.keywordSetIds", config->pattern_path);

	if (!personas || !sets)
		return status_out_of_memory();
	TRY(resolve_personas(tx, workspace, config, personas, violations, out));
	return references_check_keyword_sets(tx, workspace, config->keyword_set_ids, config->keyword_set_count, sets,
					     violations, &out->rules);
}

/* --- phase configurations that follow from the campaign's ------------------------------------------------------------
 */

static struct status configure_phases(struct campaign_config *config, struct named *named, struct arena *arena,
				      const char *out[PHASE_COUNT])
{
	size_t dns_count = named->persona_counts[PERSONA_TYPE_DNS],
	       http_count = named->persona_counts[PERSONA_TYPE_HTTP];

	if (config->has_pattern) {
		out[PHASE_GENERATION] = generation_config_write(&config->generation, arena);
		if (!out[PHASE_GENERATION])
			return status_out_of_memory();
	}
	if (dns_count > 0) {
		struct dns_config dns = DNS_CONFIG_DEFAULT;
		dns.persona_ids = named->personas[PERSONA_TYPE_DNS];
		dns.persona_count = dns_count;
		out[PHASE_DNS] = dns_config_write(&dns, arena);
		if (!out[PHASE_DNS])
			return status_out_of_memory();
	}
	if (http_count > 0 && config->keyword_set_count > 0) {
		struct http_config http = http_config_default(config->crawl_depth);
		http.persona_ids = named->personas[PERSONA_TYPE_HTTP];
		http.persona_count = http_count;
		http.keyword_set_ids = config->keyword_set_ids;
		http.keyword_set_count = config->keyword_set_count;
		out[PHASE_HTTP] = http_config_write(&http, arena);
		if (!out[PHASE_HTTP])
			return status_out_of_memory();
		if (named->rules == 0 && config->warning_count < CAMPAIGN_WARNINGS_MAX)
			config->warnings[config->warning_count++] =
				"No enabled keyword set has a rule, so no page can match.";
	}
	return STATUS_OK_VALUE;
}

/* --- creating --------------------------------------------------------------------------------------------------- */

/* As stored, read back in the same transaction. */
static struct status read_back(struct store_tx *tx, const struct uuid *id, const char *workspace, struct arena *arena,
			       struct campaign_created *out)
{
	TRY(store_snapshot_get(tx, id, workspace, false, arena, &out->snapshot));
	return store_counters_get(tx, id, &out->counters);
}

static struct status keep_warnings(const struct campaign_config *config, struct arena *arena,
				   struct campaign_created *out)
{
	const char **copy = arena_array(arena, CAMPAIGN_WARNINGS_MAX, sizeof *copy);

	if (!copy)
		return status_out_of_memory();
	memcpy(copy, config->warnings, config->warning_count * sizeof *copy);
	out->warnings = copy;
	out->warning_count = config->warning_count;
	return STATUS_OK_VALUE;
}

struct status campaign_create(struct store_tx *tx, const struct campaign_author *author,
			      const struct campaign_create *request, struct arena *arena, struct campaign_created *out)
{
	struct campaign campaign = {
		.id = uuid_make(), .workspace_id = author->workspace, .user_id = author->user_id, .mode = request->mode
	};
	struct campaign_created created = { 0 };
	struct campaign_config config;
	const char *phases[PHASE_COUNT] = { NULL };
	struct named named = { 0 };
	struct violations violations;

	violations_init(&violations, arena);
	TRY(campaign_config_read(request->configuration, request->pattern_config, arena, &violations, &config));
	TRY(check_name(&violations, "name", request->name, &campaign.name));
	TRY(check_prose(&violations, "description", request->description, CHECK_DESCRIPTION_CHARS,
			&campaign.description));
	if (*request->scoring_profile_id) /* profiles of one's own come later; until then none exists */
		violations_add(&violations, "scoringProfileId", "VALIDATION_ERROR", "there is no such scoring profile");
	TRY(resolve(tx, author->workspace, &config, &violations, &named));
	TRY(violations_status(&violations));
	TRY(configure_phases(&config, &named, arena, phases));
	campaign.configuration = config.json;
	TRY(store_campaign_insert(tx, &campaign, phases));
	TRY(keep_warnings(&config, arena, &created));
	TRY(read_back(tx, &campaign.id, author->workspace, arena, &created));
	*out = created;
	return STATUS_OK_VALUE;
}

/* The original's name with COPY_ENDING, cut so that it fits. */
static const char *copy_name(const char *name, struct arena *arena)
{
	size_t chars = CHECK_NAME_CHARS - strlen(COPY_ENDING);
	const char *end = name;

	for (; *end && chars > 0; chars--)
		do
			end++;
		while (((unsigned char)*end & 0xc0) == 0x80);
	return arena_printf(arena, "%.*s%s", (int)(end - name), name, COPY_ENDING);
}

struct status campaign_duplicate(struct store_tx *tx, const struct campaign_author *author, const struct uuid *original,
				 const char *name, struct arena *arena, struct campaign_created *out)
{
	struct campaign_created created = { 0 };
	struct campaign_snapshot source;
	struct violations violations;
	struct uuid id = uuid_make();
	const char *checked;

	violations_init(&violations, arena);
	TRY(store_snapshot_get(tx, original, author->workspace, false, arena, &source));
	if (!*name)
		name = copy_name(source.campaign.name, arena);
	if (!name)
		return status_out_of_memory();
	TRY(check_name(&violations, "name", name, &checked));
	TRY(violations_status(&violations));
	TRY(store_campaign_copy(tx, original, &id, author->user_id, checked));
	TRY(read_back(tx, &id, author->workspace, arena, &created));
	*out = created;
	return STATUS_OK_VALUE;
}
