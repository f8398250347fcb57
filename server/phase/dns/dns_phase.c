#include "phase/dns/dns_phase.h"

#include "base/arena.h"
#include "net/dns_client.h"
#include "phase/dns/dns_config.h"
#include "phase/dns/dns_metrics.h"
#include "phase/dns/dns_personas.h"
#include "phase/run.h"
#include "phase/tally.h"
#include "store/feature_store.h"
#include "store/state_store.h"
#include "store/tx.h"
#include "work/cancel.h"

#include <inttypes.h>
#include <stdlib.h>

#define BATCH_PARTS 50
#define BATCH_LEAST 50
#define BATCH_MOST  4000
#define PATIENCE_MS 250 /* for the last answers; then what is there is stored, and the batch parked */
#define PARTS_MOST  4   /* in which a parked batch is stored */

struct dns_run {
	struct phase_run base;
	struct arena *arena;
	struct dns_config config;
	struct dns_personas personas;
};

/* One name of a batch; written by the engine's thread until the tally has it back. */
struct dns_item {
	struct tally_item link;
	struct tally *tally;
	int64_t offset;
	enum { ITEM_OUT, ITEM_BACK, ITEM_TAKEN } state;
	enum dns_outcome outcome;
	enum dns_reason reason;
	struct net_address address; /* when ok */
};

/* The names of a batch that is under way; lives from its first call of work to its last. */
struct dns_asked {
	struct tally tally;
	unsigned count, left; /* left: neither decided nor given up */
	struct dns_item items[];
};

/* What came back, in columns as they are stored. */
struct dns_batch_result {
	struct domain_dns_rows rows;
	int32_t unfinished;
};

/* --- a run ---------------------------------------------------------------------------------------------------- */

static struct status dns_begin(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
			       struct phase_begin *begin)
{
	const struct uuid *id = &begin->campaign->campaign.id;
	struct dns_config config;
	struct counters counters;

	(void)env;
	TRY(dns_config_parse(begin->campaign->phases[PHASE_DNS].configuration, arena, &config));
	TRY(store_counters_get(tx, id, &counters));
	begin->total_items = counters.dns_pending;
	if (begin->kind == PHASE_BEGIN_RERUN) {
		TRY(store_domains_reset(tx, id, PHASE_DNS, &begin->deltas));
		TRY(store_features_reset(tx, id));
		begin->total_items = counters.total_domains;
	}
	begin->batch_size =
		phase_batch_size(config.batch_size, begin->total_items, BATCH_PARTS, BATCH_LEAST, BATCH_MOST);
	return STATUS_OK_VALUE;
}

static void dns_run_close(struct phase_run *base)
{
	struct dns_run *run = (struct dns_run *)base;

	if (!run)
		return;
	dns_personas_close(&run->personas);
	arena_destroy(run->arena);
	free(run);
}

static struct status open_parts(const struct phase_env *env, const struct uuid *campaign_id, struct dns_run *run)
{
	struct campaign_snapshot campaign;

	run->arena = arena_create(0);
	if (!run->arena)
		return status_out_of_memory();
	TRY(phase_campaign_read(env, campaign_id, run->arena, &campaign));
	TRY(dns_config_parse(campaign.phases[PHASE_DNS].configuration, run->arena, &run->config));
	return dns_personas_open(env, &run->config, &run->personas);
}

static struct status dns_run_open(const struct phase_env *env, const struct uuid *campaign_id, int32_t run_number,
				  struct phase_run **out)
{
	struct dns_run *run = calloc(1, sizeof *run);
	struct status st;

	if (!run)
		return status_out_of_memory();
	run->base = (struct phase_run){ env, *campaign_id, run_number };
	st = open_parts(env, campaign_id, run);
	if (!status_ok(st)) {
		dns_run_close(&run->base);
		return st;
	}
	*out = &run->base;
	return STATUS_OK_VALUE;
}

/* --- a batch -------------------------------------------------------------------------------------------------- */

static struct status dns_cut(struct store_tx *tx, const struct uuid *campaign_id, int64_t after, int32_t limit,
			     struct phase_cut *out)
{
	struct domain_cut cut;

	TRY(store_domain_cut(tx, campaign_id, PHASE_DNS, after, limit, &cut));
	*out = phase_cut_of(&cut);
	return STATUS_OK_VALUE;
}

/* On the engine's thread. */
static void lookup_done(void *ctx, const char *name, const struct dns_result *result)
{
	struct dns_item *item = ctx;

	(void)name;
	item->outcome = result->status;
	item->reason = result->reason;
	if (result->status == DNS_OK)
		item->address = result->addresses[0];
	tally_back(item->tally, &item->link);
}

/* Asks for every name. One that could not be submitted any more counts as cancelled. */
static struct status ask_all(struct phase_job *job, const struct domain_work *work, struct dns_asked *asked)
{
	const struct dns_run *run = (const struct dns_run *)job->run;
	struct status st = STATUS_OK_VALUE;

	for (size_t i = 0; i < asked->count; i++) {
		struct dns_item *item = &asked->items[i];
		struct dns_lookup lookup = {
			.name = work[i].name,
			.want_a = run->config.wants_a,
			.want_aaaa = run->config.wants_aaaa,
			.policy = run->personas.policies[(size_t)work[i].offset % run->personas.count],
			.cancel = job->cancel,
		};

		*item = (struct dns_item){ .tally = &asked->tally, .offset = work[i].offset, .outcome = DNS_CANCELED };
		if (!status_ok(st))
			continue;
		tally_add(&asked->tally);
		st = dns_client_submit(run->base.env->dns, &lookup, lookup_done, item);
		if (!status_ok(st))
			tally_back(&asked->tally, &item->link);
	}
	if (job->turn_is_over)
		job->turn_is_over(job);
	return st.code == STATUS_CANCELLED ? STATUS_OK_VALUE : st;
}

static void asked_free(struct dns_asked *asked)
{
	tally_wait_all(&asked->tally, TALLY_FOR_EVER);
	tally_done(&asked->tally);
	free(asked);
}

static struct status begin_batch(struct phase_job *job, struct dns_asked **out)
{
	struct domain_range range = phase_range_of(job);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct domain_work *work;
	struct dns_asked *asked;
	struct status st;
	size_t n;

	TRY(store_single(job->run->env->pool, 0, &tx));
	TRY(store_domains_pending(tx, &range, PHASE_DNS, job->arena, &work, &n));
	TRY(store_commit(&tx));
	asked = malloc(sizeof *asked + n * sizeof asked->items[0]);
	if (!asked)
		return status_out_of_memory();
	tally_init(&asked->tally);
	asked->count = asked->left = (unsigned)n;
	st = ask_all(job, work, asked);
	if (!status_ok(st)) {
		asked_free(asked);
		return st;
	}
	*out = asked;
	return STATUS_OK_VALUE;
}

/* Takes what is back, in the order of the offsets. */
static struct status gather(struct dns_asked *asked, struct arena *arena, struct dns_batch_result *out)
{
	static const char *const words[] = { [DNS_OK] = "ok", [DNS_FAILED] = "error", [DNS_TIMED_OUT] = "timeout" };
	int64_t *offsets = arena_array(arena, asked->left + 1, sizeof *offsets);
	const char **statuses = arena_array(arena, asked->left + 1, sizeof *statuses);
	const char **reasons = arena_array(arena, asked->left + 1, sizeof *reasons);
	const char **addresses = arena_array(arena, asked->left + 1, sizeof *addresses);
	struct tally_item *link;
	size_t count = 0;

	if (!offsets || !statuses || !reasons || !addresses)
		return status_out_of_memory();
	while ((link = tally_next(&asked->tally, 0)))
		((struct dns_item *)link)->state = ITEM_BACK;
	for (unsigned i = 0; i < asked->count; i++) {
		struct dns_item *item = &asked->items[i];
		char text[NET_ADDRESS_TEXT_SIZE];

		if (item->state != ITEM_BACK || item->outcome == DNS_CANCELED)
			continue;
		item->state = ITEM_TAKEN;
		offsets[count] = item->offset;
		statuses[count] = words[item->outcome];
		reasons[count] = item->outcome == DNS_OK ? NULL : dns_reason_text[item->reason];
		addresses[count] = NULL;
		if (item->outcome == DNS_OK) {
			net_address_ip_text(&item->address, text);
			addresses[count] = arena_strdup(arena, text);
			if (!addresses[count])
				return status_out_of_memory();
		}
		count++;
	}
	asked->left -= (unsigned)count;
	out->rows = (struct domain_dns_rows){ count, offsets, statuses, reasons, addresses };
	out->unfinished = (int32_t)asked->left;
	return STATUS_OK_VALUE;
}

static struct status dns_work(struct phase_job *job, void **result)
{
	struct dns_batch_result *out = arena_alloc(job->arena, sizeof *out);
	struct dns_asked *asked = job->rest;
	int64_t patience_ms = asked ? 0 : PATIENCE_MS;
	struct status st;

	job->rest = NULL;
	if (!asked)
		TRY(begin_batch(job, &asked));
	tally_wait_all(&asked->tally, tally_patience(job, patience_ms));
	st = out ? gather(asked, job->arena, out) : status_out_of_memory();
	if (!status_ok(st) || !tally_is_out(&asked->tally)) {
		asked_free(asked);
		TRY(st);
	} else {
		job->rest = asked;
		tally_park(&asked->tally, job, asked->count / PARTS_MOST + 1);
	}
	dns_metrics_count(job->run->env->metrics, out->rows.statuses, out->rows.count);
	*result = out;
	return STATUS_OK_VALUE;
}

static struct status dns_store(struct phase_job *job, void *result, struct store_tx *tx, struct phase_outcome *out)
{
	const struct dns_batch_result *batch = result;
	struct domain_range range = phase_range_of(job);
	struct domain_dns_change change = { 0 };
	int32_t failed, all;

	if (batch->rows.count > 0)
		TRY(store_domains_finish_dns(tx, &range, &batch->rows, &change));
	failed = change.error + change.timeout;
	all = change.ok + failed;
	*out = (struct phase_outcome){
		.deltas = { .dns_pending = -all,
			    .dns_ok = change.ok,
			    .dns_error = change.error,
			    .dns_timeout = change.timeout,
			    .lead_pending = -failed,
			    .lead_no_match = failed,
			    .reject_pending = -failed,
			    .reject_dns_error = change.error,
			    .reject_dns_timeout = change.timeout },
		.processed = all,
		.successful = change.ok,
		.failed = failed,
		.unfinished = batch->unfinished,
		.first_offset = -1,
		.last_offset = -1,
	};
	return STATUS_OK_VALUE;
}

static struct status dns_finish(const struct phase_env *env, struct store_tx *tx, struct arena *arena,
				struct phase_finish *finish)
{
	struct counters c;

	(void)env;
	TRY(store_counters_get(tx, &finish->campaign->campaign.id, &c));
	finish->results = arena_printf(arena, "{\"ok\":%" PRId32 ",\"error\":%" PRId32 ",\"timeout\":%" PRId32 "}",
				       c.dns_ok, c.dns_error, c.dns_timeout);
	return finish->results ? STATUS_OK_VALUE : status_out_of_memory();
}

const struct phase_ops dns_phase = {
	.phase = PHASE_DNS,
	.begin = dns_begin,
	.run_open = dns_run_open,
	.run_close = dns_run_close,
	.batches_take_turns = true,
	.cut = dns_cut,
	.work = dns_work,
	.store = dns_store,
	.finish = dns_finish,
};
