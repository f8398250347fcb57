#include "base/compiler.h"
#include "base/status.h"
#include "echo.h"
#include "telemetry/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the above first */
#include <cmocka.h>

static struct echo echo;

static int setup(void **state)
{
	(void)state;
	echo_init(&echo);
	echo_start(&echo);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	echo_stop(&echo);
	return 0;
}

static double handled(const char *method, const char *code)
{
	static const struct metric_spec spec = { .kind = METRIC_COUNTER,
						 .name = "grpc_server_handled_total",
						 .labels = { "grpc_service", "grpc_method", "grpc_code" } };

	return metric_value(METRIC_OF(metrics_family(echo.metrics, &spec), "domainflow.test.v1.Echo", method, code));
}

static void a_note_comes_back(void **state)
{
	struct client_call call;
	Domainflow__Test__V1__Note *note;

	(void)state;
	assert_int_equal(say(&echo, &call, "hello", 42, NULL, &note), GRPC_STATUS_OK);
	assert_string_equal(note->text, "hello");
	assert_int_equal(note->number, 42);
	note_free(note);
	client_done(&call);
	assert_true(handled("Say", "OK") == 1);
}

struct failure {
	const char *text;
	grpc_status_code code;
	const char *message;
	const char *details[5];
};

static void failures_carry_their_details(void **state)
{
	static const struct failure cases[] = {
		{ "missing",
		  GRPC_STATUS_NOT_FOUND,
		  "no such campaign",
		  { "google.rpc.ErrorInfo", "CAMPAIGN_UNKNOWN", "domainflow.io", "google.rpc.ResourceInfo", "c-17" } },
		{ "invalid",
		  GRPC_STATUS_INVALID_ARGUMENT,
		  "2 fields are invalid",
		  { "google.rpc.BadRequest", "a.first", "a.second", "REQUIRED_FIELD", "must be below 7" } },
		{ "state",
		  GRPC_STATUS_FAILED_PRECONDITION,
		  "the phase is paused",
		  { "google.rpc.PreconditionFailure", "INVALID_PHASE_TRANSITION", "current_state", "paused" } },
		{ "later",
		  GRPC_STATUS_UNAVAILABLE,
		  "come back",
		  { "google.rpc.RetryInfo", "DATASTORE_UNAVAILABLE", "\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct client_call call;
		Domainflow__Test__V1__Note *note;

		assert_int_equal(say(&echo, &call, cases[i].text, 0, NULL, &note), cases[i].code);
		assert_null(note);
		assert_int_equal(grpc_slice_str_cmp(call.details, cases[i].message), 0);
		for (size_t k = 0; k < 5 && cases[i].details[k]; k++)
			if (!details_contain(&call, cases[i].details[k]))
				fail_msg("%s: no %s", cases[i].text, cases[i].details[k]);
		client_done(&call);
	}
	assert_true(handled("Say", "NOT_FOUND") == 1);
}

/* A common client takes 8 KiB of metadata: the details are cut to fit, the status always arrives. */
static void hundreds_of_violations_still_fit(void **state)
{
	struct client_call call;
	Domainflow__Test__V1__Note *note;

	(void)state;
	assert_int_equal(say(&echo, &call, "many", 0, NULL, &note), GRPC_STATUS_INVALID_ARGUMENT);
	assert_int_equal(grpc_slice_str_cmp(call.details, "300 fields are invalid"), 0);
	assert_true(details_contain(&call, "google.rpc.ErrorInfo"));
	assert_true(details_contain(&call, "number 0 is not"));
	assert_true(details_contain(&call, "number 20 is not"));
	client_done(&call);
}

static void internal_text_stays_inside(void **state)
{
	struct client_call call;
	Domainflow__Test__V1__Note *note;
	char *shown;

	(void)state;
	assert_int_equal(say(&echo, &call, "secret", 0, NULL, &note), GRPC_STATUS_INTERNAL);
	shown = grpc_slice_to_c_string(call.details);
	assert_null(strstr(shown, "hunter2"));
	assert_non_null(strstr(shown, "incident"));
	assert_false(details_contain(&call, "hunter2"));
	assert_false(details_contain(&call, "BROKEN"));
	assert_true(details_contain(&call, "incident"));
	free(shown);
	client_done(&call);
}

static void the_request_id_of_the_caller_is_kept(void **state)
{
	struct client_options options = { .metadata = { { "x-request-id", "req-1.a:B_9" },
							{ "x-idempotency-key", "k/1" } } };
	struct client_call call;
	Domainflow__Test__V1__Note *note;
	const char *id;
	size_t n;

	(void)state;
	assert_int_equal(say(&echo, &call, "who", 0, &options, &note), GRPC_STATUS_OK);
	assert_string_equal(note->text, "local default req-1.a:B_9 k/1");
	id = client_header(&call, "x-request-id", &n);
	assert_non_null(id);
	assert_memory_equal(id, "req-1.a:B_9", n);
	note_free(note);
	client_done(&call);
}

static void a_bad_request_id_is_replaced(void **state)
{
	static const char *const bad[] = { "has space", "",
					   "0123456789012345678901234567890123456789012345678901234567890123x" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct client_options options = { .metadata = { { "x-request-id", bad[i] } } };
		struct client_call call;
		Domainflow__Test__V1__Note *note;
		size_t n;

		assert_int_equal(say(&echo, &call, "who", 0, &options, &note), GRPC_STATUS_OK);
		assert_non_null(client_header(&call, "x-request-id", &n));
		assert_int_equal(n, 36);
		note_free(note);
		client_done(&call);
	}
}

static void a_bad_idempotency_key_is_refused(void **state)
{
	const char *const bad[] = { "two words", "65-characters-65-characters-65-characters-65-characters-65-charac" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct client_options options = { .metadata = { { "x-idempotency-key", bad[i] } } };
		struct client_call call;
		Domainflow__Test__V1__Note *note;

		assert_int_equal(say(&echo, &call, "hello", 0, &options, &note), GRPC_STATUS_INVALID_ARGUMENT);
		assert_true(details_contain(&call, "BAD_IDEMPOTENCY_KEY"));
		client_done(&call);
	}
}

static void trailers_arrive(void **state)
{
	struct client_call call;
	Domainflow__Test__V1__Note *note;
	size_t n;
	const char *value;

	(void)state;
	assert_int_equal(say(&echo, &call, "trailer", 0, NULL, &note), GRPC_STATUS_OK);
	value = client_trailer(&call, "x-idempotent-replay", &n);
	assert_non_null(value);
	assert_memory_equal(value, "true", n);
	note_free(note);
	client_done(&call);
}

static void the_peer_is_named(void **state)
{
	struct client_call call;
	Domainflow__Test__V1__Note *note;

	(void)state;
	assert_int_equal(say(&echo, &call, "peer", 0, NULL, &note), GRPC_STATUS_OK);
	assert_memory_equal(note->text, "127.0.0.1:", 10);
	note_free(note);
	client_done(&call);
}

/* Seven of eight threads sleep; everybody else is still served. */
static void a_blocked_handler_delays_nobody(void **state)
{
	struct client_call blocked[7], call;
	Domainflow__Test__V1__Note *note;
	size_t n;
	uint8_t *bytes = note_pack("block", 0, &n);

	(void)state;
	for (int i = 0; i < 7; i++)
		client_start(&blocked[i], echo.channel, PATH_SAY, bytes, n, true, NULL);
	echo_wait(&echo, &echo.blocked, 7);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(say(&echo, &call, "hello", i, NULL, &note), GRPC_STATUS_OK);
		note_free(note);
		client_done(&call);
	}
	echo_open_gate(&echo);
	for (int i = 0; i < 7; i++) {
		uint8_t *reply;

		assert_true(client_receive(&blocked[i], &reply, &n));
		free(reply);
		assert_int_equal(client_finish(&blocked[i]), GRPC_STATUS_OK);
		client_done(&blocked[i]);
	}
	free(bytes);
}

static void a_deadline_reaches_the_handler(void **state)
{
	struct client_options minute = { .deadline_ms = 60000 }, soon = { .deadline_ms = 150 };
	struct client_call call;
	Domainflow__Test__V1__Note *note;

	(void)state;
	assert_int_equal(say(&echo, &call, "left", 0, &minute, &note), GRPC_STATUS_OK);
	assert_in_range(note->number, 30, 60);
	note_free(note);
	client_done(&call);
	assert_int_equal(say(&echo, &call, "left", 0, NULL, &note), GRPC_STATUS_OK);
	assert_in_range(note->number, 0, echo.settings.grpc_deadline_default_ms / 1000);
	note_free(note);
	client_done(&call);
	assert_int_equal(say(&echo, &call, "block", 0, &soon, &note), GRPC_STATUS_DEADLINE_EXCEEDED);
	client_done(&call);
	echo_wait(&echo, &echo.saw_cancel, 1);
}

/* The core knows nothing of a deadline the client did not set. */
static void the_default_deadline_is_kept_too(void **state)
{
	struct client_call call;
	Domainflow__Test__V1__Note *note;

	(void)state;
	echo_init(&echo);
	echo.settings.grpc_deadline_default_ms = 100;
	echo_start(&echo);
	assert_int_equal(say(&echo, &call, "block", 0, NULL, &note), GRPC_STATUS_CANCELLED);
	client_done(&call);
	echo_stop(&echo);
}

static void a_cancel_reaches_the_handler(void **state)
{
	struct client_call call;
	size_t n;
	uint8_t *bytes = note_pack("block", 0, &n);

	(void)state;
	client_start(&call, echo.channel, PATH_SAY, bytes, n, true, NULL);
	echo_wait(&echo, &echo.blocked, 1);
	client_cancel(&call);
	assert_int_equal(client_finish(&call), GRPC_STATUS_CANCELLED);
	echo_wait(&echo, &echo.saw_cancel, 1);
	client_done(&call);
	free(bytes);
}

static void unknown_methods_are_answered_at_once(void **state)
{
	static const char *const paths[] = { "/domainflow.test.v1.Echo/Nowhere", "/no.Such/Thing", PATH_NOTHING };

	(void)state;
	for (int i = 0; i < 30; i++) {
		struct client_call call;
		uint8_t *out;
		size_t n;

		assert_int_equal(client_unary(&call, echo.channel, paths[i % 3], "", 0, NULL, &out, &n),
				 GRPC_STATUS_UNIMPLEMENTED);
		client_done(&call);
	}
}

static void a_request_must_be_well_formed(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		grpc_status_code code;
	} cases[] = {
		{ "\x0a\x02\xff\xfe", 4, GRPC_STATUS_INVALID_ARGUMENT }, /* not UTF-8 */
		{ "\x0a\x03"
		  "a\0b",
		  5, GRPC_STATUS_INVALID_ARGUMENT }, /* NUL inside */
		{ "\x0a\x7f"
		  "short",
		  7, GRPC_STATUS_INVALID_ARGUMENT }, /* cut off */
		{ "", 0, GRPC_STATUS_OK },           /* the empty message is one */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct client_call call;
		uint8_t *out;
		size_t n;

		assert_int_equal(
			client_unary(&call, echo.channel, PATH_SAY, cases[i].bytes, cases[i].n, NULL, &out, &n),
			cases[i].code);
		free(out);
		client_done(&call);
	}
}

static void memory_of_a_call_is_bounded(void **state)
{
	struct client_call call;
	Domainflow__Test__V1__Note *note;

	(void)state;
	assert_int_equal(say(&echo, &call, "eat", 0, NULL, &note), GRPC_STATUS_RESOURCE_EXHAUSTED);
	client_done(&call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_note_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(failures_carry_their_details, setup, teardown),
		cmocka_unit_test_setup_teardown(hundreds_of_violations_still_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(internal_text_stays_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(the_request_id_of_the_caller_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bad_request_id_is_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bad_idempotency_key_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(trailers_arrive, setup, teardown),
		cmocka_unit_test_setup_teardown(the_peer_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_blocked_handler_delays_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deadline_reaches_the_handler, setup, teardown),
		cmocka_unit_test(the_default_deadline_is_kept_too),
		cmocka_unit_test_setup_teardown(a_cancel_reaches_the_handler, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_methods_are_answered_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_request_must_be_well_formed, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_of_a_call_is_bounded, setup, teardown),
	};

	return cmocka_run_group_tests_name("rpc unary", tests, NULL, NULL);
}
