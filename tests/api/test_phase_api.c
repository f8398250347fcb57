/* PhaseService over the wire where the store is in the way: locked rows and deadlines, equal requests at once, and
 * failures that are nobody's business. What each command does is tested in tests/campaign and tests/e2e. */
#include "api_fixture.h"

#include "domainflow/v2/campaign_service.grpc-c.client.h"
#include "domainflow/v2/phase_service.grpc-c.client.h"

#include "base/clock.h"
#include "store/query.h"
#include "store/row.h"
#include "store/tx.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static char *text(const char *t)
{
	return (char *)(uintptr_t)t;
}

/* A campaign that is ready to generate. */
static char *make_campaign(void)
{
	Domainflow__V2__CreateCampaignRequest in = DOMAINFLOW__V2__CREATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__CreateCampaignResponse *out = NULL;
	struct df_call call = api_call(NULL);

	in.name = text("phases");
	in.configuration = text("{}");
	in.pattern_config =
		text("{\"type\":\"prefix\",\"variableLength\":3,\"constant\":\"shop\",\"targetDomains\":50}");
	expect_ok(domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &in, &out));
	return out->campaign->id;
}

static struct status start_generation(const char *id, struct df_call *call, Domainflow__V2__StartPhaseResponse **out)
{
	Domainflow__V2__StartPhaseRequest in = DOMAINFLOW__V2__START_PHASE_REQUEST__INIT;

	in.campaign_id = text(id);
	in.phase = DOMAINFLOW__V2__PHASE__PHASE_GENERATION;
	return domainflow_v2_phase_start_phase(api_fixture.connection, call, &in, out);
}

static int64_t number(const char *sql)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	AUTO(pgresult) PGresult *rows = NULL;
	int64_t n = -1;

	expect_ok(store_single(api_fixture.store->pool, 0, &tx));
	expect_ok(store_query(tx, SQL_TEXT(sql), &rows));
	expect_ok(row_int64(rows, 0, "n", &n));
	return n;
}

static void script(const char *sql)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_single(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
}

static void a_locked_campaign_costs_no_more_than_the_deadline(void **state)
{
	static const char ours[] = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
				   " AND wait_event_type = 'Lock'";
	const struct timespec tick = { .tv_nsec = 20000000 };
	const char *id = make_campaign();
	AUTO(store_tx) struct store_tx *holder = NULL;
	Domainflow__V2__StartPhaseResponse *out = NULL;
	struct df_call call = api_call(NULL);
	int64_t until;

	(void)state;
	expect_ok(store_begin(api_fixture.store->pool, 0, &holder));
	expect_ok(store_script(holder, "SELECT id FROM campaigns FOR UPDATE"));
	call.timeout_ms = 300;
	assert_int_equal(start_generation(id, &call, &out).code, STATUS_DEADLINE_EXCEEDED);
	until = clock_monotonic_ms() + 5000;
	while (number(ours) > 0 && clock_monotonic_ms() < until)
		nanosleep(&tick, NULL);
	assert_int_equal(number(ours), 0); /* nothing of ours goes on waiting */
	store_rollback(&holder);
	assert_int_equal(number("SELECT count(*) AS n FROM campaign_events WHERE type = 'phase_started'"), 0);
	call.timeout_ms = 20000;
	expect_ok(start_generation(id, &call, &out));
}

#define SENDERS 10

struct sender {
	const char *id;
	struct arena *arena;
	struct status status;
	int32_t sequence;
};

static void *send(void *arg)
{
	struct sender *s = arg;
	struct df_call call = { .arena = s->arena, .timeout_ms = 20000, .idempotency_key = "only-once" };
	Domainflow__V2__StartPhaseResponse *out = NULL;

	s->status = start_generation(s->id, &call, &out);
	if (status_ok(s->status))
		s->sequence = out->state->last_sequence;
	return NULL;
}

static void equal_requests_at_once_have_one_effect_and_one_answer(void **state)
{
	const char *id = make_campaign();
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	char sql[200];

	(void)state;
	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ .id = id, .arena = arena_create(0) };
		assert_int_equal(pthread_create(&threads[i], NULL, send, &senders[i]), 0);
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < SENDERS; i++) {
		expect_ok(senders[i].status);
		assert_int_equal(senders[i].sequence, senders[0].sequence);
		arena_destroy(senders[i].arena);
	}
	snprintf(sql, sizeof sql,
		 "SELECT count(*) AS n FROM campaign_events WHERE campaign_id = '%s' AND type = 'phase_started'", id);
	assert_int_equal(number(sql), 1);
	assert_true(api_fixture.moved >= 1);
}

static void what_the_database_refuses_stays_inside(void **state)
{
	const char *id = make_campaign();
	Domainflow__V2__StartPhaseResponse *out = NULL;
	struct df_call call = api_call("refused");
	struct status st;

	(void)state;
	script("ALTER TABLE campaign_events ADD CONSTRAINT no_starts CHECK (type <> 'phase_started') NOT VALID");
	st = start_generation(id, &call, &out);
	assert_int_equal(st.code, STATUS_INTERNAL);
	assert_null(strstr(st.detail, "campaign_events"));
	script("ALTER TABLE campaign_events DROP CONSTRAINT no_starts");
	expect_ok(start_generation(id, &call, &out)); /* nor is it kept under the key */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(a_locked_campaign_costs_no_more_than_the_deadline),
		API_TEST(equal_requests_at_once_have_one_effect_and_one_answer),
		API_TEST(what_the_database_refuses_stays_inside),
	};

	return cmocka_run_group_tests(tests, api_fixture_open, api_fixture_close);
}
