/* What a client can't do to the server. */
#include "echo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

static struct echo echo;

static int setup(void **state)
{
	(void)state;
	echo_init(&echo);
	echo.settings.grpc_message_bytes_max = 65536;
	echo_start(&echo);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	echo_stop(&echo);
	return 0;
}

static void hello_works(grpc_channel *channel)
{
	struct client_call call;
	size_t n, reply_n;
	uint8_t *bytes = note_pack("hello", 1, &n), *reply;

	if (client_unary(&call, channel, PATH_SAY, bytes, n, NULL, &reply, &reply_n) != GRPC_STATUS_OK)
		fail_msg("the call ended with %d", call.code);
	free(bytes);
	free(reply);
	client_done(&call);
}

static void an_oversize_message_is_refused(void **state)
{
	struct client_call call;
	char *text = malloc(70000);
	Domainflow__Test__V1__Note *note;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 69999);
	text[69999] = '\0';
	assert_int_equal(say(&echo, &call, text, 0, NULL, &note), GRPC_STATUS_RESOURCE_EXHAUSTED);
	client_done(&call);
	free(text);
	hello_works(echo.channel);
}

static void oversize_metadata_is_refused(void **state)
{
	struct client_options options = { .metadata = { { "x-long", NULL } } };
	struct client_call call;
	char *text = malloc(20000);
	Domainflow__Test__V1__Note *note;
	grpc_channel *other = client_open(echo.target, NULL);

	(void)state;
	hello_works(other);
	assert_non_null(text);
	memset(text, 'a', 19999);
	text[19999] = '\0';
	options.metadata[0].value = text;
	assert_int_equal(say(&echo, &call, "hello", 0, &options, &note), GRPC_STATUS_RESOURCE_EXHAUSTED);
	client_done(&call);
	free(text);
	/* The core may close the connection of whoever did that; others don't notice. */
	hello_works(other);
	grpc_channel_destroy(other);
}

static void a_compressed_message_is_refused(void **state)
{
	struct client_options options = { .compression = GRPC_COMPRESS_GZIP };
	struct client_call call;
	char *text = malloc(60000);
	Domainflow__Test__V1__Note *note;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 59999);
	text[59999] = '\0';
	assert_int_equal(say(&echo, &call, text, 0, &options, &note), GRPC_STATUS_UNIMPLEMENTED);
	assert_null(note);
	client_done(&call);
	free(text);
	hello_works(echo.channel);
}

static int connect_plain(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)rpc_server_port(echo.server)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static void pause_ms(int64_t ms)
{
	struct timespec pause = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&pause, NULL);
}

static void connections_are_capped_and_come_back(void **state)
{
	int fds[40];
	size_t open = 0;
	grpc_channel *channel;

	(void)state;
	echo_init(&echo);
	echo.settings.grpc_connections_max = 8;
	echo_start(&echo);
	for (int i = 0; i < 40; i++)
		fds[i] = connect_plain();
	for (int wait = 0; wait < 400 && open < 8; wait++) {
		pause_ms(5);
		open = rpc_server_connections(echo.server);
	}
	assert_int_equal(open, 8);
	for (int i = 0; i < 40; i++)
		close(fds[i]);
	for (int wait = 0; wait < 400 && rpc_server_connections(echo.server); wait++)
		pause_ms(5);
	assert_int_equal(rpc_server_connections(echo.server), 0);
	channel = client_open(echo.target, NULL);
	hello_works(channel);
	grpc_channel_destroy(channel);
	echo_stop(&echo);
}

/* The child floods the server, then leaves. It shares nothing with the parent but the port. */
static void flood(uint16_t port, int connects)
{
	struct rlimit many = { 4096, 4096 };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setrlimit(RLIMIT_NOFILE, &many);
	for (int i = 0; i < connects; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		if (fd >= 0)
			connect(fd, (struct sockaddr *)&address, sizeof address);
	}
	pause_ms(500);
	_exit(0);
}

/* The core's own listener stops accepting for ever after one EMFILE. All free descriptors are taken here, so that
 * accept4 really fails, while 2000 connections arrive. */
static void running_out_of_descriptors_is_survived(void **state)
{
	struct rlimit few, before;
	int hoard[256], ready[2], status;
	size_t hoarded = 0;
	grpc_channel *channel;
	pid_t child;
	uint16_t port = 0;

	(void)state;
	/* Forked before the core exists in this process; told the port later. */
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (read(ready[0], &port, sizeof port) == (ssize_t)sizeof port)
			flood(port, 2000);
		_exit(1);
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	echo_init(&echo);
	echo_start(&echo);
	hello_works(echo.channel);
	while (hoarded < 256 && (hoard[hoarded] = dup(0)) >= 0)
		hoarded++;
	assert_int_equal(errno, EMFILE);
	port = (uint16_t)rpc_server_port(echo.server);
	assert_int_equal(write(ready[1], &port, sizeof port), sizeof port);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	hello_works(echo.channel); /* those who were in stay in */
	while (hoarded)
		close(hoard[--hoarded]);
	channel = client_open(echo.target, NULL);
	hello_works(channel);
	grpc_channel_destroy(channel);
	echo_stop(&echo);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* The same flood, descriptors to spare: the cap below nofile holds, and a newcomer is served when they are gone. */
static void a_flood_of_connections_is_survived(void **state)
{
	struct rlimit few, before;
	int ready[2], status;
	grpc_channel *channel;
	pid_t child;
	uint16_t port = 0;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (read(ready[0], &port, sizeof port) == (ssize_t)sizeof port)
			flood(port, 2000);
		_exit(1);
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	echo_init(&echo);
	echo_start(&echo);
	port = (uint16_t)rpc_server_port(echo.server);
	assert_int_equal(write(ready[1], &port, sizeof port), sizeof port);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	channel = client_open(echo.target, NULL);
	hello_works(channel);
	grpc_channel_destroy(channel);
	echo_stop(&echo);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* Bytes that are not HTTP/2 end their own connection and nothing else. */
static void garbage_hurts_nobody(void **state)
{
	static const char garbage[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	(void)state;
	for (int i = 0; i < 20; i++) {
		int fd = connect_plain();

		assert_true(fd >= 0);
		pause_ms(2);
		if (write(fd, garbage, sizeof garbage - 1) < 0)
			assert_true(errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
		close(fd);
	}
	hello_works(echo.channel);
}

static struct status try_start(const char *address)
{
	struct echo other;
	struct rpc_server_options options = { .settings = &other.settings };
	struct status st;

	echo_init(&other);
	other.settings.grpc_address = address;
	st = rpc_server_create(&options, &other.server);
	assert_int_equal(st.code, STATUS_OK);
	st = rpc_server_start(other.server);
	rpc_server_destroy(other.server);
	return st;
}

static void plain_tcp_is_for_loopback_only(void **state)
{
	static const char *const open_to_all[] = { "0.0.0.0:0", "[::]:0", ":0", "127.0.0.1:0,0.0.0.0:0" };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(try_start(open_to_all[i]).reason, "TLS_REQUIRED");
	assert_int_equal(try_start("127.0.0.1:0,[::1]:0").code, STATUS_OK);
	assert_string_equal(try_start("nonsense").reason, "BAD_ADDRESS");
	assert_string_equal(try_start("").reason, "BAD_ADDRESS");
	assert_string_equal(try_start("unix:relative").reason, "BAD_ADDRESS");
}

static void a_port_in_use_is_told(void **state)
{
	char address[64];

	(void)state;
	snprintf(address, sizeof address, "127.0.0.1:%d", rpc_server_port(echo.server));
	assert_string_equal(try_start(address).reason, "LISTEN_FAILED");
}

static void a_unix_socket_serves_and_goes(void **state)
{
	char path[64], address[80];
	struct client_call call;
	Domainflow__Test__V1__Note *note;

	(void)state;
	snprintf(path, sizeof path, "/tmp/df-rpc-%d.sock", (int)getpid());
	snprintf(address, sizeof address, "unix:%s", path);
	echo_init(&echo);
	echo.settings.grpc_address = address;
	echo_start(&echo);
	assert_int_equal(say(&echo, &call, "peer", 0, NULL, &note), GRPC_STATUS_OK);
	assert_string_equal(note->text, "unix");
	note_free(note);
	client_done(&call);
	assert_string_equal(try_start(address).reason, "LISTEN_FAILED"); /* somebody lives there */
	echo_stop(&echo);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(running_out_of_descriptors_is_survived),
		cmocka_unit_test(a_flood_of_connections_is_survived),
		cmocka_unit_test(connections_are_capped_and_come_back),
		cmocka_unit_test_setup_teardown(an_oversize_message_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(oversize_metadata_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_compressed_message_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(garbage_hurts_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(plain_tcp_is_for_loopback_only, setup, teardown),
		cmocka_unit_test_setup_teardown(a_port_in_use_is_told, setup, teardown),
		cmocka_unit_test(a_unix_socket_serves_and_goes),
	};

	return cmocka_run_group_tests_name("rpc limits", tests, NULL, NULL);
}
