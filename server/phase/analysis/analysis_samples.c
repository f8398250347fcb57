#include "phase/analysis/analysis_samples.h"

#include "base/arena.h"
#include "base/json.h"
#include "config/settings.h"
#include "phase/analysis/analysis_score.h"
#include "phase/run.h"
#include "store/sample_store.h"

#define SAMPLES_MAX 25

static json_t *number_or(bool is_shown, double value, const char *otherwise)
{
	return is_shown ? json_real(value) : json_string(otherwise);
}

static json_t *components_of(const struct settings *settings, const struct analysis_scoring *scoring,
			     const struct score_sample *sample)
{
	struct score score = analysis_score(&scoring->config, scoring->time_ms, &sample->projection);
	int32_t links = sample->links_internal + sample->links_external;
	bool is_full = settings->sse_full_components, is_structural = settings->sse_structural_details;
	json_t *components = json_object();

	for (int i = 0; i < SCORE_COMPONENT_COUNT; i++)
		if (i != SCORE_TF_LITE || scoring->config.is_tf_lite_enabled)
			json_object_set_new(components, score_component_text((enum score_component)i),
					    number_or(is_full, score.components[i], "omitted"));
	json_object_set_new(components, "h1_count",
			    is_structural ? json_integer(sample->h1_count) : json_string("structural"));
	json_object_set_new(components, "link_internal_ratio",
			    number_or(is_structural, links ? (double)sample->links_internal / links : 0, "structural"));
	json_object_set_new(components, "primary_lang", json_string(is_structural ? sample->page_lang : "structural"));
	return components;
}

struct status analysis_sample_add(const struct phase_env *env, struct store_tx *tx, struct phase_finish *finish,
				  const struct analysis_scoring *scoring, struct arena *arena)
{
	const struct settings *settings = env->settings;
	AUTO(json) json_t *payload = NULL;
	json_t *list = json_array();
	char correlation[UUID_TEXT_SIZE];
	struct uuid id = uuid_make();
	struct score_sample *samples;
	const char *text;
	size_t n;

	payload = json_pack("{s:i, s:o, s:s, s:{s:b, s:b}}", "count",
			    (int)finish->campaign->phases[PHASE_ANALYSIS].progress.processed, "sample", list,
			    "correlationId", (uuid_to_text(&id, correlation), correlation), "componentsMeta", "full",
			    (int)settings->sse_full_components, "structural", (int)settings->sse_structural_details);
	TRY(store_score_samples(tx, &finish->campaign->campaign.id, SAMPLES_MAX, arena, &samples, &n));
	for (size_t i = 0; i < n && payload; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:f, s:o}", "domain", samples[i].name, "score", samples[i].score,
						"components", components_of(settings, scoring, &samples[i])));
	text = payload ? json_to_arena(arena, payload) : NULL;
	return text ? phase_event_add(arena, &finish->samples, "domain_scored", "%s", text) : status_out_of_memory();
}
