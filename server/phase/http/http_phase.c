#include "phase/http/http_phase.h"

#include "base/arena.h"
#include "base/clock.h"
#include "phase/http/http_fetch_batch.h"
#include "phase/http/http_metrics.h"
#include "phase/http/http_run.h"
#include "phase/http/http_store_batch.h"
#include "phase/run.h"
#include "store/state_store.h"
#include "store/tx.h"

#include <inttypes.h>
#include <stdlib.h>

#define BATCH_PARTS 100
#define BATCH_LEAST 10
#define BATCH_MOST  200

static struct status http_begin(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				struct phase_begin *begin)
{
	const struct uuid *id = &begin->campaign->campaign.id;
	struct http_config config;
	struct counters c;

	(void)env;
	TRY(http_config_parse(begin->campaign->phases[PHASE_HTTP].configuration, arena, &config));
	TRY(store_counters_get(tx, id, &c));
	begin->total_items = c.dns_ok - c.http_ok - c.http_error - c.http_timeout;
	if (begin->kind == PHASE_BEGIN_RERUN) {
		TRY(store_features_reset(tx, id));
		TRY(store_domains_reset(tx, id, PHASE_HTTP, &begin->deltas));
		begin->total_items = c.dns_ok;
	}
	begin->batch_size =
		phase_batch_size(config.batch_size, begin->total_items, BATCH_PARTS, BATCH_LEAST, BATCH_MOST);
	return STATUS_OK_VALUE;
}

static void http_run_close(struct phase_run *base)
{
	struct http_run *run = (struct http_run *)base;

	if (!run)
		return;
	http_run_parts_close(run);
	free(run);
}

static struct status http_run_open(const struct phase_env *env, const struct uuid *campaign_id, int32_t run_number,
				   struct phase_run **out)
{
	struct http_run *run = calloc(1, sizeof *run);
	struct status st;

	if (!run)
		return status_out_of_memory();
	run->base = (struct phase_run){ env, *campaign_id, run_number };
	st = http_run_parts_open(run);
	if (!status_ok(st)) {
		http_run_close(&run->base);
		return st;
	}
	*out = &run->base;
	return STATUS_OK_VALUE;
}

static struct status http_cut(struct store_tx *tx, const struct uuid *campaign_id, int64_t after, int32_t limit,
			      struct phase_cut *out)
{
	struct domain_cut cut;

	TRY(store_domain_cut(tx, campaign_id, PHASE_HTTP, after, limit, &cut));
	*out = phase_cut_of(&cut);
	return STATUS_OK_VALUE;
}

/* Reads the batch and sets its feature rows to building, in one short transaction, so that a crash leaves a trace. */
static struct status claim(struct phase_job *job, struct domain_work **out, size_t *out_count)
{
	struct domain_range range = phase_range_of(job);
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(store_begin(job->run->env->pool, 0, &tx));
	TRY(store_domains_pending(tx, &range, PHASE_HTTP, job->arena, out, out_count));
	if (*out_count > 0)
		TRY(store_features_claim(tx, &range.campaign_id, *out, *out_count, job->arena));
	return store_commit(&tx);
}

static struct status http_work(struct phase_job *job, void **result)
{
	struct domain_work *work = NULL;
	struct fetched fetched, *out;
	size_t n = 0;

	if (!job->rest)
		TRY(claim(job, &work, &n));
	TRY(http_fetch_batch(job, work, n, &fetched));
	http_metrics_count(job->run->env->metrics, fetched.sites, fetched.count, fetched.took_ms);
	out = arena_alloc(job->arena, sizeof *out);
	if (!out)
		return status_out_of_memory();
	*out = fetched;
	*result = out;
	return STATUS_OK_VALUE;
}

static struct status http_store(struct phase_job *job, void *result, struct store_tx *tx, struct phase_outcome *out)
{
	const struct fetched *batch = result;
	struct domain_http_change change = { 0 };
	int32_t failed;

	if (batch->count > 0)
		TRY(http_store_batch(job, tx, batch->sites, batch->count, &change));
	failed = change.error + change.timeout;
	*out = (struct phase_outcome){
		.deltas = { .http_pending = -change.ok - failed,
			    .http_ok = change.ok,
			    .http_error = change.error,
			    .http_timeout = change.timeout,
			    .reject_pending = -failed,
			    .reject_http_error = change.error,
			    .reject_http_timeout = change.timeout,
			    .keyword_hits = change.keyword_hits },
		.processed = change.ok + failed,
		.successful = change.ok,
		.failed = failed,
		.unfinished = batch->unfinished,
		.first_offset = -1,
		.last_offset = -1,
	};
	return STATUS_OK_VALUE;
}

static struct status http_finish(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				 struct phase_finish *finish)
{
	const struct uuid *id = &finish->campaign->campaign.id;
	struct feature_totals features;
	struct counters c;

	(void)env;
	TRY(store_counters_get(tx, id, &c));
	TRY(store_features_count(tx, id, &features));
	/* in reverse: each is put in front of the one before */
	TRY(phase_event_add(arena, &finish->events, "extraction_phase_completed",
			    "{\"ready\":%" PRId32 ",\"error\":%" PRId32 ",\"durationMs\":%" PRId64 "}", features.ready,
			    features.error, clock_wall_ms() - finish->campaign->phases[PHASE_HTTP].started_at_ms));
	TRY(phase_event_add(arena, &finish->events, "domains_http_finalized",
			    "{\"ok\":%" PRId32 ",\"error\":%" PRId32 ",\"timeout\":%" PRId32 "}", c.http_ok,
			    c.http_error, c.http_timeout));
	finish->results = arena_printf(
		arena, "{\"ok\":%" PRId32 ",\"error\":%" PRId32 ",\"timeout\":%" PRId32 ",\"keywordHits\":%" PRId32 "}",
		c.http_ok, c.http_error, c.http_timeout, c.keyword_hits);
	return finish->results ? STATUS_OK_VALUE : status_out_of_memory();
}

const struct phase_ops http_phase = {
	.phase = PHASE_HTTP,
	.begin = http_begin,
	.run_open = http_run_open,
	.run_close = http_run_close,
	.batches_take_turns = true,
	.cut = http_cut,
	.work = http_work,
	.store = http_store,
	.finish = http_finish,
};
