#include "phase/http/http_metrics.h"

#include "base/compiler.h"
#include "phase/http/http_fetch_batch.h"
#include "telemetry/metrics.h"

static const double row_bounds[] = { 0, 1, 2, 5, 10, 20, 50, 100, 200, 500 };

static const struct metric_spec outcomes = { .kind = METRIC_COUNTER,
					     .name = "http_validation_fetch_outcomes_total",
					     .help = "Sites fetched, by outcome.",
					     .labels = { "status" } };
static const struct metric_spec failures = { .kind = METRIC_COUNTER,
					     .name = "extraction_failures_total",
					     .help = "Sites that gave no features, by reason.",
					     .labels = { "reason" } };
static const struct metric_spec parked = { .kind = METRIC_COUNTER,
					   .name = "parked_detection_total",
					   .help = "Pages judged parked or not.",
					   .labels = { "result" } };
static const struct metric_spec fetch_seconds = { .kind = METRIC_HISTOGRAM,
						  .name = "extraction_http_fetch_duration_seconds",
						  .help = "Time from the first request of a site to its last byte.",
						  .labels = { "status_code_class" },
						  METRIC_BOUNDS(metric_bounds_seconds) };
static const struct metric_spec rows_per_domain = { .kind = METRIC_HISTOGRAM,
						 .name = "keyword_rows_per_domain",
						 .help = "Different keywords found on a page.",
						 METRIC_BOUNDS(row_bounds) };

/* none: nobody answered. */
static const char *class_of(int32_t code)
{
	static const char *const classes[] = { "none", "1xx", "2xx", "3xx", "4xx", "5xx" };
	int32_t hundreds = code / 100;

	return classes[hundreds > 0 && hundreds < (int32_t)ARRAY_LEN(classes) ? hundreds : 0];
}

void http_metrics_count(struct metrics *metrics, const struct site_result *results, size_t count)
{
	static const char *const words[] = { [SITE_READY] = "ok", [SITE_FAILED] = "error", [SITE_TIMEOUT] = "timeout" };
	struct metric_family *outcome_family = metrics_family(metrics, &outcomes);
	struct metric_family *failure_family = metrics_family(metrics, &failures);
	struct metric_family *parked_family = metrics_family(metrics, &parked);
	struct metric_family *seconds_family = metrics_family(metrics, &fetch_seconds);
	struct metric *rows = metric_plain(metrics_family(metrics, &rows_per_domain));

	for (size_t i = 0; i < count; i++) {
		const struct site_result *r = &results[i];

		if (r->state == SITE_PENDING)
			continue;
		metric_add(METRIC_OF(outcome_family, words[r->state]), 1);
		metric_observe(METRIC_OF(seconds_family, class_of(r->code)), r->took_ms / 1000.0);
		if (r->state != SITE_READY) {
			metric_add(METRIC_OF(failure_family, r->reason), 1);
			continue;
		}
		metric_add(METRIC_OF(parked_family, r->features.is_parked ? "parked" : "not_parked"), 1);
		metric_observe(rows, r->features.kw_unique_count);
	}
}
