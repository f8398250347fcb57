#include "phase/leads/leads_phase.h"

#include "base/arena.h"
#include "phase/leads/leads_config.h"
#include "phase/run.h"
#include "scoring/leads.h"
#include "store/state_store.h"
#include "store/tx.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define BATCH_PARTS 25
#define BATCH_LEAST 200
#define BATCH_MOST  10000

struct leads_run {
	struct phase_run base;
	struct leads_thresholds thresholds;
};

/* The decisions of a batch, in columns as they are stored. */
struct leads_result {
	struct domain_lead_rows rows; /* what changes */
	int32_t decided;
	int32_t failed; /* those that never gave a page */
};

static struct status leads_begin(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				 struct phase_begin *begin)
{
	static const struct leads_config defaults = LEADS_CONFIG_DEFAULT;
	struct leads_config config;
	struct counters counters;

	(void)env;
	TRY(leads_config_parse(begin->campaign->phases[PHASE_LEADS].configuration, &defaults, arena, &config));
	TRY(store_counters_get(tx, &begin->campaign->campaign.id, &counters));
	begin->total_items = counters.total_domains;
	begin->batch_size =
		phase_batch_size(config.batch_size, begin->total_items, BATCH_PARTS, BATCH_LEAST, BATCH_MOST);
	return STATUS_OK_VALUE;
}

static struct status read_thresholds(const struct phase_env *env, const struct uuid *campaign_id,
				     struct leads_thresholds *out)
{
	static const struct leads_config defaults = LEADS_CONFIG_DEFAULT;
	AUTO(arena) struct arena *arena = arena_create(0);
	struct campaign_snapshot campaign;
	struct leads_config config;

	if (!arena)
		return status_out_of_memory();
	TRY(phase_campaign_read(env, campaign_id, arena, &campaign));
	TRY(leads_config_parse(campaign.phases[PHASE_LEADS].configuration, &defaults, arena, &config));
	*out = (struct leads_thresholds){ .match_score = config.match_score,
					  .grace_score = config.grace_score,
					  .content_bytes_least = config.content_bytes_least,
					  .parked_confidence_floor = config.parked_confidence_floor,
					  .needs_structure = config.needs_structure };
	return STATUS_OK_VALUE;
}

static void leads_run_close(struct phase_run *run)
{
	free(run);
}

static struct status leads_run_open(const struct phase_env *env, const struct uuid *campaign_id, int32_t run_number,
				    struct phase_run **out)
{
	struct leads_run *run = calloc(1, sizeof *run);
	struct status st;

	if (!run)
		return status_out_of_memory();
	run->base = (struct phase_run){ env, *campaign_id, run_number };
	st = read_thresholds(env, campaign_id, &run->thresholds);
	if (!status_ok(st)) {
		leads_run_close(&run->base);
		return st;
	}
	*out = &run->base;
	return STATUS_OK_VALUE;
}

static struct status leads_cut(struct store_tx *tx, const struct uuid *campaign_id, int64_t after, int32_t limit,
			       struct phase_cut *out)
{
	struct domain_cut cut;

	TRY(store_domain_cut(tx, campaign_id, PHASE_LEADS, after, limit, &cut));
	*out = phase_cut_of(&cut);
	return STATUS_OK_VALUE;
}

static struct leads_verdict decide(const struct leads_thresholds *thresholds, const struct lead_projection *p)
{
	const struct leads_input input = {
		.dns_status = p->dns_status,
		.http_status = p->http_status,
		.is_parked = p->is_parked,
		.parked_confidence = p->parked_confidence,
		.has_structural_signals = p->has_structure,
		.kw_unique = p->keywords_unique,
		.kw_hits_total = p->keyword_hits,
		.has_score = p->has_score,
		.score = p->score,
		.content_bytes = p->content_bytes,
	};

	return leads_decide(thresholds, &input);
}

static bool is_stored(const struct lead_projection *p, const struct leads_verdict *verdict)
{
	return p->lead_status == verdict->status && p->rejection == verdict->rejection &&
	       p->has_lead_score == verdict->has_lead_score &&
	       (!p->has_lead_score || p->lead_score == verdict->lead_score);
}

/* Decides on all and keeps what changes. */
static struct status decide_all(const struct leads_thresholds *thresholds, const struct lead_projection *projections,
				size_t n, struct arena *arena, struct leads_result *out)
{
	int64_t *offsets = arena_array(arena, n + 1, sizeof *offsets);
	const char **old_statuses = arena_array(arena, n + 1, sizeof *old_statuses);
	const char **old_reasons = arena_array(arena, n + 1, sizeof *old_reasons);
	const char **statuses = arena_array(arena, n + 1, sizeof *statuses);
	const char **reasons = arena_array(arena, n + 1, sizeof *reasons);
	double *scores = arena_array(arena, n + 1, sizeof *scores);
	size_t count = 0;

	if (!offsets || !old_statuses || !old_reasons || !statuses || !reasons || !scores)
		return status_out_of_memory();
	out->decided = (int32_t)n;
	for (size_t i = 0; i < n; i++) {
		const struct lead_projection *p = &projections[i];
		struct leads_verdict verdict = decide(thresholds, p);

		out->failed += verdict.status == LEAD_STATUS_ERROR || verdict.status == LEAD_STATUS_TIMEOUT;
		if (is_stored(p, &verdict))
			continue;
		offsets[count] = p->offset;
		old_statuses[count] = lead_status_to_text(p->lead_status);
		old_reasons[count] = rejection_to_text(p->rejection);
		statuses[count] = lead_status_to_text(verdict.status);
		reasons[count] = rejection_to_text(verdict.rejection);
		scores[count] = verdict.has_lead_score ? verdict.lead_score : NAN;
		count++;
	}
	out->rows = (struct domain_lead_rows){ count, offsets, old_statuses, old_reasons, statuses, reasons, scores };
	return STATUS_OK_VALUE;
}

static struct status leads_work(struct phase_job *job, void **result)
{
	const struct leads_run *run = (const struct leads_run *)job->run;
	struct leads_result *out = arena_alloc(job->arena, sizeof *out);
	struct domain_range range = phase_range_of(job);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct lead_projection *projections;
	size_t n;

	if (!out)
		return status_out_of_memory();
	TRY(store_single(run->base.env->pool, 0, &tx));
	TRY(store_lead_projections(tx, &range, job->arena, &projections, &n));
	TRY(store_commit(&tx));
	TRY(decide_all(&run->thresholds, projections, n, job->arena, out));
	*result = out;
	return STATUS_OK_VALUE;
}

static struct status leads_store(struct phase_job *job, void *result, struct store_tx *tx, struct phase_outcome *out)
{
	const struct leads_result *batch = result;
	struct domain_range range = phase_range_of(job);
	struct phase_outcome outcome = { .first_offset = -1, .last_offset = -1 };
	struct lead_change *changes = NULL;
	size_t n = 0;

	if (batch->rows.count > 0)
		TRY(store_domains_finish_leads(tx, &range, &batch->rows, job->arena, &changes, &n));
	for (size_t i = 0; i < n; i++) {
		*counters_of_lead(&outcome.deltas, changes[i].old_status) -= changes[i].count;
		*counters_of_lead(&outcome.deltas, changes[i].new_status) += changes[i].count;
		*counters_of_rejection(&outcome.deltas, changes[i].old_reason) -= changes[i].count;
		*counters_of_rejection(&outcome.deltas, changes[i].new_reason) += changes[i].count;
	}
	outcome.processed = batch->decided;
	outcome.failed = batch->failed;
	outcome.successful = outcome.processed - outcome.failed;
	*out = outcome;
	return STATUS_OK_VALUE;
}

static struct status leads_finish(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				  struct phase_finish *finish)
{
	struct counters c;

	(void)env;
	TRY(store_counters_get(tx, &finish->campaign->campaign.id, &c));
	finish->results =
		arena_printf(arena,
			     "{\"leads\":%" PRId32 ",\"rejected\":%" PRId32 ",\"errors\":%" PRId32
			     ",\"pending\":%" PRId32 ",\"total\":%" PRId32 "}",
			     c.lead_match, c.reject_low_score + c.reject_no_keywords + c.reject_parked,
			     c.reject_dns_error + c.reject_dns_timeout + c.reject_http_error + c.reject_http_timeout,
			     c.reject_pending, c.total_domains);
	return finish->results ? STATUS_OK_VALUE : status_out_of_memory();
}

const struct phase_ops leads_phase = {
	.phase = PHASE_LEADS,
	.batches_in_flight_max = 4, /* the database does the work; more writers only wait for each other */
	.begin = leads_begin,
	.run_open = leads_run_open,
	.run_close = leads_run_close,
	.cut = leads_cut,
	.work = leads_work,
	.store = leads_store,
	.finish = leads_finish,
};
