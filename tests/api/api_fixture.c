#include "api_fixture.h"

#include "api/watch.h"
#include "api/watch_list.h"
#include "base/clock.h"
#include "events/hub.h"
#include "net/address_guard.h"
#include "net/shared_rate.h"
#include "phase/probe.h"
#include "rpc/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct api_fixture api_fixture;

static void on_moved(void *ctx, const struct uuid *campaign_id)
{
	(void)campaign_id;
	atomic_fetch_add(&((struct api_fixture *)ctx)->moved, 1);
}

int api_fixture_open(void **state)
{
	struct api_fixture *f = &api_fixture;
	struct rpc_server_options options;

	if (fixture_open(state) != 0)
		return -1;
	f->store = *state;
	snprintf(f->folder, sizeof f->folder, "/tmp/df_api_XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->address, sizeof f->address, "unix:%.60s/grpc", f->folder);
	f->store->settings.grpc_address = f->address;
	expect_ok(hub_open(f->store->pool, &api_watch_sink, &f->hub));
	f->env = (struct phase_env){ .settings = &f->store->settings, .pool = f->store->pool };
	expect_ok(address_guard_create("127.0.0.0/8", false, &f->guard));
	expect_ok(shared_rates_open(NULL, NULL, NULL, &f->env.rates));
	f->env.resolver_guard = f->guard;
	expect_ok(probes_open(&f->env, f->guard, &f->api.probes));
	f->api = (struct api){ .settings = &f->store->settings,
			       .env = &f->env,
			       .probes = f->api.probes,
			       .watchers = watch_list_create(64, NULL),
			       .pool = f->store->pool,
			       .hub = f->hub,
			       .version = "test",
			       .started_at_ms = clock_wall_ms(),
			       .moved = on_moved,
			       .moved_ctx = f };
	options = (struct rpc_server_options){ .settings = &f->store->settings, .app = &f->api };
	expect_ok(rpc_server_create(&options, &f->server));
	expect_ok(api_register(f->server));
	expect_ok(rpc_server_start(f->server));
	expect_ok(df_connect(f->address, NULL, &f->connection));
	f->arena = arena_create(0);
	return f->arena ? 0 : -1;
}

int api_fixture_close(void **state)
{
	struct api_fixture *f = &api_fixture;

	arena_destroy(f->arena);
	df_close(f->connection);
	hub_close(f->hub);
	if (f->server) /* NULL when there was no database */
		expect_ok(rpc_server_drain(f->server));
	rpc_server_destroy(f->server);
	watch_list_destroy(f->api.watchers);
	probes_close(f->api.probes);
	shared_rates_close(f->env.rates);
	address_guard_destroy(f->guard);
	hub_free(f->hub);
	unlink(f->address + strlen("unix:"));
	rmdir(f->folder);
	return fixture_close(state);
}

int api_fixture_reset(void **state)
{
	(void)state;
	arena_reset(api_fixture.arena);
	atomic_store(&api_fixture.moved, 0);
	return 0;
}

struct df_call api_call(const char *idempotency_key)
{
	return (struct df_call){ .arena = api_fixture.arena, .timeout_ms = 20000, .idempotency_key = idempotency_key };
}

char *api_text(const char *text)
{
	return (char *)(uintptr_t)text;
}

const char *api_field(struct status st, unsigned i)
{
	const struct status_field *field = st.extra ? st.extra->fields : NULL;

	while (field && i-- > 0)
		field = field->next;
	return field ? field->field : "";
}
