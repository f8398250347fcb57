/* telemetry/ops_http.h: the port for machines that look after us.
 *
 *   GET /metrics   Prometheus text
 *   GET /livez     200 while the process runs
 *   GET /readyz    200 when ready (ok or degraded), else 503; JSON with every dependency's state
 *
 * One thread of its own, at most OPS_CONNECTIONS_MAX connections of OPS_IDLE_SECONDS each. No authentication: the
 * address is loopback unless the operator says otherwise, and nothing here is secret or changes anything. */
#ifndef TELEMETRY_OPS_HTTP_H
#define TELEMETRY_OPS_HTTP_H

#include "base/status.h"

#include <stdint.h>

struct health;
struct metrics;
struct ops_http;

#define OPS_CONNECTIONS_MAX   32
#define OPS_IDLE_SECONDS      10
#define OPS_METRICS_BYTES_MAX (16u << 20)

/* address: host:port with a numeric host ([::1]:8091 for IPv6); port 0 takes a free one. Borrows metrics and health
 * until closed. INVALID_ARGUMENT for an address that can't be read, UNAVAILABLE when the port can't be had. */
struct status ops_http_open(const char *address, struct metrics *metrics, struct health *health,
			    struct ops_http **out) MUST_CHECK;
void ops_http_close(struct ops_http *ops); /* accepts NULL */
uint16_t ops_http_port(const struct ops_http *ops);

#endif
