/* Mutual TLS through the acceptor for external connections (server/rpc/accept.c). */
#include "certs.h"
#include "echo.h"

#include <grpc/grpc_security.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

static struct echo echo;
static struct authority ours, theirs;
static char directory[] = "/tmp/df-rpc-tls-XXXXXX";
static char ca_path[64], cert_path[64], key_path[64];
static char ca_pem[PEM_BYTES];

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	char key[PEM_BYTES], certificate[PEM_BYTES];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(ca_path, sizeof ca_path, "%s/ca.pem", directory);
	snprintf(cert_path, sizeof cert_path, "%s/cert.pem", directory);
	snprintf(key_path, sizeof key_path, "%s/key.pem", directory);
	authority_init(&ours, "test authority");
	authority_init(&theirs, "somebody else");
	authority_pem(&ours, ca_pem);
	authority_issue(&ours, "server", key, certificate);
	write_file(ca_path, ca_pem);
	write_file(cert_path, certificate);
	write_file(key_path, key);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	authority_done(&ours);
	authority_done(&theirs);
	unlink(ca_path);
	unlink(cert_path);
	unlink(key_path);
	rmdir(directory);
	return 0;
}

static void start(const char *address)
{
	echo_init(&echo);
	echo.settings.grpc_address = address;
	echo.settings.grpc_tls_cert = cert_path;
	echo.settings.grpc_tls_key = key_path;
	echo.settings.grpc_tls_client_ca = ca_path;
	echo_start(&echo);
}

/* A client with a certificate of `issuer`; NULL: without one. */
static grpc_status_code hello_as(const struct authority *issuer, Domainflow__Test__V1__Note **out)
{
	char key[PEM_BYTES], certificate[PEM_BYTES];
	grpc_ssl_pem_key_cert_pair pair = { .private_key = key, .cert_chain = certificate };
	grpc_channel_credentials *credentials;
	struct client_options soon = { .deadline_ms = 10000 };
	struct client_call call;
	grpc_channel *channel, *plain = echo.channel;
	grpc_status_code code;

	if (issuer)
		authority_issue(issuer, "client", key, certificate);
	credentials = grpc_ssl_credentials_create_ex(ca_pem, issuer ? &pair : NULL, NULL, NULL);
	assert_non_null(credentials);
	channel = client_open(echo.target, credentials);
	grpc_channel_credentials_release(credentials);
	echo.channel = channel;
	code = say(&echo, &call, "peer", 1, &soon, out);
	echo.channel = plain;
	client_done(&call);
	grpc_channel_destroy(channel);
	return code;
}

static void a_client_of_our_authority_is_served(void **state)
{
	Domainflow__Test__V1__Note *note;

	(void)state;
	start("0.0.0.0:0");
	for (int i = 0; i < 10; i++) {
		assert_int_equal(hello_as(&ours, &note), GRPC_STATUS_OK);
		assert_memory_equal(note->text, "127.0.0.1:", 10);
		note_free(note);
	}
	echo_stop(&echo);
}

static void strangers_are_not(void **state)
{
	struct client_options soon = { .deadline_ms = 10000 };
	struct client_call call;
	Domainflow__Test__V1__Note *note;

	(void)state;
	start("127.0.0.1:0");
	assert_int_equal(hello_as(NULL, &note), GRPC_STATUS_UNAVAILABLE);
	assert_int_equal(hello_as(&theirs, &note), GRPC_STATUS_UNAVAILABLE);
	/* in the clear */
	assert_int_equal(say(&echo, &call, "hello", 1, &soon, &note), GRPC_STATUS_UNAVAILABLE);
	client_done(&call);
	assert_int_equal(hello_as(&ours, &note), GRPC_STATUS_OK);
	note_free(note);
	echo_stop(&echo);
}

static void streams_and_drain_work_the_same(void **state)
{
	char key[PEM_BYTES], certificate[PEM_BYTES];
	grpc_ssl_pem_key_cert_pair pair = { .private_key = key, .cert_chain = certificate };
	grpc_channel_credentials *credentials;
	struct client_call call;
	uint8_t *bytes;
	size_t n;

	(void)state;
	start("127.0.0.1:0");
	grpc_channel_destroy(echo.channel);
	authority_issue(&ours, "client", key, certificate);
	credentials = grpc_ssl_credentials_create_ex(ca_pem, &pair, NULL, NULL);
	echo.channel = client_open(echo.target, credentials);
	grpc_channel_credentials_release(credentials);
	watch_open(&echo, &call);
	assert_true(watch_send(&echo, "event", 1, 0));
	assert_true(client_receive(&call, &bytes, &n));
	free(bytes);
	assert_int_equal(rpc_server_connections(echo.server), 1);
	assert_int_equal(rpc_server_drain(echo.server).code, STATUS_OK);
	assert_false(client_receive(&call, &bytes, &n));
	assert_int_equal(client_finish(&call), GRPC_STATUS_UNAVAILABLE);
	client_done(&call);
	echo_stop(&echo);
}

static void half_a_configuration_is_refused(void **state)
{
	struct rpc_server_options options = { .settings = &echo.settings };
	const char *const cases[][3] = {
		{ cert_path, key_path, "" },
		{ cert_path, "", ca_path },
		{ cert_path, key_path, "/no/such/file" },
		{ key_path, cert_path, ca_path }, /* mixed up */
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct rpc_server *server;

		echo_init(&echo);
		echo.settings.grpc_tls_cert = cases[i][0];
		echo.settings.grpc_tls_key = cases[i][1];
		echo.settings.grpc_tls_client_ca = cases[i][2];
		assert_int_equal(rpc_server_create(&options, &server).code, STATUS_OK);
		assert_int_equal(rpc_server_start(server).code, STATUS_FAILED_PRECONDITION);
		rpc_server_destroy(server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_of_our_authority_is_served),
		cmocka_unit_test(strangers_are_not),
		cmocka_unit_test(streams_and_drain_work_the_same),
		cmocka_unit_test(half_a_configuration_is_refused),
	};

	return cmocka_run_group_tests_name("rpc tls", tests, setup, teardown);
}
