/* telemetry/metrics.h: counters, gauges and histograms, written as Prometheus text exposition 0.0.4.
 *
 *   static const struct metric_spec calls = { .kind = METRIC_COUNTER, .name = "grpc_server_handled_total",
 *                                             .help = "Finished calls.", .labels = { "method", "code" } };
 *   struct metric_family *family = metrics_family(metrics, &calls);       // once, at start
 *   struct metric *ok = METRIC_OF(family, "StartCampaign", "OK");         // once per label set, kept by the caller
 *   metric_add(ok, 1);                                                    // hot path: one atomic add
 *
 * Threads: any, everywhere. Owner: main.c owns the registry; families and series live as long as it does and are
 * never freed one by one. Bounds: METRIC_SERIES_MAX label sets a family; what comes later is counted in one series
 * whose label values are all "other". Nothing here fails towards the caller: a NULL registry, family or series (short
 * of memory, or a test that wants no metrics) makes every call on it a no-op. */
#ifndef TELEMETRY_METRICS_H
#define TELEMETRY_METRICS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct metrics;
struct metric_family;
struct metric;

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

#define METRIC_LABELS_MAX      4
#define METRIC_SERIES_MAX      512
#define METRIC_BOUNDS_MAX      32
#define METRIC_LABEL_BYTES_MAX 128 /* longer label values are cut */

/* Static data of the room that owns the metric. Names carry their base unit (_seconds, _bytes, _total). */
struct metric_spec {
	enum metric_kind kind;
	const char *name, *help;
	const char *labels[METRIC_LABELS_MAX]; /* up to the first NULL */
	const double *bounds;                  /* histograms: upper bounds, ascending, without +Inf */
	size_t bound_count;                    /* ≤ METRIC_BOUNDS_MAX */
};

/* 0.001 × 2^k seconds, k = 0…14. */
extern const double metric_bounds_seconds[15];
/* 0.1, 0.2 … 1.0, for ratios. */
extern const double metric_bounds_ratio[10];
#define METRIC_BOUNDS(array) .bounds = (array), .bound_count = ARRAY_LEN(array)

/* NULL when out of memory. */
struct metrics *metrics_create(void) MUST_CHECK;
void metrics_destroy(struct metrics *metrics); /* accepts NULL; nobody may hold a family or series any more */

/* Registers a family, or finds the one registered under the same name (kind and labels must agree). */
struct metric_family *metrics_family(struct metrics *metrics, const struct metric_spec *spec);

/* A gauge read when somebody asks: pool sizes, queue lengths. read runs on the ops thread and must not block.
 * Given again with a NULL read when `arg` is about to go away. */
void metrics_gauge_read(struct metrics *metrics, const struct metric_spec *spec, double (*read)(void *arg), void *arg);

/* The series of one label set; values are given in the order of spec->labels and copied. Takes a lock: keep the
 * handle where it matters. */
struct metric *metric_of(struct metric_family *family, const char *const *values, size_t count);
#define METRIC_OF(family, ...) \
	metric_of((family), (const char *const[]){ __VA_ARGS__ }, \
		  sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))
/* The only series of a family without labels. */
struct metric *metric_plain(struct metric_family *family);

void metric_add(struct metric *counter, uint64_t n);
void metric_set(struct metric *gauge, double value);
void metric_shift(struct metric *gauge, double by); /* +1 / -1 for things in flight */
void metric_observe(struct metric *histogram, double value);

/* For tests and for answers that show numbers: a counter's or gauge's value, a histogram's number of observations. */
double metric_value(const struct metric *metric);

/* Appends the whole exposition. False when the buffer's limit was reached. */
bool metrics_write(struct metrics *metrics, struct buffer *out);

#endif
