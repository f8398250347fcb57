/* How many domains a second each phase's storage takes, one worker, plain transactions, counters included.
 *
 *   TEST_DATABASE_URL=… BENCH_DOMAINS=300000 BENCH_BATCH=5000 bench_store
 *
 * Generation, analysis and leads run whole through their phase_ops; dns is its write-back without lookups. */
#include "phase/analysis/analysis_phase.h"
#include "phase/generation/generation_phase.h"
#include "phase/leads/leads_phase.h"
#include "phase/phase_runner.h"

#include "base/arena.h"
#include "base/clock.h"
#include "store/domain_store.h"
#include "store/query.h"
#include "store/state_store.h"
#include "store/tx.h"

#include <stdio.h>
#include <stdlib.h>

static int env_number(const char *name, int otherwise)
{
	const char *text = getenv(name);

	return text ? atoi(text) : otherwise;
}

static void report(const char *what, int64_t rows, int64_t start_us)
{
	double seconds = (double)(clock_monotonic_us() - start_us) / 1e6;

	printf("%-28s %8lld rows  %6.2f s  %8.0f rows/s\n", what, (long long)rows, seconds, (double)rows / seconds);
	fflush(stdout);
}

static void bench_phase(struct runner *runner, const struct phase_ops *ops, enum phase_begin_kind kind,
			const char *what)
{
	int64_t start_us = clock_monotonic_us();

	runner_phase(runner, ops, kind);
	report(what, runner_state(runner, ops->phase).progress.processed, start_us);
}

/* Every tenth name fails, as answers would say. */
static void dns_batch(struct runner *runner, const struct domain_range *range, int size)
{
	struct domain_dns_rows rows = { .count = (size_t)size };
	struct arena *arena = arena_create(0);
	int64_t *offsets = arena_array(arena, (size_t)size, sizeof *offsets);
	const char **statuses = arena_array(arena, (size_t)size, sizeof *statuses);
	const char **reasons = arena_array(arena, (size_t)size, sizeof *reasons);
	const char **addresses = arena_array(arena, (size_t)size, sizeof *addresses);
	struct domain_dns_change change;
	struct counters deltas = { 0 };
	struct store_tx *tx;

	for (int i = 0; i < size; i++) {
		bool ok = i % 10 != 0;

		offsets[i] = range->first + i;
		statuses[i] = ok ? "ok" : "error";
		reasons[i] = ok ? NULL : "NXDOMAIN";
		addresses[i] = ok ? "192.0.2.17" : NULL;
	}
	rows.offsets = offsets;
	rows.statuses = statuses;
	rows.reasons = reasons;
	rows.addresses = addresses;
	expect_ok(store_begin(runner->env.pool, 0, &tx));
	expect_ok(store_domains_finish_dns(tx, range, &rows, &change));
	deltas.dns_ok = change.ok;
	deltas.dns_error = deltas.lead_no_match = deltas.reject_dns_error = change.error;
	deltas.dns_pending = -change.ok - change.error;
	deltas.lead_pending = deltas.reject_pending = -change.error;
	expect_ok(store_counters_add(tx, &runner->campaign, &deltas));
	expect_ok(store_commit(&tx));
	arena_destroy(arena);
}

/* As fetches leave the rows: written in small transactions, vacuumed meanwhile. */
static void prepare_features(struct runner *runner, int domains)
{
	struct store_tx *tx;

	for (int first = 0; first < domains; first += 1000) {
		char *sql = arena_printf(
			runner->arena,
			"UPDATE domains SET http_status = 'ok', http_keywords = '[1]' WHERE campaign_id = '%%s'"
			" AND dns_status = 'ok' AND offset_index BETWEEN %d AND %d;"
			"INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name, processing_state,"
			" kw_unique_count, kw_total_occurrences, content_bytes, has_structural_signals, fetched_at,"
			" feature_vector)"
			" SELECT campaign_id, offset_index, domain_name, 'ready', 3, offset_index %%%% 20, 18000, "
			"true, now(),"
			" jsonb_build_object('kw_unique', 3, 'kw_hits_total', 9, 'page_title', repeat('title ', 20),"
			" 'content_snippet', repeat('snippet ', 30)) FROM domains WHERE campaign_id = '%%s'"
			" AND dns_status = 'ok' AND offset_index BETWEEN %d AND %d",
			first, first + 999, first, first + 999);

		runner_sql(runner, sql);
	}
	runner_sql(runner, "UPDATE campaign_counters SET http_ok = dns_ok, http_pending = http_pending - dns_ok,"
			   " keyword_hits = dns_ok WHERE campaign_id = '%s'");
	expect_ok(store_single(runner->env.pool, 0, &tx));
	expect_ok(store_script(tx, "VACUUM ANALYZE domains, domain_extraction_features"));
	expect_ok(store_commit(&tx));
}

static void bench(void **state)
{
	struct runner *runner = *state;
	int domains = env_number("BENCH_DOMAINS", 300000), batch = env_number("BENCH_BATCH", 5000);
	int64_t start_us;

	runner->skips_recount = true;
	runner_campaign(runner);
	runner_configure(
		runner, PHASE_GENERATION,
		arena_printf(runner->arena,
			     "{\"patternType\":\"suffix\",\"suffixVariableLength\":6,\"constantString\":\"bench\","
			     "\"tld\":\".com\",\"numDomainsToGenerate\":%d,\"batchSize\":%d}",
			     domains, batch));
	runner_configure(runner, PHASE_ANALYSIS, arena_printf(runner->arena, "{\"batchSize\":%d}", batch));
	runner_configure(runner, PHASE_LEADS, arena_printf(runner->arena, "{\"batchSize\":%d}", batch));
	bench_phase(runner, &generation_phase, PHASE_BEGIN_FIRST, "generation");
	start_us = clock_monotonic_us();
	for (int first = 0; first < domains; first += batch)
		dns_batch(runner, &(struct domain_range){ runner->campaign, first, first + batch - 1 }, batch);
	report("dns write-back", domains, start_us);
	start_us = clock_monotonic_us();
	prepare_features(runner, domains);
	report("(pages made up)", domains, start_us);
	bench_phase(runner, &analysis_phase, PHASE_BEGIN_FIRST, "analysis");
	bench_phase(runner, &analysis_phase, PHASE_BEGIN_RERUN, "analysis again");
	bench_phase(runner, &leads_phase, PHASE_BEGIN_FIRST, "leads");
	bench_phase(runner, &leads_phase, PHASE_BEGIN_RERUN, "leads again, nothing changes");
	runner_recount(runner);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(bench) };

	return cmocka_run_group_tests(tests, runner_open, runner_close);
}
