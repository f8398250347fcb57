#include "net/address.h"
#include "net/address_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *address;
	const char *range; /* NULL: public */
	bool local;        /* allow_private lets it through */
} cases[] = {
	{ "0.0.0.0", "unspecified", false },
	{ "0.1.2.3", "unspecified", false },
	{ "10.255.0.1", "private", true },
	{ "11.0.0.1", NULL, true },
	{ "100.63.255.255", NULL, true },
	{ "100.64.0.0", "carrier-grade nat", true },
	{ "100.127.255.255", "carrier-grade nat", true },
	{ "100.128.0.0", NULL, true },
	{ "127.0.0.1", "loopback", true },
	{ "127.255.255.255", "loopback", true },
	{ "128.0.0.1", NULL, true },
	{ "169.254.169.254", "link-local", true },
	{ "172.15.255.255", NULL, true },
	{ "172.16.0.1", "private", true },
	{ "172.31.255.255", "private", true },
	{ "172.32.0.0", NULL, true },
	{ "192.0.0.1", "protocol assignments", true },
	{ "192.0.1.1", NULL, true },
	{ "192.0.2.1", "documentation", true },
	{ "192.88.99.1", "6to4 relay", false },
	{ "192.168.0.1", "private", true },
	{ "198.17.255.255", NULL, true },
	{ "198.18.0.1", "benchmarking", true },
	{ "198.19.255.255", "benchmarking", true },
	{ "198.20.0.0", NULL, true },
	{ "198.51.100.7", "documentation", true },
	{ "203.0.113.7", "documentation", true },
	{ "223.255.255.255", NULL, true },
	{ "224.0.0.1", "multicast", false },
	{ "239.255.255.255", "multicast", false },
	{ "240.0.0.1", "reserved", false },
	{ "255.255.255.255", "reserved", false },
	{ "8.8.8.8", NULL, true },
	{ "::", "unspecified", false },
	{ "::1", "loopback", true },
	{ "::127.0.0.1", "ipv4-compatible", false },
	{ "::ffff:127.0.0.1", "loopback", true },
	{ "::ffff:8.8.8.8", NULL, true },
	{ "::ffff:0.0.0.0", "unspecified", false },
	{ "64:ff9b::7f00:1", "loopback", true },
	{ "64:ff9b::808:808", NULL, true },
	{ "64:ff9b:1::1", "local nat64", false },
	{ "100::1", "discard-only", false },
	{ "2001::1", "teredo", false },
	{ "2001:2::1", "benchmarking", true },
	{ "2001:10::1", "protocol assignments", false },
	{ "2001:20::1", "protocol assignments", false },
	{ "2001:1ff:ffff::1", "protocol assignments", false },
	{ "2001:200::1", NULL, true },
	{ "2001:db8::1", "documentation", true },
	{ "2001:4860:4860::8888", NULL, true },
	{ "2002:7f00:1::1", "6to4", false },
	{ "3fff::1", "documentation", true },
	{ "3fff:fff:ffff::1", "documentation", true },
	{ "4000::1", "not global unicast", false },
	{ "5f00::1", "segment routing", false },
	{ "fc00::1", "unique local", true },
	{ "fdff::1", "unique local", true },
	{ "fe80::1", "link-local", true },
	{ "fec0::1", "site-local", true },
	{ "ff02::1", "multicast", false },
	{ "1::1", "not global unicast", false },
};

static void every_special_range_is_known(void **state)
{
	struct address_guard *strict, *lax;

	(void)state;
	assert_true(status_ok(address_guard_create("", false, &strict)));
	assert_true(status_ok(address_guard_create("", true, &lax)));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net_address a;
		const char *range, *why = NULL;

		assert_true(net_address_parse(cases[i].address, 80, &a));
		range = address_special_range(&a);
		if (!range != !cases[i].range || (range && strcmp(range, cases[i].range) != 0))
			fail_msg("%s is %s", cases[i].address, range ? range : "public");
		if (address_guard_permits(strict, &a, &why) != !cases[i].range)
			fail_msg("%s, strict: %s", cases[i].address, why ? why : "permitted");
		if (address_guard_permits(lax, &a, NULL) != cases[i].local)
			fail_msg("%s, private allowed", cases[i].address);
	}
	address_guard_destroy(strict);
	address_guard_destroy(lax);
}

static bool permits(const struct address_guard *guard, const char *text)
{
	struct net_address a;

	assert_true(net_address_parse(text, 80, &a));
	return address_guard_permits(guard, &a, NULL);
}

static void the_allow_list_opens_exactly_its_networks(void **state)
{
	struct address_guard *guard;

	(void)state;
	assert_true(status_ok(
		address_guard_create(" 127.0.0.0/8 ,10.1.2.0/23, fd00::/8,192.168.7.7,, 240.0.0.0/4", false, &guard)));
	assert_true(permits(guard, "127.9.9.9"));
	assert_true(permits(guard, "::ffff:127.0.0.1"));
	assert_true(permits(guard, "10.1.3.255"));
	assert_false(permits(guard, "10.1.4.0"));
	assert_true(permits(guard, "fd12::1"));
	assert_false(permits(guard, "fc00::1"));
	assert_true(permits(guard, "192.168.7.7"));
	assert_false(permits(guard, "192.168.7.8"));
	assert_false(permits(guard, "240.0.0.1")); /* never, listed or not */
	assert_false(permits(guard, "::1"));
	address_guard_destroy(guard);
}

static void a_network_that_does_not_parse_is_refused(void **state)
{
	static const char *const bad[] = { "127.0.0.0/33", "fd00::/129",    "127.0.0/8", "localhost",  "10.0.0.0/",
					   "10.0.0.0/8x",  "10.0.0.0:80/8", "[::1]/128", "10.0.0.0/-1" };
	struct address_guard *guard;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct status st = address_guard_create(bad[i], false, &guard);

		if (st.code != STATUS_INVALID_ARGUMENT)
			fail_msg("%s was accepted", bad[i]);
		assert_string_equal(st.reason, "BAD_NETWORK");
	}
}

static void addresses_parse_and_print(void **state)
{
	static const struct {
		const char *in, *out;
	} texts[] = {
		{ "1.2.3.4", "1.2.3.4:53" },
		{ "1.2.3.4:5353", "1.2.3.4:5353" },
		{ "::1", "[::1]:53" },
		{ "[2001:db8::1]", "[2001:db8::1]:53" },
		{ "[2001:DB8::1]:65535", "[2001:db8::1]:65535" },
		{ "1.2.3", NULL },
		{ "0x7f.1", NULL },
		{ "2130706433", NULL },
		{ "1.2.3.4:", NULL },
		{ "1.2.3.4:0", NULL },
		{ "1.2.3.4:65536", NULL },
		{ "1.2.3.4:+1", NULL },
		{ "[::1", NULL },
		{ "[::1]x", NULL },
		{ "[1.2.3.4]", NULL },
		{ "fe80::1%lo", NULL },
		{ "example.com", NULL },
		{ "", NULL },
		{ "[]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct net_address a;
		char text[NET_ADDRESS_TEXT_SIZE];
		bool parsed = net_address_parse(texts[i].in, 53, &a);

		if (parsed != (texts[i].out != NULL))
			fail_msg("'%s' %s", texts[i].in, parsed ? "parsed" : "did not parse");
		if (parsed) {
			net_address_text(&a, text);
			assert_string_equal(text, texts[i].out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_special_range_is_known),
		cmocka_unit_test(the_allow_list_opens_exactly_its_networks),
		cmocka_unit_test(a_network_that_does_not_parse_is_refused),
		cmocka_unit_test(addresses_parse_and_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
