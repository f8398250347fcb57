#include "phase/http/http_metrics.h"

#include "base/compiler.h"
#include "phase/http/http_fetch_batch.h"
#include "telemetry/metrics.h"

static const double row_bounds[] = { 0, 1, 2, 5, 10, 20, 50, 100, 200, 500 };

static const struct metric_spec outcomes = { .kind = METRIC_COUNTER,
					     .name = "http_validation_fetch_outcomes_total",
					     .help = "Sites fetched, by outcome.",
					     .labels = { "status" } };
static const struct metric_spec fetch_results = { .kind = METRIC_COUNTER,
						  .name = "http_fetch_result_total",
						  .help = "Sites fetched, by reason, or OK.",
						  .labels = { "result" } };
static const struct metric_spec batch_seconds = { .kind = METRIC_HISTOGRAM,
						  .name = "http_validation_batch_seconds",
						  .help = "Time to fetch the sites of a batch.",
						  METRIC_BOUNDS(metric_bounds_seconds) };
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

static const struct metric_spec components = { .kind = METRIC_HISTOGRAM,
					       .name = "extraction_richness_component",
					       .help = "Components of the richness of a page.",
					       .labels = { "component" },
					       METRIC_BOUNDS(metric_bounds_ratio) };
static const struct metric_spec penalties = { .kind = METRIC_COUNTER,
					      .name = "extraction_richness_penalty_trigger_total",
					      .help = "Pages whose richness was reduced, by penalty.",
					      .labels = { "penalty" } };

static const struct metric_spec *const labelled[] = { &outcomes,      &fetch_results, &failures, &parked,
						      &fetch_seconds, &components,    &penalties };
static const struct metric_spec *const plain[] = { &batch_seconds, &rows_per_domain };

void http_metrics_register(struct metrics *metrics)
{
	for (size_t i = 0; i < ARRAY_LEN(labelled); i++)
		metrics_family(metrics, labelled[i]);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		metric_plain(metrics_family(metrics, plain[i]));
}

/* none: nobody answered. */
static const char *class_of(int32_t code)
{
	static const char *const classes[] = { "none", "1xx", "2xx", "3xx", "4xx", "5xx" };
	int32_t hundreds = code / 100;

	return classes[hundreds > 0 && hundreds < (int32_t)ARRAY_LEN(classes) ? hundreds : 0];
}

static void count_richness(struct metrics *metrics, const struct richness *richness)
{
	const struct {
		const char *name;
		double value;
	} parts[] = { { "diversity", richness->diversity }, { "prominence", richness->prominence },
		      { "density", richness->density },     { "entropy", richness->entropy },
		      { "length", richness->length },       { "enrichment", richness->enrichment } },
	  losses[] = { { "stuffing", richness->stuffing_penalty },
		       { "repetition", richness->repetition_penalty },
		       { "anchor", richness->anchor_penalty } };
	struct metric_family *component_family = metrics_family(metrics, &components);
	struct metric_family *penalty_family = metrics_family(metrics, &penalties);

	if (!richness->has_components)
		return;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		metric_observe(METRIC_OF(component_family, parts[i].name), parts[i].value);
	for (size_t i = 0; i < ARRAY_LEN(losses); i++)
		if (losses[i].value > 0)
			metric_add(METRIC_OF(penalty_family, losses[i].name), 1);
}

void http_metrics_count(struct metrics *metrics, const struct site_result *results, size_t count, int64_t took_ms)
{
	static const char *const words[] = { [SITE_READY] = "ok", [SITE_FAILED] = "error", [SITE_TIMEOUT] = "timeout" };
	struct metric_family *outcome_family = metrics_family(metrics, &outcomes);
	struct metric_family *result_family = metrics_family(metrics, &fetch_results);
	struct metric_family *failure_family = metrics_family(metrics, &failures);
	struct metric_family *parked_family = metrics_family(metrics, &parked);
	struct metric_family *seconds_family = metrics_family(metrics, &fetch_seconds);
	struct metric *rows = metric_plain(metrics_family(metrics, &rows_per_domain));

	if (took_ms >= 0)
		metric_observe(metric_plain(metrics_family(metrics, &batch_seconds)), (double)took_ms / 1000);
	for (size_t i = 0; i < count; i++) {
		const struct site_result *r = &results[i];

		metric_add(METRIC_OF(outcome_family, words[r->state]), 1);
		metric_add(METRIC_OF(result_family, r->reason ? r->reason : "OK"), 1);
		metric_observe(METRIC_OF(seconds_family, class_of(r->code)), r->took_ms / 1000.0);
		if (r->state != SITE_READY) {
			metric_add(METRIC_OF(failure_family, r->reason), 1);
			continue;
		}
		metric_add(METRIC_OF(parked_family, r->features.is_parked ? "parked" : "not_parked"), 1);
		metric_observe(rows, r->features.kw_unique_count);
		count_richness(metrics, &r->features.richness);
	}
}
