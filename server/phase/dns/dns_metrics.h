/* phase/dns/dns_metrics.h: what became of the names of a batch, counted for /metrics. Internal to phase/dns/ but for
 * the registration. */
#ifndef PHASE_DNS_DNS_METRICS_H
#define PHASE_DNS_DNS_METRICS_H

#include <stddef.h>

struct metrics;

void dns_metrics_register(struct metrics *metrics);
/* Once per batch, whatever becomes of its commit; one status word a name. metrics may be NULL. */
void dns_metrics_count(struct metrics *metrics, const char *const *statuses, size_t count);

#endif
