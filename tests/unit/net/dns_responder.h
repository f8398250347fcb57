/* A DNS server on a loopback UDP port, in a thread of the test. What it says is chosen by the first label of the
 * name: ok, v4only, v6only, nx, nx4 (NXDOMAIN for A, silence for AAAA), servfail, refused, empty, notimp, silent,
 * once (SERVFAIL first, then ok), late (silence first, then ok), wrongid, garbage, alias, loop, many. */
#ifndef TESTS_DNS_RESPONDER_H
#define TESTS_DNS_RESPONDER_H

#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct dns_responder {
	int fd;
	struct net_address address;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint queries;
	unsigned names; /* names seen at least once, for once and late */
	char seen[64][80];
	bool port_seen[65536];
	atomic_uint ports;
};

struct dns_reply {
	uint8_t bytes[2048];
	size_t n;
	unsigned answers;
};

static void reply_u16(struct dns_reply *r, unsigned v)
{
	r->bytes[r->n++] = (uint8_t)(v >> 8);
	r->bytes[r->n++] = (uint8_t)v;
}

static void reply_record(struct dns_reply *r, unsigned owner_pointer, unsigned type, const void *data, size_t n)
{
	reply_u16(r, 0xc000 | owner_pointer);
	reply_u16(r, type);
	reply_u16(r, 1);
	reply_u16(r, 0);
	reply_u16(r, 60);
	reply_u16(r, (unsigned)n);
	memcpy(r->bytes + r->n, data, n);
	r->n += n;
	r->answers++;
}

static void reply_address(struct dns_reply *r, unsigned owner_pointer, unsigned type, uint8_t last)
{
	uint8_t v4[4] = { 192, 0, 2, last };
	uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = last };

	if (type == 1)
		reply_record(r, owner_pointer, 1, v4, 4);
	else
		reply_record(r, owner_pointer, 28, v6, 16);
}

static bool seen_before(struct dns_responder *d, const uint8_t *question, size_t n)
{
	char key[80] = { 0 };

	memcpy(key, question, n < sizeof key ? n : sizeof key - 1);
	for (unsigned i = 0; i < d->names; i++)
		if (memcmp(d->seen[i], key, sizeof key) == 0)
			return true;
	if (d->names < 64)
		memcpy(d->seen[d->names++], key, sizeof key);
	return false;
}

/* False: stays silent. */
static bool respond(struct dns_responder *d, const uint8_t *query, size_t n, struct dns_reply *r)
{
	char label[64] = { 0 };
	unsigned type, rcode = 0;
	size_t at = 12;

	memcpy(label, query + 13, query[12] < 63 ? query[12] : 63);
	while (at < n && query[at])
		at += query[at] + 1u;
	type = (unsigned)(query[at + 1] << 8 | query[at + 2]);
	at += 5;
	memcpy(r->bytes, query, at);
	r->n = at;
	if (strcmp(label, "ok") == 0 || (strcmp(label, "v4only") == 0 && type == 1) ||
	    (strcmp(label, "v6only") == 0 && type == 28)) {
		reply_address(r, 12, type, 1);
	} else if (strcmp(label, "nx") == 0 || (strcmp(label, "nx4") == 0 && type == 1)) {
		rcode = 3;
	} else if (strcmp(label, "servfail") == 0) {
		rcode = 2;
	} else if (strcmp(label, "refused") == 0) {
		rcode = 5;
	} else if (strcmp(label, "notimp") == 0) {
		rcode = 4;
	} else if (strcmp(label, "silent") == 0 || strcmp(label, "nx4") == 0) {
		return false;
	} else if (strcmp(label, "once") == 0) {
		if (seen_before(d, query + 12, at - 12))
			reply_address(r, 12, type, 1);
		else
			rcode = 2;
	} else if (strcmp(label, "late") == 0) {
		if (!seen_before(d, query + 12, at - 12))
			return false;
		reply_address(r, 12, type, 1);
	} else if (strcmp(label, "wrongid") == 0) {
		r->bytes[1] ^= 0x55;
		reply_address(r, 12, type, 1);
	} else if (strcmp(label, "garbage") == 0) {
		reply_u16(r, 0xc0ff);
		r->answers = 1;
	} else if (strcmp(label, "alias") == 0) {
		unsigned target = (unsigned)r->n + 12;

		reply_record(r, 12, 5, "\003www\007example\000", 13);
		reply_address(r, target, type, 7);
	} else if (strcmp(label, "loop") == 0) {
		uint8_t self[2] = { 0xc0, 12 };

		reply_record(r, 12, 5, self, 2);
	} else if (strcmp(label, "many") == 0) {
		for (uint8_t i = 1; i <= 20; i++)
			reply_address(r, 12, type, i);
	}
	r->bytes[2] = 0x81;
	r->bytes[3] = (uint8_t)(0x80 | rcode);
	r->bytes[6] = (uint8_t)(r->answers >> 8);
	r->bytes[7] = (uint8_t)r->answers;
	memset(r->bytes + 8, 0, 4);
	return true;
}

static void *responder_body(void *arg)
{
	struct dns_responder *d = arg;

	while (!atomic_load(&d->stop)) {
		struct pollfd p = { .fd = d->fd, .events = POLLIN };
		struct sockaddr_in from;
		socklen_t from_n = sizeof from;
		uint8_t query[512];
		struct dns_reply r = { .n = 0 };
		ssize_t n;

		if (poll(&p, 1, 50) <= 0)
			continue;
		n = recvfrom(d->fd, query, sizeof query, 0, (struct sockaddr *)&from, &from_n);
		if (n < 17)
			continue;
		atomic_fetch_add(&d->queries, 1);
		if (!d->port_seen[from.sin_port]) {
			d->port_seen[from.sin_port] = true;
			atomic_fetch_add(&d->ports, 1);
		}
		if (respond(d, query, (size_t)n, &r))
			sendto(d->fd, r.bytes, r.n, 0, (struct sockaddr *)&from, from_n);
	}
	return NULL;
}

static bool dns_responder_open(struct dns_responder *d)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof in;
	int bytes = 1 << 20;

	memset(d, 0, sizeof *d);
	d->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (d->fd < 0 || bind(d->fd, (struct sockaddr *)&in, sizeof in) != 0 ||
	    getsockname(d->fd, (struct sockaddr *)&in, &n) != 0)
		return false;
	setsockopt(d->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	net_address_from_sockaddr((struct sockaddr *)&in, &d->address);
	return pthread_create(&d->thread, NULL, responder_body, d) == 0;
}

static void dns_responder_close(struct dns_responder *d)
{
	atomic_store(&d->stop, true);
	pthread_join(d->thread, NULL);
	close(d->fd);
}

#endif
