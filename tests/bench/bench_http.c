/* bench_http.c: pages a second through the HTTP engine, a new host name for each.
 *
 *   bench_http <server ip> <http port> <https port> <suffix> <pages> <in flight> [CA file] [robots]
 *
 * Hosts are n<i>.<suffix>. An https port of 0 asks for http:// only. */
#include "base/clock.h"
#include "net/address_guard.h"
#include "net/http_client.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static atomic_uint by_status[4];
static atomic_ullong bytes;

static void on_data(void *ctx, const void *data, size_t n)
{
	(void)ctx;
	(void)data;
	atomic_fetch_add_explicit(&bytes, n, memory_order_relaxed);
}

static void on_done(void *ctx, const struct http_result *result)
{
	(void)ctx;
	if (atomic_fetch_add(&by_status[result->status], 1) == 0 && result->status != HTTP_OK)
		fprintf(stderr, "first failure: %s %s\n", http_reason_text[result->reason], result->detail);
}

static double cpu_s(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	struct http_client_settings s = { .redirects_max = 7 };
	struct http_policy_settings ps = { .user_agent = "bench/1.0", .follow_redirects = true };
	struct http_fetch f = { .sink = { .data = on_data } };
	struct address_guard *guard;
	struct http_client *client;
	struct http_policy *policy;
	struct rusage before, after;
	char host[256], url[300];
	long count;

	if (argc < 7 || !net_address_parse(argv[1], 80, &f.address)) {
		fprintf(stderr,
			"usage: bench_http <ip> <http port> <https port> <suffix> <pages> <in flight> [CA] [robots]\n");
		return 2;
	}
	s.http_port = (uint16_t)atoi(argv[2]);
	s.https_port = (uint16_t)atoi(argv[3]);
	count = atol(argv[5]);
	s.in_flight_max = (unsigned)atoi(argv[6]);
	s.ca_file = argc > 7 ? argv[7] : NULL;
	ps.respect_robots = argc > 8;
	if (!status_ok(address_guard_create("", true, &guard)))
		return 1;
	s.guard = guard;
	if (!status_ok(http_policy_create(&ps, &policy)) || !status_ok(http_client_create(&s, &client)))
		return 1;
	f.policy = policy;
	f.host = host;
	getrusage(RUSAGE_SELF, &before);
	int64_t began = clock_monotonic_us();

	for (long i = 0; i < count; i++) {
		snprintf(host, sizeof host, "n%ld.%s", i, argv[4]);
		snprintf(url, sizeof url, "http://%s/", host);
		f.url = strcmp(argv[3], "0") == 0 ? url : NULL;
		if (!status_ok(http_client_submit(client, &f, on_done, NULL)))
			return 1;
	}
	if (!http_client_drain(client, 600000))
		return 1;
	double took = (double)(clock_monotonic_us() - began) / 1e6;

	getrusage(RUSAGE_SELF, &after);
	printf("%ld pages in %.2f s: %.0f pages/s, %.1f MB/s decoded, %.0f us of CPU a page, peak %ld KB\n", count,
	       took, (double)count / took, (double)atomic_load(&bytes) / took / 1e6,
	       (cpu_s(&after) - cpu_s(&before)) * 1e6 / (double)count, after.ru_maxrss);
	printf("ok %u, failed %u, timed out %u\n", atomic_load(&by_status[HTTP_OK]),
	       atomic_load(&by_status[HTTP_FAILED]), atomic_load(&by_status[HTTP_TIMED_OUT]));
	http_client_destroy(client);
	http_policy_destroy(policy);
	address_guard_destroy(guard);
	return 0;
}
