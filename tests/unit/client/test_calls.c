/* The client library through generated functions, against a server that misbehaves on request. */
#include "awkward/v1/awkward.grpc-c.client.h"
#include "domainflow/connection.h"
#include "mini_server.h"

#include "base/arena.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG_MS 20000 /* long enough for anything that is expected to happen */

struct fixture {
	struct mini_server *server;
	struct df_connection *connection;
	struct arena *arena;
	struct df_call_report report;
	struct df_call call;
};

static int set_up(void **state)
{
	const struct df_options options = { .token = "secret", .retry = { .first_wait_ms = 1, .wait_ms_max = 2 } };
	struct fixture *f = calloc(1, sizeof *f);

	f->server = mini_server_start(NULL);
	f->arena = arena_create(0);
	f->call = (struct df_call){ .arena = f->arena, .timeout_ms = LONG_MS, .report = &f->report };
	*state = f;
	return status_ok(df_connect(mini_server_address(f->server), &options, &f->connection)) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	df_close(f->connection);
	mini_server_stop(f->server);
	arena_destroy(f->arena);
	free(f);
	return 0;
}

/* A read (GetURLByID) or a write (Getaway) with this script. */
static struct status read_call(struct fixture *f, const char *script, Awkward__V1__Plain **out)
{
	Awkward__V1__Plain in = AWKWARD__V1__PLAIN__INIT;

	in.text = (char *)(uintptr_t)script;
	return awkward_v1_default_get_url_by_id(f->connection, &f->call, &in, out);
}

static struct status write_call(struct fixture *f, const char *script, Awkward__V1__Plain **out)
{
	Awkward__V1__Part in = AWKWARD__V1__PART__INIT;

	in.label = (char *)(uintptr_t)script;
	return awkward_v1_default_getaway(f->connection, &f->call, &in, out);
}

static struct df_stream *watch(struct fixture *f, const char *script)
{
	Awkward__V1__Part in = AWKWARD__V1__PART__INIT;
	struct df_stream *stream = NULL;

	in.label = (char *)(uintptr_t)script;
	assert_true(status_ok(awkward_v1_default_watch_open(f->connection, &f->call, &in, &stream)));
	return stream;
}

static struct status next_text(struct fixture *f, struct df_stream *stream, int64_t timeout_ms, const char **out)
{
	Awkward__V1__HTTPThing *thing = NULL;
	struct status st = awkward_v1_default_watch_next(stream, timeout_ms, f->arena, &thing);

	*out = thing ? thing->default_ : NULL;
	return st;
}

static void answers_arrive(void **state)
{
	struct fixture *f = *state;
	Awkward__V1__Plain *out = NULL;

	assert_true(status_ok(read_call(f, "ok", &out)));
	assert_string_equal(out->text, "ok");
	assert_int_equal(f->report.attempts, 1);
}

static void headers_are_sent(void **state)
{
	struct fixture *f = *state;
	Awkward__V1__Plain *out = NULL;
	struct mini_seen seen;

	f->call.request_id = "req-1";
	f->call.idempotency_key = "key-1";
	assert_true(status_ok(write_call(f, "ok", &out)));
	seen = mini_server_seen(f->server);
	assert_string_equal(seen.request_id, "req-1");
	assert_string_equal(seen.idempotency_key, "key-1");
	assert_string_equal(seen.authorization, "Bearer secret");
	assert_string_equal(f->report.request_id, "req-1");
	f->call.request_id = NULL;
	f->call.idempotency_key = NULL;
	assert_true(status_ok(write_call(f, "ok", &out)));
	seen = mini_server_seen(f->server);
	assert_int_equal(strlen(seen.request_id), 36); /* one was made */
	assert_string_equal(seen.request_id, f->report.request_id);
	assert_string_equal(seen.idempotency_key, "");
	f->call.request_id = "bad\nvalue";
	assert_string_equal(write_call(f, "ok", &out).reason, "BAD_REQUEST");
}

static void failures_carry_their_details(void **state)
{
	struct fixture *f = *state;
	Awkward__V1__Plain *out = NULL;
	struct status st = read_call(f, "details", &out);

	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_string_equal(st.reason, "INVALID_STATE");
	assert_string_equal(st.detail, "the campaign is paused");
	assert_string_equal(st.extra->metas->key, "current_state");
	assert_string_equal(st.extra->metas->value, "paused");
	assert_string_equal(st.extra->fields->field, "pageSize");
	assert_string_equal(st.extra->fields->reason, "VALIDATION_ERROR");
	assert_string_equal(st.extra->fields->message, "is too large");
	assert_int_equal(st.extra->retry_after_ms, 2500);
	assert_string_equal(st.extra->resource_type, "campaign");
	assert_string_equal(st.extra->resource_name, "c1");
	assert_null(out);
	st = read_call(f, "plain", &out);
	assert_int_equal(st.code, STATUS_NOT_FOUND);
	assert_string_equal(st.reason, "NOT_FOUND");
	assert_string_equal(st.detail, "no such thing");
	assert_null(st.extra);
}

static void reads_are_repeated_and_writes_are_not(void **state)
{
	struct fixture *f = *state;
	Awkward__V1__Plain *out = NULL;

	assert_true(status_ok(read_call(f, "down 2", &out)));
	assert_int_equal(f->report.attempts, 3);
	mini_server_reset(f->server);
	assert_int_equal(read_call(f, "down 9", &out).code, STATUS_UNAVAILABLE);
	assert_int_equal(f->report.attempts, 4);
	assert_int_equal(mini_server_seen(f->server).calls, 4);
	mini_server_reset(f->server);
	assert_int_equal(write_call(f, "down 1", &out).code, STATUS_UNAVAILABLE);
	assert_int_equal(f->report.attempts, 1);
	assert_int_equal(mini_server_seen(f->server).calls, 1);
	assert_int_equal(read_call(f, "plain", &out).code, STATUS_NOT_FOUND); /* an answer is an answer */
	assert_int_equal(f->report.attempts, 1);
}

static void deadlines_end_calls(void **state)
{
	struct fixture *f = *state;
	Awkward__V1__Plain *out = NULL;

	f->call.timeout_ms = 50;
	assert_int_equal(read_call(f, "hang", &out).code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(f->report.attempts, 1);
}

static void *set_soon(void *flag)
{
	atomic_store((atomic_bool *)flag, true);
	return NULL;
}

static void calls_can_be_cancelled(void **state)
{
	struct fixture *f = *state;
	Awkward__V1__Plain *out = NULL;
	atomic_bool cancel = false;
	pthread_t thread;

	f->call.cancel = &cancel;
	pthread_create(&thread, NULL, set_soon, &cancel);
	assert_int_equal(read_call(f, "hang", &out).code, STATUS_CANCELLED);
	pthread_join(thread, NULL);
}

static void nobody_there_is_unavailable(void **state)
{
	struct fixture *f = *state;
	struct df_connection *nobody = NULL;
	Awkward__V1__Plain in = AWKWARD__V1__PLAIN__INIT, *out = NULL;

	assert_true(status_ok(df_connect("unix:/nonexistent/socket", NULL, &nobody)));
	assert_int_equal(awkward_v1_default_get_url_by_id(nobody, &f->call, &in, &out).code, STATUS_UNAVAILABLE);
	assert_int_equal(f->report.attempts, 4);
	df_close(nobody);
}

static void garbage_is_a_bad_response(void **state)
{
	struct fixture *f = *state;
	Awkward__V1__Plain *out = NULL;
	struct status st = read_call(f, "garbage", &out);

	assert_int_equal(st.code, STATUS_INTERNAL);
	assert_string_equal(st.reason, "BAD_RESPONSE");
	assert_null(out);
}

static void wrong_options_are_refused(void **state)
{
	const struct df_options half = { .ca_pem = "x", .key_pem = "x" },
				no_ca = { .key_pem = "x", .certificate_pem = "x" };
	struct df_connection *c = NULL;

	(void)state;
	assert_int_equal(df_connect("", NULL, &c).code, STATUS_INVALID_ARGUMENT);
	assert_int_equal(df_connect("localhost:1", &half, &c).code, STATUS_INVALID_ARGUMENT);
	assert_int_equal(df_connect("localhost:1", &no_ca, &c).code, STATUS_INVALID_ARGUMENT);
	assert_null(c);
}

static void streams_are_read_to_their_end(void **state)
{
	static const char *const words[] = { "one", "two", "three" };
	struct fixture *f = *state;
	struct df_stream *stream = watch(f, "three");
	const char *text;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		assert_true(status_ok(next_text(f, stream, LONG_MS, &text)));
		assert_string_equal(text, words[i]);
	}
	for (int i = 0; i < 2; i++) {
		assert_true(status_ok(next_text(f, stream, LONG_MS, &text)));
		assert_null(text);
	}
	df_stream_close(stream);
}

static void a_quiet_stream_goes_on(void **state)
{
	struct fixture *f = *state;
	struct df_stream *stream = watch(f, "stall");
	const char *text;

	assert_true(status_ok(next_text(f, stream, LONG_MS, &text)));
	for (int i = 0; i < 2; i++) {
		struct status st = next_text(f, stream, 10, &text);

		assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
		assert_string_equal(st.reason, "NO_MESSAGE_YET");
	}
	df_stream_cancel(stream);
	assert_int_equal(next_text(f, stream, LONG_MS, &text).code, STATUS_CANCELLED);
	assert_int_equal(next_text(f, stream, LONG_MS, &text).code, STATUS_CANCELLED);
	df_stream_close(stream);
}

static void a_broken_stream_says_why(void **state)
{
	struct fixture *f = *state;
	struct df_stream *stream = watch(f, "broken");
	const char *text;
	struct status st;

	assert_true(status_ok(next_text(f, stream, LONG_MS, &text)));
	st = next_text(f, stream, LONG_MS, &text);
	assert_int_equal(st.code, STATUS_ABORTED);
	assert_string_equal(st.reason, "INVALID_STATE");
	assert_string_equal(st.extra->metas->value, "paused");
	st = next_text(f, stream, LONG_MS, &text);
	assert_int_equal(st.code, STATUS_ABORTED); /* remembered */
	assert_null(st.extra);
	df_stream_close(stream);
	assert_int_equal(mini_server_seen(f->server).calls, 1);
}

static void streams_close_at_any_point(void **state)
{
	struct fixture *f = *state;
	const char *text;

	df_stream_close(watch(f, "hang"));
	df_stream_close(watch(f, "three"));
	for (int i = 0; i < 20; i++) {
		struct df_stream *stream = watch(f, "stall");

		status_ignore(next_text(f, stream, 1, &text)); /* may or may not have come: closing works either way */
		df_stream_close(stream);
	}
	df_stream_close(NULL);
}

/* One connection serves many threads. */
static void *call_many(void *arg)
{
	struct fixture *shared = arg, own = { .connection = shared->connection };
	Awkward__V1__Plain *out = NULL;
	uintptr_t ok = 0;

	own.arena = arena_create(0);
	own.call = (struct df_call){ .arena = own.arena, .timeout_ms = LONG_MS };
	for (int i = 0; i < 25; i++)
		ok += status_ok(read_call(&own, "ok", &out)) && strcmp(out->text, "ok") == 0;
	arena_destroy(own.arena);
	return (void *)ok;
}

static void threads_share_a_connection(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[4];
	void *ok;

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_many, f), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		pthread_join(threads[i], &ok);
		assert_int_equal((uintptr_t)ok, 25);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(answers_arrive),
		CASE(headers_are_sent),
		CASE(failures_carry_their_details),
		CASE(reads_are_repeated_and_writes_are_not),
		CASE(deadlines_end_calls),
		CASE(calls_can_be_cancelled),
		CASE(nobody_there_is_unavailable),
		CASE(garbage_is_a_bad_response),
		CASE(wrong_options_are_refused),
		CASE(streams_are_read_to_their_end),
		CASE(a_quiet_stream_goes_on),
		CASE(a_broken_stream_says_why),
		CASE(streams_close_at_any_point),
		CASE(threads_share_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
