/* rpc/metrics.h: the numbers of the gRPC server, under their common names. Any thread. Inside the room, but for
 * rpc_metrics_coalesced. */
#ifndef RPC_METRICS_H
#define RPC_METRICS_H

#include "proto/runtime/method.h"

struct metric;
struct metric_family;
struct metrics;

struct rpc_server_metrics {
	struct metric_family *started, *handled, *seconds, *received, *sent;
	struct metric *connections, *refused, *coalesced, *slow_readers;
};

/* Series of one method. */
struct rpc_method_metrics {
	const char *service, *name;
	struct metric_family *handled;
	struct metric *started, *seconds, *received, *sent, *handled_ok;
};

void rpc_server_metrics_init(struct rpc_server_metrics *m, struct metrics *registry);
/* How many messages of streams were replaced or dropped so far. */
double rpc_metrics_coalesced(struct metrics *registry);
/* service and name "unknown" for paths nobody serves. */
void rpc_method_metrics_init(struct rpc_method_metrics *m, struct rpc_server_metrics *server, const char *service,
			     const char *name);
void rpc_method_metrics_handled(const struct rpc_method_metrics *m, enum status_code code, double elapsed_seconds);

#endif
