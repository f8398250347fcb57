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
#include <stdlib.h>

#define DETAIL_SIZE 200
#define PATIENCE_MS 1000 /* for the last sites; then what is there is stored, and the batch parked */
#define PARTS_MOST  4    /* in which a parked batch is stored */

/* One site; the engine's thread writes it until the tally has it back, then the batch's thread reads it. */
struct site {
	struct tally_item link;
	struct tally *tally;
	int64_t offset;
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

/* The sites of a batch that is under way; lives from its first call to its last. */
struct fetching {
	struct tally tally;
	int64_t began_ms;
	size_t count, left; /* left: neither decided nor given up */
	struct site sites[];
};

/* One call. */
struct pass {
	struct phase_job *job;
	const struct http_run *run;
	struct rules_scratch *scratch;
	struct fetching *fetching;
	struct site_result *results; /* as many as are left */
	size_t count;
	struct status st; /* the first failure */
};

static struct status fail_site(struct pass *pass, struct site_result *result, const char *reason, const char *detail)
{
	result->state = SITE_FAILED;
	result->reason = reason;
	result->error = arena_printf(pass->job->arena, "%s: %s", reason, detail);
	return result->error ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status read_page(struct pass *pass, struct site *site, struct site_result *result)
{
	struct arena *arena = pass->job->arena;
	char fetched_at[CLOCK_TEXT_SIZE];
	struct page_signals signals;
	struct rules_found found;
	struct features_input input;

	if (site->is_page_short || !site->page)
		return fail_site(pass, result, "ERROR", "the page did not fit into memory");
	TRY(page_finish(site->page, site->is_truncated, &signals));
	if (!signals.is_text)
		return fail_site(pass, result, "CONTENT_MISMATCH", "the body is neither HTML nor text");
	TRY(rules_scan(pass->run->rules, pass->scratch, &signals, arena, &found));
	clock_to_text(site->ended_ms, fetched_at);
	input = (struct features_input){
		.page = &signals, .found = &found, .status_code = (int)site->code, .fetched_at = fetched_at
	};
	TRY(features_build(&pass->run->features, &input, arena, &result->features));
	result->state = SITE_READY;
	return STATUS_OK_VALUE;
}

/* Makes a result of what is back and gives its page back. */
static void take_site(struct pass *pass, struct site *site)
{
	struct site_result *result = &pass->results[pass->count];
	struct status st = STATUS_OK_VALUE;

	*result = (struct site_result){ .offset = site->offset,
					.code = (int32_t)site->code,
					.is_redirected = site->redirects > 0,
					.took_ms = (int32_t)site->took_ms,
					.fetched_at_ms = site->ended_ms };
	switch (site->outcome) {
	case HTTP_OK:
		st = read_page(pass, site, result);
		break;
	case HTTP_FAILED:
		st = fail_site(pass, result, http_reason_text[site->reason], site->detail);
		break;
	case HTTP_TIMED_OUT:
		st = fail_site(pass, result, http_reason_text[site->reason], site->detail);
		result->state = SITE_TIMEOUT;
		break;
	case HTTP_CANCELED:
		break;
	}
	pass->count += site->outcome != HTTP_CANCELED;
	page_destroy(site->page);
	site->page = NULL;
	if (status_ok(pass->st))
		pass->st = st;
}

static void take_all(struct pass *pass, int64_t until_ms)
{
	struct tally_item *item;

	while ((item = tally_next(&pass->fetching->tally, until_ms)))
		take_site(pass, (struct site *)item);
}

static struct status submit(struct pass *pass, const struct domain_work *work, struct site *site)
{
	struct http_run *run = (struct http_run *)pass->job->run;
	struct http_fetch fetch = {
		.host = work->name,
		.policy = run->policies[(size_t)work->offset % run->persona_count],
		.sink = { .begin = body_begins, .data = body_arrives, .ctx = site },
		.cancel = pass->job->cancel,
	};
	struct status st;

	if (work->address)
		net_address_parse(work->address, 0, &fetch.address);
	fetch.resolver = http_lookups_resolver(&run->lookups);
	*site = (struct site){ .tally = &pass->fetching->tally, .offset = work->offset };
	tally_add(site->tally);
	st = http_client_submit(run->base.env->http, &fetch, fetch_done, site);
	if (status_ok(st))
		return st;
	site->outcome = HTTP_CANCELED; /* no callback comes */
	tally_back(site->tally, &site->link);
	return st;
}

/* Asks for every site, and reads meanwhile what is back. */
static void ask_all(struct pass *pass, const struct domain_work *work)
{
	struct status st = STATUS_OK_VALUE;

	for (size_t i = 0; i < pass->fetching->count && status_ok(st); i++) {
		st = submit(pass, &work[i], &pass->fetching->sites[i]);
		take_all(pass, 0);
	}
	if (pass->job->turn_is_over)
		pass->job->turn_is_over(pass->job);
	if (!status_ok(st) && st.code != STATUS_CANCELLED && status_ok(pass->st))
		pass->st = st;
}

static struct status begin(size_t count, struct fetching **out)
{
	struct fetching *fetching = malloc(sizeof *fetching + count * sizeof fetching->sites[0]);

	if (!fetching)
		return status_out_of_memory();
	tally_init(&fetching->tally);
	fetching->count = fetching->left = count;
	fetching->began_ms = clock_monotonic_ms();
	*out = fetching;
	return STATUS_OK_VALUE;
}

/* Nobody wants what still comes back. */
static void throw_away(struct fetching *fetching)
{
	struct tally_item *item;

	while ((item = tally_next(&fetching->tally, TALLY_FOR_EVER)))
		page_destroy(((struct site *)item)->page);
	tally_done(&fetching->tally);
	free(fetching);
}

static void run_pass(struct pass *pass, const struct domain_work *work)
{
	pass->results = arena_array(pass->job->arena, pass->fetching->left + 1, sizeof *pass->results);
	pass->scratch = rules_scratch_create();
	if (!pass->results || !pass->scratch) {
		pass->st = status_out_of_memory();
		return;
	}
	if (work)
		ask_all(pass, work);
	take_all(pass, tally_patience(pass->job, work ? PATIENCE_MS : 0));
}

struct status http_fetch_batch(struct phase_job *job, const struct domain_work *work, size_t count, struct fetched *out)
{
	struct fetching *fetching = job->rest;
	struct pass pass = { .job = job, .run = (const struct http_run *)job->run, .st = STATUS_OK_VALUE };

	job->rest = NULL;
	if (!fetching)
		TRY(begin(count, &fetching));
	pass.fetching = fetching;
	run_pass(&pass, work);
	rules_scratch_destroy(pass.scratch);
	fetching->left -= pass.count;
	*out = (struct fetched){ pass.results, pass.count, (int32_t)fetching->left, -1 };
	if (status_ok(pass.st) && tally_is_out(&fetching->tally)) {
		job->rest = fetching;
		tally_park(&fetching->tally, job, (unsigned)(fetching->count / PARTS_MOST + 1));
		return STATUS_OK_VALUE;
	}
	out->took_ms = clock_monotonic_ms() - fetching->began_ms;
	throw_away(fetching);
	return pass.st;
}
