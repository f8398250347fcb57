#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *out)
{
	unsigned long value = 0;

	if (*text == '\0' || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned long)(*text - '0');
	}
	if (value == 0 || value > 65535)
		return false;
	*out = (uint16_t)value;
	return true;
}

bool net_address_parse(const char *text, uint16_t default_port, struct net_address *out)
{
	struct net_address a = { .port = default_port };
	char host[NET_ADDRESS_TEXT_SIZE];
	const char *port = NULL, *end;
	size_t n;

	if (*text == '[') {
		text++;
		end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return false;
		if (end[1] == ':')
			port = end + 2;
		a.family = 6;
	} else {
		const char *colon = strchr(text, ':');

		if (colon && !strchr(colon + 1, ':')) {
			end = colon;
			port = colon + 1;
			a.family = 4;
		} else {
			end = text + strlen(text);
			a.family = colon ? 6 : 4;
		}
	}
	n = (size_t)(end - text);
	if (n == 0 || n >= sizeof host)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (port && !parse_port(port, &a.port))
		return false;
	if (inet_pton(a.family == 4 ? AF_INET : AF_INET6, host, a.bytes) != 1)
		return false;
	*out = a;
	return true;
}

void net_address_ip_text(const struct net_address *a, char out[NET_ADDRESS_TEXT_SIZE])
{
	out[0] = '\0';
	if (a->family == 4 || a->family == 6)
		inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->bytes, out, NET_ADDRESS_TEXT_SIZE);
}

void net_address_text(const struct net_address *a, char out[NET_ADDRESS_TEXT_SIZE])
{
	char ip[NET_ADDRESS_TEXT_SIZE];

	net_address_ip_text(a, ip);
	snprintf(out, NET_ADDRESS_TEXT_SIZE, a->family == 6 ? "[%.45s]:%u" : "%.45s:%u", ip, (unsigned)a->port);
}

bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool net_address_from_sockaddr(const struct sockaddr *sa, struct net_address *out)
{
	struct net_address a = { 0 };

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		a.family = 4;
		a.port = ntohs(in.sin_port);
		memcpy(a.bytes, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof in6);
		a.family = 6;
		a.port = ntohs(in6.sin6_port);
		memcpy(a.bytes, &in6.sin6_addr, 16);
	} else {
		return false;
	}
	*out = a;
	return true;
}

socklen_t net_address_to_sockaddr(const struct net_address *a, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (a->family == 4) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(a->port) };

		memcpy(&in.sin_addr, a->bytes, 4);
		memcpy(out, &in, sizeof in);
		return sizeof in;
	}
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };

	memcpy(&in6.sin6_addr, a->bytes, 16);
	memcpy(out, &in6, sizeof in6);
	return sizeof in6;
}
