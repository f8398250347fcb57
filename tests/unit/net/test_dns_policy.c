#include "base/random.h"
#include "net/address_guard.h"
#include "net/dns_answer.h"
#include "net/dns_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct net_address resolvers[3];

static int parse_resolvers(void **state)
{
	(void)state;
	return net_address_parse("8.8.8.8", 53, &resolvers[0]) && net_address_parse("8.8.4.4", 53, &resolvers[1]) &&
			       net_address_parse("1.1.1.1", 53, &resolvers[2])
		       ? 0
		       : -1;
}

static struct dns_policy *policy(enum dns_strategy strategy, const unsigned *weights)
{
	struct dns_policy_settings s = {
		.resolvers = resolvers, .resolver_count = 3, .strategy = strategy, .weights = weights
	};
	struct dns_policy *p = NULL;

	assert_true(status_ok(dns_policy_create(&s, &p)));
	return p;
}

static void round_robin_rotates_per_query(void **state)
{
	struct dns_policy *p = policy(DNS_ROUND_ROBIN, NULL);
	struct rng rng;

	(void)state;
	rng_init(&rng, 1);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(dns_policy_pick(p, 1, -1, &rng), i % 3);
	assert_int_equal(dns_policy_pick(p, 2, 0, &rng), 1); /* never the one that just failed */
	dns_policy_destroy(p);
}

static void priority_starts_with_the_first_and_moves_on_per_try(void **state)
{
	struct dns_policy *p = policy(DNS_PRIORITY, NULL);
	struct rng rng;

	(void)state;
	rng_init(&rng, 1);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned attempt = 1; attempt <= 4; attempt++)
			assert_int_equal(dns_policy_pick(p, attempt, -1, &rng), (attempt - 1) % 3);
	dns_policy_destroy(p);
}

static void random_is_uniform_and_a_retry_goes_elsewhere(void **state)
{
	struct dns_policy *p = policy(DNS_RANDOM, NULL);
	unsigned hits[3] = { 0 };
	struct rng rng;

	(void)state;
	rng_init(&rng, 7);
	for (unsigned i = 0; i < 3000; i++) {
		hits[dns_policy_pick(p, 1, -1, &rng)]++;
		assert_int_not_equal(dns_policy_pick(p, 2, 1, &rng), 1);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(hits[i], 900, 1100);
	dns_policy_destroy(p);
}

static void weights_are_proportions_and_zero_is_never(void **state)
{
	static const unsigned weights[3] = { 3, 0, 1 };
	struct dns_policy *p = policy(DNS_WEIGHTED, weights);
	unsigned hits[3] = { 0 };
	struct rng rng;

	(void)state;
	rng_init(&rng, 7);
	for (unsigned i = 0; i < 4000; i++) {
		hits[dns_policy_pick(p, 1, -1, &rng)]++;
		assert_int_equal(dns_policy_pick(p, 2, 0, &rng), 2);
		assert_int_equal(dns_policy_pick(p, 2, 2, &rng), 0);
	}
	assert_in_range(hits[0], 2850, 3150);
	assert_int_equal(hits[1], 0);
	assert_in_range(hits[2], 850, 1150);
	dns_policy_destroy(p);
}

static void policies_that_cannot_ask_are_refused(void **state)
{
	static const unsigned zeros[3];
	struct dns_policy_settings s = { .resolvers = resolvers, .resolver_count = 0 };
	struct dns_policy *p = NULL;
	struct address_guard *guard;
	struct net_address local;
	struct status st;

	(void)state;
	assert_string_equal(dns_policy_create(&s, &p).reason, "NO_RESOLVERS");
	s.resolver_count = 3;
	s.strategy = DNS_WEIGHTED;
	s.weights = zeros;
	assert_string_equal(dns_policy_create(&s, &p).reason, "BAD_WEIGHTS");
	assert_true(net_address_parse("127.0.0.1:5300", 53, &local));
	assert_true(status_ok(address_guard_create("", false, &guard)));
	s = (struct dns_policy_settings){ .resolvers = &local, .resolver_count = 1, .guard = guard };
	st = dns_policy_create(&s, &p);
	assert_string_equal(st.reason, "RESOLVER_REFUSED");
	assert_non_null(strstr(st.detail, "127.0.0.1:5300"));
	address_guard_destroy(guard);
	assert_true(status_ok(address_guard_create("127.0.0.0/8", false, &guard)));
	s.guard = guard;
	assert_true(status_ok(dns_policy_create(&s, &p)));
	dns_policy_destroy(p);
	address_guard_destroy(guard);
}

static void every_strategy_word_is_known(void **state)
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
	enum dns_strategy strategy;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		assert_true(dns_strategy_from_text(words[i].word, &strategy));
		assert_int_equal(strategy, words[i].strategy);
	}
	assert_false(dns_strategy_from_text("Random", &strategy));
}

static void backoff_doubles_up_to_four_seconds(void **state)
{
	static const int64_t ms[] = { 250, 500, 1000, 2000, 4000, 4000, 4000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ms); i++)
		assert_int_equal(dns_backoff_ms(i + 1), ms[i]);
}

static void resolv_conf_gives_its_nameservers(void **state)
{
	struct net_address out[3];
	char text[NET_ADDRESS_TEXT_SIZE];

	(void)state;
	assert_int_equal(dns_resolv_conf_read("# comment\nsearch a b\nnameserver 10.0.0.2\n;nameserver 9.9.9.9\n"
					      "  nameserver\t::1\nnameserver nonsense\nnameserver 1.1.1.1",
					      out, 3),
			 3);
	net_address_text(&out[1], text);
	assert_string_equal(text, "[::1]:53");
	assert_int_equal(dns_resolv_conf_read("", out, 3), 0);
}

static void names_worth_asking_for(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} names[] = {
		{ "example.com", true },
		{ "a.b.c.example.co", true },
		{ "xn--80ak6aa92e.com", true },
		{ "example.xn--p1ai", true },
		{ "EXAMPLE.COM", true },
		{ "1.2.com", true },
		{ "-a.com", true },
		{ "com", false },
		{ "", false },
		{ ".com", false },
		{ "a..com", false },
		{ "a.com.", false },
		{ "a.c", false },
		{ "a.c1", false },
		{ "a_b.com", false },
		{ "a b.com", false },
		{ "a.xn--", false },
		{ "1.2.3.4", false },
	};
	char longest[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (dns_name_valid(names[i].name) != names[i].valid)
			fail_msg("'%s'", names[i].name);
	memset(longest, 'a', sizeof longest);
	for (size_t i = 63; i < 253; i += 64)
		longest[i] = '.';
	longest[253] = '\0';
	assert_true(dns_name_valid(longest));
	longest[253] = 'a';
	longest[254] = '\0';
	assert_false(dns_name_valid(longest));
	longest[63] = 'a';
	longest[100] = '\0';
	assert_false(dns_name_valid(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_robin_rotates_per_query),
		cmocka_unit_test(priority_starts_with_the_first_and_moves_on_per_try),
		cmocka_unit_test(random_is_uniform_and_a_retry_goes_elsewhere),
		cmocka_unit_test(weights_are_proportions_and_zero_is_never),
		cmocka_unit_test(policies_that_cannot_ask_are_refused),
		cmocka_unit_test(every_strategy_word_is_known),
		cmocka_unit_test(backoff_doubles_up_to_four_seconds),
		cmocka_unit_test(resolv_conf_gives_its_nameservers),
		cmocka_unit_test(names_worth_asking_for),
	};

	return cmocka_run_group_tests(tests, parse_resolvers, NULL);
}
