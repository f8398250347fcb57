#include "phase/generation/generation_phase.h"

#include "base/arena.h"
#include "phase/generation/generation_config.h"
#include "phase/run.h"
#include "store/generation_store.h"
#include "store/tx.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_PARTS 25
#define BATCH_LEAST 100
#define BATCH_MOST  10000

struct generation_run {
	struct phase_run base;
	struct arena *arena;
	struct generation_config config;
	char hash[65];
};

/* Names for a batch, ready to insert. */
struct generation_names {
	int64_t next; /* offsets below it are used up */
	size_t count;
	int64_t *offsets;
	const char **names;
};

static bool has_own_cursor(const struct generation_config *config)
{
	return config->reuse_offsets || config->pattern.type == PATTERN_CONSTANT;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Where this campaign goes on; `last` is the highest offset that the pattern's shared state has handed out. */
static struct status find_start(struct store_tx *tx, const struct uuid *campaign_id,
				const struct generation_config *config, int64_t last, int64_t *out)
{
	struct generation_span span;

	if (has_own_cursor(config)) {
		TRY(store_generation_span_get(tx, campaign_id, &span));
		last = span.last_offset;
	}
	*out = larger(config->offset_start, last == INT64_MAX ? last : last + 1);
	return STATUS_OK_VALUE;
}

static size_t name_size_most(const struct pattern *pattern)
{
	size_t tld = 0;

	for (unsigned i = 0; i < pattern->tld_count; i++)
		if (strlen(pattern->tlds[i]) > tld)
			tld = strlen(pattern->tlds[i]);
	return pattern->prefix_length + pattern->suffix_length + strlen(pattern->constant) + tld + 1;
}

/* At most `want` names from `start` on; fewer when the pattern ends. */
static struct status make_names(const struct pattern *pattern, int64_t start, size_t want, struct arena *arena,
				struct generation_names *out)
{
	struct generation_names made = { .next = start };
	size_t size = name_size_most(pattern), length;
	struct pattern_walk walk;
	char *text;

	if (start >= pattern_total(pattern)) {
		*out = made;
		return STATUS_OK_VALUE;
	}
	made.offsets = arena_array(arena, want, sizeof *made.offsets);
	made.names = arena_array(arena, want, sizeof *made.names);
	text = arena_array(arena, want, size);
	if (!made.offsets || !made.names || !text)
		return status_out_of_memory();
	TRY(pattern_walk_init(&walk, pattern, start));
	while (made.count < want && pattern_walk_next(&walk, INT64_MAX, &made.offsets[made.count], &length)) {
		memcpy(text, walk.name, length + 1);
		made.names[made.count++] = text;
		text += length + 1;
	}
	made.next = walk.next;
	*out = made;
	return STATUS_OK_VALUE;
}

/* --- a run ---------------------------------------------------------------------------------------------------- */

static struct status generation_begin(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				      struct phase_begin *begin)
{
	const struct uuid *id = &begin->campaign->campaign.id;
	struct generation_config config;
	struct generation_span span;
	int64_t last, start, left, wanted;
	const char *details;
	char hash[65];

	(void)env;
	TRY(generation_config_parse(begin->campaign->phases[PHASE_GENERATION].configuration, arena, &config));
	TRY(pattern_hash(&config.pattern, arena, hash));
	details = pattern_hash_json(&config.pattern, arena);
	if (!details)
		return status_out_of_memory();
	TRY(store_generation_state_open(tx, hash, details));
	TRY(store_generation_span_get(tx, id, &span));
	TRY(store_generation_state_get(tx, hash, false, &last));
	TRY(find_start(tx, id, &config, last, &start));
	wanted = larger(config.target_domains - span.domain_count, 0);
	left = larger(pattern_total(&config.pattern) - start, 0);
	if (wanted > 0 && left == 0)
		return status_make(STATUS_FAILED_PRECONDITION, "PATTERN_EXHAUSTED",
				   "every name of this pattern from offset %" PRId64 " on was handed out",
				   config.offset_start);
	TRY(store_generation_lineage_set(tx, id, hash, &span));
	begin->total_items = (int32_t)(wanted < left ? wanted : left);
	begin->batch_size =
		phase_batch_size(config.batch_size, begin->total_items, BATCH_PARTS, BATCH_LEAST, BATCH_MOST);
	return STATUS_OK_VALUE;
}

static struct status read_run(const struct phase_env *env, const struct uuid *campaign_id, struct generation_run *run)
{
	struct campaign_snapshot campaign;

	TRY(phase_campaign_read(env, campaign_id, run->arena, &campaign));
	TRY(generation_config_parse(campaign.phases[PHASE_GENERATION].configuration, run->arena, &run->config));
	return pattern_hash(&run->config.pattern, run->arena, run->hash);
}

static void generation_run_close(struct phase_run *base)
{
	struct generation_run *run = (struct generation_run *)base;

	if (!run)
		return;
	arena_destroy(run->arena);
	free(run);
}

static struct status generation_run_open(const struct phase_env *env, const struct uuid *campaign_id,
					 int32_t run_number, struct phase_run **out)
{
	struct generation_run *run = calloc(1, sizeof *run);
	struct status st;

	if (!run)
		return status_out_of_memory();
	run->base = (struct phase_run){ env, *campaign_id, run_number };
	run->arena = arena_create(0);
	st = run->arena ? read_run(env, campaign_id, run) : status_out_of_memory();
	if (!status_ok(st)) {
		generation_run_close(&run->base);
		return st;
	}
	*out = &run->base;
	return STATUS_OK_VALUE;
}

/* --- a batch -------------------------------------------------------------------------------------------------- */

static struct status generation_cut(struct store_tx *tx, const struct uuid *campaign_id, int64_t after, int32_t limit,
				    struct phase_cut *out)
{
	struct generation_target target;
	int64_t first = after + 1, left;

	TRY(store_generation_target_get(tx, campaign_id, &target));
	left = larger(target.total - first, 0);
	*out = (struct phase_cut){ .first_offset = first,
				   .count = (int32_t)(left < limit ? left : limit),
				   .is_last = left <= limit };
	out->last_offset = first + out->count - 1;
	return STATUS_OK_VALUE;
}

/* Which names a batch gets is known only under the lock of the pattern's state: everything happens in store. */
static struct status generation_work(struct phase_job *job, void **result)
{
	(void)job;
	*result = NULL;
	return STATUS_OK_VALUE;
}

/* Inserts names from `start` on until `want` new ones are stored or the pattern ends. A name the campaign already has
 * is passed over. *out_next: where the next batch starts. */
static struct status insert_names(struct phase_job *job, struct store_tx *tx, int64_t start, int32_t *out_inserted,
				  int64_t *out_next)
{
	struct generation_run *run = (struct generation_run *)job->run;
	const struct pattern *pattern = &run->config.pattern;
	struct generation_names names = { .next = start };
	int32_t want = job->batch.domain_count, inserted;

	*out_inserted = 0;
	while (*out_inserted < want && names.next < pattern_total(pattern)) {
		TRY(make_names(pattern, names.next, (size_t)(want - *out_inserted), job->arena, &names));
		if (names.count == 0)
			break;
		TRY(store_domains_insert(tx, &run->base.campaign_id, names.offsets, names.names, names.count,
					 &inserted));
		*out_inserted += inserted;
	}
	*out_next = names.next;
	return STATUS_OK_VALUE;
}

/* From the first statement on this holds the lock of the pattern's state: batches of a pattern are stored one after the
 * other, whatever campaign, instance or thread they belong to. */
static struct status generation_store(struct phase_job *job, void *result, struct store_tx *tx,
				      struct phase_outcome *out)
{
	struct generation_run *run = (struct generation_run *)job->run;
	struct phase_outcome outcome = { .first_offset = -1, .last_offset = -1 };
	struct generation_target target;
	struct generation_span span;
	int64_t last, start, next;

	(void)result;
	TRY(store_generation_state_get(tx, run->hash, true, &last));
	TRY(find_start(tx, &run->base.campaign_id, &run->config, last, &start));
	TRY(insert_names(job, tx, start, &outcome.processed, &next));
	if (next - 1 > last)
		TRY(store_generation_state_raise(tx, run->hash, next - 1));
	TRY(store_generation_span_get(tx, &run->base.campaign_id, &span));
	outcome.first_offset = span.first_offset;
	outcome.last_offset = span.last_offset;
	outcome.successful = outcome.processed;
	outcome.deltas = (struct counters){
		.total_domains = outcome.processed,
		.dns_pending = outcome.processed,
		.http_pending = outcome.processed,
		.lead_pending = outcome.processed,
		.reject_pending = outcome.processed,
	};
	if (outcome.processed < job->batch.domain_count) {
		TRY(store_generation_target_get(tx, &run->base.campaign_id, &target));
		outcome.is_exhausted = true;
		outcome.total_change = target.processed + outcome.processed - target.total;
	}
	*out = outcome;
	return STATUS_OK_VALUE;
}

static struct status generation_finish(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				       struct phase_finish *finish)
{
	const struct campaign *campaign = &finish->campaign->campaign;
	struct generation_config config;
	struct generation_span span;
	char hash[65];

	(void)env;
	TRY(generation_config_parse(finish->campaign->phases[PHASE_GENERATION].configuration, arena, &config));
	TRY(pattern_hash(&config.pattern, arena, hash));
	TRY(store_generation_span_get(tx, &campaign->id, &span));
	finish->results = arena_printf(arena,
				       "{\"generated\":%" PRId32 ",\"requested\":%" PRId32 ",\"truncated\":%s,"
				       "\"offsetStart\":%" PRId64 ",\"offsetEnd\":%" PRId64 ",\"configHash\":\"%s\"}",
				       span.domain_count, config.target_domains,
				       span.domain_count < config.target_domains ? "true" : "false", span.first_offset,
				       span.last_offset, hash);
	return finish->results ? STATUS_OK_VALUE : status_out_of_memory();
}

const struct phase_ops generation_phase = {
	.phase = PHASE_GENERATION,
	.batches_in_flight_max = 1, /* more would only wait for the same lock */
	.begin = generation_begin,
	.run_open = generation_run_open,
	.run_close = generation_run_close,
	.cut = generation_cut,
	.work = generation_work,
	.store = generation_store,
	.finish = generation_finish,
};
