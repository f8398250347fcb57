#include "catalog/dns_persona.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "base/text.h"
#include "catalog/details.h"

#include <stdio.h>
#include <string.h>

static const char *const strategy_words[] = {
	[DNS_ROUND_ROBIN] = "round_robin",
	[DNS_RANDOM] = "random",
	[DNS_WEIGHTED] = "weighted",
	[DNS_PRIORITY] = "priority",
};

static size_t find_resolver(const struct dns_persona *p, const struct net_address *address)
{
	size_t i = 0;

	while (i < p->resolver_count && !net_address_equal(&p->resolvers[i], address))
		i++;
	return i;
}

/* Reads one resolver; false and a violation when it is none. */
static bool read_resolver(struct json_fields *f, const char *path, const char *text, struct net_address *out)
{
	if (strncmp(text, "https://", 8) == 0)
		violations_add(f->in->violations, path, "VALIDATION_ERROR", "resolvers over HTTPS are not available");
	else if (!net_address_parse(text, DNS_PORT, out) || out->port == 0)
		violations_add(f->in->violations, path, "VALIDATION_ERROR",
			       "must be an IP address, with or without :port");
	else
		return true;
	return false;
}

static void read_resolvers(struct json_fields *f, struct dns_persona *p)
{
	const char *const *texts = NULL;
	size_t count = 0;
	struct net_address address;

	json_get_texts(f, "resolvers", DNS_RESOLVERS_MAX, 512, &texts, &count);
	for (size_t i = 0; i < count; i++) {
		if (!read_resolver(f, json_element_path(f, "resolvers", i), texts[i], &address))
			continue;
		if (find_resolver(p, &address) == p->resolver_count) {
			p->weights[p->resolver_count] = 1;
			p->resolvers[p->resolver_count++] = address;
		}
	}
	json_get_bool(f, "useSystemResolvers", &p->use_system_resolvers);
	if (count == 0 && !p->use_system_resolvers)
		violations_add(f->in->violations, json_field_path(f, "resolvers"), "REQUIRED_FIELD",
			       "needs a resolver unless useSystemResolvers is true");
}

static void read_strategy(struct json_fields *f, struct dns_persona *p)
{
	const char *word = NULL;

	if (!json_get_text(f, "resolverStrategy", 64, &word))
		return;
	if (!dns_strategy_from_text(word, &p->strategy))
		json_violation(f, "resolverStrategy", "must be round_robin, random, weighted or priority");
}

static void read_weights(struct json_fields *f, struct dns_persona *p)
{
	const json_t *object = NULL;
	struct net_address address;
	struct json_fields inner;
	unsigned before = f->in->violations->count, sum = 0;

	if (json_get_object(f, "resolversWeighted", &object)) {
		const char *path = json_field_path(f, "resolversWeighted");
		json_fields_open(&inner, f->in, object, path);
		for (void *at = json_object_iter((json_t *)(uintptr_t)object); at;
		     at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
			const char *key = json_object_iter_key(at);
			int64_t weight = 0;
			size_t i;
			if (!read_resolver(f, json_field_path(&inner, key), key, &address))
				continue;
			i = find_resolver(p, &address);
			if (i == p->resolver_count) {
				json_violation(&inner, key, "is not one of the resolvers");
				continue;
			}
			inner.known_count = 0; /* any number of keys; we walk them ourselves */
			if (json_get_int(&inner, key, 0, 1000000, &weight))
				p->weights[i] = (unsigned)weight;
		}
	}
	if (p->strategy != DNS_WEIGHTED || f->in->violations->count != before)
		return;
	for (size_t i = 0; i < p->resolver_count; i++)
		sum += p->weights[i];
	if (!object || json_object_size(object) == 0)
		json_required(f, "resolversWeighted");
	else if (sum == 0)
		json_violation(f, "resolversWeighted", "at least one weight must be more than 0");
}

/* Puts the named resolvers first, in the order given; the rest follow as they were. */
static void read_order(struct json_fields *f, struct dns_persona *p)
{
	const char *const *texts = NULL;
	size_t count = 0, placed = 0;
	struct net_address address;

	if (!json_get_texts(f, "resolversPreferredOrder", DNS_RESOLVERS_MAX, 512, &texts, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const char *path = json_element_path(f, "resolversPreferredOrder", i);
		size_t from;
		if (!read_resolver(f, path, texts[i], &address))
			continue;
		from = find_resolver(p, &address);
		if (from == p->resolver_count) {
			violations_add(f->in->violations, path, "VALIDATION_ERROR", "is not one of the resolvers");
		} else if (from >= placed && p->strategy == DNS_PRIORITY) {
			unsigned weight = p->weights[from];
			memmove(&p->resolvers[placed + 1], &p->resolvers[placed], (from - placed) * sizeof address);
			memmove(&p->weights[placed + 1], &p->weights[placed], (from - placed) * sizeof weight);
			p->resolvers[placed] = address;
			p->weights[placed++] = weight;
		}
	}
}

static void read_pace(struct json_fields *f, struct dns_persona *p)
{
	int64_t timeout_s = 0, domains = 100, queries = 1, lookups = 10;

	json_get_int(f, "queryTimeoutSeconds", 0, 60, &timeout_s);
	json_get_int(f, "maxDomainsPerRequest", 1, 100000, &domains);
	json_get_int(f, "concurrentQueriesPerDomain", 1, 16, &queries);
	json_get_int(f, "queryDelayMinMs", 0, 60000, &p->query_delay_min_ms);
	json_get_int(f, "queryDelayMaxMs", 0, 60000, &p->query_delay_max_ms);
	if (!json_has(f, "queryDelayMaxMs"))
		p->query_delay_max_ms = p->query_delay_min_ms;
	else if (p->query_delay_min_ms > p->query_delay_max_ms)
		json_violation(f, "queryDelayMinMs", "must not be more than queryDelayMaxMs");
	json_get_int(f, "maxConcurrentGoroutines", 1, 10000, &lookups);
	json_get_int(f, "maxConcurrentLookups", 1, 10000, &lookups);
	p->query_timeout_ms = timeout_s > 0 ? timeout_s * 1000 : 5000;
	p->domains_per_request = (int32_t)domains;
	p->queries_per_domain = (unsigned)queries;
	p->lookups_max = (unsigned)lookups;
	details_read_rate(f, 10, 5, &p->rate_per_s, &p->rate_burst);
}

struct status dns_persona_read(const json_t *object, const char *path, struct arena *arena,
			       struct violations *violations, struct dns_persona *out)
{
	struct dns_persona persona = { .strategy = DNS_ROUND_ROBIN };
	struct json_input in;
	struct json_fields f;

	json_input_init(&in, arena, violations);
	json_fields_open(&f, &in, object, path);
	details_read_type(&f, PERSONA_TYPE_DNS);
	read_resolvers(&f, &persona);
	read_strategy(&f, &persona);
	read_weights(&f, &persona);
	read_order(&f, &persona);
	read_pace(&f, &persona);
	json_fields_close(&f);
	TRY(in.failure);
	*out = persona;
	return STATUS_OK_VALUE;
}

struct status dns_persona_parse(const char *json, struct arena *arena, struct dns_persona *out)
{
	AUTO(json) json_t *object = NULL;
	struct violations violations;

	violations_init(&violations, arena);
	TRY(details_load(json, &object));
	TRY(dns_persona_read(object, "configDetails", arena, &violations, out));
	return violations_status(&violations);
}

static void put_resolvers(json_t *object, const struct dns_persona *p)
{
	json_t *list = json_array(), *weights = json_object();

	for (size_t i = 0; i < p->resolver_count; i++) {
		char text[NET_ADDRESS_TEXT_SIZE];
		net_address_text(&p->resolvers[i], text);
		json_array_append_new(list, json_string(text));
		json_object_set_new(weights, text, json_integer(p->weights[i]));
	}
	if (p->strategy == DNS_PRIORITY)
		json_object_set(object, "resolversPreferredOrder", list);
	json_object_set_new(object, "resolvers", list);
	if (p->strategy == DNS_WEIGHTED)
		json_object_set(object, "resolversWeighted", weights);
	json_decref(weights);
}

char *dns_persona_write(const struct dns_persona *p, struct arena *arena)
{
	AUTO(json)
	json_t *object = json_pack(
		"{s:s, s:b, s:s, s:I, s:i, s:i, s:I, s:I, s:i, s:o, s:o}", "personaType", "dns", "useSystemResolvers",
		(int)p->use_system_resolvers, "resolverStrategy", strategy_words[p->strategy], "queryTimeoutSeconds",
		(json_int_t)(p->query_timeout_ms / 1000), "maxDomainsPerRequest", (int)p->domains_per_request,
		"concurrentQueriesPerDomain", (int)p->queries_per_domain, "queryDelayMinMs",
		(json_int_t)p->query_delay_min_ms, "queryDelayMaxMs", (json_int_t)p->query_delay_max_ms,
		"maxConcurrentLookups", (int)p->lookups_max, "rateLimitDps", details_number(p->rate_per_s),
		"rateLimitBurst", details_number(p->rate_burst));

	if (!object)
		return NULL;
	put_resolvers(object, p);
	return json_to_arena(arena, object);
}
