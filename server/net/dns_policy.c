#include "net/dns_policy.h"

#include "base/clock.h"
#include "base/random.h"
#include "net/address_guard.h"
#include "net/dns_policy_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUERY_TIMEOUT_MS = 5000,
	DOMAIN_TIMEOUT_MS = 30000,
	RESOLV_CONF_BYTES_MAX = 16384,
};

bool dns_strategy_from_text(const char *text, enum dns_strategy *out)
{
	static const struct {
		const char *word;
		enum dns_strategy strategy;
	} words[] = {
		{ "round_robin", DNS_ROUND_ROBIN },      { "random", DNS_RANDOM },
		{ "random_rotation", DNS_RANDOM },       { "weighted", DNS_WEIGHTED },
		{ "weighted_rotation", DNS_WEIGHTED },   { "priority", DNS_PRIORITY },
		{ "sequential_failover", DNS_PRIORITY },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i].word) == 0) {
			*out = words[i].strategy;
			return true;
		}
	return false;
}

size_t dns_resolv_conf_read(const char *text, struct net_address *out, size_t most)
{
	size_t count = 0;

	while (*text && count < most) {
		size_t n = strcspn(text, "\n");
		char line[256], address[256];

		if (n < sizeof line) {
			memcpy(line, text, n);
			line[n] = '\0';
			if (sscanf(line, " nameserver %255s", address) == 1 &&
			    net_address_parse(address, DNS_PORT, &out[count]))
				count++;
		}
		text += n + (text[n] == '\n');
	}
	return count;
}

static size_t system_resolvers(struct net_address *out, size_t most)
{
	char text[RESOLV_CONF_BYTES_MAX];
	FILE *file = fopen("/etc/resolv.conf", "re");
	size_t n;

	if (!file)
		return 0;
	n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	fclose(file);
	return dns_resolv_conf_read(text, out, most);
}

static struct status add_resolvers(struct dns_policy *p, const struct dns_policy_settings *s)
{
	for (size_t i = 0; i < s->resolver_count; i++) {
		const char *why = "";

		if (s->guard && !address_guard_permits(s->guard, &s->resolvers[i], &why)) {
			char text[NET_ADDRESS_TEXT_SIZE];

			net_address_text(&s->resolvers[i], text);
			return status_make(STATUS_INVALID_ARGUMENT, "RESOLVER_REFUSED",
					   "resolver %s is refused: %s address outside DNS_ALLOWED_NETWORKS", text,
					   why);
		}
		p->weights[p->resolver_count] = s->weights ? s->weights[i] : 1;
		p->weight_sum += p->weights[p->resolver_count];
		p->resolvers[p->resolver_count++] = s->resolvers[i];
	}
	if (s->system_resolvers) {
		size_t room = DNS_RESOLVERS_MAX - p->resolver_count;
		size_t n = system_resolvers(p->resolvers + p->resolver_count, room);

		for (size_t i = 0; i < n; i++) {
			p->weights[p->resolver_count++] = 1;
			p->weight_sum++;
		}
	}
	if (p->resolver_count == 0)
		return status_make(STATUS_INVALID_ARGUMENT, "NO_RESOLVERS", "no resolver to ask");
	if (p->strategy == DNS_WEIGHTED && p->weight_sum == 0)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_WEIGHTS", "every resolver has weight 0");
	return STATUS_OK_VALUE;
}

struct status dns_policy_create(const struct dns_policy_settings *s, struct dns_policy **out)
{
	struct dns_policy *p;
	struct status st;

	if (s->resolver_count > DNS_RESOLVERS_MAX)
		return status_make(STATUS_INVALID_ARGUMENT, "TOO_MANY_RESOLVERS", "more than %d resolvers",
				   DNS_RESOLVERS_MAX);
	p = calloc(1, sizeof *p);
	if (!p)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for a DNS policy");
	p->strategy = s->strategy;
	p->query_timeout_ms = s->query_timeout_ms > 0 ? s->query_timeout_ms : QUERY_TIMEOUT_MS;
	p->domain_timeout_ms = s->domain_timeout_ms > 0 ? s->domain_timeout_ms : DOMAIN_TIMEOUT_MS;
	p->query_delay_min_ms = s->query_delay_min_ms > 0 ? s->query_delay_min_ms : 0;
	p->query_delay_max_ms =
		s->query_delay_max_ms > p->query_delay_min_ms ? s->query_delay_max_ms : p->query_delay_min_ms;
	p->retries_max = s->retries_max < DNS_RETRIES_MAX ? s->retries_max : DNS_RETRIES_MAX;
	p->queries_per_domain = s->queries_per_domain > 0 ? s->queries_per_domain : 1;
	st = add_resolvers(p, s);
	if (!status_ok(st)) {
		free(p);
		return st;
	}
	intake_share_init(&p->share, s->shared_rate, s->rate_per_s, s->rate_burst, s->lookups_max);
	*out = p;
	return STATUS_OK_VALUE;
}

void dns_policy_destroy(struct dns_policy *policy)
{
	free(policy);
}

static unsigned pick_weighted(const struct dns_policy *p, int previous, struct rng *rng)
{
	uint64_t sum = p->weight_sum, at;

	if (previous >= 0 && sum > p->weights[previous])
		sum -= p->weights[previous];
	else
		previous = -1;
	at = rng_below(rng, sum);
	for (unsigned i = 0;; i++) {
		if ((int)i == previous)
			continue;
		if (at < p->weights[i])
			return i;
		at -= p->weights[i];
	}
}

unsigned dns_policy_pick(struct dns_policy *p, unsigned attempt, int previous, struct rng *rng)
{
	unsigned n = p->resolver_count, i;

	if (n == 1)
		return 0;
	switch (p->strategy) {
	case DNS_RANDOM:
		if (previous < 0)
			return (unsigned)rng_below(rng, n);
		i = (unsigned)rng_below(rng, n - 1);
		return i < (unsigned)previous ? i : i + 1;
	case DNS_WEIGHTED:
		return pick_weighted(p, previous, rng);
	case DNS_PRIORITY:
		return (attempt - 1) % n;
	case DNS_ROUND_ROBIN:
		break;
	}
	i = p->cursor++ % n;
	if ((int)i == previous)
		i = p->cursor++ % n;
	return i;
}

const struct net_address *dns_policy_resolver(const struct dns_policy *policy, unsigned index)
{
	return &policy->resolvers[index];
}

int64_t dns_backoff_ms(unsigned attempt)
{
	int64_t ms = DNS_BACKOFF_FIRST_MS;

	while (--attempt > 0 && ms < DNS_BACKOFF_MOST_MS)
		ms *= 2;
	return ms < DNS_BACKOFF_MOST_MS ? ms : DNS_BACKOFF_MOST_MS;
}
