/* The DNS engine against a server that answers, lies and keeps silent (02 §4). */
#include "base/clock.h"
#include "net/dns_client.h"
#include "work/cancel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "dns_responder.h"

static struct dns_responder one, two;
static struct dns_client *client;

static int open_world(void **state)
{
	struct dns_client_settings settings = { .lookups_max = 500 };

	(void)state;
	if (!dns_responder_open(&one) || !dns_responder_open(&two))
		return -1;
	return status_ok(dns_client_create(&settings, &client)) ? 0 : -1;
}

static int close_world(void **state)
{
	(void)state;
	dns_client_destroy(client);
	dns_responder_close(&one);
	dns_responder_close(&two);
	return 0;
}

static struct dns_policy *policy_of(struct dns_policy_settings s, const struct net_address *resolvers, size_t count)
{
	struct dns_policy *policy = NULL;

	s.resolvers = resolvers;
	s.resolver_count = count;
	assert_true(status_ok(dns_policy_create(&s, &policy)));
	return policy;
}

struct answer {
	struct dns_result result;
	atomic_bool is_in;
};

static void keep(void *ctx, const char *name, const struct dns_result *result)
{
	struct answer *a = ctx;

	(void)name;
	a->result = *result;
	atomic_store(&a->is_in, true);
}

static struct dns_result look_up_with(struct dns_policy *policy, const char *name, bool a, bool aaaa)
{
	struct dns_lookup lookup = { .name = name, .want_a = a, .want_aaaa = aaaa, .policy = policy };
	struct answer answer = { .is_in = false };

	assert_true(status_ok(dns_client_submit(client, &lookup, keep, &answer)));
	assert_true(dns_client_drain(client, 20000));
	assert_true(atomic_load(&answer.is_in));
	return answer.result;
}

static struct dns_result look_up(struct dns_policy_settings s, const char *name)
{
	struct dns_policy *policy = policy_of(s, &one.address, 1);
	struct dns_result r = look_up_with(policy, name, true, true);

	dns_policy_destroy(policy);
	return r;
}

static void an_address_of_either_type_is_ok(void **state)
{
	struct dns_policy_settings s = { .query_timeout_ms = 2000 };
	struct dns_result r;
	char text[NET_ADDRESS_TEXT_SIZE];

	(void)state;
	for (s.queries_per_domain = 1; s.queries_per_domain <= 2; s.queries_per_domain++) {
		r = look_up(s, "ok.example.com");
		assert_int_equal(r.status, DNS_OK);
		assert_int_equal(r.reason, DNS_REASON_NONE);
		assert_int_equal(r.address_count, 2);
		net_address_ip_text(&r.addresses[0], text);
		assert_string_equal(text, "192.0.2.1");
		net_address_ip_text(&r.addresses[1], text);
		assert_string_equal(text, "2001:db8::1");
		r = look_up(s, "v6only.example.com");
		assert_int_equal(r.status, DNS_OK);
		assert_int_equal(r.address_count, 1);
		assert_int_equal(r.addresses[0].family, 6);
	}
	r = look_up(s, "alias.example.com");
	assert_int_equal(r.status, DNS_OK);
	net_address_ip_text(&r.addresses[0], text);
	assert_string_equal(text, "192.0.2.7");
	r = look_up(s, "many.example.com");
	assert_int_equal(r.address_count, DNS_ADDRESSES_MAX);
}

static void every_failure_has_its_reason(void **state)
{
	static const struct {
		const char *name;
		enum dns_outcome status;
		enum dns_reason reason;
		unsigned attempts;
	} cases[] = {
		{ "nx.example.com", DNS_FAILED, DNS_REASON_NXDOMAIN, 1 },
		{ "empty.example.com", DNS_FAILED, DNS_REASON_NOANSWER, 1 },
		{ "servfail.example.com", DNS_FAILED, DNS_REASON_SERVFAIL, 2 },
		{ "refused.example.com", DNS_FAILED, DNS_REASON_REFUSED, 2 },
		{ "notimp.example.com", DNS_FAILED, DNS_REASON_ERROR, 1 },
		{ "garbage.example.com", DNS_FAILED, DNS_REASON_ERROR, 2 },
		{ "loop.example.com", DNS_FAILED, DNS_REASON_ERROR, 1 },
		{ "silent.example.com", DNS_TIMED_OUT, DNS_REASON_TIMEOUT, 2 },
		{ "wrongid.example.com", DNS_TIMED_OUT, DNS_REASON_TIMEOUT, 2 },
		{ "nx4.example.com", DNS_FAILED, DNS_REASON_NXDOMAIN, 1 },
		{ "no_underscore.example.com", DNS_FAILED, DNS_REASON_INVALID_DOMAIN, 0 },
		{ "", DNS_FAILED, DNS_REASON_INVALID_DOMAIN, 0 },
	};
	struct dns_policy_settings s = { .query_timeout_ms = 150, .retries_max = 1, .queries_per_domain = 2 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dns_result r = look_up(s, cases[i].name);

		if (r.status != cases[i].status || r.reason != cases[i].reason || r.attempts != cases[i].attempts)
			fail_msg("%s: status %d reason %s attempts %u", cases[i].name, (int)r.status,
				 dns_reason_text[r.reason], r.attempts);
	}
}

static void an_invalid_name_costs_no_query(void **state)
{
	struct dns_policy_settings s = { 0 };
	unsigned before = atomic_load(&one.queries);

	(void)state;
	look_up(s, "bad..example.com");
	assert_int_equal(atomic_load(&one.queries), before);
}

static void a_retry_can_succeed(void **state)
{
	struct dns_policy_settings s = { .query_timeout_ms = 150, .retries_max = 2 };
	struct dns_client_stats before, after;
	struct dns_result r;

	(void)state;
	dns_client_stats(client, &before);
	r = look_up(s, "once.example.com");
	assert_int_equal(r.status, DNS_OK);
	assert_int_equal(r.attempts, 2);
	r = look_up(s, "late.example.com");
	assert_int_equal(r.status, DNS_OK);
	assert_int_equal(r.attempts, 2);
	look_up(s, "ok.example.com");
	dns_client_stats(client, &after);
	assert_true(after.lost >= before.lost + 1);
}

static void a_refused_connection_is_an_error_after_the_retries(void **state)
{
	struct dns_responder gone;
	struct dns_policy *policy;
	struct dns_policy_settings s = { .query_timeout_ms = 1000, .retries_max = 1 };
	struct dns_result r;

	(void)state;
	assert_true(dns_responder_open(&gone));
	dns_responder_close(&gone);
	policy = policy_of(s, &gone.address, 1);
	r = look_up_with(policy, "ok.example.com", true, false);
	assert_int_equal(r.status, DNS_FAILED);
	assert_int_equal(r.reason, DNS_REASON_ERROR);
	assert_int_equal(r.attempts, 2);
	dns_policy_destroy(policy);
}

static void priority_goes_to_the_next_resolver_on_retry(void **state)
{
	struct dns_responder gone;
	struct net_address both[2];
	struct dns_policy_settings s = { .strategy = DNS_PRIORITY, .query_timeout_ms = 300, .retries_max = 1 };
	struct dns_policy *policy;
	struct dns_result r;

	(void)state;
	assert_true(dns_responder_open(&gone));
	dns_responder_close(&gone);
	both[0] = gone.address;
	both[1] = one.address;
	policy = policy_of(s, both, 2);
	for (unsigned i = 0; i < 3; i++) {
		r = look_up_with(policy, "ok.example.com", true, false);
		assert_int_equal(r.status, DNS_OK);
		assert_int_equal(r.attempts, 2);
	}
	dns_policy_destroy(policy);
}

static void round_robin_shares_queries_evenly(void **state)
{
	struct net_address both[2] = { one.address, two.address };
	struct dns_policy_settings s = { .strategy = DNS_ROUND_ROBIN };
	struct dns_policy *policy = policy_of(s, both, 2);
	unsigned before_one = atomic_load(&one.queries), before_two = atomic_load(&two.queries);

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		look_up_with(policy, "ok.example.com", true, false);
	assert_int_equal(atomic_load(&one.queries) - before_one, 5);
	assert_int_equal(atomic_load(&two.queries) - before_two, 5);
	dns_policy_destroy(policy);
}

static void the_domain_budget_ends_a_lookup(void **state)
{
	struct dns_policy_settings s = { .query_timeout_ms = 60000, .domain_timeout_ms = 200, .retries_max = 10 };
	struct dns_result r;

	(void)state;
	r = look_up(s, "silent.example.com");
	assert_int_equal(r.status, DNS_TIMED_OUT);
	assert_int_equal(r.reason, DNS_REASON_TIMEOUT);
	assert_int_equal(r.attempts, 1);
}

static atomic_uint finished, succeeded, canceled;

static void count(void *ctx, const char *name, const struct dns_result *result)
{
	(void)ctx;
	(void)name;
	atomic_fetch_add(&finished, 1);
	if (result->status == DNS_OK)
		atomic_fetch_add(&succeeded, 1);
	if (result->status == DNS_CANCELED)
		atomic_fetch_add(&canceled, 1);
}

static void ten_thousand_lookups_all_end_and_use_many_ports(void **state)
{
	struct dns_policy_settings s = { .query_timeout_ms = 2000, .retries_max = 3, .queries_per_domain = 2 };
	struct dns_policy *policy = policy_of(s, &two.address, 1);
	struct dns_lookup lookup = { .name = "ok.example.com", .want_a = true, .want_aaaa = true, .policy = policy };

	(void)state;
	atomic_store(&finished, 0);
	atomic_store(&succeeded, 0);
	for (unsigned i = 0; i < 10000; i++)
		assert_true(status_ok(dns_client_submit(client, &lookup, count, NULL)));
	assert_true(dns_client_drain(client, 60000));
	assert_int_equal(atomic_load(&finished), 10000);
	assert_int_equal(atomic_load(&succeeded), 10000);
	assert_true(atomic_load(&two.ports) >= 4);
	dns_policy_destroy(policy);
}

static void a_cancelled_group_ends_and_the_other_goes_on(void **state)
{
	struct dns_policy_settings s = { .query_timeout_ms = 60000, .domain_timeout_ms = 60000 };
	struct dns_policy *policy = policy_of(s, &one.address, 1);
	struct cancel cancel;
	struct dns_lookup silent = {
		.name = "silent.example.com", .want_a = true, .policy = policy, .cancel = &cancel
	};
	struct dns_lookup ok = { .name = "ok.example.com", .want_a = true, .policy = policy };

	(void)state;
	cancel_init(&cancel, NULL);
	atomic_store(&canceled, 0);
	atomic_store(&succeeded, 0);
	for (unsigned i = 0; i < 50; i++)
		assert_true(status_ok(dns_client_submit(client, &silent, count, NULL)));
	assert_true(status_ok(dns_client_submit(client, &ok, count, NULL)));
	assert_false(dns_client_drain(client, 200));
	cancel_set(&cancel);
	assert_true(dns_client_drain(client, 10000));
	assert_int_equal(atomic_load(&canceled), 50);
	assert_int_equal(atomic_load(&succeeded), 1);
	assert_int_equal(dns_client_submit(client, &silent, count, NULL).code, STATUS_CANCELLED);
	cancel_done(&cancel);
	dns_policy_destroy(policy);
}

static void a_full_policy_refuses_try_submit(void **state)
{
	struct dns_policy_settings s = { .query_timeout_ms = 60000, .lookups_max = 1 };
	struct dns_policy *policy = policy_of(s, &one.address, 1);
	struct cancel cancel;
	struct dns_lookup silent = {
		.name = "silent.example.com", .want_a = true, .policy = policy, .cancel = &cancel
	};
	unsigned taken = 0, before = atomic_load(&one.queries);
	struct status st = STATUS_OK_VALUE;

	(void)state;
	cancel_init(&cancel, NULL);
	while (taken < 1000 && status_ok(st = dns_client_try_submit(client, &silent, count, NULL)))
		taken++;
	assert_int_equal(st.code, STATUS_RESOURCE_EXHAUSTED);
	assert_in_range(taken, 1, 999);
	assert_false(dns_client_drain(client, 300));
	assert_int_equal(atomic_load(&one.queries) - before, 1); /* one place, so one query */
	cancel_set(&cancel);
	assert_true(dns_client_drain(client, 10000));
	cancel_done(&cancel);
	dns_policy_destroy(policy);
}

static void the_rate_of_a_policy_is_kept(void **state)
{
	struct dns_policy_settings s = { .rate_per_s = 50, .rate_burst = 5 };
	struct dns_policy *policy = policy_of(s, &one.address, 1);
	struct dns_lookup lookup = { .name = "ok.example.com", .want_a = true, .policy = policy };
	int64_t began = clock_monotonic_ms();

	(void)state;
	for (unsigned i = 0; i < 30; i++)
		assert_true(status_ok(dns_client_submit(client, &lookup, count, NULL)));
	assert_true(dns_client_drain(client, 20000));
	/* Not a timing of ours: 25 beyond the burst at 50/s cannot be had faster than this. */
	assert_true(clock_monotonic_ms() - began >= 490);
	dns_policy_destroy(policy);
}

static void destroying_a_busy_client_ends_every_lookup(void **state)
{
	struct dns_policy_settings s = { .query_timeout_ms = 60000, .lookups_max = 20 };
	struct dns_policy *policy = policy_of(s, &one.address, 1);
	struct dns_lookup silent = {
		.name = "silent.example.com", .want_a = true, .want_aaaa = true, .policy = policy
	};
	struct dns_client_settings settings = { .lookups_max = 100 };
	struct dns_client *other;

	(void)state;
	atomic_store(&canceled, 0);
	assert_true(status_ok(dns_client_create(&settings, &other)));
	for (unsigned i = 0; i < 40; i++)
		assert_true(status_ok(dns_client_submit(other, &silent, count, NULL)));
	dns_client_destroy(other);
	assert_int_equal(atomic_load(&canceled), 40);
	dns_policy_destroy(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_of_either_type_is_ok),
		cmocka_unit_test(every_failure_has_its_reason),
		cmocka_unit_test(an_invalid_name_costs_no_query),
		cmocka_unit_test(a_retry_can_succeed),
		cmocka_unit_test(a_refused_connection_is_an_error_after_the_retries),
		cmocka_unit_test(priority_goes_to_the_next_resolver_on_retry),
		cmocka_unit_test(round_robin_shares_queries_evenly),
		cmocka_unit_test(the_domain_budget_ends_a_lookup),
		cmocka_unit_test(ten_thousand_lookups_all_end_and_use_many_ports),
		cmocka_unit_test(a_cancelled_group_ends_and_the_other_goes_on),
		cmocka_unit_test(a_full_policy_refuses_try_submit),
		cmocka_unit_test(the_rate_of_a_policy_is_kept),
		cmocka_unit_test(destroying_a_busy_client_ends_every_lookup),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
