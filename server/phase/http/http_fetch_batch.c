#include "phase/http/http_fetch_batch.h"

#include "base/arena.h"
#include "base/clock.h"
#include "extract/page.h"
#include "extract/rules.h"
#include "net/http_client.h"
#include "net/url.h"
#include "phase/http/http_run.h"
#include "phase/tally.h"

#include <stdio.h>

#define DETAIL_SIZE 200

/* One site; the engine's thread writes it until the tally has it back, then the batch's thread reads it. */
struct site {
	struct tally_item link;
	struct tally *tally;
	struct page *page;  /* made when a body begins */
	bool is_page_short; /* memory ran out while reading */
	enum http_outcome outcome;
	enum http_reason reason;
	unsigned code, redirects;
	bool is_truncated;
	int64_t took_ms, ended_ms;
	char detail[DETAIL_SIZE];
};

/* --- on the engine's thread ----------------------------------------------------------------------------------- */

static void body_begins(void *ctx, const struct http_head *head)
{
	struct site *site = ctx;
	struct http_url url;
	const char *why;

	if (!site->page)
		site->page = page_create(PAGE_TEXT_BYTES_MAX);
	site->is_page_short = !site->page;
	if (site->page)
		page_begin(site->page, http_url_parse(head->url, &url, &why) ? url.host : "", head->content_type);
}

static void body_arrives(void *ctx, const void *bytes, size_t n)
{
	struct site *site = ctx;

	if (!site->is_page_short)
		site->is_page_short = !status_ok(page_feed(site->page, bytes, n));
}

static void fetch_done(void *ctx, const struct http_result *result)
{
	struct site *site = ctx;

	site->outcome = result->status;
	site->reason = result->reason;
	site->code = result->code;
	site->redirects = result->redirects;
	site->is_truncated = result->is_truncated;
	site->took_ms = result->took_ms;
	site->ended_ms = clock_wall_ms();
	snprintf(site->detail, sizeof site->detail, "%s", result->detail);
	tally_back(site->tally, &site->link);
}

/* --- on the batch's thread ------------------------------------------------------------------------------------ */

struct fetching {
	struct phase_job *job;
	const struct http_run *run;
	struct rules_scratch *scratch;
	const struct domain_work *work;
	struct site *sites;
	struct site_result *results;
};

static struct status fail_site(struct fetching *batch, struct site_result *result, const char *reason,
			       const char *detail)
{
	result->state = SITE_FAILED;
	result->reason = reason;
	result->error = arena_printf(batch->job->arena, "%s: %s", reason, detail);
	return result->error ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status read_page(struct fetching *batch, struct site *site, struct site_result *result)
{
	struct arena *arena = batch->job->arena;
	char fetched_at[CLOCK_TEXT_SIZE];
	struct page_signals signals;
	struct rules_found found;
	struct features_input input;

	if (site->is_page_short || !site->page)
		return fail_site(batch, result, "ERROR", "the page did not fit into memory");
	TRY(page_finish(site->page, site->is_truncated, &signals));
	if (!signals.is_text)
		return fail_site(batch, result, "CONTENT_MISMATCH", "the body is neither HTML nor text");
	TRY(rules_scan(batch->run->rules, batch->scratch, &signals, arena, &found));
	clock_to_text(site->ended_ms, fetched_at);
	input = (struct features_input){
		.page = &signals, .found = &found, .status_code = (int)site->code, .fetched_at = fetched_at
	};
	TRY(features_build(&batch->run->features, &input, arena, &result->features));
	result->state = SITE_READY;
	return STATUS_OK_VALUE;
}

static struct status take_site(struct fetching *batch, struct site *site)
{
	struct site_result *result = &batch->results[site - batch->sites];
	struct status st = STATUS_OK_VALUE;

	result->code = (int32_t)site->code;
	result->is_redirected = site->redirects > 0;
	result->took_ms = (int32_t)site->took_ms;
	result->fetched_at_ms = site->ended_ms;
	switch (site->outcome) {
	case HTTP_OK:
		st = read_page(batch, site, result);
		break;
	case HTTP_FAILED:
		st = fail_site(batch, result, http_reason_text[site->reason], site->detail);
		break;
	case HTTP_TIMED_OUT:
		st = fail_site(batch, result, http_reason_text[site->reason], site->detail);
		result->state = SITE_TIMEOUT;
		break;
	case HTTP_CANCELED:
		break;
	}
	page_destroy(site->page);
	site->page = NULL;
	return st;
}

static struct status submit(struct fetching *batch, size_t i, struct tally *tally)
{
	const struct domain_work *work = &batch->work[i];
	struct http_run *run = (struct http_run *)batch->job->run;
	struct site *site = &batch->sites[i];
	struct http_fetch fetch = {
		.host = work->name,
		.policy = run->policies[(size_t)work->offset % run->persona_count],
		.sink = { .begin = body_begins, .data = body_arrives, .ctx = site },
		.cancel = batch->job->cancel,
	};
	struct status st;

	if (work->address)
		net_address_parse(work->address, 0, &fetch.address);
	fetch.resolver = http_lookups_resolver(&run->lookups);
	site->tally = tally;
	tally_add(tally);
	st = http_client_submit(run->base.env->http, &fetch, fetch_done, site);
	if (status_ok(st))
		return st;
	site->outcome = HTTP_CANCELED; /* no callback comes */
	tally_back(tally, &site->link);
	return st;
}

static void keep_first(struct status *kept, struct status st)
{
	if (status_ok(*kept))
		*kept = st;
}

/* The first failure; everything that was submitted is taken in any case. */
static struct status fetch_all(struct fetching *batch, size_t count)
{
	struct status st = STATUS_OK_VALUE, taken = STATUS_OK_VALUE;
	struct tally_item *item;
	struct tally tally;

	tally_init(&tally);
	for (size_t i = 0; i < count && status_ok(st); i++) {
		st = submit(batch, i, &tally);
		while ((item = tally_poll(&tally)))
			keep_first(&taken, take_site(batch, (struct site *)item));
	}
	while ((item = tally_next(&tally)))
		keep_first(&taken, take_site(batch, (struct site *)item));
	tally_done(&tally);
	return status_ok(st) || st.code == STATUS_CANCELLED ? taken : st;
}

struct status http_fetch_batch(struct phase_job *job, const struct domain_work *work, size_t count,
			       struct site_result *results)
{
	struct fetching batch = {
		.job = job, .run = (const struct http_run *)job->run, .work = work, .results = results
	};
	struct status st;

	for (size_t i = 0; i < count; i++)
		results[i] = (struct site_result){ .offset = work[i].offset, .state = SITE_PENDING };
	batch.sites = arena_array(job->arena, count + 1, sizeof *batch.sites);
	batch.scratch = rules_scratch_create();
	st = batch.sites && batch.scratch ? fetch_all(&batch, count) : status_out_of_memory();
	rules_scratch_destroy(batch.scratch);
	return st;
}
