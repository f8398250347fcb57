/* The client library against the real server: what a handler says arrives on the other side as the same status. */
#include "echo.h"

#include "base/arena.h"
#include "domainflow/connection.h"
#include "echo.grpc-c.client.h"
#include "grpc/health/v1/health.grpc-c.client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define LONG_MS 20000

static struct echo echo;
static struct df_connection *connection;
static struct arena *arena;
static struct df_call_report report;

static int setup(void **state)
{
	const struct df_options options = { .retry.attempts_max = 1 };

	(void)state;
	echo_init(&echo);
	echo_start(&echo);
	arena = arena_create(0);
	return status_ok(df_connect(echo.target, &options, &connection)) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	df_close(connection);
	arena_destroy(arena);
	echo_stop(&echo);
	return 0;
}

static struct status library_say(const char *text, int32_t number, Domainflow__Test__V1__Note **out)
{
	const struct df_call call = { .arena = arena,
				      .timeout_ms = LONG_MS,
				      .request_id = "req-7",
				      .idempotency_key = "key-7",
				      .report = &report };
	Domainflow__Test__V1__Note in = DOMAINFLOW__TEST__V1__NOTE__INIT;

	in.text = (char *)(uintptr_t)text;
	in.number = number;
	return domainflow_test_v1_echo_say(connection, &call, &in, out);
}

static void a_note_comes_back(void **state)
{
	Domainflow__Test__V1__Note *out = NULL;

	(void)state;
	assert_true(status_ok(library_say("hello", 42, &out)));
	assert_string_equal(out->text, "hello");
	assert_int_equal(out->number, 42);
	assert_string_equal(report.request_id, "req-7");
	assert_true(status_ok(library_say("who", 0, &out)));
	assert_non_null(strstr(out->text, "req-7 key-7"));
}

static void a_status_survives_the_wire(void **state)
{
	Domainflow__Test__V1__Note *out = NULL;
	struct status st = library_say("missing", 0, &out);

	(void)state;
	assert_int_equal(st.code, STATUS_NOT_FOUND);
	assert_string_equal(st.reason, "CAMPAIGN_UNKNOWN");
	assert_string_equal(st.detail, "no such campaign");
	assert_string_equal(st.extra->resource_type, "campaign");
	assert_string_equal(st.extra->resource_name, "c-17");
	st = library_say("invalid", 0, &out);
	assert_string_equal(st.extra->fields->field, "a.first");
	assert_string_equal(st.extra->fields->reason, "REQUIRED_FIELD");
	assert_string_equal(st.extra->fields->next->field, "a.second");
	assert_string_equal(st.extra->fields->next->message, "must be below 7");
	st = library_say("state", 0, &out);
	assert_string_equal(st.reason, "INVALID_PHASE_TRANSITION");
	assert_string_equal(st.extra->metas->key, "current_state");
	assert_null(st.extra->fields);
	st = library_say("later", 0, &out);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_int_equal(st.extra->retry_after_ms, 1500);
	assert_null(out);
}

static void what_the_validator_refuses_never_reaches_a_handler(void **state)
{
	Domainflow__Test__V1__Note *out = NULL;
	struct status st = library_say("not \xff UTF-8", 0, &out);

	(void)state;
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_string_equal(st.reason, "VALIDATION_ERROR");
	assert_string_equal(st.extra->fields->field, "text");
}

static void health_is_asked_like_any_service(void **state)
{
	const struct df_call call = { .arena = arena, .timeout_ms = LONG_MS };
	Grpc__Health__V1__HealthCheckRequest in = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	Grpc__Health__V1__HealthCheckResponse *out = NULL;

	(void)state;
	assert_true(status_ok(grpc_health_v1_health_check(connection, &call, &in, &out)));
	assert_int_equal(out->status, GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
}

static void streams_are_read_and_left(void **state)
{
	const struct df_call call = { .arena = arena };
	Domainflow__Test__V1__Note in = DOMAINFLOW__TEST__V1__NOTE__INIT, *out = NULL;
	struct df_stream *stream = NULL;

	(void)state;
	assert_true(status_ok(domainflow_test_v1_echo_watch_open(connection, &call, &in, &stream)));
	echo_wait(&echo, &echo.opened, 1);
	for (int32_t i = 1; i <= 3; i++) {
		assert_true(watch_send(&echo, "tick", i, 0));
		assert_true(status_ok(domainflow_test_v1_echo_watch_next(stream, LONG_MS, arena, &out)));
		assert_int_equal(out->number, i);
	}
	assert_string_equal(domainflow_test_v1_echo_watch_next(stream, 1, arena, &out).reason, "NO_MESSAGE_YET");
	df_stream_close(stream);
	echo_wait(&echo, &echo.closed, 1); /* the server notices */
}

static void a_refused_stream_says_why(void **state)
{
	const struct df_call call = { .arena = arena };
	Domainflow__Test__V1__Note in = DOMAINFLOW__TEST__V1__NOTE__INIT, *out = NULL;
	struct df_stream *stream = NULL;
	struct status st;

	(void)state;
	in.text = (char *)(uintptr_t) "state";
	assert_true(status_ok(domainflow_test_v1_echo_watch_open(connection, &call, &in, &stream)));
	st = domainflow_test_v1_echo_watch_next(stream, LONG_MS, arena, &out);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_string_equal(st.reason, "INVALID_PHASE_TRANSITION");
	df_stream_close(stream);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_note_comes_back),
		CASE(a_status_survives_the_wire),
		CASE(what_the_validator_refuses_never_reaches_a_handler),
		CASE(health_is_asked_like_any_service),
		CASE(streams_are_read_and_left),
		CASE(a_refused_stream_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
