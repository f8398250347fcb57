#include "echo.h"
#include "rpc/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* cmocka wants the above first */
#include <cmocka.h>

static struct echo echo;

static int setup(void **state)
{
	(void)state;
	echo_init(&echo);
	echo.settings.grpc_stream_queue_messages_max = 8;
	echo_start(&echo);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	echo_stop(&echo);
	return 0;
}

static int32_t next_number(struct client_call *call)
{
	Domainflow__Test__V1__Note *note;
	uint8_t *bytes;
	size_t n;
	int32_t number;

	assert_true(client_receive(call, &bytes, &n));
	note = note_take(bytes, n);
	number = note->number;
	note_free(note);
	return number;
}

static bool at_end(struct client_call *call)
{
	uint8_t *bytes;
	size_t n;

	if (!client_receive(call, &bytes, &n))
		return true;
	free(bytes);
	return false;
}

static void close_watch(struct status st)
{
	pthread_mutex_lock(&echo.lock);
	assert_non_null(echo.stream);
	rpc_stream_close(echo.stream, st);
	pthread_mutex_unlock(&echo.lock);
}

static void headers_come_before_the_first_message(void **state)
{
	struct client_call call;

	(void)state;
	watch_open(&echo, &call);
	client_wait_headers(&call);
	assert_non_null(client_header(&call, "x-request-id", NULL));
	client_done(&call);
	echo_wait(&echo, &echo.closed, 1);
}

static void messages_arrive_in_order(void **state)
{
	struct client_call call;

	(void)state;
	watch_open(&echo, &call);
	for (int i = 1; i <= 8; i++)
		assert_true(watch_send(&echo, "note", i, 0));
	for (int i = 1; i <= 8; i++)
		assert_int_equal(next_number(&call), i);
	close_watch(STATUS_OK_VALUE);
	assert_true(at_end(&call));
	assert_int_equal(client_finish(&call), GRPC_STATUS_OK);
	echo_wait(&echo, &echo.closed, 1);
	assert_int_equal(echo_read(&echo, &echo.closed), 1);
	client_done(&call);
}

static void what_is_queued_leaves_before_the_close(void **state)
{
	struct client_call call;

	(void)state;
	watch_open(&echo, &call);
	for (int i = 1; i <= 5; i++)
		assert_true(watch_send(&echo, "note", i, 0));
	close_watch(status_make(STATUS_OUT_OF_RANGE, "EVENT_LOG_COMPACTED", "too old"));
	assert_false(watch_send(&echo, "late", 6, 0));
	for (int i = 1; i <= 5; i++)
		assert_int_equal(next_number(&call), i);
	assert_true(at_end(&call));
	assert_int_equal(client_finish(&call), GRPC_STATUS_OUT_OF_RANGE);
	assert_true(details_contain(&call, "EVENT_LOG_COMPACTED"));
	client_done(&call);
	echo_wait(&echo, &echo.closed, 1);
}

static void a_failing_handler_ends_the_call(void **state)
{
	struct client_call call;
	size_t n;
	uint8_t *bytes = note_pack("missing", 0, &n);

	(void)state;
	client_start(&call, echo.channel, PATH_WATCH, bytes, n, true, NULL);
	free(bytes);
	assert_true(at_end(&call));
	assert_int_equal(client_finish(&call), GRPC_STATUS_NOT_FOUND);
	assert_true(details_contain(&call, "CAMPAIGN_UNKNOWN"));
	client_done(&call);
	echo_wait(&echo, &echo.closed, 1);
}

static void the_owner_learns_once_that_the_client_went(void **state)
{
	struct client_call call;

	(void)state;
	watch_open(&echo, &call);
	client_cancel(&call);
	assert_int_equal(client_finish(&call), GRPC_STATUS_CANCELLED);
	echo_wait(&echo, &echo.closed, 1);
	assert_false(watch_send(&echo, "nobody", 1, 0));
	client_done(&call);
	watch_open(&echo, &call);
	client_done(&call);
	echo_wait(&echo, &echo.closed, 2);
	assert_int_equal(echo_read(&echo, &echo.closed), 2);
}

static void a_deadline_ends_a_stream(void **state)
{
	struct client_options soon = { .deadline_ms = 150 };
	struct client_call call;
	size_t n;
	uint8_t *bytes = note_pack("watch", 0, &n);

	(void)state;
	client_start(&call, echo.channel, PATH_WATCH, bytes, n, true, &soon);
	free(bytes);
	assert_true(at_end(&call));
	assert_int_equal(client_finish(&call), GRPC_STATUS_DEADLINE_EXCEEDED);
	echo_wait(&echo, &echo.closed, echo_read(&echo, &echo.opened));
	client_done(&call);
}

/* Fills the transport's windows with big messages until sends stay queued: from here on nothing leaves. */
static int fill_up(char *big, size_t bytes)
{
	int sent = 0;

	memset(big, 'x', bytes - 1);
	big[bytes - 1] = '\0';
	for (;;) {
		size_t queued = 8;

		for (int wait = 0; wait < 200 && queued > 2; wait++) {
			struct timespec pause = { .tv_nsec = 5000000 };

			pthread_mutex_lock(&echo.lock);
			queued = rpc_stream_queued(echo.stream);
			pthread_mutex_unlock(&echo.lock);
			if (queued > 2)
				nanosleep(&pause, NULL);
		}
		if (queued > 2)
			return sent;
		assert_true(watch_send(&echo, big, ++sent, 0));
	}
}

static char big[256 * 1024];

static void progress_is_coalesced_and_the_rest_is_not(void **state)
{
	struct client_call call;
	int clogged;

	(void)state;
	watch_open(&echo, &call);
	clogged = fill_up(big, sizeof big);
	/* Three wait already; key 7 takes one place however often it is sent, and keeps it. */
	assert_true(watch_send(&echo, "progress", 1001, 7));
	assert_true(watch_send(&echo, "event", 1002, 0));
	for (int i = 0; i < 100; i++)
		assert_true(watch_send(&echo, "progress", 2000 + i, 7));
	assert_true(watch_send(&echo, "event", 1003, 0));
	for (int i = 1; i <= clogged; i++)
		assert_int_equal(next_number(&call), i);
	assert_int_equal(next_number(&call), 2099);
	assert_int_equal(next_number(&call), 1002);
	assert_int_equal(next_number(&call), 1003);
	client_done(&call);
	echo_wait(&echo, &echo.closed, 1);
}

static void progress_makes_room_for_events(void **state)
{
	struct client_call call;
	int clogged;

	(void)state;
	watch_open(&echo, &call);
	clogged = fill_up(big, sizeof big);
	for (int key = 1; key <= 5; key++)
		assert_true(watch_send(&echo, "progress", 1000 + key, (uint64_t)key));
	assert_true(watch_send(&echo, "event", 2000, 0)); /* the queue of 8 is full: key 1 goes */
	for (int i = 1; i <= clogged; i++)
		assert_int_equal(next_number(&call), i);
	for (int key = 2; key <= 5; key++)
		assert_int_equal(next_number(&call), 1000 + key);
	assert_int_equal(next_number(&call), 2000);
	client_done(&call);
	echo_wait(&echo, &echo.closed, 1);
}

static void a_slow_reader_is_closed_with_its_position(void **state)
{
	struct client_call call;
	char position[32];
	int last = 0;

	(void)state;
	watch_open(&echo, &call);
	fill_up(big, sizeof big);
	for (int i = 0; i < 20 && watch_send(&echo, big, 5000 + i, 0); i++)
		;
	assert_false(watch_send(&echo, "more", 9000, 0));
	/* It wakes up and reads what had left: the position is that of the last message it gets. */
	for (;;) {
		uint8_t *bytes;
		size_t n;
		Domainflow__Test__V1__Note *note;

		if (!client_receive(&call, &bytes, &n))
			break;
		note = note_take(bytes, n);
		last = note->number;
		note_free(note);
	}
	assert_int_equal(client_finish(&call), GRPC_STATUS_RESOURCE_EXHAUSTED);
	snprintf(position, sizeof position, "resume_after\x12%c%d", last > 99 ? 3 : last > 9 ? 2 : 1, last);
	assert_true(details_contain(&call, "SLOW_READER"));
	assert_true(details_contain(&call, position));
	client_done(&call);
	echo_wait(&echo, &echo.closed, 1);
}

/* A queue of eight, a backlog of forty in one go. */
static void a_backlog_may_be_handed_over_at_once(void **state)
{
	struct client_call call;
	int filled;

	(void)state;
	watch_open(&echo, &call);
	filled = fill_up(big, sizeof big);
	pthread_mutex_lock(&echo.lock);
	rpc_stream_allow(echo.stream, 40);
	pthread_mutex_unlock(&echo.lock);
	for (int i = 1; i <= 40; i++)
		assert_true(watch_send(&echo, "old", 1000 + i, 0));
	for (int i = 1; i <= filled; i++)
		assert_int_equal(next_number(&call), i);
	for (int i = 1; i <= 40; i++)
		assert_int_equal(next_number(&call), 1000 + i);
	client_done(&call);
	echo_wait(&echo, &echo.closed, 1);
}

static bool has_room(size_t most, int64_t ms)
{
	bool is_there;

	pthread_mutex_lock(&echo.lock);
	assert_non_null(echo.stream);
	is_there = rpc_stream_wait_room(echo.stream, most, ms);
	pthread_mutex_unlock(&echo.lock);
	return is_there;
}

static void what_is_in_flight_has_not_left(void **state)
{
	struct client_call call;
	size_t queued;
	int filled;

	(void)state;
	watch_open(&echo, &call);
	filled = fill_up(big, sizeof big);
	pthread_mutex_lock(&echo.lock);
	queued = rpc_stream_queued(echo.stream);
	pthread_mutex_unlock(&echo.lock);
	assert_false(has_room(queued, 0));
	assert_true(has_room(queued + 1, 0));
	for (int i = 1; i <= filled; i++)
		assert_int_equal(next_number(&call), i);
	assert_true(has_room(0, 60000));
	client_done(&call);
	echo_wait(&echo, &echo.closed, 1);
}

/* One that never reads at all is cut off, with code and reason in the text. */
static void a_reader_that_sleeps_is_cut_off(void **state)
{
	struct client_call call;
	char *text;

	(void)state;
	watch_open(&echo, &call);
	fill_up(big, sizeof big);
	for (int i = 0; i < 20 && watch_send(&echo, big, 5000 + i, 0); i++)
		;
	echo_wait(&echo, &echo.closed, 1);
	while (!at_end(&call))
		;
	assert_int_equal(client_finish(&call), GRPC_STATUS_RESOURCE_EXHAUSTED);
	text = grpc_slice_to_c_string(call.details);
	assert_non_null(strstr(text, "SLOW_READER"));
	free(text);
	client_done(&call);
}

static void one_encoding_serves_many(void **state)
{
	struct client_call calls[3];
	struct rpc_stream *streams[3];
	Domainflow__Test__V1__Note note;
	struct rpc_packed *packed;

	(void)state;
	for (int i = 0; i < 3; i++) {
		watch_open(&echo, &calls[i]);
		pthread_mutex_lock(&echo.lock);
		streams[i] = echo.stream;
		rpc_stream_retain(streams[i]);
		pthread_mutex_unlock(&echo.lock);
	}
	domainflow__test__v1__note__init(&note);
	note.number = 77;
	packed = rpc_packed_create(&note.base);
	for (int i = 0; i < 3; i++)
		assert_true(rpc_stream_send(streams[i], packed, 0));
	rpc_packed_release(packed);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(next_number(&calls[i]), 77);
		client_done(&calls[i]);
	}
	echo_wait(&echo, &echo.closed, 3);
	for (int i = 0; i < 3; i++) {
		assert_true(rpc_stream_is_closed(streams[i]));
		rpc_stream_release(streams[i]);
	}
}

static void a_chat_answers_every_note(void **state)
{
	struct client_call call;
	size_t n;
	uint8_t *bytes = note_pack("hello", 5, &n);

	(void)state;
	client_start(&call, echo.channel, PATH_CHAT, bytes, n, false, NULL);
	assert_int_equal(next_number(&call), 5);
	for (int i = 0; i < 20; i++) {
		client_send(&call, bytes, n, false);
		assert_int_equal(next_number(&call), 5);
	}
	client_send(&call, NULL, 0, true);
	assert_true(at_end(&call));
	assert_int_equal(client_finish(&call), GRPC_STATUS_OK);
	client_done(&call);
	free(bytes);
}

static void a_chat_ends_with_the_failure_of_its_handler(void **state)
{
	struct client_call call;
	size_t n;
	uint8_t *bytes = note_pack("missing", 0, &n);

	(void)state;
	client_start(&call, echo.channel, PATH_CHAT, bytes, n, false, NULL);
	assert_true(at_end(&call));
	assert_int_equal(client_finish(&call), GRPC_STATUS_NOT_FOUND);
	client_done(&call);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(headers_come_before_the_first_message, setup, teardown),
		cmocka_unit_test_setup_teardown(messages_arrive_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_queued_leaves_before_the_close, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failing_handler_ends_the_call, setup, teardown),
		cmocka_unit_test_setup_teardown(the_owner_learns_once_that_the_client_went, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deadline_ends_a_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(progress_is_coalesced_and_the_rest_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(progress_makes_room_for_events, setup, teardown),
		cmocka_unit_test_setup_teardown(a_slow_reader_is_closed_with_its_position, setup, teardown),
		cmocka_unit_test_setup_teardown(a_backlog_may_be_handed_over_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_in_flight_has_not_left, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_that_sleeps_is_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(one_encoding_serves_many, setup, teardown),
		cmocka_unit_test_setup_teardown(a_chat_answers_every_note, setup, teardown),
		cmocka_unit_test_setup_teardown(a_chat_ends_with_the_failure_of_its_handler, setup, teardown),
	};

	return cmocka_run_group_tests_name("rpc stream", tests, NULL, NULL);
}
