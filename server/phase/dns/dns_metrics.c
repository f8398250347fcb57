#include "phase/dns/dns_metrics.h"

#include "telemetry/metrics.h"

static const struct metric_spec outcomes = { .kind = METRIC_COUNTER,
					     .name = "dns_validation_outcomes_total",
					     .help = "Names looked up, by outcome.",
					     .labels = { "status" } };

void dns_metrics_register(struct metrics *metrics)
{
	metrics_family(metrics, &outcomes);
}

void dns_metrics_count(struct metrics *metrics, const char *const *statuses, size_t count)
{
	struct metric_family *family = metrics_family(metrics, &outcomes);

	for (size_t i = 0; i < count; i++)
		metric_add(METRIC_OF(family, statuses[i]), 1);
}
