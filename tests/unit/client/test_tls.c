/* TLS and client certificates, with an authority made for this run by the openssl program. */
#include "awkward/v1/awkward.grpc-c.client.h"
#include "domainflow/connection.h"
#include "mini_server.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PEM_BYTES 4096

struct fixture {
	char directory[64];
	char ca[PEM_BYTES], certificate[PEM_BYTES], key[PEM_BYTES], other_ca[PEM_BYTES];
	struct mini_server *server;
	struct arena *arena;
};

static void run(const char *directory, const char *script)
{
	char command[2048];

	snprintf(command, sizeof command, "cd %s && ( %s ) >log 2>&1", directory, script);
	assert_int_equal(system(command), 0);
}

static void pem_read(const char *directory, const char *name, char out[PEM_BYTES])
{
	char path[128];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(out, 1, PEM_BYTES - 1, f);
	out[n] = '\0';
	fclose(f);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct mini_tls tls = { f->ca, f->certificate, f->key };

	strcpy(f->directory, "/tmp/client-tls-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	run(f->directory, "new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes' && "
			  "openssl req -x509 $new -days 2 -subj /CN=authority -keyout ca.key -out ca.pem && "
			  "openssl req -x509 $new -days 2 -subj /CN=stranger -keyout other.key -out other.pem && "
			  "openssl req $new -subj /CN=server.test -keyout key.pem -out csr.pem && "
			  "printf 'subjectAltName=DNS:server.test' >ext && "
			  "openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext "
			  "-out cert.pem");
	pem_read(f->directory, "ca.pem", f->ca);
	pem_read(f->directory, "other.pem", f->other_ca);
	pem_read(f->directory, "cert.pem", f->certificate);
	pem_read(f->directory, "key.pem", f->key);
	f->server = mini_server_start(&tls);
	f->arena = arena_create(0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	mini_server_stop(f->server);
	arena_destroy(f->arena);
	run(f->directory, "rm -r \"$PWD\"");
	free(f);
	return 0;
}

static struct status call_with(struct fixture *f, struct df_options options)
{
	const struct df_call call = { .arena = f->arena, .timeout_ms = 20000 };
	Awkward__V1__Plain in = AWKWARD__V1__PLAIN__INIT, *out = NULL;
	struct df_connection *connection = NULL;
	struct status st;

	options.retry.attempts_max = 1;
	in.text = (char *)(uintptr_t) "ok";
	st = df_connect(mini_server_address(f->server), &options, &connection);
	if (status_ok(st))
		st = awkward_v1_default_get_url_by_id(connection, &call, &in, &out);
	df_close(connection);
	return st;
}

static void both_sides_know_each_other(void **state)
{
	struct fixture *f = *state;

	assert_true(status_ok(call_with(f, (struct df_options){ .ca_pem = f->ca,
								.certificate_pem = f->certificate,
								.key_pem = f->key,
								.server_name = "server.test" })));
}

static void strangers_are_not_talked_to(void **state)
{
	struct fixture *f = *state;
	const struct df_options cases[] = {
		/* the server's certificate is signed by nobody we know */
		{ .ca_pem = f->other_ca,
		  .certificate_pem = f->certificate,
		  .key_pem = f->key,
		  .server_name = "server.test" },
		/* it carries another name */
		{ .ca_pem = f->ca, .certificate_pem = f->certificate, .key_pem = f->key, .server_name = "other.test" },
		/* we show no certificate */
		{ .ca_pem = f->ca, .server_name = "server.test" },
		/* we speak plaintext */
		{ .timeout_ms = 1000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(call_with(f, cases[i]).code, STATUS_UNAVAILABLE);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(both_sides_know_each_other),
		CASE(strangers_are_not_talked_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
