/* dnsdoor.c: the resolver address of the lab. It forwards DNS over UDP to PowerDNS and does what an authoritative
 *server will not do: it keeps silent for some classes of names, and lies before the truth for another.
 *
 *	dnsdoor UPSTREAM_PORT USER SILENT_FROM SILENT_TO AAAA_FROM AAAA_TO LIE_FROM LIE_TO PORT...
 *
 * All on 127.0.0.1. A name belongs to a range [FROM, TO) when FNV-1a of it, modulo 1000, lies there: silent, silent for
 * AAAA only, or lied about: two forged answers, one under a wrong id, one for a question nobody asked, precede the true
 * one. USER is who to become after the sockets are open ("-" stays). One thread, batches of packets; no more than
 * IN_FLIGHT_MAX queries wait for PowerDNS, the rest wait in our socket buffers, so that nothing is lost by haste.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BATCH = 64,
	DOORS_MAX = 16,
	PACKET_BYTES_MAX = 1500,
	HEADER_BYTES = 12,
	NAME_BYTES_MAX = 255,
	IN_FLIGHT_MAX = 192,  /* fits the default receive buffer of PowerDNS */
	LOST_AFTER_MS = 1000, /* PowerDNS silent for so long: what was in flight is gone */
	BUFFER_BYTES = 8 << 20,
	BUCKETS = 1000,
	BUCKET_NONE = BUCKETS, /* what we cannot read is PowerDNS's to refuse */
	TYPE_AAAA = 28,
	RCODE_NXDOMAIN = 3,
	ARGUMENTS = 9 /* before the ports */
};

struct range {
	unsigned from, to;
};

struct waiting { /* one forwarded query, found by the id it was forwarded under */
	struct sockaddr_in client;
	uint16_t client_id;
	uint8_t door;
};

struct packets {
	struct mmsghdr headers[BATCH];
	struct iovec pieces[BATCH];
	struct sockaddr_in peers[BATCH];
	uint8_t bytes[BATCH][PACKET_BYTES_MAX];
};

static struct waiting waiting[65536];
static struct packets packets;
static struct pollfd fds[DOORS_MAX + 1]; /* the doors, then upstream at fds[doors] */
static int doors;
static int in_flight;
static uint16_t next_id;
static struct range silent, aaaa_silent, lied_about;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int socket_open(uint16_t port, bool listens)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	int size = BUFFER_BYTES;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	if (listens && bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		die("bind");
	if (!listens && connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		die("connect");
	return fd;
}

static void become(const char *user)
{
	struct passwd *entry;

	if (strcmp(user, "-") == 0)
		return;
	entry = getpwnam(user);
	if (!entry || setgroups(0, NULL) < 0 || setgid(entry->pw_gid) < 0 || setuid(entry->pw_uid) < 0)
		die(user);
}

static bool in_range(struct range range, unsigned bucket)
{
	return bucket >= range.from && bucket < range.to;
}

/* The bucket of the name a query asks for, and the type it wants. */
static unsigned query_bucket(const uint8_t *query, size_t size, unsigned *type)
{
	uint32_t hash = 0x811c9dc5;
	size_t at = HEADER_BYTES;
	size_t name_bytes = 0;

	while (at < size && query[at] != 0) {
		size_t label = query[at];

		if (label > 63 || at + 1 + label >= size || (name_bytes += label + 1) > NAME_BYTES_MAX)
			return BUCKET_NONE;
		if (at != HEADER_BYTES)
			hash = (hash ^ '.') * 0x01000193;
		for (size_t i = 1; i <= label; i++) {
			uint8_t byte = query[at + i];

			if (byte >= 'A' && byte <= 'Z')
				byte = (uint8_t)(byte + 32);
			hash = (hash ^ byte) * 0x01000193;
		}
		at += label + 1;
	}
	if (at + 5 > size)
		return BUCKET_NONE;
	*type = (unsigned)query[at + 1] << 8 | query[at + 2];
	return hash % BUCKETS;
}

/* Two answers that a careful client ignores: NXDOMAIN under another id, and NXDOMAIN for another name. */
static void lie(int fd, const struct sockaddr_in *client, const uint8_t *query, size_t size)
{
	uint8_t forged[PACKET_BYTES_MAX];

	memcpy(forged, query, size);
	forged[2] |= 0x84; /* an answer, authoritative */
	forged[3] = (uint8_t)((forged[3] & 0xf0) | RCODE_NXDOMAIN);
	forged[0] ^= 0x55;
	sendto(fd, forged, size, 0, (const struct sockaddr *)client, sizeof *client);
	forged[0] ^= 0x55;
	forged[HEADER_BYTES + 1] ^= 1; /* the first letter */
	sendto(fd, forged, size, 0, (const struct sockaddr *)client, sizeof *client);
}

static void packet_set(int i, size_t size, bool with_peer)
{
	packets.pieces[i] = (struct iovec){ packets.bytes[i], size };
	packets.headers[i].msg_hdr = (struct msghdr){ .msg_iov = &packets.pieces[i],
						      .msg_iovlen = 1,
						      .msg_name = with_peer ? &packets.peers[i] : NULL,
						      .msg_namelen = with_peer ? sizeof packets.peers[i] : 0 };
}

static int packets_receive(int fd, int most)
{
	int count;

	for (int i = 0; i < most; i++)
		packet_set(i, PACKET_BYTES_MAX, true);
	count = recvmmsg(fd, packets.headers, (unsigned)most, MSG_DONTWAIT, NULL);
	return count < 0 ? 0 : count;
}

static void packet_move(int to, int from, size_t size)
{
	if (to != from) {
		memcpy(packets.bytes[to], packets.bytes[from], size);
		packets.peers[to] = packets.peers[from];
	}
}

static void forward_queries(int door)
{
	int room = IN_FLIGHT_MAX - in_flight;
	int count = packets_receive(fds[door].fd, room < BATCH ? room : BATCH);
	int kept = 0;

	for (int i = 0; i < count; i++) {
		size_t size = packets.headers[i].msg_len;
		struct waiting *entry = &waiting[next_id];
		uint8_t *bytes = packets.bytes[i];
		unsigned bucket;
		unsigned type = 0;

		if (size < HEADER_BYTES)
			continue;
		bucket = query_bucket(bytes, size, &type);
		if (in_range(silent, bucket) || (type == TYPE_AAAA && in_range(aaaa_silent, bucket)))
			continue;
		if (in_range(lied_about, bucket))
			lie(fds[door].fd, &packets.peers[i], bytes, size);
		*entry = (struct waiting){ packets.peers[i], (uint16_t)(bytes[0] << 8 | bytes[1]), (uint8_t)door };
		bytes[0] = (uint8_t)(next_id >> 8);
		bytes[1] = (uint8_t)next_id;
		next_id++;
		packet_move(kept, i, size);
		packet_set(kept++, size, false);
	}
	if (kept > 0 && (count = sendmmsg(fds[doors].fd, packets.headers, (unsigned)kept, 0)) > 0)
		in_flight += count;
}

static void return_answers(void)
{
	int count = packets_receive(fds[doors].fd, BATCH);

	in_flight = count >= in_flight ? 0 : in_flight - count;
	for (int i = 0; i < count;) {
		int door = -1;
		int last = i;

		for (; last < count; last++) { /* a run of answers that leave by the same door */
			uint8_t *bytes = packets.bytes[last];
			struct waiting *entry = &waiting[bytes[0] << 8 | bytes[1]];

			if (door >= 0 && entry->door != door)
				break;
			door = entry->door;
			bytes[0] = (uint8_t)(entry->client_id >> 8);
			bytes[1] = (uint8_t)entry->client_id;
			packets.peers[last] = entry->client;
			packet_set(last, packets.headers[last].msg_len, true);
		}
		if (sendmmsg(fds[door].fd, packets.headers + i, (unsigned)(last - i), 0) < 0 && errno != EAGAIN)
			perror("sendmmsg");
		i = last;
	}
}

static struct range range_from(char **argv)
{
	return (struct range){ (unsigned)atoi(argv[0]), (unsigned)atoi(argv[1]) };
}

int main(int argc, char **argv)
{
	if (argc <= ARGUMENTS || argc - ARGUMENTS > DOORS_MAX) {
		fputs("usage: dnsdoor UPSTREAM USER FROM TO AAAA_FROM AAAA_TO LIE_FROM LIE_TO PORT...\n", stderr);
		return 2;
	}
	silent = range_from(argv + 3);
	aaaa_silent = range_from(argv + 5);
	lied_about = range_from(argv + 7);
	doors = argc - ARGUMENTS;
	for (int i = 0; i < doors; i++)
		fds[i] = (struct pollfd){ socket_open((uint16_t)atoi(argv[ARGUMENTS + i]), true), POLLIN, 0 };
	fds[doors] = (struct pollfd){ socket_open((uint16_t)atoi(argv[1]), false), POLLIN, 0 };
	become(argv[2]);
	for (;;) {
		for (int i = 0; i < doors; i++)
			fds[i].events = in_flight < IN_FLIGHT_MAX ? POLLIN : 0;
		if (poll(fds, (nfds_t)doors + 1, in_flight > 0 ? LOST_AFTER_MS : -1) == 0)
			in_flight = 0;
		if (fds[doors].revents)
			return_answers();
		for (int i = 0; i < doors; i++)
			if ((fds[i].revents & POLLIN) && in_flight < IN_FLIGHT_MAX)
				forward_queries(i);
	}
}
