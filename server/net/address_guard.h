/* net/address_guard.h: which socket addresses we connect to. Judged on the address, never on a name or its spelling.
 *
 * The table is the IANA special-purpose registries for IPv4 and IPv6 (RFC 6890 and successors). Public unicast is
 * permitted. Local ranges (loopback, link-local, private, documentation…) are permitted by `allow_private` or by a
 * CIDR of the allow-list. Unspecified, multicast, reserved and tunnelled addresses are never permitted.
 * IPv4-mapped and NAT64 addresses are judged by the IPv4 address inside.
 * Threads: immutable after create; any thread. */
#ifndef NET_ADDRESS_GUARD_H
#define NET_ADDRESS_GUARD_H

#include "base/compiler.h"
#include "base/status.h"

#include <stdbool.h>

struct address_guard;
struct net_address;

#define ADDRESS_GUARD_NETWORKS_MAX 64

/* allowed_networks: comma-separated CIDRs ("127.0.0.0/8, fd00::/8"), "" for none.
 * INVALID_ARGUMENT / BAD_NETWORK names the entry that does not parse. The caller owns *out. */
struct status address_guard_create(const char *allowed_networks, bool allow_private,
				   struct address_guard **out) MUST_CHECK;
void address_guard_destroy(struct address_guard *guard); /* accepts NULL */

/* True when we may connect there. Otherwise *out_why (when not NULL) is the name of the range: "loopback". */
bool address_guard_permits(const struct address_guard *guard, const struct net_address *a, const char **out_why);

/* Name of the special-purpose range the address is in, NULL for public unicast. */
const char *address_special_range(const struct net_address *a);

#endif
