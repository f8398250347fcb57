#include "phase/phase_runner.h"

#include "base/arena.h"
#include "base/clock.h"
#include "store/query.h"
#include "store/row.h"
#include "store/state_store.h"
#include "store/tx.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REST_MS 30000

int runner_open(void **state)
{
	struct runner *runner = calloc(1, sizeof *runner);
	void *fixture = NULL;

	assert_non_null(runner);
	if (fixture_open(&fixture) != 0)
		return -1;
	runner->fixture = fixture;
	runner->env = (struct phase_env){ .settings = &runner->fixture->settings, .pool = runner->fixture->pool };
	runner->arena = arena_create(0);
	cancel_init(&runner->cancel, NULL);
	*state = runner;
	return 0;
}

int runner_close(void **state)
{
	struct runner *runner = *state;
	void *fixture = runner->fixture;

	cancel_done(&runner->cancel);
	arena_destroy(runner->arena);
	free(runner);
	return fixture_close(&fixture);
}

static struct store_tx *begin(struct runner *runner)
{
	struct store_tx *tx = NULL;

	expect_ok(store_begin(runner->env.pool, 0, &tx));
	return tx;
}

static char *with_campaign(struct runner *runner, const char *format)
{
	char id[UUID_TEXT_SIZE], *text;

	uuid_to_text(&runner->campaign, id);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	text = arena_printf(runner->arena, format, id, id, id, id);
#pragma GCC diagnostic pop
	assert_non_null(text);
	return text;
}

void runner_sql(struct runner *runner, const char *format)
{
	struct store_tx *tx = begin(runner);

	expect_ok(store_script(tx, with_campaign(runner, format)));
	expect_ok(store_commit(&tx));
}

char *runner_text(struct runner *runner, const char *format)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct store_tx *tx = begin(runner);
	char *text = NULL;

	expect_ok(store_query(tx, SQL_TEXT(with_campaign(runner, format)), &rows));
	assert_true(PQntuples(rows) > 0);
	expect_ok(row_text(rows, 0, PQfname(rows, 0), runner->arena, &text));
	expect_ok(store_commit(&tx));
	return text;
}

int64_t runner_number(struct runner *runner, const char *format)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct store_tx *tx = begin(runner);
	int64_t number = 0;

	expect_ok(store_query(tx, SQL_TEXT(with_campaign(runner, format)), &rows));
	assert_true(PQntuples(rows) > 0);
	expect_ok(row_int64(rows, 0, PQfname(rows, 0), &number));
	expect_ok(store_commit(&tx));
	return number;
}

void runner_campaign(struct runner *runner)
{
	arena_reset(runner->arena);
	runner->campaign = uuid_make();
	runner_sql(runner, "INSERT INTO campaigns (id, user_id, name) VALUES ('%s', 'test', 'test');"
			   "INSERT INTO campaign_counters (campaign_id) VALUES ('%s');"
			   "INSERT INTO campaign_phases (campaign_id, phase)"
			   " SELECT '%s', p FROM unnest(enum_range(NULL::phase_enum)) p");
}

static struct campaign_snapshot snapshot(struct runner *runner, struct store_tx *tx)
{
	struct campaign_snapshot now;

	expect_ok(store_snapshot_get(tx, &runner->campaign, NULL, true, runner->arena, &now));
	return now;
}

void runner_configure(struct runner *runner, enum phase phase, const char *configuration)
{
	struct store_tx *tx = begin(runner);
	struct campaign_snapshot now = snapshot(runner, tx);

	now.phases[phase].configuration = configuration;
	expect_ok(store_phase_save(tx, &runner->campaign, &now.phases[phase]));
	expect_ok(store_commit(&tx));
}

struct phase_state runner_state(struct runner *runner, enum phase phase)
{
	struct store_tx *tx = begin(runner);
	struct campaign_snapshot now = snapshot(runner, tx);

	expect_ok(store_commit(&tx));
	return now.phases[phase];
}

struct counters runner_counters(struct runner *runner)
{
	struct store_tx *tx = begin(runner);
	struct counters counters;

	expect_ok(store_counters_get(tx, &runner->campaign, &counters));
	expect_ok(store_commit(&tx));
	return counters;
}

/* --- the recount ------------------------------------------------------------------------------------------------ */

/* The definition of every counter, in the order of model/counters.h. */
static const char *const definitions[COUNTER_COUNT] = {
	[COUNTER_INDEX_total_domains] = "true",
	[COUNTER_INDEX_dns_pending] = "dns_status = 'pending'",
	[COUNTER_INDEX_dns_ok] = "dns_status = 'ok'",
	[COUNTER_INDEX_dns_error] = "dns_status = 'error'",
	[COUNTER_INDEX_dns_timeout] = "dns_status = 'timeout'",
	[COUNTER_INDEX_http_pending] = "http_status = 'pending'",
	[COUNTER_INDEX_http_ok] = "http_status = 'ok'",
	[COUNTER_INDEX_http_error] = "http_status = 'error'",
	[COUNTER_INDEX_http_timeout] = "http_status = 'timeout'",
	[COUNTER_INDEX_lead_pending] = "lead_status = 'pending'",
	[COUNTER_INDEX_lead_match] = "lead_status = 'match'",
	[COUNTER_INDEX_lead_no_match] = "lead_status = 'no_match'",
	[COUNTER_INDEX_lead_error] = "lead_status = 'error'",
	[COUNTER_INDEX_lead_timeout] = "lead_status = 'timeout'",
	[COUNTER_INDEX_reject_qualified] = "rejection_reason = 'qualified'",
	[COUNTER_INDEX_reject_low_score] = "rejection_reason = 'low_score'",
	[COUNTER_INDEX_reject_no_keywords] = "rejection_reason = 'no_keywords'",
	[COUNTER_INDEX_reject_parked] = "rejection_reason = 'parked'",
	[COUNTER_INDEX_reject_dns_error] = "rejection_reason = 'dns_error'",
	[COUNTER_INDEX_reject_dns_timeout] = "rejection_reason = 'dns_timeout'",
	[COUNTER_INDEX_reject_http_error] = "rejection_reason = 'http_error'",
	[COUNTER_INDEX_reject_http_timeout] = "rejection_reason = 'http_timeout'",
	[COUNTER_INDEX_reject_pending] = "rejection_reason = 'pending'",
	[COUNTER_INDEX_keyword_hits] = "http_status = 'ok' AND jsonb_array_length(http_keywords) > 0",
	[COUNTER_INDEX_analyzed] = "http_status = 'ok' AND domain_score IS NOT NULL",
};

void runner_recount(struct runner *runner)
{
	static const char *const names[] = {
#define X(name) #name,
		COUNTERS(X)
#undef X
	};
	struct counters counters = runner_counters(runner);
	const int32_t *kept = &counters.total_domains;

	for (int i = 0; i < COUNTER_COUNT; i++) {
		char sql[300];
		int64_t counted;

		snprintf(sql, sizeof sql, "SELECT count(*) FROM domains WHERE campaign_id = '%%s' AND %s",
			 definitions[i]);
		counted = runner_number(runner, sql);
		if (kept[i] != counted)
			print_error("counter %s is %d, the rows say %lld\n", names[i], kept[i], (long long)counted);
		assert_int_equal(kept[i], counted);
	}
}

/* --- phases ------------------------------------------------------------------------------------------------------ */

struct status runner_begin(struct runner *runner, const struct phase_ops *ops, enum phase_begin_kind kind,
			   struct phase_begin *out)
{
	struct store_tx *tx = begin(runner);
	struct campaign_snapshot *now = arena_alloc(runner->arena, sizeof *now);
	struct phase_state *state = &now->phases[ops->phase];
	struct status st;

	*now = snapshot(runner, tx);
	*out = (struct phase_begin){ .kind = kind, .campaign = now };
	st = ops->begin(&runner->env, tx, runner->arena, out);
	if (!status_ok(st)) {
		store_rollback(&tx);
		return st;
	}
	state->status = PHASE_STATUS_IN_PROGRESS;
	state->run_number++;
	state->run_context = out->run_context ? out->run_context : "{}";
	state->progress = (struct phase_progress){ .total = out->total_items };
	state->started_at_ms = clock_wall_ms();
	expect_ok(store_phase_save(tx, &runner->campaign, state));
	expect_ok(store_phase_begin_run(tx, &runner->campaign, state, out->batch_size));
	expect_ok(store_counters_add(tx, &runner->campaign, &out->deltas));
	expect_ok(store_commit(&tx));
	if (!runner->skips_recount)
		runner_recount(runner);
	return st;
}

/* The next batch from the place of the run; domain_count 0 when there is none. */
static struct batch next_batch(struct runner *runner, const struct phase_ops *ops, const struct phase_run *run)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct store_tx *tx = begin(runner);
	struct phase_cut cut = { 0 };
	int64_t after = 0, size = 0;
	bool done = false;

	expect_ok(store_query(tx,
			      SQL_TEXT("SELECT cut_after, batch_size, cut_done FROM campaign_phases"
				       " WHERE campaign_id = $1 AND phase = $2::text::phase_enum"),
			      &rows, P_UUID(&runner->campaign), P_TEXT(phase_to_text(ops->phase))));
	expect_ok(row_int64(rows, 0, "cut_after", &after));
	expect_ok(row_int64(rows, 0, "batch_size", &size));
	expect_ok(row_bool(rows, 0, "cut_done", &done));
	if (!done)
		expect_ok(ops->cut(tx, &runner->campaign, after, (int32_t)size, &cut));
	if (cut.count > 0)
		expect_ok(store_execute(tx,
					SQL_TEXT("UPDATE campaign_phases SET cut_after = $3, cut_done = $4"
						 " WHERE campaign_id = $1 AND phase = $2::text::phase_enum"),
					NULL, P_UUID(&runner->campaign), P_TEXT(phase_to_text(ops->phase)),
					P_INT64(cut.last_offset), P_BOOL(cut.is_last)));
	expect_ok(store_commit(&tx));
	return (struct batch){ .campaign_id = runner->campaign,
			       .phase = ops->phase,
			       .run_number = run->run_number,
			       .batch_number = 1,
			       .first_offset = cut.first_offset,
			       .last_offset = cut.last_offset,
			       .domain_count = cut.count,
			       .token = 1,
			       .attempts = 1 };
}

static void save_progress(struct runner *runner, const struct phase_ops *ops, const struct phase_outcome *outcome,
			  struct store_tx *tx)
{
	struct phase_state state = snapshot(runner, tx).phases[ops->phase];

	state.progress.processed += outcome->processed;
	state.progress.successful += outcome->successful;
	state.progress.failed += outcome->failed;
	state.progress.total += outcome->total_change;
	expect_ok(store_phase_save(tx, &runner->campaign, &state));
	if (outcome->is_exhausted)
		expect_ok(store_execute(tx,
					SQL_TEXT("UPDATE campaign_phases SET cut_done = true"
						 " WHERE campaign_id = $1 AND phase = $2::text::phase_enum"),
					NULL, P_UUID(&runner->campaign), P_TEXT(phase_to_text(ops->phase))));
	expect_ok(store_counters_add(tx, &runner->campaign, &outcome->deltas));
}

static void count_told(struct phase_job *job)
{
	atomic_fetch_add(&((struct runner_parts *)(void *)((char *)job - offsetof(struct runner_parts, job)))->told, 1);
}

/* Whether the phase said of every part but the last that its rest is back. */
static bool wait_told(struct runner_parts *parts)
{
	int64_t until = clock_monotonic_ms() + REST_MS;
	const struct timespec tick = { .tv_nsec = 5000000 };

	while (atomic_load(&parts->told) < parts->count && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	return atomic_load(&parts->told) == parts->count;
}

static void store_part(struct runner *runner, const struct phase_ops *ops, struct phase_job *job, void *result,
		       struct phase_outcome *out)
{
	struct store_tx *tx;

	/* A commit that fails is tried again with the same result; nothing of the first try may stay. */
	if (!runner->skips_recount) {
		tx = begin(runner);
		expect_ok(ops->store(job, result, tx, out));
		store_rollback(&tx);
	}
	tx = begin(runner);
	expect_ok(ops->store(job, result, tx, out));
	save_progress(runner, ops, out, tx);
	expect_ok(store_commit(&tx));
	if (!runner->skips_recount)
		runner_recount(runner);
}

bool runner_part(struct runner *runner, const struct phase_ops *ops, struct phase_run *run, struct runner_parts *parts,
		 struct phase_outcome *out)
{
	struct phase_job *job = &parts->job;
	struct arena *arena;
	void *result = NULL;

	if (parts->count == 0) {
		*job = (struct phase_job){ .run = run,
					   .batch = next_batch(runner, ops, run),
					   .cancel = &runner->cancel,
					   .rest_is_back = runner->in_parts ? count_told : NULL };
		if (job->batch.domain_count == 0)
			return false;
	} else if (!wait_told(parts)) {
		return false;
	}
	arena = job->arena = arena_create(0);
	expect_ok(ops->work(job, &result));
	store_part(runner, ops, job, result, out);
	arena_destroy(arena);
	parts->count++;
	assert_true(!job->rest || out->unfinished > 0);
	return true;
}

bool runner_batch(struct runner *runner, const struct phase_ops *ops, struct phase_run *run, struct phase_outcome *out)
{
	struct runner_parts parts = { 0 };

	if (!runner_part(runner, ops, run, &parts, out))
		return false;
	while (parts.job.rest)
		assert_true(runner_part(runner, ops, run, &parts, out));
	return true;
}

void runner_finish(struct runner *runner, const struct phase_ops *ops, struct phase_finish *out)
{
	struct store_tx *tx = begin(runner);
	struct campaign_snapshot *now = arena_alloc(runner->arena, sizeof *now);

	*now = snapshot(runner, tx);
	*out = (struct phase_finish){ .campaign = now };
	expect_ok(ops->finish(&runner->env, tx, runner->arena, out));
	now->phases[ops->phase].status = PHASE_STATUS_COMPLETED;
	expect_ok(store_phase_save(tx, &runner->campaign, &now->phases[ops->phase]));
	expect_ok(store_commit(&tx));
}

const char *runner_phase(struct runner *runner, const struct phase_ops *ops, enum phase_begin_kind kind)
{
	struct phase_outcome outcome;
	struct phase_finish finish;
	struct phase_begin begun;
	struct phase_run *run = NULL;

	expect_ok(runner_begin(runner, ops, kind, &begun));
	expect_ok(ops->run_open(&runner->env, &runner->campaign, runner_state(runner, ops->phase).run_number, &run));
	while (runner_batch(runner, ops, run, &outcome))
		continue;
	ops->run_close(run);
	runner_finish(runner, ops, &finish);
	return finish.results;
}

const char *runner_event(const struct phase_event *list, const char *type)
{
	for (; list; list = list->next)
		if (strcmp(list->type, type) == 0)
			return list->payload;
	return NULL;
}
