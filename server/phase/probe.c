#include "phase/probe.h"

#include "base/arena.h"
#include "base/clock.h"
#include "config/settings.h"
#include "model/catalog.h"
#include "net/shared_rate.h"
#include "phase/dns/dns_personas.h"
#include "phase/http/http_engine.h"
#include "phase/http/http_lookups.h"
#include "phase/http/http_personas.h"
#include "phase/phase.h"
#include "phase/tally.h"
#include "work/cancel.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOKUPS_MAX = 256,
	FETCHES_AT_ONCE = 8, /* of one probe: so many pages are in memory */
	LOOKUP_RETRIES = 1,
	LOOKUP_MS = 15000,
};

struct probes {
	const struct phase_env *env;
	struct dns_client *dns;
	struct http_client *http;
	atomic_int at_work;
};

/* --- life ------------------------------------------------------------------------------------------------------- */

struct status probes_open(const struct phase_env *env, const struct address_guard *http_guard, struct probes **out)
{
	const struct settings *s = env->settings;
	const struct dns_client_settings dns = { .lookups_max = LOOKUPS_MAX };
	const struct http_client_settings http =
		http_engine_settings(s, s->api_probes_max * FETCHES_AT_ONCE, http_guard);
	struct probes *probes = calloc(1, sizeof *probes);
	struct status st;

	if (!probes)
		return status_out_of_memory();
	probes->env = env;
	st = dns_client_create(&dns, &probes->dns);
	if (status_ok(st))
		st = http_client_create(&http, &probes->http);
	if (!status_ok(st)) {
		probes_close(probes);
		return st;
	}
	*out = probes;
	return STATUS_OK_VALUE;
}

void probes_close(struct probes *probes)
{
	if (!probes)
		return;
	http_client_destroy(probes->http);
	dns_client_destroy(probes->dns);
	free(probes);
}

struct status probes_enter(struct probes *probes)
{
	if (atomic_fetch_add(&probes->at_work, 1) < probes->env->settings->api_probes_max)
		return STATUS_OK_VALUE;
	atomic_fetch_sub(&probes->at_work, 1);
	return status_make(STATUS_RESOURCE_EXHAUSTED, "PROBES_BUSY",
			   "as many tests and extractions as this server allows are under way; try again");
}

void probes_leave(struct probes *probes)
{
	atomic_fetch_sub(&probes->at_work, 1);
}

/* The next one back, NULL when none is out. Sets `cancel` when the time is over; an engine calls back soon after. */
static struct tally_item *next_back(struct tally *asked, int64_t until_ms, struct cancel *cancel)
{
	struct tally_item *item = tally_next(asked, cancel_is_set(cancel) ? TALLY_FOR_EVER : until_ms);

	if (item || !tally_is_out(asked))
		return item;
	cancel_set(cancel);
	return tally_next(asked, TALLY_FOR_EVER);
}

/* --- one lookup --------------------------------------------------------------------------------------------------- */

struct lookup_out {
	struct tally_item item;
	struct tally *asked;
	struct dns_result result;
};

static void looked_up(void *ctx, const char *name, const struct dns_result *result)
{
	struct lookup_out *out = ctx;

	(void)name;
	out->result = *result;
	tally_back(out->asked, &out->item);
}

/* dns NULL: the system's resolvers, without a rate. */
static struct status open_policy(struct probes *probes, const struct persona *dns, struct arena *arena,
				 struct dns_policy **policy, struct shared_rate **rate)
{
	const struct dns_policy_settings system = { .system_resolvers = true,
						    .domain_timeout_ms = LOOKUP_MS,
						    .retries_max = LOOKUP_RETRIES };

	if (dns)
		return dns_persona_policy(probes->env, dns, LOOKUP_MS, LOOKUP_RETRIES, arena, policy, rate);
	return dns_policy_create(&system, policy);
}

static struct status ask(struct probes *probes, struct dns_policy *policy, const char *name,
			 const struct probe_limits *limits, struct cancel *cancel, struct probe_lookup *out)
{
	const struct dns_lookup lookup = {
		.name = name, .want_a = true, .want_aaaa = true, .policy = policy, .cancel = cancel
	};
	struct tally asked;
	struct lookup_out answer = { .asked = &asked, .result = { .status = DNS_CANCELED } };
	struct status st;

	tally_init(&asked);
	tally_add(&asked);
	st = dns_client_try_submit(probes->dns, &lookup, looked_up, &answer);
	if (status_ok(st)) {
		next_back(&asked, limits->until_ms, cancel);
		out->result = answer.result;
		out->is_over_time = answer.result.status == DNS_CANCELED;
	}
	tally_done(&asked);
	return st;
}

struct status probe_lookup(struct probes *probes, const struct persona *dns, const char *name,
			   const struct probe_limits *limits, struct probe_lookup *out)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct dns_policy *policy = NULL;
	struct shared_rate *rate = NULL;
	struct cancel cancel;
	struct status st;

	if (!arena)
		return status_out_of_memory();
	TRY(open_policy(probes, dns, arena, &policy, &rate));
	cancel_init(&cancel, limits->cancel);
	st = ask(probes, policy, name, limits, &cancel, out);
	cancel_done(&cancel);
	dns_policy_destroy(policy);
	shared_rate_destroy(rate);
	return st;
}

/* --- pages -------------------------------------------------------------------------------------------------------- */

/* A dns persona, or the system's resolvers, as the resolver of fetches. */
struct probe_resolver {
	const struct persona *dns;
	struct dns_policy *policy;
	struct shared_rate *rate;
	struct http_lookups lookups;
	struct status failure; /* it can't be used */
};

struct probe_fetcher {
	const struct persona *http;
	struct http_policy *policy;
	struct shared_rate *rate;
	struct status failure;
};

struct fetch_out {
	struct tally_item item; /* first: the waiter gets it back */
	struct tally *asked;
	struct probe_page *page;
	struct page *text; /* made when a body begins */
	bool is_text_short;
};

/* One call of probe_fetch. */
struct probe_run {
	struct probes *probes;
	const struct probe_limits *limits;
	struct arena *arena;
	struct probe_resolver *resolvers;
	struct probe_fetcher *fetchers;
	size_t resolver_count, fetcher_count;
	struct tally asked;
	size_t at_work; /* submitted and not taken */
	struct cancel cancel;
	probe_done_fn done;
	void *ctx;
};

/* On the engine's thread. */
static void body_begins(void *ctx, const struct http_head *head)
{
	struct fetch_out *out = ctx;
	struct http_url url;
	const char *why;

	if (!out->text)
		out->text = page_create(PAGE_TEXT_BYTES_MAX);
	out->is_text_short = !out->text;
	if (out->text)
		page_begin(out->text, http_url_parse(head->url, &url, &why) ? url.host : "", head->content_type);
}

/* On the engine's thread. */
static void body_arrives(void *ctx, const void *bytes, size_t n)
{
	struct fetch_out *out = ctx;

	if (!out->is_text_short)
		out->is_text_short = !status_ok(page_feed(out->text, bytes, n));
}

/* On the engine's thread. */
static void fetched(void *ctx, const struct http_result *result)
{
	struct fetch_out *out = ctx;
	struct probe_page *page = out->page;

	page->outcome = result->status;
	page->reason = result->reason;
	page->code = result->code;
	page->redirects = result->redirects;
	page->is_truncated = result->is_truncated;
	page->took_ms = result->took_ms;
	page->body_bytes = result->body_bytes;
	page->address = result->address;
	snprintf(page->final_url, sizeof page->final_url, "%s", result->url);
	snprintf(page->detail, sizeof page->detail, "%s", result->detail);
	tally_back(out->asked, &out->item);
}

static struct probe_resolver *resolver_of(struct probe_run *run, const struct persona *dns)
{
	struct probe_resolver *r = run->resolvers;

	for (; r < run->resolvers + run->resolver_count; r++)
		if (r->dns == dns)
			return r;
	run->resolver_count++;
	r->dns = dns;
	r->failure = open_policy(run->probes, dns, run->arena, &r->policy, &r->rate);
	if (status_ok(r->failure))
		http_lookups_open(&r->lookups, run->probes->dns, r->policy);
	return r;
}

static struct probe_fetcher *fetcher_of(struct probe_run *run, const struct persona *http)
{
	struct probe_fetcher *f = run->fetchers;

	for (; f < run->fetchers + run->fetcher_count; f++)
		if (f->http == http)
			return f;
	run->fetcher_count++;
	f->http = http;
	f->failure = http_persona_policy(run->probes->env, http, 0, run->arena, &f->policy, &f->rate);
	return f;
}

static struct status out_of_time(void)
{
	return status_make(STATUS_DEADLINE_EXCEEDED, "PROBE_TIMEOUT", "there was no time left for it");
}

/* False: the persona lets no more wait; again when one is back. What can't be asked at all is back at once. */
static bool submit(struct probe_run *run, struct fetch_out *out, struct probe_page *page)
{
	struct probe_resolver *resolver = resolver_of(run, page->dns);
	struct probe_fetcher *fetcher = fetcher_of(run, page->http);
	struct http_fetch fetch = {
		.host = page->host,
		.url = page->url,
		.policy = fetcher->policy,
		.sink = { .begin = body_begins, .data = body_arrives, .ctx = out },
		.cancel = &run->cancel,
	};

	out->page = page;
	out->asked = &run->asked;
	tally_add(out->asked);
	page->failure = status_ok(resolver->failure) ? fetcher->failure : resolver->failure;
	if (cancel_is_set(&run->cancel))
		page->failure = out_of_time();
	if (status_ok(page->failure)) {
		fetch.resolver = http_lookups_resolver(&resolver->lookups);
		page->failure = http_client_try_submit(run->probes->http, &fetch, fetched, out);
	}
	if (page->failure.code == STATUS_RESOURCE_EXHAUSTED && run->at_work > 0) {
		tally_forget(out->asked);
		return false;
	}
	if (!status_ok(page->failure))
		tally_back(out->asked, &out->item);
	run->at_work++;
	return true;
}

static struct status take(struct probe_run *run, struct fetch_out *out)
{
	struct probe_page *page = out->page;
	struct status st = STATUS_OK_VALUE;

	if (status_ok(page->failure) && page->outcome == HTTP_CANCELED)
		page->failure = out_of_time();
	if (status_ok(page->failure) && page->outcome == HTTP_OK && out->text && !out->is_text_short) {
		st = page_finish(out->text, page->is_truncated, &page->signals);
		page->is_read = status_ok(st) && page->signals.is_text;
	}
	if (status_ok(st))
		st = run->done(run->ctx, page);
	page->is_read = false;
	page_destroy(out->text);
	out->text = NULL;
	return st;
}

static struct status fetch_all(struct probe_run *run, struct probe_page *pages, size_t count)
{
	struct fetch_out *outs = arena_array(run->arena, count + 1, sizeof *outs);
	struct status st = STATUS_OK_VALUE, taken;
	struct tally_item *item;
	size_t next = 0;

	if (!outs)
		return status_out_of_memory();
	for (;;) {
		while (next < count && status_ok(st) && run->at_work < FETCHES_AT_ONCE &&
		       submit(run, &outs[next], &pages[next]))
			next++;
		item = next_back(&run->asked, run->limits->until_ms, &run->cancel);
		if (!item)
			return st;
		run->at_work--;
		taken = take(run, (struct fetch_out *)item);
		if (status_ok(st) && !status_ok(taken)) {
			st = taken;
			cancel_set(&run->cancel);
		}
	}
}

struct status probe_fetch(struct probes *probes, struct probe_page *pages, size_t count,
			  const struct probe_limits *limits, probe_done_fn done, void *ctx)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct probe_run run = { .probes = probes, .limits = limits, .arena = arena, .done = done, .ctx = ctx };
	struct status st;

	if (!arena)
		return status_out_of_memory();
	run.resolvers = arena_array(arena, count + 1, sizeof *run.resolvers);
	run.fetchers = arena_array(arena, count + 1, sizeof *run.fetchers);
	if (!run.resolvers || !run.fetchers)
		return status_out_of_memory();
	cancel_init(&run.cancel, limits->cancel);
	tally_init(&run.asked);
	st = fetch_all(&run, pages, count);
	tally_done(&run.asked);
	for (size_t i = 0; i < run.fetcher_count; i++) {
		http_policy_destroy(run.fetchers[i].policy);
		shared_rate_destroy(run.fetchers[i].rate);
	}
	for (size_t i = 0; i < run.resolver_count; i++) {
		http_lookups_close(&run.resolvers[i].lookups);
		dns_policy_destroy(run.resolvers[i].policy);
		shared_rate_destroy(run.resolvers[i].rate);
	}
	cancel_done(&run.cancel);
	return st;
}
