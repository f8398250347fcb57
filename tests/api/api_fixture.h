/* tests/api/api_fixture.h: a server with every service on a Unix socket over a fresh database, and a client of it. */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include "store/store_fixture.h"

#include "api/api.h"
#include "base/arena.h"
#include "domainflow/call.h"
#include "domainflow/connection.h"
#include "phase/phase.h"

#include <stdatomic.h>

struct api_fixture {
	struct fixture *store;
	struct api api;
	struct phase_env env;        /* without workers */
	struct address_guard *guard; /* permits 127.0.0.0/8, to resolvers and sites alike */
	struct hub *hub;
	struct rpc_server *server;
	struct df_connection *connection;
	struct arena *arena; /* of the answers of one test */
	atomic_int moved;    /* how often the api said that a campaign moved */
	char folder[64], address[96];
};

extern struct api_fixture api_fixture;

int api_fixture_open(void **state);
int api_fixture_close(void **state);
/* Before each test: an empty arena. */
int api_fixture_reset(void **state);

/* A call with or without (NULL) an idempotency key. */
struct df_call api_call(const char *idempotency_key);

/* Messages are only read; protobuf-c's fields are not const. */
char *api_text(const char *text);

/* The i-th field a failure names, "" past the end. */
const char *api_field(struct status st, unsigned i);

#define API_TEST(name) cmocka_unit_test_setup(name, api_fixture_reset)

#endif
