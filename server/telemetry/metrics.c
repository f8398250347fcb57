#include "telemetry/metrics.h"

#include "base/buffer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct metric {
	struct metric *next;
	const struct metric_family *family;
	char *values[METRIC_LABELS_MAX];
	atomic_uint_fast64_t count;     /* counters: the value; histograms: observations above the last bound */
	_Atomic double number;          /* gauges: the value; histograms: the sum */
	atomic_uint_fast64_t buckets[]; /* histograms: bound_count, not cumulative */
};

struct metric_family {
	struct metric_family *next;
	struct metrics *registry;
	const struct metric_spec *spec;
	size_t label_count, series_count;
	struct metric *series, *overflow;
	double (*read)(void *arg);
	void *read_arg;
};

struct metrics {
	pthread_mutex_t lock; /* the lists; values are atomics */
	struct metric_family *families, **tail;
};

const double metric_bounds_seconds[15] = { 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128,
					   0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384 };
const double metric_bounds_ratio[10] = { 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0 };

struct metrics *metrics_create(void)
{
	struct metrics *metrics = calloc(1, sizeof *metrics);

	if (!metrics)
		return NULL;
	pthread_mutex_init(&metrics->lock, NULL);
	metrics->tail = &metrics->families;
	return metrics;
}

static void series_free(struct metric *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
		free(m->values[i]);
	free(m);
}

void metrics_destroy(struct metrics *metrics)
{
	if (!metrics)
		return;
	for (struct metric_family *family = metrics->families, *next; family; family = next) {
		next = family->next;
		for (struct metric *m = family->series, *after; m; m = after) {
			after = m->next;
			series_free(m);
		}
		series_free(family->overflow);
		free(family);
	}
	pthread_mutex_destroy(&metrics->lock);
	free(metrics);
}

static size_t count_labels(const struct metric_spec *spec)
{
	size_t n = 0;

	while (n < METRIC_LABELS_MAX && spec->labels[n])
		n++;
	return n;
}

static struct metric_family *find_or_add(struct metrics *metrics, const struct metric_spec *spec)
{
	struct metric_family *family;

	for (family = metrics->families; family; family = family->next)
		if (strcmp(family->spec->name, spec->name) == 0) {
			assert(family->spec->kind == spec->kind && family->label_count == count_labels(spec));
			return family;
		}
	family = calloc(1, sizeof *family);
	if (!family)
		return NULL;
	family->registry = metrics;
	family->spec = spec;
	family->label_count = count_labels(spec);
	*metrics->tail = family;
	metrics->tail = &family->next;
	return family;
}

struct metric_family *metrics_family(struct metrics *metrics, const struct metric_spec *spec)
{
	struct metric_family *family;

	assert(spec->bound_count <= METRIC_BOUNDS_MAX && (spec->kind == METRIC_HISTOGRAM) == (spec->bound_count > 0));
	if (!metrics)
		return NULL;
	pthread_mutex_lock(&metrics->lock);
	family = find_or_add(metrics, spec);
	pthread_mutex_unlock(&metrics->lock);
	return family;
}

void metrics_gauge_read(struct metrics *metrics, const struct metric_spec *spec, double (*read)(void *arg), void *arg)
{
	struct metric_family *family = metrics_family(metrics, spec);

	assert(spec->kind == METRIC_GAUGE && !spec->labels[0]);
	if (!family)
		return;
	pthread_mutex_lock(&metrics->lock);
	family->read = read;
	family->read_arg = arg;
	pthread_mutex_unlock(&metrics->lock);
}

static struct metric *series_new(const struct metric_family *family, const char *const *values)
{
	struct metric *m = calloc(1, sizeof *m + family->spec->bound_count * sizeof m->buckets[0]);

	if (!m)
		return NULL;
	m->family = family;
	for (size_t i = 0; i < family->label_count; i++) {
		m->values[i] = strndup(values ? values[i] : "other", METRIC_LABEL_BYTES_MAX);
		if (!m->values[i]) {
			series_free(m);
			return NULL;
		}
	}
	return m;
}

static bool values_match(const struct metric *m, const char *const *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(m->values[i], values[i], METRIC_LABEL_BYTES_MAX) != 0)
			return false;
	return true;
}

static struct metric *find_or_add_series(struct metric_family *family, const char *const *values, size_t count)
{
	struct metric *m;

	for (m = family->series; m; m = m->next)
		if (values_match(m, values, count))
			return m;
	if (family->series_count >= METRIC_SERIES_MAX) {
		if (!family->overflow)
			family->overflow = series_new(family, NULL);
		return family->overflow;
	}
	m = series_new(family, values);
	if (!m)
		return NULL;
	m->next = family->series;
	family->series = m;
	family->series_count++;
	return m;
}

struct metric *metric_of(struct metric_family *family, const char *const *values, size_t count)
{
	struct metric *m;

	if (!family)
		return NULL;
	assert(count == family->label_count);
	pthread_mutex_lock(&family->registry->lock);
	m = find_or_add_series(family, values, count);
	pthread_mutex_unlock(&family->registry->lock);
	return m;
}

struct metric *metric_plain(struct metric_family *family)
{
	return metric_of(family, NULL, 0);
}

static void add_double(_Atomic double *to, double by)
{
	double seen = atomic_load_explicit(to, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(to, &seen, seen + by, memory_order_relaxed, memory_order_relaxed))
		;
}

void metric_add(struct metric *counter, uint64_t n)
{
	if (counter)
		atomic_fetch_add_explicit(&counter->count, n, memory_order_relaxed);
}

void metric_set(struct metric *gauge, double value)
{
	if (gauge)
		atomic_store_explicit(&gauge->number, value, memory_order_relaxed);
}

void metric_shift(struct metric *gauge, double by)
{
	if (gauge)
		add_double(&gauge->number, by);
}

void metric_observe(struct metric *histogram, double value)
{
	const struct metric_spec *spec;
	size_t i = 0;

	if (!histogram || isnan(value))
		return;
	spec = histogram->family->spec;
	while (i < spec->bound_count && value > spec->bounds[i])
		i++;
	atomic_fetch_add_explicit(i < spec->bound_count ? &histogram->buckets[i] : &histogram->count, 1,
				  memory_order_relaxed);
	add_double(&histogram->number, value);
}

static uint64_t observations(const struct metric *m)
{
	uint64_t total = atomic_load_explicit(&m->count, memory_order_relaxed);

	for (size_t i = 0; i < m->family->spec->bound_count; i++)
		total += atomic_load_explicit(&m->buckets[i], memory_order_relaxed);
	return total;
}

double metric_value(const struct metric *metric)
{
	if (!metric)
		return 0;
	if (metric->family->spec->kind == METRIC_GAUGE)
		return atomic_load_explicit(&metric->number, memory_order_relaxed);
	return (double)observations(metric);
}

/* --- exposition --------------------------------------------------------------------------------------------- */

static void write_escaped(struct buffer *out, const char *text, bool quote)
{
	for (; *text; text++) {
		if (*text == '\\')
			buffer_text(out, "\\\\");
		else if (*text == '\n')
			buffer_text(out, "\\n");
		else if (*text == '"' && quote)
			buffer_text(out, "\\\"");
		else
			buffer_char(out, *text);
	}
}

static void write_number(struct buffer *out, double value)
{
	if (isinf(value))
		buffer_text(out, value > 0 ? "+Inf" : "-Inf");
	else if (isnan(value))
		buffer_text(out, "NaN");
	else
		buffer_printf(out, "%.17g", value);
	buffer_char(out, '\n');
}

/* name{label="value",le="bound"} and a space; le is NULL outside of buckets */
static void write_name(struct buffer *out, const struct metric *m, const char *suffix, const char *le)
{
	const struct metric_family *family = m->family;
	const char *comma = "";

	buffer_text(out, family->spec->name);
	buffer_text(out, suffix);
	if (family->label_count || le)
		buffer_char(out, '{');
	for (size_t i = 0; i < family->label_count; i++, comma = ",") {
		buffer_printf(out, "%s%s=\"", comma, family->spec->labels[i]);
		write_escaped(out, m->values[i], true);
		buffer_char(out, '"');
	}
	if (le)
		buffer_printf(out, "%sle=\"%s\"", comma, le);
	if (family->label_count || le)
		buffer_char(out, '}');
	buffer_char(out, ' ');
}

static void write_histogram(struct buffer *out, const struct metric *m)
{
	const struct metric_spec *spec = m->family->spec;
	uint64_t total = 0;

	for (size_t i = 0; i < spec->bound_count; i++) {
		char le[32];

		snprintf(le, sizeof le, "%.12g", spec->bounds[i]);
		total += atomic_load_explicit(&m->buckets[i], memory_order_relaxed);
		write_name(out, m, "_bucket", le);
		buffer_printf(out, "%" PRIu64 "\n", total);
	}
	total += atomic_load_explicit(&m->count, memory_order_relaxed);
	write_name(out, m, "_bucket", "+Inf");
	buffer_printf(out, "%" PRIu64 "\n", total);
	write_name(out, m, "_sum", NULL);
	write_number(out, atomic_load_explicit(&m->number, memory_order_relaxed));
	write_name(out, m, "_count", NULL);
	buffer_printf(out, "%" PRIu64 "\n", total);
}

static void write_series(struct buffer *out, const struct metric *m)
{
	switch (m->family->spec->kind) {
	case METRIC_COUNTER:
		write_name(out, m, "", NULL);
		buffer_printf(out, "%" PRIu64 "\n", (uint64_t)atomic_load_explicit(&m->count, memory_order_relaxed));
		break;
	case METRIC_GAUGE:
		write_name(out, m, "", NULL);
		write_number(out, atomic_load_explicit(&m->number, memory_order_relaxed));
		break;
	case METRIC_HISTOGRAM:
		write_histogram(out, m);
		break;
	}
}

static void write_family(struct buffer *out, const struct metric_family *family)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram" };

	buffer_printf(out, "# HELP %s ", family->spec->name);
	write_escaped(out, family->spec->help, false);
	buffer_printf(out, "\n# TYPE %s %s\n", family->spec->name, kinds[family->spec->kind]);
	if (family->read) {
		buffer_printf(out, "%s ", family->spec->name);
		write_number(out, family->read(family->read_arg));
	}
	for (const struct metric *m = family->series; m; m = m->next)
		write_series(out, m);
	if (family->overflow)
		write_series(out, family->overflow);
}

bool metrics_write(struct metrics *metrics, struct buffer *out)
{
	if (!metrics)
		return true;
	pthread_mutex_lock(&metrics->lock);
	for (const struct metric_family *family = metrics->families; family; family = family->next)
		write_family(out, family);
	pthread_mutex_unlock(&metrics->lock);
	return !out->failed;
}
