#include "base/buffer.h"
#include "telemetry/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct metric_spec calls = {
	.kind = METRIC_COUNTER, .name = "calls_total", .help = "Finished calls.", .labels = { "method", "code" }
};
static const struct metric_spec depth = { .kind = METRIC_GAUGE, .name = "queue_depth", .help = "Items waiting." };
static const double bounds[] = { 0.1, 1, 10 };
static const struct metric_spec took = {
	.kind = METRIC_HISTOGRAM, .name = "took_seconds", .help = "Time\nspent.", METRIC_BOUNDS(bounds)
};

static void exposition_is_prometheus_text(void **state)
{
	struct metrics *metrics = metrics_create();
	struct buffer out;
	struct metric *histogram;

	(void)state;
	buffer_init(&out, 0);
	metric_add(METRIC_OF(metrics_family(metrics, &calls), "Get", "O\"K\\"), 3);
	metric_set(metric_plain(metrics_family(metrics, &depth)), 2.5);
	metric_shift(metric_plain(metrics_family(metrics, &depth)), -1);
	histogram = metric_plain(metrics_family(metrics, &took));
	metric_observe(histogram, 0.1);
	metric_observe(histogram, 0.5);
	metric_observe(histogram, 99);
	assert_true(metrics_write(metrics, &out));
	assert_string_equal(out.data, "# HELP calls_total Finished calls.\n"
				      "# TYPE calls_total counter\n"
				      "calls_total{method=\"Get\",code=\"O\\\"K\\\\\"} 3\n"
				      "# HELP queue_depth Items waiting.\n"
				      "# TYPE queue_depth gauge\n"
				      "queue_depth 1.5\n"
				      "# HELP took_seconds Time\\nspent.\n"
				      "# TYPE took_seconds histogram\n"
				      "took_seconds_bucket{le=\"0.1\"} 1\n"
				      "took_seconds_bucket{le=\"1\"} 2\n"
				      "took_seconds_bucket{le=\"10\"} 2\n"
				      "took_seconds_bucket{le=\"+Inf\"} 3\n"
				      "took_seconds_sum 99.599999999999994\n"
				      "took_seconds_count 3\n");
	buffer_done(&out);
	metrics_destroy(metrics);
}

static void same_labels_are_one_series(void **state)
{
	struct metrics *metrics = metrics_create();
	struct metric_family *family = metrics_family(metrics, &calls);

	(void)state;
	assert_ptr_equal(family, metrics_family(metrics, &calls));
	assert_ptr_equal(METRIC_OF(family, "Get", "OK"), METRIC_OF(family, "Get", "OK"));
	assert_ptr_not_equal(METRIC_OF(family, "Get", "OK"), METRIC_OF(family, "Get", "NOT_FOUND"));
	metrics_destroy(metrics);
}

static void too_many_label_sets_share_one_series(void **state)
{
	struct metrics *metrics = metrics_create();
	struct metric_family *family = metrics_family(metrics, &calls);
	struct buffer out;
	char name[32];

	(void)state;
	buffer_init(&out, 0);
	for (int i = 0; i < METRIC_SERIES_MAX + 10; i++) {
		snprintf(name, sizeof name, "m%d", i);
		metric_add(METRIC_OF(family, name, "OK"), 1);
	}
	assert_true(metrics_write(metrics, &out));
	assert_non_null(strstr(out.data, "calls_total{method=\"other\",code=\"other\"} 10\n"));
	assert_null(strstr(out.data, "m512"));
	buffer_done(&out);
	metrics_destroy(metrics);
}

static void nothing_happens_without_a_registry(void **state)
{
	struct metric *m = METRIC_OF(metrics_family(NULL, &calls), "Get", "OK");

	(void)state;
	metric_add(m, 1);
	metric_observe(m, 1);
	metric_set(m, 1);
	assert_null(m);
	assert_true(metric_value(m) == 0);
}

static double seven(void *arg)
{
	(void)arg;
	return 7;
}

static void read_gauges_are_asked_on_demand(void **state)
{
	struct metrics *metrics = metrics_create();
	struct buffer out;

	(void)state;
	buffer_init(&out, 0);
	metrics_gauge_read(metrics, &depth, seven, NULL);
	assert_true(metrics_write(metrics, &out));
	assert_non_null(strstr(out.data, "\nqueue_depth 7\n"));
	buffer_done(&out);
	metrics_destroy(metrics);
}

static void *count_to_many(void *arg)
{
	struct metric **m = arg;

	for (int i = 0; i < 20000; i++) {
		metric_add(m[0], 1);
		metric_observe(m[1], 0.5);
	}
	return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
	struct metrics *metrics = metrics_create();
	struct metric *pair[] = { METRIC_OF(metrics_family(metrics, &calls), "Get", "OK"),
				  metric_plain(metrics_family(metrics, &took)) };
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_to_many, pair), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(metric_value(pair[0]) == 80000);
	assert_true(metric_value(pair[1]) == 80000);
	metrics_destroy(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exposition_is_prometheus_text),
		cmocka_unit_test(same_labels_are_one_series),
		cmocka_unit_test(too_many_label_sets_share_one_series),
		cmocka_unit_test(nothing_happens_without_a_registry),
		cmocka_unit_test(read_gauges_are_asked_on_demand),
		cmocka_unit_test(nothing_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
