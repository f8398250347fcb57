/* What is told about one campaign: state, progress, configurations, runs, all together; archiving and restarting. The
 * campaigns here never get a worker: a started phase stays in progress. */
#include "api_fixture.h"

#include "domainflow/v2/campaign_service.grpc-c.client.h"
#include "domainflow/v2/phase_service.grpc-c.client.h"

#include "store/query.h"
#include "store/tx.h"

#include <stdio.h>
#include <string.h>

#define NOBODY   "0190f3a0-0000-7000-8000-000000000001"
#define ARCHIVED DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_ARCHIVED

typedef Domainflow__V2__CampaignState CampaignState;

static char *make_campaign(void)
{
	Domainflow__V2__CreateCampaignRequest in = DOMAINFLOW__V2__CREATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__CreateCampaignResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.name = api_text("told");
	in.pattern_config =
		api_text("{\"type\":\"prefix\",\"variableLength\":3,\"constant\":\"shop\",\"targetDomains\":50}");
	expect_ok(domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &in, &out));
	return out->campaign->id;
}

static void start_generation(const char *id)
{
	Domainflow__V2__StartPhaseRequest in = DOMAINFLOW__V2__START_PHASE_REQUEST__INIT;
	Domainflow__V2__StartPhaseResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.campaign_id = api_text(id);
	in.phase = DOMAINFLOW__V2__PHASE__PHASE_GENERATION;
	expect_ok(domainflow_v2_phase_start_phase(api_fixture.connection, &call, &in, &out));
}

static void stop_campaign(const char *id)
{
	Domainflow__V2__StopCampaignRequest in = DOMAINFLOW__V2__STOP_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__StopCampaignResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.campaign_id = api_text(id);
	expect_ok(domainflow_v2_campaign_stop_campaign(api_fixture.connection, &call, &in, &out));
}

static CampaignState *state_of(const char *id)
{
	Domainflow__V2__GetCampaignStateRequest in = DOMAINFLOW__V2__GET_CAMPAIGN_STATE_REQUEST__INIT;
	Domainflow__V2__GetCampaignStateResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.campaign_id = api_text(id);
	expect_ok(domainflow_v2_campaign_get_campaign_state(api_fixture.connection, &call, &in, &out));
	return out->state;
}

static struct status archive(const char *id, Domainflow__V2__CampaignStatus to, int version, CampaignState **out)
{
	Domainflow__V2__SetCampaignStateRequest in = DOMAINFLOW__V2__SET_CAMPAIGN_STATE_REQUEST__INIT;
	Domainflow__V2__SetCampaignStateResponse *answer = NULL;
	struct df_call call = api_call(NULL);
	struct status st;

	in.campaign_id = api_text(id);
	in.current_state = to;
	in.version = version;
	st = domainflow_v2_campaign_set_campaign_state(api_fixture.connection, &call, &in, &answer);
	if (status_ok(st))
		*out = answer->state;
	return st;
}

static const char *meta_of(struct status st, const char *key)
{
	for (const struct status_meta *m = st.extra ? st.extra->metas : NULL; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m->value;
	return "";
}

static void an_idle_campaign_is_archived_at_the_version_that_was_read(void **state)
{
	const char *id = make_campaign();
	CampaignState *before, *after = NULL;
	struct status st;
	char version[16];

	(void)state;
	start_generation(id);
	before = state_of(id);
	assert_int_equal(before->current_state, DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_RUNNING);
	assert_non_null(strstr(before->configuration, "patternConfig"));
	st = archive(id, ARCHIVED, before->version, &after);
	expect_failure(st, STATUS_FAILED_PRECONDITION, "CAMPAIGN_IN_PROGRESS");
	stop_campaign(id);
	st = archive(id, ARCHIVED, before->version, &after);
	expect_failure(st, STATUS_FAILED_PRECONDITION, "VERSION_MISMATCH");
	before = state_of(id);
	snprintf(version, sizeof version, "%d", before->version);
	assert_string_equal(meta_of(st, "current_version"), version);
	expect_ok(archive(id, ARCHIVED, before->version, &after));
	assert_int_equal(after->current_state, ARCHIVED);
	assert_true(after->version > before->version);
	assert_int_equal(state_of(id)->current_state, ARCHIVED);
	expect_ok(archive(id, ARCHIVED, after->version, &before)); /* again: nothing happens */
	assert_int_equal(before->version, after->version);
	expect_failure(archive(NOBODY, ARCHIVED, 1, &after), STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
}

static void an_archived_campaign_is_only_read_copied_and_removed(void **state)
{
	const char *id = make_campaign();
	Domainflow__V2__StartPhaseRequest start = DOMAINFLOW__V2__START_PHASE_REQUEST__INIT;
	Domainflow__V2__SetCampaignModeRequest mode = DOMAINFLOW__V2__SET_CAMPAIGN_MODE_REQUEST__INIT;
	Domainflow__V2__DuplicateCampaignRequest copy = DOMAINFLOW__V2__DUPLICATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__DeleteCampaignRequest delete = DOMAINFLOW__V2__DELETE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__StartPhaseResponse *started = NULL;
	Domainflow__V2__SetCampaignModeResponse *set = NULL;
	Domainflow__V2__DuplicateCampaignResponse *copied = NULL;
	Domainflow__V2__DeleteCampaignResponse *deleted = NULL;
	struct df_call call = api_call(NULL);
	CampaignState *after = NULL;

	(void)state;
	expect_ok(archive(id, ARCHIVED, state_of(id)->version, &after));
	start.campaign_id = mode.campaign_id = copy.campaign_id = delete.campaign_id = api_text(id);
	start.phase = DOMAINFLOW__V2__PHASE__PHASE_GENERATION;
	expect_failure(domainflow_v2_phase_start_phase(api_fixture.connection, &call, &start, &started),
		       STATUS_FAILED_PRECONDITION, "INVALID_STATE");
	mode.mode = DOMAINFLOW__V2__CAMPAIGN_MODE__CAMPAIGN_MODE_FULL_SEQUENCE;
	expect_failure(domainflow_v2_campaign_set_campaign_mode(api_fixture.connection, &call, &mode, &set),
		       STATUS_FAILED_PRECONDITION, "INVALID_STATE");
	expect_ok(domainflow_v2_campaign_duplicate_campaign(api_fixture.connection, &call, &copy, &copied));
	assert_int_equal(copied->campaign->status, DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_DRAFT);
	expect_ok(domainflow_v2_campaign_delete_campaign(api_fixture.connection, &call, &delete, &deleted));
}

static void no_other_state_can_be_set(void **state)
{
	const char *id = make_campaign();
	CampaignState *after = NULL;
	struct status st;

	(void)state;
	for (int status = 0; status < ARCHIVED; status++) {
		st = archive(id, (Domainflow__V2__CampaignStatus)status, 0, &after);
		expect_failure(st, STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR");
		assert_string_equal(api_field(st, 0), "currentState");
		assert_string_equal(api_field(st, 1), "version");
	}
	assert_int_equal(state_of(id)->current_state, DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_DRAFT);
}

static void progress_tells_every_phase_and_what_happened(void **state)
{
	const char *id = make_campaign();
	Domainflow__V2__GetCampaignProgressRequest in = DOMAINFLOW__V2__GET_CAMPAIGN_PROGRESS_REQUEST__INIT;
	Domainflow__V2__GetCampaignProgressResponse *out = NULL;
	struct df_call call = api_call(NULL);

	(void)state;
	in.campaign_id = api_text(id);
	expect_ok(domainflow_v2_campaign_get_campaign_progress(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->overall->status, DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_DRAFT);
	assert_int_equal(out->phases->generation->status, DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_CONFIGURED);
	assert_int_equal(out->phases->leads->status, DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_NOT_STARTED);
	assert_int_equal(out->phases->generation->duration_value_case, 0);
	assert_int_equal(out->n_timeline, 0);
	start_generation(id);
	stop_campaign(id);
	expect_ok(domainflow_v2_campaign_get_campaign_progress(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->overall->status, DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_CANCELLED);
	assert_int_equal(out->phases->generation->status, DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_FAILED);
	assert_int_equal(out->phases->generation->items_total, 50);
	assert_non_null(out->phases->generation->started_at);
	assert_int_not_equal(out->phases->generation->duration_value_case, 0);
	assert_int_equal(out->n_timeline, 3);
	assert_string_equal(out->timeline[0]->type, "phase_started");
	assert_int_equal(out->timeline[0]->phase, DOMAINFLOW__V2__PHASE__PHASE_GENERATION);
	assert_int_equal(out->timeline[0]->status, DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_IN_PROGRESS);
	assert_string_equal(out->timeline[1]->type, "phase_failed");
	assert_string_equal(out->timeline[2]->type, "campaign_cancelled");
	assert_int_equal(out->timeline[2]->phase, 0);
	assert_int_equal(out->timeline[2]->sequence, 3);
}

static void configurations_and_runs_are_told_by_phase(void **state)
{
	const char *id = make_campaign();
	Domainflow__V2__ListPhaseConfigsRequest configs = DOMAINFLOW__V2__LIST_PHASE_CONFIGS_REQUEST__INIT;
	Domainflow__V2__GetPhaseExecutionRequest run = DOMAINFLOW__V2__GET_PHASE_EXECUTION_REQUEST__INIT;
	Domainflow__V2__ListPhaseExecutionsRequest runs = DOMAINFLOW__V2__LIST_PHASE_EXECUTIONS_REQUEST__INIT;
	Domainflow__V2__GetEnrichedCampaignRequest all = DOMAINFLOW__V2__GET_ENRICHED_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__ListPhaseConfigsResponse *stored = NULL;
	Domainflow__V2__GetPhaseExecutionResponse *one = NULL;
	Domainflow__V2__ListPhaseExecutionsResponse *some = NULL;
	Domainflow__V2__GetEnrichedCampaignResponse *enriched = NULL;
	struct df_call call = api_call(NULL);

	(void)state;
	configs.campaign_id = run.campaign_id = runs.campaign_id = all.campaign_id = api_text(id);
	expect_ok(domainflow_v2_phase_list_phase_configs(api_fixture.connection, &call, &configs, &stored));
	assert_memory_equal(stored->configs, "{\"generation\":{", strlen("{\"generation\":{"));
	assert_null(strstr(stored->configs, "\"dns\""));
	run.phase = DOMAINFLOW__V2__PHASE__PHASE_GENERATION;
	expect_failure(domainflow_v2_phase_get_phase_execution(api_fixture.connection, &call, &run, &one),
		       STATUS_NOT_FOUND, "EXECUTION_UNKNOWN");
	start_generation(id);
	stop_campaign(id);
	start_generation(id); /* a retry: the second run */
	expect_ok(domainflow_v2_phase_get_phase_execution(api_fixture.connection, &call, &run, &one));
	assert_int_equal(one->execution->run_number, 2);
	assert_int_equal(one->execution->status, DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_IN_PROGRESS);
	assert_null(one->execution->error);
	assert_non_null(one->execution->created_at);
	assert_non_null(one->execution->updated_at);
	runs.limit_value_case = DOMAINFLOW__V2__LIST_PHASE_EXECUTIONS_REQUEST__LIMIT_VALUE_LIMIT;
	runs.limit = 1;
	runs.offset_value_case = DOMAINFLOW__V2__LIST_PHASE_EXECUTIONS_REQUEST__OFFSET_VALUE_OFFSET;
	runs.offset = 1;
	expect_ok(domainflow_v2_phase_list_phase_executions(api_fixture.connection, &call, &runs, &some));
	assert_int_equal(some->total_size, 2);
	assert_int_equal(some->n_executions, 1);
	assert_int_equal(some->executions[0]->run_number, 1);
	assert_string_equal(some->executions[0]->error->code, "campaign_stopped");
	expect_ok(domainflow_v2_campaign_get_enriched_campaign(api_fixture.connection, &call, &all, &enriched));
	assert_string_equal(enriched->campaign->id, id);
	assert_int_equal(enriched->state->version, enriched->campaign->version);
	assert_int_equal(enriched->n_phase_executions, 2);
	assert_string_equal(enriched->phase_executions[0]->id, one->execution->id);
}

static void what_is_not_there_is_not_found(void **state)
{
	Domainflow__V2__ListPhaseConfigsRequest configs = DOMAINFLOW__V2__LIST_PHASE_CONFIGS_REQUEST__INIT;
	Domainflow__V2__GetPhaseExecutionRequest run = DOMAINFLOW__V2__GET_PHASE_EXECUTION_REQUEST__INIT;
	Domainflow__V2__GetEnrichedCampaignRequest all = DOMAINFLOW__V2__GET_ENRICHED_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__GetCampaignProgressRequest progress = DOMAINFLOW__V2__GET_CAMPAIGN_PROGRESS_REQUEST__INIT;
	Domainflow__V2__ListPhaseConfigsResponse *a = NULL;
	Domainflow__V2__GetPhaseExecutionResponse *b = NULL;
	Domainflow__V2__GetEnrichedCampaignResponse *c = NULL;
	Domainflow__V2__GetCampaignProgressResponse *d = NULL;
	struct df_call call = api_call(NULL);

	(void)state;
	configs.campaign_id = run.campaign_id = all.campaign_id = progress.campaign_id = api_text(NOBODY);
	run.phase = DOMAINFLOW__V2__PHASE__PHASE_DNS;
	expect_failure(domainflow_v2_phase_list_phase_configs(api_fixture.connection, &call, &configs, &a),
		       STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
	expect_failure(domainflow_v2_phase_get_phase_execution(api_fixture.connection, &call, &run, &b),
		       STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
	expect_failure(domainflow_v2_campaign_get_enriched_campaign(api_fixture.connection, &call, &all, &c),
		       STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
	expect_failure(domainflow_v2_campaign_get_campaign_progress(api_fixture.connection, &call, &progress, &d),
		       STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN");
}

/* Generation is set to completed by hand: there is no worker to do it. */
static void complete(const char *id, const char *phase)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	char sql[200];

	snprintf(sql, sizeof sql,
		 "UPDATE campaign_phases SET status = 'completed' WHERE campaign_id = '%s' AND phase = '%s'", id,
		 phase);
	expect_ok(store_single(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
}

static void a_refused_restart_of_analysis_says_what_it_needs(void **state)
{
	const char *id = make_campaign();
	Domainflow__V2__RestartAnalysisRequest in = DOMAINFLOW__V2__RESTART_ANALYSIS_REQUEST__INIT;
	Domainflow__V2__RestartAnalysisResponse *out = NULL;
	struct df_call call = api_call(NULL);
	struct status st;

	(void)state;
	complete(id, "generation");
	in.campaign_id = api_text(id);
	st = domainflow_v2_phase_restart_analysis(api_fixture.connection, &call, &in, &out);
	expect_failure(st, STATUS_FAILED_PRECONDITION, "RERUN_PRECONDITION_FAILED");
	assert_string_equal(meta_of(st, "required_state"), "completed");
	assert_string_equal(meta_of(st, "blocking_phase"), "http");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(an_idle_campaign_is_archived_at_the_version_that_was_read),
		API_TEST(an_archived_campaign_is_only_read_copied_and_removed),
		API_TEST(no_other_state_can_be_set),
		API_TEST(progress_tells_every_phase_and_what_happened),
		API_TEST(configurations_and_runs_are_told_by_phase),
		API_TEST(what_is_not_there_is_not_found),
		API_TEST(a_refused_restart_of_analysis_says_what_it_needs),
	};

	return cmocka_run_group_tests(tests, api_fixture_open, api_fixture_close);
}
