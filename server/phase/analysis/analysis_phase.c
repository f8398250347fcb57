#include "phase/analysis/analysis_phase.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "config/settings.h"
#include "events/samples.h"
#include "phase/analysis/analysis_config.h"
#include "phase/analysis/analysis_samples.h"
#include "phase/analysis/analysis_score.h"
#include "phase/run.h"
#include "scoring/score.h"
#include "store/feature_store.h"
#include "store/snapshot_store.h"
#include "store/tx.h"
#include "telemetry/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_PARTS       25
#define BATCH_LEAST       500
#define BATCH_MOST        10000
#define CONTEXT_BYTES_MAX 16384

/* What is fixed for a run. */
struct analysis_context {
	struct uuid snapshot_id;
	int64_t scoring_time_ms;
	bool is_tf_lite_enabled;
};

struct analysis_run {
	struct phase_run base;
	struct analysis_context context;
	struct score_config scoring;
};

struct analysis_result {
	size_t count;
	int64_t *offsets;
	double *scores;
};

/* The registry keeps the pointers: static. */
static const struct metric_spec preflight_failures = {
	.kind = METRIC_COUNTER,
	.name = "analysis_preflight_failure_total",
	.help = "Analyses refused for want of features.",
};
static const struct metric_spec reuses = {
	.kind = METRIC_COUNTER,
	.name = "analysis_reuse_enrichment_total",
	.help = "Analyses that worked on stored features.",
};

static const struct metric_spec relevance = {
	.kind = METRIC_HISTOGRAM,
	.name = "domain_relevance_score",
	.help = "Scores that domains got.",
	METRIC_BOUNDS(metric_bounds_ratio),
};

void analysis_metrics_register(struct metrics *metrics)
{
	metric_plain(metrics_family(metrics, &preflight_failures));
	metric_plain(metrics_family(metrics, &reuses));
	metric_plain(metrics_family(metrics, &relevance));
}

static void count_one(struct metrics *metrics, const struct metric_spec *spec)
{
	metric_add(metric_plain(metrics_family(metrics, spec)), 1);
}

/* --- the context ---------------------------------------------------------------------------------------------- */

static char *context_write(const struct analysis_context *context, struct arena *arena)
{
	char id[UUID_TEXT_SIZE];

	uuid_to_text(&context->snapshot_id, id);
	return arena_printf(arena, "{\"snapshotId\":\"%s\",\"scoringTime\":%" PRId64 ",\"tfLite\":%s}", id,
			    context->scoring_time_ms, context->is_tf_lite_enabled ? "true" : "false");
}

/* INTERNAL / RUN_CONTEXT_UNREADABLE: only we write it. */
static struct status context_read(const char *text, struct analysis_context *out)
{
	AUTO(json) json_t *object = NULL;
	json_int_t time_ms = 0;
	const char *id = "";
	int is_tf_lite = 0;

	TRY(json_read(text, strlen(text), CONTEXT_BYTES_MAX, &object));
	if (json_unpack(object, "{s:s, s:I, s:b}", "snapshotId", &id, "scoringTime", &time_ms, "tfLite", &is_tf_lite) !=
		    0 ||
	    !uuid_parse(id, &out->snapshot_id))
		return status_make(STATUS_INTERNAL, "RUN_CONTEXT_UNREADABLE",
				   "the run's context is not an analysis context");
	out->scoring_time_ms = time_ms;
	out->is_tf_lite_enabled = is_tf_lite;
	return STATUS_OK_VALUE;
}

/* The built-in profile. */
static struct score_config scoring_of(bool is_tf_lite_enabled)
{
	struct score_weights weights = score_weights_default();

	return (struct score_config){ .effective = score_weights_effective(&weights),
				      .parked_penalty_factor = SCORE_PENALTY_FACTOR_DEFAULT,
				      .is_tf_lite_enabled = is_tf_lite_enabled };
}

static struct status ensure_snapshot(struct store_tx *tx, const struct uuid *campaign_id, bool is_tf_lite_enabled,
				     struct arena *arena, struct uuid *out)
{
	struct score_config scoring = scoring_of(is_tf_lite_enabled);
	struct scoring_snapshot wanted = { .profile_version = 1, .algorithm_version = SCORE_ALGORITHM_VERSION };
	AUTO(json) json_t *weights = json_object();
	AUTO(json)
	json_t *configuration = json_pack("{s:b, s:f, s:b}", "tfLite", (int)is_tf_lite_enabled, "parkedPenaltyFactor",
					  scoring.parked_penalty_factor, "useKeywordWeights", 0);
	bool is_short = !weights || !configuration;

	for (unsigned i = 0; i < SCORE_COMPONENT_COUNT && !is_short; i++)
		is_short = json_object_set_new(weights, score_weight_key((enum score_component)i),
					       json_real(scoring.effective.of[i])) != 0;
	if (is_short)
		return status_out_of_memory();
	wanted.weights = json_to_arena(arena, weights);
	wanted.configuration = json_to_arena(arena, configuration);
	if (!wanted.weights || !wanted.configuration)
		return status_out_of_memory();
	return store_snapshot_ensure(tx, campaign_id, &wanted, out);
}

/* --- a run ---------------------------------------------------------------------------------------------------- */

static struct status preflight(const struct phase_env *env, struct store_tx *tx, const struct campaign *campaign,
			       const struct analysis_config *config, struct feature_totals *out)
{
	if (config->has_scoring_profile || campaign->has_scoring_profile)
		return status_make(STATUS_FAILED_PRECONDITION, "E_ANALYSIS_PROFILE_INVALID",
				   "only the built-in scoring profile can be used");
	TRY(store_features_count(tx, &campaign->id, out));
	if (out->ready > 0)
		return STATUS_OK_VALUE;
	count_one(env->metrics, &preflight_failures);
	return status_make(STATUS_FAILED_PRECONDITION, "E_ANALYSIS_MISSING_FEATURES",
			   "no site of this campaign was fetched and read, so there is nothing to score");
}

static struct status analysis_begin(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				    struct phase_begin *begin)
{
	const struct phase_state *state = &begin->campaign->phases[PHASE_ANALYSIS];
	struct analysis_context context = { 0 };
	struct analysis_config config;
	struct feature_totals features;

	TRY(analysis_config_parse(state->configuration, arena, &config));
	TRY(preflight(env, tx, &begin->campaign->campaign, &config, &features));
	/* A retry continues: domains that were scored keep a score of the same moment. */
	if (begin->kind != PHASE_BEGIN_RETRY || !status_ok(context_read(state->run_context, &context)))
		context = (struct analysis_context){ .scoring_time_ms = clock_wall_ms(),
						     .is_tf_lite_enabled = env->settings->tf_lite };
	TRY(ensure_snapshot(tx, &begin->campaign->campaign.id, context.is_tf_lite_enabled, arena,
			    &context.snapshot_id));
	begin->run_context = context_write(&context, arena);
	if (!begin->run_context)
		return status_out_of_memory();
	begin->total_items = features.ready;
	begin->batch_size =
		phase_batch_size(config.batch_size, begin->total_items, BATCH_PARTS, BATCH_LEAST, BATCH_MOST);
	count_one(env->metrics, &reuses);
	return phase_event_add(arena, &begin->events, "analysis_reuse_enrichment",
			       "{\"featureVectorCount\":%" PRId32 "}", features.ready);
}

static void analysis_run_close(struct phase_run *run)
{
	free(run);
}

static struct status read_context(const struct phase_env *env, const struct uuid *campaign_id,
				  struct analysis_context *out)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct campaign_snapshot campaign;

	if (!arena)
		return status_out_of_memory();
	TRY(phase_campaign_read(env, campaign_id, arena, &campaign));
	return context_read(campaign.phases[PHASE_ANALYSIS].run_context, out);
}

static struct status analysis_run_open(const struct phase_env *env, const struct uuid *campaign_id, int32_t run_number,
				       struct phase_run **out)
{
	struct analysis_run *run = calloc(1, sizeof *run);
	struct status st;

	if (!run)
		return status_out_of_memory();
	run->base = (struct phase_run){ env, *campaign_id, run_number };
	st = read_context(env, campaign_id, &run->context);
	if (!status_ok(st)) {
		analysis_run_close(&run->base);
		return st;
	}
	run->scoring = scoring_of(run->context.is_tf_lite_enabled);
	*out = &run->base;
	return STATUS_OK_VALUE;
}

/* --- a batch -------------------------------------------------------------------------------------------------- */

static struct status analysis_cut(struct store_tx *tx, const struct uuid *campaign_id, int64_t after, int32_t limit,
				  struct phase_cut *out)
{
	struct domain_cut cut;

	TRY(store_feature_cut(tx, campaign_id, after, limit, &cut));
	*out = phase_cut_of(&cut);
	return STATUS_OK_VALUE;
}

static struct status analysis_work(struct phase_job *job, void **result)
{
	const struct analysis_run *run = (const struct analysis_run *)job->run;
	struct analysis_result *out = arena_alloc(job->arena, sizeof *out);
	struct domain_range range = phase_range_of(job);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct metric *scores = metric_plain(metrics_family(run->base.env->metrics, &relevance));
	struct score_projection *projections;

	if (!out)
		return status_out_of_memory();
	TRY(store_single(run->base.env->pool, 0, &tx));
	TRY(store_score_projections(tx, &range, NULL, job->arena, &projections, &out->count));
	TRY(store_commit(&tx));
	out->offsets = arena_array(job->arena, out->count + 1, sizeof *out->offsets);
	out->scores = arena_array(job->arena, out->count + 1, sizeof *out->scores);
	if (!out->offsets || !out->scores)
		return status_out_of_memory();
	for (size_t i = 0; i < out->count; i++) {
		out->offsets[i] = projections[i].offset;
		out->scores[i] = analysis_score(&run->scoring, run->context.scoring_time_ms, &projections[i]).value;
		metric_observe(scores, out->scores[i]);
	}
	*result = out;
	return STATUS_OK_VALUE;
}

static struct status analysis_store(struct phase_job *job, void *result, struct store_tx *tx, struct phase_outcome *out)
{
	const struct analysis_run *run = (const struct analysis_run *)job->run;
	const struct analysis_result *batch = result;
	struct domain_range range = phase_range_of(job);
	struct domain_score_change change;

	TRY(store_domains_score(tx, &range, batch->offsets, batch->scores, batch->count, &change));
	TRY(store_features_scored(tx, &range, batch->offsets, batch->count, &run->context.snapshot_id));
	*out = (struct phase_outcome){ .deltas = { .analyzed = change.newly_analyzed },
				       .processed = (int32_t)batch->count,
				       .successful = (int32_t)batch->count,
				       .first_offset = -1,
				       .last_offset = -1 };
	return STATUS_OK_VALUE;
}

static struct status analysis_finish(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				     struct phase_finish *finish)
{
	const struct phase_state *state = &finish->campaign->phases[PHASE_ANALYSIS];
	struct analysis_context context;
	char id[UUID_TEXT_SIZE];

	TRY(context_read(state->run_context, &context));
	if (samples_wanted(env->samples) != SAMPLE_NONE)
		TRY(analysis_sample_add(env, tx, finish,
					&(struct analysis_scoring){ .config = scoring_of(context.is_tf_lite_enabled),
								    .time_ms = context.scoring_time_ms },
					arena));
	uuid_to_text(&context.snapshot_id, id);
	TRY(phase_event_add(arena, &finish->events, "analysis_completed",
			    "{\"scored\":%" PRId32 ",\"snapshotId\":\"%s\",\"durationMs\":%" PRId64 "}",
			    state->progress.processed, id, clock_wall_ms() - state->started_at_ms));
	finish->results =
		arena_printf(arena, "{\"scored\":%" PRId32 ",\"snapshotId\":\"%s\"}", state->progress.processed, id);
	return finish->results ? STATUS_OK_VALUE : status_out_of_memory();
}

const struct phase_ops analysis_phase = {
	.phase = PHASE_ANALYSIS,
	.batches_in_flight_max = 4, /* the database does the work; more writers only wait for each other */
	.begin = analysis_begin,
	.run_open = analysis_run_open,
	.run_close = analysis_run_close,
	.cut = analysis_cut,
	.work = analysis_work,
	.store = analysis_store,
	.finish = analysis_finish,
};
