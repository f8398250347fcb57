#include "campaign/campaign_steps.h"

#include "base/arena.h"
#include "base/clock.h"
#include "store/tx.h"

#include <string.h>

#define DNS_CONFIGURATION  "{\"personaIds\":[\"00000000-0000-7000-8000-000000000001\"],\"timeout\":5,\"maxRetries\":1}"
#define HTTP_CONFIGURATION "{\"personaIds\":[\"00000000-0000-7000-8000-000000000002\"],\"adHocKeywords\":[\"word\"]}"

void steps_campaign(struct runner *runner, int domains, const char *mode)
{
	runner_campaign(runner);
	runner_sql(runner,
		   arena_printf(runner->arena,
				"UPDATE campaigns SET mode = '%s', status = 'running', started_at = now()"
				" WHERE id = '%%s';"
				"UPDATE campaign_phases SET status = 'completed', run_number = 1, completed_at = now()"
				" WHERE campaign_id = '%%s' AND phase = 'generation';"
				"INSERT INTO domains (campaign_id, offset_index, domain_name)"
				" SELECT '%%s', n, 'd' || n || '.com' FROM generate_series(0, %d) n;"
				"UPDATE campaign_counters SET total_domains = %d, dns_pending = %d, http_pending = %d,"
				" lead_pending = %d, reject_pending = %d WHERE campaign_id = '%%s'",
				mode, domains - 1, domains, domains, domains, domains, domains));
	runner_sql(runner, "UPDATE campaign_phases SET status = 'configured', configuration = '" DNS_CONFIGURATION "'"
			   " WHERE campaign_id = '%s' AND phase = 'dns';"
			   "UPDATE campaign_phases SET status = 'configured', configuration = '" HTTP_CONFIGURATION "'"
			   " WHERE campaign_id = '%s' AND phase = 'http'");
}

/* --- people ------------------------------------------------------------------------------------------------------ */

struct request {
	struct runner *runner;
	struct arena *arena;
	enum command command;
	enum phase phase;
	struct status refusal; /* with something to be committed all the same */
};

static struct status command_run(struct request *r, struct campaign_change *change, bool *keep)
{
	const struct phase_env *env = &r->runner->env;
	const struct expected_state any = { 0 };
	enum phase stopped;

	switch (r->command) {
	case START:
		return control_start(env, change, r->phase, any, keep);
	case PAUSE:
		return control_pause(change, r->phase, any, "user");
	case RESUME:
		return control_resume(change, r->phase, any, "user");
	case STOP:
		return control_stop(change, r->phase);
	case STOP_CAMPAIGN:
		return control_stop_campaign(change, &stopped);
	case RESTART:
		return control_restart_campaign(env, change, keep);
	case RESTART_ANALYSIS:
		return control_restart_analysis(env, change, keep);
	}
	return STATUS_OK_VALUE;
}

static struct status request_body(struct store_tx *tx, void *arg)
{
	struct request *r = arg;
	struct campaign_change change;
	bool keep = false;
	struct status st;

	r->refusal = STATUS_OK_VALUE;
	TRY(change_open(tx, r->arena, &r->runner->campaign, WORKSPACE_DEFAULT, &change));
	st = command_run(r, &change, &keep);
	if (!status_ok(st) && !keep)
		return st;
	r->refusal = st;
	return change_save(&change);
}

struct status steps_do(struct runner *runner, enum command command, enum phase phase)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct request r = { .runner = runner, .arena = arena, .command = command, .phase = phase };
	struct status st = store_run(runner->env.pool, 0, STORE_UNLESS_DONE, request_body, &r);

	if (status_ok(st))
		st = r.refusal;
	st.extra = NULL; /* it lived in the arena */
	return st;
}

/* --- workers ----------------------------------------------------------------------------------------------------- */

struct run_key steps_run(struct runner *runner, enum phase phase)
{
	return (struct run_key){ runner->campaign, phase, runner_state(runner, phase).run_number };
}

enum claim_result steps_claim(struct runner *runner, const struct run_key *run, struct batch *batch)
{
	const struct uuid owner = uuid_make();
	enum claim_result result;

	expect_ok(ledger_claim(&runner->env, run, &owner, batch, &result));
	return result;
}

void steps_work(struct runner *runner, const struct batch *batch, struct worked *out)
{
	const struct phase_ops *ops = phase_ops_of(batch->phase);

	memset(out, 0, sizeof *out);
	expect_ok(ops->run_open(&runner->env, &batch->campaign_id, batch->run_number, &out->run));
	cancel_init(&out->cancel, NULL);
	out->job = (struct phase_job){
		.run = out->run, .batch = *batch, .arena = arena_create(0), .cancel = &out->cancel
	};
	expect_ok(ops->work(&out->job, &out->result));
}

struct status steps_commit(struct runner *runner, struct worked *worked, bool *moved)
{
	struct batch_effect effect = { 0 };
	struct status st = ledger_commit(&runner->env, &worked->job, worked->result, &effect);

	*moved = effect.moved;
	return st;
}

void steps_drop(struct worked *worked)
{
	phase_ops_of(worked->job.batch.phase)->run_close(worked->run);
	arena_destroy(worked->job.arena);
	cancel_done(&worked->cancel);
}

static void complete(struct runner *runner, const struct run_key *run)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	bool moved;

	expect_ok(ledger_complete(&runner->env, run, arena, &moved));
}

void steps_finish(struct runner *runner, enum phase phase)
{
	struct run_key run = steps_run(runner, phase);

	while (steps_status(runner, phase) == PHASE_STATUS_IN_PROGRESS) {
		struct worked worked;
		struct batch batch;
		bool moved;

		switch (steps_claim(runner, &run, &batch)) {
		case CLAIM_TAKEN:
			steps_work(runner, &batch, &worked);
			expect_ok(steps_commit(runner, &worked, &moved));
			steps_drop(&worked);
			break;
		case CLAIM_FINISHED:
			complete(runner, &run);
			break;
		case CLAIM_NOTHING:
			fail_msg("the run has nothing to claim and is not over");
		}
	}
	assert_int_equal(steps_status(runner, phase), PHASE_STATUS_COMPLETED);
}

void steps_answer(struct runner *runner, enum phase phase)
{
	if (phase == PHASE_DNS)
		runner_sql(runner, "UPDATE domains SET dns_status = 'ok' WHERE campaign_id = '%s';"
				   "UPDATE campaign_counters SET dns_ok = total_domains, dns_pending = 0"
				   " WHERE campaign_id = '%s'");
	else
		runner_sql(runner,
			   "UPDATE domains SET http_status = 'ok', http_keywords = '[]' WHERE campaign_id = '%s';"
			   "INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name,"
			   " processing_state, kw_unique_count, kw_total_occurrences, content_bytes,"
			   " has_structural_signals, fetched_at)"
			   " SELECT campaign_id, offset_index, domain_name, 'ready', 5, 15, 20000, true, now()"
			   " FROM domains WHERE campaign_id = '%s'"
			   " ON CONFLICT (campaign_id, domain_id) DO UPDATE SET processing_state = 'ready';"
			   "UPDATE campaign_counters SET http_ok = total_domains, http_pending = 0"
			   " WHERE campaign_id = '%s'");
}

/* --- what is stored ---------------------------------------------------------------------------------------------- */

enum phase_status steps_status(struct runner *runner, enum phase phase)
{
	return runner_state(runner, phase).status;
}

int64_t steps_events(struct runner *runner, const char *type, enum phase phase)
{
	const char *where =
		phase == PHASE_COUNT ? "" : arena_printf(runner->arena, " AND phase = '%s'", phase_to_text(phase));

	return runner_number(runner, arena_printf(runner->arena,
						  "SELECT count(*) FROM campaign_events"
						  " WHERE campaign_id = '%%s' AND type = '%s'%s",
						  type, where));
}

void steps_check_numbers(struct runner *runner)
{
	assert_int_equal(runner_number(runner,
				       "SELECT count(*) FROM campaign_events e JOIN campaigns c ON c.id = e.campaign_id"
				       " WHERE c.id = '%s' AND e.event_number BETWEEN 1 AND c.last_event"),
			 runner_number(runner, "SELECT last_event FROM campaigns WHERE id = '%s'"));
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM campaign_events WHERE campaign_id = '%s'"),
			 runner_number(runner, "SELECT last_event FROM campaigns WHERE id = '%s'"));
	assert_int_equal(runner_number(runner,
				       "SELECT count(DISTINCT sequence) FROM campaign_events"
				       " WHERE campaign_id = '%s' AND sequence > 0 AND type <> 'phase_auto_started'"),
			 runner_number(runner, "SELECT last_sequence FROM campaigns WHERE id = '%s'"));
	assert_int_equal(runner_number(runner, "SELECT count(*) FROM campaign_events WHERE campaign_id = '%s'"
					       " AND sequence > 0 AND type <> 'phase_auto_started'"),
			 runner_number(runner, "SELECT last_sequence FROM campaigns WHERE id = '%s'"));
}
