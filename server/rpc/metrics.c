#include "rpc/metrics.h"

#include "base/status.h"
#include "telemetry/metrics.h"

#define PER_METHOD .labels = { "grpc_service", "grpc_method" }

static const struct metric_spec started = {
	.kind = METRIC_COUNTER, .name = "grpc_server_started_total", .help = "Calls that arrived.", PER_METHOD
};
static const struct metric_spec handled = { .kind = METRIC_COUNTER,
					    .name = "grpc_server_handled_total",
					    .help = "Calls that ended, by status code.",
					    .labels = { "grpc_service", "grpc_method", "grpc_code" } };
static const struct metric_spec seconds = { .kind = METRIC_HISTOGRAM,
					    .name = "grpc_server_handling_seconds",
					    .help = "Time from arrival to the end of a call.",
					    PER_METHOD,
					    METRIC_BOUNDS(metric_bounds_seconds) };
static const struct metric_spec received = {
	.kind = METRIC_COUNTER, .name = "grpc_server_msg_received_total", .help = "Messages from clients.", PER_METHOD
};
static const struct metric_spec sent = {
	.kind = METRIC_COUNTER, .name = "grpc_server_msg_sent_total", .help = "Messages to clients.", PER_METHOD
};
static const struct metric_spec connections = { .kind = METRIC_GAUGE,
						.name = "rpc_connections",
						.help = "Open gRPC connections." };
static const struct metric_spec refused = { .kind = METRIC_COUNTER,
					    .name = "rpc_connections_refused_total",
					    .help = "Connections closed at once because the limit was reached." };
static const struct metric_spec coalesced = { .kind = METRIC_COUNTER,
					      .name = "rpc_stream_messages_coalesced_total",
					      .help = "Queued stream messages replaced or dropped for newer ones." };
static const struct metric_spec slow_readers = { .kind = METRIC_COUNTER,
						 .name = "rpc_stream_slow_readers_total",
						 .help = "Streams closed because the client did not keep up." };

void rpc_server_metrics_init(struct rpc_server_metrics *m, struct metrics *registry)
{
	m->started = metrics_family(registry, &started);
	m->handled = metrics_family(registry, &handled);
	m->seconds = metrics_family(registry, &seconds);
	m->received = metrics_family(registry, &received);
	m->sent = metrics_family(registry, &sent);
	m->connections = metric_plain(metrics_family(registry, &connections));
	m->refused = metric_plain(metrics_family(registry, &refused));
	m->coalesced = metric_plain(metrics_family(registry, &coalesced));
	m->slow_readers = metric_plain(metrics_family(registry, &slow_readers));
}

double rpc_metrics_coalesced(struct metrics *registry)
{
	return metric_value(metric_plain(metrics_family(registry, &coalesced)));
}

void rpc_method_metrics_init(struct rpc_method_metrics *m, struct rpc_server_metrics *server, const char *service,
			     const char *name)
{
	m->service = service;
	m->name = name;
	m->handled = server->handled;
	m->started = METRIC_OF(server->started, service, name);
	m->seconds = METRIC_OF(server->seconds, service, name);
	m->received = METRIC_OF(server->received, service, name);
	m->sent = METRIC_OF(server->sent, service, name);
	m->handled_ok = METRIC_OF(server->handled, service, name, status_code_name(STATUS_OK));
}

void rpc_method_metrics_handled(const struct rpc_method_metrics *m, enum status_code code, double elapsed_seconds)
{
	metric_observe(m->seconds, elapsed_seconds);
	if (code == STATUS_OK)
		metric_add(m->handled_ok, 1);
	else
		metric_add(METRIC_OF(m->handled, m->service, m->name, status_code_name(code)), 1);
}
