#include "net/address_guard.h"

#include "base/compiler.h"
#include "net/address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum range_kind {
	RANGE_LOCAL, /* somebody may have a reason to permit it */
	RANGE_NEVER, /* not a host, or a way to smuggle another address */
};

struct range {
	uint8_t family;
	uint8_t bits;
	uint8_t bytes[16];
	enum range_kind kind;
	const char *name;
};

/* More specific ranges come before the ones that contain them. */
static const struct range ranges[] = {
	{ 4, 8, { 0 }, RANGE_NEVER, "unspecified" },
	{ 4, 8, { 10 }, RANGE_LOCAL, "private" },
	{ 4, 10, { 100, 64 }, RANGE_LOCAL, "carrier-grade nat" },
	{ 4, 8, { 127 }, RANGE_LOCAL, "loopback" },
	{ 4, 16, { 169, 254 }, RANGE_LOCAL, "link-local" },
	{ 4, 12, { 172, 16 }, RANGE_LOCAL, "private" },
	{ 4, 24, { 192, 0, 0 }, RANGE_LOCAL, "protocol assignments" },
	{ 4, 24, { 192, 0, 2 }, RANGE_LOCAL, "documentation" },
	{ 4, 24, { 192, 88, 99 }, RANGE_NEVER, "6to4 relay" },
	{ 4, 16, { 192, 168 }, RANGE_LOCAL, "private" },
	{ 4, 15, { 198, 18 }, RANGE_LOCAL, "benchmarking" },
	{ 4, 24, { 198, 51, 100 }, RANGE_LOCAL, "documentation" },
	{ 4, 24, { 203, 0, 113 }, RANGE_LOCAL, "documentation" },
	{ 4, 4, { 224 }, RANGE_NEVER, "multicast" },
	{ 4, 4, { 240 }, RANGE_NEVER, "reserved" },

	{ 6, 128, { 0 }, RANGE_NEVER, "unspecified" },
	{ 6, 128, { [15] = 1 }, RANGE_LOCAL, "loopback" },
	{ 6, 96, { 0 }, RANGE_NEVER, "ipv4-compatible" },
	{ 6, 48, { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, RANGE_NEVER, "local nat64" },
	{ 6, 64, { 0x01, 0x00 }, RANGE_NEVER, "discard-only" },
	{ 6, 64, { 0x01, 0x00, 0, 0, 0, 0, 0, 1 }, RANGE_NEVER, "dummy prefix" },
	{ 6, 32, { 0x20, 0x01, 0x00, 0x00 }, RANGE_NEVER, "teredo" },
	{ 6, 48, { 0x20, 0x01, 0x00, 0x02 }, RANGE_LOCAL, "benchmarking" },
	{ 6, 23, { 0x20, 0x01, 0x00, 0x00 }, RANGE_NEVER, "protocol assignments" },
	{ 6, 32, { 0x20, 0x01, 0x0d, 0xb8 }, RANGE_LOCAL, "documentation" },
	{ 6, 16, { 0x20, 0x02 }, RANGE_NEVER, "6to4" },
	{ 6, 20, { 0x3f, 0xff, 0x00 }, RANGE_LOCAL, "documentation" },
	{ 6, 16, { 0x5f, 0x00 }, RANGE_NEVER, "segment routing" },
	{ 6, 7, { 0xfc }, RANGE_LOCAL, "unique local" },
	{ 6, 10, { 0xfe, 0x80 }, RANGE_LOCAL, "link-local" },
	{ 6, 10, { 0xfe, 0xc0 }, RANGE_LOCAL, "site-local" },
	{ 6, 8, { 0xff }, RANGE_NEVER, "multicast" },
};

static const struct range not_global = { 6, 0, { 0 }, RANGE_NEVER, "not global unicast" };
static const struct range no_family = { 0, 0, { 0 }, RANGE_NEVER, "no address" };

struct network {
	uint8_t family;
	uint8_t bits;
	uint8_t bytes[16];
};

struct address_guard {
	bool allow_private;
	size_t network_count;
	struct network networks[ADDRESS_GUARD_NETWORKS_MAX];
};

static bool prefix_matches(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* The IPv4 address inside ::ffff:0:0/96 and 64:ff9b::/96, else the address itself. */
static struct net_address unwrapped(const struct net_address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	struct net_address inner = { .family = 4, .port = a->port };

	if (a->family != 6 || (memcmp(a->bytes, mapped, 12) != 0 && memcmp(a->bytes, nat64, 12) != 0))
		return *a;
	memcpy(inner.bytes, a->bytes + 12, 4);
	return inner;
}

/* NULL for public unicast; `a` is unwrapped. */
static const struct range *range_of(const struct net_address *a)
{
	if (a->family != 4 && a->family != 6)
		return &no_family;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (ranges[i].family == a->family && prefix_matches(ranges[i].bytes, a->bytes, ranges[i].bits))
			return &ranges[i];
	if (a->family == 6 && (a->bytes[0] >> 5) != 1) /* 2000::/3 is all that is assigned */
		return &not_global;
	return NULL;
}

static bool in_networks(const struct address_guard *guard, const struct net_address *a)
{
	for (size_t i = 0; i < guard->network_count; i++) {
		const struct network *n = &guard->networks[i];

		if (n->family == a->family && prefix_matches(n->bytes, a->bytes, n->bits))
			return true;
	}
	return false;
}

const char *address_special_range(const struct net_address *a)
{
	struct net_address inner = unwrapped(a);
	const struct range *range = range_of(&inner);

	return range ? range->name : NULL;
}

bool address_guard_permits(const struct address_guard *guard, const struct net_address *a, const char **out_why)
{
	struct net_address inner = unwrapped(a);
	const struct range *range = range_of(&inner);

	if (!range)
		return true;
	if (range->kind == RANGE_LOCAL && (guard->allow_private || in_networks(guard, &inner)))
		return true;
	if (out_why)
		*out_why = range->name;
	return false;
}

/* `text` is one entry, trimmed. */
static bool parse_network(char *text, struct network *out)
{
	struct net_address a;
	char *slash = strchr(text, '/');
	unsigned long bits, most;
	char *end;

	if (slash)
		*slash = '\0';
	if (strpbrk(text, "[]") || !net_address_parse(text, 1, &a) || a.port != 1)
		return false;
	most = a.family == 4 ? 32 : 128;
	bits = most;
	if (slash) {
		if (!isdigit((unsigned char)slash[1]))
			return false;
		bits = strtoul(slash + 1, &end, 10);
		if (*end != '\0' || bits > most)
			return false;
	}
	*out = (struct network){ .family = a.family, .bits = (uint8_t)bits };
	memcpy(out->bytes, a.bytes, sizeof out->bytes);
	return true;
}

static struct status add_network(struct address_guard *guard, const char *text, size_t n)
{
	char entry[64];

	while (n > 0 && isspace((unsigned char)*text)) {
		text++;
		n--;
	}
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	if (n == 0)
		return STATUS_OK_VALUE;
	if (guard->network_count == ADDRESS_GUARD_NETWORKS_MAX)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_NETWORK", "more than %d networks",
				   ADDRESS_GUARD_NETWORKS_MAX);
	if (n < sizeof entry) {
		memcpy(entry, text, n);
		entry[n] = '\0';
		if (parse_network(entry, &guard->networks[guard->network_count])) {
			guard->network_count++;
			return STATUS_OK_VALUE;
		}
	}
	return status_make(STATUS_INVALID_ARGUMENT, "BAD_NETWORK", "'%.*s' is not a network such as 10.0.0.0/8",
			   (int)(n < 60 ? n : 60), text);
}

struct status address_guard_create(const char *allowed_networks, bool allow_private, struct address_guard **out)
{
	struct address_guard *guard = calloc(1, sizeof *guard);

	if (!guard)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for an address guard");
	guard->allow_private = allow_private;
	while (*allowed_networks) {
		size_t n = strcspn(allowed_networks, ",");
		struct status st = add_network(guard, allowed_networks, n);

		if (!status_ok(st)) {
			free(guard);
			return st;
		}
		allowed_networks += n + (allowed_networks[n] == ',');
	}
	*out = guard;
	return STATUS_OK_VALUE;
}

void address_guard_destroy(struct address_guard *guard)
{
	free(guard);
}
