#include "phase/http/http_run.h"

#include "base/arena.h"
#include "base/log.h"
#include "config/settings.h"
#include "extract/rules.h"
#include "net/shared_rate.h"
#include "phase/dns/dns_config.h"
#include "phase/http/http_personas.h"
#include "phase/keyword_specs.h"
#include "phase/run.h"
#include "store/keyword_store.h"
#include "store/tx.h"

/* --- personas ------------------------------------------------------------------------------------------------- */

static struct status open_personas(struct http_run *run)
{
	struct persona *stored;
	size_t count;

	TRY(phase_personas_read(run->base.env, PERSONA_TYPE_HTTP, run->config.persona_ids, run->config.persona_count,
				run->arena, &stored, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(http_persona_policy(run->base.env, &stored[i], (unsigned)run->config.retries_max, run->arena,
					&run->policies[i], &run->rates[i]));
		run->persona_count++;
	}
	return STATUS_OK_VALUE;
}

/* Redirects to other hosts are a part of fetching; that they can't be followed must not stop the phase. */
static void open_resolver(struct http_run *run, const struct campaign_snapshot *campaign)
{
	const char *text = campaign->phases[PHASE_DNS].configuration;
	struct dns_config config;
	struct status st;

	if (!text || !run->base.env->dns)
		return;
	st = dns_config_parse(text, run->arena, &config);
	if (status_ok(st))
		st = dns_personas_open(run->base.env, &config, &run->dns);
	if (!status_ok(st)) {
		LOG_FAILURE("http_without_resolver", st, LOG_STR("campaign", campaign->campaign.name));
		return;
	}
	http_lookups_open(&run->lookups, run->base.env->dns, run->dns.policies[0]);
}

/* --- rules ---------------------------------------------------------------------------------------------------- */

/* Rules of enabled sets, then the configuration's own keywords. Regular expressions are left to a matcher of their own.
 */
static struct status gather_rules(struct http_run *run, struct store_tx *tx, struct rule_spec **out, size_t *out_count)
{
	const struct http_config *config = &run->config;
	struct keyword_rule *stored;
	size_t stored_count, count, skipped;
	struct rule_spec *specs;

	TRY(store_keyword_rules_of(tx, config->keyword_set_ids, config->keyword_set_count, true, run->arena, &stored,
				   &stored_count));
	specs = arena_array(run->arena, stored_count + config->keyword_count + 1, sizeof *specs);
	if (!specs)
		return status_out_of_memory();
	count = keyword_specs_of(stored, stored_count, specs);
	skipped = stored_count - count;
	for (size_t i = 0; i < config->keyword_count; i++) {
		struct rule_spec spec = { .pattern = config->keywords[i], .weight = 1, .source = KEYWORD_AD_HOC };

		if (!keyword_ad_hoc_id(config->keywords[i], &spec.keyword_id))
			return status_out_of_memory();
		specs[count++] = spec;
	}
	if (skipped > 0)
		LOG_WARN("regex_rules_skipped", LOG_INT("rules", skipped));
	*out = specs;
	*out_count = count;
	return STATUS_OK_VALUE;
}

static struct status open_rules(struct http_run *run)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct rule_spec *specs;
	int64_t version;
	size_t count;

	TRY(store_single(run->base.env->pool, 0, &tx));
	TRY(gather_rules(run, tx, &specs, &count));
	TRY(store_keyword_dictionary_version(tx, &version));
	TRY(store_commit(&tx));
	if (count == 0)
		return status_make(STATUS_FAILED_PRECONDITION, "E_NO_ACTIVE_RULE",
				   "no enabled keyword set or keyword gives a rule to look for");
	run->dictionary_version = (int32_t)version;
	return rules_compile(specs, count, &run->rules);
}

/* --- all ------------------------------------------------------------------------------------------------------ */

static struct features_config features_of(const struct settings *settings)
{
	struct features_config config = features_config_default();
	struct status st;

	config.is_richness_v2 = settings->richness_v2;
	config.wants_keyword_rows = settings->extraction_keyword_detail;
	config.keyword_rows_max = (size_t)settings->keywords_per_domain_max;
	config.richness.diversity_target = (double)settings->richness_diversity_target;
	st = richness_config_merge(&config.richness, settings->richness_weight_json,
				   settings->richness_signal_weight_json);
	if (!status_ok(st))
		LOG_FAILURE("richness_weights_ignored", st, LOG_STR("used", "defaults"));
	return config;
}

struct status http_run_parts_open(struct http_run *run)
{
	const struct phase_env *env = run->base.env;
	struct campaign_snapshot campaign;

	run->arena = arena_create(0);
	if (!run->arena)
		return status_out_of_memory();
	TRY(phase_campaign_read(env, &run->base.campaign_id, run->arena, &campaign));
	TRY(http_config_parse(campaign.phases[PHASE_HTTP].configuration, run->arena, &run->config));
	run->features = features_of(env->settings);
	run->backoff =
		(struct feature_backoff){ env->settings->pipeline_retry_base_ms, env->settings->pipeline_retry_cap_ms };
	TRY(open_rules(run));
	TRY(open_personas(run));
	open_resolver(run, &campaign);
	return STATUS_OK_VALUE;
}

void http_run_parts_close(struct http_run *run)
{
	for (size_t i = 0; i < run->persona_count; i++) {
		http_policy_destroy(run->policies[i]);
		shared_rate_destroy(run->rates[i]);
	}
	run->persona_count = 0;
	http_lookups_close(&run->lookups);
	dns_personas_close(&run->dns);
	rules_release(run->rules);
	arena_destroy(run->arena);
}
