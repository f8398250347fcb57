/* The end of a server, with clients in every state. */
#include "echo.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

static struct echo echo;

static void *drain_in_background(void *arg)
{
	struct status *st = arg;

	*st = rpc_server_drain(echo.server);
	return NULL;
}

static void streams_are_told_where_to_resume(void **state)
{
	struct client_call calls[5];

	(void)state;
	echo_init(&echo);
	echo_start(&echo);
	for (int i = 0; i < 5; i++) {
		uint8_t *bytes;
		size_t n;

		watch_open(&echo, &calls[i]);
		assert_true(watch_send(&echo, "event", 42, 0));
		assert_true(client_receive(&calls[i], &bytes, &n));
		free(bytes);
	}
	assert_int_equal(rpc_server_drain(echo.server).code, STATUS_OK);
	for (int i = 0; i < 5; i++) {
		uint8_t *bytes;
		size_t n;

		assert_false(client_receive(&calls[i], &bytes, &n));
		assert_int_equal(client_finish(&calls[i]), GRPC_STATUS_UNAVAILABLE);
		assert_true(details_contain(&calls[i], "DRAINING"));
		assert_true(details_contain(&calls[i], "resume_after\x12\x02"
						       "42"));
		client_done(&calls[i]);
	}
	assert_int_equal(echo_read(&echo, &echo.closed), 5);
	assert_int_equal(rpc_server_calls(echo.server), 0);
	echo_free(&echo);
}

static void a_running_call_may_finish(void **state)
{
	struct client_call call, health;
	struct status st;
	pthread_t thread;
	uint8_t *reply;
	size_t n;
	uint8_t *bytes = note_pack("block", 3, &n);

	(void)state;
	echo_init(&echo);
	echo.settings.grpc_drain_ms = 20000;
	echo_start(&echo);
	client_start(&call, echo.channel, PATH_SAY, bytes, n, true, NULL);
	free(bytes);
	echo_wait(&echo, &echo.blocked, 1);
	client_start(&health, echo.channel, "/grpc.health.v1.Health/Watch", "", 0, true, NULL);
	assert_true(client_receive(&health, &reply, &n));
	assert_memory_equal(reply, "\x08\x01", 2); /* SERVING */
	free(reply);
	assert_int_equal(pthread_create(&thread, NULL, drain_in_background, &st), 0);
	/* The drain has begun when health says so; then the handler is let go. */
	assert_true(client_receive(&health, &reply, &n));
	assert_memory_equal(reply, "\x08\x02", 2); /* NOT_SERVING */
	free(reply);
	echo_open_gate(&echo);
	assert_true(client_receive(&call, &reply, &n));
	free(reply);
	assert_int_equal(client_finish(&call), GRPC_STATUS_OK);
	client_done(&call);
	client_done(&health);
	pthread_join(thread, NULL);
	assert_int_equal(st.code, STATUS_OK);
	echo_free(&echo);
}

static void a_call_that_does_not_finish_is_cancelled(void **state)
{
	struct client_call call;
	uint8_t *reply;
	size_t n;
	uint8_t *bytes = note_pack("block", 3, &n);

	(void)state;
	echo_init(&echo);
	echo.settings.grpc_drain_ms = 100;
	echo_start(&echo);
	client_start(&call, echo.channel, PATH_SAY, bytes, n, true, NULL);
	free(bytes);
	echo_wait(&echo, &echo.blocked, 1);
	assert_int_equal(rpc_server_drain(echo.server).code, STATUS_OK);
	assert_int_equal(echo_read(&echo, &echo.saw_cancel), 1);
	assert_false(client_receive(&call, &reply, &n));
	assert_int_not_equal(client_finish(&call), GRPC_STATUS_OK);
	client_done(&call);
	echo_free(&echo);
}

/* Every handler thread is asleep, so no thread sees the core's cancel: the drain reaches them all the same. */
static void a_full_house_is_cancelled_too(void **state)
{
	struct client_call calls[12];
	size_t n;
	uint8_t *bytes = note_pack("block", 3, &n);

	(void)state;
	echo_init(&echo);
	echo.settings.grpc_drain_ms = 100;
	echo.settings.grpc_unary_threads = 4;
	echo_start(&echo);
	for (int i = 0; i < 12; i++)
		client_start(&calls[i], echo.channel, PATH_SAY, bytes, n, true, NULL);
	free(bytes);
	echo_wait(&echo, &echo.blocked, 4);
	assert_int_equal(rpc_server_drain(echo.server).code, STATUS_OK);
	for (int i = 0; i < 12; i++) {
		uint8_t *reply;

		assert_false(client_receive(&calls[i], &reply, &n));
		assert_int_not_equal(client_finish(&calls[i]), GRPC_STATUS_OK);
		client_done(&calls[i]);
	}
	echo_free(&echo);
}

/* Connections that say nothing and ignore GOAWAY don't hold up the end: the grace time is longer than the test may run.
 */
static void silent_connections_are_not_waited_for(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fds[10];

	(void)state;
	echo_init(&echo);
	echo.settings.grpc_drain_ms = 3600000;
	echo_start(&echo);
	address.sin_port = htons((uint16_t)rpc_server_port(echo.server));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 10; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(fds[i], (struct sockaddr *)&address, sizeof address), 0);
	}
	while (rpc_server_connections(echo.server) < 10)
		sched_yield();
	assert_int_equal(rpc_server_drain(echo.server).code, STATUS_OK);
	for (int i = 0; i < 10; i++)
		close(fds[i]);
	echo_free(&echo);
}

static atomic_bool stop_load;

static void *load(void *arg)
{
	grpc_channel *channel = client_open(echo.target, NULL);
	size_t n;
	uint8_t *bytes = note_pack("hello", 1, &n);

	(void)arg;
	while (!atomic_load(&stop_load)) {
		struct client_options soon = { .deadline_ms = 5000 };
		struct client_call call, watch;
		uint8_t *reply;
		size_t reply_n;

		client_start(&watch, channel, PATH_WATCH, bytes, n, true, &soon);
		client_unary(&call, channel, PATH_SAY, bytes, n, &soon, &reply, &reply_n);
		free(reply);
		client_done(&call);
		client_done(&watch); /* mid-stream */
	}
	free(bytes);
	grpc_channel_destroy(channel);
	return NULL;
}

static void it_ends_under_load(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		pthread_t threads[3];

		echo_init(&echo);
		echo_start(&echo);
		atomic_store(&stop_load, false);
		for (int i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, load, NULL), 0);
		echo_wait(&echo, &echo.closed, 100);
		assert_int_equal(rpc_server_drain(echo.server).code, STATUS_OK);
		atomic_store(&stop_load, true);
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(echo_read(&echo, &echo.opened), echo_read(&echo, &echo.closed));
		echo_free(&echo);
	}
}

static void a_server_that_never_started_goes_quietly(void **state)
{
	struct rpc_server_options options = { .settings = &echo.settings };
	struct rpc_server *server;

	(void)state;
	echo_init(&echo);
	assert_int_equal(rpc_server_create(&options, &server).code, STATUS_OK);
	rpc_server_destroy(server);
	rpc_server_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_told_where_to_resume),
		cmocka_unit_test(a_running_call_may_finish),
		cmocka_unit_test(a_call_that_does_not_finish_is_cancelled),
		cmocka_unit_test(a_full_house_is_cancelled_too),
		cmocka_unit_test(silent_connections_are_not_waited_for),
		cmocka_unit_test(it_ends_under_load),
		cmocka_unit_test(a_server_that_never_started_goes_quietly),
	};

	return cmocka_run_group_tests_name("rpc drain", tests, NULL, NULL);
}
