/* phase/http/http_metrics.h: what happened to the pages of a batch, counted for /metrics. Internal to phase/http/. */
#ifndef PHASE_HTTP_METRICS_H
#define PHASE_HTTP_METRICS_H

#include <stddef.h>
#include <stdint.h>

struct metrics;
struct site_result;

void http_metrics_register(struct metrics *metrics);
/* Once per part of a batch that was fetched, whatever becomes of its commit; took_ms is of the whole batch, -1 when
 * more of it is to come. metrics may be NULL. */
void http_metrics_count(struct metrics *metrics, const struct site_result *results, size_t count, int64_t took_ms);

#endif
