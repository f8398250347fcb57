/* domainflowd: reads its settings, opens the rooms in order, waits for a signal, closes them in reverse. */
#include "api/api.h"
#include "api/watch.h"
#include "api/watch_list.h"
#include "base/clock.h"
#include "base/log.h"
#include "cache/cache.h"
#include "campaign/campaign_metrics.h"
#include "campaign/worker.h"
#include "config/settings.h"
#include "events/hub.h"
#include "events/samples.h"
#include "events/wake.h"
#include "jobs/scheduler.h"
#include "net/address_guard.h"
#include "net/dns_client.h"
#include "net/http_client.h"
#include "net/shared_rate.h"
#include "phase/http/http_engine.h"
#include "phase/phase.h"
#include "phase/probe.h"
#include "proto/runtime/descriptor_set.h"
#include "rpc/server.h"
#include "store/instance_store.h"
#include "store/ledger_store.h"
#include "store/migrate.h"
#include "store/pool.h"
#include "store/tx.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"
#include "telemetry/ops_http.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DATABASE_WAIT_MS 30000 /* at start: a database that is just coming up */

static const char usage[] =
	"domainflowd " DOMAINFLOW_VERSION " - the DomainFlow Studio service\n"
	"\n"
	"  domainflowd [--flag value ...]        serve until SIGTERM; settings come from the environment and flags\n"
	"  domainflowd migrate up [N] | down N | status | check | force V\n"
	"  domainflowd settings                  every setting, as a table\n"
	"  domainflowd version\n"
	"\n"
	"Exit codes: 0 done, 1 failed, 2 not understood, 3 wrong database schema.\n";

/* Everything that is open, in the order of opening. */
struct process {
	struct settings settings;
	struct uuid instance;
	int64_t started_at_ms;
	struct metrics *metrics;
	struct health *health;
	struct ops_http *ops;
	struct store_pool *pool;
	struct cache *cache;
	struct wake wake;
	struct hub *hub;
	struct samples *samples;
	struct scheduler *scheduler;
	struct address_guard *resolver_guard, *http_guard;
	struct dns_client *dns;
	struct http_client *http;
	struct phase_env env;
	struct probes *probes;
	_Atomic(struct worker *) worker; /* other threads wake it: the cache's, and those of calls */
	struct watch_list *watchers;
	struct api api;
	struct rpc_server *server;
};

static enum health_state database_health(void *arg)
{
	struct process *p = arg;
	return store_pool_healthy(p->pool) ? HEALTH_OK : HEALTH_UNAVAILABLE;
}

static enum health_state redis_health(void *arg)
{
	struct process *p = arg;
	return cache_healthy(p->cache) ? HEALTH_OK : HEALTH_DEGRADED;
}

static void wake_workers(void *ctx)
{
	worker_wake(atomic_load(&((struct process *)ctx)->worker));
}

static void on_moved(void *ctx, const struct uuid *campaign_id)
{
	wake_moved(&((struct process *)ctx)->wake, campaign_id, true);
}

static void on_worker_moved(void *ctx, const struct uuid *campaign_id, bool transition)
{
	wake_moved(&((struct process *)ctx)->wake, campaign_id, transition);
}

static bool set_log_level(const char *name)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(name, names[i]) == 0) {
			log_setup((enum log_level)i, !isatty(STDERR_FILENO));
			return true;
		}
	}
	return false;
}

/* Batches come and go in blocks of up to 256 KiB, on many threads. By default glibc would give each of them a heap of
 * its own and, after the first such block is freed, keep all later ones there. */
static void set_memory_policy(void)
{
	mallopt(M_ARENA_MAX, (int)sysconf(_SC_NPROCESSORS_ONLN));
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

/* The pool needs the database once, to know that it is fit; it may still be starting. */
static struct status open_pool(struct process *p)
{
	int64_t until = clock_monotonic_ms() + DATABASE_WAIT_MS;
	bool is_said = false;
	struct status st;

	for (;;) {
		st = migrate_check(&p->settings, &migrations_embedded);
		if (status_ok(st))
			st = store_pool_open(&p->settings, p->metrics, &p->pool);
		if (status_ok(st) || st.code != STATUS_UNAVAILABLE || clock_monotonic_ms() >= until)
			return st;
		if (!is_said)
			LOG_WARN("database_awaited", LOG_STR("detail", st.detail),
				 LOG_INT("at_most_ms", DATABASE_WAIT_MS));
		is_said = true;
		sleep(1);
	}
}

static struct status count_live(struct store_pool *pool, int64_t *out)
{
	static const struct uuid nobody;
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(store_single(pool, 0, &tx));
	TRY(store_instances_live(tx, "worker", &nobody, INSTANCE_DEAD_MS, out));
	return store_commit(&tx);
}

static int64_t count_workers(void *ctx)
{
	int64_t live = 0;

	status_ignore(count_live(((struct process *)ctx)->pool, &live)); /* 0: the last number is good enough */
	return live;
}

static double read_lookups(void *arg)
{
	struct dns_client_stats stats;

	dns_client_stats(arg, &stats);
	return stats.pending;
}

static double read_fetches(void *arg)
{
	struct http_client_stats stats;

	http_client_stats(arg, &stats);
	return stats.pending;
}

static const struct metric_spec lookups_spec = { .kind = METRIC_GAUGE,
						 .name = "dns_lookups_in_flight",
						 .help = "Names being looked up, or waiting for their turn." };
static const struct metric_spec fetches_spec = { .kind = METRIC_GAUGE,
						 .name = "http_fetches_in_flight",
						 .help = "Sites being fetched, or waiting for their turn." };

/* What both the worker's engines and those of the API need: who may be asked, and how fast. */
static struct status open_guards(struct process *p)
{
	const struct settings *s = &p->settings;

	TRY(address_guard_create(s->dns_allowed_networks, false, &p->resolver_guard));
	TRY(address_guard_create(s->http_allowed_networks, s->http_allow_private_targets, &p->http_guard));
	p->env.resolver_guard = p->resolver_guard;
	return shared_rates_open(p->cache, count_workers, p, &p->env.rates);
}

static struct status open_engines(struct process *p)
{
	const struct settings *s = &p->settings;
	struct dns_client_settings dns = { .lookups_max = (unsigned)s->dns_in_flight_max };
	struct http_client_settings http = http_engine_settings(s, s->http_in_flight_max, p->http_guard);

	TRY(dns_client_create(&dns, &p->dns));
	TRY(http_client_create(&http, &p->http));
	metrics_gauge_read(p->metrics, &lookups_spec, read_lookups, p->dns);
	metrics_gauge_read(p->metrics, &fetches_spec, read_fetches, p->http);
	phases_metrics_register(p->metrics);
	p->env.dns = p->dns;
	p->env.http = p->http;
	return STATUS_OK_VALUE;
}

static struct status open_worker(struct process *p)
{
	struct worker *worker;

	TRY(worker_start(&p->env, &p->instance, on_worker_moved, p, &worker));
	atomic_store(&p->worker, worker);
	return STATUS_OK_VALUE;
}

static struct status open_server(struct process *p)
{
	const struct rpc_server_options options = {
		.settings = &p->settings,
		.metrics = p->metrics,
		.app = &p->api,
		.descriptor_set = proto_descriptor_set,
		.descriptor_set_bytes = proto_descriptor_set_size,
	};

	p->api = (struct api){ .settings = &p->settings,
			       .pool = p->pool,
			       .cache = p->cache,
			       .hub = p->hub,
			       .env = &p->env,
			       .probes = p->probes,
			       .samples = p->samples,
			       .metrics = p->metrics,
			       .version = DOMAINFLOW_VERSION,
			       .started_at_ms = p->started_at_ms,
			       .moved = on_moved,
			       .moved_ctx = p };
	p->watchers = watch_list_create((int32_t)p->settings.watch_streams_max, p->metrics);
	if (!p->watchers)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for the list of streams");
	p->api.watchers = p->watchers;
	TRY(rpc_server_create(&options, &p->server));
	TRY(api_register(p->server));
	return rpc_server_start(p->server);
}

static struct status open_all(struct process *p)
{
	const struct settings *s = &p->settings;

	p->instance = uuid_make();
	p->started_at_ms = clock_wall_ms();
	p->metrics = metrics_create();
	p->health = health_create();
	if (!p->metrics || !p->health)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for metrics");
	TRY(open_pool(p));
	TRY(cache_open(s, p->metrics, &p->cache));
	health_add(p->health, "database", database_health, p);
	health_add(p->health, "redis", redis_health, p);
	TRY(ops_http_open(s->ops_address, p->metrics, p->health, &p->ops));
	p->wake.cache = p->cache;
	p->env = (struct phase_env){ .settings = s, .pool = p->pool, .cache = p->cache, .metrics = p->metrics };
	campaign_metrics_register(p->metrics);
	api_domain_metrics_register(p->metrics);
	if (settings_has_role(s, "api")) {
		TRY(hub_open(p->pool, &api_watch_sink, &p->hub));
		p->wake.hub = p->hub;
	}
	TRY(samples_open(p->cache, p->hub, &p->instance, p->metrics, &p->samples));
	p->env.samples = p->samples;
	TRY(scheduler_start(
		&(struct job_context){
			.settings = s, .pool = p->pool, .instance = p->instance, .version = DOMAINFLOW_VERSION },
		&p->scheduler));
	TRY(open_guards(p));
	if (settings_has_role(s, "worker")) {
		TRY(open_engines(p));
		p->wake.workers = wake_workers;
		p->wake.workers_ctx = p;
	}
	TRY(wake_listen(&p->wake));
	if (settings_has_role(s, "api")) {
		TRY(probes_open(&p->env, p->http_guard, &p->probes));
		TRY(open_server(p));
	}
	/* Last: an instance that can't serve claims nothing. */
	return settings_has_role(s, "worker") ? open_worker(p) : STATUS_OK_VALUE;
}

/* In reverse; every closer accepts what was never opened. False when handlers still run: the process must just exit. */
static bool close_all(struct process *p)
{
	bool drained = true;

	health_serving(p->health, false);
	if (p->server)
		drained = status_ok(rpc_server_drain(p->server));
	worker_stop(p->worker);
	metrics_gauge_read(p->metrics, &lookups_spec, NULL, NULL);
	metrics_gauge_read(p->metrics, &fetches_spec, NULL, NULL);
	http_client_destroy(p->http);
	dns_client_destroy(p->dns);
	scheduler_stop(p->scheduler);
	samples_stop(p->samples);
	hub_close(p->hub);
	if (!drained)
		return false;
	probes_close(p->probes);
	shared_rates_close(p->env.rates);
	rpc_server_destroy(p->server);
	ops_http_close(p->ops);
	cache_close(p->cache);
	worker_free(p->worker);
	samples_free(p->samples);
	hub_free(p->hub);
	watch_list_destroy(p->watchers);
	address_guard_destroy(p->http_guard);
	address_guard_destroy(p->resolver_guard);
	store_pool_close(p->pool);
	health_destroy(p->health);
	metrics_destroy(p->metrics);
	return true;
}

/* Looks once a second whether the database lives, so that load balancers see it in grpc.health.v1, too. */
static int wait_for_signal(struct process *p, const sigset_t *signals)
{
	const struct timespec second = { .tv_sec = 1 };
	bool was_healthy = true;

	for (;;) {
		int signal_number = sigtimedwait(signals, NULL, &second);
		bool healthy = store_pool_healthy(p->pool);

		if (signal_number > 0)
			return signal_number;
		if (p->server && healthy != was_healthy)
			rpc_health_set(p->server, NULL, healthy);
		was_healthy = healthy;
	}
}

/* gRPC, fetches and the database need descriptors: as many as the system allows. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int serve(int arg_count, char **args)
{
	static struct process process;
	struct process *p = &process;
	sigset_t signals;
	struct status st;

	/* Before any thread: they all inherit the mask, and signals reach sigtimedwait only. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	st = settings_load(&p->settings, arg_count, args);
	if (!status_ok(st) || !set_log_level(p->settings.log_level)) {
		fprintf(stderr, "domainflowd: %s\n",
			status_ok(st) ? "LOG_LEVEL is debug, info, warn or error" : st.detail);
		return 2;
	}
	raise_descriptor_limit();
	st = open_all(p);
	if (!status_ok(st)) {
		LOG_FAILURE("start_failed", st, LOG_STR("version", DOMAINFLOW_VERSION));
		fprintf(stderr, "domainflowd: %s\n", st.detail);
		_exit(strncmp(st.reason, "SCHEMA_", 7) == 0 ? 3 : 1);
	}
	health_serving(p->health, true);
	LOG_INFO("started", LOG_STR("version", DOMAINFLOW_VERSION), LOG_STR("roles", p->settings.roles),
		 LOG_STR("grpc", p->settings.grpc_address), LOG_STR("ops", p->settings.ops_address));
	LOG_INFO("stopping", LOG_STR("signal", strsignal(wait_for_signal(p, &signals))));
	if (!close_all(p)) {
		LOG_WARN("stopped", LOG_STR("how", "calls were still running"));
		_exit(0);
	}
	LOG_INFO("stopped", LOG_STR("how", "clean"));
	return 0;
}

int main(int argc, char **argv)
{
	log_setup_default();
	set_memory_policy();
	if (argc > 1 && strcmp(argv[1], "migrate") == 0) {
		static struct settings settings;
		status_ignore(settings_load(&settings, 0, NULL)); /* only flags can be refused, and there are none */
		return migrate_command(&settings, argc - 2, argv + 2, stdout);
	}
	if (argc > 1 && strcmp(argv[1], "settings") == 0) {
		settings_print(stdout);
		return 0;
	}
	if (argc > 1 && (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0)) {
		puts("domainflowd " DOMAINFLOW_VERSION);
		return 0;
	}
	if (argc > 1 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > 1 && strncmp(argv[1], "--", 2) != 0) {
		fprintf(stderr, "domainflowd: unknown command '%s'\n\n%s", argv[1], usage);
		return 2;
	}
	return serve(argc - 1, argv + 1);
}
