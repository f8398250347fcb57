/* bench_dns.c: names a second through the DNS engine. A policy without limits of its own, A and AAAA of every name.
 *
 *   bench_dns <resolver ip:port> <suffix> <names> [lookups in flight]        names are n<i>.<suffix> */
#include "base/clock.h"
#include "net/dns_client.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static atomic_uint by_status[4];

static void on_done(void *ctx, const char *name, const struct dns_result *result)
{
	(void)ctx;
	(void)name;
	atomic_fetch_add(&by_status[result->status], 1);
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	struct dns_client_settings settings = { .lookups_max = argc > 4 ? (unsigned)atoi(argv[4]) : 0 };
	struct dns_policy_settings ps = { .retries_max = 2, .queries_per_domain = 2, .query_timeout_ms = 1000 };
	struct dns_client_stats stats;
	struct dns_client *client;
	struct dns_policy *policy;
	struct net_address resolver;
	struct dns_lookup lookup = { .want_a = true, .want_aaaa = true };
	char name[256];
	long count;

	if (argc < 4 || !net_address_parse(argv[1], DNS_PORT, &resolver)) {
		fprintf(stderr, "usage: bench_dns <resolver ip:port> <suffix> <names> [lookups in flight]\n");
		return 2;
	}
	count = atol(argv[3]);
	ps.resolvers = &resolver;
	ps.resolver_count = 1;
	if (!status_ok(dns_policy_create(&ps, &policy)) || !status_ok(dns_client_create(&settings, &client)))
		return 1;
	lookup.policy = policy;
	lookup.name = name;
	int64_t began = clock_monotonic_us();
	double cpu = cpu_s();

	for (long i = 0; i < count; i++) {
		snprintf(name, sizeof name, "n%ld.%s", i, argv[2]);
		if (!status_ok(dns_client_submit(client, &lookup, on_done, NULL)))
			return 1;
	}
	if (!dns_client_drain(client, 600000))
		return 1;
	double took = (double)(clock_monotonic_us() - began) / 1e6;

	cpu = cpu_s() - cpu;
	dns_client_stats(client, &stats);
	printf("%ld names in %.2f s: %.0f names/s, %.0f queries/s, %.1f us of CPU a name\n", count, took,
	       (double)count / took, (double)stats.queries / took, cpu * 1e6 / (double)count);
	printf("ok %u, failed %u, timed out %u; retries %llu, query timeouts %llu, lost %llu\n",
	       atomic_load(&by_status[DNS_OK]), atomic_load(&by_status[DNS_FAILED]),
	       atomic_load(&by_status[DNS_TIMED_OUT]), (unsigned long long)stats.retries,
	       (unsigned long long)stats.query_timeouts, (unsigned long long)stats.lost);
	dns_client_destroy(client);
	dns_policy_destroy(policy);
	return 0;
}
