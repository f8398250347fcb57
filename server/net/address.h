/* net/address.h: an IP address and a port as a small value. Any thread. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct net_address {
	uint8_t family;    /* 4 or 6; 0 is "none" */
	uint16_t port;     /* host byte order */
	uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is zero */
};

#define NET_ADDRESS_TEXT_SIZE 56

/* Accepts `1.2.3.4`, `1.2.3.4:53`, `::1` and `[::1]:53`, strict dotted decimal, no names, no zone. */
bool net_address_parse(const char *text, uint16_t default_port, struct net_address *out);
/* `1.2.3.4` or `::1`. */
void net_address_ip_text(const struct net_address *a, char out[NET_ADDRESS_TEXT_SIZE]);
/* `1.2.3.4:53` or `[::1]:53`. */
void net_address_text(const struct net_address *a, char out[NET_ADDRESS_TEXT_SIZE]);

bool net_address_equal(const struct net_address *a, const struct net_address *b); /* port included */
/* False for a family other than AF_INET and AF_INET6. */
bool net_address_from_sockaddr(const struct sockaddr *sa, struct net_address *out);
socklen_t net_address_to_sockaddr(const struct net_address *a, struct sockaddr_storage *out);

#endif
